"""Which feature a message is for: tables to look in, in one fixed order, and no doing."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from content.unseen import legible
from storage.people import Who
from wechat.messages import Kind, Message, Reply

_EDGES = " \t\r\n　,.;:!?~'\"`()[]{}<>-_=+*#@^&|/\\，。；：！？～‘’“”、（）【】《》〈〉「」『』…—·"


class RouteClash(Exception):
    """Two features want the same word, key, scene or kind of message."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a member is writing, confidential until it is sent. It outlives no `until`, and no other talk ends it."""

    feature: str
    state: dict[str, Any]
    until: datetime


@dataclass(slots=True)
class Talk:
    """What was said before: which feature is being talked to, and what it holds. Sealed in Redis, and expiring.

    `state` is JSON; `more` the rest of an answer that was too long; `asked` means that the member was asked whether
    to go on with an old talk. A `draft` stays while other features are talked to. `tapped` are the words answered last,
    as a hash, and when that was, in milliseconds.
    """

    feature: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    more: str = ""
    touched_at: datetime | None = None
    asked: bool = False
    draft: Draft | None = None
    tapped: tuple[str, int] = ("", 0)

    def hold(self, feature: str, state: dict[str, Any]) -> None:
        """Go on talking to `feature`, for a day at most."""
        self.feature, self.state, self.asked = feature, state, False

    def end(self) -> None:
        """Nothing more is expected."""
        self.feature, self.state, self.asked = "", {}, False

    def forget(self) -> None:
        """Nothing is left, not even what was being written."""
        self.end()
        self.more, self.draft = "", None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """All that a chat handler gets.

    `overlapped`: the message was sent while another of the same member was still being answered, so its sender had not
    seen that answer. `again`: it is that very message, tapped twice; what overlapped need not be the same.
    """

    message: Message
    who: Who
    talk: Talk
    now: datetime
    overlapped: bool = False
    again: bool = False

    @property
    def text(self) -> str:
        """The words as they read, without the space around them."""
        return legible(self.message.text).strip()


