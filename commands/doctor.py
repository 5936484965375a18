"""`zhibu doctor`: what an operator should know before members find out."""

import json
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import click
from redis import Redis

from commands import accounts, audit, groups, keys, privacy
from commands.accounts import Account, Found, Level
from commands.cli import Here, Installation
from commands.run import healthy
from commands.valkey import NoValkey
from content.checking import Findings
from handlers.feature import Queued
from handlers.privacy.engine import Period
from handlers.trail.engine import is_too_long
from scheduler.channels.groups.settings import GroupSettings
from scheduler.worker import Queue
from storage import leases, redis, server_log, upgrade
from storage.audit_walks import Walks
from storage.db import Database
from storage.rotation import Rotation
from storage.sealing import Under
from storage.vault import NoKey, Vault

ENOUGH_BYTES = 1_000_000_000
PERSISTS = (
    "It writes what it holds to disk, which could tie anonymous words to people: "
    'set `save ""` and `appendonly no`. Zhibu loses nothing by it.'
)
PERHAPS_PERSISTS = (
    "It does not tell whether it writes what it holds to disk, which could tie anonymous words to people: see that it "
    'has `save ""` and `appendonly no`, or let this user read them (CONFIG GET).'
)
PERHAPS_EVICTS = "It does not tell what it does when its memory is full: see that it has `maxmemory-policy noeviction`."
EVICTS = (
    "It throws away what it holds when its memory is full ({policy}), so a member could be answered twice, or by "
    "nobody: set `maxmemory-policy noeviction`."
)
TELLS = (
    "The server writes what we send to it into its log ({settings}), openids and members' words among it: set "
    "`log_parameter_max_length = 0` and `log_parameter_max_length_on_error = 0` for this database (ALTER DATABASE … "
    "SET), or log no statements."
)
NO_LEADER = "No clock leads, so no push begins and nothing old is forgotten: start `zhibu run`, or `zhibu clock`."
NOBODYS = (
    "Something waits for the duty `{duty}` ({where}), and no account could see to it: `zhibu admin roles` shows which "
    "roles have it; give one with `zhibu admin grant`, or in the console under 授权."
)
NOBODYS_NAMED = (
    "Something waits for the account {name}, which hasn't the duty `{duty}` or isn't there: give it a role that has it "
    "(`zhibu admin roles`, `zhibu admin grant`), or name another account in the pack."
)
NO_ACCOUNT = (
    "{where} names {names}, and the console has no such account, so nobody can read what is for them alone: "
    "`zhibu admin create NAME --password-stdin`, or name another."
)
HELD = (
    "{file} could not be compiled, so every process has all of it in memory, and needs minutes to start: see who may "
    "write in {folder}, and whether its disk is full."
)
STILL_PREVIOUS = (
    "The data keys are still sealed with previous_secret_key: run `zhibu keys rotate`, and then take it out of the "
    "configuration."
)
ONLY_PREVIOUS = (
    "{lines}: lost if it were taken away, or secret_key changed once more. Run `zhibu keys rotate`, and then take it "
    "out of the configuration."
)
LOST = (
    "{lines}: nobody reads them. Where you still have the one of then, name it as previous_secret_key and run "
    "`zhibu keys rotate`."
)
UNREAD = (
    "Opinion {id} of {day} opens and can't be read: its row was damaged. The console shows it as 读不出来, and all "
    "others stand. Its words are in a backup from before: `zhibu restore` it with another storage.folder, or database."
)
BROKEN_OFF = "A change of data keys was broken off, or is under way: `zhibu keys rotate` goes on with it."
CHANGED_BACK = (
    "The trail holds, but {at:%Y-%m-%d %H:%M} UTC the clock found that entry {entry} didn't: somebody has changed it "
    "back. Find out who; the console says so until the whole trail was verified there again."
)
NOT_WALKED = (
    "For {days} days the clock hasn't verified the whole trail: see that `zhibu run`, or `zhibu clock`, is at work."
)
MOST_NAMED = 3
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Finding:
    """What was found about one thing, and what to do about it."""

    about: str
    level: Level
    text: str


