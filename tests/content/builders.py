"""Small packs, written as an admin would: each builder has good defaults, so a test says only what matters to it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

ACCOUNT = """\
name = "示例学习号"
organisation = "示例党委"
welcome = ["您好"]

[[topic]]
id = "dangzhang"
name = "党章党规"

[[topic]]
id = "yaowen"
name = "要闻"
"""
MENU = """\
[[button]]
name = "学习"

[[button.sub_button]]
name = "每日答题"
type = "click"
key = "quiz.daily"

[[button]]
name = "网站"
type = "view"
url = "https://example.org/"
"""
ORGANISATIONS = """\
[[organisation]]
id = "dangwei"
name = "示例党委"
type = "党委"

[[organisation]]
id = "zhibu"
name = "示例支部"
type = "党支部"
parent = "dangwei"
"""
PNG = bytes.fromhex(  # of one white point
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef924"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0;"
TEMPLATE = "{{ now.month }}月摘要\n{% for digest in digests %}\n{{ digest.title }}\n{% endfor %}\n"
BODY = "> 原文一句。\n\n## 解读\n\n我们的话。\n"
SHIPPED = {"quiz": 'right = "答对了，{{ why }}"\nname = "答题"\n', "digest": 'none = "今天没有新的。"\n'}


def as_toml(value: object) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int) else str(value)


def a_question(id_: str = "q1", *, without: Sequence[str] = (), **changed: object) -> dict[str, object]:
    """A single-choice question, different from every other by its id."""
    fields = {
        "id": id_,
        "type": "single",
        "stem": f"第{id_}题问什么？",
        "options": [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}],
        "answer": ["a"],
        "source": "党章",
    } | changed
    return {key: value for key, value in fields.items() if key not in without}


def a_bank(*questions: dict[str, object], title: str = "基础", topic: str = "dangzhang") -> str:
    """A bank's file; its first question's table begins on line 4, and each field has a line of its own."""
    lines = [f"title = {as_toml(title)}", f"topic = {as_toml(topic)}", ""]
    for question in questions or (a_question(),):
        lines += ["[[question]]", *(f"{key} = {as_toml(value)}" for key, value in question.items()), ""]
    return "\n".join(lines)


def a_digest(body: str = BODY, *, without: Sequence[str] = (), **changed: str) -> str:
    """A digest's file; the front matter begins on line 2 with a line a field."""
    fields = {
        "title": "一条要闻",
        "kind": "news",
        "topics": "[yaowen]",
        "source_name": "示例来源",
        "publish_at": "2026-11-23 08:00",
        "summary": "一句话",
    } | changed
    head = "".join(f"{key}: {value}\n" for key, value in fields.items() if key not in without)
    return f"---\n{head}---\n{body}"


def a_broadcast(*, without: Sequence[str] = (), fields: Mapping[str, str] | None = None, **changed: object) -> str:
    """A broadcast's file, a line a field, the notice's fields last."""
    entries = {
        "key": "daily",
        "title": "每日摘要",
        "schedule": "30 8 * * *",
        "audience": {"topics": ["yaowen"]},
        "channels": ["notice", "next_visit"],
        "template": "daily",
    } | changed
    head = "".join(f"{key} = {as_toml(value)}\n" for key, value in entries.items() if key not in without)
    notice = {"thing1": "{{ digests[0].title }}"} if fields is None else fields
    return head + "\n[fields]\n" + "".join(f"{key} = {as_toml(value)}\n" for key, value in notice.items())


def good_files() -> dict[str, str]:
    """Every file of a small good pack."""
    return {
        "account.toml": ACCOUNT,
        "menu.toml": MENU,
        "organisations.toml": ORGANISATIONS,
        "phrases.toml": '"quiz.name" = "练一练"\n',
        "quizzes/basics.toml": a_bank(a_question("q1"), a_question("q2")),
        "digests/first.md": a_digest(),
        "broadcasts/daily.toml": a_broadcast(),
        "templates/daily.j2": TEMPLATE,
    }


def a_pack(folder: Path, files: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write a small good pack with some `files` put in, replaced or (None) left out."""
    for name, text in {**good_files(), **(files or {})}.items():
        if text is not None:
            write(folder / name, text)
    return folder


def shipped_phrases(folder: Path) -> Path:
    """Write the phrases that come with the program."""
    for feature, text in SHIPPED.items():
        write(folder / f"{feature}.toml", text)
    return folder


def write(path: Path, text: str | bytes) -> None:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
