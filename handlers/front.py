"""The site's first page, the look of all pages for members, the pack's pictures, and what is said where nothing is."""

from dataclasses import dataclass
from urllib.parse import quote

import structlog
from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from content.models import Account
from content.shelf import Shelf
from handlers import access
from handlers.unsent import Unsent
from storage import trouble

CONSOLE = access.INSIDE
PICTURES = "/p/pictures"  # those of the pack, for whoever has their address
PICTURE_SECONDS = 60 * 60  # that a phone may keep one without asking again
SERVER_ERRORS = 500  # and above
KEPT_HEADERS = ("Allow", "Retry-After")

log = structlog.get_logger("pages")


@dataclass(frozen=True, slots=True)
class Front:
    """The pages that belong to no feature."""

    shelf: Shelf

    def home(self) -> ResponseReturnValue:
        """Whose site this is, and the way to what anyone may read."""
        return fresh_or_same(make_response(render_template("front/home.html", account=self._account)))

    def picture(self, name: str) -> ResponseReturnValue:
        """A picture of the pack."""
        found = self.shelf.current().pictures.get(name)
        if found is None:
            abort(404)
        answer = Response(found.data, mimetype=found.kind)
        answer.add_etag()
        answer.cache_control.public, answer.cache_control.max_age = True, PICTURE_SECONDS
        return answer.make_conditional(request)

    def problem(self, error: HTTPException) -> ResponseReturnValue:
        """What is wrong, in the reader's language and in the look of the part of the site that they are in."""
        if address := _with_no_slash_too_many(error):
            return redirect(address, 308)
        unsent = Unsent.of_request() if self._is_stale(error) else None
        response = make_response(unsent.page() if unsent else self._said(error), error.code)
        response.headers.extend({name: value for name, value in error.get_headers() if name in KEPT_HEADERS})
        return response

    def _is_stale(self, error: HTTPException) -> bool:
        """Whether it came from a page of the console that was open for too long."""
        return isinstance(error, CSRFError) and request.path.startswith(CONSOLE)

    def fell(self, fault: Exception) -> ResponseReturnValue:
        """A page that nobody foresaw to fall: it is logged by the fault's name alone, since that may hold words."""
        log.error("page failed", error=trouble.named(fault), door=request.endpoint)
        return self.problem(InternalServerError(original_exception=fault))

    def _said(self, error: HTTPException) -> str:
        values = {"what": "stale" if isinstance(error, CSRFError) else error.code, "account": self._account}
        in_console = request.path.startswith(CONSOLE)
        if (error.code or 0) >= SERVER_ERRORS:  # without what every page is told, which may be what failed
            page = current_app.jinja_env.get_template("front/problem.html")
            return page.render(**values, home=CONSOLE if in_console else "/")
        if in_console:
            return render_template("console/problem.html", **values)
        return render_template("front/problem.html", **values, home="/")

    @property
    def _account(self) -> Account:
        return self.shelf.current().account


def blueprint(shelf: Shelf) -> Blueprint:
    """Serve /, the style sheet of the pages and the pictures, and answer on the whole site where nothing is."""
    front = Front(shelf)
    doors = Blueprint("front", __name__, template_folder="templates")
    doors.add_url_rule("/", "home", front.home)
    doors.add_url_rule("/p/style.css", "style", _style)
    doors.add_url_rule(f"{PICTURES}/<name>", "picture", front.picture)
    doors.add_url_rule("/p/quiz/pictures/<name>", "old_picture", front.picture)  # links to it lie in chats
    doors.app_errorhandler(HTTPException)(front.problem)
    doors.app_errorhandler(Exception)(front.fell)
    return doors


def picture_at(public_url: str, name: str) -> str:
    """The whole address of a picture of the pack; without a `public_url` below what is asked right now."""
    return f"{public_url or request.url_root.rstrip('/')}{PICTURES}/{quote(name)}"


def fresh_or_same(response: Response) -> Response:
    """What is shown may be withdrawn at any time, so browsers ask each time; what hasn't changed isn't sent again."""
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value] # the same response


def _style() -> ResponseReturnValue:
    return fresh_or_same(Response(render_template("front/style.css"), mimetype="text/css"))


def _with_no_slash_too_many(error: HTTPException) -> str:
    """Where a page is that was asked for with a slash at its end; "" where there is none either."""
    if request.url_rule is not None or not request.path.isprintable():
        return ""  # it is there, and found nothing of what it was asked for; or it is no name, with line ends perhaps
    path = request.path.rstrip("/")
    adapter = current_app.create_url_adapter(request)
    if error.code != 404 or path == request.path or adapter is None or not adapter.test(path, "GET"):  # noqa: PLR2004 - HTTP's
        return ""
    query = request.query_string.decode("ascii", "ignore")
    return f"{path}?{query}" if query else path
