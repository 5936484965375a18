"""Which robot a group's settings mean."""

from collections.abc import Callable, Mapping

from scheduler.channels.groups import Group, Line, Robot
from scheduler.channels.groups.dingtalk import DingTalk
from scheduler.channels.groups.feishu import Feishu
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.wecom import WeCom
from scheduler.channels.groups.weibo import Weibo

KINDS: Mapping[str, Callable[[GroupSettings], Robot]] = {
    "wecom": WeCom,
    "dingtalk": DingTalk,
    "feishu": Feishu,
    "weibo": Weibo,
}


def too_long(settings: Mapping[str, GroupSettings], name: str, words: str) -> tuple[int, int] | None:
    """How long words are in a group and how long they may be, as its platform counts; None where they fit."""
    robot = KINDS[settings[name].kind](settings[name]) if name in settings else None
    size = robot.size(words) if robot else 0
    return (size, robot.most) if robot and size > robot.most else None


def groups(settings: Mapping[str, GroupSettings], *, line: Callable[[str], Line]) -> Mapping[str, Group]:
    """The groups by their names; `line` opens the line to a platform's address."""
    return {name: Group(robot=KINDS[each.kind](each), line=line(each.address.base)) for name, each in settings.items()}
