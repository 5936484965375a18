# Everything a newcomer needs: `make run` and `make test` do all their own set-up.
BIN = .venv/bin
PYTHONS = $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
ONLY =       # --on-servers: of the tests those that can tell PostgreSQL, Redis and RabbitMQ from what is embedded
WORKERS = 4  # tests beside each other, file by file: two cores' worth, and two that wait
BROWSER := $(shell command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome)
NODE := $(shell command -v node)
PLATFORMS = x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-apple-darwin aarch64-apple-darwin
UV_COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q --custom-compile-command "make lock"

.PHONY: run setup test check code day drill bench lock

run: .venv/to-run
	@exec $(BIN)/zhibu run --parent $$PPID

setup: .venv/to-test

test: .venv/to-test
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not drill$(if $(BROWSER),, and not browser)$(if $(NODE),, and not node)" $(ONLY)
	@$(if $(BROWSER),,echo "LEFT OUT: the tests in a browser, because neither chromium nor google-chrome is on this machine.")
	@$(if $(NODE),,echo "LEFT OUT: the tests of examples/miniprogram, because node is not on this machine.")
	@$(if $(ZHIBU_TEST_DATABASE),,echo "LEFT OUT: what is about PostgreSQL, what comes to a store again on it, Redis and RabbitMQ, which .ci/run runs, and the drill (make drill).")

check: test
	@$(MAKE) --no-print-directory -j2 code day

# How the code is written, and beside it what it says on a recorded day.
code: .venv/to-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy .

day: .venv/to-test
	$(BIN)/zhibu --config config.example.toml content check
	$(BIN)/zhibu --config config.example.toml sandbox replay tests/transcripts/a_day.jsonl --start

drill: .venv/to-test
	$(BIN)/pytest -m "drill$(if $(ZHIBU_TEST_DATABASE), or variant)"

bench: .venv/to-test
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.year
	$(BIN)/python -m benchmarks.delivery
	$(BIN)/python -m benchmarks.study
	$(BIN)/python -m benchmarks.opinions

# One environment, two fillings: what the program needs, and that with the tools on top. The locks are complete, so
# pip resolves nothing (--no-deps): left to resolve, it asks for the newest of what an extra names, and refuses that.
# And it compiles nothing: it would do that on one processor only.
.venv/to-run: requirements.lock pyproject.toml | .venv/bin/pip
	@$(call install,requirements.lock)

.venv/to-test: requirements-dev.lock pyproject.toml | .venv/bin/pip
	@$(call install,requirements-dev.lock)
	@touch .venv/to-run

define install
echo "Installing what $(1) names into .venv: a minute or two, the first time."
$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r $(1)
$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch $@
endef

.venv/bin/pip:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making .venv with $$($$python --version)."; \
		exec $$python -m venv --clear .venv; \
	done; \
	echo "Zhibu needs Python 3.11 or newer (with venv), and found none. Install it, or name it: make $(or $(MAKECMDGOALS),run) PYTHON=/path/to/python3" >&2; \
	exit 1

lock:
	$(UV_COMPILE) --extra build pyproject.toml -o requirements.lock
	$(UV_COMPILE) --extra build --extra dev pyproject.toml -o requirements-dev.lock
	@$(foreach lock,requirements.lock requirements-dev.lock,$(foreach platform,$(PLATFORMS),$(foreach python,3.11 3.12 3.13 3.14,\
		$(call has_wheels,$(lock),$(platform),$(python)) && ))) echo "Every platform has its wheels."

# A compiler is nothing that a newcomer has. feedgen comes as source only, of Python alone.
has_wheels = uv pip install -q --dry-run --no-deps --only-binary :all: --no-binary feedgen \
	--python-platform $(2) --python-version $(3) --target .venv/nowhere -r $(1)
