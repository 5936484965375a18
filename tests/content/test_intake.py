"""Banks come in and go out: seen before it is done, ids kept, undone as long as nobody has changed what was made."""

import json
from datetime import UTC, datetime

import pytest

from content import library
from content.importers.merging import Fate
from content.importers.sentences import Refused, Weight
from content.intake import Intake
from content.models import Cite
from tests.content.importers.making import xlsx

from .builders import ZONE, a_bank, a_pack, a_question, write

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
HEAD = ("题干", "选项A", "选项B", "答案", "出处")
LAW = (
    '[[regulation]]\nid = "banfa"\nname = "示例办法"\nversion = [{ version = "2026", effective_from = "2026-05-18" }]\n'
)
LONG = "党支部党员大会是党支部的议事决策机构，由全体党员参加，一般每季度召开一次（ ）"


@pytest.fixture
def intake(tmp_path):
    return Intake(folder=a_pack(tmp_path / "pack"), kept=tmp_path / "kept", zone=ZONE, clock=lambda: NOW)


def table(*rows, head=HEAD):
    return xlsx([head, *rows])


def take(intake, *rows, head=HEAD, name="新题.xlsx", **given):
    plan = intake.plan(name, table(*rows, head=head), **given)
    return plan, intake.take(plan)


def bank(intake, name="新题"):
    return library.load(intake.folder, zone=ZONE).banks[name]


def fates(plan):
    return [plan.counts()[fate.value] for fate in Fate]


ROWS = [(f"第{number}问是什么（ ）", "甲", "乙", "A", "党章") for number in ("一", "二", "三")]


def test_a_plan_writes_nothing(intake):
    plan = intake.plan("新题.xlsx", table(*ROWS))

    assert (fates(plan), [*intake.batches()], plan.target.path.exists()) == ([3, 0, 0], [], False)


def test_a_file_becomes_a_bank_of_the_pack(intake):
    _, batch = take(intake, *ROWS, topic="党章党规", title="新的题库")
    made = bank(intake)

    assert (made.title, made.topic, len(made.questions)) == ("新的题库", "dangzhang", 3)
    assert (batch.bank, batch.new, batch.changed) == ("新题.toml", 3, 0)


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\0", "\x1b", "\x85", "\ufffe"])
def test_what_nobody_sees_breaks_no_pack(intake, unseen):
    """The pack takes no such file: after an import that wrote one, no file of it was taken any more."""
    said = f"{unseen}问题{unseen}"
    beside = json.dumps({"source": said, "tags": said, "explanation": said})
    files = {
        "a.txt": f"题库{unseen}名\n1. 一{said}（ ）\nA. 甲{unseen}\nB. 乙\n答案：A\n解析：{said}\n出处：{said}\n",
        "b.gift": f"$CATEGORY: {said}/{said}\n\n// zhibu: {beside}\n::二{said}::二{said} {{=甲{unseen} ~乙}}\n",
        "c.csv": f"题干,选项A,选项B,答案,标签\n三{said},甲{unseen},乙,A,{said}\n",
        "d.txt": f"四{said}\nA. 甲{unseen}\nB. 乙\nANSWER: A\n",
    }
    for name, text in files.items():
        intake.take(intake.plan(f"{unseen}{name}", text.encode()))

    made = library.load(intake.folder, zone=ZONE).banks
    assert {"a", "b", "c", "d"} <= {*made}
    assert not any(unseen in repr((each.title, each.topic, each.questions)) for each in made.values())
    assert not any(unseen.encode() in path.read_bytes() for path in (intake.folder / "quizzes").iterdir())


@pytest.mark.parametrize("name", [".hidden.csv", "..csv", "-.csv", "--to=x.csv", "CON.csv", f"{'汉' * 300}.csv"])
def test_whatever_a_file_is_called_its_bank_is_read(intake, name):
    batch = intake.take(intake.plan(name, "题干,选项A,选项B,答案\n问（ ）,甲,乙,A\n".encode()))

    assert batch.bank.removesuffix(".toml") in library.load(intake.folder, zone=ZONE).banks


@pytest.mark.parametrize("to", [".hidden", "readme", "README.old", "a.tmp~", "..", "../x", "a\0b"])
def test_no_bank_is_written_where_none_is_read(intake, to):
    with pytest.raises(Refused) as refused:
        intake.plan("新题.xlsx", table(*ROWS), to=to)

    assert refused.value.note.code == "bank_name"


