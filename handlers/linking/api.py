"""Linking for the mini-program: a code to say in the other account, and going apart again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from handlers import openapi, session
from handlers.conversation import Say
from handlers.linking import engine
from handlers.problems import Problem, Refused
from storage.linking import Linking

ALONE = Problem(409, "linking.problem_alone")


class Known(BaseModel):
    """Where the member is one and the same."""

    accounts: list[str] = Field(examples=[["mini", "official"]])


class LinkCode(BaseModel):
    """Said in the other account's chat, it ties both to one person; a new one ends the one before."""

    code: str = Field(examples=["K7M2-9QXF"])
    expires_in: int = Field(description="Seconds.", examples=[600])


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the doors do."""

    linking: Linking
    clock: Callable[[], datetime]

    def known(self) -> Known:
        """The member's accounts."""
        return Known(accounts=list(self.linking.accounts(session.who().person)))

    def code(self) -> LinkCode:
        """A code for the contact that asks."""
        code = self.linking.code(session.who().contact, until=self.clock() + engine.CODE_LIVES)
        return LinkCode(code=engine.shown(code), expires_in=int(engine.CODE_LIVES.total_seconds()))

    def part(self) -> None:
        """Take this account from the others; what was kept stays with them."""
        if not self.linking.part(session.who().contact):
            raise Refused(ALONE)


def blueprint(links: Links, say: Say) -> APIBlueprint:
    """Serve /api/v1/linking."""
    doors = openapi.doors("linking")

    @doors.get("")
    @doors.output(Known)
    @doors.doc(summary="Accounts on which you are one person")
    def known() -> Known:
        return links.known()

    @doors.post("/code")
    @doors.output(LinkCode)
    @doors.doc(summary="A code to say in the official account", description="关联 and the code, within ten minutes.")
    def code() -> LinkCode:
        return links.code()

    @doors.delete("")
    @doors.output({}, 204)
    @doors.doc(
        summary="Take this account from the others",
        description="What was kept stays with the others; here it begins anew.",
        responses=openapi.says(say, ALONE),
    )
    def part() -> str:
        links.part()
        return ""

    return doors
