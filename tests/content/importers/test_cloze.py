"""Fill-in questions proposed out of a text: its own words, in whole sentences, and nothing taken that nobody marked."""

from datetime import date

import pytest

from content.importers import banks, cloze, workbooks
from content.importers.sentences import Refused
from content.regulations import Regulation, Version

from .making import docx, marked, paragraphs, xlsx

LINES = (
    "示例支部学习办法",
    "第一条　为了过好“三会一课”，根据《中国共产党支部工作条例（试行）》，制定本办法。",
    "第二条　党员每年集中学习培训时间不少于32学时。",
    "（一）支部委员会会议每月召开一次；",
    "第三条　预备期为一年，从2018年10月28日起算，须由三分之二的人同意。",
)
BLANKS = [
    ("为了过好“____”，根据《中国共产党支部工作条例（试行）》，制定本办法。", "三会一课", "《示例支部学习办法》第一条"),
    ("为了过好“三会一课”，根据《____》，制定本办法。", "中国共产党支部工作条例（试行）", "《示例支部学习办法》第一条"),
    ("党员____集中学习培训时间不少于32学时。", "每年", "《示例支部学习办法》第二条"),
    ("党员每年集中学习培训时间不少于____学时。", "32", "《示例支部学习办法》第二条"),
    ("支部委员会会议____召开一次。", "每月", "《示例支部学习办法》第二条"),
    ("支部委员会会议每月召开____次。", "一", "《示例支部学习办法》第二条"),
    ("预备期为____年，从2018年10月28日起算，须由三分之二的人同意。", "一", "《示例支部学习办法》第三条"),
    ("预备期为一年，从____起算，须由三分之二的人同意。", "2018年10月28日", "《示例支部学习办法》第三条"),
    ("预备期为一年，从2018年10月28日起算，须由____的人同意。", "三分之二", "《示例支部学习办法》第三条"),
]


def proposed(*lines, terms=()):
    found = cloze.read("办法.txt", "\n".join(lines).encode(), terms=terms)
    return [(each.stem, each.answer, each.place) for each in found]


def test_figures_days_and_quoted_words_with_where_they_stand():
    assert proposed(*LINES) == BLANKS


def test_a_word_document_gives_the_same():
    found = cloze.read("办法.docx", docx(paragraphs(*LINES)))

    assert [(each.stem, each.answer, each.place) for each in found] == BLANKS


def test_words_that_the_pack_is_about_are_left_out_too():
    speech = ("在座谈会上的讲话", "", "大家都很关心。", "我们要严肃组织生活，按时开会。")

    assert proposed(*speech, terms=["组织生活", "会"]) == [
        ("我们要严肃____，按时开会。", "组织生活", "《在座谈会上的讲话》第3段")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "前款规定的会议每半年检查不少于2次。",
        "其中每年检查两次的支部另行通知。",
        "下列会议每年都要召开三次。",
        "第二章　每年召开三次的会议",
        "请在（ ）里写上，每年召开三次会议。",
        "第一次会议由第三支部在十八大以后主持召开。",
        "三个月以上的算三个月以上，都一般地办理。",
    ],
)
def test_what_would_be_no_question_is_not_proposed(line):
    with pytest.raises(Refused, match="没有找到可以挖空的句子"):
        proposed("标题", line)


def test_the_number_of_an_article_is_asked_for_where_there_is_nothing_else():
    assert proposed("标题", "会议的开法，按照本办法第十一条办理。", "按照本办法第十一条，每月都要开会。") == [
        ("会议的开法，按照本办法第____条办理。", "十一", "《标题》第2段"),
        ("按照本办法第十一条，____都要开会。", "每月", "《标题》第3段"),
    ]


def test_only_a_very_long_sentence_is_parted():
    short, long = "按期交纳党费；按工资收入的1%交纳。", f"{'按期交纳党费，' * 25}；按工资收入的1%交纳。"

    assert [stem for stem, _, _ in proposed("标题", short, long)] == [
        "按期交纳党费；按工资收入的____交纳。",
        "按工资收入的____交纳。",
    ]


def test_of_a_sentence_and_of_a_file_there_are_only_so_many():
    one = "一季度用了1天、2个月、3年、4小时、5分钟来学习。"
    many = [f"{chr(0x5000 + number)}支部去年一共学习了{number}学时。" for number in range(100, 700)]

    assert [answer for _, answer, _ in proposed("标题", one)] == ["1", "2", "3"]
    assert len(proposed("标题", *many)) == 500


REGULATION = Regulation(
    id="xuexi",
    name="《示例支部学习办法》",
    versions=(
        Version(version="2018", effective_from=date(2018, 6, 1)),
        Version(version="2026-05", effective_from=date(2026, 5, 18)),
    ),
)


@pytest.mark.parametrize(
    ("note", "cited"),
    [
        ("（2018年3月1日示例党委会议通过　2018年5月20日发布）", "xuexi/2018/2"),
        ("（2026年5月18日公布）", "xuexi/2026-05/2"),
        ("（2020年5月18日公布）", ""),
        ("", ""),
    ],
)
def test_an_article_of_a_regulation_of_the_pack_is_cited_where_the_text_says_of_which_version_it_is(note, cited):
    text = "\n".join(("示例支部学习办法", note, *LINES[1:3])).encode()

    found = cloze.read("办法.txt", text, regulations=[REGULATION])
    data = cloze.write(found)

    assert [workbooks.cited(filter(None, [each.cites])) for each in found[2:]] == [cited, cited]
    (question,) = banks.read("办法-填空.xlsx", marked(data, {4: 1})).questions
    assert workbooks.cited(question.cites) == cited


def test_what_is_no_text_is_refused():
    with pytest.raises(Refused, match="只能从 Word"):
        cloze.read("题.xlsx", xlsx([("题干", "答案")]))


def test_an_import_takes_what_was_marked_and_says_what_was_left():
    data = cloze.write(cloze.read("办法.txt", "\n".join(LINES).encode()))

    with pytest.raises(Refused, match="9 道建议一道也没有采用"):
        banks.read("办法-填空.xlsx", data)

    reading = banks.read("办法-填空.xlsx", marked(data, {3: 1, 5: "√"}))
    first, second = reading.questions
    assert (first.type, first.stem, first.answer) == ("fill", BLANKS[1][0], (("中国共产党支部工作条例（试行）",),))
    assert (second.answer, second.source) == ((("32",),), "《示例支部学习办法》第二条")
    assert second.explanation == "原文：党员每年集中学习培训时间不少于32学时。"
    assert [(note.code, note.facts["count"]) for note in reading.notes] == [("not_chosen", 7)]


def test_a_mark_that_may_mean_no_takes_nothing():
    data = cloze.write(cloze.read("办法.txt", "\n".join(LINES).encode()))

    reading = banks.read("办法-填空.xlsx", marked(data, {2: "是", 3: "再想想"}))

    assert [each.answer for each in reading.questions] == [(("三会一课",),)]
    assert [note.what for each in reading.drafts for note in each.notes] == ["“Sheet”表：“采用”里的“再想想”看不懂"]
