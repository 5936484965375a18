"""简报: what was said in a week, without names, to be looked through and sent to the organisation above."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from content import paper
from content.roles import Duty
from handlers import access, bars, workbooks
from handlers.bulletin.engine import Cluster, Month, Row
from handlers.bulletin.service import Reports
from handlers.guards import needs

WORKDAYS = "workdays"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The week that the address names, the last whole one without."""

    reports: Reports
    words: Mapping[str, str]

    def page(self) -> ResponseReturnValue:
        """The week on a page."""
        first, last, rows, said = self.reports.week(self._day(), access.reach(Duty.BULLETIN))
        week = timedelta(days=7)
        return render_template(
            "bulletin/week.html",
            first=first,
            last=last,
            rows=rows,
            said=said,
            before=first - week,
            after=first + week,
            is_whole=access.reach(Duty.BULLETIN).everywhere,
        )

    def document(self) -> ResponseReturnValue:
        """The same as a Word file."""
        first, last, rows, said = self.reports.week(self._day(), access.reach(Duty.BULLETIN))
        words, title = self.words, self.words["title"].format(first=first, last=last)
        parts = [
            (words["numbers"], [self._number(row, only=len(rows) == 1) for row in rows] or [words["few"]]),
            (words["said"], [self._said(each) for each in said] or [words["nothing"]]),
        ]
        named = {"Content-Disposition": f"attachment; filename=bulletin-{first}.docx", "Cache-Control": "no-store"}
        return Response(paper.written(title, parts), mimetype=WORD, headers=named)

    def trends(self) -> ResponseReturnValue:
        """How many came, about what, and how long answers took, month by month."""
        names, months = self._trends()
        columns = [(self.words["month"].format(each.first), self._named(each)) for each in months]
        waits = [(label, {WORKDAYS: each.workdays or 0}) for (label, _), each in zip(columns, months, strict=True)]
        return render_template(
            "bulletin/trends.html",
            names=names,
            months=[(label, numbers, each) for (label, numbers), each in zip(columns, months, strict=True)],
            came=bars.stacked(columns, names),
            took=bars.stacked(waits, [WORKDAYS]),
        )

    def workbook(self) -> ResponseReturnValue:
        """The same as a workbook; what isn't told is left empty."""
        names, months = self._trends()
        rows = [
            [f"{each.first:%Y-%m}", *(self._named(each).get(name) for name in names), each.workdays] for each in months
        ]
        return workbooks.sent("opinions", [self.words["head_month"], *names, self.words["head_workdays"]], rows)

    def _trends(self) -> tuple[list[str], list[Month]]:
        """What opinions were about, the most of them first, and the months, the oldest first."""
        months = self.reports.months()[::-1]
        counts: Counter[str] = Counter()
        for each in months:
            counts.update(self._named(each))
        rest = self.words["rest"]
        return sorted(counts, key=lambda name: (name == rest, -counts[name], name)), months

    def _named(self, month: Month) -> dict[str, int]:
        return {name or self.words["rest"]: number for name, number in month.counts.items()}

    def _number(self, row: Row, *, only: bool) -> str:
        ended = "" if row.ended is None else self.words["ended"].format(row.ended)
        return self.words["number"].format(row.category or self.words["whole" if only else "rest"], row.count) + ended

    def _said(self, each: Cluster) -> str:
        many = self.words["many"].format(each.count) if each.count else ""
        state = self.words["has_ended" if each.ended else "goes_on"]
        return self.words["line"].format(category=each.category, many=many, state=state, words=each.words)

    def _day(self) -> date:
        """The day that is asked for, where a calendar has the weeks around it; else one of the last week."""
        with suppress(ValueError, OverflowError):
            day, around = date.fromisoformat(request.args.get("week", "")), timedelta(days=14)
            if day - around < day + around:
                return day
        return self.reports.today() - timedelta(days=7)


def blueprint(editor: Editor) -> Blueprint:
    """The pages under /admin/bulletin."""
    pages = Blueprint("bulletin_admin", __name__, url_prefix="/admin/bulletin", template_folder="../templates")
    pages.add_url_rule("/", "page", needs(Duty.BULLETIN, editor.page))
    pages.add_url_rule("/trends", "trends", needs(Duty.BULLETIN, editor.trends))
    pages.add_url_rule("/trends.xlsx", "workbook", needs(Duty.BULLETIN, editor.workbook))
    pages.add_url_rule("/week.docx", "document", needs(Duty.BULLETIN, editor.document))
    return pages
