"""Workbooks that admins take away."""

from collections.abc import Sequence

from flask import Response

from content.importers.workbooks import table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sent(called: str, head: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> Response:
    """One sheet as a file; None leaves a cell empty. No browser keeps it."""
    named = {"Content-Disposition": f'attachment; filename="{called}.xlsx"', "Cache-Control": "no-store"}
    return Response(table(head, rows), mimetype=XLSX, headers=named)
