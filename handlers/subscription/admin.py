"""使用情况: how far what is offered is used, without anybody's own use of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from content.roles import Duty
from handlers import bars, workbooks
from handlers.guards import needs
from handlers.subscription.service import Usage, Used
from storage.subscription import Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The whole house's, as nothing of it is kept by organisations."""

    usage: Usage
    words: Mapping[str, str]

    def page(self) -> ResponseReturnValue:
        """Charts, and the same as tables."""
        months, used = self.usage.told()
        labels = [self.words["month"].format(each) for each in months]
        return render_template(
            "subscription/usage.html",
            months=labels,
            used=used,
            pictures={kind: self._drawn(labels, used, kind) for kind in Changes._fields},
            useful=self.usage.useful(),
        )

    def workbook(self) -> ResponseReturnValue:
        """The same as a workbook; what is of fewer than five is left empty."""
        months, used = self.usage.told()
        heads = [self.words[f"head_{kind}"].format(each) for each in months for kind in Changes._fields]
        head = [self.words["head_topic"], self.words["head_subscribers"], *heads, self.words["head_left"]]
        rows = [
            [each.name, *(number or None for number in (each.subscribers, *_flat(each.changes))), each.left]
            for each in used
        ]
        return workbooks.sent("usage", head, rows)

    def _drawn(self, labels: Sequence[str], used: Sequence[Used], kind: str) -> bars.Bars:
        number, names = attrgetter(kind), [each.name for each in used]
        columns = [(label, {each.name: number(each.changes[at]) for each in used}) for at, label in enumerate(labels)]
        return bars.stacked(columns, names)


def _flat(changes: Sequence[Changes]) -> list[int]:
    return [number for each in changes for number in each]


def blueprint(reader: Reader) -> Blueprint:
    """The pages under /admin/subscription."""
    doors = Blueprint("usage", __name__, url_prefix="/admin/subscription", template_folder="../templates")
    doors.add_url_rule("/", "page", needs(Duty.STUDY, reader.page, whole=True))
    doors.add_url_rule("/usage.xlsx", "workbook", needs(Duty.STUDY, reader.workbook, whole=True))
    return doors