def test_a_topic_that_there_is_not_is_told(intake):
    plan = intake.plan("新题.xlsx", table(*ROWS))

    assert [(note.weight, note.what) for note in plan.notes() if note.code == "topic_none"] == [
        (Weight.WARNING, "没有“新题”这个主题，没有人能订阅它")
    ]


def test_the_same_file_again_changes_nothing(intake):
    take(intake, *ROWS)

    assert fates(intake.plan("新题.xlsx", table(*ROWS))) == [0, 0, 3]


def test_a_corrected_text_keeps_its_id_and_is_told(intake):
    take(intake, (LONG, "甲一", "乙一", "A", "党章"), *ROWS)
    before = bank(intake).questions

    plan, batch = take(intake, (LONG.replace("季度", "月"), "甲一", "乙一", "B", ""), *ROWS)
    after = bank(intake).questions

    assert [question.id for question in after] == [question.id for question in before]
    assert (after[0].stem, after[0].answer, after[0].source) == (LONG.replace("季度", "月"), ("b",), "党章")
    assert (fates(plan), batch.changed) == ([0, 1, 3], 1)


def test_one_that_is_merely_alike_does_not_take_the_place_of_another(intake):
    """A file that has nothing else of the bank is no edition of it."""
    take(intake, (LONG, "甲一", "乙一", "A", "党章"), *ROWS)

    plan = intake.plan("新题.xlsx", table((LONG.replace("季度", "月"), "甲一", "乙一", "B", "")))

    assert fates(plan) == [1, 0, 0]
    [note] = [note for note in plan.notes() if note.code == "nearly_same"]
    assert (note.row, note.what.startswith("“Sheet1”表：和新题 q-")) == (2, True)


def test_an_id_of_the_admin_is_found_whatever_the_words(intake):
    head = ("编号", *HEAD)
    take(intake, ("d1", *ROWS[0]), ("d2", *ROWS[1]), head=head)

    plan, _ = take(intake, ("d1", "完全不同的题干", "甲", "丙", "B", "党章"), head=head)

    assert fates(plan) == [0, 1, 0]
    assert [(each.id, each.stem) for each in bank(intake).questions] == [
        ("d1", "完全不同的题干"),
        ("d2", "第二问是什么（ ）"),
    ]


def test_an_id_that_comes_later_takes_over_the_history(intake):
    take(intake, *ROWS)
    old = bank(intake).questions[0].id

    take(intake, ("d1", *ROWS[0]), head=("编号", *HEAD))
    pack = library.load(intake.folder, zone=ZONE)

    assert pack.question(old) is pack.question("d1")
    assert [question.alias for question in pack.banks["新题"].questions] == [(old,), (), ()]


def test_options_keep_their_ids_whatever_their_order(intake):
    take(intake, ("问（ ）", "甲", "乙", "A", "党章"))

    take(intake, ("问（ ）", "乙", "丙", "B", "党章"), *[])
    [question] = [each for each in bank(intake).questions if {"乙", "丙"} <= {option.text for option in each.options}]

    assert {option.text: option.id for option in question.options}["乙"] in {"a", "b"}


def test_reordered_options_are_the_same_question(intake):
    take(intake, ("问（ ）", "甲", "乙", "A", "党章"))

    plan, _ = take(intake, ("问（ ）", "乙", "甲", "A", "党章"))
    [question] = bank(intake).questions

    assert fates(plan) == [0, 1, 0]
    assert ([option.id for option in question.options], question.answer) == (["b", "a"], ("b",))


def test_an_id_of_another_bank_is_an_error(intake):
    plan = intake.plan("新题.xlsx", table(("q1", *ROWS[0]), ("d2", *ROWS[1]), head=("编号", *HEAD)))

    assert [(note.row, note.what) for note in plan.errors] == [(2, "“Sheet1”表：编号“q1”在题库 basics 里用过了")]
    assert (fates(plan), plan.counts()["errors"]) == ([1, 0, 0], 1)


