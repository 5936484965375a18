"""An opinion box in a conversation of its own, with members to talk to it."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import redis as redis_library
import xmltodict  # type: ignore[import-untyped]
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

from content.models import Account
from content.opinions import Matter, ReadyReply
from content.organisations import Organisation
from content.roles import EVERYWHERE, Duty, Powers
from content.words import template
from handlers import openapi, opinion
from handlers.conversation import Conversation
from handlers.openapi import Effect
from handlers.opinion import Judge, NotNow, OpinionSettings, Outside, PictureGone, Readers, Stores
from handlers.opinion.engine.promises import Promise
from handlers.router import Handler, Router, Turn
from handlers.session import Gate, PageGate
from scheduler.postman import Postman
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.audit import Act, Audit, Deed
from storage.checks import Checks
from storage.db import Database
from storage.inbox import Inbox
from storage.leaves import Leaves
from storage.measure import Measures
from storage.opinion import STIRRED, Letter, Opinion, Opinions
from storage.opinion_quota import Quota
from storage.paces import Paces
from storage.people import People, Who
from storage.phone import Phone
from storage.pictures import Pictures
from storage.sealing import Keys
from storage.sessions import Sessions
from storage.vault import Vault
from tests.house import aged
from tests.mini import Mini
from tests.reader import Reader
from wechat.messages import Kind, Message, Text

ZONE = ZoneInfo("Asia/Shanghai")
ALL = Powers({Duty.OPINIONS: EVERYWHERE})
MORNING = datetime(2126, 11, 23, 9, 0, tzinfo=ZONE)  # far off: Redis drops what has ended by its own clock
PHRASES = Path(__file__).parents[3] / "content" / "phrases"
TEMPLATES = Path(__file__).parents[3] / "handlers" / "templates"
FRAME = {
    "console/base.html": "<title>{% block title %}{% endblock %}</title>"
    "{% for said in get_flashed_messages() %}<p>{{ said }}</p>{% endfor %}{% block content %}{% endblock %}"
}


@dataclass
class Clock:
    redis: redis_library.Redis
    now: datetime = MORNING
    tells: Callable[[], object] = lambda: None  # whoever does something at times of their own

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.tells()
        aged(self.redis, timedelta(**time))


@dataclass
class Platform:
    """Has pictures, or doesn't, or can't be asked."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, *, account: str, media_id: str) -> bytes:  # noqa: ARG002 - what is called
        self.asked.append(media_id)
        if self.away:
            raise NotNow
        if media_id not in self.pictures:
            raise PictureGone
        return self.pictures[media_id]


class Beside:
    """What would be said beside a reply."""

    def __init__(self, said: list[Any]) -> None:
        self._said = said

    def __call__(self, who: Who, job: Callable[[], str], *, private: bool = False) -> None:  # noqa: ARG002 - nothing is kept here
        self._said.append((who, job))

    def say(self, who: Who, words: str, *, private: bool) -> None:  # noqa: ARG002 - as above
        self._said.append((who, words))


