"""Whether the files of a pack agree with each other: every name that one uses is one that another gives."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from content import faults, files, menus, words
from content.broadcasts import Broadcast, Group
from content.exams import Exam
from content.faults import Finding, Unreadable
from content.fields import is_web_address
from content.files import SHIPPED_AS, Phrases, Questions, Searchable, Source
from content.menus import Menu
from content.models import Account, Block, Digest, DigestKind, Voice
from content.organisations import Organisations
from content.pictures import IN_DIGESTS, PictureFile
from content.positions import Place, Positions, line_of
from content.surveys import Survey
from content.words import Template
from content.workdays import WorkYear

# What templates and notice fields of broadcasts may speak of (`Library.words_of` fills them).
TEMPLATE_VALUES = frozenset({"now", "digests", "account", "broadcast"})
ADDRESSES = ("link", "picture")
SERVICE_RULE = "developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html"
ENDS_SOON = timedelta(days=60)  # the next year's holidays are announced in October or November
NOTICE_FIELD = re.compile(r"[a-z_]+\d{1,2}")  # wechat-platform.md §3.4: a type and a number

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Known:
    """What only the program can tell; None leaves it unchecked.

    `notice_fault` says in an admin's words what the platform has against the value of a notice's field, "" for nothing.
    `group_fault` gives how long words are in a group and how long they may be, None where they fit.
    `service_channels` are for service notices only. `to_all_only` are the accounts whose mass sends go to everybody or
    to one tag. The holidays of the years up to `last_work_year` are known.
    `categories_in` reads the names out of the phrase that lists the opinions' categories.
    """

    menu_keys: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    group_fault: Callable[[str, str], tuple[int, int] | None] | None = None
    notice_fault: Callable[[str, str], str] | None = None
    service_channels: frozenset[str] = frozenset()
    to_all_only: frozenset[str] = frozenset()
    most_text_bytes: int | None = None
    most_address_bytes: int | None = None
    last_work_year: int | None = None
    categories_in: Callable[[str], Iterable[str]] | None = None
    today: Callable[[], date] | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """One disagreement: at `place` of a file, or on its `line`."""

    file: str
    code: str
    facts: Mapping[str, Any]
    place: Place = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """All files as read, some perhaps without content."""

    sources: Mapping[str, Source]
    known: Known
    zone: tzinfo

    def every(self, kind: type[Made]) -> Iterator[tuple[str, Made]]:
        """Give each file of a kind that could be read, with its content."""
        return ((file, each.made) for file, each in self.sources.items() if isinstance(each.made, kind))

    def one(self, kind: type[Made]) -> Made | None:
        """Give the only content of a kind."""
        return next((made for _, made in self.every(kind)), None)

    def overrides(self) -> Phrases:
        """Give the pack's own phrases."""
        return next((made for file, made in self.every(Phrases) if file == "phrases.toml"), Phrases({}))

    def shipped(self) -> dict[str, Template]:
        """Give the phrases that came with the program."""
        shipped = (made for file, made in self.every(Phrases) if file.startswith(SHIPPED_AS))
        return {key: phrase.words for each in shipped for key, phrase in each.by_key.items()}

    def pictures(self) -> dict[str, PictureFile]:
        """Give the pictures by the names of their files."""
        return {file.removeprefix("pictures/"): made for file, made in self.every(PictureFile)}

    def templates(self) -> list[str]:
        """Give the names of the templates, readable or not."""
        return [PurePosixPath(file).name for file in self.sources if file.startswith("templates/")]


Check = Callable[[Pack], Iterator[Clash]]


def found_between(pack: Pack, *, folder: Path, also: Iterable[Check] = ()) -> list[Finding]:
    """Give a finding for every disagreement, those that others `also` look for included.

    The files it is in are read once more, for the lines.
    """
    lines: dict[str, Positions] = {}
    found = []
    for check in (*CHECKS, *also):
        for clash in check(pack):
            if clash.line is None and clash.file not in lines:
                lines[clash.file] = files.positions_in(folder / clash.file, pack.sources.get(clash.file))
            line = clash.line or line_of(clash.place, lines[clash.file])
            found.append(faults.finding(clash.code, file=clash.file, line=line, **clash.facts))
    return found


