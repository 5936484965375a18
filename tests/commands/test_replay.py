"""What was said before, played against the program that runs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import Result
from flask import Response

from commands import cli, replay
from tests.commands.calls import an_installation, call
from tests.wechat.sandbox.stage import Bot, Told, a_stage, an_account, served

DIALOG = "# a talk\n! follows\n< 欢迎\n> 答题\n< 你说：答题\n! taps news\n"


def talker(told: Told) -> Any:
    match told:
        case {"Event": "subscribe"}:
            return "欢迎"
        case {"Content": content}:
            return f"你说：{content}"
    return Response("success")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[cli.Installation]:
    account = an_account()
    with (
        served(Bot(account, talker).app()) as address,
        a_stage(tmp_path / "var", account, webhook=address) as stage,
        served(stage.app) as url,
    ):
        server = cli.Server(factory="", host="127.0.0.1", port=urlsplit(url).port or 0)
        yield replace(an_installation(tmp_path, "sqlite://"), sandbox=server)


def played(place: cli.Installation, folder: Path, words: str | bytes, *options: str) -> Result:
    file = folder / "talk.txt"
    file.write_bytes(words if isinstance(words, bytes) else words.encode())
    return call(place, [replay.group()], "sandbox", "replay", file, *options)


def test_a_talk_that_goes_as_written_ends_with_0(place, tmp_path):
    result = played(place, tmp_path, DIALOG)

    assert result.exit_code == 0
    assert result.stdout == "3 steps, 0 different\n"


def test_what_differs_is_shown_line_by_line_and_ends_with_1(place, tmp_path):
    result = played(place, tmp_path, DIALOG.replace("< 欢迎", "< 欢迎\n< 请坐") + "> CODE\n")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "! follows",
        "     欢迎",
        "    -请坐",
        "> CODE",
        "    left out: a join code is the program's own",
        "4 steps, 2 different",
    ]


def test_a_program_reads_json(place, tmp_path):
    result = played(place, tmp_path, DIALOG.replace("< 你说：答题", "< 别的"), "--json")
    read = json.loads(result.stdout)

    assert result.exit_code == 1
    assert (read["steps"], read["file"]) == (3, str(tmp_path / "talk.txt"))
    assert [(each["did"], each["expected"], each["got"]) for each in read["different"]] == [
        ("> 答题", ["别的"], ["你说：答题"])
    ]


@pytest.mark.parametrize(
    ("words", "options", "says"),
    [
        ("what", (), "line 1:"),
        ('{"transcript": 2}', (), "the first line must say"),
        (b"\xff\xfe", (), "not in UTF-8"),
        (DIALOG, ("--account", "nobody"), "no_account"),
        (DIALOG, ("--patience", "soon"), "patience"),
    ],
    ids=["no dialog", "no transcript", "no words", "no account", "no patience"],
)
def test_what_can_not_be_played_ends_with_2(place, tmp_path, words, options, says):
    result = played(place, tmp_path, words, *options)

    assert result.exit_code == 2
    assert says in result.stderr


def test_nobody_is_spoken_to_without_the_sandbox(place, tmp_path):
    off = played(replace(place, sandbox=None), tmp_path, DIALOG)
    away = played(replace(place, sandbox=cli.Server(factory="", host="127.0.0.1", port=9)), tmp_path, DIALOG)

    assert (off.exit_code, away.exit_code) == (1, 1)
    assert "The sandbox is off" in off.stderr
    assert "Nothing answers on port 9" in away.stderr


def test_a_program_that_does_not_start_says_why(place, tmp_path):
    result = played(place, tmp_path, DIALOG, "--start")

    assert result.exit_code == 1
    assert "The program did not start:" in result.stderr
    assert "There is no configuration" in result.stderr or "config.toml" in result.stderr


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (DIALOG, None),
        ('{"transcript": 1, "started_at": "2026-11-23T08:00:00+08:00"}\n', datetime.fromisoformat("2026-11-23T00:00Z")),
        ('{"transcript": 1, "started_at": "2026-11-23T08:00:00"}\n', None),
        ('{"transcript": 1}\n', None),
    ],
    ids=["a dialog", "a transcript", "of no zone", "of no time"],
)
def test_a_transcript_says_when_it_began(words, at):
    assert replay.started_at(words) == at
