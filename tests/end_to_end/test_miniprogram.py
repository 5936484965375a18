"""The mini-program of examples/miniprogram: its own files, run by Node with a platform around them, on the program."""

import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.end_to_end.running import ROOT, Program

pytestmark = pytest.mark.node

EXAMPLE = ROOT / "examples" / "miniprogram"
HERE = Path(__file__).parent
RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
SECONDS = 60


def node(script: Path, *arguments: str) -> str:
    """What a script prints; without Node these tests fail: who has none leaves them out by their mark."""
    found = shutil.which("node")
    assert found, "there is no node on this machine: install it, or leave these tests out with -m 'not node'"
    ran = subprocess.run(
        [found, script, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


SURVEY = """
title = "学习时间"
opens = 2026-11-23
closes = 2126-11-30

[[question]]
id = "hao"
text = "现在的时间好不好"
scale = ["不好", "好"]

[[question]]
id = "gai"
text = "改到周五好吗"
options = [{ id = "ty", text = "好" }, { id = "bty", text = "不好" }]
"""


@pytest.fixture(scope="module")
def asked(program: Program) -> Iterator[None]:
    """A survey more, as long as these tests last."""
    file = program.pack / "surveys" / "biaojue.toml"
    file.write_text(SURVEY, "utf-8")
    yield
    file.unlink()


@pytest.fixture(scope="module")
def seen(program: Program, asked: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a member saw who used all of it once."""
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(drawn, "PNG")
    picture = tmp_path_factory.mktemp("picture") / "p.png"
    picture.write_bytes(drawn.getvalue())
    member = program.member("用小程序的人", account="mini")
    two = [program.member(name, account="mini").openid for name in ("约人的人", "应战的人")]
    words = (program.web, program.sandbox, member.openid, str(picture), *two)
    return json.loads(node(HERE / "use_miniprogram.js", *words))


def test_the_days_questions_are_answered_each_once(seen):
    quiz = seen["quiz"]

    assert (quiz["before"]["begun"], quiz["before"]["given"]) == (False, 0)
    assert quiz["looks"] == [True] * quiz["total"]
    assert (quiz["ended"], quiz["fault"]) == (True, "")
    assert quiz["after"]["answered"] == quiz["after"]["given"] == quiz["total"] == 5


def test_an_answer_that_got_lost_is_sent_again_with_its_key_and_no_other_shares_it(seen):
    keys = seen["keys"]

    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1 == 5
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)


def test_a_duel_is_begun_once_taken_up_by_its_code_and_its_end_told_to_both(seen):
    duel = seen["duel"]

    assert (duel["nothingTyped"], duel["nameless"]) == ("请先填对方给您的邀请码。", "还没有绑定姓名，没法署名。")
    assert [each["code"] for each in duel["listed"]] == [duel["code"]]
    assert duel["waiting"]["duel"].startswith(f"邀请码 {duel['code']}，请发给想一起答的人")
    assert duel["unknown"] == "没有这个邀请码，或者已经有人用了、过期了。"
    mine, theirs = duel["ended"]["duel"], duel["told"]["duel"]
    had = [re.fullmatch(r"您答对 (\d+) 题，对方答对 (\d+) 题，(.+)", said) for said in (mine, theirs)]
    assert all(had), (mine, theirs)
    one, two = (tuple(map(int, found.groups()[:2])) for found in had if found)
    assert one == two[::-1]
    assert (duel["total"], duel["fault"]) == (10, "")


def test_a_bank_is_read_through_and_what_is_kept_of_it_is_asked_again(seen):
    read = seen["reading"]

    assert (read["went"], read["told"], read["fault"]) == ("/pages/read/read", True, "")
    assert (read["total"], read["listed"]) == (read["questions"], min(20, read["total"]))
    assert read["listed"] > 10
    assert (read["regarded"], read["takenBack"]) == ([True, True], None)
    assert read["kept"] == [read["asked"]] == [read["second"]]
    assert read["left"] == 0


def test_a_digest_is_found_and_read_in_its_voices(seen):
    digest = seen["digest"]

    assert set(digest["kinds"]) == {"news"}
    assert digest["listed"] == min(20, digest["total"]) > 10
    assert digest["title"]
    assert digest["source"]
    assert set(digest["voices"]) <= {"原文", "报道", "解读"}
    assert digest["missing"] == "没有这一篇，可能已经撤下。"


def test_an_opinion_is_sent_once_and_looked_up_and_a_picture_goes_with_a_name(seen):
    opinion = seen["opinion"]

    assert "太短" in opinion["tooShort"]
    assert opinion["pictures"] == 1
    assert RECEIPT.fullmatch(opinion["anonymous"])
    assert RECEIPT.fullmatch(opinion["named"])
    assert opinion["anonymous"] != opinion["named"]
    assert (opinion["status"]["state"], opinion["fault"]) == ("已收到", "")


def test_a_place_goes_with_a_name_only_and_is_not_left_for_the_next(seen):
    opinion = seen["opinion"]

    assert opinion["place"] == {"latitude": 31.2304, "longitude": 121.4737, "label": "一号楼"}
    assert opinion["places"][-1] == "一号楼"
    assert not any(opinion["places"][:-1])
    assert opinion["left"] is None


def test_a_survey_is_handed_in_once_though_the_answer_got_lost(seen):
    survey = seen["survey"]

    assert survey["chosen"] == ["", "ty"]
    assert survey["heard"].startswith("这一份您已经填过了，收到了")
    assert (survey["left"], survey["results"], survey["fault"]) == (False, 0, "")


def test_topics_are_chosen_and_a_token_that_is_over_is_changed_for_another(seen):
    subscription = seen["subscription"]

    assert subscription["subscribed"] == [subscription["first"]]
    assert any("5 题" in line for line in subscription["data"])
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", subscription["code"])
    assert (subscription["fault"], subscription["logins"]) == ("", 2)


def test_notices_are_asked_for_in_a_tap_and_each_tap_counts_once(seen):
    prompts = seen["prompts"]

    assert [each["title"] for each in prompts["before"]] == ["每周政策"]
    assert {each["title"]: each["left"] for each in prompts["asked"]} == {"学习提醒": 0, "每周政策": 0}
    assert {each["title"]: each["left"] for each in prompts["after"]} == {"学习提醒": 2, "每周政策": 0}
    assert "总开关" in prompts["fault"]


def test_a_number_is_given_by_whoever_agrees_and_taken_away_again(seen):
    number = seen["number"]

    assert "回电话" in number["purpose"]
    assert (number["denied"], number["bound"], number["dropped"]) == ("", "138****8000", "")
    assert number["fault"] == ""


def test_whoever_wants_it_leaves_nothing_behind(seen):
    erasure = seen["erasure"]

    assert (erasure["toasts"], erasure["fault"], erasure["token"]) == (["已全部删除"], "", "")


def test_every_page_is_there_with_all_its_files_and_calls_what_it_has():
    pages = json.loads((EXAMPLE / "app.json").read_text("utf-8"))["pages"]

    for page in pages:
        assert json.loads((EXAMPLE / f"{page}.json").read_text("utf-8"))["navigationBarTitleText"]
        looks, does = (EXAMPLE / f"{page}.wxml").read_text("utf-8"), (EXAMPLE / f"{page}.js").read_text("utf-8")
        called = set(re.findall(r'\bbind\w+="(\w+)"', looks))
        assert called
        assert called <= set(re.findall(r"^  (?:async )?(\w+)\(.*\) {", does, re.MULTILINE)), page
    on_disk = {path.parent.name for path in EXAMPLE.glob("pages/*/*")}
    assert on_disk == {Path(page).name for page in pages}
