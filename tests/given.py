"""Which servers a run was given, and which tests can tell: with `--on-servers` no others run."""

import os
from typing import Any

import pytest

from tests.servers import VARIABLES, Servers

OPTION = "--on-servers"
DOOR = "servers"  # the fixture
ALIKE, POSTGRES = "alike", "postgres"  # the marks
VARIANT, ON_SERVERS = "variant", "on_servers"  # of a file, and of a test that runs on servers none the less


class Given:
    """A plugin that keeps the servers' addresses for the fixture `servers`, and for nobody else.

    They are taken out of the environment before anything is collected. So a test whose fixtures don't lead to
    `servers` can't come to PostgreSQL, to Redis or to RabbitMQ: on them it does what it did without, and only there may
    it be left out. (`tests/rules/test_servers.py` sees that nobody asks for a fixture behind pytest's back.) And so may
    one with the mark `alike`, which needs a store under it, and says nothing that the store could change; and a
    `variant`, which comes to no statement but those to which others come there (`tests.spoken` sees to that).
    """

    def __init__(self, config: pytest.Config) -> None:
        self.servers = Servers.named_in(os.environ)
        self._only = bool(config.getoption(OPTION))
        self._left_out = 0
        if self._only and self.servers == Servers():
            raise pytest.UsageError(f"{OPTION}: no server is given: set {', '.join(VARIABLES.values())}")
        if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):  # its processes inherit them
            for variable in VARIABLES.values():
                os.environ.pop(variable, None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Once for each broker that this run has, where a test asks for one."""
        if "broker" in metafunc.fixturenames:
            metafunc.parametrize("broker", self.servers.brokers, indirect=True)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what has no way to a server, and what is about one that isn't there."""
        left_out = [item for item in items if not self._runs(item)]
        items[:] = [item for item in items if self._runs(item)]
        config.hook.pytest_deselected(items=left_out)
        self._left_out = len(left_out)
        if hasattr(config, "workeroutput"):
            config.workeroutput["left_out"] = len(left_out)

    def _runs(self, item: pytest.Item) -> bool:
        if item.get_closest_marker(POSTGRES) and not self.servers.database:
            return False
        return _can_tell(item) or not self._only

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear of a process how many it left out: each of them collects everything."""
        self._left_out = max(self._left_out, getattr(node, "workeroutput", {}).get("left_out", 0))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many were left out, and why."""
        if self._only:
            terminalreporter.write_line(
                f"LEFT OUT: {self._left_out} tests that can't come to PostgreSQL, Redis or RabbitMQ, show what is "
                "alike on them, or are variants of others, which `make drill` runs on them."
            )


def _can_tell(item: pytest.Item) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    left_out = ALIKE in marks or (VARIANT in marks and ON_SERVERS not in marks)
    return DOOR in getattr(item, "fixturenames", [DOOR]) and not left_out
