"""A stage to push on."""

import pytest

from tests.scheduler.world import Stage, write_pack


@pytest.fixture
def stage(db, tmp_path):
    return Stage(db, write_pack(tmp_path / "pack"))
