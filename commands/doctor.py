"""`zhibu doctor`: what an operator should know before members find out."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import click
from redis import Redis

from commands.cli import Here, Installation
from commands.run import healthy
from commands.valkey import NoValkey
from content.checking import Findings
from storage import redis, upgrade
from wechat.errors import WeChatError

ENOUGH_BYTES = 1_000_000_000
PERSISTS = (
    "It writes what it holds to disk, which could tie anonymous words to people: "
    'set `save ""` and `appendonly no`. Zhibu loses nothing by it.'
)


class Level(StrEnum):
    """How bad it is; only a fault ends with exit 1."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What was found about one thing, and what to do about it."""

    about: str
    level: Level
    text: str


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is looked at. Nothing of it is opened before it is asked for."""

    installation: Installation
    config: Path
    public_url: str
    redis: Callable[[], Redis]  # NoValkey where the embedded one isn't running
    content: Callable[[], Findings]
    accounts: Mapping[str, Callable[[], object]]  # each asks the platform something that needs secret and whitelist


def command(admit: Callable[[Path], Patient]) -> click.Command:
    """The command. `admit` makes the patient that a configuration file describes."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
    @click.pass_obj
    def doctor(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Look at everything that Zhibu needs, and say what is wrong and how to mend it."""
        findings = examine(here.open(admit))
        if as_json:
            click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
        else:
            for finding in findings:
                click.echo(f"{finding.level:<8} {finding.about:<14} {finding.text}")
        raise SystemExit(1 if any(finding.level is Level.FAULT for finding in findings) else 0)

    return doctor


def examine(patient: Patient) -> list[Finding]:
    """Every finding, in the order in which one would look."""
    looks = (_configuration, _folder, _database, _redis, _content, _parts, _platform, _address)
    return [Finding(look.__name__.strip("_"), level, text) for look in looks for level, text in look(patient)]


Found = Iterator[tuple[Level, str]]


def _configuration(patient: Patient) -> Found:
    if patient.config.stat().st_mode & stat.S_IROTH and not patient.installation.sandbox:
        yield Level.WARNING, f"Everybody on this machine can read the secrets in it: chmod 600 {patient.config}"
    else:
        yield Level.OK, str(patient.config)


def _folder(patient: Patient) -> Found:
    folder = patient.installation.folder
    if not folder.is_dir():
        yield Level.WARNING, f"{folder} is not there yet; `zhibu run` makes it."
        return
    free = shutil.disk_usage(folder).free
    level = Level.OK if free >= ENOUGH_BYTES else Level.WARNING
    yield level, f"{folder}, {free / ENOUGH_BYTES:.1f} GB free"


def _database(patient: Patient) -> Found:
    if patient.installation.embedded_database and not patient.installation.folder.is_dir():
        return
    with closing(patient.installation.database()) as database:
        if not database.answers():
            yield Level.FAULT, "It does not answer: see storage.database, and whether its server runs."
            return
        found, wanted = upgrade.found(database), upgrade.wanted()
    if found == wanted:
        yield Level.OK, f"answers, revision {found}"
    else:
        yield Level.FAULT, f"It has revision {found or 'none'}, the program wants {wanted}: zhibu db upgrade"


def _redis(patient: Patient) -> Found:
    try:
        client = patient.redis()
    except NoValkey as error:
        yield Level.FAULT, str(error)
        return
    with closing(client):
        if not redis.answers(client):
            yield Level.FAULT, "It does not answer: see storage.redis, and whether its server runs."
        elif redis.persists(client):
            yield Level.WARNING, PERSISTS
        else:
            yield Level.OK, "answers, keeps nothing on disk"


def _content(patient: Patient) -> Found:
    findings = patient.content()
    for fault in findings.faults:
        yield Level.FAULT, str(fault)
    if not findings.faults:
        yield Level.OK, ", ".join(f"{count} {name}" for name, count in findings.counts.items())


def _parts(patient: Patient) -> Found:
    servers = {"web": patient.installation.web, "sandbox": patient.installation.sandbox}
    for name, server in servers.items():
        if server and healthy(server):
            yield Level.OK, f"{name} answers on port {server.port}"
        elif server:
            yield Level.WARNING, f"{name} does not answer on port {server.port}: is `zhibu run` at work?"


def _platform(patient: Patient) -> Found:
    for name, ask in patient.accounts.items():
        try:
            ask()
        except WeChatError as error:
            yield Level.FAULT, " ".join(filter(None, (f"{name}: {error}", error.meaning, error.mend)))
        except (NoValkey, *redis.Gone):
            yield Level.WARNING, f"{name}: not asked, because its token is kept in the Redis that is away"
        else:
            yield Level.OK, f"{name}: answers us"


def _address(patient: Patient) -> Found:
    if patient.installation.sandbox:
        yield Level.OK, "The sandbox stands in for the platform: nobody outside needs to reach us."
    elif not patient.public_url.startswith("https://"):
        yield Level.WARNING, "Set web.public_url to the https:// address that the platform and phones use."
    else:
        yield Level.OK, patient.public_url
