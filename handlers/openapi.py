"""The mini-program's API as one application: faults as JSON, answers fresh or the same, a description that is whole."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

import structlog
from apiflask import APIBlueprint, APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from werkzeug.routing import BaseConverter

from content.unseen import typed
from handlers import problems, session
from handlers.conversation import Say
from handlers.guards import requires_nothing
from handlers.problems import Fault, Problem, Refused, Responses
from storage import trouble
from storage.sealing import Mark

Item = TypeVar("Item")
PREFIX = "/api/v1"
LARGEST_BYTES = 64 * 1024  # of a body; a door that takes more says so
_KINDS = {
    "missing": "missing",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
}

log = structlog.get_logger("api")


def _seen(value: Any) -> Any:
    return typed(value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_seen)]  # words as people type them, without what nobody sees


class IdConverter(BaseConverter):
    """An id of ours in a path: anything else leads nowhere, and never to the database."""

    regex = "[0-9a-f]{32}"


class Once(BaseModel):
    """The header that makes a repeated request count once."""

    idempotency_key: str = Field(
        min_length=16,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Drawn at random for each act; a repeat of the request bears the same.",
        examples=["4b1f6f0e8a3f4f0f9d0f6f1f2b7c1a55"],
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """Names what a request brings about, so that its repeat is the same one (docs/decisions/0001)."""

    mark: Mark

    def __call__(self, once: Once, *said: str) -> str:
        """The id for the message slot of an effect: nobody without the keys can tell whose it is.

        Where tries are counted it bears what was `said` too: else one key would be many tries, and count as one.
        """
        return f"api:{self.mark(session.who().contact, once.idempotency_key, *said)}"


class Paged(BaseModel):
    """Which part of a long list."""

    limit: int = Field(20, ge=1, le=50)
    after: str = Field("", max_length=128, description="What `next` of the page before said.")


def page(items: Sequence[Item], paged: Paged, *, key: Callable[[Item], str]) -> tuple[list[Item], str | None]:
    """The items of a page, and what leads to the next; a place that is gone is refused, so that nothing is missed."""
    places = {key(item): number for number, item in enumerate(items, start=1)}
    if paged.after and paged.after not in places:
        raise Refused(problems.INVALID, field="after", kind="wrong")
    at = places.get(paged.after, 0)
    some = list(items[at : at + paged.limit])
    return some, key(some[-1]) if at + paged.limit < len(items) else None


def doors(feature: str, *, name: str = "") -> APIBlueprint:
    """A blueprint for a feature's doors under /api/v1/<feature>; `name` tells a second one from the first."""
    return APIBlueprint(f"{name or feature}_api", __name__, url_prefix=f"{PREFIX}/{feature}", tag=feature)


def application(*, say: Say, has_left: Callable[[], bool] = lambda: False) -> APIFlask:
    """The application that every feature's doors hang in; `has_left` as `session.Gate` says it of a request."""
    web = APIFlask("api", title="Zhibu", version="1", spec_path=None, docs_path=None, static_folder=None)  # type: ignore[arg-type] # as Flask has it
    web.json.ensure_ascii = False  # type: ignore[attr-defined] # the default provider's
    web.json.sort_keys = False  # type: ignore[attr-defined] # as above
    web.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BYTES,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer"}},
    )
    web.url_map.converters["id"] = IdConverter
    web.servers = [{"url": "/"}]
    web.description = "What members can do, for the mini-program. Answers to GET carry an ETag."
    _speak(web, say, has_left)
    web.after_request(_fresh_or_same)
    web.spec_processor(partial(_completed, web=web, say=say))
    return web


def description() -> APIBlueprint:
    """Serve the description, /api/openapi.json."""
    blueprint = APIBlueprint("openapi", __name__, url_prefix="/api", enable_openapi=False)

    @blueprint.get("/openapi.json")
    def document() -> ResponseReturnValue:
        return dict(current_app.spec)  # type: ignore[attr-defined] # APIFlask's

    return blueprint


# -- faults ------------------------------------------------------------------------------------------------------


