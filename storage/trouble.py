"""What ails a store, in words for the log: "OperationalError" may be anything."""

from collections.abc import Iterator

FULL, READ_ONLY, DISK = "database full", "database read-only", "database's disk"
LASTING = frozenset({FULL, READ_ONLY, DISK})  # until somebody mends it

_BY_SQLITE = {"SQLITE_FULL": FULL, "SQLITE_READONLY": READ_ONLY, "SQLITE_IOERR": DISK}
_BY_POSTGRES = {"53100": FULL, "25006": READ_ONLY, "58030": DISK}  # its appendix A


def named(error: BaseException) -> str:
    """One of the above where a database's error says so, else the error's type: never its text, which holds values."""
    for each in _all(error):
        code = "_".join(str(getattr(each, "sqlite_errorname", "")).split("_")[:2])
        name = _BY_SQLITE.get(code) or _BY_POSTGRES.get(str(getattr(each, "sqlstate", "")))
        if name:
            return name
    return type(error).__name__


def _all(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what caused it."""
    while error is not None:
        yield error
        error = getattr(error, "orig", None) or error.__cause__