class World:
    """One program: its stores, its conversation and what it told to whom."""

    def __init__(
        self,
        db: Database,
        redis: redis_library.Redis,
        keys: Keys,
        *,
        fetch: bool = True,
        judge: Callable[[Clock], Judge] | None = None,
        public_url: str = "https://a.example",
        stirred: int = STIRRED,
        others: Mapping[bytes, Leaves] | None = None,
        **settings: Any,
    ) -> None:
        chosen = OpinionSettings(**settings)
        self.clock = Clock(redis)
        self.db = db
        self.platform = Platform()
        self.told: list[tuple[str, str, str]] = []
        self.people = People(db, Vault(db, keys), former=keys.mark("former"))
        self.opinions = Opinions(db, keys, stirred=stirred, others=others)
        self.postman = Postman(self.opinions.carry, most=8)
        self.audit = Audit(db, keys)
        self.admins: dict[str, str] = {}  # the person of each
        self.organisations: list[Organisation] = []
        self.replies: dict[str, ReadyReply] = {}
        self.author = "承办人甲"
        self.matters: dict[str, Matter] = {}
        self.watched: tuple[str, ...] = ()
        self.wanted: dict[str, list[str]] = {}  # the persons of each topic
        self.phones: dict[str, Phone] = {}
        self.measures = Measures(db, keys)
        self.next_round: Callable[[], object] = self.postman.round
        self.pictures = Pictures(db, keys)
        self.checks = Checks(db, keys)
        self.inbox = Inbox(redis, keys)
        self.promise = Promise(
            workdays=Workdays(dict), days=chosen.workdays, categories=lambda: self.say("opinion.categories")
        )
        self.phrases = {file.stem: tomllib.loads(file.read_text()) for file in PHRASES.glob("*.toml")}
        self.powers: dict[str, Powers] = {}
        staff = Staff(
            powers=lambda: {
                name: self.powers.get(name, ALL) for name in sorted({self.author, *self.admins, *self.powers})
            },
            persons=lambda: self.admins,
            organisations=lambda: self.organisations,
        )
        self.feature = opinion.feature(
            stores=Stores(
                opinions=self.opinions,
                checks=self.checks,
                pictures=self.pictures,
                quota=Quota(redis, keys, a_day=chosen.anonymous_a_day),
                people=self.people,
            ),
            say=self.say,
            outside=Outside(
                tell=lambda *said, **_: self.told.append(said),
                effect=Effect(keys.mark("effect")),
                post=self.post,
                account=lambda: Account(name="示例学习号", organisation="示例党委"),
                paces=Paces(redis, keys),
                fetch=self.platform if fetch else None,
                judges={"official": judge(self.clock)} if judge else {},
                public_url=public_url,
                phone_of=self.phones.get,
                workdays=Workdays(dict),
                admins=staff,
                readers=partial(Readers.now, staff, self.opinions, chosen.entrusted),
                replies=lambda: self.replies,
                matters=lambda: self.matters,
                watched=lambda: self.watched,
                wanted_by=lambda topic: self.wanted.get(topic, []),
                author=lambda: self.author,
                looked_at=partial(self.note, Act.LOOK),
                revealed=partial(self.note, Act.REVEAL),
                measures=self.measures.of,
                measure_page="/admin/measure/",
            ),
            clock=self.clock,
            settings=chosen,
        )
        self.sessions = Sessions(db, Vault(db, keys), mark=keys.mark("session"))
        self.web = self._api(Gate(sessions=self.sessions, paces=Paces(redis, keys), clock=self.clock, a_minute=10_000))
        self.page_sessions = Sessions(db, Vault(db, keys), mark=keys.mark("page session"))
        self.site = self._site(
            PageGate(
                sessions=self.page_sessions,
                paces=Paces(redis, keys),
                account=lambda: Account(name="示例学习号", organisation="示例党委"),
                clock=self.clock,
                a_minute=10_000,
            )
        )
        self.later: list[Any] = []
        self.conversation = self.conversing()
        self._numbers = count(1)

    def post(self, letter: Letter) -> bool:
        """Hand it to the postman; whoever waits sees to the next round themselves."""
        waiting = self.postman.take(letter)
        self.next_round()
        return self.postman.end(waiting)

    def conversing(self, *others: Router) -> Conversation:
        """A conversation of the opinion box and other features."""
        assert self.feature.chat
        return Conversation(
            [self.feature.chat, other_feature(), *others],
            inbox=self.inbox,
            people=self.people,
            say=self.say,
            later=Beside(self.later),
            clock=self.clock,
            zone=ZONE,
            threads=4,
        )

    def _api(self, gate: Gate) -> FlaskClient:
        """The box's doors for the mini-program, behind the guard they have in the program."""
        assert self.feature.api
        web = openapi.application(say=self.say)
        self.feature.api.before_request(gate.requires_member)
        web.register_blueprint(self.feature.api)
        return web.test_client()

    def _site(self, gate: PageGate) -> Flask:
        """The box's pages, behind the guards they have in the program."""
        assert self.feature.pages
        assert self.feature.pages_for_anyone
        web = Flask("site")
        web.secret_key = "only for this test"
        web.jinja_loader = FileSystemLoader(TEMPLATES)
        web.config["MAX_CONTENT_LENGTH"] = 1024 * 1024  # as the site's
        CSRFProtect(web)
        web.add_url_rule("/p/login", "login.form", lambda: "")
        web.add_url_rule("/p/login/out", "login.leave", lambda: "", methods=["POST"])
        self.feature.pages.before_request(gate.requires_member)
        web.register_blueprint(self.feature.pages_for_anyone)
        web.register_blueprint(self.feature.pages)
        return web

    def console(self) -> FlaskClient:
        """The box's pages for admins, without their sign-in."""
        web = Flask("console")
        web.secret_key = "only for this test"
        web.config["WTF_CSRF_ENABLED"] = False
        CSRFProtect(web)
        web.jinja_loader = ChoiceLoader([DictLoader(FRAME), FileSystemLoader(TEMPLATES)])
        assert self.feature.admin
        web.register_blueprint(self.feature.admin)
        return web.test_client()

    def say(self, key: str, /, **values: Any) -> str:
        feature, name = key.split(".")
        return template(self.phrases[feature][name]).fill(values) if feature != "other" else ""

    def member(self, openid: str = "oMember-1", *, follows: bool = True) -> "Member":
        if follows:
            self.people.meet(account="official", openid=openid, today=self.clock().date())
        return Member(self, openid)

    def note(self, act: Act, kind: str, person: str, reason: str = "") -> None:
        """What handlers.access does for the admin of a request."""
        deed = Deed(act=act, kind=kind, account=self.author, role="general", person=person, reason=reason)
        self.audit.note(deed, now=self.clock())

    def number(self) -> str:
        return f"message-{next(self._numbers)}"

    def kept(self, *, named: bool) -> list[Opinion]:
        """Every opinion that is kept, wherever it lies."""
        return [each for each in self.opinions.of_days(self.opinions.days(most=99)) if each.named == named]

    def runs(self, job: str) -> None:
        """What the clock would do now."""
        next(each for each in self.feature.jobs if each.id == job).run(self.clock())


