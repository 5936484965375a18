"""`zhibu groups`: which chat groups are configured, and whether their robots speak."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from commands.cli import Here, fail
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Came, Verdict


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The groups of the configuration, and the way to say something in one: "" is what is usually said to try it."""

    settings: Mapping[str, GroupSettings]
    say: Callable[[str, str], Verdict]


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