def _account_is_there(pack: Pack) -> Iterator[Clash]:
    if "account.toml" not in pack.sources:
        yield Clash("account.toml", "file_missing", {}, line=1)


def _approval_is_of_what_there_is(pack: Pack) -> Iterator[Clash]:
    account = pack.one(Account)
    for index, said in enumerate(account.approval if account else ()):
        if said not in files.KINDS and said != files.ALL_KINDS:
            facts = {"said": said, "allowed": "、".join((files.ALL_KINDS, *files.KINDS))}
            yield Clash("account.toml", "approval_unknown", facts, ("approval", index))


# Topics and organisations


def _topics_exist(pack: Pack) -> Iterator[Clash]:
    account = pack.one(Account)
    if account is None:
        return
    known = [topic.id for topic in account.topics]
    names = {topic.name for topic in account.topics}
    for index, topic in enumerate(known):
        if topic in known[:index]:
            yield Clash("account.toml", "topic_twice", {"said": topic}, ("topic", index, "id"))
    for file, place, topics in _topics_named(pack):
        for index, topic in enumerate(topics):
            if topic not in known and not (place == ("topic",) and topic in names):  # a bank may say it as members do
                facts = {"said": topic, "allowed": "、".join(known) or "（还没有）"}
                above = file.startswith("quizzes/") and not file.endswith(".toml")
                yield Clash(file, "topic_unknown_above" if above else "topic_unknown", facts, (*place, index))


def _topics_named(pack: Pack) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    for file, questions in pack.every(Questions):
        yield file, ("topic",), (questions.bank.topic,)
    for file, made in pack.every(Searchable):
        yield file, ("topics",), made.digest.topics
    for file, place, group in _conditions(pack):
        yield file, (*place, "topics"), group.topics


def _organisations_exist(pack: Pack) -> Iterator[Clash]:
    if "organisations.toml" in pack.sources and pack.one(Organisations) is None:
        return
    made = pack.one(Organisations)
    known = {each.id for each in made.organisations} if made else set()
    for file, place, ids in _organisations_named(pack):
        for index, id_ in enumerate(ids):
            if id_ not in known:
                yield Clash(file, "organisation_unknown", {"said": id_}, (*place, index))


def _organisations_named(pack: Pack) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    for file, made in pack.every(Searchable):
        yield file, ("audience",), made.digest.audience
    for file, questions in pack.every(Questions):
        for index, question in enumerate(questions.bank.outlines):
            yield file, ("question", index, "audience"), question.audience
    for file, exam in pack.every(Exam):
        yield file, ("audience",), exam.audience
    for file, place, group in _conditions(pack):
        yield file, (*place, "organisations"), group.organisations
    for file, survey in pack.every(Survey):
        yield file, ("organisations",), survey.organisations


def _conditions(pack: Pack) -> Iterator[tuple[str, Place, Group]]:
    """Give every group of people that a broadcast speaks of, with its place."""
    for file, broadcast in pack.every(Broadcast):
        for place, group in broadcast.conditions():
            yield file, place, group


def _somebody_can_be_meant(pack: Pack) -> Iterator[Clash]:
    for file, place, group in _conditions(pack):
        for index, slug in enumerate(group.received):
            if f"digests/{slug}.md" not in pack.sources:
                yield Clash(file, "received_unknown", {"said": slug}, (*place, "received", index))
        for index, name in enumerate(group.accounts if pack.known.accounts is not None else ()):
            if name not in (pack.known.accounts or ()):
                facts = {"said": name, "allowed": listed(pack.known.accounts or ())}
                yield Clash(file, "account_unknown", facts, (*place, "accounts", index))


