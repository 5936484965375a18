"""A pack written after the contract by somebody who has never seen ours, with nothing that it doesn't ask for."""

from pathlib import Path

import pytest

from content.agreement import Known
from content.library import Library, load

from .builders import ZONE, write

QUIZ = """\
title = "党章"
topic = "dangzhang"

[[question]]
id = "Q1"
type = "single"
stem = "党员大会一般多久召开一次？"
options = [{ id = "A", text = "每月" }, { id = "B", text = "每季度" }]
answer = ["B"]

[[question]]
id = "Q2"
type = "multi"
stem = "哪些会一般每月召开？"
options = [{ id = 1, text = "支委会" }, { id = 2, text = "党小组会" }, { id = 3, text = "组织生活会" }]
answer = [1, 2]

[[question]]
id = "Q3"
type = "judge"
stem = "党费应当按月交纳。"
answer = true

[[question]]
id = "Q4"
type = "fill"
stem = "党员集中学习每年一般不少于____学时。"
answer = [["32", "三十二"]]

[[question]]
id = "Q5"
type = "short"
stem = "什么是三会一课？"
answer = ["党员大会", "支委会", "党小组会", "党课"]

[[question]]
id = "Q6"
type = "case"
stem = "某支部半年没有开会，错在哪里？"
answer = "没有按期开会"

[[question]]
id = "Q7"
type = "single"
stem = "每一项都写上的题？"
options = [{ id = "a", text = "是" }, { id = "b", text = "否" }]
answer = "a"
explanation = "{{opt:a}}是对的。"
cites = [{ reg = "zhibu", version = "2018", article = "11" }]
difficulty = "中等"
tags = ["组织生活"]
source = "支部工作条例"
effective_from = 2018-10-28
effective_to = "2030-12-31"
reviewer = "组织委员"
alias = ["Q0"]
audience = ["zhibu"]
score = 2
ordered = false
partial_credit = true
"""
DIGEST = """\
---
title: 一条要闻
kind: news
topics: [dangzhang]
source_name: 示例来源
publish_at: 2026-11-23 08:00
summary: 一句话说完
---

报道。

> 原文。

## 解读

我们的话。
"""
BROADCAST = """\
key = "daily"
title = "每日摘要"
schedule = "30 8 * * 1-5"
audience = { topics = ["dangzhang"] }
channels = ["notice", "customer_service", "next_visit"]
template = "daily"

[fields]
thing1 = "{{ broadcast.title }}"
"""
ONCE = """\
key = "once"
title = "一次"
at = 2026-12-01T09:00:00+08:00
audience = { organisations = ["zhibu"] }
channels = ["next_visit"]
template = "daily.j2"
"""
PACK = {
    "account.toml": 'name = "学习号"\n\n[[topic]]\nid = "dangzhang"\nname = "党章"\n',
    "organisations.toml": """\
[[organisation]]
id = "dangwei"
name = "党委"
type = "党委"
parent = ""

[[organisation]]
id = "zhibu"
name = "支部"
type = "党支部"
parent = "dangwei"
""",
    "phrases.toml": '"conversation.lost" = "没听懂。"\n',
    "quizzes/one.toml": QUIZ,
    "digests/one.md": DIGEST,
    "broadcasts/daily.toml": BROADCAST,
    "broadcasts/once.toml": ONCE,
    "templates/daily.j2": "{% for digest in digests %}{{ digest.title }}{% endfor %}",
}
MENUS = {
    "tables": """\
[[button]]
name = "学习"
[[button.sub_button]]
type = "click"
name = "答题"
key = "quiz.daily"
[[button.sub_button]]
type = "view"
name = "网站"
url = "https://example.org/"
""",
    "arrays": """\
[[button]]
name = "学习"
sub_button = [
    { type = "click", name = "答题", key = "quiz.daily", sub_button = [] },
    { type = "view", name = "网站", url = "https://example.org/" },
]
""",
    "one array": 'button = [{ name = "学习", sub_button = [{ type = "click", name = "答题", key = "quiz.daily" }] }]\n',
    "as it is read from the platform": """\
[[menu.button]]
name = "学习"
[[menu.button.sub_button]]
type = "click"
name = "答题"
key = "quiz.daily"
""",
}


def taken(folder: Path, files: dict[str, str]) -> Library:
    for name, text in files.items():
        write(folder / name, text)
    return load(folder, zone=ZONE, known=Known(menu_keys=frozenset({"quiz.daily"})))


def test_a_pack_after_the_contract_is_taken(tmp_path):
    library = taken(tmp_path, PACK)

    assert (len(library.questions), len(library.digests), len(library.broadcasts)) == (7, 1, 2)
    assert {advice.file for advice in library.advice} == {"quizzes/one.toml"}  # questions without a source


@pytest.mark.parametrize("left_out", sorted(PACK.keys() - {"account.toml", "templates/daily.j2"}))
def test_a_pack_may_lack_any_file_but_the_account_and_a_template_in_use(tmp_path, left_out):
    library = taken(tmp_path, {name: text for name, text in PACK.items() if name != left_out})

    assert library.account.name == "学习号"


def test_a_pack_may_be_an_account_alone(tmp_path):
    library = taken(tmp_path, {"account.toml": 'name = "学习号"'})

    assert (library.account.name, library.menu.buttons, dict(library.organisations)) == ("学习号", (), {})
    assert library.say("conversation.lost")


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
def test_a_menu_has_the_platforms_own_form(tmp_path, menu):
    payload = taken(tmp_path, {**PACK, "menu.toml": menu}).menu.payload()

    first = payload["button"][0]
    assert (first["name"], first["sub_button"][0]) == ("学习", {"name": "答题", "type": "click", "key": "quiz.daily"})


@pytest.mark.parametrize(("form", "line"), [("tables", 6), ("arrays", 4), ("as it is read from the platform", 6)])
def test_a_line_in_a_menu_is_found_in_every_form(tmp_path, form, line):
    menu = MENUS[form].replace("quiz.daily", "quiz.gone")

    advice = taken(tmp_path, {"account.toml": 'name = "学习号"', "menu.toml": menu}).advice

    assert [(each.file, each.line) for each in advice] == [("menu.toml", line)]
