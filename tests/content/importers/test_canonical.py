"""A bank as TOML: what is written is read again, and what an admin wrote around it stays."""

import io
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from content.importers import banks, canonical, gift, workbooks
from content.models import Bank, Question

ANY = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\"\\'\x7f"), min_size=1, max_size=20)
WORDS = ANY.map(str.strip).filter(bool)
# What the notations of a table part things by can't be in them.
CELL = st.text("甲乙丙Ab1~=#{}:\\%\"'<&，。（）", min_size=1, max_size=12).map(lambda said: f"问{said}")


def bank_of(*questions: Question) -> Bank:
    return Bank(name="b", title="题库：一/二", topic="zuzhi", questions=questions)


def read(text: str) -> Bank:
    tables: dict[str, Any] = tomllib.loads(text)
    return Bank(name="b", title=tables["title"], topic=tables["topic"], questions=tuple(tables["question"]))


def a_question(words, **changed) -> Question:
    options = [{"id": letter, "text": f"{letter}{text}"} for letter, text in zip("abcd", words, strict=False)]
    given: dict[str, Any] = {"id": "q1", "type": "multi", "stem": words[0], "options": options, "answer": ["a", "b"]}
    return Question(**{**given, "explanation": words[-1], "source": words[0], **changed})


@given(st.lists(WORDS, min_size=2, max_size=4))
@settings(max_examples=60)
def test_every_text_comes_back(words):
    bank = bank_of(a_question(words, explanation=""))

    assert read(canonical.write(bank)) == bank


def made(id_: str, type_: str, stem: str, answer: object, **given: Any) -> Question:
    fields: dict[str, Any] = {"id": id_, "type": type_, "stem": stem, "answer": answer, **given}
    return Question(**fields)


def named(first: str, second: str) -> Question:
    """A question whose options have ids in another order than their places."""
    options = [{"id": first, "text": "甲"}, {"id": second, "text": "乙"}]
    return made("q2", "single", "问（ ）", [first], options=options)


EVERY_KIND = (
    a_question(["问一", "问二"], id="q1", explanation="选{{opt:b}}", partial_credit=True, difficulty="难", score=3),
    named("b", "a"),
    made("q3", "judge", "对吗", answer=False, tags=("一", "二"), alias=("q3a",), audience=("zhibu",)),
    made("q4", "fill", "____和____", [["甲", "丙"], ["乙"]], ordered=False),
    made("q5", "fill", "党的（ ）", [["宗旨"]]),
    made(
        *("q6", "short", "为什么", ["一", "二"]),
        cites=[{"reg": "zhibu", "version": "2018", "article": "4"}],
        effective_from=date(2018, 10, 28),
        effective_to=date(2030, 1, 1),
        as_of=date(2026, 3, 1),
        reviewer="甲",
    ),
)


def test_every_kind_of_question_comes_back_from_toml():
    assert read(canonical.write(bank_of(*EVERY_KIND))) == bank_of(*EVERY_KIND)


def test_every_kind_of_question_comes_back_from_a_workbook_and_from_gift():
    bank = bank_of(*EVERY_KIND)

    for name, data in (("b.xlsx", workbooks.write(bank)), ("b.gift", gift.write(bank).encode())):
        reading = banks.read(name, data)

        assert (reading.title, reading.topic) == (bank.title, bank.topic)
        assert reading.questions == [EVERY_KIND[0], named("a", "b"), *EVERY_KIND[2:]], name
        assert reading.counts()["errors"] == 0


@given(st.lists(CELL, min_size=3, max_size=4, unique=True))
@settings(max_examples=40)
def test_every_text_comes_back_from_a_workbook_and_from_gift(words):
    bank = bank_of(a_question(words, answer=("a", "b")))

    assert banks.read("b.xlsx", workbooks.write(bank)).questions == [*bank.questions]
    assert banks.read("b.gift", gift.write(bank).encode()).questions == [*bank.questions]


@pytest.mark.parametrize("begins", [*"=+-@", "\t=", "\r=", "\n=", *"＝＋－＠"])
def test_no_cell_of_any_table_is_a_formula(begins):
    said = f"{begins}1+1"
    for data in (workbooks.table([said], [[said]]), workbooks.tables([("表", [said], [[said]])])):
        cells = [cell for row in load_workbook(io.BytesIO(data)).active for cell in row]

        assert [(cell.data_type, cell.value) for cell in cells] == [("s", said)] * 2


def test_text_that_looks_like_a_formula_stays_text():
    bank = bank_of(a_question(["=1+1", "+2"]))

    reading = banks.read("b.xlsx", workbooks.write(bank))

    assert (reading.questions[0].stem, [note.code for note in reading.notes]) == ("=1+1", [])


WRITTEN = """\
# 我们的题库
title = "基础"
topic = "zuzhi"

# 第一组
[[question]]
id = "q1"
type = "judge"   # 判断
stem = "一"
answer = true

# 第二组

[[question]]
id = "q2"
type = "judge"
stem = "二"
answer = true
"""


def test_what_is_not_changed_stays_as_it_was_written():
    one, two = (made(f"q{n}", "judge", stem, answer=False) for n, stem in ((1, "一改"), (3, "三")))

    text = canonical.rewrite(WRITTEN, (6, 14), changed={0: one}, added=[two])

    assert [question.stem for question in read(text).questions] == ["一改", "二", "三"]
    assert text.startswith('# 我们的题库\ntitle = "基础"\ntopic = "zuzhi"\n\n# 第一组\n[[question]]\nid = "q1"\n')
    assert '\n\n# 第二组\n\n[[question]]\nid = "q2"\ntype = "judge"\nstem = "二"\nanswer = true\n\n[[question]]' in text


# Moodle's own


GIFT = """\
// a comment
$CATEGORY: $course$/党章

::Q1:: 党的根本宗旨是（ ）{
=为人民服务 #对
~发展经济 #错
~%50%别的
####因为党章这样写
}

::Q2:: 党章 \\= 根本大法 {T}

Q3 党的{=宗旨 =目的}是为人民服务

::Q4::[html]哪些对？{~%50%甲 ~%50%乙 ~%-100%丙}

::Q5:: 为什么 {}
"""


def test_gift_as_others_write_it():
    reading = banks.read("b.gift", GIFT.encode())

    assert [
        (question.type, question.stem, question.answer, question.explanation) for question in reading.questions
    ] == [
        ("single", "党的根本宗旨是（ ）", ("a",), "因为党章这样写"),
        ("judge", "党章 = 根本大法", True, ""),
        ("fill", "Q3 党的____是为人民服务", (("宗旨", "目的"),), ""),
        ("multi", "哪些对？", ("a", "b"), ""),
    ]
    assert [(draft.row, [note.code for note in draft.notes]) for draft in reading.drafts if not draft.question] == [
        (17, ["answer_missing"])
    ]