def _organisations_are_trees(pack: Pack) -> Iterator[Clash]:
    made = pack.one(Organisations)
    parents: dict[str, str | None] = {}
    for index, each in enumerate(made.organisations if made else ()):
        if each.id in parents:
            yield Clash("organisations.toml", "organisation_twice", {"said": each.id}, ("organisation", index, "id"))
        parents.setdefault(each.id, each.parent)
    for index, each in enumerate(made.organisations if made else ()):
        place: Place = ("organisation", index, "parent")
        if each.parent is not None and each.parent not in parents:
            yield Clash("organisations.toml", "parent_unknown", {"said": each.parent}, place)
        elif each.id in _above(each.id, parents):
            yield Clash("organisations.toml", "parent_cycle", {"said": each.id}, place)


def _above(id_: str, parents: Mapping[str, str | None]) -> list[str]:
    above: list[str] = []
    parent = parents[id_]
    while parent is not None and parent not in above:
        above.append(parent)
        parent = parents.get(parent)
    return above


# Broadcasts, templates, phrases


def _broadcasts_are_whole(pack: Pack) -> Iterator[Clash]:
    owners: dict[str, str] = {}
    for file, broadcast in pack.every(Broadcast):
        if broadcast.key in owners:
            facts = {"said": broadcast.key, "other": owners[broadcast.key]}
            yield Clash(file, "broadcast_key_twice", facts, ("key",))
        owners.setdefault(broadcast.key, file)
        named = [((*place, "template"), each.template) for place, each in broadcast.sayings()]
        for place, name in (*named, (("group_template",), broadcast.group_template)):
            if name and not matching(name, pack.templates()):
                facts = {"said": name, "allowed": "、".join(pack.templates()) or "（空）"}
                yield Clash(file, "template_unknown", facts, place)
        yield from _channels_exist(file, broadcast, pack.known.channels)
        yield from _groups_exist(file, broadcast, pack.known.groups)


def _groups_exist(file: str, broadcast: Broadcast, known: frozenset[str] | None) -> Iterator[Clash]:
    for index, group in enumerate(broadcast.groups):
        if known is not None and group not in known:
            facts = {"said": group, "allowed": "、".join(sorted(known)) or "（还没有）"}
            yield Clash(file, "group_unknown", facts, ("groups", index))


def _channels_exist(file: str, broadcast: Broadcast, known: frozenset[str] | None) -> Iterator[Clash]:
    for index, channel in enumerate(broadcast.channels):
        if known is not None and channel not in known:
            facts = {"said": channel, "allowed": "、".join(sorted(known))}
            yield Clash(file, "channel_unknown", facts, ("channels", index))


def _workdays_are_known(pack: Pack) -> Iterator[Clash]:
    """Days beyond the announced ones are said to be a guess, once that is near."""
    if pack.known.last_work_year is None or pack.known.today is None:
        return
    own = {made.year for _, made in pack.every(WorkYear)}
    year = pack.known.last_work_year + 1
    while year in own:
        year += 1
    until = date(year - 1, 12, 31)
    if pack.known.today() < until - ENDS_SOON:
        return
    for file, broadcast in pack.every(Broadcast):
        if broadcast.workdays:
            yield Clash(file, "workdays_end", {"until": until, "year": year}, ("workdays",))


def _notices_fit(pack: Pack) -> Iterator[Clash]:
    for file, broadcast in pack.every(Broadcast):
        for place, source in broadcast.gaps():
            if place[0] in ADDRESSES:
                continue
            key = str(place[-1])
            trouble = _notice_trouble(pack, broadcast, key, source)
            if not NOTICE_FIELD.fullmatch(key):
                yield Clash(file, "notice_field", {"said": key}, place)
            elif trouble:
                yield Clash(file, "notice_value", {"said": key, "trouble": trouble}, place)


