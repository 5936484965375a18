"""Which tests may run beside which: who measures time has quiet (a file stays together by `--dist loadfile`)."""

import fcntl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

HERE = Path(__file__)
ROOMS = (HERE.with_name("house.py"), HERE.with_name("servers.py"))  # of either round; files, for nothing but locks
PROCESSES = HERE.with_name("end_to_end")
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
        """Begin with the files in which somebody wants quiet, while nothing long is under way that it would wait for.

        Then come those that take longest, the ones with processes and browsers, so that none is left for the end. In a
        file whoever wants quiet comes first, and keeps it for the next; not where a program is to be started, which
        others need not wait for. (xdist itself begins with the files that have most tests: `--no-loadscope-reorder`
        keeps it from that.)
        """
        quiet = {item.path for item in items if _wants_quiet(item)}
        browsed = {item.path for item in items if item.get_closest_marker("browser")}
        places = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}

        def turn(item: pytest.Item) -> tuple[bool, bool, int, bool]:
            started = item.path.is_relative_to(PROCESSES)
            long = started or item.path in browsed
            return item.path not in quiet, not long, places[item.path], not (started or _wants_quiet(item))

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
    """File by file, and as one file those that share a running program: each process with one would start its own.

    What a browser sees of it takes as long as all the others together, and has a process of its own; so do those who
    kill programs, each of their own, for minutes: beside the others they would come before whoever wants quiet.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        path = HERE.parents[1] / file
        return file if path.parent != PROCESSES or path.name in ALONE else str(PROCESSES)


@contextmanager
def _held(lock: IO[bytes]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _wants_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None