def _speak(web: APIFlask, say: Say, has_left: Callable[[], bool]) -> None:
    """Say every fault as a problem; what nobody foresaw is logged by its name alone, since it may hold words."""

    def refused(refusal: Refused) -> Response:
        return problems.answer(refusal, say)

    def wrong(error: HTTPError) -> Response:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            return problems.answer(_invalid(cause), say)
        problem = problems.OF_STATUS.get(error.status_code, problems.BAD_REQUEST)
        response = problems.answer(Refused(problem), say)
        response.headers.extend({name: value for name, value in dict(error.headers).items() if name == "Allow"})
        return response

    def unforeseen(fault: Exception) -> Response:
        if isinstance(fault, RecursionError):  # JSON nested a thousand deep
            return problems.answer(Refused(problems.BAD_REQUEST), say)
        if has_left():  # what the door would keep has nobody to belong to
            return problems.answer(Refused(problems.NOT_SIGNED_IN), say)
        log.error("api failed", error=trouble.named(fault), door=request.endpoint)
        return problems.answer(Refused(problems.TROUBLE), say)

    web.register_error_handler(Refused, refused)
    web.error_processor(wrong)
    web.register_error_handler(Exception, unforeseen)


def _invalid(error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]).replace("idempotency_key", "Idempotency-Key")
    return Refused(problems.INVALID, field=field, kind=_KINDS.get(first["type"], "wrong"))


# -- answers -----------------------------------------------------------------------------------------------------


def _fresh_or_same(response: Response) -> Response:
    """What was read before and is the same isn't sent again; what was written is kept by nobody on the way."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.update(["Authorization", "Accept-Language"])
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:  # noqa: PLR2004 - HTTP's
        response.headers["Cache-Control"] = "no-store"
        return response
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


# -- description -------------------------------------------------------------------------------------------------


def says(say: Say, *kinds: Problem) -> Responses:
    """What a door may answer beside what it was asked for, for its `doc(responses=...)`."""
    return problems.described(kinds, say)


def _completed(spec: Any, *, web: APIFlask, say: Say) -> dict[str, Any]:
    """Add what holds for every door: how to sign in, what may go wrong before it opens, and answers unchanged."""
    spec["components"]["schemas"]["Fault"] = Fault.model_json_schema()
    for rule in web.url_map.iter_rules():
        path, blueprint = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), rule.endpoint.rpartition(".")[0]
        guarded = requires_nothing not in web.before_request_funcs.get(blueprint, ())
        for method, operation in spec["paths"].get(path, {}).items():
            if method.upper() in (rule.methods or ()):
                _complete(operation, guarded=guarded, say=say)
                operation["operationId"] = method + _camel(path)
                _tell_ids(operation, names=re.findall(r"<id:(\w+)>", rule.rule))
                if method == "get":
                    operation["responses"]["304"] = {"description": "As before: the ETag of If-None-Match still holds."}
    return dict(spec)


def _complete(operation: dict[str, Any], *, guarded: bool, say: Say) -> None:
    operation["security"] = [{"bearer": []}] if guarded else []
    for status, said in problems.described(_before(operation, guarded=guarded), say).items():
        _add(operation["responses"], str(status), said)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True


def _tell_ids(operation: dict[str, Any], *, names: Collection[str]) -> None:
    for parameter in operation["parameters"]:
        if parameter["name"] in names:
            parameter["schema"]["pattern"] = f"^{IdConverter.regex}$"


def _before(operation: dict[str, Any], *, guarded: bool) -> list[Problem]:
    """What may go wrong before a door opens."""
    found = [problems.BAD_REQUEST, problems.TROUBLE, problems.AWAY]
    if guarded:
        found += [problems.NOT_SIGNED_IN, problems.TOO_FAST]
    if "requestBody" in operation:
        found += [problems.INVALID, problems.TOO_LARGE]
    if any(each["in"] != "path" for each in operation["parameters"]):
        found += [problems.INVALID]
    return found


def _add(responses: dict[str, Any], status: str, said: dict[str, Any]) -> None:
    """Add a response, or its examples to one that is there."""
    known = responses.setdefault(status, said)
    examples = known["content"][problems.MEDIA_TYPE]["examples"]
    known["content"][problems.MEDIA_TYPE]["examples"] = {**said["content"][problems.MEDIA_TYPE]["examples"], **examples}


def _camel(path: str) -> str:
    return "".join(part.title() for part in re.split(r"\W+", path.removeprefix(PREFIX)))
