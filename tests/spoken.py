"""Which lines of the program put a statement to SQL in a run of the tests, and which of them did so on SQLite alone."""

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from storage.hot import Hot

OPTION = "--spoken"
ROOT = Path(__file__).parents[1]
WAYS = tuple(f"{ROOT / 'storage' / name}.py" for name in ("db", "hot", "batching"))  # by which every statement goes
OUTSIDE = (*WAYS, str(ROOT / "tests"), str(ROOT / ".venv"))
# Elsewhere the driver begins, and says so to nobody; and only SQLite has a journal to be written back.
ON_SQLITE_ALONE = frozenset({"BEGIN IMMEDIATE", "PRAGMA wal_checkpoint(PASSIVE)"})


class Spoken:
    """A plugin that keeps in a file who has put a statement to SQL, in any process of the run, by line and function.

    Where a statement was put together tells more of it than its words, which each dialect has its own. What programs
    say that tests start is not heard.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._file: str | None = config.getoption(OPTION)
        self._places: set[str] = set()
        if self._file:
            sa.event.listen(sa.Engine, "before_cursor_execute", self._hear)
            Hot.__call__ = self._heard(Hot.__call__)  # type: ignore[method-assign]
            Hot.asked = self._heard(Hot.asked)  # type: ignore[method-assign]

    def _hear(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement not in ON_SQLITE_ALONE:
            self._add(sys._getframe(1))

    def _heard(self, way: Callable[..., Any]) -> Callable[..., Any]:
        """What goes past SQLAlchemy's engine, with whoever asks it."""

        def asked(hot: Hot, **values: Any) -> Any:
            self._add(sys._getframe(1))
            return way(hot, **values)

        return asked

    def _add(self, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            if path := _ours(code.co_filename):
                self._places.add(f"{path}:{frame.f_lineno} {code.co_qualname}")
                return
            frame = frame.f_back

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the first process, where this is one of several."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["spoken"] = sorted(self._places)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear of a process what was said there."""
        self._places.update(getattr(node, "workeroutput", {}).get("spoken", ()))

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Write it down."""
        if self._file and not hasattr(config, "workeroutput"):
            Path(self._file).write_text(json.dumps(sorted(self._places)), "utf-8")


@cache
def _ours(file: str) -> str:
    """Where a file of the program lies in it, "" for any other."""
    is_ours = file.startswith(f"{ROOT}/") and not file.startswith(OUTSIDE)
    return str(Path(file).relative_to(ROOT)) if is_ours else ""


def unsaid(embedded: Path, servers: Path) -> list[str]:
    """Who put a statement to SQL in the first of two rounds, and not in the second."""
    first, second = (set(json.loads(each.read_text("utf-8"))) for each in (embedded, servers))
    assert first, "nothing was heard of the round on embedded defaults"
    return sorted(first - second)


if __name__ == "__main__":
    found = unsaid(*map(Path, sys.argv[1:]))
    advice = "PostgreSQL was never asked what these ask: take the mark `variant` from a test of it, or write one."
    sys.exit("\n".join([advice, *found]) if found else 0)
