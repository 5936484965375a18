"""A stage to push on, and the brokers that may bring its runs to workers."""

import pytest

from tests.brokers import a_queue
from tests.scheduler.world import Stage, write_pack


@pytest.fixture
def stage(db, tmp_path):
    return Stage(db, write_pack(tmp_path / "pack"))


@pytest.fixture
def line(broker, redis):
    """An empty queue of this test's own, in each broker that this run has."""
    with a_queue(broker) as line:
        yield line
