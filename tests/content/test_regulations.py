"""A question leaves the draws when the version that it cites no longer holds (domain.md §3A, §4C-2)."""

from datetime import UTC, date, datetime

import pytest

from content import library
from content.checking import check
from content.importers import banks
from content.intake import Intake

from .builders import ZONE, a_bank, a_pack, a_question

LAWS = """\
[[regulation]]
id = "fazhan"
name = "中国共产党发展党员工作细则"
[[regulation.version]]
version = "2026"
effective_from = 2026-05-18
[[regulation.version]]
version = "2014"
effective_from = 2014-06-10

[[regulation]]
id = "zhibu"
name = "中国共产党支部工作条例（试行）"
[[regulation.version]]
version = "2018"
effective_from = 2018-10-28
"""
LAST_OLD, FIRST_NEW = date(2026, 5, 17), date(2026, 5, 18)


def cite(version, reg="fazhan"):
    return {"reg": reg, "version": version, "article": "13"}


def pack_of(folder, *questions, laws=LAWS):
    return a_pack(folder, {"phrases.toml": None, "regulations.toml": laws, "quizzes/basics.toml": a_bank(*questions)})


def drawn(folder, day):
    return [question.id for question in library.load(folder, zone=ZONE).questions_on(day)]


@pytest.fixture
def both(tmp_path):
    return pack_of(
        tmp_path, a_question("old", cites=[cite("2014")]), a_question("new", cites=[cite("2026")]), a_question("q1")
    )


def test_the_day_before_a_new_version_the_old_one_is_asked(both):
    assert drawn(both, LAST_OLD) == ["old", "q1"]


def test_from_its_day_on_the_new_one_is(both):
    assert drawn(both, FIRST_NEW) == ["new", "q1"]


def test_mistakes_of_what_no_longer_holds_are_not_gone_over(both):
    pack = library.load(both, zone=ZONE)

    assert [pack.questions[id_].in_effect(FIRST_NEW) for id_ in ("old", "new")] == [False, True]


def test_a_question_s_own_days_count_too(tmp_path):
    days = {"effective_from": "2020-01-01", "effective_to": "2021-12-31"}
    folder = pack_of(tmp_path, a_question("q1", cites=[cite("2014")], **days))

    assert [bool(drawn(folder, date(year, 6, 1))) for year in (2019, 2020, 2021, 2022)] == [False, True, True, False]


def test_of_two_that_are_cited_both_must_hold(tmp_path):
    folder = pack_of(tmp_path, a_question("q1", cites=[cite("2014"), cite("2018", "zhibu")]))

    assert [bool(drawn(folder, day)) for day in (date(2018, 10, 27), date(2018, 10, 28), LAST_OLD, FIRST_NEW)] == [
        *(False, True, True, False)
    ]


@pytest.mark.parametrize("unknown", [cite("1990"), cite("1", "keine")])
def test_what_rests_on_nothing_known_is_never_asked(tmp_path, unknown):
    folder = pack_of(tmp_path, a_question("q1", cites=[unknown]), a_question("q2"))

    assert drawn(folder, FIRST_NEW) == ["q2"]


def test_without_a_list_of_regulations_the_questions_alone_count(tmp_path):
    assert drawn(pack_of(tmp_path, a_question("q1", cites=[cite("1990")]), laws=None), FIRST_NEW) == ["q1"]


def test_the_sample_pack_cites_only_what_is_in_force(tmp_path):
    """Its own check says so; here, that it would say otherwise."""
    folder = pack_of(tmp_path, a_question("q1", cites=[cite("1990")]))

    assert [(each.line, each.what) for each in check(folder, zone=ZONE).advice] == [
        (11, "《中国共产党发展党员工作细则》没有“1990”这个版本，这道题不会出")
    ]


def test_what_is_exported_has_the_days_that_were_written(both, tmp_path):
    """A version that comes later must not be frozen into a bank."""
    intake = Intake(folder=both, kept=tmp_path / "kept", zone=ZONE, clock=lambda: datetime(2026, 11, 26, tzinfo=UTC))

    questions = banks.read("b.gift", intake.export("basics", "gift").data).questions

    assert [question.effective_to for question in questions] == [None, None, None]
