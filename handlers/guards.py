"""The guards before the doors: who may come in where, and what is noted of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Flask, Response, after_this_request, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty, Reach, facts
from handlers import access, noting
from handlers.unsent import Unsent
from storage.audit import Act, Outcome

View = Callable[..., ResponseReturnValue]
_WHOLE_HOUSE = ""  # where an organisation would stand
# What is done with an opinion is noted in its own seal, with the day: a moment would tell by when it was there (0051).
_IN_THEIR_OWN_SEAL = frozenset({Duty.OPINIONS, Duty.MEASURES})


def requires_nothing() -> None:
    """Said aloud: anyone may come in."""


class Unmarked(Exception):
    """A door of the console says no duty: it must be hung with `needs`."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a door of the console asks for; `shows` says which personal data is to be seen there, "" for none.

    Behind a door of the `whole` house something is changed that all organisations share: a branch's duty isn't enough.
    Who comes in is noted by the guard, but where the door `notes` it itself, since it knows whose it is.
    """

    duty: Duty
    shows: str = ""
    whole: bool = False
    notes: bool = False

    def lets_in(self, reach: Reach) -> bool:
        """Whether somebody who has the duty so far may come in."""
        return reach.everywhere or (bool(reach) and not self.whole)


def needs(duty: Duty, view: View, *, shows: str = "", whole: bool = False, notes: bool = False) -> View:
    """The same page, for those who have this duty: over an organisation, or over the whole house.

    A page shows no more than `reach` of the duty covers; that is its own business.
    """

    @wraps(view)
    def opened(**place: Any) -> ResponseReturnValue:
        return view(**place)

    opened.needs = Needs(duty, shows, whole, notes)  # type: ignore[attr-defined] # where the guard looks
    return opened


def asked_by(endpoint: str | None) -> Needs:
    """What a door of the console asks for. Raises Unmarked."""
    mark = getattr(current_app.view_functions.get(endpoint or ""), "needs", None)
    if not isinstance(mark, Needs):
        raise Unmarked(f"the door {endpoint} says no duty: hang it with handlers.guards.needs")
    return mark


def all_marked(web: Flask, blueprint: str) -> None:
    """See that every door of a blueprint says what it asks for. Raises Unmarked."""
    with web.app_context():
        for endpoint in web.view_functions:
            if endpoint.startswith(f"{blueprint}."):
                asked_by(endpoint)


def may(duty: str, *, whole: bool = False) -> bool:
    """Whether the admin of this request has a duty anywhere, or over the whole house."""
    return Needs(Duty(duty), whole=whole).lets_in(access.reach(Duty(duty)))


def opens(address: str) -> bool:
    """Whether a page of the console opens to the admin of this request; none does to a stranger."""
    if not access.is_in():
        return False
    endpoint, _ = current_app.url_map.bind("").match(address)
    asked = asked_by(endpoint)
    return asked.lets_in(access.reach(asked.duty))


def requires_admin() -> ResponseReturnValue | None:
    """Only a signed-in admin comes in who has the duty that the door asks for.

    A reader is sent to sign in first, and brought back, with what they wrote.
    """
    if access.is_in():
        if access.owes() and request.blueprint != access.ACCOUNT:
            return redirect(url_for("account.own"), 303)
        asked = asked_by(request.endpoint)
        access.acts_by(asked.duty, _WHOLE_HOUSE if asked.whole else None)
        may_enter = bool(asked.lets_in(access.reach(asked.duty)))
        _note_passing(asked, Outcome.ALLOWED if may_enter else Outcome.REFUSED)
        after_this_request(_kept_by_nobody if asked.shows else _for_one)
        return None if may_enter else _refused(asked)
    if request.method == "GET":
        return redirect(url_for("signin.form", next=request.full_path.rstrip("?")))
    unsent = Unsent.of_request()
    return (unsent.page() if unsent else render_template("console/login.html"), 403)


def _note_passing(asked: Needs, outcome: Outcome) -> None:
    """What somebody is let in to see or to do, and where they are not let in."""
    changes = request.method not in {"GET", "HEAD", "OPTIONS"}
    is_refused = outcome is Outcome.REFUSED
    if is_refused or (asked.duty not in _IN_THEIR_OWN_SEAL and not asked.notes and (changes or asked.shows)):
        nobodys = not (asked.shows or is_refused)  # else what the address names may be somebody's
        about = " ".join(map(str, (request.view_args or {}).values())) if nobodys else ""
        noting.note(Act.CHANGE if changes else Act.LOOK, asked.shows or asked.duty, about=about, outcome=outcome)


def _kept_by_nobody(response: Response) -> Response:
    """A computer of an office has several users: what is shown of persons lies in no browser."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _for_one(response: Response) -> Response:
    """Of any other page of the console: it is for who is signed in, and for no proxy."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _refused(asked: Needs) -> Response:
    """What is missing, and whom to ask: in the console's look."""
    return Response(
        render_template(
            "console/forbidden.html", asked=facts(asked.duty), is_whole=asked.whole, unsent=request.method == "POST"
        ),
        403,
    )
