"""A program with a small pack of its own, which a test can change, and how its replies are read."""

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.content.builders import a_bank, a_question, write
from tests.house import Town, a_town

OPTIONS = [{"id": id_, "text": f"说法{id_}"} for id_ in ("jia", "yi", "bing", "ding")]
SEVEN = [
    a_question(f"q{number}", options=OPTIONS, answer=["jia"], explanation="应当选{{opt:jia}}。", source="党章第一条")
    for number in range(1, 8)
]


@dataclass
class Small:
    """A program on a pack that a test can change."""

    town: Town
    folder: Path

    def holds(self, *questions):
        """Change the pack as an admin would: the change is taken at the second look."""
        write(self.folder / "quizzes" / "basics.toml", a_bank(*questions))
        self.town.house.shelf.look()
        self.town.house.shelf.look()
        assert self.town.house.shelf.fault is None

    def begins_anew(self, tmp_path, **quiz):
        """End the program and start it on the same stores and pack, with these settings of the quiz."""
        self.town.house.close()
        stores = self.town.settings.storage
        self.town = a_town(
            tmp_path,
            database=stores.database,
            redis=stores.redis,
            content={"folder": str(self.folder)},
            handlers={"quiz": quiz},
        )


def stem(reply):
    return re.findall(r"第(q\d)题", reply)[0]


def letter(reply, text="说法jia"):
    """The letter under which the newest question shows an option."""
    return re.findall(rf"(\w)\. {text}$", reply[reply.rindex("【") :], re.MULTILINE)[0]


def wrong(reply):
    return letter(reply, "说法yi")


def rows(small, table):
    with small.town.house.db.read() as connection:
        return connection.execute(sa.select(table)).all()


def round_of(phone, *, mistakes=0):
    """A whole round with so many wrong answers first; what was said at the end."""
    reply = phone.says("答题")
    while "【" in reply:
        reply = phone.says(wrong(reply) if mistakes > 0 else letter(reply))
        mistakes -= 1
    return reply
