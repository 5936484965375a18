"""What admins may write of a push: when, to whom, by which ways, in which words. Checked as `content.models` says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, fields
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

from content.crontab import named_weekdays
from content.fields import STRICT, Lines, Moment, Name, Names, Words, Zone, some, wrong

MASS = "mass"  # the channel that reaches many by one call
SPAN = re.compile(r"(\d+)\s*(m|h|d)")
SPAN_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: Any) -> Any:
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None and not isinstance(value, timedelta):
        raise wrong("span", said=value)
    return timedelta(**{SPAN_UNITS[found[2]]: int(found[1])}) if found else value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise wrong("span", said=str(value))
    return value


def _within_an_hour(value: timedelta) -> timedelta:
    if value > timedelta(hours=1):
        raise wrong("jitter")
    return value


Span = Annotated[timedelta, BeforeValidator(_span), AfterValidator(_positive)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many `times` within a span; written "1/7d"."""

    times: int
    within: timedelta


def _cap(value: Any) -> Any:
    if value is None or isinstance(value, Cap):
        return value
    times, _, within = value.partition("/") if isinstance(value, str) else ("", "", "")
    found = SPAN.fullmatch(within.strip())
    if found is None or not times.strip().isdecimal() or not int(times) or not int(found[1]):
        raise wrong("at_most", said=value)
    return Cap(times=int(times), within=_span(within))


Jitter = Annotated[timedelta, BeforeValidator(_span), AfterValidator(_within_an_hour)]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Group:
    """Some people: all that is said of them holds together; of each list one is enough.

    They subscribe to one of `topics`, are in one of `organisations` or below, have one of `roles` on the roster, are
    known on one of `accounts`, bear one of the platform's `tags` there; one of the digests in `received` was pushed to
    them; they `answered` a question within so long. Of `all` each holds, of `any` at least one, of `none` none.
    """

    topics: Names = ()
    organisations: Names = ()
    roles: Lines = ()
    accounts: Names = ()
    tags: Lines = ()
    received: Names = ()
    answered: Span | None = None
    all: tuple["Group", ...] = ()
    any: tuple["Group", ...] = ()
    none: tuple["Group", ...] = ()

    @property
    def names_somebody(self) -> bool:
        """Whether it says who is meant, and not only who is not."""
        return bool(self.topics or self.organisations or self.roles or self.accounts or self.tags) or bool(
            self.received or self.answered or self.all or self.any
        )

    @property
    def follows_from_deeds(self) -> bool:
        """Whether everybody meant has done something themselves; to have subscribed is none of these."""
        some = [each.follows_from_deeds for each in self.any]
        return bool(self.answered) or any(each.follows_from_deeds for each in self.all) or (bool(some) and all(some))

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if not self.names_somebody and not self.none:
            raise wrong("audience_empty")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Audience(Group):
    """Who hears it: `everyone`, perhaps but for some, or a group."""

    everyone: bool = False

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.everyone == self.names_somebody:
            raise wrong("audience")
        return self


Place = tuple[str | int, ...]


def groups_of(group: Group, around: Place) -> Iterator[tuple[Place, Group]]:
    """Give a group and all within it, each with its place in the file; `around` is the place of the first."""
    yield around, group
    for name in ("all", "any", "none"):
        for index, each in enumerate(getattr(group, name)):
            yield from groups_of(each, (*around, name, index))


UNNAMED = Audience(everyone=True)  # by its identity: the file names none
_RUN = re.compile(r"[^:\s]+:[^:\s]+")


def _run_key(value: str) -> str:
    if not _RUN.fullmatch(value):
        raise wrong("corrects_key", said=value)
    return value


