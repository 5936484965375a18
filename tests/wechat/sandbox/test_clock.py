"""Time that is moved for the stand-in and for the program at once."""

from datetime import timedelta
from pathlib import Path

import app
from commands import installed
from commands.settings import Settings
from tests.house import write_config
from tests.wechat.sandbox.stage import Clock, a_stage
from wechat.sandbox.clock import MovedClock


def test_whoever_shares_the_folder_goes_along_and_a_restart_keeps_it(tmp_path: Path) -> None:
    true = Clock()
    one, other = MovedClock(tmp_path, true), MovedClock(tmp_path, true)
    before = other()
    one.advance(3600)
    one.advance(60)

    assert before == true.now
    assert other() == true.now + timedelta(minutes=61)
    assert MovedClock(tmp_path, true)() == other()


def test_the_panel_moves_the_time_of_the_program(tmp_path: Path) -> None:
    config = write_config(tmp_path, database="embedded", redis="embedded", sandbox={"enabled": True})
    platform = "http://127.0.0.1:8001"
    at_home = {f"ZHIBU_ACCOUNTS__{name}__API_BASE": platform for name in ("OFFICIAL", "MINI")}
    settings = Settings.load(config, at_home)
    with a_stage(tmp_path) as stage:
        stage.phone("clock", advance_seconds=48 * 3600)

        assert app.clock_of(settings)() - installed.now() > timedelta(hours=47)


def test_without_the_sandbox_time_is_true(tmp_path: Path) -> None:
    settings = Settings.load(write_config(tmp_path, database="embedded", redis="embedded"), {})
    MovedClock(settings.storage.folder, installed.now).advance(48 * 3600)

    assert app.clock_of(settings) is installed.now