class Unread(Protocol):
    """A sealed opinion that opens and can't be read."""

    @property
    def id(self) -> str:
        """Its number."""

    @property
    def day(self) -> date:
        """When it came."""


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is looked at. Nothing of it is opened before it is asked for."""

    installation: Installation
    config: Path
    public_url: str
    platform: Mapping[str, str]  # the address of the platform's API, by account
    redis: Callable[[], Redis]  # NoValkey where the embedded one isn't running
    broker: Callable[[], Queue] | None  # None: the same Redis
    content: Callable[[], Findings]
    accounts: Mapping[str, Callable[[], Account]]  # NoValkey where its token is kept in one that isn't running
    groups: Mapping[str, GroupSettings] = field(default_factory=dict)
    groups_named: Callable[[], Collection[str]] = tuple  # by broadcasts
    admins_named: Callable[[], Mapping[str, Collection[str]]] = dict  # accounts of the console, by where they are named
    admins: Callable[[Database], Collection[str]] = lambda _: ()  # those that there are
    reaches: Callable[[str], bool] = lambda _: True
    periods: Sequence[Period] = ()  # for how long what is kept
    nobodys: Callable[[], Sequence[Queued]] = tuple  # what waits and no account could see to
    left: Callable[[Database], Mapping[str, Under]] = lambda _: {}  # by table, what secret_key doesn't open
    unread: Callable[[Database], Sequence[Unread]] = lambda _: ()  # opinions that open and can't be read


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
    return [Finding(look.__name__.strip("_"), level, text) for look in LOOKS for level, text in look(patient)]


# -- this machine and its servers --------------------------------------------------------------------------------


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
    if free >= ENOUGH_BYTES:
        yield Level.OK, f"{folder}, {free / ENOUGH_BYTES:.1f} GB free"
    else:
        yield Level.WARNING, f"{folder} has {free / ENOUGH_BYTES:.1f} GB free: make room, or nothing can be kept soon."
    if readable := list(privacy.standing_open(folder)):
        named = ", ".join(str(path) for path in readable[:MOST_NAMED])
        more = f" and {len(readable) - MOST_NAMED} more" if len(readable) > MOST_NAMED else ""
        yield Level.WARNING, f"Other users of this machine can get at {named}{more}: chmod -R go= {folder}"


def _database(patient: Patient) -> Found:
    if patient.installation.embedded_database and not patient.installation.folder.is_dir():
        return
    with closing(patient.installation.database()) as database:
        if not database.answers():
            yield Level.FAULT, "It does not answer: see storage.database, and whether its server runs."
            return
        found, wanted, telling = upgrade.found(database), upgrade.wanted(), server_log.telling(database)
    if found == wanted:
        yield Level.OK, f"answers, revision {found}"
    else:
        yield Level.FAULT, f"It has revision {found or 'none'}, the program wants {wanted}: zhibu db upgrade"
    if telling:
        yield Level.WARNING, TELLS.format(settings=", ".join(telling))


@contextmanager
def _looked_into(place: Installation) -> Iterator[Database | None]:
    """The database; None where it isn't there, doesn't answer or is of another revision, which `_database` says."""
    if place.embedded_database and not place.folder.is_dir():
        yield None
        return
    with closing(place.database()) as database:
        yield database if database.answers() and upgrade.found(database) == upgrade.wanted() else None


def _keys(patient: Patient) -> Found:
    with _looked_into(patient.installation) as database:
        if database is None:
            return
        try:
            vault = Vault(database, patient.installation.keys)
            stock, left = Rotation(database, vault).stock(), patient.left(database)
        except NoKey as error:
            yield Level.FAULT, str(error)
            return
    if lost := [line for table, each in left.items() for line in keys.lines({table: Under(unknown=each.unknown)})]:
        yield Level.WARNING, LOST.format(lines="; ".join(lost))
    if former := [line for table, each in left.items() for line in keys.lines({table: Under(each.former)})]:
        yield Level.WARNING, ONLY_PREVIOUS.format(lines="; ".join(former))
    elif any(key.under_previous for key in stock):
        yield Level.WARNING, STILL_PREVIOUS
    elif len(stock) > 1:
        yield Level.WARNING, BROKEN_OFF
    else:
        yield Level.OK, "one data key, which secret_key opens" if stock else "nothing was sealed yet"


def _opinions(patient: Patient) -> Found:
    with _looked_into(patient.installation) as database:
        if database is None:
            return
        unread = patient.unread(database)
    for each in unread:
        yield Level.WARNING, UNREAD.format(id=each.id, day=each.day)
    if not unread:
        yield Level.OK, "each that opens can be read"


def _retention(patient: Patient) -> Found:
    for period in patient.periods:
        yield Level.OK, f"{period.english}{f' ({period.key})' if period.key else ''}"


def _redis(patient: Patient) -> Found:
    try:
        client = patient.redis()
    except NoValkey as error:
        yield Level.FAULT, str(error)
        return
    with closing(client):
        if not redis.answers(client):
            yield Level.FAULT, "It does not answer: see storage.redis, and whether its server runs."
            return
        yield from _disk(client)
        yield from _memory(client)


def _disk(client: Redis) -> Found:
    match redis.persists(client):
        case True:
            yield Level.WARNING, PERSISTS
        case None:
            yield Level.WARNING, PERHAPS_PERSISTS
        case False:
            yield Level.OK, "answers, keeps nothing on disk"


def _memory(client: Redis) -> Found:
    match redis.evicts(client):
        case "":
            yield Level.OK, "throws nothing away when its memory is full"
        case None:
            yield Level.WARNING, PERHAPS_EVICTS
        case policy:
            yield Level.FAULT, EVICTS.format(policy=policy)


def _broker(patient: Patient) -> Found:
    if patient.broker is None:
        yield Level.OK, "the same Redis: broker.url is empty"
        return
    with closing(patient.broker()) as queue:
        if queue.answers():
            yield Level.OK, f"answers ({queue.kind})"
        else:
            yield (
                Level.FAULT,
                "It does not answer, so pushes wait, and none is lost: see broker.url, and whether its server runs.",
            )


def _content(patient: Patient) -> Found:
    findings = patient.content()
    for fault in findings.faults:
        yield Level.FAULT, str(fault)
    for file in findings.held:
        yield Level.WARNING, HELD.format(file=file, folder=patient.installation.folder / "compiled")
    if not findings.faults:
        yield Level.OK, ", ".join(f"{count} {name}" for name, count in findings.counts.items())


def _admins(patient: Patient) -> Found:
    """Whoever is named and has no account reads nothing of what is for them alone."""
    named = patient.admins_named()
    if not any(named.values()):
        return
    with _looked_into(patient.installation) as database:
        if database is None:
            return
        there = frozenset(patient.admins(database))
    strangers = {where: ", ".join(sorted(frozenset(names) - there)) for where, names in named.items()}
    for where, names in strangers.items():
        if names:
            yield Level.WARNING, NO_ACCOUNT.format(where=where, names=names)
    if not any(strangers.values()):
        yield Level.OK, "whoever is named has an account"


def _waiting(patient: Patient) -> Found:
    """What waits for a duty that nobody has there."""
    with _looked_into(patient.installation) as database:
        if database is None:
            return
    found = patient.nobodys()
    for each in found:
        where = each.organisation or "the whole house"
        yield (
            Level.WARNING,
            (NOBODYS_NAMED if each.named else NOBODYS).format(duty=each.duty, where=where, name=each.named),
        )
    if not found:
        yield Level.OK, "somebody could see to all that waits"


def _audit(patient: Patient) -> Found:
    """A chain that doesn't hold: somebody changed the trail, or the secret_key; and whether the clock looks at it."""
    with _looked_into(patient.installation) as database:
        if database is None:
            return
        trail = patient.installation.audit(database)
        walks = Walks(database, patient.installation.keys, trail)
        last = walks.standing().last
        verdict = trail.verify(head=last.verdict.head if last and not last.broken else "")
        began = last.began if last else walks.first_noted()
    if verdict.broken:
        yield Level.FAULT, audit.told(verdict)
    elif last and last.broken:
        yield Level.WARNING, CHANGED_BACK.format(at=last.at, entry=last.broken.sequence)
    else:
        yield Level.OK, f"the trail holds: {verdict.entries} entries"
    if began and is_too_long(days := (patient.installation.today() - began.date()).days):
        yield Level.WARNING, NOT_WALKED.format(days=days)


