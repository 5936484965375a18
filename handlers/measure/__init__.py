"""A problem, what is done about it, by whom, until when, and who else saw that it was done."""

from collections.abc import Callable, Sequence
from datetime import date

from handlers.feature import Feature
from handlers.measure import admin
from storage.measure import Measures

__all__ = ["feature"]


def feature(*, measures: Measures, names: Callable[[], Sequence[str]], today: Callable[[], date]) -> Feature:
    """The console's page of them; `names` are its accounts."""
    return Feature(name="measure", admin=admin.blueprint(admin.Board(measures=measures, names=names, today=today)))
