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


def groups(settings: Mapping[str, GroupSettings], *, line: Callable[[str], Line]) -> Mapping[str, Group]:
    """The groups by their names; `line` opens the line to a platform's address."""
    return {name: Group(robot=KINDS[each.kind](each), line=line(each.address.base)) for name, each in settings.items()}
