"""The pack as the program uses it: whole, checked, and never changed once made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from content import (
    agreement,
    audiences,
    faults,
    files,
    opinion_checks,
    question_checks,
    quotation_checks,
    role_checks,
    words,
)
from content.agreement import Known, Pack
from content.broadcasts import Broadcast, Variant
from content.compiled import Compiled
from content.exams import Exam, Part
from content.faults import BadContent, Finding, Level
from content.fields import is_web_address
from content.files import SHIPPED_PHRASES, Questions, Searchable, Source, folded
from content.large_banks import AnyBank, Held, whole
from content.menus import Menu
from content.models import Account, Digest, DigestKind, Drawn, Question
from content.opinions import Matter, Matters, ReadyReply, Watched
from content.organisations import Organisation, Organisations, belonging
from content.pictures import PictureFile
from content.privacy import Notice, shipped
from content.regulations import Regulations, asked, narrowed
from content.roles import Casting, Role, Roles, together
from content.surveys import Survey
from content.talks import Host, Hosts
from content.words import Template
from content.workdays import WorkYear

# what is looked for between the files, beside agreement
CHECKERS = (question_checks, opinion_checks, quotation_checks, audiences, role_checks)
ALSO = tuple(check for each in CHECKERS for check in each.CHECKS)
DRAWS_KEPT = 96  # topics' and parts' questions of a day are worked out once; the days before are forgotten

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A good pack. `digests` are newest first; `questions` has every question by its id, `templates` by file name.

    A case that is asked as its parts is none of the questions: `cases` has it. `circles` are the organisations that
    some questions are only for.
    """

    zone: tzinfo
    account: Account
    menu: Menu
    organisations: Mapping[str, Organisation]
    roles: Mapping[str, Role]
    notice: Notice
    banks: Mapping[str, AnyBank]
    questions: Mapping[str, Question]
    cases: Mapping[str, Question]
    circles: frozenset[str]
    pictures: Mapping[str, PictureFile]
    digests: Mapping[str, Digest]
    broadcasts: Mapping[str, Broadcast]
    exams: Mapping[str, Exam]
    replies: Mapping[str, ReadyReply]
    matters: Mapping[str, Matter]
    watched: tuple[str, ...]
    hosts: Mapping[str, Host]
    surveys: Mapping[str, Survey]
    templates: Mapping[str, Template]
    phrases: Mapping[str, Template]
    work_years: Mapping[int, WorkYear]
    sources: Mapping[str, Source] = field(repr=False)
    _between: tuple[Finding, ...] = field(repr=False)
    _outlines: Mapping[str, Drawn] = field(repr=False)
    _aliases: Mapping[str, str] = field(repr=False)
    _in_bank: Mapping[str, str] = field(repr=False)
    _folded: Mapping[str, str] = field(repr=False)
    _drawable: dict[tuple[date, str | Part | None, frozenset[str]], tuple[Drawn, ...]] = field(
        default_factory=dict, repr=False
    )

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What could be better."""
        return tuple(sorted({*self._between, *_advice(self.sources)}))

    # Words

    def say(self, key: str, /, **values: Any) -> str:
        """Give the phrase of a key ("quiz.right") with its gaps filled; raises KeyError for an unknown key.

        Phrases are given the `account`, as templates are.
        """
        return self.phrases[key].fill({"account": self.account, **values}).strip()

    def template(self, name: str) -> Template:
        """Give the template called `name`, with or without its extension; raises KeyError."""
        return self.templates[agreement.matching(name, list(self.templates)) or name]

    def templates_of(self, broadcast: Broadcast) -> list[Template]:
        """Give every template that a broadcast or a variant of it names, and the one for groups."""
        named = (*(each.template for _, each in broadcast.sayings()), broadcast.group_template)
        return [self.template(name) for name in named if name]

    def words_of(
        self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime, variant: Variant | None = None
    ) -> str:
        """Give a broadcast's words: its template may speak of `now`, `digests`, `account` and `broadcast`.

        They are "" where it has none of its own, its variants having words for everybody.
        """
        name = (variant and variant.template) or broadcast.template
        return self._said_by(name, self._values(broadcast, digests, now))

    def group_words_of(self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime) -> str:
        """Give what a broadcast says to groups, by the template that is for them where there is one."""
        return self._said_by(broadcast.group_template or broadcast.template, self._values(broadcast, digests, now))

    def _said_by(self, name: str, values: Mapping[str, Any]) -> str:
        return self.template(name).fill(values).strip() if name else ""

    def link_of(self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime) -> tuple[str, str]:
        """Give a broadcast's link and picture, each "" where what was filled in makes no address."""
        values = self._values(broadcast, digests, now)
        filled = (words.template(source).fill(values).strip() for source in (broadcast.link, broadcast.picture))
        link, picture = (each if is_web_address(each) else "" for each in filled)
        return link, picture

    def picture(self, digest: str) -> bytes | None:
        """Give what is in the picture of that digest; None where there is none any more."""
        return next((each.data for each in self.pictures.values() if each.digest == digest), None)

    def tags_asked(self) -> frozenset[str]:
        """Give the platform's tags by which broadcasts choose people."""
        groups = (group for broadcast in self.broadcasts.values() for _, group in broadcast.conditions())
        return frozenset(tag for group in groups for tag in group.tags)

    def digests_asked(self) -> frozenset[str]:
        """Give the digests by which broadcasts choose people: who has received them, or hasn't."""
        groups = (group for broadcast in self.broadcasts.values() for _, group in broadcast.conditions())
        return frozenset(slug for group in groups for slug in group.received)

    def notice_of(
        self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime, variant: Variant | None = None
    ) -> dict[str, str]:
        """Give the fields of a broadcast's subscription notice, filled like its words."""
        fields = {**broadcast.fields, **(variant.fields if variant else {})}
        return self._filled(fields, self._values(broadcast, digests, now))

    def mini_notice_of(
        self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime, variant: Variant | None = None
    ) -> dict[str, str]:
        """Give the fields of its notice from the mini-program."""
        usual, own = broadcast.mini_fields or broadcast.fields, variant.mini_fields if variant else {}
        if variant and not own and not broadcast.mini_fields:
            own = variant.fields
        return self._filled({**usual, **own}, self._values(broadcast, digests, now))

    def service_notice_of(self, broadcast: Broadcast, *, digests: Iterable[Digest], now: datetime) -> dict[str, str]:
        """Give the fields of its template message."""
        return self._filled(broadcast.service_fields or broadcast.fields, self._values(broadcast, digests, now))

    def _filled(self, fields: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
        return {key: words.template(source).fill(values).strip() for key, source in fields.items()}

    def _values(self, broadcast: Broadcast, digests: Iterable[Digest], now: datetime) -> dict[str, Any]:
        local = now.astimezone(broadcast.zone or self.zone)
        return {"now": local, "digests": list(digests), "account": self.account, "broadcast": broadcast}

    # Questions

    def question(self, id_: str) -> Question | None:
        """Give the question with this id, or the one that took its place."""
        return self.questions.get(id_) or self.questions.get(self._aliases.get(id_, ""))

    def outline(self, id_: str) -> Drawn | None:
        """Give what is known without its words of the question with this id, or of the one that took its place."""
        return self._outlines.get(id_) or self._outlines.get(self._aliases.get(id_, ""))

    def case_of(self, question: Drawn) -> Question | None:
        """Give what is to be read before a question that is part of a case."""
        return self.cases.get(question.case)

    def topic_of(self, question: Drawn) -> str:
        """Give the topic of the bank that a question is in."""
        bank = self.banks.get(self._in_bank.get(question.id, ""))
        return self._topic_of(bank) if bank else ""

    def circle(self, organisation: str) -> frozenset[str]:
        """Give those of `circles` that who is bound to an organisation belongs to."""
        return self.above(organisation) & self.circles

    def is_for(self, question: Drawn, circle: frozenset[str]) -> bool:
        """Whether a question, and the case that it is part of, may be asked of a circle's members."""
        case = self.cases.get(question.case)
        return question.is_for(circle) and (case is None or case.is_for(circle))

    def questions_on(
        self, day: date, *, topic: str | None = None, circle: frozenset[str] = frozenset()
    ) -> tuple[Drawn, ...]:
        """Give the questions in effect on a day, all or those of the banks of a topic, in the order of the pack.

        What is only for some is among them where they are the `circle`.
        """
        banks = (bank for bank in self.banks.values() if topic in {None, self._topic_of(bank)})
        return self._in_effect(day, topic, circle, (each for bank in banks for each in bank.outlines))

    def drawn_from(self, exam: Exam, part: Part, *, day: date) -> tuple[Drawn, ...]:
        """Give the questions that a part of an exam may draw from on a day: those for all whom the exam is for."""
        circle = exam.circle(self.organisations) & self.circles
        return self._in_effect(day, part, circle, part.of(self.banks.values(), called=self._called()))

    def _in_effect(
        self, day: date, of: str | Part | None, circle: frozenset[str], questions: Iterable[Drawn]
    ) -> tuple[Drawn, ...]:
        """Those in effect on a day for a circle, worked out once for a topic, a part or all."""
        known = self._drawable.get((day, of, circle))
        if known is None:
            if len(self._drawable) >= DRAWS_KEPT:
                self._drawable.clear()
            known = self._drawable[day, of, circle] = tuple(
                each for each in questions if each.in_effect(day) and self.is_for(each, circle)
            )
        return known

    def _topic_of(self, bank: AnyBank) -> str:
        return self._called().get(bank.topic, bank.topic)

    def _called(self) -> dict[str, str]:
        """The topics' ids by their names, by which a bank that was dropped in may say its topic."""
        return {topic.name: topic.id for topic in self.account.topics}

    # Digests

    def newest(
        self, *, now: datetime, kind: DigestKind | None = None, topics: Iterable[str] = (), most: int | None = None
    ) -> list[Digest]:
        """Give the digests that are out at `now`, newest first: of a kind, on any of `topics`, at `most` so many."""
        wanted = frozenset(topics)
        found = [
            digest
            for digest in self.digests.values()
            if digest.is_out(now) and kind in {None, digest.kind} and (not wanted or wanted & set(digest.topics))
        ]
        return found[:most]

    def digests_on(
        self, day: date, *, now: datetime, kind: DigestKind | None = None, topics: Iterable[str] = ()
    ) -> list[Digest]:
        """Give the digests of `newest` that came out on `day` in the pack's zone."""
        found = self.newest(now=now, kind=kind, topics=topics)
        return [digest for digest in found if digest.publish_at.astimezone(self.zone).date() == day]

    def search(self, said: str, *, now: datetime, kind: DigestKind | None = None) -> list[Digest]:
        """Give the digests out at `now` whose title, summary or body has every word of `said`, newest first."""
        wanted = folded(said).split()
        found = self.newest(now=now, kind=kind) if wanted else []
        return [digest for digest in found if all(word in self._folded[digest.slug] for word in wanted)]

    # Organisations

    def organisation_name(self, id_: str) -> str:
        """Give the name of an organisation; one that has left the pack is called by its id."""
        known = self.organisations.get(id_)
        return known.name if known else id_

    def above(self, organisation: str) -> frozenset[str]:
        """Give the ids of an organisation and of all above it; nothing for one that isn't known."""
        return belonging(organisation, self.organisations)

    def organisations_within(self, id_: str) -> frozenset[str]:
        """Give the ids of an organisation and of all below it."""
        within = {id_}
        while more := {each.id for each in self.organisations.values() if each.parent in within} - within:
            within |= more
        return frozenset(within)

    @property
    def casting(self) -> Casting:
        """Give who may do what in the console."""
        names = {each.id: each.name for each in self.organisations.values()}
        return Casting(self.roles, self.organisations_within, names)


def load(
    folder: Path,
    *,
    zone: tzinfo,
    previous: Library | None = None,
    known: Known | None = None,
    shipped: Path = SHIPPED_PHRASES,
    compiled: Compiled | None = None,
) -> Library:
    """Read a pack whole; raises `BadContent` with every fault at once.

    Naive times are in `zone`. A file that hasn't changed since `previous`, of that zone, is not read again. `known` are
    the program's own names; `shipped` has the phrases that the pack may override. Large banks are `compiled`, where
    there is a place for that.
    """
    pack, found = _read(folder, zone=zone, previous=previous, known=known, shipped=shipped, compiled=compiled)
    if faults_found := faults.of_level(Level.FAULT, (*found, *_found_within(pack.sources))):
        raise BadContent(faults_found)
    return _library(pack, between=tuple(found))


def examine(
    folder: Path,
    *,
    zone: tzinfo,
    previous: Library | None = None,
    known: Known | None = None,
    shipped: Path = SHIPPED_PHRASES,
    compiled: Compiled | None = None,
) -> tuple[Pack, list[Finding]]:
    """Read a pack as `load` does and give what could be read, with every fault and every advice."""
    pack, found = _read(folder, zone=zone, previous=previous, known=known, shipped=shipped, compiled=compiled)
    return pack, sorted({*found, *_advice(pack.sources)})


def _read(
    folder: Path,
    *,
    zone: tzinfo,
    previous: Library | None,
    known: Known | None,
    shipped: Path,
    compiled: Compiled | None,
) -> tuple[Pack, list[Finding]]:
    """A pack as far as it could be read, and what was found between its files."""
    old = previous.sources if previous and previous.zone == zone else {}
    large = compiled.sources if compiled else _none
    pack = Pack(files.sources(folder, zone=zone, shipped=shipped, known=old, large=large), known or Known(), zone)
    if not folder.is_dir():
        return pack, [faults.finding("no_folder", file=folder.name, line=1)]
    return pack, agreement.found_between(pack, folder=folder, also=ALSO)


def _none(_large: object) -> Mapping[str, Source]:
    return {}


def _found_within(sources: Mapping[str, Source]) -> Iterator[Finding]:
    return (each for source in sources.values() for each in source.found)


def _advice(sources: Mapping[str, Source]) -> Iterator[Finding]:
    """What was found within files, the advice on large banks included."""
    yield from _found_within(sources)
    yield from (each for source in sources.values() for each in source.advice())


def _library(pack: Pack, *, between: tuple[Finding, ...]) -> Library:
    account = pack.one(Account)
    if account is None:
        raise BadContent([faults.finding("file_missing", file="account.toml", line=1)])
    organisations = pack.one(Organisations) or Organisations()
    ids = {topic.name: topic.id for topic in account.topics}
    law = (pack.one(Regulations) or Regulations()).by_id
    read = [
        narrowed(_by_id(made.bank, ids), law) for _, made in sorted(pack.every(Questions), key=lambda pair: pair[0])
    ]
    cases = {each.id: whole(bank, each) for bank in read for each in bank.outlines if each.has_parts}
    banks = {bank.name: asked(bank, cases) for bank in read}
    outlines: dict[str, Drawn] = {each.id: each for bank in banks.values() for each in bank.outlines}
    in_bank = {each.id: bank.name for bank in banks.values() for each in bank.outlines}
    found = sorted((made for _, made in pack.every(Searchable)), key=_newest_first, reverse=True)
    own = {key: phrase.words for key, phrase in pack.overrides().by_key.items()}
    return Library(
        zone=pack.zone,
        account=account,
        menu=pack.one(Menu) or Menu(),
        organisations=_by((each.id, each) for each in organisations.organisations),
        roles=together(pack.one(Roles)),
        notice=pack.one(Notice) or shipped(),
        banks=MappingProxyType(banks),
        questions=_questions(outlines, banks, in_bank),
        cases=MappingProxyType(cases),
        circles=frozenset(id_ for each in (*outlines.values(), *cases.values()) for id_ in each.audience),
        pictures=pack.pictures(),
        digests=_by((each.digest.slug, each.digest) for each in found),
        broadcasts=_by((each.key, each) for _, each in sorted(pack.every(Broadcast), key=lambda pair: pair[0])),
        exams=_by((each.key, each) for _, each in sorted(pack.every(Exam), key=lambda pair: pair[0])),
        replies=_by((each.key, each) for _, each in sorted(pack.every(ReadyReply), key=lambda pair: pair[0])),
        matters=_by((each.category, each) for each in (pack.one(Matters) or Matters()).matters),
        watched=(pack.one(Watched) or Watched()).words,
        hosts=_by((each.id, each) for each in (pack.one(Hosts) or Hosts()).hosts),
        surveys=_by((each.key, each) for _, each in sorted(pack.every(Survey), key=lambda pair: pair[0])),
        templates=_by((file.removeprefix("templates/"), made) for file, made in pack.every(Template)),
        phrases=_by((pack.shipped() | own).items()),
        work_years=_by((each.year, each) for _, each in pack.every(WorkYear)),
        sources=pack.sources,
        _between=between,
        _outlines=MappingProxyType(outlines),
        _aliases=_by((old, each.id) for each in outlines.values() for old in each.alias),
        _in_bank=MappingProxyType(in_bank),
        _folded=_by((each.digest.slug, each.folded) for each in found),
    )


def _questions(
    outlines: Mapping[str, Drawn], banks: Mapping[str, AnyBank], in_bank: Mapping[str, str]
) -> Mapping[str, Question]:
    """Every question by its id: held as they are, where no bank is a large one."""
    held = {id_: each for id_, each in outlines.items() if isinstance(each, Question)}
    return MappingProxyType(held) if len(held) == len(outlines) else Held(outlines, banks, in_bank)


def _by_id(bank: AnyBank, ids: Mapping[str, str]) -> AnyBank:
    """A bank whose topic may have been named as members see it."""
    return bank.called(ids[bank.topic]) if bank.topic in ids else bank


def _newest_first(found: Searchable) -> tuple[datetime, str]:
    return found.digest.publish_at, found.digest.slug


def _by(pairs: Iterable[tuple[Key, Value]]) -> Mapping[Key, Value]:
    return MappingProxyType(dict(pairs))
