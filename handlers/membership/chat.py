"""Binding with a one-time code, seeing the binding, undoing it."""

from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from content.shelf import Shelf
from handlers.agreement import Agreement
from handlers.membership import engine
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.roster import Entry, Refusal, Roster
from wechat.messages import Kind, Reply, Text

AGREED = ("同意", "我同意", "同意绑定")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The doors of membership."""

    roster: Roster
    shelf: Shelf
    zone: ZoneInfo
    agreement: Agreement

    def join(self, turn: Turn) -> Reply:
        """Take the code that came along, or ask for it."""
        code = engine.code_in(turn.text or turn.message.scene.removeprefix("join_"))
        if code is None:
            turn.talk.hold("membership", {"doing": "join"})
            return self._says("code_please")
        return self._bind(turn, code)

    def _bind(self, turn: Turn, code: str) -> Reply:
        if self.roster.joined_with(turn.who.person, code, message=turn.message.id):  # no try: only the own one is told
            turn.talk.end()
            return self._says("joined", organisation=self._organisation(turn.who.organisation), role=turn.who.role)
        today = turn.now.astimezone(self.zone).date()
        tries = self.roster.count_try(turn.who.person, day=today, message=turn.message.id)
        if tries > engine.TRIES_A_DAY:
            turn.talk.end()
            return self._says("too_many_tries")
        asks = self.agreement.asks(turn.who.person) if self.roster.knows(code, now=turn.now) else ""
        if asks:
            turn.talk.hold("membership", {"doing": "agree", "code": code})
            return Text(asks)
        return self._bound(turn, code, left=engine.TRIES_A_DAY - tries)

    def _agreed(self, turn: Turn) -> Reply:
        self.agreement.agree(turn.who.person, now=turn.now)
        return self._bound(turn, turn.talk.state["code"], left=0)

    def _bound(self, turn: Turn, code: str, *, left: int) -> Reply:
        bound = self.roster.bind(
            code=code, person=turn.who.person, contact=turn.who.contact, message=turn.message.id, now=turn.now
        )
        if isinstance(bound, Refusal):
            turn.talk.hold("membership", {"doing": "join"})
            return self._says(f"code_{bound}", left=left)
        turn.talk.end()
        return self._welcome(bound)

    def _welcome(self, entry: Entry) -> Reply:
        organisation = self._organisation(entry.organisation)
        return self._says("bound", name=entry.name, organisation=organisation, role=entry.role)

    def picks_up(self, turn: Turn) -> Reply | None:
        """Say again what an agreement has bound, where the talk it was said in is lost."""
        if turn.message.kind is not Kind.TEXT or plain(turn.text) not in AGREED:
            return None
        entry = self.roster.bound_by(turn.message.id)
        return self._welcome(entry) if entry else None

    def who_am_i(self, turn: Turn) -> Reply:
        """Whom we take the asker for."""
        if not turn.who.verified:
            return self._says("not_bound")
        organisation = self._organisation(turn.who.organisation)
        return self._says("bound_as", name=turn.who.name, organisation=organisation, role=turn.who.role)

    def ask_to_unbind(self, turn: Turn) -> Reply:
        """Undoing takes a second word."""
        if not turn.who.verified:
            return self._says("not_bound")
        turn.talk.hold("membership", {"doing": "unbind"})
        return self._says("sure", name=turn.who.name, word=self._say("unbind_word"))

    def takes(self, turn: Turn) -> Handler | None:
        """A code while one is expected; the confirmation while unbinding."""
        if turn.message.kind is not Kind.TEXT:
            return None
        if turn.talk.state.get("doing") == "unbind":
            return self._unbind if plain(turn.text) == plain(self._say("unbind_word")) else None
        if turn.talk.state.get("doing") == "agree" and plain(turn.text) in AGREED:
            return self._agreed
        code = engine.code_in(turn.text)
        return partial(self._bind, code=code) if code else None

    def _unbind(self, turn: Turn) -> Reply:
        self.roster.unbind(turn.who.person)
        turn.talk.end()
        return self._says("unbound")

    def otherwise(self, turn: Turn) -> Reply:
        """Say what was expected."""
        if turn.talk.state.get("doing") == "unbind":
            turn.talk.end()
            return self._says("not_unbound")
        if turn.talk.state.get("doing") == "agree":
            return self._says("not_agreed")
        return self._says("no_code")

    def leave(self, turn: Turn) -> Reply:
        """Good-bye; who was asked to confirm is told that nothing was done."""
        if turn.talk.state.get("doing") == "unbind":
            return self._says("not_unbound")
        return Text(self.shelf.current().say("conversation.left"))

    def resume(self, turn: Turn) -> Reply | None:
        """Ask again."""
        if turn.talk.feature != "membership":
            return None
        return self.restart(turn)

    def restart(self, turn: Turn) -> Reply:
        """The same question again: nothing was done yet."""
        if turn.talk.state.get("doing") == "unbind":
            return self.ask_to_unbind(turn)
        if turn.talk.state.get("doing") == "agree":
            return self._bind(turn, turn.talk.state["code"])
        turn.talk.hold("membership", {"doing": "join"})
        return self._says("code_please")

    def _organisation(self, organisation: str) -> str:
        return self.shelf.current().organisation_name(organisation)

    def _say(self, key: str, **values: object) -> str:
        return self.shelf.current().say(f"membership.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))


def routes(membership: Membership) -> Router:
    """绑定, 我是谁, 解绑, and the QR code of a join code."""
    return Router(
        "membership",
        words={
            ("绑定", "加入", "加入组织", "实名绑定"): membership.join,
            ("我是谁", "我的组织", "我的身份"): membership.who_am_i,
            ("解绑", "解除绑定", "取消绑定"): membership.ask_to_unbind,
        },
        patterns={
            r".{0,4}(绑定|加入)码?[^0-9a-z]{0,3}[0-9a-z][0-9a-z\W]{7,11}": membership.join,
            r"(?=[a-z\W]*[0-9])[2-9a-hj-np-z]{4}\W?[2-9a-hj-np-z]{4}": membership.join,  # read off the paper as it is
        },
        keys={"membership.join": membership.join},
        scenes={"join_": membership.join},
        talking=Talking(
            takes=membership.takes,
            otherwise=membership.otherwise,
            resume=membership.resume,
            restart=membership.restart,
            leave=membership.leave,
            picks_up=membership.picks_up,
        ),
    )
