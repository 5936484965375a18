"""`content check` tells everything, and the packs that come with the program are good."""

import tomllib
from pathlib import Path

from content import library
from content.checking import check
from tests.house import a_town

from .builders import ZONE, a_bank, a_digest, a_pack, a_question

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "content" / "pack"
HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a-robot-of-the-tests"


def test_a_good_pack_is_counted(tmp_path):
    findings = check(a_pack(tmp_path, {"phrases.toml": None}), zone=ZONE)

    assert findings.faults == []
    assert findings.counts == {"banks": 1, "questions": 2, "digests": 1, "broadcasts": 1, "templates": 1}


def test_a_case_that_is_asked_as_its_parts_is_none_of_the_questions(tmp_path):
    case = a_question("anli", type="case", without=["options", "answer"])
    bank = a_bank(case, a_question("q1", case="anli"), a_question("q2"))
    folder = a_pack(tmp_path, {"phrases.toml": None, "quizzes/basics.toml": bank})

    assert check(folder, zone=ZONE).counts["questions"] == len(library.load(folder, zone=ZONE).questions) == 2


def test_what_is_good_in_a_bad_pack_is_counted_too(tmp_path):
    findings = check(a_pack(tmp_path, {"phrases.toml": None, "digests/second.md": a_digest(kind="坏")}), zone=ZONE)

    assert ([fault.file for fault in findings.faults], findings.counts["digests"]) == (["digests/second.md"], 1)


def test_advice_is_apart_from_the_faults(tmp_path):
    files = {"phrases.toml": None, "digests/first.md": a_digest(topics="[tiyu]"), "digests/second.md": a_digest("")}

    findings = check(a_pack(tmp_path, files), zone=ZONE)

    assert [fault.file for fault in findings.faults] == ["digests/second.md"]
    assert [advice.file for advice in findings.advice] == ["digests/first.md"]


def test_the_sample_pack_is_good():
    findings = check(SAMPLE, zone=ZONE)

    assert findings.faults + findings.advice == []


def test_the_sample_pack_is_enough_to_start_from():
    counts = check(SAMPLE, zone=ZONE).counts

    assert counts["questions"] >= 100
    assert counts["banks"] >= 5
    assert counts["digests"] >= 12
    assert counts["broadcasts"] >= 3


def test_the_program_answers_all_that_the_sample_pack_offers(tmp_path, database_url, redis_url):
    example = tomllib.loads((ROOT / "config.example.toml").read_text("utf-8"))
    groups = {name: {**group, "webhook": HOOK} for name, group in example["groups"].items()}
    town = a_town(tmp_path, database=database_url, redis=redis_url, groups=groups)

    assert town.house.shelf.current().advice == ()
    town.house.close()


def test_a_group_that_the_configuration_lacks_is_told_of(town):
    [found] = town.house.shelf.current().advice

    assert (found.file, "没有“支部群”这个群" in found.what) == ("broadcasts/weekly-policy.toml", True)
    assert "还没有" in found.mend
