"""What the admins do, into the trail: where it can't be noted, it isn't done."""

from collections.abc import Callable

from flask import Flask, abort, current_app, request

from handlers.access import capacity, who_is_in
from storage.admins import Admin
from storage.audit import Act, Deed, NotNoted, Outcome

Trail = Callable[[Deed], None]  # raises storage.audit.NotNoted
_TRAIL = "zhibu trail"  # where an application has its own


def notes_to(web: Flask, trail: Trail) -> None:
    """Let this application note what is done in it."""
    web.extensions[_TRAIL] = trail


def note(
    act: Act,
    kind: str,
    *,
    person: str = "",
    about: str = "",
    reason: str = "",
    outcome: Outcome = Outcome.ALLOWED,
    at: str | None = None,
) -> None:
    """Put into the trail what the admin of this request does, in the organisation `at` where that is known.

    Where it can't be kept, it isn't done: 503.
    """
    _keep(
        Deed(
            act=act,
            kind=kind,
            account=who_is_in(),
            role=capacity(at),
            person=person,
            about=about,
            door=_door(),
            reason=reason,
            outcome=outcome,
        )
    )


def looked_at(kind: str, person: str) -> None:
    """Note that the admin of this request is shown a person's."""
    note(Act.LOOK, kind, person=person)


def revealed(kind: str, person: str, reason: str) -> None:
    """Note that they are shown in full what else is masked, and why."""
    note(Act.REVEAL, kind, person=person, reason=reason)


def note_sign_in(admin: Admin | None, outcome: Outcome) -> None:
    """The same of a sign-in. What was typed where no such account exists is not kept: it may be a password."""
    _keep(Deed(act=Act.SIGN_IN, kind="account", account=admin.name if admin else "", door=_door(), outcome=outcome))


def _keep(deed: Deed) -> None:
    trail: Trail = current_app.extensions[_TRAIL]
    try:
        trail(deed)
    except NotNoted:
        abort(503)


def _door() -> str:
    return request.url_rule.rule if request.url_rule else ""
