"""What the API answers when it can't do what was asked: one shape, in Chinese or English, with the status that fits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask.json import dumps
from pydantic import BaseModel, Field

from handlers.conversation import Say

Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]  # as OpenAPI has them

MEDIA_TYPE = "application/problem+json"
_LANGUAGES = ("zh", "en")  # the lines of a problem's phrase


class Fault(BaseModel):
    """The body of every answer that is not what was asked for."""

    code: str = Field(description="For programs: what happened.", examples=["not_signed_in"])
    message: str = Field(description="For people, in the language of Accept-Language: zh or en.")
    field: str | None = Field(None, description="The part of the request that is at fault, where it is one.")


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its status, and the phrase whose lines say it in Chinese and in English."""

    status: int
    phrase: str

    @property
    def code(self) -> str:
        """What clients read."""
        return self.phrase.rpartition(".")[2].removeprefix("problem_")

    def message(self, say: Say, language: str, **values: Any) -> str:
        """The sentence in that language; a phrase of one line serves both."""
        lines = say(self.phrase, **values).split("\n")
        return lines[min(_LANGUAGES.index(language), len(lines) - 1)]


class Refused(Exception):
    """A request that can't be done; `field` names its part that is at fault, `wait` says after how many seconds."""

    def __init__(self, problem: Problem, *, field: str = "", wait: int = 0, **values: Any) -> None:
        super().__init__(problem.phrase)
        self.problem = problem
        self.field = field
        self.wait = wait
        self.values = {**values, "wait": wait}


BAD_REQUEST = Problem(400, "problems.bad_request")
NOT_SIGNED_IN = Problem(401, "problems.not_signed_in")
NOT_FOUND = Problem(404, "problems.not_found")
WRONG_METHOD = Problem(405, "problems.wrong_method")
TOO_LARGE = Problem(413, "problems.too_large")
INVALID = Problem(422, "problems.invalid")
TOO_FAST = Problem(429, "problems.too_fast")
TROUBLE = Problem(500, "problems.trouble")
AWAY = Problem(503, "problems.away")

OF_STATUS: Mapping[int, Problem] = {
    each.status: each for each in (BAD_REQUEST, NOT_FOUND, WRONG_METHOD, TOO_LARGE, TROUBLE, AWAY)
}
SAMPLES: Mapping[str, Any] = {"kind": "missing", "wait": 30, "left": 3, "most": 5, "longest": 1000}


def language() -> str:
    """The language of this request: the one it likes best, Chinese where it likes neither."""
    return request.accept_languages.best_match(_LANGUAGES, _LANGUAGES[0]) or _LANGUAGES[0]


def answer(refused: Refused, say: Say) -> Response:
    """The response that says it."""
    problem, spoken = refused.problem, language()
    body = {"code": problem.code, "message": problem.message(say, spoken, **refused.values)}
    if refused.field:
        body["field"] = refused.field
    response = Response(dumps(body), problem.status, mimetype=MEDIA_TYPE)
    response.content_language.add(spoken)
    if refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    if problem.status == NOT_SIGNED_IN.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def described(problems: Iterable[Problem], say: Say) -> Responses:
    """The problems as OpenAPI's responses, an example each."""
    kinds: dict[int, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.status, []).append(problem)
    return {status: _described(alike, say) for status, alike in kinds.items()}


def _described(alike: Sequence[Problem], say: Say) -> dict[str, str | dict[str, dict[str, Any]]]:
    examples = {
        problem.code: {"value": {"code": problem.code, "message": problem.message(say, "zh", **SAMPLES)}}
        for problem in alike
    }
    return {
        "description": " / ".join(problem.message(say, "en", **SAMPLES) for problem in alike),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Fault"}, "examples": examples}},
    }