def _parts(patient: Patient) -> Found:
    servers = {"web": patient.installation.web, "sandbox": patient.installation.sandbox}
    for name, server in servers.items():
        if server and healthy(server):
            yield Level.OK, f"{name} answers on port {server.port}"
        elif server:
            yield Level.WARNING, f"{name} does not answer on port {server.port}: is `zhibu run` at work?"


def _clock(patient: Patient) -> Found:
    try:
        with closing(patient.redis()) as client:
            if leases.is_held(client, leases.CLOCK):
                yield Level.OK, "one leads"
            else:
                yield Level.WARNING, NO_LEADER
    except (NoValkey, *redis.Gone):
        yield Level.WARNING, "not known, because whoever leads says so in the Redis that is away: mend that first"


# -- the platform, and each account on it ----------------------------------------------------------------------


def _sandbox(patient: Patient) -> Found:
    stand_in = patient.installation.sandbox
    if stand_in is None:
        yield Level.OK, "off: " + ", ".join(f"{name} is at {url}" for name, url in patient.platform.items())
    elif stand_in.host in LOOPBACK:
        yield Level.OK, "on: nobody real hears from us. For a real account set sandbox.enabled to false."
    else:
        yield (
            Level.WARNING,
            f"on, and whoever reaches {stand_in.host} may play any member: set sandbox.host to 127.0.0.1",
        )


def _platform(patient: Patient) -> Found:
    for name, opened in patient.accounts.items():
        try:
            account = opened()
        except (NoValkey, *redis.Gone):
            yield Level.WARNING, f"{name}: not asked, because its token is kept in the Redis that is away"
        else:
            yield from ((level, f"{name}: {text}") for level, text in accounts.examine(account))


def _groups(patient: Patient) -> Found:
    named = patient.groups_named() if patient.groups else ()
    for name, group in patient.groups.items():
        sandbox = patient.installation.sandbox is not None
        found = groups.examine(name, group, is_named=name in named, is_sandbox=sandbox, reaches=patient.reaches)
        yield from ((level, f"{name}: {text}") for level, text in found)


def _address(patient: Patient) -> Found:
    if patient.installation.sandbox:
        yield Level.OK, "The sandbox stands in for the platform: nobody outside needs to reach us."
    elif not patient.public_url.startswith("https://"):
        yield Level.WARNING, "Set web.public_url to the https:// address that the platform and phones use."
    else:
        yield Level.OK, patient.public_url


LOOKS: tuple[Callable[[Patient], Found], ...] = (
    _configuration,
    _folder,
    _database,
    _keys,
    _opinions,
    _retention,
    _redis,
    _broker,
    _content,
    _admins,
    _waiting,
    _audit,
    _parts,
    _clock,
    _sandbox,
    _platform,
    _groups,
    _address,
)
