"""A code from the mini-program said here, and going apart again."""

from dataclasses import dataclass

from content.shelf import Shelf
from handlers.guessing import Guesses
from handlers.linking import engine
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.linking import Linked, Linking
from wechat.messages import Kind, Reply, Text

_SAID = {
    Linked.LINKED: "linked",
    Linked.ALREADY: "already",
    Linked.UNKNOWN: "unknown",
    Linked.TWO_MEMBERS: "two_members",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The doors of linking."""

    linking: Linking
    shelf: Shelf
    guesses: Guesses

    def link(self, turn: Turn) -> Reply:
        """Take the code that came along, or ask for it."""
        code = engine.code_in(turn.text.removeprefix("关联"))
        if code is None:
            turn.talk.hold("linking", {"doing": "link"})
            return self._says("code_please")
        if self.guesses.of_member(turn.who, turn.now):
            return self._says("too_many_codes")
        outcome = self.linking.by_code(code, contact=turn.who.contact, message=turn.message.id, now=turn.now)
        if outcome is Linked.UNKNOWN:
            self.guesses.missed(turn.now)
        turn.talk.end()
        return self._says(_SAID[outcome])

    def ask_to_part(self, turn: Turn) -> Reply:
        """Going apart takes a second word."""
        if len(self.linking.accounts(turn.who.person)) == 1:
            return self._says("alone")
        turn.talk.hold("linking", {"doing": "part"})
        return self._says("sure", word=self._say("part_word"))

    def takes(self, turn: Turn) -> Handler | None:
        """A code while one is expected; the confirmation while parting."""
        if turn.message.kind is not Kind.TEXT:
            return None
        if turn.talk.state.get("doing") == "part":
            return self._part if plain(turn.text) == plain(self._say("part_word")) else None
        return self.link if engine.code_in(turn.text) else None

    def _part(self, turn: Turn) -> Reply:
        self.linking.part(turn.who.contact)
        turn.talk.end()
        return self._says("parted")

    def otherwise(self, turn: Turn) -> Reply:
        """Say what was expected."""
        if turn.talk.state.get("doing") == "part":
            turn.talk.end()
            return self._says("not_parted")
        return self._says("no_code")

    def leave(self, turn: Turn) -> Reply:
        """Good-bye; who was asked to confirm is told that nothing was done."""
        if turn.talk.state.get("doing") == "part":
            return self._says("not_parted")
        return Text(self.shelf.current().say("conversation.left"))

    def resume(self, turn: Turn) -> Reply | None:
        """Ask again."""
        if turn.talk.feature != "linking":
            return None
        return self.ask_to_part(turn) if turn.talk.state.get("doing") == "part" else self._says("code_please")

    def _say(self, key: str, **values: object) -> str:
        return self.shelf.current().say(f"linking.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))


def routes(links: Links) -> Router:
    """关联 and 取消关联."""
    return Router(
        "linking",
        words={
            ("关联", "关联小程序", "关联公众号"): links.link,
            ("取消关联", "解除关联"): links.ask_to_part,
        },
        patterns={r"关联码?[^0-9a-z]{0,3}[0-9a-z][0-9a-z\W]{7,11}": links.link},
        talking=Talking(
            takes=links.takes,
            otherwise=links.otherwise,
            resume=links.resume,
            leave=links.leave,
        ),
    )
