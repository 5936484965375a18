# Everything a newcomer needs: `make run` and `make test` do all their own set-up.
UV_COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q --custom-compile-command "make lock"

lock:
	$(UV_COMPILE) --extra build pyproject.toml -o requirements.lock
	$(UV_COMPILE) --extra build --extra dev pyproject.toml -o requirements-dev.lock
