"""Every fault an admin can make is named with its file and its line."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from content.agreement import Known
from content.checking import check
from content.faults import SENTENCES, BadContent, Finding, Unreadable, template_detail
from content.library import load
from content.words import template

from .builders import (
    ACCOUNT,
    GIF,
    MENU,
    ORGANISATIONS,
    PNG,
    ZONE,
    a_bank,
    a_broadcast,
    a_digest,
    a_pack,
    a_question,
    shipped_phrases,
)

BANK, DIGEST, PUSH, TEMPLATE = "quizzes/basics.toml", "digests/first.md", "broadcasts/daily.toml", "templates/daily.j2"
DEEP_ORGANISATIONS = "".join(
    f'[[organisation]]\nid = "o{n}"\nname = "{n}"\nparent = {json.dumps(f"o{n - 1}" if n else "")}\n' for n in range(21)
)
A_BOMB = PNG.replace(PNG[16:24], (30_000).to_bytes(4) * 2)  # of 30 000 by 30 000 points
VISIT = {"channels": ["next_visit"], "template": "daily"}
FOUR = a_bank(*(a_question(f"q{n}") for n in (1, 2, 3, 4)))
MOSTLY_COPIED = a_bank(*map(a_question, ("q1", "q2", "q3", "q8", "q9")))
RENAMED = a_bank(*(a_question(f"x{n}", stem=f"第q{n}题问什么？") for n in (1, 2, 3)))
WRONG_TEMPLATES = [
    ("一\n{% for x in digests %}\n{% endfr %}\n", 3, "endfr"),
    ("一\n{% for x in digests %}\n{% endfr %}\n", 3, "是不是想写 endfor"),
    ("一\n{% for x in digests %}\n{% if x %}\n{% endfor %}\n", 4, "{% endif %}"),
    ("{% if now %}一\n", 1, "{% if %} 没有结束"),
    ("{{ now date }}\n", 1, "多了“date”"),
    ("{{ now\n", 1, "还没有写完"),
    ("{% if now = 1 %}一{% endif %}\n", 1, "多了“=”"),
    ("{{ }}\n", 1, "前面还没有写完"),
    ("{{ now.strftime(“%d”) }}\n", 1, "全角"),
    ("{{ (now] }}\n", 1, "括号没有成对：这里应当是“)”"),
    ("一\n{{ now | }}\n", 2, "这里应当是“名字”，写的却是“}}”"),
    ("{# 一\n", 1, "{# 后面少了 #}"),
]
HOLIDAYS = "calendar/2027.toml"
EXAM = "exams/spring.toml"
FOR_ONE, FOR_ABOVE = 'audience = ["zhibu"]', 'audience = ["zhibu", "dangwei"]'
CASE_FOR_SOME = a_bank(
    a_question("an", type="case", without=["options", "answer"], audience=["zhibu"]), a_question("part", case="an")
)
WRONG = "daily:2026-11-23"
LAW = "regulations.toml"
LAWS = """\
[[regulation]]
id = "fazhan"
name = "细则"
version = [
    { version = "2014", effective_from = 2014-06-10 },
    { version = "2026", effective_from = 2026-05-18 },
]
"""
CITE = {"reg": "fazhan", "version": "2026", "article": "5"}
READY, READY_WORDS = "replies/ready.toml", 'title = "一段话"\nwords = "%s"\n'
CATEGORIES = {"phrases.toml": '[opinion]\ncategories = "生活困难、其他"\n'}
MATTERS, A_MATTER = "matters.toml", '[[matter]]\ncategory = "%s"\nchannels = ["12350"]\nsource = "公告"\n'
TALKS, A_HOST = "talks.toml", '[[host]]\nid = "%s"\nname = "书记"\nadmin = "me"\ntimes = [%s]\n'
ROLES = "roles.toml"
APPROVAL = {"account.toml": ACCOUNT.replace("welcome", 'approval = ["huh"]\nwelcome')}
ORGS, MORE = "organisations.toml", "quizzes/more.toml"
SERVICE: dict[str, Any] = {
    "audience": {"answered": "1d"},
    "channels": ["template_message"],
    "template": "none",
    "service": "答过题",
    "service_template_id": "T1",
}
PLAIN = {"templates/none.j2": "一句话"}
NEWS_FIELD = '\n[service_fields]\nthing1 = "{{ digests[0].title }}"\n'
KNOWN = Known(
    menu_keys=frozenset({"quiz.daily"}),
    channels=frozenset({"mass", "notice", "next_visit"}),
    to_all_only=frozenset({"official"}),
    accounts=frozenset({"official"}),
    groups=frozenset({"支部群"}),
    service_channels=frozenset({"template_message"}),
    most_text_bytes=2048,
    most_address_bytes=1024,
    today=lambda: date(2026, 11, 23),
    group_fault=lambda _, words: (len(words), 750) if len(words) > 750 else None,
    notice_fault=lambda _, value: "太长" if len(value) > 20 else "",
    categories_in=lambda words: words.split("、"),
)
BUTTON = '[[button]]\nname = "上"\n'
CLICK = 'name = "点"\ntype = "click"\nkey = "quiz.daily"\n'
DEEP = '[[button.sub_button]]\nname = "中"\n[[button.sub_button.sub_button]]\nname = "下"\n'


SURVEY = "surveys/shitang.toml"
A_SCALE = 'id = "a"\ntext = "一"\nscale = ["低", "高"]'


def a_survey(*asked: str, closes: str = "2026-12-31") -> str:
    """A survey: title 1, opens 2, closes 3, the first question 4, the second one 8."""
    head = f'title = "食堂"\nopens = 2026-11-23\ncloses = {closes}\n'
    return head + "\n".join(f"[[question]]\n{each}" for each in asked)


def a_role(id_: str = "zhanzhang", *, name: str = "站长", duties: str = '"opinions"', more: str = "") -> dict[str, str]:
    """Two roles: id 2, name 3, duties 4 of the first, then what is more of it."""
    head = f'[[role]]\nid = "{id_}"\nname = "{name}"\nduties = [{duties}]\n{more}'
    return {ROLES: f'{head}[[role]]\nid = "guwen"\nname = "顾问"\nduties = ["bulletin"]\n'}


def a_task(span: str = "months = 6") -> str:
    """What stands below a role: its id is on the second line."""
    return f'[[role.task]]\nid = "peixun"\ntitle = "培训"\nsource = "上级通知"\n{span}\n'


def an_asked(*ids: str, text: str = "") -> str:
    options = ", ".join(f'{{ id = "{each}", text = "{text or each}" }}' for each in ids)
    return f'id = "b"\ntext = "二"\noptions = [{options}]'


def a_vote(title: str = "食堂", more: str = "") -> str:
    """A vote: title 1, opens 2, closes 3, then what is more, and its question."""
    asked = f'[[question]]\n{an_asked("a", "b")}\ncarried_by = "a"'
    return f'title = "{title}"\nopens = 2026-11-23\ncloses = 2026-12-31\n{more}{asked}'


def exam_with(part: str, times: str = "") -> dict[str, str]:
    """An exam of one part, whose fields begin on line 5 where no times are given."""
    return {EXAM: f'title = "考试"\nminutes = 30\n{times}\n[[part]]\n{part}\n'}


def bank_with(**changed: Any) -> dict[str, Any]:
    """A bank of one question: id 5, type 6, stem 7, options 8, answer 9, source 10, then what is new."""
    return {BANK: a_bank(a_question(**changed))}


def digest_with(**changed: Any) -> dict[str, Any]:
    """A digest: title 2, kind 3, topics 4, source_name 5, publish_at 6, summary 7, then what is new."""
    return {DIGEST: a_digest(**changed)}


def push_with(**changed: Any) -> dict[str, Any]:
    """A broadcast: key 1, title 2, schedule 3, audience 4, channels 5, template 6, [fields] 8, thing1 9."""
    return {PUSH: a_broadcast(**changed)}


def picture_in(file: str, words: str, picture: str) -> dict[str, Any]:
    """A digest with a picture on line 11, beside a picture that moves whatever it is called."""
    body = f"一段\n\n![{words}](pictures/{picture})\n"
    return {file: a_digest(body), "pictures/hui.png": PNG, "pictures/dong.png": GIF}


def service_to(audience: Mapping[str, Any]) -> dict[str, Any]:
    """A service notice to some."""
    return push_with(**SERVICE | {"audience": audience}, fields={}) | PLAIN


# code, files changed, file at fault, line, a word of the sentence
A_CASE = a_question("anli", type="case", stem="材料", without=["options", "answer"])
QUOTES = {"digests/o.md": a_digest(original="o"), "originals/o.txt": "原文另一句。\n"}
FAULTS = [
    ("string_too_long", {READY: READY_WORDS % ("字" * 501)}, READY, 2, "500"),
    ("file_missing", {"account.toml": None}, "account.toml", 1, "缺少"),
    ("encoding", {BANK: 'title = "党史"'.encode("utf-16")}, BANK, 1, "UTF-16"),
    ("unseen", {BANK: 'title = "党史"\ntopic = "党\u202e史"\n'}, BANK, 2, "U+202E"),
    ("front_matter_missing", {DIGEST: "只有正文\n"}, DIGEST, 1, "---"),
    ("front_matter_open", {DIGEST: "---\ntitle: 有头无尾\n"}, DIGEST, 1, "---"),
    ("front_matter_shape", {DIGEST: "---\n- 一\n---\n正文\n"}, DIGEST, 2, "一行一项"),
    ("front_matter_twice", {DIGEST: "---\ntitle: 一\ntitle: 二\n---\n正文\n"}, DIGEST, 3, "title"),
    ("yaml", {DIGEST: "---\ntitle: 一\nsummary: 英文冒号: 不行\n---\n正文\n"}, DIGEST, 3, "双引号"),
    ("toml", {BANK: 'title = "一"\ntopic = “二”\n'}, BANK, 2, "中文引号"),
    ("missing", bank_with(without=["stem"]), BANK, 4, "stem"),
    ("unexpected_keyword_argument", bank_with(explanaton="错字"), BANK, 11, "explanation"),
    ("string_type", bank_with(stem=True), BANK, 7, "stem"),
    ("string_too_short", bank_with(stem=" "), BANK, 7, "stem"),
    ("string_pattern_mismatch", {"digests/有 空格.md": a_digest()}, "digests/有 空格.md", 1, "文件名"),
    ("dataclass_type", bank_with(options=["甲", "乙"]), BANK, 8, "options"),
    ("tuple_type", bank_with(cites="党章"), BANK, 11, "cites"),
    ("bool", bank_with(partial_credit="也许"), BANK, 11, "partial_credit"),
    ("int", bank_with(score="一分"), BANK, 11, "score"),
    ("greater_than", bank_with(score=0), BANK, 11, "score"),
    ("mapping_type", {PUSH: a_broadcast(fields={}).replace("[fields]", "fields = 1")}, PUSH, 8, "fields"),
    ("date", bank_with(effective_from="2026-02-31"), BANK, 11, "effective_from"),
    ("datetime", digest_with(publish_at="2026-11-23 25:00"), DIGEST, 6, "publish_at"),
    ("date_written", digest_with(publish_at="2026年11月23日"), DIGEST, 6, "2026年11月23日"),
    ("dates_order", digest_with(expire_at="2026-11-01"), DIGEST, 8, "expire_at"),
    ("choice", digest_with(kind="新闻"), DIGEST, 3, "要闻"),
    ("empty_list", push_with(channels=[]), PUSH, 5, "channels"),
    ("template_unknown", push_with(group_template="qun"), PUSH, 7, "“qun”"),
    ("web_address", digest_with(source_url="www.example.org"), DIGEST, 8, "https://"),
    ("span", push_with(expires_after="半天"), PUSH, 7, "12h"),
    ("other", {ORGS: ORGANISATIONS.replace('"党委"', "{}")}, ORGS, 4, "type"),
    ("option_count", bank_with(options=[{"id": "a", "text": "甲"}]), BANK, 8, "2到10"),
    ("option_ids", bank_with(options=[{"id": "a", "text": "甲"}, {"id": "a", "text": "乙"}]), BANK, 8, "“a”"),
    ("option_texts", bank_with(options=[{"id": "a", "text": "甲"}, {"id": "b", "text": "甲"}]), BANK, 8, "“甲”"),
    ("judge_options", bank_with(type="judge", answer=True), BANK, 8, "options"),
    ("answer_ids", bank_with(answer=True), BANK, 9, "列表"),
    ("answer_unknown", bank_with(answer=["c"]), BANK, 9, "“c”"),
    ("answer_twice", bank_with(type="multi", answer=["a", "a"]), BANK, 9, "重复"),
    ("answer_empty", bank_with(type="short", answer="", without=["options"]), BANK, 8, "答案"),
    ("single_answer", bank_with(answer=["a", "b"]), BANK, 9, "multi"),
    ("judge_answer", bank_with(type="judge", answer="也许", without=["options"]), BANK, 8, "true"),
    ("fill_blanks", bank_with(type="fill", stem="____和____", answer=["一"], without=["options"]), BANK, 8, "2 个空"),
    ("explanation_reference", bank_with(explanation="见 {{opt:z}}"), BANK, 11, "“z”"),
    ("bank_copied", {MORE: MOSTLY_COPIED, BANK: FOUR}, MORE, 1, "5 道题里有 3 道"),
    ("question_id_twice", {MORE: a_bank(a_question("q1", stem="别的题"))}, MORE, 5, BANK),
    ("body_empty", {DIGEST: a_digest("\n\n")}, DIGEST, 8, "正文"),
    ("cron", push_with(schedule="每天8点"), PUSH, 3, "30 8 * * *"),
    ("zone", push_with(zone="北京"), PUSH, 7, "Asia/Shanghai"),
    ("zone", push_with(zone="Asia"), PUSH, 7, "Asia/Shanghai"),
    ("schedule_or_at", push_with(without=["schedule"]), PUSH, 1, "at"),
    ("audience_missing", push_with(without=["audience"]), PUSH, 1, "everyone"),
    ("corrects_key", push_with(without=["audience", "schedule"], corrects="昨天的"), PUSH, 5, "daily-digest:"),
    ("corrects_alone", push_with(without=["schedule"], corrects=WRONG), PUSH, 1, "删掉 audience"),
    ("corrects_alone", push_with(without=["audience"], corrects=WRONG), PUSH, 1, "schedule"),
    (
        "corrects_words",
        push_with(
            without=["audience", "schedule", "template"],
            corrects=WRONG,
            variant=[{"channels": ["notice", "next_visit"], "template": "daily"}],
        ),
        PUSH,
        1,
        "template",
    ),
    ("workdays_at", push_with(without=["schedule"], at="2026-12-01 09:00", workdays=True), PUSH, 7, "schedule"),
    ("jitter", push_with(jitter="2h"), PUSH, 7, "1h"),
    ("bool", push_with(workdays="周一到周五"), PUSH, 7, "workdays"),
    ("calendar_name", {"calendar/明年.toml": "off = [2027-01-01]\n"}, "calendar/明年.toml", 1, "2027.toml"),
    ("calendar_year", {HOLIDAYS: "off = [\n2027-01-01,\n2026-12-31]\n"}, HOLIDAYS, 1, "2026-12-31"),
    ("calendar_both", {HOLIDAYS: "off = [2027-01-01]\nwork = [2027-01-01]\n"}, HOLIDAYS, 2, "2027-01-01"),
    ("audience", push_with(audience={}), PUSH, 4, "everyone"),
    ("audience", push_with(audience={"everyone": True, "roles": ["书记"]}), PUSH, 4, "everyone"),
    ("audience", push_with(audience={"none": [{"roles": ["书记"]}]}), PUSH, 4, "everyone"),
    ("audience_empty", push_with(audience={"topics": ["yaowen"], "any": [{}]}), PUSH, 4, "删掉"),
    ("span", push_with(audience={"answered": "上周"}), PUSH, 4, "12h"),
    ("unexpected_keyword_argument", push_with(audience={"any": [{"rolse": ["书记"]}]}), PUSH, 4, "roles"),
    ("unexpected_keyword_argument", push_with(everyone=True), PUSH, 7, "要写在某个 [ ] 下面"),
    ("at_most", push_with(at_most="每周一次"), PUSH, 7, "1/7d"),
    ("at_most", push_with(at_most="0/7d"), PUSH, 7, "1/7d"),
    ("less_than_equal", push_with(priority=10), PUSH, 7, "9"),
    ("greater_than_equal", push_with(priority=-1), PUSH, 7, "0"),
    ("variant_for_all", push_with(variant=[{"template": "daily"}]), PUSH, 7, "audience"),
    ("variant_empty", push_with(variant=[{"channels": ["notice"]}]), PUSH, 7, "template"),
    ("variant_missing", push_with(without=["template"]), PUSH, 1, "notice、next_visit"),
    ("variant_missing", push_with(without=["template"], variant=[VISIT]), PUSH, 1, "走 notice 的"),
    ("group_words_missing", push_with(groups=["支部群"], channels=[], without=["template"]), PUSH, 1, "group_template"),
    (
        "group_words_missing",
        push_with(groups=["支部群"], channels=["next_visit"], without=["template"], variant=[VISIT]),
        PUSH,
        1,
        "groups",
    ),
    ("template_unknown", push_with(groups=["支部群"], group_template="qun"), PUSH, 8, "“qun”"),
    ("variant_channel", push_with(variant=[{"channels": ["sms"], "template": "daily"}]), PUSH, 7, "next_visit"),
    ("template_unknown", push_with(variant=[VISIT | {"template": "weekly"}]), PUSH, 7, "“weekly”"),
    ("notice_value", push_with(variant=[VISIT | {"fields": {"thing1": "字" * 21}}]), PUSH, 7, "“thing1”太长"),
    ("words_value", push_with(variant=[VISIT | {"mini_fields": {"thing1": "{{ x }}"}}]), PUSH, 7, "“x”"),
    ("words_syntax", push_with(link="https://example.org/{{ now"), PUSH, 7, "{{ }}"),
    ("picture_link", push_with(picture="https://example.org/a.png"), PUSH, 7, "link"),
    ("address_filled", push_with(link="{{ digests[0].title }}"), PUSH, 7, "“样例”"),
    ("address_filled", push_with(link="https://example.org/", picture="a.png"), PUSH, 8, "picture"),
    ("address_long", push_with(link="https://example.org/" + "a" * 1010), PUSH, 7, "1024"),
    ("digest_unknown", push_with(digests=["first", "second"]), PUSH, 7, "“second”"),
    ("digest_not_for_all", push_with(digests=["first"]) | digest_with(audience="[zhibu]"), PUSH, 7, "zhibu"),
    ("service_news", push_with(channels=["template_message"]), PUSH, 5, "Template_Message_Interface"),
    ("service_news", push_with(channels=["template_message"], template="none", fields={}, digests=["first"])
     | {"templates/none.j2": "一句话"}, PUSH, 5, "重要服务通知"),
    ("service_news", {PUSH: a_broadcast(**SERVICE, fields={}) + NEWS_FIELD} | PLAIN, PUSH, 5, "要闻和摘要"),
    ("service_unsaid", push_with(**{**SERVICE, "service": " "}, fields={}) | PLAIN, PUSH, 5, "service = "),
    ("service_template", push_with(**{**SERVICE, "service_template_id": ""}, fields={}) | PLAIN, PUSH, 5, "编号"),
    ("service_for_all", service_to({"topics": ["yaowen"]}), PUSH, 4, "answered"),
    ("service_for_all", service_to({"any": [{"answered": "1d"}, {"topics": ["yaowen"]}]}), PUSH, 4, "不算"),
    ("broadcast_key_twice", {"broadcasts/again.toml": a_broadcast()}, PUSH, 1, "broadcasts/again.toml"),
    ("notice_field", push_with(fields={"title": "一"}), PUSH, 9, "thing1"),
    ("notice_value", push_with(fields={"thing1": "字" * 21}), PUSH, 9, "“thing1”太长"),
    ("notice_value", push_with(fields={"thing1": "{{ account.name }}" * 21}), PUSH, 9, "“thing1”太长"),
    ("template_unknown", push_with(template="weekly"), PUSH, 6, "daily.j2"),
    ("bank_unknown", exam_with('count = 1\nbank = "dangshi"'), EXAM, 6, "basics"),
    ("exam_short", exam_with('count = 1\ntopic = "tiyu"'), EXAM, 5, "只剩 0 题"),
    ("exam_times", exam_with("count = 1", "opens_at = 2026-11-24\ncloses_at = 2026-11-23"), EXAM, 4, "opens_at"),
    ("exam_short", exam_with("count = 3"), EXAM, 5, "只剩 2 题"),
    ("exam_short", exam_with("count = 1\n[[part]]\ncount = 2"), EXAM, 7, "只剩 1 题"),
    ("exam_short", exam_with('count = 1\ntypes = ["fill"]'), EXAM, 5, "只剩 0 题"),
    ("exam_short", exam_with('count = 1\ndifficulty = "难"'), EXAM, 5, "只剩 0 题"),
    ("exam_short", exam_with("count = 1") | bank_with(audience=["zhibu"]), EXAM, 5, "只剩 0 题"),
    ("exam_short", exam_with("count = 1") | {BANK: CASE_FOR_SOME}, EXAM, 5, "只剩 0 题"),
    ("exam_short", exam_with("count = 1", FOR_ABOVE) | bank_with(audience=["zhibu"]), EXAM, 5, "只剩 0 题"),
    ("exam_short", exam_with("count = 3", FOR_ONE) | bank_with(audience=["zhibu"]), EXAM, 5, "只剩 1 题"),
    ("many_more", {BANK: "".join(f"k{n} = 1\n" for n in range(200))}, BANK, 98, "放错了地方"),
    ("picture_kind", {"pictures/hui.png": "<svg/>"}, "pictures/hui.png", 1, ".jpg"),
    ("picture_broken", {"pictures/hui.png": PNG[:-1]}, "pictures/hui.png", 1, "换一张"),
    ("picture_pixels", {"pictures/hui.png": A_BOMB}, "pictures/hui.png", 1, "40 百万"),
    ("picture_large", {"pictures/hui.png": PNG + b"0" * 300 * 1024}, "pictures/hui.png", 1, "300 KB"),
    (
        "picture_unknown",
        {BANK: a_bank(a_question(picture={"file": "x.png", "words": "图"})), "pictures/hui.png": PNG},
        BANK,
        4,
        "hui.png",
    ),
    ("picture_unknown", picture_in(DIGEST, "图", "x.png"), DIGEST, 11, "hui.png"),
    ("body_image_words", picture_in(DIGEST, "", "hui.png"), DIGEST, 11, "(pictures/hui.png)"),
    ("body_image_kind", picture_in(DIGEST, "图", "dong.png"), DIGEST, 11, ".jpg"),
    ("case_unknown", bank_with(case="anli"), BANK, 11, "“anli”"),
    ("case_empty", {BANK: a_bank(a_question(), A_CASE)}, BANK, 12, "“anli”"),
    (
        "case_in_case",
        {BANK: a_bank(A_CASE, a_question("q2", case="anli"), {**A_CASE, "id": "q3", "case": "anli", "answer": ["点"]})},
        BANK,
        24,
        "小题自己的题型",
    ),
    ("bank_twice", {"quizzes/basics.csv": "题干,答案\n问,对\n"}, BANK, 1, "quizzes/basics.csv"),
    ("reviewer_author", bank_with(author="甲", reviewer="甲"), BANK, 12, "换一个人"),
    ("regulation_twice", {LAW: LAWS + LAWS}, LAW, 9, "“fazhan”"),
    ("version_twice", {LAW: LAWS.replace("2026-05-18", "2014-06-10")}, LAW, 4, "2014-06-10"),
    ("version_twice", {LAW: LAWS.replace('"2026"', '"2014"')}, LAW, 4, "“2014”"),
    ("template_twice", {"templates/daily.txt": "一"}, "templates/daily.txt", 1, "“daily”"),
    *(("words_syntax", {TEMPLATE: wrong}, TEMPLATE, line, word) for wrong, line, word in WRONG_TEMPLATES),
    ("words_failed", {TEMPLATE: "{% if now is odder %}一{% endif %}\n"}, TEMPLATE, 1, "没有“odder”这种判断"),
    ("words_syntax", push_with(fields={"thing1": "{{ now", "time2": "一"}), PUSH, 9, "{{ }}"),
    ("words_syntax", {"phrases.toml": '\n\n"quiz.name" = "{% if %}"\n'}, "phrases.toml", 3, "{% %}"),
    ("words_value", push_with(fields={"time2": "{{ today }}"}), PUSH, 9, "“today”"),
    ("words_value", {"phrases.toml": '\n"quiz.right" = "{{ score }}"\n'}, "phrases.toml", 2, "“score”"),
    ("words_value", {TEMPLATE: "一\n{{ digest.title }}\n"}, TEMPLATE, 2, "“digest”"),
    ("words_beyond", {TEMPLATE: "一\n{{ account.name | center(1000000000) }}\n"}, TEMPLATE, 2, "三层以内的 for"),
    ("too_deep", {TEMPLATE: "{{ " + "(" * 5000}, TEMPLATE, 1, "平一些"),
    ("words_failed", {TEMPLATE: "一\n二\n{{ digests[0].titel }}\n"}, TEMPLATE, 3, "titel"),
    ("words_failed", {TEMPLATE: "一\n二\n{{ digests[0].titel }}\n"}, TEMPLATE, 3, "是不是想写 title"),
    ("words_beyond", {TEMPLATE: "一\n{{ digests | lenght }}\n"}, TEMPLATE, 2, "是不是想写 length"),
    ("words_value", {TEMPLATE: "一\n{{ digest[0].title }}\n"}, TEMPLATE, 2, "是不是想写 digests"),
    ("phrase_empty", {"phrases.toml": '"quiz.name" = " "\n'}, "phrases.toml", 1, "空的"),
    ("phrase_part", {"phrases.toml": '\n"quiz.right" = "{{ why.nmae }}"\n'}, "phrases.toml", 2, "“nmae”"),
    ("phrase_part", {"phrases.toml": '\n"quiz.right" = "{{ why.__class__ }}"\n'}, "phrases.toml", 2, "“__class__”"),
    ("phrase_text", {"phrases.toml": "[quiz]\nname = 1\n"}, "phrases.toml", 2, "“quiz.name”"),
    ("menu_tops", {"menu.toml": ("[[button]]\n" + CLICK) * 4}, "menu.toml", 13, "最多3个"),
    ("menu_subs", {"menu.toml": BUTTON + ("[[button.sub_button]]\n" + CLICK) * 6}, "menu.toml", 23, "最多5个"),
    ("menu_depth", {"menu.toml": BUTTON + DEEP}, "menu.toml", 3, "两层"),
    ("menu_name_bytes", {"menu.toml": MENU.replace('"学习"', '"学习学习学习"')}, "menu.toml", 2, "18 字节"),
    ("menu_field_bytes", {"menu.toml": MENU.replace("example.org", "a" * 1020)}, "menu.toml", 12, "1024"),
    ("menu_type_missing", {"menu.toml": BUTTON}, "menu.toml", 1, "type"),
    ("menu_type_extra", {"menu.toml": BUTTON + 'type = "x"\n' + DEEP}, "menu.toml", 3, "删掉"),
    ("cover_unknown", push_with(mass_cover="x.jpg"), PUSH, 7, "media_id"),
    ("menu_type_unknown", {"menu.toml": MENU.replace('"view"', '"viwe"')}, "menu.toml", 11, "“viwe”"),
    ("menu_needs", {"menu.toml": MENU.replace('key = "quiz.daily"', "")}, "menu.toml", 4, "key"),
    ("watched_word", {"watched.toml": 'words = [\n"刷单",\n"的"]\n'}, "watched.toml", 3, "2 到 30 个字"),
    ("matter_twice", CATEGORIES | {MATTERS: A_MATTER % "其他" + A_MATTER % "其他"}, MATTERS, 6, "channels"),
    ("weekly_time", {TALKS: A_HOST % ("a", '"周三下午"')}, TALKS, 5, "周三下午"),
    ("original_unknown", {"digests/o.md": a_digest(original="keine")}, "digests/o.md", 8, "keine"),
    ("quotation", QUOTES, "digests/o.md", 10, "原文一句"),
    ("approval_unknown", APPROVAL, "account.toml", 3, "digests"),
    ("role_twice", a_role("guwen"), ROLES, 6, "guwen"),
    ("role_name_twice", a_role(name="书记"), ROLES, 3, "书记"),
    ("role_separated", a_role("security"), ROLES, 2, "security"),
    ("role_separated", a_role(name="审计员"), ROLES, 3, "审计员"),
    ("duty_separated", a_role(duties='"opinions", "grants"'), ROLES, 4, "grants"),
    ("choice", a_role(duties='"opinion"'), ROLES, 4, "opinions"),
    ("task_span", a_role(more=a_task("")), ROLES, 5, "workdays"),
    ("task_twice", a_role(more=a_task() + a_task()), ROLES, 11, "peixun"),
    ("host_twice", {TALKS: A_HOST % ("a", '"周三 15:00"') * 2}, TALKS, 7, "“a”"),
    ("too_long", {TALKS: "".join(A_HOST % (f"a{n}", '"周三 15:00"') for n in range(10))}, TALKS, 1, "9"),
    ("too_short", {SURVEY: a_survey(A_SCALE)}, SURVEY, 4, "2"),
    ("survey_question", {SURVEY: a_survey(A_SCALE, 'id = "b"\ntext = "二"')}, SURVEY, 8, "options"),
    ("survey_question", {SURVEY: a_survey(A_SCALE, 'id = "b"\ntext = "二"\nscale = ["低"]')}, SURVEY, 8, "两头"),
    ("survey_options", {SURVEY: a_survey(A_SCALE, an_asked("a"))}, SURVEY, 8, "1 个选项"),
    ("option_ids", {SURVEY: a_survey(A_SCALE, an_asked("a", "a"))}, SURVEY, 8, "“a”"),
    ("option_texts", {SURVEY: a_survey(A_SCALE, an_asked("a", "b", text="甲"))}, SURVEY, 8, "“甲”"),
    ("survey_carried_by", {SURVEY: a_survey(A_SCALE, an_asked("a", "b") + '\ncarried_by = "c"')}, SURVEY, 8, "“c”"),
    ("survey_id_twice", {SURVEY: a_survey(A_SCALE, A_SCALE)}, SURVEY, 4, "“a”"),
    ("dates_order", {SURVEY: a_survey(A_SCALE, A_SCALE, closes="2026-11-22")}, SURVEY, 3, "closes"),
    ("organisation_twice", {ORGS: ORGANISATIONS.replace('"zhibu"', '"dangwei"')}, ORGS, 7, "“dangwei”"),
    ("parent_unknown", {ORGS: '[[organisation]]\nid="x"\nname="x"\ntype="x"\nparent="y"\n'}, ORGS, 5, "“y”"),
    ("organisation_deep", {ORGS: DEEP_ORGANISATIONS}, ORGS, 1 + 20 * 4, "20 级"),
    ("parent_cycle", {ORGS: ORGANISATIONS.replace('"党委"', '"党委"\nparent = "zhibu"')}, ORGS, 5, "“dangwei”"),
    ("topic_twice", {"account.toml": ACCOUNT.replace('"dangzhang"', '"yaowen"')}, "account.toml", 10, "“yaowen”"),
]  # fmt: skip

# the same, for what doesn't keep the pack from being taken
ADVICE = [
    ("file_unexpected", {"digests/news.md.txt": "x"}, "digests/news.md.txt", 1, ".md"),
    ("file_unknown", {"phrase.toml": "x=1"}, "phrase.toml", 1, "phrases.toml"),
    ("multi_answer", bank_with(type="multi"), BANK, 9, "single"),
    ("explanation_letter", bank_with(explanation="所以选A。"), BANK, 11, "{{opt:"),
    ("question_source", bank_with(without=["source"]), BANK, 4, "cites"),
    ("bank_alike", {MORE: RENAMED, BANK: FOUR}, MORE, 1, "3 道一样"),
    ("question_alike", {MORE: a_bank(a_question("q9", stem="第q1题，问什么"))}, MORE, 7, "“q1”"),
    ("body_image", {DIGEST: a_digest("一段\n\n![图](https://example.org/a.png)\n")}, DIGEST, 11, "图片"),
    ("topic_unknown", digest_with(topics="[yaowen, tiyu]"), DIGEST, 4, "“tiyu”"),
    ("organisation_unknown", digest_with(audience="[meiyou]"), DIGEST, 8, "“meiyou”"),
    ("organisation_unknown", bank_with(audience=["meiyou"]), BANK, 11, "“meiyou”"),
    ("words_old", bank_with(as_of="2024-10-23"), BANK, 11, "过去 25 个月"),
    ("organisation_unknown", exam_with("count = 1", 'audience = ["x"]'), EXAM, 3, "“x”"),
    ("organisation_unknown", {SURVEY: a_vote(more='organisations = ["x"]\n')}, SURVEY, 4, "“x”"),
    ("vote_statutory", {SURVEY: a_vote("支委会换届选举")}, SURVEY, 1, "到会"),
    ("category_unknown", CATEGORIES | {READY: READY_WORDS % "好" + 'categories = ["食堂"]'}, READY, 3, "生活困难"),
    ("matter_unknown", CATEGORIES | {MATTERS: A_MATTER % "食堂"}, MATTERS, 2, "生活困难"),
    ("channel_unknown", push_with(channels=["notice", "sms"]), PUSH, 5, "“sms”"),
    ("account_unknown", push_with(audience={"accounts": ["gongzhonghao"]}), PUSH, 4, "official"),
    ("received_unknown", push_with(audience={"everyone": True, "none": [{"received": ["x"]}]}), PUSH, 4, "“x”"),
    ("topic_unknown", push_with(audience={"any": [{"topics": ["yaowen"]}, {"topics": ["x"]}]}), PUSH, 4, "“x”"),
    ("organisation_unknown", push_with(audience={"all": [{"organisations": ["x"]}]}), PUSH, 4, "“x”"),
    ("group_words_long", {TEMPLATE: "字" * 760} | push_with(groups=["支部群"], channels=[]), PUSH, 6, "760"),
    ("audience_nobody", push_with(audience={"all": [{"roles": ["书记"]}, {"roles": ["委员"]}]}), PUSH, 4, "矛盾"),
    ("mass_to_some", push_with(channels=["mass"], audience={"roles": ["书记"]}), PUSH, 4, "“official”"),
    ("mass_to_some", push_with(channels=["mass"], audience={"tags": ["甲", "乙"]}), PUSH, 4, "订阅号"),
    ("words_long", {TEMPLATE: "字" * 700}, PUSH, 6, "2100"),
    ("group_unknown", push_with(groups=["支部群", "党委群"]), PUSH, 7, "“党委群”"),
    ("phrase_leaves_out", {"phrases.toml": '\n"quiz.right" = "对"\n'}, "phrases.toml", 2, "{{ why }}"),
    ("phrase_unknown", {"phrases.toml": '\n"quiz.rihgt" = "对"\n'}, "phrases.toml", 2, "quiz.right"),
    ("menu_key_unknown", {"menu.toml": MENU.replace("quiz.daily", "quiz.dayly")}, "menu.toml", 7, "quiz.daily"),
    ("topic_unknown", push_with(audience={"topics": ["tiyu"]}), PUSH, 4, "“tiyu”"),
    ("topic_unknown", {BANK: a_bank(topic="tiyu")}, BANK, 2, "“tiyu”"),
    ("topic_unknown", {"account.toml": 'name = "号"\n'}, BANK, 2, "还没有"),
    ("cite_unknown", {LAW: LAWS} | bank_with(cites=[CITE | {"reg": "x"}]), BANK, 11, "fazhan"),
    ("cite_version", {LAW: LAWS} | bank_with(cites=[CITE | {"version": "2099"}]), BANK, 11, "2014、2026"),
    ("cite_superseded", {LAW: LAWS} | bank_with(cites=[CITE | {"version": "2014"}]), BANK, 11, "2026-05-18起"),
    ("topic_unknown_above", {"quizzes/tiyu.csv": "题干,答案\n问,对\n"}, "quizzes/tiyu.csv", 1, "主题：…"),
    ("organisation_unknown", push_with(audience={"organisations": ["meiyou"]}), PUSH, 4, "“meiyou”"),
    ("organisation_unknown", {ORGS: None} | digest_with(audience="[meiyou]"), DIGEST, 8, "“meiyou”"),
]  # fmt: skip


def faults_of(folder: Path, tmp_path: Path) -> list[Finding]:
    with pytest.raises(BadContent) as bad:
        load(folder, zone=ZONE, known=KNOWN, shipped=shipped_phrases(tmp_path / "shipped"))
    return bad.value.faults


@pytest.mark.parametrize(("code", "files", "file", "line", "word"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_named_with_its_file_and_line(tmp_path, code, files, file, line, word):
    folder = a_pack(tmp_path / "pack", files)

    found = [fault for fault in faults_of(folder, tmp_path) if (fault.file, fault.line) == (file, line)]

    what = SENTENCES[code][0].split("{")[0]
    assert any(what in fault.what and word in fault.what + fault.mend for fault in found), faults_of(folder, tmp_path)


@pytest.mark.parametrize(("code", "files", "file", "line", "word"), ADVICE, ids=[row[0] for row in ADVICE])
def test_advice_is_named_with_its_file_and_line_and_the_pack_is_taken(tmp_path, code, files, file, line, word):
    folder = a_pack(tmp_path / "pack", files)

    library = load(folder, zone=ZONE, known=KNOWN, shipped=shipped_phrases(tmp_path / "shipped"))

    what = SENTENCES[code][0].split("{")[0]
    found = [advice for advice in library.advice if (advice.file, advice.line) == (file, line)]
    assert any(what in advice.what and word in advice.what + advice.mend for advice in found), library.advice


@pytest.mark.parametrize("wrong", [wrong for wrong, _, _ in WRONG_TEMPLATES])
def test_a_fault_of_a_template_is_told_without_english(wrong):
    with pytest.raises(Unreadable) as refused:
        template(wrong)

    assert not re.search(r"[Ee]xpect|[Uu]nknown|token|Jinja|template", refused.value.facts["detail"])


def test_what_jinja_says_and_we_have_no_words_for_comes_as_it_is():
    assert template_detail("block 'x' defined twice", ()) == "写法看不懂（block 'x' defined twice）"


def test_every_sentence_is_seen_by_a_test():
    rights = {"rights_organisation", "rights_host", "rights_matter"}  # which only the console's workshop looks after
    elsewhere = rights | {"no_folder", "file_unreadable", "naive_time", "workdays_end"}

    assert {row[0] for row in (*FAULTS, *ADVICE)} | elsewhere == set(SENTENCES)


def test_a_copied_bank_is_named_once_and_a_question_that_stands_twice_too(tmp_path):
    copied = check(a_pack(tmp_path / "copied", {BANK: FOUR, MORE: FOUR}), zone=ZONE)
    some = a_bank(*map(a_question, ("q1", "q7", "q8", "q9")))
    few = check(a_pack(tmp_path / "few", {BANK: FOUR, MORE: some}), zone=ZONE)

    assert [(each.file, each.line) for each in (*copied.faults, *copied.advice)] == [(MORE, 1)]
    assert "4 道题里有 4 道 id 相同" in copied.faults[0].what
    assert [(each.file, each.line) for each in (*few.faults, *few.advice)] == [(MORE, 5)]


def test_a_good_pack_has_no_fault(tmp_path):
    folder = a_pack(tmp_path / "pack")

    library = load(folder, zone=ZONE, known=KNOWN, shipped=shipped_phrases(tmp_path / "shipped"))

    assert (len(library.questions), library.advice) == (2, ())


def test_a_question_with_the_article_it_rests_on_needs_no_source(tmp_path):
    cites = [{"reg": "dangzhang", "version": "2022", "article": "3"}]
    folder = a_pack(tmp_path / "pack", bank_with(without=["source"], cites=cites))

    assert load(folder, zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped")).advice == ()


@pytest.mark.parametrize(
    "lately",
    [{"as_of": "2024-10-24"}, {"as_of": "2027-01-01"}, {"as_of": "2020-01-01", "effective_to": "2026-11-22"}],
    ids=["24 months ago", "to come", "asked no more"],
)
def test_what_is_fresh_or_asked_no_more_is_not_called_old(tmp_path, lately):
    folder = a_pack(tmp_path / "pack", bank_with(**lately))

    assert load(folder, zone=ZONE, known=KNOWN, shipped=shipped_phrases(tmp_path / "shipped")).advice == ()


def test_faults_are_told_without_the_advice(tmp_path):
    folder = a_pack(tmp_path / "pack", bank_with(without=["source"]) | digest_with(kind="坏", topics="[tiyu]"))

    assert [(fault.file, fault.line) for fault in faults_of(folder, tmp_path)] == [(DIGEST, 3)]


def test_all_faults_of_all_files_are_told_at_once(tmp_path):
    files = (
        bank_with(answer=["z"], explanation="{{opt:z}}")
        | {DIGEST: a_digest("", kind="x")}
        | {"menu.toml": "[[button]\n"}
    )

    found = faults_of(a_pack(tmp_path / "pack", files), tmp_path)

    assert [(fault.file, fault.line) for fault in found] == [
        (DIGEST, 3),
        (DIGEST, 8),
        ("menu.toml", 1),
        (BANK, 9),
        (BANK, 11),
    ]


def test_a_file_with_one_fault_is_looked_through_for_others(tmp_path):
    files = {"phrases.toml": '"quiz.name" = 1\n"quiz.right" = "{{ x }}"\n', DIGEST: a_digest("", kind="x")}
    files[PUSH] = a_broadcast(template="weekly", fields={"thing1": "{{ now"})

    found = faults_of(a_pack(tmp_path / "pack", files), tmp_path)

    assert [(fault.file, fault.line) for fault in found] == [
        (PUSH, 6),
        (PUSH, 9),
        (DIGEST, 3),
        (DIGEST, 8),
        ("phrases.toml", 1),
        ("phrases.toml", 2),
    ]


OTHER_WRONG = [{"id": "a", "text": "甲"}, {"id": "b", "text": "丙"}]


@pytest.mark.parametrize(
    "changed",
    [
        {"stem": "第 Q1 题问什么？？", "options": OTHER_WRONG},
        {"stem": "第q1题问什么", "answer": ["b"]},
        {"type": "judge", "answer": False, "without": ["options"], "stem": "第q0题问什么？"},
    ],
    ids=["same right answer", "same options", "same judgement asked"],
)
def test_two_questions_that_ask_the_same_are_alike(tmp_path, changed):
    judge = a_question("q0", type="judge", answer=True, without=["options"])
    files = {BANK: a_bank(judge, a_question("q1"), a_question("q2", **changed))}

    found = load(a_pack(tmp_path / "pack", files), zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped")).advice

    assert ["一样" in advice.what for advice in found] == [True]


def test_a_broken_file_doesnt_put_those_that_rely_on_it_at_fault(tmp_path):
    files = {"account.toml": "name =", "organisations.toml": "=", TEMPLATE: "{% for %}"}
    files[PUSH] = a_broadcast(audience={"topics": ["yaowen"], "organisations": ["zhibu"]})

    found = faults_of(a_pack(tmp_path / "pack", files), tmp_path)

    assert {fault.file for fault in found} == {"account.toml", "organisations.toml", TEMPLATE}


def test_a_folder_that_isnt_there_is_named(tmp_path):
    found = faults_of(tmp_path / "nowhere", tmp_path)

    assert [(fault.file, fault.what) for fault in found] == [("nowhere", "没有这个文件夹")]


def test_a_file_that_cant_be_opened_is_named(tmp_path):
    folder = a_pack(tmp_path / "pack")
    (folder / "digests" / "away.md").symlink_to("/proc/self/mem")

    found = faults_of(folder, tmp_path)

    assert [(fault.file, "打不开" in fault.what) for fault in found] == [("digests/away.md", True)]


def test_a_fault_reads_as_one_line(tmp_path):
    fault = faults_of(a_pack(tmp_path / "pack", bank_with(answer=["c"])), tmp_path)[0]

    assert str(fault) == f"{BANK}:9: answer 里的“c”不是选项。这道题的选项 id 有：a、b。"


@pytest.mark.parametrize(
    "name", [".hidden.md", "~$first.md", "first.md~", "first.md.bak", "first.md.tmp", "README.md", "Thumbs.db"]
)
def test_what_editors_leave_behind_is_no_fault(tmp_path, name):
    folder = a_pack(tmp_path / "pack", {f"digests/{name}": "x"})

    library = load(folder, zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped"))

    assert list(library.digests) == ["first"]


@pytest.mark.parametrize(
    ("today", "files", "advised"),
    [
        (date(2026, 9, 1), {}, []),
        (date(2026, 11, 23), {}, [(PUSH, 7, "2027.toml")]),
        (date(2027, 2, 1), {}, [(PUSH, 7, "2027.toml")]),
        (date(2026, 11, 23), {HOLIDAYS: "off = [2027-01-01]\n"}, []),
        (date(2027, 11, 23), {HOLIDAYS: "off = [2027-01-01]\n"}, [(PUSH, 7, "2028.toml")]),
    ],
    ids=["long before the end", "near it", "behind it", "with the next year in the pack", "near the end of that"],
)
def test_workdays_beyond_what_was_announced_are_said_to_be_a_guess(tmp_path, today, files, advised):
    folder = a_pack(tmp_path / "pack", {"menu.toml": None, "phrases.toml": None, **push_with(workdays=True), **files})
    known = Known(last_work_year=2026, today=lambda: today)

    found = load(folder, zone=ZONE, known=known, shipped=shipped_phrases(tmp_path / "shipped")).advice

    assert [(each.file, each.line) for each in found] == [(file, line) for file, line, _ in advised]
    assert all(name in each.mend for each, (_, _, name) in zip(found, advised, strict=True))


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": {"thing1": "会议改期"}},
        {"fields": {"thing1": "{{ broadcast.title }}"}},
        {"audience": {"all": [{"answered": "1d"}, {"topics": ["yaowen"]}]}, "fields": {}},
        {"audience": {"any": [{"answered": "1d"}, {"answered": "7d", "topics": ["yaowen"]}]}, "fields": {}},
    ],
    ids=["its own words", "its title", "all of whom did it", "any of whom did it"],
)
def test_a_service_notice_without_news_is_let_through(tmp_path, changed):
    files = {"templates/none.j2": "会议改期", **push_with(**SERVICE | changed)}
    known = Known(channels=frozenset({"template_message"}), service_channels=frozenset({"template_message"}))

    library = load(a_pack(tmp_path / "pack", files), zone=ZONE, known=known, shipped=shipped_phrases(tmp_path / "s"))

    assert library.advice == ()


def test_a_digest_for_some_may_be_named_to_those_below_them(tmp_path):
    audience = {"organisations": ["zhibu"]}
    files = push_with(digests=["first"], audience=audience) | digest_with(audience="[dangwei]")

    library = load(a_pack(tmp_path / "pack", files), zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped"))

    assert library.broadcasts["daily"].digests == ("first",)


def test_variants_for_each_channel_stand_for_the_broadcast_s_own_words(tmp_path):
    both = [VISIT, {"channels": ["notice"], "template": "daily", "fields": {"thing1": "一"}}]
    files = push_with(without=["template"], variant=both)

    library = load(a_pack(tmp_path / "pack", files), zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped"))

    assert len(library.broadcasts["daily"].variants) == 2


@pytest.mark.parametrize("variants", [{}, {"channels": ["next_visit"], "variant": [VISIT]}], ids=["alone", "beside"])
def test_a_template_for_groups_stands_for_the_broadcast_s_own_words_there(tmp_path, variants):
    changed = {"groups": ["支部群"], "channels": [], "group_template": "daily", "without": ["template"], **variants}

    library = load(
        a_pack(tmp_path / "pack", push_with(**changed)), zone=ZONE, shipped=shipped_phrases(tmp_path / "shipped")
    )

    assert (library.broadcasts["daily"].template, library.broadcasts["daily"].groups) == ("", ("支部群",))


def test_words_for_groups_alone_may_be_longer_than_a_message(tmp_path):
    files = {TEMPLATE: "字" * 700, **push_with(groups=["支部群"], channels=[])}

    library = load(a_pack(tmp_path / "pack", files), zone=ZONE, known=KNOWN, shipped=shipped_phrases(tmp_path / "s"))

    assert library.advice == ()


def test_of_several_files_the_first_by_its_name_is_in_the_right_however_the_disk_lists_them(tmp_path):
    folder = a_pack(tmp_path / "pack", {f"quizzes/{name}.toml": a_bank(a_question("q9")) for name in "hebgacfd"})

    twice = [fault.file for fault in faults_of(folder, tmp_path) if fault.line == 5]

    assert twice == [f"quizzes/{name}.toml" for name in "bcdefgh"]
