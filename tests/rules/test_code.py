"""Rules of the house that a linter doesn't know, each with its reason."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.rules.house import ROOT, everything, features, imported, nodes, place, production, tree

DOORS = {"__init__.py", "engine.py", "service.py", "chat.py", "api.py", "pages.py", "admin.py", "jobs.py"}
OUTGROWN = {door.removesuffix(".py") for door in DOORS}  # a door too large for one file is a folder of its name
FOR_ADMINS = {"words.toml"}  # what admins read lies beside the code that says it
# What admins read of a fault stands in one table each; the sandbox speaks with the platform's own words.
TABLES_FOR_ADMINS = {
    "content/faults.py",
    "content/importers/sentences.py",
    "wechat/errors.py",
    "scheduler/reasons.py",
    "scheduler/channels/groups/verdicts.py",
}
SENTENCE = re.compile(r"[一-鿿]{11,}|[一-鿿][，。！？；]")
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
STOPWATCHES = {"monotonic", "perf_counter", "timed"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "bind"}
PRIVATE = {"openid", "unionid", "text", "said", "words", "content", "raw", "recognition", "password", "code", "secret"}


def none(found: Iterable[str], why: str) -> None:
    """Fail with every place and the reason."""
    listed = sorted(found)
    assert not listed, f"{why}\n" + "\n".join(listed)


def test_nothing_is_patched():
    none(
        (
            place(file, node)
            for file in everything()
            for node in nodes(file, ast.Import, ast.ImportFrom)
            if any(name.startswith(("unittest.mock", "mock")) for name in imported(node))
            or ("unittest" in imported(node) and any(alias.name == "mock" for alias in node.names))  # type: ignore[attr-defined]
        ),
        "What is patched is not tested: hand a function or a fake in.",
    )


def test_no_type_is_imported_only_for_checking():
    none(
        (
            place(file, node)
            for file in everything()
            for node in nodes(file, ast.Name, ast.Attribute)
            if "TYPE_CHECKING" in {getattr(node, "id", ""), getattr(node, "attr", "")}
        ),
        "A cycle means that a type is in the wrong file: move the type.",
    )


def test_imports_stand_at_the_top():
    none(
        (
            place(file, inner)
            for file in production()
            for function in nodes(file, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
            for inner in ast.walk(function)
            if isinstance(inner, ast.Import | ast.ImportFrom)
        ),
        "An import inside a function hides a cycle: move what both need.",
    )


def test_every_file_has_a_name_of_its_own():
    none(
        (place(file) for file in everything() if {file.stem, file.parent.name} & NAMELESS),
        "If it has no name, it has no home yet.",
    )


@pytest.mark.parametrize("feature", sorted(features()))
def test_a_slice_holds_its_doors_and_nothing_else(feature):
    found = {path.name for path in (ROOT / "handlers" / feature).iterdir()} - {"__pycache__"} - OUTGROWN

    none(found - DOORS - FOR_ADMINS, "A slice has the doors of docs/design.md: what is none of them belongs elsewhere.")


@pytest.mark.parametrize("file", [file for file in production() if file.read_text().strip()], ids=place)
def test_a_file_begins_with_what_it_is_for(file):
    assert ast.get_docstring(tree(file)), "The first line of a file is its requirement."


def test_no_sentence_for_members_stands_in_python():
    none(
        (
            f"{place(file, node)} {words[:30]}"
            for file in production()
            if place(file) not in TABLES_FOR_ADMINS and "sandbox" not in file.parts
            for node, words in strings(file)
            if SENTENCE.search(words)
        ),
        "All that members read is data: content/phrases/<feature>.toml.",
    )


def strings(file: Path) -> Iterator[tuple[ast.AST, str]]:
    """The string literals of a file that are no docstrings."""
    documented = [
        node
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    docstrings = {id(node.body[0].value) for node in documented if node.body and isinstance(node.body[0], ast.Expr)}
    for node in nodes(file, ast.Constant):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node, node.value


def test_no_log_line_has_an_openid_or_words():
    none(
        (
            place(file, call)
            for file in production()
            for call in nodes(file, ast.Call)
            if is_log(call) and PRIVATE & spoken_of(call)
        ),
        "Logs are kept and read by others: no openid, no words of a member, no secret.",
    )


def is_log(call: ast.AST) -> bool:
    """Whether something like log.info(...) or self._log.info(...) is called."""
    function = getattr(call, "func", None)
    if not isinstance(function, ast.Attribute) or function.attr not in LOGS:
        return False
    return ast.unparse(function.value).strip("_()").endswith(("log", "logger"))


def spoken_of(call: ast.AST) -> set[str]:
    """Every name and attribute in a call's arguments."""
    inner = [node for argument in (*call.args, *call.keywords) for node in ast.walk(argument)]  # type: ignore[attr-defined]
    return {str(getattr(node, name)) for node in inner for name in ("id", "attr", "arg") if hasattr(node, name)}


def test_who_measures_time_has_quiet():
    none(
        (
            place(file, test)
            for file in everything()
            if "drill" not in file.parts  # it runs alone
            for test in nodes(file, ast.FunctionDef)
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_") and measures(test)
            if "pytest.mark.quiet" not in map(ast.unparse, test.decorator_list)
        ),
        "Beside other tests it would measure them too: mark it `pytest.mark.quiet`.",
    )


def measures(test: ast.FunctionDef) -> bool:
    """Whether a test reads a stopwatch."""
    return any(getattr(node, "attr", getattr(node, "id", "")) in STOPWATCHES for node in ast.walk(test))


IMPORT_ALL = """
import importlib, os, sys, threading, time

ROOT, MODULES = sys.argv[1], sys.argv[2:]
FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork", "sqlite3.connect",
             "os.mkdir", "os.remove", "os.rename")

def watch(event, arguments):
    if event in FORBIDDEN:
        raise AssertionError(f"importing called {event} {arguments!r:.200}")
    if event == "open" and not isinstance(arguments[0], int):
        path, mode = os.fsdecode(arguments[0]), arguments[1] or "r"
        if set(mode) & set("wax+"):
            raise AssertionError(f"importing wrote {path}")
        if path.startswith(ROOT) and "/.venv/" not in path and not path.endswith((".py", ".pyc", ".so")):
            raise AssertionError(f"importing read {path}")

threads = []
threading.setprofile(lambda *_: threads.append(threading.current_thread().name))
sys.addaudithook(watch)
for name in MODULES:
    importlib.import_module(name)
time.sleep(0.01)
assert not threads, f"importing started {threads[0]}"
"""


def test_importing_a_module_does_nothing():
    """No client, file, thread or process comes of an import: `app.build` makes them, when it is told to."""
    names = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in production()
        if "migrations" not in file.parts
    ]

    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, str(ROOT), *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
