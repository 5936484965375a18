"""Who may come in: the console's sign-in, its session, and the guards that hang before the doors."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from storage.admins import Admin, Admins

SHORTEST_PASSWORD = 10
_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Checked where no such account exists, so that a wrong name takes as long as a wrong password."""
    return _hasher.hash("nobody")


class WeakPassword(ValueError):
    """The password is too short."""


class SignedIn(UserMixin):  # type: ignore[misc] # flask-login has no types
    """The admin of this request; the session names the account and the stamp of its password."""

    def __init__(self, admin: Admin) -> None:
        self.id = f"{admin.id}:{admin.stamp}"
        self.name = admin.name


def hashed(password: str) -> str:
    """The argon2 hash of a password of at least ten characters; nothing else is asked of it."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"a password needs at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def sign_in(admins: Admins, *, name: str, password: str) -> bool:
    """Begin a session if name and password belong together."""
    admin = admins.named(name)
    try:
        _hasher.verify(admin.password_hash if admin else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return admin is not None and bool(login_user(SignedIn(admin)))


def sign_out() -> None:
    """End the session."""
    logout_user()


def add_sessions(web: Flask, admins: Admins) -> None:
    """Let this application know its admins."""
    manager = LoginManager(web)
    manager.session_protection = "strong"

    @manager.user_loader  # type: ignore[untyped-decorator] # as above
    def _load(session: str) -> SignedIn | None:
        admin = admins.found(session.partition(":")[0])
        return SignedIn(admin) if admin and session == f"{admin.id}:{admin.stamp}" else None


def requires_nothing() -> None:
    """Said aloud: anyone may come in."""


def requires_admin() -> ResponseReturnValue | None:
    """Only a signed-in admin comes in; a reader is sent to sign in first, and brought back."""
    if current_user.is_authenticated:
        return None
    if request.method == "GET":
        return redirect(url_for("signin.form", next=request.full_path.rstrip("?")))
    return "", 403