def test_what_is_nearly_the_same_is_named(intake):
    rows = [(LONG, "甲一", "乙一", "A", "党章"), *ROWS, (LONG.replace("一次", "两次"), "甲一", "乙一", "A", "党章")]

    plan = intake.plan("新题.xlsx", table(*rows))

    assert [(note.row, note.what) for note in plan.notes() if note.code == "nearly_same"] == [
        (6, f"“Sheet1”表：和第 2 行很像（98%）：{LONG[:29]}…")
    ]


def test_rows_with_errors_are_left_out(intake):
    plan, _ = take(intake, *ROWS, ("坏的", "甲", "乙", "F", ""))

    assert (plan.counts()["errors"], len(bank(intake).questions)) == (1, 3)


def test_a_file_without_one_good_row_is_refused(intake):
    with pytest.raises(Refused) as refused:
        intake.plan("新题.xlsx", table(("坏的", "甲", "乙", "F", "")))

    assert refused.value.note.what == "1 道题一道也不能收"


OLD = (
    '# 说明\r\ntitle = "旧"\r\ntopic = "dangzhang"\r\n\r\n'
    '[[question]]\r\nid = "o"\r\ntype = "judge"\r\nstem = "旧题"\r\nanswer = true\r\n'
)


@pytest.mark.parametrize("before", [None, OLD])
def test_a_batch_is_undone_to_the_byte(intake, before):
    path = intake.folder / "quizzes/新题.toml"
    if before:
        write(path, before)
    _, batch = take(intake, *ROWS)
    assert len(bank(intake).questions) == 3 + bool(before)

    assert [each.name for each in intake.batches()] == [batch.name]
    intake.undo(batch.name)

    assert (path.read_bytes().decode() if path.exists() else None) == before
    assert [*intake.batches()] == []


def test_what_was_changed_since_is_left_alone(intake):
    _, batch = take(intake, *ROWS)
    path = intake.folder / "quizzes/新题.toml"
    write(path, path.read_text() + "\n# 我改过\n")

    with pytest.raises(Refused) as refused:
        intake.undo(batch.name)

    assert "后来又改过了" in refused.value.note.what
    assert path.read_text().endswith("# 我改过\n")


def test_a_bank_that_was_changed_between_plan_and_deed_is_left_alone(intake):
    plan = intake.plan("新题.xlsx", table(*ROWS))
    write(intake.folder / "quizzes/新题.toml", "# 别人刚写的\n")

    with pytest.raises(Refused) as refused:
        intake.take(plan)

    assert refused.value.note.code == "changed_since"


@pytest.mark.parametrize("name", ["../../etc/passwd", "20261126-110000-zzzz", "", "20261126-110000-abcd"])
def test_a_batch_that_there_is_not(intake, name):
    with pytest.raises(Refused) as refused:
        intake.undo(name)

    assert refused.value.note.code == "batch_unknown"


@pytest.mark.parametrize(
    ("to", "code"), [("../x", "bank_name"), ("a b", "bank_name"), ("broken", "bank_broken"), ("raw", "bank_elsewhere")]
)
def test_a_bank_that_cannot_be_written(intake, to, code):
    write(intake.folder / "quizzes/broken.toml", "title = ")
    write(intake.folder / "quizzes/raw.csv", "题干,答案\n问,对\n")

    with pytest.raises(Refused) as refused:
        intake.plan("新题.xlsx", table(*ROWS), to=to)

    assert refused.value.note.code == code


@pytest.mark.parametrize("kind", ["xlsx", "gift"])
def test_an_export_comes_in_again_and_changes_nothing(intake, kind):
    data = intake.export("basics", kind).data

    assert fates(intake.plan(f"basics.{kind}", data)) == [0, 0, 2]


def test_blanks_are_proposed_of_what_the_packs_banks_are_about_and_cite_its_regulations(intake):
    tagged = a_bank(a_question(tags=["民主集中"]))
    a_pack(intake.folder, {"quizzes/basics.toml": tagged, "regulations.toml": LAW})
    text = "示例办法\n（2026年5月18日发布）\n第三条　支部应当坚持民主集中的原则。"

    (found,) = intake.propose("办法.txt", text.encode())

    assert (found.answer, found.cites) == ("民主集中", Cite(reg="banfa", version="2026", article="3"))


def test_an_export_of_no_bank(intake):
    with pytest.raises(Refused) as refused:
        intake.export("keine", "xlsx")

    assert refused.value.note.mend == "有的是：basics"
