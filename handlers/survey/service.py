"""Taking part in a survey by whatever door, and what becomes of it when it is over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from typing import Any

from content.surveys import Survey
from handlers.survey import engine
from scheduler.postman import NotKept
from storage.people import Who
from storage.survey import Result, Slip, Surveys, code_of


class HandedIn(StrEnum):
    """What became of a ballot."""

    KEPT = "kept"
    BEFORE = "before"
    OVER = "over"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booth:
    """Where ballots are handed in. `post` returns when a ballot is kept, `leave` lets a mark go some rounds later."""

    surveys: Surveys
    pack: Callable[[], Mapping[str, Survey]]
    post: Callable[[Slip], bool]
    leave: Callable[[Slip], None]
    clock: Callable[[], datetime]
    zone: tzinfo
    none: Callable[[], str]

    def today(self) -> date:
        """Of the place."""
        return self.clock().astimezone(self.zone).date()

    def asked_of(self, who: Who) -> list[Survey]:
        """The surveys that somebody may take part in now."""
        over, today = self.surveys.results(), self.today()
        open_ones = [each for each in self.pack().values() if each.is_open(today) and each.key not in over]
        theirs = [each for each in open_ones if _may(who, each)]
        done = self.surveys.answered([each.key for each in theirs], _voter(who))
        return [each for each in theirs if each.key not in done]

    def open_one(self, key: str, who: Who) -> Survey | None:
        """The survey of this key, where it is open to them; nothing is looked up for it."""
        found = self.pack().get(key)
        return found if found and found.is_open(self.today()) and _may(who, found) else None

    def form(self, key: str, who: Who) -> str:
        """What a form bears: a paper that was given to them today, when it was known that they had not taken part."""
        return self.surveys.form(key, _voter(who), today=self.today())

    def paper_of(self, form: str, key: str, who: Who) -> str | None:
        """The paper of a form of theirs; None for what is none."""
        return self.surveys.paper_of(form, key, _voter(who), today=self.today())

    def hand_in(self, key: str, who: Who, paper: str, choices: Mapping[str, str]) -> HandedIn:
        """Keep a ballot: with the same paper once. What can't be said to be kept may be handed in again."""
        survey, voter, today = self.open_one(key, who), _voter(who), self.today()
        if survey is None:
            return HandedIn.OVER
        known = {(each.id, option.id) for each in survey.questions for option in each.choices}
        real = {question: option for question, option in choices.items() if (question, option) in known}
        with self.surveys.handing_in(key, voter) as is_mine:
            if not is_mine:
                return HandedIn.LATER
            if self.surveys.is_noted(key, voter):
                return HandedIn.BEFORE
            try:
                self.post(self.surveys.ballot(key, paper, real, today=today))
            except NotKept:
                return HandedIn.LATER
            ends = datetime.combine(survey.closes + timedelta(days=1), time(), self.zone)
            self.surveys.note(key, voter, until=ends)
            self.leave(self.surveys.mark(key, voter, today=today))
        return HandedIn.KEPT

    def close(self) -> None:
        """Make the results of those whose last day is over, and let their ballots go."""
        over, today = self.surveys.results(), self.today()
        for survey in self.pack().values():
            if survey.closes < today and survey.key not in over:
                self.surveys.close(survey.key, today=today, told=partial(self._told, survey))

    def _told(self, survey: Survey, ballots: Sequence[frozenset[str]]) -> dict[str, Any]:
        questions = [
            engine.Question(
                text=each.text,
                options={option.text: code_of((each.id, option.id)) for option in each.choices},
                carried_by=code_of((each.id, each.carried_by)) if each.carried_by else "",
                two_thirds=each.two_thirds,
            )
            for each in survey.questions
        ]
        count, found = engine.told(ballots, questions, none=self.none())
        return {"title": survey.title, "public": survey.public, "count": count, "questions": found}

    def over(self) -> list[Result]:
        """Those that are over, the last one first."""
        return sorted(self.surveys.results().values(), key=lambda each: (-each.closed_on.toordinal(), each.key))


def _may(who: Who, survey: Survey) -> bool:
    return (who.verified or not survey.for_members) and survey.is_for(who.organisation)


def _voter(who: Who) -> str:
    return who.person or f"{who.account}\x1f{who.openid}"
