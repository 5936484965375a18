"""What the mini-program reads with its answers, and what a member thinks of a question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apiflask import APIBlueprint

from handlers import openapi, session
from handlers.openapi import Paged
from handlers.problems import Problem, Refused
from handlers.quiz.api.shapes import Rated, Read, Reads, Regarded
from handlers.quiz.service.regards import Regarding
from storage.regards import Regard

NO_SUCH_CHOICE = Problem(404, "quiz.problem_no_such_choice")
NO_SUCH_QUESTION = Problem(404, "quiz.problem_no_such_question")
READ_LATER = Problem(409, "quiz.problem_read_later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What these doors do; nothing is marked by reading."""

    regarding: Regarding
    clock: Callable[[], datetime]

    def bank(self, name: str, page: Paged) -> Reads:
        """A bank's questions in its order, each with its answer."""
        service, now = self.regarding.service, self.clock()
        ids = service.read_through(session.who().person, service.day(now), bank=name)
        if not ids:
            raise Refused(NO_SUCH_CHOICE)
        return self._read(ids, page)

    def kept(self, page: Paged) -> Reads:
        """What the member keeps, what was kept last first."""
        today = self.regarding.service.day(self.clock())
        return self._read(self.regarding.kept(session.who().person, today), page)

    def _read(self, ids: Sequence[str], page: Paged) -> Reads:
        service = self.regarding.service
        if service.going_exam(session.who().person, self.clock()):
            raise Refused(READ_LATER)
        shown, following = openapi.page([*enumerate(ids)], page, key=lambda each: each[1])
        found = [(at, service.question(id_)) for at, id_ in shown]
        items = [Read.of(service.shown(question, seed=""), at=at) for at, question in found if question]
        return Reads(items=items, total=len(ids), next=following)

    def keep(self, question: str, *, kept: bool) -> Regarded:
        """Keep a question, or keep it no longer."""
        return _told(self.regarding.keep(session.who().person, question, self.clock(), kept=kept))

    def rate(self, question: str, *, useful: bool | None) -> Regarded:
        """Say whether a question was of use."""
        return _told(self.regarding.rate(session.who().person, question, self.clock(), useful=useful))


def _told(regard: Regard | None) -> Regarded:
    if regard is None:
        raise Refused(NO_SUCH_QUESTION)
    return Regarded(kept=regard.kept, useful=regard.useful)


def add(doors: APIBlueprint, reading: Reading) -> None:
    """Hang these doors up among the others of the quiz."""
    say = reading.regarding.service.shelf.say
    known = openapi.says(say, NO_SUCH_QUESTION)

    @doors.get("/banks/<bank>")
    @doors.input(Paged, location="query")
    @doors.output(Reads)
    @doors.doc(
        summary="A bank's questions with their answers, to be read through",
        responses=openapi.says(say, NO_SUCH_CHOICE, READ_LATER),
    )
    def bank(bank: str, query_data: Paged) -> Reads:
        return reading.bank(bank, query_data)

    @doors.get("/kept")
    @doors.input(Paged, location="query")
    @doors.output(Reads)
    @doors.doc(summary="The questions that you keep, with their answers", responses=openapi.says(say, READ_LATER))
    def kept(query_data: Paged) -> Reads:
        return reading.kept(query_data)

    @doors.put("/kept/<question>")
    @doors.output(Regarded)
    @doors.doc(summary="Keep a question to come back to", responses=known)
    def keep(question: str) -> Regarded:
        return reading.keep(question, kept=True)

    @doors.delete("/kept/<question>")
    @doors.output(Regarded)
    @doors.doc(summary="Keep a question no longer", responses=known)
    def drop(question: str) -> Regarded:
        return reading.keep(question, kept=False)

    @doors.put("/usefulness/<question>")
    @doors.input(Rated)
    @doors.output(Regarded)
    @doors.doc(
        summary="Say whether a question was of use",
        description="Admins are told how many said so, five at a time, and never who.",
        responses=known,
    )
    def rate(question: str, json_data: Rated) -> Regarded:
        return reading.rate(question, useful=json_data.useful)
