"""How a message becomes an answer: once, in its turn, and always something honest."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Protocol

import structlog
from pydantic_core import from_json, to_json

from handlers.router import Draft, Handler, Route, Router, Switchboard, Talk, Talking, Turn, plain
from storage import batching, redis, trouble
from storage.inbox import LEASE_MS, Done, Fresh, Inbox, InFlight
from storage.people import People, Who, Window
from wechat import outbound, paging
from wechat.messages import Image, Kind, Later, Message, Music, News, Reply, Silence, Text, Transfer, Video, Voice
from wechat.windows import ALLOWANCES

PATIENCE_SECONDS = 4.0  # the platform hangs up after five
PAUSE_SECONDS = 0.05
TALK_GOES_STALE = timedelta(hours=1)
SAME_TAP_MS = 1200  # the same words so soon after their answer are the same tap: nobody reads a question so quickly
TALK_SECONDS = 24 * 60 * 60
ROOM_BYTES = 1900  # of the 2 048 that a passive text may have: the rest is for 更多 and kept lines
WINDOW_IS_FRESH = timedelta(minutes=30)


# Their effects are kept from happening twice by SQL alone, so they are taken in even while Redis is away.
SURE_WITHOUT_REDIS = frozenset(
    {
        Kind.SUBSCRIBE,
        Kind.UNSUBSCRIBE,
        Kind.NOTICE_POPUP,
        Kind.NOTICE_CHANGE,
        Kind.NOTICE_SENT,
        Kind.TEMPLATE_SENT,
        Kind.MASS_SENT,
        Kind.MEDIA_CHECKED,
        Kind.AUTHORIZATION_CANCELLED,
        Kind.AUTHORIZATION_REVOKED,
    }
)
# The welcome meets who follows, and who only looks in is nobody yet.
_MEETS_NOBODY = frozenset({Kind.SUBSCRIBE, Kind.ENTER_SESSION})
# What a member says; the platform's reports come in the middle of a talk too, and are no part of it.
_SAID = frozenset(
    {
        Kind.TEXT,
        Kind.IMAGE,
        Kind.VOICE,
        Kind.VIDEO,
        Kind.SHORTVIDEO,
        Kind.LOCATION,
        Kind.LINK,
        Kind.MINIPROGRAM_PAGE,
    }
)
# What people say to somebody who answers, where nothing else is open: never a word of its own, since an opinion may be
# made of it.
_SMALL_TALK = {
    word: phrase
    for phrase, words in {
        "greeted": ("你好", "您好", "你们好", "大家好", "在吗", "在么", "嗨", "早上好", "晚上好", "hi", "hello"),
        "thanked": ("谢谢", "谢谢你", "谢谢您", "谢了", "多谢", "感谢", "辛苦了", "好的谢谢"),
        "about": ("你是谁", "客服", "找人", "投诉", "举报", "我要投诉", "我要举报"),
    }.items()
    for word in words
}
_UNWANTED = {
    Kind.TEXT: "lost",
    Kind.IMAGE: "unwanted_picture",
    Kind.VOICE: "unwanted_voice",
    Kind.VIDEO: "unwanted_video",
    Kind.SHORTVIDEO: "unwanted_video",
    Kind.LOCATION: "unwanted_location",
    Kind.LINK: "unwanted_link",
    Kind.MINIPROGRAM_PAGE: "unwanted_link",
    Kind.CLICK: "unknown_menu_key",
    Kind.SCAN: "unknown_scene",
}


class Say(Protocol):
    """The phrases of the pack."""

    def __call__(self, key: str, /, **values: Any) -> str:
        """The words for a key."""


class FinishLater(Protocol):
    """Takes what is said beside the reply off the turn. What is `private` must not be kept beside a person."""

    def __call__(self, who: Who, job: Callable[[], str], *, private: bool = False) -> None:
        """Run `job` soon and bring its words to `who`."""

    def say(self, who: Who, words: str, *, private: bool) -> None:
        """Bring the words to `who`."""


class Answered(NamedTuple):
    """What a turn came to: the reply, the note that SQL shall learn later, and whom it is for."""

    reply: Reply
    note: bytes
    who: Who
    private: bool


class Conversation:
    """Answers every message, never raises, and never does one thing twice."""

    def __init__(
        self,
        routers: Iterable[Router],
        *,
        inbox: Inbox,
        people: People,
        say: Say,
        later: FinishLater,
        clock: Callable[[], datetime],
        zone: tzinfo,
        threads: int,
    ) -> None:
        self._switchboard = Switchboard([self._common(), *routers])
        self._inbox = inbox
        self._people = people
        self._say = say
        self._later = later
        self._clock = clock
        self._zone = zone
        self._waiting = threading.BoundedSemaphore(max(1, threads // 2))
        self._log = structlog.get_logger("conversation")

    @property
    def menu_keys(self) -> frozenset[str]:
        """Every menu key that is answered."""
        return self._switchboard.menu_keys

    # -- one turn ------------------------------------------------------------------------------------------------

    def receive(self, message: Message) -> bytes:
        """The rendered reply: a fresh one, the stored one for a repeat, an honest excuse where neither can be had."""
        now = self._clock()
        try:
            turn, overlapped = self._enter(message, now)
        except redis.Gone as gone:
            self._log.warning("no redis", error=type(gone).__name__, kind=message.kind)
            return self._without_redis(message, now)
        match turn:
            case Done(reply):
                return reply or outbound.render(Silence(), message, now=now)
            case InFlight(other):
                if message.miniprogram and not other:
                    return outbound.SUCCESS  # the answer comes by itself: this is a repeat
                return self._excuse("busy", message, now)
            case Fresh():
                return self._take(turn, message, now, overlapped=overlapped)

    def _enter(self, message: Message, now: datetime) -> tuple[Fresh | Done | InFlight, bool]:
        """Begin the turn, waiting while the same message or another of the same member is being worked on.

        The second value says that there was such another message.
        """
        entered, overlapped = self._begin(message, now), False
        if not isinstance(entered, InFlight) or not self._waiting.acquire(blocking=False):
            return entered, overlapped
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while isinstance(entered, InFlight) and time.monotonic() < until:
                overlapped = overlapped or entered.other
                batching.pause(PAUSE_SECONDS)
                entered = self._begin(message, now)
        finally:
            self._waiting.release()
        return entered, overlapped

    def _begin(self, message: Message, now: datetime) -> Fresh | Done | InFlight:
        return self._inbox.begin(account=message.account, openid=message.openid, message=message.id, now=now)

    def _take(self, fresh: Fresh, message: Message, now: datetime, *, overlapped: bool) -> bytes:
        talk, tap = _loaded(fresh.talk, fresh.draft, now), _tap(message)
        again = _is_same_tap(tap, talk, now)
        answered = self.answer(message, talk, now, overlapped=overlapped or again, again=again)
        rendered = self._rendered(answered.reply, message, now)
        if not again:
            talk.tapped = (tap, _milliseconds(self._clock()))
        try:
            self._inbox.finish(
                fresh,
                reply=rendered,
                talk=_dumped(talk, now),
                talk_seconds=TALK_SECONDS,
                draft=_dumped_draft(talk.draft),
                draft_seconds=max(1, int((talk.draft.until - now).total_seconds())) if talk.draft else 0,
                note=answered.note,
                now=now,
            )
        except redis.Gone as gone:
            self._log.warning("turn not kept", error=type(gone).__name__)
        self._say_beside(answered, message)
        return rendered

    def _say_beside(self, answered: Answered, message: Message) -> None:
        """Say what no reply carries: once the turn is kept, so that its repeat says nothing again."""
        reply, who, private = answered.reply, answered.who, answered.private
        words = _beside(reply, miniprogram=message.miniprogram)
        if words:
            self._later.say(who, words, private=private)
        if isinstance(reply, Later):
            self._later(who, reply.job, private=private)

    def _without_redis(self, message: Message, now: datetime) -> bytes:
        if message.kind not in SURE_WITHOUT_REDIS:
            return self._excuse("no_memory", message, now)
        answered = self.answer(message, Talk(), now)
        self._say_beside(answered, message)
        return self._rendered(answered.reply, message, now)

    def _excuse(self, phrase: str, message: Message, now: datetime) -> bytes:
        reply = Text(self._say(f"conversation.{phrase}")) if message.kind in ALLOWANCES else Silence()
        who = Who(account=message.account, openid=message.openid)
        self._say_beside(Answered(reply, b"", who, private=True), message)
        return self._rendered(reply, message, now)

    def _rendered(self, reply: Reply, message: Message, now: datetime) -> bytes:
        try:
            return outbound.render(reply, message, now=now)
        except Exception as error:  # noqa: BLE001 - a reply that can't be sent must not cost the turn
            self._log.error("reply can't be rendered", error=type(error).__name__)
            return outbound.render(Silence(), message, now=now)

    # -- the answer ----------------------------------------------------------------------------------------------

    def answer(
        self, message: Message, talk: Talk, now: datetime, *, overlapped: bool = False, again: bool = False
    ) -> Answered:
        """Whatever goes wrong, it is an answer."""
        try:
            return self._answer(message, talk, now, overlapped=overlapped, again=again)
        except Exception as error:  # noqa: BLE001 - the platform and the member always get an answer
            self._log.error("no answer", error=trouble.named(error), kind=message.kind)
            reply = Text(self._say("conversation.trouble")) if message.kind in ALLOWANCES else Silence()
            return Answered(reply, b"", Who(account=message.account, openid=message.openid), private=True)

    def _answer(self, message: Message, talk: Talk, now: datetime, *, overlapped: bool, again: bool) -> Answered:
        who = self._people.find(account=message.account, openid=message.openid)
        turn = Turn(message=message, who=who, talk=talk, now=now, overlapped=overlapped, again=again)
        route = self._choose(turn)
        before = talk.feature
        turn = turn if route.private else self._met(turn)
        reply = route.handler(turn)
        if route.aside and route.feature != "conversation":
            reply = self._with_kind(reply, message.kind)
        if message.kind is Kind.SUBSCRIBE:
            reply = self._with_scene(reply, turn)
        left = self._left_lines(turn, reply)
        lines = [*self._draft_lines(talk, before), *left, *([] if route.private else self._kept_lines(turn, reply))]
        rest = talk.more if route.aside and not route.private else ""
        reply = self._fitted(reply, turn, lines=lines, rest=rest)
        note = b"" if route.private else _note(turn, reply)
        return Answered(reply, note, turn.who, private=route.private or bool(left))

    def _left_lines(self, turn: Turn, reply: Reply) -> list[str]:
        """What a mini-program's member was to be told and could not be: in private, so it lies beside the talk."""
        if not (turn.message.miniprogram and isinstance(reply, Text)):
            return []
        return self._inbox.take_left(account=turn.who.account, openid=turn.who.openid, now=turn.now)

    def _draft_lines(self, talk: Talk, before: str) -> list[str]:
        """How to come back to a draft, where it has just been left for something else or nothing else is open."""
        draft = talk.draft
        if draft is None or draft.feature == talk.feature or (talk.feature and before != draft.feature):
            return []
        return [self._say("conversation.draft_waits", what=self._say(f"{draft.feature}.name"))]

    def _choose(self, turn: Turn) -> Route:
        """Who answers: an old talk is asked about first, and what nobody wants gets a useful word.

        Words that work everywhere are as private as the talk they are said in, or the draft that waits.
        """
        route = self._switchboard.find(turn)
        if _is_stale(turn) and not (route and route.by_word) and not self._switchboard.has_lapsed(turn):
            route = Route("conversation", self._ask_about_old_talk, aside=True)
        elif route is None:
            route = self._switchboard.otherwise(turn) if turn.message.kind in _SAID else None
            route = replace(route or Route("conversation", self._unwanted), aside=True)
        if route.feature == "conversation":
            route = replace(route, private=self._is_private(_in_hand(turn.talk)))
        return route

    def _is_private(self, feature: str) -> bool:
        router = self._switchboard.routers.get(feature)
        return router is not None and router.private

    def _met(self, turn: Turn) -> Turn:
        """Whoever does something by hand becomes a person; a platform's report about a stranger does not make one."""
        if turn.who.known or turn.message.kind not in ALLOWANCES or turn.message.kind in _MEETS_NOBODY:
            return turn
        met = self._people.meet(
            account=turn.who.account, openid=turn.who.openid, today=turn.now.astimezone(self._zone).date()
        )
        return replace(turn, who=met)

    def _with_kind(self, reply: Reply, kind: Kind) -> Reply:
        """What was expected, and that what came instead isn't understood here."""
        if kind is Kind.TEXT or not isinstance(reply, Text):
            return reply
        return Text(f"{self._say('conversation.words_only')}\n{reply.content}")

    def _with_scene(self, reply: Reply, turn: Turn) -> Reply:
        """A follow by QR code gets the welcome and, after it, what the code is for."""
        route = self._switchboard.scene(turn.message.scene)
        if route is None:
            return reply
        who = self._people.find(account=turn.who.account, openid=turn.who.openid)
        purpose = route.handler(replace(turn, who=who))
        if isinstance(reply, Text) and isinstance(purpose, Text):
            return Text(f"{reply.content}\n\n{purpose.content}")
        return purpose

    def _kept_lines(self, turn: Turn, reply: Reply) -> list[str]:
        if not (turn.who.has_kept_lines and isinstance(reply, Text)):
            return []
        return self._people.take_lines(turn.who.person, message=turn.message.id, now=turn.now)

    def _fitted(self, reply: Reply, turn: Turn, *, lines: list[str], rest: str) -> Reply:
        """The reply in one message; `rest` is what was still to be read and stays so where nothing longer comes."""
        match reply:
            case Text(content):
                return Text(self._cut("\n\n".join([content, *lines]), turn.talk, rest))
            case Later() | News() | Image() | Voice() | Video() | Music() | Transfer() | Silence():
                return reply

    def _cut(self, text: str, talk: Talk, rest: str) -> str:
        piece, more = paging.cut(text, ROOM_BYTES)
        talk.more = more or rest
        return f"{piece}\n\n{self._say('conversation.more')}" if more else piece

    def _unwanted(self, turn: Turn) -> Reply:
        if turn.message.kind is Kind.TEXT and not turn.talk.feature:
            for router in self._switchboard.routers.values():
                reply = router.talking.picks_up(turn) if router.talking and router.talking.picks_up else None
                if reply is not None:
                    return reply
        phrase = _SMALL_TALK.get(plain(turn.text)) or _UNWANTED.get(turn.message.kind)
        return Text(self._say(f"conversation.{phrase}")) if phrase else Silence()

    # -- words that work everywhere ------------------------------------------------------------------------------

    def _common(self) -> Router:
        return Router(
            "conversation",
            words={
                ("帮助", "help", "?", "？", "怎么用"): self._help,
                ("菜单", "目录", "menu"): self._help,
                ("关于", "关于本号", "介绍", "简介", "联系", "联系我们", "联系方式", "about", "contact"): self._about,
                ("退出", "结束", "取消", "quit", "exit"): self._of_talk(self._leave),
                ("返回", "上一步", "back"): self._of_talk(self._back),
                ("继续", "接着来"): self._resume,
                ("重来", "重新开始"): self._of_talk(self._restart),
                ("更多", "下一页", "more"): self._more,
            },
            keys={"help": self._help, "about": self._about},
            kinds={Kind.ENTER_SESSION: self._greet},
        )

    def _greet(self, turn: Turn) -> Reply:
        """Greet who opens a mini-program's talk, but not whoever has been talking here these two days."""
        window = turn.who.window
        if window and window.until > turn.now and not turn.who.has_kept_lines:
            return Silence()
        return Text(self._say("conversation.greeting"))

    def _help(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        lines = [self._say(f"{name}.help") for name in self._switchboard.routers if name != "conversation"]
        return Text(self._say("conversation.help", lines=[line for line in lines if line]))

    def _about(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        """Whose account this is, whom to turn to, and where else help is to be had."""
        return Text(self._say("conversation.about"))

    def _of_talk(self, act: Callable[[Turn, Talking], Reply]) -> Handler:
        def handler(turn: Turn) -> Reply:
            router = self._switchboard.routers.get(_in_hand(turn.talk))
            if router is None or router.talking is None:
                return Text(self._say("conversation.nothing_open"))
            return act(turn, router.talking)

        return handler

    def _leave(self, turn: Turn, talking: Talking) -> Reply:
        reply = talking.leave(turn) if talking.leave else Text(self._say("conversation.left"))
        turn.talk.end()
        return reply

    def _back(self, turn: Turn, talking: Talking) -> Reply:
        return talking.back(turn) if talking.back else self._leave(turn, talking)

    def _restart(self, turn: Turn, talking: Talking) -> Reply:
        turn.talk.asked = False
        return talking.restart(turn) if talking.restart else self._leave(turn, talking)

    def _resume(self, turn: Turn) -> Reply:
        """Go on with what was being written, else the rest of a long answer, the open talk, or what SQL remembers."""
        turn.talk.asked = False
        draft = turn.talk.draft
        if turn.talk.more and not draft:
            return self._more(turn)
        wanted = draft.feature if draft else turn.talk.feature
        open_first = sorted(self._switchboard.routers.values(), key=lambda router: router.feature != wanted)
        for router in open_first:
            reply = router.talking.resume(turn) if router.talking else None
            if reply is not None:
                return reply
        return Text(self._say("conversation.nothing_open"))

    def _more(self, turn: Turn) -> Reply:
        return Text(turn.talk.more or self._say("conversation.no_more"))

    def _ask_about_old_talk(self, turn: Turn) -> Reply:
        turn.talk.asked = True
        return Text(self._say("conversation.go_on_or_again", what=self._say(f"{turn.talk.feature}.name")))


def _in_hand(talk: Talk) -> str:
    """The feature that 退出 and 返回 are said to: the open talk, else what is half written. "" where neither is."""
    return talk.feature or (talk.draft.feature if talk.draft else "")


def _is_stale(turn: Turn) -> bool:
    talk = turn.talk
    if not talk.feature or turn.message.kind not in ALLOWANCES:
        return False
    return talk.asked or (talk.touched_at is not None and turn.now - talk.touched_at > TALK_GOES_STALE)


def _is_same_tap(tap: str, talk: Talk, now: datetime) -> bool:
    """Whether these words were answered just now, or while this message waited: nobody has read the answer."""
    words, answered = talk.tapped
    return bool(words) and words == tap and -LEASE_MS <= _milliseconds(now) - answered <= SAME_TAP_MS


def _tap(message: Message) -> str:
    """What may be tapped twice, unreadable: the words of a draft are kept nowhere else."""
    words = plain(message.text) if message.kind is Kind.TEXT else ""
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest() if words else ""


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _beside(reply: Reply, *, miniprogram: bool) -> str:
    """The words that a customer-service message has to carry, since the reply doesn't."""
    match reply:
        case Transfer(_, words):
            return words
        case Text(content) if miniprogram:
            return content
        case News(title, description, url) if miniprogram:
            return "\n".join(filter(None, (title, description, url)))
        case Later(_, now) if miniprogram:
            return now
    return ""


def _note(turn: Turn, reply: Reply) -> bytes:
    """What customer-service messages this act allows after its answer, unless that is known already."""
    allowance = ALLOWANCES.get(turn.message.kind)
    if allowance is None or not turn.who.contact:
        return b""
    until, known = turn.now + allowance.lasts, turn.who.window
    left = allowance.messages - bool(_beside(reply, miniprogram=turn.message.miniprogram))
    if known and known.remaining >= left and known.until > until - WINDOW_IS_FRESH:
        return b""
    return to_json([turn.who.contact, int(until.timestamp()), left])


def windows(notes: Iterable[bytes], *, zone: Any) -> Mapping[str, Window]:
    """The windows that notes speak of, by contact."""
    read = [from_json(note) for note in notes]
    return {contact: Window(datetime.fromtimestamp(until, zone), messages) for contact, until, messages in read}


def _loaded(talk: bytes | None, draft: bytes | None, now: datetime) -> Talk:
    loaded = Talk()
    if talk is not None:
        fields = from_json(talk)
        touched_at = datetime.fromtimestamp(fields["touched_at"], now.tzinfo)
        loaded = Talk(fields["feature"], fields["state"], fields["more"], touched_at, fields["asked"])
        loaded.tapped = tuple(fields.get("tapped", loaded.tapped))
    if draft is not None:
        feature, state, until = from_json(draft)
        loaded.draft = Draft(feature, state, datetime.fromtimestamp(until, now.tzinfo))
        if loaded.draft.until <= now:
            loaded.draft = None
    return loaded


def _dumped_draft(draft: Draft | None) -> bytes | None:
    return to_json([draft.feature, draft.state, int(draft.until.timestamp())]) if draft else None


def _dumped(talk: Talk, now: datetime) -> bytes | None:
    """Nothing where nothing is open. An old talk that is only being asked about keeps its age."""
    if not talk.feature and not talk.more:
        return None
    touched = talk.touched_at if talk.asked and talk.touched_at else now
    fields = {
        "feature": talk.feature,
        "state": talk.state,
        "more": talk.more,
        "asked": talk.asked,
        "touched_at": int(touched.timestamp()),
        "tapped": talk.tapped,
    }
    return to_json(fields)
