"""Which tests may run beside which: who measures time has quiet (a file stays together by `--dist loadfile`)."""

import ast
import fcntl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

HERE = Path(__file__)
ROOMS = (HERE.with_name("house.py"), HERE.with_name("servers.py"))  # of either round; files, for nothing but locks
PROCESSES = HERE.with_name("end_to_end")
FIRST = "first"  # what one process begins with: all who want quiet, and who shares the program that some of them start
QUIET = "pytest.mark.quiet"
ALONE = frozenset({"test_browser.py", "test_kills.py", "test_receipts.py"})


class Beside:
    """A plugin for runs in several processes (`pytest -n`).

    A test with the mark `quiet` runs while no other does, but one of the other round of .ci/run that wants quiet too:
    there is a processor for each. Everybody comes in by the same door, one by one, and whoever wants quiet shuts it
    until those inside have left. These are in both rounds' rooms, and whoever wants quiet has their own round's alone.
    """

    def __init__(self, *, on_servers: bool) -> None:
        self._door, self._rooms = HERE.open("rb"), [path.open("rb") for path in ROOMS]
        self._own = self._rooms[on_servers]
        self._inside = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Begin with all who want quiet, one after the other in one process, which keeps it from first to last.

        Meanwhile nothing else is under way: whoever wanted quiet later would wait for what takes minutes, and everybody
        behind them. Then come those that take longest, the ones with processes and browsers, so that none is left for
        the end. (xdist itself begins with the files that have most tests: `--no-loadscope-reorder` keeps it from that.)
        """
        browsed = {item.path for item in items if item.get_closest_marker("browser")}
        places = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}

        def turn(item: pytest.Item) -> tuple[bool, bool, bool, bool, int]:
            started = item.path.is_relative_to(PROCESSES)
            quiet = _wants_quiet(item)
            return (
                not _is_first(item),
                not quiet,
                quiet and started,
                not (started or item.path in browsed),
                places[item.path],
            )

        items.sort(key=turn)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> "ByProgram | None":
        """Hand out files where files are handed out."""
        return ByProgram(config, log) if config.getoption("dist") == "loadfile" else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Wait for this test's turn; quiet that was waited for is kept while the next test wants it too."""
        if not self._inside:
            with _held(self._door):
                self._comes_in(quiet=_wants_quiet(item))
        try:
            return (yield)
        finally:
            self._inside = _wants_quiet(item) and nextitem is not None and _wants_quiet(nextitem)
            if not self._inside:
                for room in self._rooms:
                    fcntl.flock(room, fcntl.LOCK_UN)

    def _comes_in(self, *, quiet: bool) -> None:
        if quiet:
            fcntl.flock(self._own, fcntl.LOCK_EX)
            return
        for room in self._rooms:
            fcntl.flock(room, fcntl.LOCK_SH)


class ByProgram(LoadFileScheduling):  # type: ignore[misc] # it has no types
    """File by file, and as one file those who are first: each process with a running program would start its own.

    What a browser sees of it takes as long as all the others together, and has a process of its own; so do those who
    kill programs, each of their own, for minutes.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        path, test = HERE.parents[1] / file, nodeid.rpartition("::")[2].partition("[")[0]
        return FIRST if _shares_a_program(path) or test in _quiet_ones(path) else file


@contextmanager
def _held(lock: IO[bytes]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _is_first(item: pytest.Item) -> bool:
    return _shares_a_program(item.path) or _wants_quiet(item)


def _shares_a_program(file: Path) -> bool:
    return file.parent == PROCESSES and file.name not in ALONE


@cache
def _quiet_ones(file: Path) -> frozenset[str]:
    """The names of its tests that want quiet: who hands tests out has nothing of them but their names."""
    tree = ast.parse(file.read_text("utf-8"))
    tests = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(test.name for test in tests if QUIET in map(ast.unparse, test.decorator_list))


def _wants_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None
