"""The privacy notice for everybody, and all of one's own data for whom it is about: to read, and as files."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from content.importers import workbooks
from content.models import Account
from handlers import front, session
from handlers.feature import Sheet
from handlers.privacy.engine import Period
from handlers.privacy.service import Office
from handlers.workbooks import XLSX


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is shown."""

    office: Office
    account: Callable[[], Account]
    periods: Sequence[Period]
    zone: tzinfo

    def notice(self) -> ResponseReturnValue:
        """The whole notice."""
        notice, account = self.office.notice(), self.account()
        page = render_template("privacy/notice.html", notice=notice, periods=self.periods, account=account)
        return front.fresh_or_same(make_response(page))

    def data(self) -> ResponseReturnValue:
        """Everything, a table each."""
        return render_template("privacy/data.html", sheets=self._sheets(), account=self.account())

    def as_json(self) -> ResponseReturnValue:
        """The same for a program."""
        return _file(json.dumps(as_tables(self._sheets()), ensure_ascii=False, indent=1), "application/json", "json")

    def as_workbook(self) -> ResponseReturnValue:
        """The same for an office program."""
        sheets = [(each.name, each.columns, each.rows) for each in self._sheets()]
        return _file(workbooks.tables(sheets), XLSX, "xlsx")

    def _sheets(self) -> list[Sheet]:
        return [self._local(each) for each in self.office.own_data.export(session.who().person) if each.rows]

    def _local(self, sheet: Sheet) -> Sheet:
        return Sheet(sheet.name, sheet.columns, tuple(tuple(map(self._cell, row)) for row in sheet.rows))

    def _cell(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return "" if value is None else value if isinstance(value, int | str) else str(value)


def as_tables(sheets: list[Sheet]) -> dict[str, list[dict[str, Any]]]:
    """Tables as a program reads them."""
    return {each.name: [dict(zip(each.columns, row, strict=True)) for row in each.rows] for each in sheets}


def _file(content: str | bytes, kind: str, ending: str) -> Response:
    named = {"Content-Disposition": f"attachment; filename=my-data.{ending}"}
    return Response(content, mimetype=kind, headers=named)


def for_anyone(reading: Reading) -> Blueprint:
    """Serve /p/privacy/notice."""
    doors = Blueprint("privacy_open", __name__, url_prefix="/p/privacy", template_folder="../templates")
    doors.add_url_rule("/notice", "notice", reading.notice)
    return doors


def blueprint(reading: Reading) -> Blueprint:
    """Serve /p/privacy/data, for members."""
    doors = Blueprint("privacy_pages", __name__, url_prefix="/p/privacy", template_folder="../templates")
    doors.add_url_rule("/data", "data", reading.data)
    doors.add_url_rule("/data.json", "as_json", reading.as_json)
    doors.add_url_rule("/data.xlsx", "as_workbook", reading.as_workbook)
    return doors
