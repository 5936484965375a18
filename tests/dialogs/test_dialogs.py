"""Whole talks, as members have them: each file here is one, and goes as written.

    # what the talk is about                 ! follows | leaves | scans SCENE | taps KEY | sends KIND | night
    > what the member types                  @ 2h 30m    time goes by
    + what another member types              CODE        a join code of the list, where one is typed or scanned
    < what is answered, line by line         INVITED     the code of the duel that was begun last

In an answer … stands for what varies within a line, and a line of …… for whatever lines there are.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.roster import Entry
from tests.content.builders import a_bank, a_digest, a_pack, a_question, as_toml
from tests.driver import Phone
from tests.house import Town, a_town

DIALOGS = sorted(Path(__file__).parent.glob("*.txt"))
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
ACCOUNT = {
    "name": "示例学习号",
    "organisation": "示例党委",
    "about": "自愿使用，随时可以退订。",
    "contact": "请找所在党支部的组织委员。",
    "help_lines": ["检举控告：12388（全国纪检监察机关统一举报电话）"],
    "welcome": ["您好，这里是示例学习号。", "回复“答题”做今天的题，回复“帮助”看看还能做什么。"],
}
TOPICS = {"dangzhang": "党章党规", "zuzhi": "组织生活", "yaowen": "要闻"}
CONSTITUTION = "《中国共产党章程》（2022年10月22日通过）"
QUESTIONS = (
    a_question(
        "danghui",
        stem="党徽是什么图案？",
        options=[
            {"id": id_, "text": text} for id_, text in (("a", "镰刀和锤头"), ("b", "麦穗和齿轮"), ("c", "火炬和书本"))
        ],
        answer=["a"],
        explanation="党徽是{{opt:a}}组成的图案。",
        source=CONSTITUTION,
    ),
    a_question("dangqi", type="judge", stem="党旗的底色是红色。", options=[], answer=True, source=CONSTITUTION),
    a_question(
        "liangxue",
        type="multi",
        stem="“两学一做”里的“两学”学什么？",
        options=[{"id": id_, "text": text} for id_, text in (("a", "党章党规"), ("b", "系列讲话"), ("c", "外国语"))],
        answer=["a", "b"],
        explanation="学{{opt:a}}，学{{opt:b}}。",
        source="2016年开展的“两学一做”学习教育方案",
    ),
)
LONG = "> 原文一句。\n\n## 解读\n\n" + "\n\n".join(f"第{number}段。" + "细说" * 60 for number in range(1, 9)) + "\n"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url) -> Iterator[Town]:
    """A small town: three topics, two questions, two digests, one member on the roster."""
    account = "".join(f"{key} = {as_toml(value)}\n" for key, value in ACCOUNT.items())
    topics = "".join(f"\n[[topic]]\nid = {as_toml(id_)}\nname = {as_toml(name)}\n" for id_, name in TOPICS.items())
    files = {
        "account.toml": account + topics,
        "phrases.toml": None,
        "quizzes/basics.toml": a_bank(*QUESTIONS),
        "digests/long.md": a_digest(LONG, title="一条长要闻", publish_at="2026-11-22 08:00"),
    }
    folder = a_pack(tmp_path / "pack", files)
    made = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    yield made
    made.house.close()


class Talk:
    """One member's phone, and the hands that move time and the roster."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.phone: Phone = town.phone()
        self.other: Phone = town.phone()
        self.invited = ""
        until = town.clock() + timedelta(days=30)
        entry = Entry(name="张三", organisation="zhibu", role="组织委员")
        self.code = town.house.roster.take_in([entry], expires_at=until)[0].code

    def does(self, line: str) -> str:
        """What is answered to one line of a dialog."""
        mark, words = line[0], line[2:].replace("CODE", self.code).replace("INVITED", self.invited)
        self.town.clock.forward(seconds=5)  # nobody types faster
        acts = {">": self.phone.says, "+": self.other.says, "!": self.acts, "@": self.waits}
        answer = acts[mark](words)
        self.invited = "".join(re.findall(r"^对战 (\w{6})$", answer, re.MULTILINE)) or self.invited
        return answer

    def waits(self, span: str) -> str:
        self.town.clock.forward(**{UNITS[part[-1]]: int(part[:-1]) for part in span.split()})
        return ""

    def acts(self, words: str) -> str:
        what, _, rest = words.partition(" ")
        if what == "night":
            for job in self.town.house.jobs:
                job.run(self.town.clock())
            return ""
        return str(getattr(self.phone, what)(*rest.split()))


def steps(dialog: str) -> Iterator[tuple[str, list[str]]]:
    """What is done, and the lines that are answered."""
    lines = [line for line in dialog.splitlines() if line and not line.startswith("#")]
    while lines:
        done = lines.pop(0)
        answered = []
        while lines and lines[0].startswith("<"):
            answered.append(lines.pop(0)[2:])
        yield done, answered


def pattern(expected: list[str]) -> str:
    """A regular expression for the lines of an answer."""
    parts = [r"(?:.*\n)*?" if line == "……" else re.escape(line).replace("…", ".*") + "\n" for line in expected]
    return "".join(parts)


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda path: path.stem)
def test_a_talk_goes_as_written(town, dialog):
    talk = Talk(town)
    for done, expected in steps(dialog.read_text()):
        answer = talk.does(done).rstrip("\n")

        said = f"{answer}\n" if answer else ""
        assert re.fullmatch(pattern(expected), said), f"{done}\n{answer}"


def test_there_are_talks_to_follow():
    assert len(DIALOGS) >= 6
