"""`zhibu content check` says what is wrong, and where."""

import json
from collections.abc import Sequence
from pathlib import Path

from click.testing import Result

from commands import content
from content.checking import Findings
from content.faults import BadContent, Finding, Level
from tests.commands.calls import call

FAULT = Finding(file="quizzes/a.toml", line=7, what="缺少 answer", mend="请补上这一项")
ADVICE = Finding(file="menu.toml", line=3, what="点了没有用", mend="换一个 key", level=Level.ADVICE)


def check(
    *arguments: str,
    faults: Sequence[Finding] = (),
    advice: Sequence[Finding] = (),
    asked: list[Path | None] | None = None,
) -> Result:
    def look(config: Path, folder: Path | None) -> Findings:
        if asked is not None:
            asked.append(folder)
        return Findings(list(faults), {"banks": 2, "questions": 40}, list(advice))

    return call(None, [content.group(look)], "content", "check", *arguments)


def test_a_good_pack_ends_with_0_and_its_counts():
    result = check()

    assert result.exit_code == 0
    assert result.output == "2 banks, 40 questions: no faults\n"


def test_a_fault_ends_with_1_and_its_place():
    result = check(faults=[FAULT])

    assert result.exit_code == 1
    assert "quizzes/a.toml:7: 缺少 answer。请补上这一项。" in result.output


def test_advice_is_listed_and_ends_with_0():
    result = check(advice=[ADVICE])

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "Advice (the pack is taken as it is):",
        "menu.toml:3: 点了没有用。换一个 key。",
        "",
        "2 banks, 40 questions: no faults",
    ]


def test_advice_comes_after_the_faults():
    result = check(faults=[FAULT], advice=[ADVICE])

    assert result.exit_code == 1
    assert result.output.index(str(FAULT)) < result.output.index(str(ADVICE))


def test_a_program_reads_json():
    result = check("--json", faults=[FAULT], advice=[ADVICE])

    place = {"file": "quizzes/a.toml", "line": 7}
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "faults": [{**place, "what": "缺少 answer", "mend": "请补上这一项", "level": "fault"}],
        "advice": [{"file": "menu.toml", "line": 3, "what": "点了没有用", "mend": "换一个 key", "level": "advice"}],
        "counts": {"banks": 2, "questions": 40},
    }


def test_another_folder_can_be_named():
    asked: list[Path | None] = []
    check("elsewhere", asked=asked)
    check(asked=asked)

    assert asked == [Path("elsewhere"), None]


def test_an_opener_s_reasons_are_said_without_a_trace():
    def look(config, folder):
        raise BadContent([FAULT])

    result = call(None, [content.group(look)], "content", "check")

    assert result.exit_code == 1
    assert result.output == f"{FAULT}\n"