def _notice_trouble(pack: Pack, broadcast: Broadcast, key: str, source: str) -> str:
    """What the platform has against a field, its gaps filled from a sample."""
    value = None if pack.known.notice_fault is None else _filled(pack, broadcast, source)
    return "" if value is None or pack.known.notice_fault is None else pack.known.notice_fault(key, value)


def _filled(pack: Pack, broadcast: Broadcast, source: str) -> str | None:
    """Words with their gaps filled as `Library` would, from a sample; None where that can't be done."""
    account = pack.one(Account)
    if account is None:
        return None
    try:
        return words.template(source).fill(_sample(pack.zone) | {"account": account, "broadcast": broadcast}).strip()
    except Exception:  # noqa: BLE001 - told already: `_gaps_can_be_filled` says why
        return None


def _addresses_fit(pack: Pack) -> Iterator[Clash]:
    for file, broadcast in pack.every(Broadcast):
        for key in ADDRESSES:
            source = getattr(broadcast, key)
            said = _filled(pack, broadcast, source) if source else None
            size, most = len((said or "").encode()), pack.known.most_address_bytes
            if said is not None and not is_web_address(said):
                yield Clash(file, "address_filled", {"key": key, "said": said}, (key,))
            elif most is not None and size > most:
                yield Clash(file, "address_long", {"key": key, "size": size, "most": most}, (key,))


def _words_fit(pack: Pack) -> Iterator[Clash]:
    """Words too long for one message in a template that a broadcast uses, three digests of the shortest in it."""
    most, templates = pack.known.most_text_bytes, dict(pack.every(Template))
    for file, broadcast in pack.every(Broadcast) if most is not None else ():
        for place, each in broadcast.sayings() if broadcast.channels else ():
            template = templates.get(f"templates/{matching(each.template, pack.templates())}")
            said = _filled(pack, broadcast, template.source) if template else None
            if said is not None and len(said.encode()) > (most or 0):
                facts = {"size": len(said.encode()), "most": most}
                yield Clash(file, "words_long", facts, (*place, "template"))


def _group_words_fit(pack: Pack) -> Iterator[Clash]:
    """The same for each group that hears it: what it is told is cut there."""
    fault, templates = pack.known.group_fault, dict(pack.every(Template))
    for file, broadcast in pack.every(Broadcast) if fault else ():
        name = "group_template" if broadcast.group_template else "template"
        template = templates.get(f"templates/{matching(getattr(broadcast, name), pack.templates())}")
        said = _filled(pack, broadcast, template.source) if template and broadcast.groups else None
        link = _filled(pack, broadcast, broadcast.link) if broadcast.link else ""
        for group in broadcast.groups if said is not None else ():
            found = fault(group, f"{said}\n{link}" if link else said or "") if fault else None
            if found:
                facts = {"said": group, "size": found[0], "most": found[1]}
                yield Clash(file, "group_words_long", facts, (name,))


def _covers_are_there(pack: Pack) -> Iterator[Clash]:
    there_are = pack.pictures()
    for file, broadcast in pack.every(Broadcast):
        if broadcast.cover_file and broadcast.cover_file not in there_are:
            facts = {"said": broadcast.cover_file, "allowed": listed(there_are)}
            yield Clash(file, "cover_unknown", facts, ("mass_cover",))


def _digests_show_pictures(pack: Pack) -> Iterator[Clash]:
    there_are = pack.pictures()
    for file, made in pack.every(Searchable):
        for each in made.pictures:
            found = there_are.get(each.file)
            if each.file and found is None:
                facts = {"said": each.file, "allowed": listed(there_are)}
                yield Clash(file, "picture_unknown", facts, line=each.line)
            elif found and found.kind not in IN_DIGESTS:
                yield Clash(file, "body_image_kind", {"said": each.file}, line=each.line)


