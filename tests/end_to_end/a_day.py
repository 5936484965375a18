"""Drives the whole program through a day of four members, and writes down what went over the wire.

    .venv/bin/python -m tests.end_to_end.a_day        writes tests/transcripts/a_day.jsonl anew

Look at the difference before you commit it: a line that changed is something that members now read otherwise.
"""

import json
import re
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.end_to_end.running import ROOT, Program, within
from wechat.sandbox.clock import MovedClock

FILE = ROOT / "tests" / "transcripts" / "a_day.jsonl"
MORNING = datetime(2026, 11, 23, 7, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
VARIES = [
    "^[A-H]\\. .*$",  # options are shuffled for each round
    "(?<=您选了 )[A-H]+",
    "[A-H](?=（)",
    "[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}",  # a receipt
    "https?://\\S+",
]
OPTION = re.compile(r"^[A-H]\. (.*)$", re.MULTILINE)


class Day:
    """The day as it goes: who does what, and how late it has become."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._phones: dict[str, str] = {}

    def does(self, who: str, action: str, **more: object) -> str:
        if who not in self._phones:
            self._phones[who] = self.program.call("members", account="official", nickname=who)["openid"]
        lines = self.program.call(action, openid=self._phones[who], wait=True, **more)["lines"]
        return "\n".join(line["text"] for line in lines if line["via"] == "reply")

    def says(self, who: str, words: str) -> str:
        return self.does(who, "say", text=words)

    def answers(self, who: str, question: str) -> str:
        """The first option by its words: its letter is another one each time."""
        return self.says(who, min(OPTION.findall(question)))

    def later(self, **span: int) -> None:
        minutes = span.get("hours", 0) * 60 + span.get("minutes", 0)
        self.program.call("clock", advance_seconds=minutes * 60)

    def heard(self, who: str, words: str) -> None:
        query = {"openid": self._phones[who]}

        def has() -> bool:
            lines = self.program.http.get(f"{self.program.sandbox}/sandbox/messages", params=query, timeout=10).json()
            return any(words in line["text"] for line in lines)

        assert within(60, has), f"{who} never heard: {words}"


def live(day: Day) -> None:
    """The day itself."""
    day.does("老王", "follow")
    day.says("老王", "帮助")
    day.says("老王", "订阅")
    day.says("老王", "5")
    day.does("小李", "scan", scene="topic_yaowen")
    day.does("小李", "consent", template_id="notice-digest", accept=True)
    day.does("大刘", "follow")
    day.later(minutes=10)
    question = day.does("老王", "tap", key="quiz.daily")
    for _ in range(5):
        question = day.answers("老王", question)
        day.later(minutes=1)  # nobody reads faster, and two of the same within seconds are taken for a double tap
    day.says("老王", "错题")
    day.says("老王", "退出")
    day.later(minutes=45)
    day.heard("老王", "摘要")
    day.heard("小李", "内容推送提醒")
    day.says("老王", "要闻")
    day.says("老王", "1")
    day.says("大刘", "今天食堂吃什么")
    day.says("大刘", "意见")
    day.says("大刘", "1")
    day.says("大刘", "2")
    day.says("大刘", "活动室能不能开到晚上九点，下班以后才有时间来。")
    day.says("大刘", "好了")
    day.says("大刘", "1")
    day.says("大刘", "订阅 党章党规")
    day.later(hours=3)
    day.heard("大刘", "本周政策摘要")
    day.says("小李", "政策")
    day.says("小李", "搜索 党费")
    day.does("阿美", "follow")
    day.says("阿美", "答题")
    day.does("阿美", "location", latitude=39.9087, longitude=116.3975, label="天安门")
    day.later(hours=2)
    day.says("阿美", "在吗")
    day.says("阿美", "继续")
    day.says("阿美", "退出")
    day.does("小李", "tap", key="subscription.mine")
    day.says("小李", "退订")
    day.says("小李", "我的数据")
    day.later(hours=6)
    day.says("老王", "我是谁")
    day.does("大刘", "unfollow")


def record(folder: Path) -> str:
    """The transcript of a day lived by a program of its own."""
    program = Program(folder)
    try:
        (folder / "var").mkdir()
        MovedClock(folder / "var", lambda: datetime.now(MORNING.tzinfo)).set(MORNING)
        program.start()
        live(Day(program))
        text = program.http.get(f"{program.sandbox}/sandbox/transcript", timeout=60).text
        program.stop()
    finally:
        program.clear()
    head, _, entries = text.partition("\n")
    return json.dumps({**json.loads(head), "varies": VARIES}, ensure_ascii=False) + "\n" + entries


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zhibu-") as name:
        FILE.write_text(record(Path(name)), "utf-8")