@dataclass
class Member:
    """Talks and reads; `last` is the message sent last."""

    world: World
    openid: str
    last: Message | None = None

    def signs_in(self) -> Mini:
        """This member's mini-program."""
        now = self.world.clock()
        who = self.world.people.meet(account="official", openid=self.openid, today=now.date())
        until = now + timedelta(days=7)
        token = self.world.sessions.begin(who.contact, device="", today=now.date(), until=until, now=now)
        return Mini(self.world.web, token, self.openid)

    def opens_pages(self) -> Reader:
        """This member's browser, signed in."""
        now = self.world.clock()
        who = self.world.people.meet(account="official", openid=self.openid, today=now.date())
        until = now + timedelta(days=7)
        begin = self.world.page_sessions.begin
        token = begin(who.contact, device="网页", today=now.date(), until=until, now=now)
        return Reader(self.world.site, token, openid=self.openid)

    def says(self, *texts: str) -> str:
        """Say one thing after the other and give the last answer."""
        answer = ""
        for text in texts:
            self.world.clock.passes(seconds=2)  # nobody types faster
            answer = self.sends(Kind.TEXT, text=text)
        return answer

    def shows(self, media_id: str) -> str:
        return self.sends(Kind.IMAGE, media_id=media_id)

    def sends(self, kind: Kind, **fields: Any) -> str:
        return self.repeats(self.message(kind, **fields))

    def message(self, kind: Kind, **fields: Any) -> Message:
        sent_at, number = self.world.clock(), self.world.number()
        return Message(id=number, account="official", openid=self.openid, kind=kind, sent_at=sent_at, **fields)

    def repeats(self, message: Message | None = None) -> str:
        """Deliver a message, or the last one again."""
        self.last = message or self.last
        assert self.last
        return words(self.world.conversation.receive(self.last))

    @property
    def person(self) -> str:
        return self.world.people.find(account="official", openid=self.openid).person


def other_feature() -> Router:
    """Another feature with a word and a pattern of its own."""

    def answered(text: str) -> Handler:
        return lambda _: Text(text)

    def begun(turn: Turn) -> Text:
        turn.talk.hold("other", {})
        return Text("开始答题")

    patterns = {"政策.+": answered("政策"), "[0-9a-z]{4}-[0-9a-z]{4}": answered("一个码")}
    return Router("other", words={("答题",): begun}, patterns=patterns)


def words(reply: bytes) -> str:
    """The words of a passive reply."""
    if not reply.startswith(b"<xml>"):
        return ""
    content: str = xmltodict.parse(reply)["xml"].get("Content") or ""
    return content


def receipt(answer: str) -> str:
    """The receipt code in an answer."""
    return next(line for line in answer.splitlines() if len(line) == 14 and line.count("-") == 2)