def _digests_are_there(pack: Pack) -> Iterator[Clash]:
    made = {each.digest.slug: each.digest for _, each in pack.every(Searchable)}
    parents = {each.id: each.parent for each in (pack.one(Organisations) or Organisations()).organisations}
    for file, broadcast in pack.every(Broadcast):
        for index, slug in enumerate(broadcast.digests):
            place: Place = ("digests", index)
            if f"digests/{slug}.md" not in pack.sources:
                yield Clash(file, "digest_unknown", {"said": slug}, place)
            elif broadcast.corrects:
                continue  # for whom it is, only the run knows: what isn't for all of them is left out then
            elif slug in made and not _is_for(made[slug].audience, broadcast.audience.organisations, parents):
                yield Clash(file, "digest_not_for_all", {"said": slug, "allowed": listed(made[slug].audience)}, place)


def _is_for(allowed: tuple[str, ...], meant: tuple[str, ...], parents: Mapping[str, str | None]) -> bool:
    """Whether all organisations that are meant are among the allowed ones or below them."""
    return not allowed or (
        bool(meant) and all({each, *(_above(each, parents) if each in parents else ())} & {*allowed} for each in meant)
    )


def _services_follow_from_deeds(pack: Pack) -> Iterator[Clash]:
    """A service notice says what the member did, and goes to nobody who did nothing."""
    for file, broadcast in pack.every(Broadcast):
        for index, channel in enumerate(broadcast.channels):
            facts = {"said": channel, "source": SERVICE_RULE}
            if channel not in pack.known.service_channels:
                continue
            if not broadcast.service.strip():
                yield Clash(file, "service_unsaid", facts, ("channels", index))
            if not broadcast.audience.follows_from_deeds:
                yield Clash(file, "service_for_all", facts, ("audience",))
            if not broadcast.service_template_id:
                yield Clash(file, "service_template", facts, ("channels", index))


def _services_bring_no_news(pack: Pack) -> Iterator[Clash]:
    """The platform's template messages are for notices that follow from a member's own act."""
    templates = dict(pack.every(Template))
    for file, broadcast in pack.every(Broadcast):
        named = [
            templates.get(f"templates/{matching(each.template, pack.templates())}") for _, each in broadcast.sayings()
        ]
        in_fields = (words.template(source) for _, source in _readable(broadcast))
        speaks = any("digests" in each.values for each in (*filter(None, named), *in_fields))
        for index, channel in enumerate(broadcast.channels):
            if channel in pack.known.service_channels and (speaks or broadcast.digests):
                yield Clash(file, "service_news", {"said": channel, "source": SERVICE_RULE}, ("channels", index))


def _readable(broadcast: Broadcast) -> Iterator[tuple[Place, str]]:
    for place, source in broadcast.gaps():
        with suppress(Unreadable):  # told already, when the file was read
            words.template(source)
            yield place, source


def matching(name: str, templates: list[str]) -> str | None:
    """Give the template called `name`, with or without its extension."""
    return next((each for each in templates if name in {each, PurePosixPath(each).stem}), None)


def _templates_have_one_name(pack: Pack) -> Iterator[Clash]:
    stems: set[str] = set()
    for name in sorted(pack.templates()):
        stem = PurePosixPath(name).stem
        if stem in stems:
            yield Clash(f"templates/{name}", "template_twice", {"said": stem}, line=1)
        stems.add(stem)


def _gaps_can_be_filled(pack: Pack) -> Iterator[Clash]:
    account = pack.one(Account)
    sample = _sample(pack.zone) | {"account": account}
    for file, template in pack.every(Template):
        yield from _gaps(file, template, None, sample if account else None)
    for file, broadcast in pack.every(Broadcast):
        for place, source in _readable(broadcast):
            yield from _gaps(file, words.template(source), place, sample if account else None)


