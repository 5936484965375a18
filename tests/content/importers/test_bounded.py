"""Long texts are read in a process that has so much time and no more, and say the same as short ones."""

import random

import pytest

from content import apart
from content.importers import alike, banks, bounded, cloze, members, texts
from content.importers.sentences import Refused

QUESTION = "{}. 党徽的图案是（ ）\nA. 镰刀和锤子 {}\nB. 麦穗\n答案：A\n"
pytestmark = pytest.mark.timeout(120)  # what grows with the square of its lines takes many minutes


def a_text(questions):
    return "".join(QUESTION.format(number + 1, number) for number in range(questions)).encode()


def test_a_long_text_is_read_as_a_short_one_and_tells_how_far_it_is():
    told = []
    reading = banks.read("b.txt", a_text(300), tell=lambda *what: told.append(what))

    assert len(a_text(300)) > bounded.SMALL
    assert [each.number for each in reading.drafts] == [str(number + 1) for number in range(300)]
    assert reading.questions[:3] == banks.read("b.txt", a_text(3)).questions
    assert told == [("open", 0, 1), ("read", 0, 300), ("read", 200, 300), ("read", 300, 300)]


def test_what_is_refused_of_a_long_text_is_said_in_its_own_words():
    with pytest.raises(Refused) as refused:
        banks.read("b.txt", ("没有题目\n" * bounded.SMALL).encode())

    assert refused.value.note.code == "no_questions"


@pytest.mark.parametrize("name", ["b.txt", "b.gift", "b.csv"])
def test_a_text_that_takes_too_much_is_refused(monkeypatch, name):
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 0.1)

    with pytest.raises(Refused) as refused:
        banks.read(name, a_text(3000))

    assert refused.value.note.code == "takes_too_much"
    assert "分成几个小文件" in refused.value.note.mend


def test_prose_and_a_list_of_members_that_take_too_much_are_too(monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 0.1)

    with pytest.raises(Refused) as refused:
        cloze.read("办法.txt", a_text(3000))

    assert refused.value.note.code == "takes_too_much"
    assert [fault.kind for fault in members.read("姓名,支部\n".encode() * 3000, {}).faults] == ["unreadable"]


@pytest.mark.parametrize("begins", ["1. 题干", "1. 题干\nA. 甲", "1. 题干\nA. 甲\n答案：A\n解析：因为"])
def test_any_number_of_lines_may_go_on_with_one_part(begins):
    [raw] = texts.read(texts.spoken(f"{begins}\n" + "续行\n" * 300_000)).raws

    said = {"stem": raw.fields["stem"], **raw.fields, "option": "".join(each.text for each in raw.options)}
    assert max(words.count("续行") for words in said.values()) == 300_000


def test_a_comment_that_nests_without_end_is_passed_over():
    [question] = banks.read("b.gift", f"// zhibu: {'[' * 5000}\n::q1::党徽 {{=镰刀 ~麦穗}}\n".encode()).questions

    assert question.id == "q1"


def test_thousands_of_one_kind_are_not_each_held_beside_each():
    chance = random.Random(1)
    of_one_kind = ["".join(chance.choices("甲乙", k=40)) for _ in range(20_000)]
    another = "党支部党员大会是党支部的议事决策机构一般每季度召开一次"

    assert (20_001, 0, 100) in [*alike.pairs([another, *of_one_kind, another])]
