"""`content check` tells everything, and the packs that come with the program are good."""

from pathlib import Path

from content.checking import check

from .builders import ZONE, a_digest, a_pack

SAMPLE = Path(__file__).parents[2] / "content" / "pack"


def test_a_good_pack_is_counted(tmp_path):
    findings = check(a_pack(tmp_path, {"phrases.toml": None}), zone=ZONE)

    assert findings.faults == []
    assert findings.counts == {"banks": 1, "questions": 2, "digests": 1, "broadcasts": 1, "templates": 1}


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


def test_the_program_answers_all_that_the_sample_pack_offers(town):
    assert town.house.shelf.current().advice == ()
