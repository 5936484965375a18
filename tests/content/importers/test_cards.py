"""Digests proposed out of a document: what its head says, cards by chapters, and nothing that doesn't stand in it."""

from dataclasses import replace

import pytest

from content import files, library
from content.files import Searchable
from content.importers import cards
from content.importers.sentences import Refused
from content.models import Topic
from tests.content.builders import ZONE, a_pack

from .making import docx, paragraphs, xlsx

NOTICE = (
    "示例党委办公室文件",
    "示党办〔2026〕12号",
    "关于做好2026年度",
    "组织生活会有关工作的通知",
    "各党支部：",
    "为认真开好2026年度组织生活会，现将有关事项通知如下。",
    "一、时间安排",
    "组织生活会一般于2026年12月31日前召开。会前5个工作日，支部应当把会议方案报示例党委办公室。",
    "二、有关要求",
    "1. 会前要谈心谈话，支部书记同每名委员至少谈1次。",
    "2. 不得用工作会议代替组织生活会。",
    "示例党委办公室",
    "二〇二六年十一月二十日",
)
REGULATION = (
    "示例支部学习办法",
    "（2018年9月20日示例党委会议审议批准　2018年10月28日示例党委发布）",
    "第一章　总则",
    "第一条　为了规范学习，制定本办法。",
    "第二条　党支部应当按照下列要求组织学习：",
    "（一）每月相对固定1天开展主题党日；",
    "（二）每季度至少讲1次党课。",
    "第三条　学习由支部委员会负责，一般每月召开1次会议。",
    "第二章　学时",
    "第四条　党员每年集中学习培训时间一般不少于32学时。其中的一半应当是集中学习。",
    "第三章　附则",
    "第五条　本办法由示例党委解释。",
)
TOPICS = [Topic(id="zuzhi", name="组织生活"), Topic(id="yaowen", name="要闻")]


def proposed(*lines, name="文件.txt", terms=()):
    return cards.read(name, "\n".join(lines).encode(), topics=TOPICS, terms=terms)


def long(monkeypatch, than=100):
    monkeypatch.setattr(cards, "LONG", than)


def test_a_notice_says_who_when_by_which_number_and_about_what():
    (card,) = cards.read("通知.docx", docx(paragraphs(*NOTICE)), topics=TOPICS)

    assert (card.title, card.kind, card.topics) == ("关于做好2026年度组织生活会有关工作的通知", "policy", ["zuzhi"])
    assert (card.source_name, card.doc_no, card.issued_on) == ("示例党委办公室", "示党办〔2026〕12号", "2026-11-20")
    assert card.summary == "组织生活会一般于2026年12月31日前召开。"
    assert "> 会前5个工作日" not in card.body
    assert "> 2\\. 不得用工作会议代替组织生活会。" in card.body
    assert "现将有关事项通知如下" not in card.body
    assert [note.code for note in card.lacks()] == ["card_title"]
    assert proposed(*NOTICE[1:])[0].source_name == "示例党委办公室"  # by who signed it


def test_a_regulation_says_who_issued_it_and_a_long_one_is_cut_at_its_chapters(monkeypatch):
    long(monkeypatch)
    first, second = proposed(*REGULATION)

    assert [each.title for each in (first, second)] == ["示例支部学习办法：总则", "示例支部学习办法：学时"]
    assert (first.source_name, first.issued_on, first.topics) == ("示例党委", "2018-10-28", [])
    assert first.body == (
        "> 第二条 党支部应当按照下列要求组织学习：\n>\n> （一）每月相对固定1天开展主题党日；\n>\n"
        "> （二）每季度至少讲1次党课。\n\n> 第三条 学习由支部委员会负责，一般每月召开1次会议。"
    )
    assert second.summary == "党员每年集中学习培训时间一般不少于32学时。"
    assert [note.code for note in second.lacks()] == ["card_topics"]


def test_a_speech_says_none_of_it_and_that_is_told():
    (card,) = proposed("在座谈会上的讲话", "同志们好。", "我们要把学习坚持下去。")

    assert (card.kind, card.source_name, card.doc_no, card.issued_on) == ("news", "", "", "")
    assert (card.summary, card.body) == ("我们要把学习坚持下去。", "> 我们要把学习坚持下去。")
    assert [note.code for note in card.lacks()] == ["card_source_name", "card_issued_on", "card_topics"]


def test_a_long_text_without_headings_is_cut_into_stretches_and_never_within_an_article(monkeypatch):
    long(monkeypatch, than=90)  # which the second paragraph of the third article goes beyond
    more = "而且要记下来，每次都要这样，一次也不能少。"
    articles = [f"第{number}条　支部应当每年学习{number}次。\n{more}" for number in "一二三四五六"]

    assert [each.title for each in proposed("示例办法", *articles)] == [
        "示例办法：第一条至第三条",
        "示例办法：第四条至第六条",
    ]


def test_of_much_only_what_says_most_is_quoted():
    plain = [f"这是第{number}个平常的段落，没有什么要紧的话。" for number in range(30)]
    (card,) = proposed("示例要点", *plain[:15], "党员必须每年学习32学时。", *plain[15:])

    assert card.body.count("> ") <= cards.MOST_QUOTED
    assert "党员必须每年学习32学时。" in card.body
    assert card.summary == "党员必须每年学习32学时。"


ODD = (
    "示例规定",
    "1. 支部应当每年开会1次。",
    "# 支部应当每年开会2次。",
    "* 支部应当每年开会3次，<b>不得</b>少于*3*次、_3_次、`3`次、[3](x)次、~~3~~次、3|3次。",
    "- 支部应当每年开会4次。",
    "> 支部应当每年开会5次&amp;6次。",
)


@pytest.mark.parametrize("lines", [NOTICE, REGULATION, ODD])
def test_what_is_quoted_stands_in_the_original_whatever_signs_it_has(tmp_path, lines):
    data = "\n".join(lines).encode()
    (card,) = cards.read("文件.txt", data)
    mended = replace(card, topics=["yaowen"], source_name="示例党委", publish_at="2026-12-01 08:00", original="yuanwen")
    pack = {"digests/a.md": mended.text(), "originals/yuanwen.txt": cards.original("文件.txt", data)}

    made = library.load(a_pack(tmp_path, pack), zone=ZONE).sources["digests/a.md"].made

    said = {files.bare(each) for each in lines}
    assert isinstance(made, Searchable)
    assert made.quoted
    assert {files.bare(each.words) for each in made.quoted} <= said


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("机密★1年", *NOTICE), "secret"),
        (("秘密", "讲话", "我们要学习。"), "secret"),
        (("标题", "没有句子"), "no_cards"),
    ],
)
def test_what_is_secret_or_says_nothing_is_refused(lines, code):
    with pytest.raises(Refused) as refused:
        proposed(*lines)
    assert refused.value.note.code == code


@pytest.mark.parametrize(
    ("name", "data"), [("题.xlsx", xlsx([("题干", "答案")])), ("办法.pdf", b"%PDF-1.7"), ("办法", b"")]
)
def test_what_is_no_text_is_refused(name, data):
    with pytest.raises(Refused, match=r"^建议只能从 Word"):
        cards.read(name, data)
