"""What protects every page: sessions, tokens against foreign forms, limits, and what browsers are told."""

from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Flask, Response, abort, request
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from content.roles import Duty
from handlers import access, guards, noting
from handlers.access import PowersNow
from handlers.entrance import Entrance
from handlers.guards import View
from handlers.guessing import address
from handlers.typed import Asked
from storage import redis

PAGE_SOURCES = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",  # these three aren't among what the default is for
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def limiter(redis_url: str) -> Limiter:
    """Counts tries in Redis, so that all workers count together; alone in each process while Redis is away."""
    where = f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url
    return Limiter(
        address,
        storage_uri=where,
        storage_options=redis.bounds(),
        in_memory_fallback_enabled=True,
        key_prefix="zhibu",
    )


def protect(
    web: Flask,
    *,
    secret: bytes,
    entrance: Entrance,
    powers: PowersNow,
    trail: noting.Trail,
    limiter: Limiter,
    public_url: str,
) -> None:
    """Sessions, CSRF tokens, limits and headers for every page of this application, and where it notes what is done."""
    noting.notes_to(web, trail)
    is_secure = public_url.startswith("https://")
    web.secret_key = secret
    web.request_class = Asked
    web.config.update(
        SESSION_COOKIE_NAME="zhibu",
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=access.SESSION_MINUTES),
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
    access.add_sessions(web, entrance, powers)
    web.jinja_env.globals.update(may=guards.may, who_grants=lambda: _who_grants(powers))


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
    if response.cache_control.no_store and not request.path.startswith(access.INSIDE):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _who_grants(powers: PowersNow) -> list[str]:
    return sorted(name for name, each in powers().items() if each.may(Duty.GRANTS))