Handler = Callable[[Turn], Reply]
Offer = Callable[[Turn], Reply | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talking:
    """What a feature does while it is being talked to.

    `takes(turn)` says who answers a message that is meant for the talk, and None for one that isn't; what it has read
    of the message, it hands on. `otherwise` answers what neither the talk nor any word of another feature wanted.
    `takes_words(turn)`: free words are expected, so a feature is reached by its exact name and not by words that look
    like one of its patterns. `lapsed(turn)`: what was said here has had its time, so there is nothing to go on with;
    `otherwise` says so. `resume` goes on after a break (or with what SQL remembers, and gives None where there is
    nothing), `restart` begins again, `back` goes one step back, `leave` says good-bye. `picks_up` looks, while nothing
    is open, at words that nobody wanted: what they answer may have been lost with Redis.
    """

    takes: Callable[[Turn], Handler | None]
    otherwise: Handler
    resume: Offer
    restart: Handler | None = None
    back: Handler | None = None
    leave: Handler | None = None
    takes_words: Callable[[Turn], bool] = lambda _: False
    lapsed: Callable[[Turn], bool] = lambda _: False
    picks_up: Offer | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers. `private`: the turn must write nothing about the person beyond what the feature does itself.

    `aside`: what is said only leads back to the talk, so the rest of a long answer stays to be read.
    """

    feature: str
    handler: Handler
    private: bool = False
    aside: bool = False
    by_word: bool = False  # asked for by name, not by being in the middle of a talk


class Router:
    """A feature's tables. Words are compared without case, width, spaces and surrounding punctuation."""

    def __init__(
        self,
        feature: str,
        *,
        words: Mapping[tuple[str, ...], Handler] | None = None,
        keys: Mapping[str, Handler] | None = None,
        patterns: Mapping[str, Handler] | None = None,
        scenes: Mapping[str, Handler] | None = None,
        kinds: Mapping[Kind, Handler] | None = None,
        talking: Talking | None = None,
        private: bool = False,
    ) -> None:
        self.feature = feature
        self.words = {plain(word): handler for many, handler in (words or {}).items() for word in many}
        self.keys = dict(keys or {})
        self.patterns = {re.compile(pattern): handler for pattern, handler in (patterns or {}).items()}
        self.scenes = dict(scenes or {})
        self.kinds = dict(kinds or {})
        self.talking = talking
        self.private = private


class Switchboard:
    """All routers as one. Look-up is pure: `find` names the handler, `Conversation` calls it."""

    def __init__(self, routers: Iterable[Router]) -> None:
        self.routers = {router.feature: router for router in routers}
        self._words = self._merged("word", lambda router: router.words)
        self._keys = self._merged("menu key", lambda router: router.keys)
        self._scenes = self._merged("scene", lambda router: router.scenes)
        self._kinds = self._merged("kind of message", lambda router: router.kinds)
        self._patterns = [
            (pattern, self._route(router, handler))
            for router in self.routers.values()
            for pattern, handler in router.patterns.items()
        ]

    @property
    def menu_keys(self) -> frozenset[str]:
        """Every menu key that a feature answers."""
        return frozenset(self._keys)

    def find(self, turn: Turn) -> Route | None:
        """A menu key, a scanned scene, a kind, the talk, a word, a pattern, in this order; None if nobody wants it."""
        message = turn.message
        if message.kind is Kind.CLICK:
            return self._keys.get(message.key)
        if message.kind is Kind.SCAN:
            return self.scene(message.scene)
        if message.kind in self._kinds:
            return self._kinds[message.kind]
        talk = self._talk(turn)
        if talk is not None:
            return talk
        return self._named(turn) if message.kind is Kind.TEXT else None

    def _talk(self, turn: Turn) -> Route | None:
        router = self.routers.get(turn.talk.feature)
        handler = router.talking.takes(turn) if router and router.talking else None
        return Route(router.feature, handler, private=router.private) if router and handler else None

    def otherwise(self, turn: Turn) -> Route | None:
        """What the feature being talked to says to a message that nobody wanted."""
        router = self.routers.get(turn.talk.feature)
        if router is None or router.talking is None:
            return None
        return Route(router.feature, router.talking.otherwise, private=router.private)

    def has_lapsed(self, turn: Turn) -> bool:
        """Whether there is nothing to go on with in the open talk."""
        router = self.routers.get(turn.talk.feature)
        return router is not None and router.talking is not None and router.talking.lapsed(turn)

    def named(self, text: str) -> Route | None:
        """The route that a word asks for by name."""
        return self._words.get(plain(text))

    def _named(self, turn: Turn) -> Route | None:
        words, talking = plain(turn.message.text), self.routers.get(turn.talk.feature)
        if words in self._words:
            return self._words[words]
        found = (route for pattern, route in self._patterns if pattern.fullmatch(words))
        if talking and talking.talking and talking.talking.takes_words(turn):
            found = (route for route in found if route.feature == talking.feature)
        return next(found, None)

    def scene(self, scene: str) -> Route | None:
        """The route for a QR scene, by its prefix."""
        return next((route for prefix, route in self._scenes.items() if scene.startswith(prefix)), None)

    def _merged(self, what: str, table: Callable[[Router], Mapping[Any, Handler]]) -> dict[Any, Route]:
        routes: dict[Any, Route] = {}
        for router in self.routers.values():
            for wanted, handler in table(router).items():
                if wanted in routes:
                    raise RouteClash(f"{routes[wanted].feature} and {router.feature} both want the {what} {wanted!r}")
                routes[wanted] = self._route(router, handler)
        return routes

    @staticmethod
    def _route(router: Router, handler: Handler) -> Route:
        return Route(router.feature, handler, private=router.private, by_word=True)


def plain(text: str) -> str:
    """Words as they are compared: half width, lower case, no spaces inside Chinese, no punctuation around."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(folded.split()).strip(_EDGES)
