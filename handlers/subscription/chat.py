"""Coming, choosing what to hear of, seeing and deleting one's own data, and leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import partial
from typing import Protocol

from content.models import Topic
from content.shelf import Shelf
from handlers.router import Handler, Router, Talking, Turn, plain
from handlers.subscription import engine
from storage.people import By, People
from storage.subscription import Subscriptions
from wechat.messages import Kind, NoticeChoice, Reply, Silence, Text

_IN_MINI_PROGRAM = frozenset({"", "0"})  # where the question was asked; the mini-program's own report tells of it too
STOP = ("不再接收", "不要再发了", "别再发了", "不要发了", "别发了", "不订了", "停止推送", "取消推送", "关闭推送")


class OwnData(Protocol):
    """All that every feature keeps of a person."""

    def show(self, person: str) -> Sequence[str]:
        """Lines a member can read."""

    def erase(self, person: str) -> None:
        """Erase the person everywhere, in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """The doors of the subscription feature."""

    people: People
    subscriptions: Subscriptions
    shelf: Shelf
    own_data: OwnData
    keep_days: int
    zone: tzinfo

    # -- coming and leaving --------------------------------------------------------------------------------------

    def welcome(self, turn: Turn) -> Reply:
        """Meet whoever follows."""
        self.people.meet(
            account=turn.who.account, openid=turn.who.openid, today=self._today(turn), scene=turn.message.scene[:64]
        )
        account = self.shelf.current().account
        return self._says("welcome", lines=account.welcome, name=account.name)

    def part(self, turn: Turn) -> Reply:
        """Erase contact, window, credits and talk at once, and the person where nothing else ties them to us.

        Who stays, for the days promised or by the roster, is found again by one who comes back.
        """
        who = turn.who
        stays = who.verified or self.keep_days > 0
        alone = self.people.part(account=who.account, openid=who.openid, today=self._today(turn), keep=True)
        turn.talk.forget()
        if alone and not stays:
            self.own_data.erase(alone)  # by the contact's hash the roster still knows how many codes were tried today
        return Silence()

    def _today(self, turn: Turn) -> date:
        return turn.now.astimezone(self.zone).date()

    # -- topics --------------------------------------------------------------------------------------------------

    def topics(self, turn: Turn) -> Reply:
        """Show the topics with the chosen ones marked, and wait for numbers."""
        turn.talk.hold("subscription", {"doing": "add"})
        return self._listed(turn, "topics")

    def unsubscribe(self, turn: Turn) -> Reply:
        """One word ends all of it; numbers then bring back what was meant to stay."""
        self.subscriptions.drop(turn.who.person, self.subscriptions.of(turn.who.person))
        turn.talk.hold("subscription", {"doing": "add"})
        return self._listed(turn, "dropped_all")

    def unsubscribe_some(self, turn: Turn) -> Reply:
        """退订 with numbers or a name drops just these."""
        chosen = engine.picked(engine.rest_of("退订", turn.text), self._topics)
        if chosen is None:
            return self._listed(turn, "which_to_drop")
        if chosen == self._topics:
            return self.unsubscribe(turn)
        self.subscriptions.drop(turn.who.person, [topic.id for topic in chosen])
        _done(turn)
        return self._says("dropped", topics=chosen)

    def subscribe_some(self, turn: Turn) -> Reply:
        """订阅 with numbers or a name adds just these."""
        chosen = engine.picked(engine.rest_of("订阅", turn.text), self._topics)
        if chosen is None:
            turn.talk.hold("subscription", {"doing": "add"})
            return self._listed(turn, "numbers_please")
        return self._add(turn, chosen)

    def subscribe_by_code(self, turn: Turn) -> Reply:
        """A QR code may be about one topic."""
        chosen = [topic for topic in self._topics if topic.id == turn.message.scene.removeprefix("topic_")]
        return self._add(turn, chosen) if chosen else self.topics(turn)

    def takes(self, turn: Turn) -> Handler | None:
        """Numbers or names while the list is open; the confirmation while deleting."""
        if turn.message.kind is not Kind.TEXT:
            return None
        if turn.talk.state.get("doing") == "delete":
            return self._delete if plain(turn.text) == plain(self._say("delete_word")) else None
        chosen = engine.picked(turn.text, self._topics)
        return None if chosen is None else partial(self._add, chosen=chosen)

    def otherwise(self, turn: Turn) -> Reply:
        """Say what was expected."""
        if turn.talk.state.get("doing") == "delete":
            turn.talk.end()
            return self._says("not_deleted")
        return self._listed(turn, "numbers_please")

    def leave(self, turn: Turn) -> Reply:
        """Good-bye; who was about to delete is told that nothing was."""
        if turn.talk.state.get("doing") == "delete":
            return self._says("not_deleted")
        return Text(self.shelf.current().say("conversation.left"))

    def resume(self, turn: Turn) -> Reply | None:
        """Show the list again."""
        if turn.talk.feature != "subscription":
            return None
        return self.restart(turn)

    def restart(self, turn: Turn) -> Reply:
        """The same question again: nothing was done yet."""
        return self.ask_to_delete(turn) if turn.talk.state.get("doing") == "delete" else self.topics(turn)

    # -- own data ------------------------------------------------------------------------------------------------

    def mine(self, turn: Turn) -> Reply:
        """Everything that is kept of the one who asks."""
        return self._says("mine", lines=self.own_data.show(turn.who.person))

    def ask_to_delete(self, turn: Turn) -> Reply:
        """Deleting can't be undone, so it takes a second word."""
        turn.talk.hold("subscription", {"doing": "delete"})
        return self._says(
            "sure",
            lines=self.own_data.show(turn.who.person),
            stays=self._say("stays").splitlines(),
            word=self._say("delete_word"),
        )

    def _delete(self, turn: Turn) -> Reply:
        self.own_data.erase(turn.who.person)
        turn.talk.forget()
        return self._says("deleted")

    # -- what the platform reports -------------------------------------------------------------------------------

    def notices_chosen(self, turn: Turn) -> Reply:
        """Each accepted notice is a credit, each refused one ends what was left of it."""
        if turn.who.contact:
            choices: Sequence[NoticeChoice] = turn.message.detail or ()
            for number, choice in enumerate(choices):
                self._choose(turn, choice, f"{turn.message.id}:{number}")
        return Silence()

    def _choose(self, turn: Turn, choice: NoticeChoice, once: str) -> None:
        if choice.accepted:
            told_twice = turn.message.miniprogram and choice.scene in _IN_MINI_PROGRAM
            by = By.PLATFORM if told_twice else None
            self.people.add_credit(turn.who.contact, choice.template_id, message=once[:80], by=by)
        else:
            self.people.drop_credits(turn.who.contact, choice.template_id)

    def cancelled(self, turn: Turn) -> Reply:
        """The platform says that the user's account is gone, and the law that the data goes with it."""
        if turn.who.person:
            self.own_data.erase(turn.who.person)
        turn.talk.forget()
        return Silence()

    # -- words ---------------------------------------------------------------------------------------------------

    @property
    def _topics(self) -> tuple[Topic, ...]:
        return self.shelf.current().account.topics

    def _add(self, turn: Turn, chosen: Sequence[Topic]) -> Reply:
        self.subscriptions.add(turn.who.person, [topic.id for topic in chosen])
        _done(turn)
        return self._says("added", topics=chosen)

    def _listed(self, turn: Turn, phrase: str) -> Reply:
        mine = self.subscriptions.of(turn.who.person)
        listed = [(number, topic, topic.id in mine) for number, topic in enumerate(self._topics, start=1)]
        return self._says(phrase, topics=listed)

    def _say(self, key: str, **values: object) -> str:
        return self.shelf.current().say(f"subscription.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))


def _done(turn: Turn) -> None:
    """The list was for this: what comes next is not about topics, unless another feature is being talked to."""
    if turn.talk.feature == "subscription":
        turn.talk.end()


def routes(subscriber: Subscriber) -> Router:
    """关注, 订阅, 退订, 我的数据, 删除我的数据 and what the platform reports of them."""
    return Router(
        "subscription",
        words={
            ("订阅", "我的订阅", "订阅主题"): subscriber.topics,
            ("退订", "我要退订", "退定", "取消订阅", "全部退订", "td", *STOP): subscriber.unsubscribe,
            ("我的数据", "我的信息"): subscriber.mine,
            ("删除我的数据", "注销", "删除数据"): subscriber.ask_to_delete,
        },
        patterns={r"退订.+": subscriber.unsubscribe_some, r"订阅.+": subscriber.subscribe_some},
        keys={"subscription.topics": subscriber.topics, "subscription.mine": subscriber.mine},
        scenes={"topic_": subscriber.subscribe_by_code},
        kinds={
            Kind.SUBSCRIBE: subscriber.welcome,
            Kind.UNSUBSCRIBE: subscriber.part,
            Kind.NOTICE_POPUP: subscriber.notices_chosen,
            Kind.NOTICE_CHANGE: subscriber.notices_chosen,
            Kind.AUTHORIZATION_CANCELLED: subscriber.cancelled,
        },
        talking=Talking(
            takes=subscriber.takes,
            otherwise=subscriber.otherwise,
            resume=subscriber.resume,
            restart=subscriber.restart,
            leave=subscriber.leave,
        ),
    )
