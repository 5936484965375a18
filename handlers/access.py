"""Who may come in: the console's sign-in, its session, and the guards that hang before the doors."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Self, cast

from flask import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    g,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_fresh, login_user, logout_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from content.roles import Duty, Powers, Reach, facts
from handlers.entrance import Debt, Entrance
from handlers.typed import Asked
from storage import redis
from storage.admin_tries import KNOWN_FOR, Whence
from storage.admins import Admin
from storage.audit import Act, Deed, NotNoted, Outcome

LONGEST_NAME = 32  # characters
View = Callable[..., ResponseReturnValue]
PowersNow = Callable[[], Mapping[str, Powers]]
Trail = Callable[[Deed], None]  # raises storage.audit.NotNoted
_TRAIL = "zhibu trail"  # where an application has its own
# What is done with an opinion is noted in its own seal, with the day: a moment would tell by when it was there (0051).
_IN_THEIR_OWN_SEAL = frozenset({Duty.OPINIONS, Duty.MEASURES})
KNOWN_COOKIE = "zhibu_known"  # a browser that somebody has signed in with
CODE_SECONDS = 300  # between the password and the code
INSIDE = "/admin/"
ACCOUNT = "account"  # the blueprint of one's own account
SESSION_MINUTES = 30  # without a click
PAGE_SOURCES = {"default-src": "'self'", "img-src": "'self' data:", "object-src": "'none'", "frame-ancestors": "'none'"}


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
        g.whence = Whence(address=get_remote_address(), browser=known)
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


def admin() -> Admin:
    """The account of the admin of this request."""
    return cast("Admin", current_user.admin)


def session_id() -> str:
    """Which of its sessions this is."""
    return str(current_user.session_id)


def who_is_in() -> str:
    """The name of the admin of this request."""
    return str(current_user.name)


def roles() -> str:
    """The ids of the roles of the admin of this request, with commas between them."""
    return str(current_user.roles)


def reach(duty: Duty) -> Reach:
    """Over which organisations the admin of this request has a duty."""
    powers: Powers = current_user.powers
    return powers.reach(duty)


def _add_sessions(web: Flask, entrance: Entrance, powers: PowersNow) -> None:
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


def once_a_page(powers: PowersNow) -> PowersNow:
    """The same powers, asked for once while a page is made; what is changed by a press is known at once."""

    def known() -> Mapping[str, Powers]:
        if not has_request_context() or request.method != "GET":
            return powers()
        if "powers" not in g:
            g.powers = powers()
        return cast("Mapping[str, Powers]", g.powers)

    return known


def limiter(redis_url: str) -> Limiter:
    """Counts tries in Redis, so that all workers count together; alone in each process while Redis is away."""
    where = f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url
    return Limiter(
        get_remote_address,
        storage_uri=where,
        storage_options=redis.bounds(),
        in_memory_fallback_enabled=True,
        key_prefix="zhibu",
    )


def protect(
    web: Flask, *, secret: bytes, entrance: Entrance, powers: PowersNow, trail: Trail, limiter: Limiter, public_url: str
) -> None:
    """Sessions, CSRF tokens, limits and headers for every page of this application, and where it notes what is done."""
    web.extensions[_TRAIL] = trail
    is_secure = public_url.startswith("https://")
    web.secret_key = secret
    web.request_class = Asked
    web.config.update(
        SESSION_COOKIE_NAME="zhibu",
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=SESSION_MINUTES),
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_CSRF_SSL_STRICT=False,  # a page that tells nobody its address sends no Referer: the token is what counts
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    web.after_request(_tells_nobody)  # before Talisman is added, so after it has written its own
    web.before_request(_names_something)
    CSRFProtect(web)
    Bootstrap5(web)
    limiter.init_app(web)
    Talisman(
        web,
        force_https=False,  # the proxy in front speaks TLS
        strict_transport_security=is_secure,
        session_cookie_secure=is_secure,
        content_security_policy=PAGE_SOURCES,
        frame_options="DENY",
        referrer_policy="same-origin",
    )
    _add_sessions(web, entrance, powers)
    web.jinja_env.globals.update(may=may, who_grants=lambda: _who_grants(powers))


def with_scripts_from(site: str, page: View) -> View:
    """The same page, which may take scripts from one more site and nothing else from there."""

    @wraps(page)
    def shown(**place: Any) -> ResponseReturnValue:
        return page(**place)

    policy = {**PAGE_SOURCES, "script-src": f"'self' {site}"}
    shown.talisman_view_options = {"content_security_policy": policy}  # type: ignore[attr-defined] # where Talisman looks
    return shown


def _names_something() -> None:
    """Nothing of ours has a NUL in its name, and PostgreSQL refuses to be asked for one."""
    if "\0" in request.path:
        abort(404)


def _tells_nobody(response: Response) -> Response:
    """What no browser may keep, a Referer doesn't carry on either: such an address may sign somebody in.

    None of the console's does, and its forms say by it that they are ours.
    """
    if response.cache_control.no_store and not request.path.startswith(INSIDE):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


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
        raise Unmarked(f"the door {endpoint} says no duty: hang it with handlers.access.needs")
    return mark


def all_marked(web: Flask, blueprint: str) -> None:
    """See that every door of a blueprint says what it asks for. Raises Unmarked."""
    with web.app_context():
        for endpoint in web.view_functions:
            if endpoint.startswith(f"{blueprint}."):
                asked_by(endpoint)


def may(duty: str, *, whole: bool = False) -> bool:
    """Whether the admin of this request has a duty anywhere, or over the whole house."""
    return Needs(Duty(duty), whole=whole).lets_in(reach(Duty(duty)))


def opens(address: str) -> bool:
    """Whether a page of the console opens to the admin of this request; none does to a stranger."""
    if not _is_in():
        return False
    endpoint, _ = current_app.url_map.bind("").match(address)
    asked = asked_by(endpoint)
    return asked.lets_in(reach(asked.duty))


def requires_admin() -> ResponseReturnValue | None:
    """Only a signed-in admin comes in who has the duty that the door asks for.

    A reader is sent to sign in first, and brought back, with what they wrote. A session that lasts is only called stale
    by flask-login when its cookie comes from elsewhere: it ends here.
    """
    if _is_in():
        if current_user.debt and request.blueprint != ACCOUNT:
            return redirect(url_for("account.own"), 303)
        asked = asked_by(request.endpoint)
        may_enter = bool(asked.lets_in(reach(asked.duty)))
        _note_passing(asked, Outcome.ALLOWED if may_enter else Outcome.REFUSED)
        after_this_request(_kept_by_nobody if asked.shows else _for_one)
        return None if may_enter else _refused(asked)
    if request.method == "GET":
        return redirect(url_for("signin.form", next=request.full_path.rstrip("?")))
    unsent = Unsent.of_request()
    return (unsent.page() if unsent else render_template("console/login.html"), 403)


def _kept_by_nobody(response: Response) -> Response:
    """A computer of an office has several users: what is shown of persons lies in no browser."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _for_one(response: Response) -> Response:
    """Of any other page of the console: it is for who is signed in, and for no proxy."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


# -- what is noted of it -----------------------------------------------------------------------------------------------


def note(
    act: Act,
    kind: str,
    *,
    person: str = "",
    about: str = "",
    reason: str = "",
    outcome: Outcome = Outcome.ALLOWED,
) -> None:
    """Put into the trail what the admin of this request does. Where that can't be kept, it isn't done: 503."""
    _keep(
        Deed(
            act=act,
            kind=kind,
            account=who_is_in(),
            role=roles(),
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


def _note_passing(asked: Needs, outcome: Outcome) -> None:
    """What somebody is let in to see or to do, and where they are not let in."""
    changes = request.method not in {"GET", "HEAD", "OPTIONS"}
    is_refused = outcome is Outcome.REFUSED
    if is_refused or (asked.duty not in _IN_THEIR_OWN_SEAL and not asked.notes and (changes or asked.shows)):
        nobodys = not (asked.shows or is_refused)  # else what the address names may be somebody's
        about = " ".join(map(str, (request.view_args or {}).values())) if nobodys else ""
        note(Act.CHANGE if changes else Act.LOOK, asked.shows or asked.duty, about=about, outcome=outcome)


def _keep(deed: Deed) -> None:
    trail: Trail = current_app.extensions[_TRAIL]
    try:
        trail(deed)
    except NotNoted:
        abort(503)


def _door() -> str:
    return request.url_rule.rule if request.url_rule else ""


def _is_in() -> bool:
    return bool(current_user.is_authenticated and login_fresh())


def _who_grants(powers: PowersNow) -> list[str]:
    return sorted(name for name, each in powers().items() if each.may(Duty.GRANTS))


def _refused(asked: Needs) -> Response:
    """What is missing, and whom to ask: in the console's look."""
    return Response(
        render_template(
            "console/forbidden.html", asked=facts(asked.duty), is_whole=asked.whole, unsent=request.method == "POST"
        ),
        403,
    )


