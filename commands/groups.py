"""`zhibu groups`: which chat groups are configured, and whether their robots speak."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from commands.accounts import Level
from commands.cli import Here, fail
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Came, Verdict


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The groups of the configuration, and the way to say something in one: "" is what is usually said to try it."""

    settings: Mapping[str, GroupSettings]
    say: Callable[[str, str], Verdict]


# Where each platform's robots are (wechat-platform notes §11); Feishu's sister outside China takes the same posts.
HOSTS: Mapping[str, tuple[str, ...]] = {
    "wecom": ("https://qyapi.weixin.qq.com",),
    "dingtalk": ("https://oapi.dingtalk.com",),
    "feishu": ("https://open.feishu.cn", "https://open.larksuite.com"),
    "weibo": ("https://api.weibo.com",),
}
ELSEWHERE = "its webhook leads to {base}, and robots of {kind} are at {hosts}: copy it again from the group"
UNSIGNED = (
    "whoever gets hold of its webhook can speak in the group: turn on 加签 (签名校验) on the robot's page, and put "
    "what it shows into groups.{name}.secret"
)
UNREACHED = "{base} does not answer: see whether this machine may speak to it"
UNNAMED = 'no broadcast names it: write `groups = ["{name}"]` into one, or take it out of the configuration'


def examine(
    name: str, group: GroupSettings, *, is_named: bool, is_sandbox: bool, reaches: Callable[[str], bool]
) -> Iterator[tuple[Level, str]]:
    """What the doctor finds of a group's robot. Nothing is said in the group."""
    base, wrong = group.address.base, False
    if base not in HOSTS[group.kind] and not is_sandbox:
        wrong = True
        yield Level.WARNING, ELSEWHERE.format(base=base, kind=group.kind, hosts=" or ".join(HOSTS[group.kind]))
    if group.kind in ("dingtalk", "feishu") and not group.secret.get_secret_value() and not is_sandbox:
        wrong = True
        yield Level.WARNING, UNSIGNED.format(name=name)
    if not reaches(base):
        wrong = True
        yield Level.WARNING, UNREACHED.format(base=base)
    if not is_named:
        wrong = True
        yield Level.WARNING, UNNAMED.format(name=name)
    if not wrong:
        yield Level.OK, f"{group.kind}, {base} answers; `zhibu groups test {name}` says a line in it"


OpenRobots = Callable[[Path], Robots]


def group(open_robots: OpenRobots) -> click.Group:
    """The group. `open_robots` gives the robots that a configuration file describes."""

    @click.group()
    def groups() -> None:
        """Look after the chat groups of other platforms that pushes are said in."""

    @groups.command("list")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def listed(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Show which groups there are, without their keys."""
        found = here.open(open_robots).settings
        if as_json:
            shown = [{"name": name, "kind": each.kind, "at": each.address.base} for name, each in found.items()]
            click.echo(json.dumps(shown, ensure_ascii=False))
        else:
            lines = [f"{name}  {each.kind}  {each.address.base}" for name, each in found.items()]
            click.echo("\n".join(lines) or "No group yet: add one as [groups.<name>], see config.example.toml.")

    @groups.command("test")
    @click.argument("name")
    @click.option("--words", default="", help="What is said, such as a keyword that the robot asks for.")
    @click.pass_obj
    def test(here: Here, name: str, words: str) -> None:
        """Say one line in the group NAME now; everybody in it sees it."""
        robots = here.open(open_robots)
        if name not in robots.settings:
            fail(f"There is no group {name}. `zhibu groups list` shows those there are.")
        verdict = robots.say(name, words)
        if verdict.came is not Came.SENT:
            fail(f"{name}: {verdict.came}: {verdict.reason}")
        click.echo(f"{name}: sent.")

    return groups
