"""A start on a bad pack: said at once where nothing can serve, else the last good one serves."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import app
from commands import installed
from tests.end_to_end.running import a_free_port
from tests.house import PACK, write_config

ZHIBU = Path(sys.executable).with_name("zhibu")


@pytest.fixture
def config(tmp_path):
    shutil.copytree(PACK, tmp_path / "pack")
    return write_config(
        tmp_path,
        database="embedded",
        redis="redis://127.0.0.1:1",
        content={"folder": str(tmp_path / "pack")},
        web={"port": a_free_port()},  # a program that runs here may hold the usual one
    )


def spoilt(config: Path) -> Path:
    (config.parent / "pack" / "phrases.toml").write_text('"quiz.right" = "{{ nothing }}"\n"quiz.name" = 1\n')
    return config


def test_a_first_start_names_every_fault_and_ends(config):
    said = subprocess.run(
        [ZHIBU, "--config", spoilt(config), "run"], capture_output=True, text=True, timeout=60, check=False
    )

    assert said.returncode == 1
    assert [line.split(":")[:2] for line in said.stderr.splitlines()[:2]] == [
        ["phrases.toml", "1"],
        ["phrases.toml", "2"],
    ]
    assert "mend it and start again" in said.stderr.splitlines()[-1]
    assert "Traceback" not in said.stderr


def test_a_process_that_starts_after_a_bad_change_serves_what_was_good(config):
    before = app.build(installed.read(config))
    before.close()
    spoilt(config)

    assert app.offices().content_faults(config) == []
    after = app.build(installed.read(config))
    after.close()

    assert after.shelf.current().questions.keys() == before.shelf.current().questions.keys()
    assert after.shelf.fault is not None
