"""Aiken: read as others write it, written as far as it goes, and what it has no place for is named."""

from content.importers import aiken, banks
from content.models import Bank

from .test_canonical import EVERY_KIND, bank_of, made
from .test_travel import BANK

TEXT = """\
党的根本宗旨是什么？
A. 为人民服务
B) 发展经济
ANSWER: A

条例第四条
说了什么？
A. 甲
B. 乙
C. 丙
ANSWER: C

没有答案的
A. 甲
"""


def test_questions_as_moodle_has_them():
    reading = banks.read("b.txt", TEXT.encode())

    assert [(each.type, each.stem, [o.text for o in each.options], each.answer) for each in reading.questions] == [
        ("single", "党的根本宗旨是什么？", ["为人民服务", "发展经济"], ("a",)),
        ("single", "条例第四条\n说了什么？", ["甲", "乙", "丙"], ("c",)),
    ]
    assert [(note.row, note.code) for note in reading.notes if note.code != "no_source"] == [(13, "line_lost")]


def test_an_answer_without_an_option_is_told():
    reading = banks.read("b.txt", "问什么？\nA. 甲\nB. 乙\nANSWER: D\n\n好的？\nA. 甲\nB. 乙\nANSWER: B\n".encode())

    assert [[note.code for note in each.notes] for each in reading.drafts] == [["letter_unknown"], []]


def test_other_texts_are_not_taken_for_it():
    assert not aiken.is_written_in("1. 问（ ）\nA. 甲\nB. 乙\n答案：A\n")


def test_what_it_has_a_place_for_comes_back():
    question = made(
        "q9", "single", "问（ ）\n什么", ["y"], options=[{"id": "x", "text": "甲"}, {"id": "y", "text": "乙"}]
    )
    text = aiken.write(bank_of(question, EVERY_KIND[1], EVERY_KIND[2]))

    assert text == "问（ ） 什么\nA. 甲\nB. 乙\nANSWER: B\n\n问（ ）\nA. 甲\nB. 乙\nANSWER: A\n"
    assert [each.answer for each in banks.read("b.txt", text.encode()).questions] == [("b",), ("a",)]


def test_what_it_has_no_place_for_is_named():
    def told(bank: Bank):
        return [(note.code, note.facts.get("said")) for note in aiken.left_behind(bank.questions)]

    assert told(BANK) == [("aiken_others", "anli、anli-1、zai、tu、kong")]
    assert told(bank_of(EVERY_KIND[1])) == [("aiken_bare", None)]