@dataclass(frozen=True, slots=True)
class Unsent:
    """What was sent from a page after its session was over: whoever wrote it reads it, and sends it again.

    Until then it lies in their browser alone. Files don't come along.
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool = False

    @classmethod
    def of_request(cls) -> Self | None:
        """What this request brought from a page of ours; None for what another site may have made up."""
        site = request.headers.get("Sec-Fetch-Site") or request.headers.get("Origin")
        is_ours = site in {"same-origin", request.host_url.rstrip("/")}
        if not is_ours or request.method != "POST" or request.blueprint in {"signin", ACCOUNT}:  # which have passwords
            return None
        fields = ((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
        had_files = any(each.filename for _, each in request.files.items(multi=True))
        return cls(request.full_path.rstrip("?"), tuple(fields), had_files)

    @classmethod
    def of_sign_in(cls) -> Self | None:
        """What the sign-in's form carried along."""
        path, names, values = request.form.get("path", ""), request.form.getlist("field"), request.form.getlist("value")
        return cls(path, tuple(zip(names, values, strict=False))) if path.startswith(INSIDE) else None

    @property
    def words(self) -> list[str]:
        """What of it somebody typed, as far as that can be told."""
        return [value for _, value in self.fields if not value.isascii()]

    def page(self) -> str:
        """To be sent once more, or the sign-in before that."""
        if _is_in():
            return render_template("console/again.html", unsent=self)
        return render_template("console/login.html", unsent=self)
