"""Surveys in a phone's browser: one address, where what was chosen is posted; and the results for everybody."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from content.models import Account
from handlers import front, session
from handlers.survey.service import Booth, HandedIn

_STATUS = {HandedIn.KEPT: 200, HandedIn.BEFORE: 409, HandedIn.OVER: 410, HandedIn.LATER: 503}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What is asked of the member of a request; between the two steps nothing lies anywhere but in the browser."""

    booth: Booth
    account: Callable[[], Account]

    def listed(self) -> ResponseReturnValue:
        """What there is to take part in."""
        return self._page("list", surveys=self.booth.asked_of(session.who()))

    def step(self) -> ResponseReturnValue:
        """Show the questions of a survey, or take what was chosen."""
        key, who = request.form.get("survey", "")[:64], session.who()
        if "form" in request.form:
            return self._take(key)
        survey = next((each for each in self.booth.asked_of(who) if each.key == key), None)
        if survey is None:
            return self._page("list", surveys=self.booth.asked_of(who))
        return self._page("form", survey=survey, form=self.booth.form(key, who), chosen={})

    def _take(self, key: str) -> ResponseReturnValue:
        who, form = session.who(), request.form.get("form", "")[:512]
        survey, paper = self.booth.open_one(key, who), self.booth.paper_of(form, key, who)
        if survey is None:
            return self._page("handed_in", became=HandedIn.OVER), _STATUS[HandedIn.OVER]
        if paper is None:
            abort(400)
        chosen = {each.id: request.form.get(f"q-{each.id}", "") for each in survey.questions}
        if not any(chosen.values()):  # pressed before anything was chosen: that would have been their only one
            return self._page("form", survey=survey, form=form, chosen=chosen, empty=True), 422
        became = self.booth.hand_in(key, who, paper, chosen)
        if became is HandedIn.LATER:
            page = self._page("form", survey=survey, form=form, chosen=chosen, later=True)
            return page, _STATUS[became]
        return self._page("handed_in", became=became, survey=survey), _STATUS[became]

    def results(self) -> ResponseReturnValue:
        """Those that are over and whose file says that everybody may see them. It takes no filter."""
        told = [each.told for each in self.booth.over() if each.told["public"]]
        return front.fresh_or_same(self._page("results", told_of=told))

    def _page(self, name: str, /, **values: object) -> Response:
        return make_response(render_template(f"survey/{name}.html", account=self.account(), **values))


def blueprint(counter: Counter) -> Blueprint:
    """Serve /p/survey, for members."""
    doors = Blueprint("survey_pages", __name__, url_prefix="/p/survey", template_folder="../templates")
    doors.add_url_rule("", "listed", counter.listed)
    doors.add_url_rule("", "step", counter.step, methods=["POST"])
    return doors


def for_anyone(counter: Counter) -> Blueprint:
    """Serve /p/survey/results."""
    doors = Blueprint("survey_open", __name__, url_prefix="/p/survey", template_folder="../templates")
    doors.add_url_rule("/results", "results", counter.results)
    return doors
