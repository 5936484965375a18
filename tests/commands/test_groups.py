"""The chat groups of the configuration, from the command line."""

import json

import pytest

from commands import groups
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Came, Verdict
from tests.commands.calls import call

HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-key-1"


class Robots:
    """Two groups; the second is refused."""

    def __init__(self):
        self.said = []
        self.settings = {name: GroupSettings(kind="wecom", webhook=f"{HOOK}{name}") for name in ("支部群", "党委群")}

    def say(self, name, words):
        self.said.append((name, words))
        if name == "党委群":
            return Verdict(came=Came.REFUSED, code="93000", reason="webhook 不对（93000）")
        return Verdict(came=Came.SENT)

    def asked(self, *arguments):
        made = groups.Robots(settings=self.settings, say=self.say)
        return call(None, [groups.group(lambda _config: made)], "groups", *arguments)


def test_the_groups_are_listed_without_their_keys():
    shown = Robots().asked("list").output
    read = json.loads(Robots().asked("list", "--json").stdout)

    assert shown.splitlines() == [f"{name}  wecom  https://qyapi.weixin.qq.com" for name in ("支部群", "党委群")]
    assert read[0] == {"name": "支部群", "kind": "wecom", "at": "https://qyapi.weixin.qq.com"}
    assert "robot-key" not in f"{shown}{read}"


@pytest.mark.parametrize(("more", "words"), [((), ""), (("--words", "要闻"), "要闻")])
def test_a_group_is_tried_out(more, words):
    robots = Robots()
    result = robots.asked("test", "支部群", *more)

    assert (result.exit_code, result.output, robots.said) == (0, "支部群: sent.\n", [("支部群", words)])


def test_what_is_refused_is_said_with_what_to_do():
    result = Robots().asked("test", "党委群")

    assert (result.exit_code, result.stderr) == (1, "党委群: refused: webhook 不对（93000）\n")


def test_a_group_that_is_not_there_is_one_clear_line():
    robots = Robots()
    result = robots.asked("test", "别的群")

    assert result.exit_code == 1
    assert "There is no group 别的群" in result.stderr
    assert robots.said == []