def _gaps(file: str, template: Template, place: Place | None, sample: Mapping[str, Any] | None) -> Iterator[Clash]:
    unknown = sorted(template.values - TEMPLATE_VALUES)
    for name in unknown:
        line = None if place else template.line_of(name)
        facts = {"said": name, "allowed": listed(TEMPLATE_VALUES), "guess": faults.perhaps(name, TEMPLATE_VALUES)}
        yield Clash(file, "words_value", facts, place or (), line)
    if unknown or sample is None:
        return
    try:
        words.try_out(template, sample)
    except Unreadable as error:
        yield Clash(file, error.code, error.facts, place or (), None if place else error.line)


def _sample(zone: tzinfo) -> dict[str, Any]:
    now = datetime(2026, 7, 1, 8, tzinfo=zone)
    digest = Digest(
        slug="sample",
        title="样例",
        kind=DigestKind.NEWS,
        topics=("sample",),
        source_name="样例",
        source_url="https://example.org/",
        publish_at=now,
        summary="样例",
        blocks=(Block(voice=Voice.REPORT, plain="样例", html="<p>样例</p>"),),
    )
    return {"now": now, "digests": [digest] * 3, "broadcast": {"key": "sample", "title": "样例"}}


def _overrides_fit(pack: Pack) -> Iterator[Clash]:
    shipped, written = pack.shipped(), pack.overrides().by_key
    for key, phrase in written.items():
        for code, facts in _against(shipped[key], phrase.words) if key in shipped else ():
            yield Clash("phrases.toml", code, facts, phrase.place)
    unknown = [key for key in written if key not in shipped]
    for key in unknown[: faults.MOST_OF_ONE]:
        facts = {"said": key, "guess": faults.guess(key, shipped)}
        yield Clash("phrases.toml", "phrase_unknown", facts, written[key].place)
    if left := unknown[faults.MOST_OF_ONE :]:
        yield Clash("phrases.toml", "many_more", {"count": len(left)}, written[left[0]].place)


def _against(shipped: Template, own: Template) -> Iterator[tuple[str, dict[str, str]]]:
    """What an override asks for that it isn't given, and what it leaves out."""
    if shipped.source.strip() and not own.source.strip():
        yield "phrase_empty", {}
    for name in sorted(own.values - shipped.values):
        known = shipped.values
        yield "words_value", {"said": name, "allowed": listed(known), "guess": faults.perhaps(name, known)}
    for name in sorted(own.parts - shipped.parts):
        yield "phrase_part", {"said": name, "allowed": listed(shipped.parts)}
    for name in sorted(shipped.values - own.values):
        yield "phrase_leaves_out", {"said": name}


def listed(names: Iterable[str]) -> str:
    """Give names as an admin reads them."""
    return "、".join(sorted(names)) or "（没有）"


# Menu


def _menu_is_allowed(pack: Pack) -> Iterator[Clash]:
    menu = pack.one(Menu)
    for place, code, facts in menus.troubles(menu) if menu else ():
        yield Clash("menu.toml", code, facts, place)


def _menu_keys_are_answered(pack: Pack) -> Iterator[Clash]:
    menu, known = pack.one(Menu), pack.known.menu_keys
    if menu is None or known is None:
        return
    for place, button in menus.leaves(menu):
        if button.key and button.key not in known:
            facts = {"said": button.key, "allowed": "、".join(sorted(known))}
            yield Clash("menu.toml", "menu_key_unknown", facts, (*place, "key"))


CHECKS: tuple[Check, ...] = (
    _account_is_there,
    _approval_is_of_what_there_is,
    _topics_exist,
    _organisations_exist,
    _organisations_are_trees,
    _somebody_can_be_meant,
    _broadcasts_are_whole,
    _workdays_are_known,
    _notices_fit,
    _addresses_fit,
    _words_fit,
    _group_words_fit,
    _digests_show_pictures,
    _covers_are_there,
    _digests_are_there,
    _services_bring_no_news,
    _services_follow_from_deeds,
    _templates_have_one_name,
    _gaps_can_be_filled,
    _overrides_fit,
    _menu_is_allowed,
    _menu_keys_are_answered,
)
