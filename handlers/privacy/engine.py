"""What needs a consent, and what is asked to be put right."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

CORRECTION_LONGEST = 200
_NAME = re.compile(
    r"(?:更正|更改|改)?\s*(?:我的)?(?:姓名|名字)(?:应该|应)?(?:是|为|改成|改为)?[\s:：]*([\u3400-\u9fff·]{2,20})[。.]?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How long something is kept, for whom to read: members, and operators (`english`). Without a `key` it is fixed."""

    id: str
    what: str
    long: str
    english: str
    why: str
    key: str = ""


def periods(table: Iterable[Mapping[str, str]], days: Mapping[str, int]) -> list[Period]:
    """The list of periods, with the days that the configuration says."""
    told = [Period(**each) for each in table]
    return [
        replace(each, long=each.long.format(days=days[each.key]), english=f"{each.english}: {days[each.key]} days")
        if each.key
        else each
        for each in told
    ]


class Purpose(StrEnum):
    """What is agreed to, each by itself (个人信息保护法, 第二十九条)."""

    MEMBERSHIP = "membership"
    OPINION = "opinion"
    PHONE = "phone"


def name_in(said: str) -> str:
    """The name that somebody says is theirs; "" where they say something else."""
    found = _NAME.fullmatch(said.strip())
    return found[1] if found else ""
