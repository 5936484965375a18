"""Content that can't be right can't be made."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from content.broadcasts import Audience, Broadcast
from content.menus import Menu
from content.models import Account, Digest, DigestKind, Question
from content.organisations import Organisation

from .builders import ZONE, a_question

Made = TypeVar("Made")
IDS = st.lists(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), min_size=2, max_size=10, unique=True)


def made(kind: type[Made], fields: dict[str, Any]) -> Made:
    return TypeAdapter(kind).validate_python(fields, context={"zone": ZONE})


def question(**changed: Any) -> Question:
    return TypeAdapter(Question).validate_python(a_question(**changed))


def digest(**changed: Any) -> Digest:
    blocks = [{"voice": "report", "plain": "一", "html": "<p>一</p>"}]
    fields = {"slug": "a", "title": "一", "kind": "要闻", "topics": ["t"], "source_name": "源", "summary": "一"}
    return made(Digest, {**fields, "publish_at": "2026-11-23", "blocks": blocks, **changed})


def broadcast(**changed: Any) -> Broadcast:
    fields = {"key": "k", "title": "一", "audience": {"everyone": True}, "channels": "notice", "template": "t"}
    return made(Broadcast, {**fields, "schedule": "0 8 * * *", **changed})


@given(ids=IDS, right=st.data())
def test_a_question_with_options_has_the_right_number_of_right_ones(ids, right):
    answer = right.draw(st.lists(st.sampled_from(ids), unique=True, max_size=len(ids)))
    fields = a_question(options=[{"id": each, "text": f"选项{each}"} for each in ids], answer=answer)

    for kind, allowed in (("single", len(answer) == 1), ("multi", len(answer) > 0)):
        try:
            good = TypeAdapter(Question).validate_python({**fields, "type": kind}).right == set(answer)
        except ValidationError:
            good = False

        assert good == allowed


@pytest.mark.parametrize(
    ("said", "right"),
    [
        *((said, "true") for said in (True, [True], "true", "True", "正确", "对", "是", "√", "T", "Y", "同意")),
        *((said, "false") for said in (False, [False], "false", "错误", " 错 ", "否", "×", "f", "n", "不同意")),
    ],
)
def test_a_judge_question_is_right_or_wrong(said, right):
    assert question(type="judge", answer=said, without=["options"]).right == {right}


@pytest.mark.parametrize("said", ["也许", "A", 1, [], [True, False], {}])
def test_a_verdict_nobody_can_read_is_refused(said):
    with pytest.raises(ValidationError, match="judge_answer"):
        question(type="judge", answer=said, without=["options"])


@pytest.mark.parametrize(
    ("ids", "answer", "right"),
    [
        (["A", "B"], ["B"], "B"),
        (["a", "b"], "b", "b"),
        (["1", "2"], ["2"], "2"),
        ([1, 2], [2], "2"),
        ([1, 2], 2, "2"),
        ([1, 2], "2", "2"),
    ],
)
def test_options_go_by_letters_or_numbers(ids, answer, right):
    options = [{"id": each, "text": f"第{each}项"} for each in ids]

    assert question(options=options, answer=answer).right == {right}


@pytest.mark.parametrize("said", [True, {"a": 1}, [["a"]], [False]])
def test_what_cant_be_an_id_is_refused(said):
    with pytest.raises(ValidationError, match="answer_ids"):
        question(answer=said)


def test_a_question_needs_only_what_it_asks_and_what_is_right():
    asked = question(without=["source"])

    assert (asked.explanation, asked.cites, asked.difficulty, asked.reviewer) == ("", (), "中", "")


@pytest.mark.parametrize(
    ("stem", "answer", "read"),
    [
        ("首都是____。", ["北京", "北京市"], (("北京", "北京市"),)),
        ("首都是（ ）。", "北京", (("北京",),)),
        ("首都是____。", [["北京", "北京市"]], (("北京", "北京市"),)),
        ("____和____", [["一", "壹"], ["二"]], (("一", "壹"), ("二",))),
        ("____和____", ["一", "二"], (("一",), ("二",))),
        ("建党是____年。", 1921, (("1921",),)),
        ("____年到____年", [1921, [1949, "四九"]], (("1921",), ("1949", "四九"))),
    ],
    ids=[
        *("one blank, several words", "one word", "a list for one blank", "a list a blank", "a word a blank"),
        *("a number", "numbers and words"),
    ],
)
def test_accepted_words_belong_to_their_blank(stem, answer, read):
    assert question(type="fill", stem=stem, answer=answer, without=["options"]).answer == read


def test_points_of_a_short_answer_are_kept():
    assert question(type="short", answer=["一点", "二点"], without=["options"]).answer == ("一点", "二点")


@pytest.mark.parametrize(
    ("said", "is_letter"),
    [
        ("故选B", True),
        ("选 ＡＢ", True),
        ("A项错误", True),
        ("C正确", True),
        ("答案：D", True),
        ("答案是 A", True),
        ("选项B不符合", True),
        ("选举产生", False),
        ("DNA正确配对", False),
        ("推选A4纸", True),
        ("{{opt:a}}正确", False),
        ("GB2312选择", False),
    ],
)
def test_letters_in_an_explanation_are_found(said, is_letter):
    assert bool(question(explanation=said).letters_said) == is_letter


def test_an_explanation_without_options_has_no_letters():
    assert question(type="judge", answer=True, explanation="选A", without=["options"]).letters_said == ""


@pytest.mark.parametrize(
    ("day", "holds"), [("2025-12-31", False), ("2026-01-01", True), ("2026-06-30", True), ("2026-07-01", False)]
)
def test_a_question_is_in_effect_from_its_first_to_its_last_day(day, holds):
    asked = question(effective_from="2026-01-01", effective_to="2026-06-30")

    assert asked.in_effect(date.fromisoformat(day)) == holds


def test_a_question_without_dates_is_always_in_effect():
    assert question().in_effect(date(1921, 7, 1))


@pytest.mark.parametrize(("said", "read"), [("易", "易"), ("简单", "易"), ("中等", "中"), ("困难", "难"), ("高", "难")])
def test_three_scales_of_difficulty_mean_the_same(said, read):
    assert question(difficulty=said).difficulty == read


def test_a_version_may_be_written_as_a_date():
    asked = question(cites=[{"reg": "fazhan", "version": date(2026, 5, 18), "article": 19}])

    assert (asked.cites[0].version, asked.cites[0].article) == ("2026-05-18", "19")


@pytest.mark.parametrize("said", ["news", "要闻"])
def test_a_kind_may_be_said_in_chinese(said):
    assert digest(kind=said).kind is DigestKind.NEWS


def test_a_naive_time_is_in_the_zone_of_the_pack():
    assert digest(publish_at="2026-11-23 08:00").publish_at == datetime(2026, 11, 23, tzinfo=UTC)


def test_a_time_with_a_zone_keeps_it():
    assert digest(publish_at="2026-11-23T08:00:00+00:00").publish_at == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_a_naive_time_outside_a_pack_is_refused():
    with pytest.raises(ValidationError, match="naive_time"):
        TypeAdapter(Broadcast).validate_python(
            {"key": "k", "title": "一", "at": "2026-11-23 08:00", "audience": {"everyone": True}, "channels": "n"}
            | {"template": "t"}
        )


def test_a_digest_is_out_until_the_end_of_its_last_day():
    shown = digest(publish_at="2026-11-23 08:00", expire_at="2026-11-30")
    first, last = datetime(2026, 11, 23, 8, tzinfo=ZONE), datetime(2026, 12, 1, tzinfo=ZONE)
    moment = timedelta(seconds=1)

    assert [shown.is_out(now) for now in (first - moment, first, last - moment, last)] == [False, True, True, False]


@pytest.mark.parametrize("said", [20261123, "20261123", "1764000000", True])
def test_a_number_is_no_time(said):
    with pytest.raises(ValidationError, match="date_written"):
        digest(publish_at=said)


def test_a_schedule_is_written_with_names():
    assert broadcast(schedule="0 19 * * 3").schedule == "0 19 * * wed"


@pytest.mark.parametrize(
    "said",
    [
        *("每天8点", "8:30", "0 8 * *", "0 8 * * * *", "a 8 * * *", "60 8 * * *", "0 24 * * *", "0 8 0 * *"),
        *("0 8 * 13 *", "0 8 * * 8", "0 8 * * m", "0 8- * * *", "*/0 8 * * *", "0 8 * * */0", "0 8 * * *,"),
        *("0/ 8 * * *", "0 20-8 * * *", "*/90 8 * * *", "0 8 * * 1-", "0 8 1-2-3 * *"),
    ],
)
def test_a_schedule_that_is_none_is_refused(said):
    with pytest.raises(ValidationError, match="cron"):
        broadcast(schedule=said)


@pytest.mark.parametrize("said", [{"topics": ["yaowen"]}, ["yaowen"], "yaowen"])
def test_an_audience_may_be_topics_alone(said):
    assert broadcast(audience=said).audience.topics == ("yaowen",)


@pytest.mark.parametrize("parent", [{}, {"parent": ""}], ids=["none", "empty"])
def test_the_topmost_organisation_has_no_parent(parent):
    assert made(Organisation, {"id": "a", "name": "甲", "type": "党委", **parent}).parent is None


def test_an_account_needs_only_a_name():
    assert made(Account, {"name": "学习号"}).organisation == ""


@pytest.mark.parametrize(
    ("said", "span"), [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("2d", timedelta(days=2))]
)
def test_a_span_has_a_unit(said, span):
    assert broadcast(expires_after=said).expires_after == span


@pytest.mark.parametrize("said", ["0h", "-1h", "12", 12, "1w"])
def test_a_span_is_positive_and_has_a_unit(said):
    with pytest.raises(ValidationError, match="span"):
        broadcast(expires_after=said)


def test_a_broadcast_has_a_schedule_or_a_moment_but_not_both():
    with pytest.raises(ValidationError, match="schedule_or_at"):
        broadcast(at="2026-11-23 08:00")


def test_an_audience_is_everyone_or_someone_but_not_both():
    with pytest.raises(ValidationError, match="audience"):
        Audience(everyone=True, topics=("yaowen",))


def test_a_menu_is_sent_with_the_fields_that_were_written():
    menu = made(Menu, {"button": [{"name": "学", "sub_button": [{"name": "答", "type": "click", "key": "q"}]}]})

    assert menu.payload() == {
        "button": [{"name": "学", "sub_button": [{"name": "答", "type": "click", "key": "q"}]}],
    }


def test_what_is_made_cant_be_changed():
    with pytest.raises(AttributeError):
        question().stem = "别的"  # type: ignore[misc]