def _by_topics(value: Any) -> Any:
    """A bare list, or a single name, is the topics whose subscribers are meant."""
    return {"topics": value} if isinstance(value, str | list | tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Variant:
    """Other words for some: for who is in `audience`, by one of `channels`. What it leaves out is the broadcast's."""

    audience: Annotated[Group | None, BeforeValidator(_by_topics)] = None
    channels: Names = ()
    template: str = ""
    fields: Mapping[str, Words] = field(default_factory=dict)
    mini_fields: Mapping[str, Words] = field(default_factory=dict)

    @model_validator(mode="after")
    def _for_some_and_of_something(self) -> Self:
        if self.audience is None and not self.channels:
            raise wrong("variant_for_all")
        if not (self.template or self.fields or self.mini_fields):
            raise wrong("variant_empty")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Broadcast:
    """What is pushed, when, to whom and how.

    `schedule` is crontab's five fields, perhaps on `workdays` only, or `at` one moment, in the `zone` that it names,
    else in the pack's; a run goes out up to `jitter` later than that, each by its own lot. `channels` are tried in
    their order.
    `template` names the file in templates/ that makes the words; `fields` are the keys of a subscription notice, each
    with Jinja2 words, sent with the platform's `notice_template_id`. A mini-program's notice has a template of its own,
    `mini_template_id`, leads to its `mini_page`, and takes `mini_fields` where those differ. A delivery not begun
    `expires_after` the run's time is dropped ("30m", "12h", "2d"). `groups` are the configuration's names of groups
    outside WeChat that hear it too, by their own `group_template` where there is one; `channels` may be empty then.

    A mass send says the words, or, with a `mass_cover` (a file of pictures/, or the media id of a picture among the
    account's material), its digests as articles; one that is found to repeat others' work goes out only with
    `mass_reprint`.

    A template message follows from something that the member did, which `service` says ("交了意见"); it has a
    `service_template_id` of its own, and takes `service_fields` where those differ.

    `digests` are what it speaks of, by their slugs, instead of what is new. `link` is opened by a tap on it, or stands
    below the words; with a `picture` the customer-service message is a card. With `mini_appid` the official account's
    notice opens `mini_page` too. The first variant that fits has the word, where there is one.

    With `four_eyes` a run waits until two admins have agreed to it. Of runs that wait the one of the higher `priority`
    begins first. Who has had `at_most` so many has the next one kept for their visit.

    One that `corrects` a run (by its key) is for those who heard that one, in whatever way, and for its groups: it
    names no audience, no groups and no schedule. With `at` it goes out by itself, else by hand, and either way once.
    """

    key: Name
    title: Words
    schedule: Annotated[Words, AfterValidator(named_weekdays)] | None = None
    zone: Zone | None = None  # before `at`, whose moment it tells
    at: Moment | None = None
    workdays: bool = False
    jitter: Jitter = timedelta()
    audience: Annotated[Audience, BeforeValidator(_by_topics)] = UNNAMED
    corrects: Annotated[str, AfterValidator(_run_key)] | None = None
    groups: Names = ()
    channels: Names
    template: str = ""
    digests: Names = ()
    link: str = ""
    picture: str = ""
    variants: Annotated[tuple[Variant, ...], Field(alias="variant")] = ()
    fields: Mapping[str, Words] = field(default_factory=dict)
    notice_template_id: str = ""
    mini_template_id: str = ""
    mini_fields: Mapping[str, Words] = field(default_factory=dict)
    mini_page: str = ""
    mini_appid: str = ""
    mass_cover: str = ""
    mass_reprint: bool = False
    service: str = ""
    service_template_id: str = ""
    service_fields: Mapping[str, Words] = field(default_factory=dict)
    group_template: str = ""
    expires_after: Span = timedelta(hours=12)
    four_eyes: bool = False
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    at_most: Annotated[Cap | None, BeforeValidator(_cap)] = None

    @property
    def is_only_by_hand(self) -> bool:
        """Whether it names no time."""
        return self.schedule is None and self.at is None

    @property
    def cover_file(self) -> str:
        """The cover's file in pictures/; "" where it is the platform's own id, which has no dot."""
        return self.mass_cover if "." in self.mass_cover else ""

    @property
    def can_be_said_to_all(self) -> bool:
        """Whether it means everybody, or those with one tag, and says the same to all whom a mass send reaches."""
        varied = any(each.audience for each in self.variants if not each.channels or MASS in each.channels)
        asked = {each.name for each in fields(Group) if getattr(self.audience, each.name)} - {"accounts"}
        whom = not asked or (asked == {"tags"} and len(self.audience.tags) == 1)
        return whom and not varied and not self.corrects

    def conditions(self) -> Iterator[tuple[Place, Group]]:
        """Give every group of people it speaks of, with its place in the file."""
        yield from groups_of(self.audience, ("audience",))
        for index, variant in enumerate(self.variants):
            if variant.audience is not None:
                yield from groups_of(variant.audience, ("variant", index, "audience"))

    def sayings(self) -> "Iterator[tuple[Place, Broadcast | Variant]]":
        """Give all that says something, with its place: the broadcast itself first, then its variants."""
        yield (), self
        yield from ((("variant", index), variant) for index, variant in enumerate(self.variants))

    def gaps(self) -> Iterator[tuple[Place, str]]:
        """Give all of its words that have gaps, with their places; its templates are files of their own."""
        for place, said in self.sayings():
            for table in ("fields", "mini_fields"):
                yield from (((*place, table, key), source) for key, source in getattr(said, table).items())
        yield from ((("service_fields", key), source) for key, source in self.service_fields.items())
        yield from (((name,), getattr(self, name)) for name in ("link", "picture") if getattr(self, name))

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if not self.corrects and (self.schedule is None) == (self.at is None):
            raise wrong("schedule_or_at")
        return self

    @model_validator(mode="after")
    def _whom(self) -> Self:
        if not self.corrects and self.audience is UNNAMED:
            raise wrong("audience_missing")
        return self

    @model_validator(mode="after")
    def _corrects_and_nothing_else(self) -> Self:
        theirs = {
            "audience": self.audience is not UNNAMED,
            "groups": bool(self.groups),
            "schedule": self.schedule is not None,
            "at_most": self.at_most is not None,
        }
        besides = [name for name, is_there in theirs.items() if is_there]
        if self.corrects and besides:
            raise wrong("corrects_alone", said="、".join(besides))
        if self.corrects and not self.template:
            raise wrong("corrects_words")
        return self

    @model_validator(mode="after")
    def _words_for_everybody(self) -> Self:
        covered = {
            channel for each in self.variants if each.template and not each.audience for channel in each.channels
        }
        left_out = [channel for channel in self.channels if channel not in covered]
        if left_out and not self.template:
            raise wrong("variant_missing", said="、".join(left_out))
        if self.groups and not (self.template or self.group_template):
            raise wrong("group_words_missing")
        return self

    @field_validator("channels")
    @classmethod
    def _somebody_hears_it(cls, channels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return channels if info.data.get("groups") else some(channels)

    @field_validator("picture")
    @classmethod
    def _picture_leads_somewhere(cls, picture: str, info: ValidationInfo) -> str:
        if picture and not info.data.get("link"):
            raise wrong("picture_link")
        return picture

    @field_validator("variants")
    @classmethod
    def _variants_go_its_ways(cls, variants: tuple[Variant, ...], info: ValidationInfo) -> tuple[Variant, ...]:
        ways = info.data.get("channels", ())
        for channel in (channel for each in variants for channel in each.channels):
            if ways and channel not in ways:
                raise wrong("variant_channel", said=channel, allowed="、".join(ways))
        return variants

    @field_validator("workdays")
    @classmethod
    def _goes_with_a_schedule(cls, said: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic hands it in
        if said and info.data.get("at") is not None:
            raise wrong("workdays_at")
        return said
