"""Who is in the console: its sign-in, its session, and what the admin of a request may do."""

import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from flask import Flask, Response, after_this_request, current_app, g, has_request_context, request, session
from flask_login import LoginManager, UserMixin, current_user, login_fresh, login_user, logout_user

from content.roles import Duty, Powers, Reach
from handlers.entrance import Debt, Entrance
from handlers.guessing import address
from storage.admin_tries import KNOWN_FOR, Whence
from storage.admins import Admin

LONGEST_NAME = 32  # characters
T = TypeVar("T")
PowersNow = Callable[[], Mapping[str, Powers]]
KNOWN_COOKIE = "zhibu_known"  # a browser that somebody has signed in with
CODE_SECONDS = 300  # between the password and the code
INSIDE = "/admin/"
ACCOUNT = "account"  # the blueprint of one's own account
SESSION_MINUTES = 30  # without a click


class UnfitName(ValueError):
    """Nobody can be called that; the text says what a name is."""


class SignedIn(UserMixin):  # type: ignore[misc] # flask-login has no types
    """The admin of this request, by the token of the session; who has to do something first may do nothing else."""

    def __init__(
        self, admin: Admin, token: str, *, session_id: str = "", debt: Debt | None = None, powers: Powers | None = None
    ) -> None:
        self.id = token
        self.admin = admin
        self.name = admin.name
        self.session_id = session_id
        self.debt = debt
        self.powers = powers or Powers()
        self.roles = ",".join(sorted({grant.role for grant in admin.grants}))


def fitting(name: str) -> str:
    """The name of a new account, as it is: what can be typed into the sign-in and told apart. Raises UnfitName."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UnfitName(f"a name has 1 to {LONGEST_NAME} characters")
    if " " in name or not name.isprintable():  # every other space is unprintable
        raise UnfitName("a name has no spaces and no characters that can't be seen")
    return name


def whence() -> Whence:
    """Where this request comes from: a browser that has no name yet is given one, which it keeps once it is let in."""
    if "whence" not in g:
        known = request.cookies.get(KNOWN_COOKIE) or secrets.token_urlsafe(24)
        g.whence = Whence(address=address(), browser=known)
    return cast("Whence", g.whence)


def halfway(admin: Admin, entrance: Entrance) -> None:
    """Remember for a while whose password was right."""
    until = int(entrance.clock().timestamp()) + CODE_SECONDS
    session["halfway"] = [admin.id, admin.stamp, until]


def who_is_halfway(entrance: Entrance) -> Admin | None:
    """Whose code is waited for; None where it took too long, or the account has changed."""
    known, stamp, until = session.get("halfway", ("", "", 0))
    admin = entrance.admins.found(known) if entrance.clock().timestamp() < until else None
    return admin if admin and admin.stamp == stamp and not admin.disabled else None


def let_in(entrance: Entrance, admin: Admin) -> None:
    """Begin a session: nothing of the one before becomes one of somebody who is in."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(admin, entrance.begin(admin, request.user_agent.string)))
    known = whence().browser

    @after_this_request
    def _remember(response: Response) -> Response:
        is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        lasts = int(KNOWN_FOR.total_seconds())
        response.set_cookie(
            KNOWN_COOKIE, known, max_age=lasts, path=INSIDE, secure=is_secure, httponly=True, samesite="Lax"
        )
        return response


def sign_out(entrance: Entrance) -> None:
    """End the session."""
    if current_user.is_authenticated:
        entrance.sessions.end(session_id(), admin=admin().id)
    logout_user()
    session.clear()


def is_in() -> bool:
    """Whether this request has an admin. A session that lasts is called stale when its cookie comes from elsewhere."""
    return bool(current_user.is_authenticated and login_fresh())


def owes() -> bool:
    """Whether the admin of this request has to do something first, on the pages of their own account."""
    return bool(current_user.debt)


def admin() -> Admin:
    """The account of the admin of this request."""
    return cast("Admin", current_user.admin)


def session_id() -> str:
    """Which of its sessions this is."""
    return str(current_user.session_id)


def who_is_in() -> str:
    """The name of the admin of this request."""
    return str(current_user.name)


def acts_by(duty: Duty, at: str | None) -> None:
    """Remember which duty the door of this request asks for: anywhere, or where `at` says."""
    g.duty, g.at = duty, at


def capacity(at: str | None = None) -> str:
    """As what the admin of this request acts, as it is kept: by roles of their own, or with a duty that is lent.

    `at` is the organisation in which they do it, where the door knows it.
    """
    powers: Powers = current_user.powers
    lender = powers.lender(g.duty, g.at if at is None else at) if "duty" in g else None
    return lender.written() if lender else str(current_user.roles)


def reach(duty: Duty) -> Reach:
    """Over which organisations the admin of this request has a duty."""
    powers: Powers = current_user.powers
    return powers.reach(duty)


def add_sessions(web: Flask, entrance: Entrance, powers: PowersNow) -> None:
    """Let this application know its admins."""
    manager = LoginManager(web)
    manager.session_protection = "strong"

    @manager.user_loader  # type: ignore[untyped-decorator] # as above
    def _load(token: str) -> SignedIn | None:
        found = entrance.found(token)
        if found is None:
            return None
        admin, kept = found
        debt = entrance.debt(admin)
        has = Powers() if debt else powers().get(admin.name, Powers())
        return SignedIn(admin, token, session_id=kept.id, debt=debt, powers=has)


def once_a_page(ask: Callable[[], T]) -> Callable[[], T]:
    """The same answer, asked for once while a page is made; what is changed by a press is known at once."""

    def known() -> T:
        if not has_request_context() or request.method != "GET":
            return ask()
        answers: dict[Callable[[], T], T] = g.setdefault("asked_once", {})
        if ask not in answers:
            answers[ask] = ask()
        return answers[ask]

    return known
