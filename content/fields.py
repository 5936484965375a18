"""What the fields of admins' files are made of: words, names, days and moments, lists, and how a broken rule is told.

A naive time is in the `zone` that its file names before it, else in that of the validation context
`{"zone": tzinfo}`, the pack's own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True, validate_by_name=True)

WRITTEN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")


def wrong(code: str, **facts: Any) -> PydanticCustomError:
    """Make the error of a rule that is broken; `code` is its key in `content.faults`."""
    return PydanticCustomError(code, code, facts)


def listed(value: Any) -> Any:
    """Take a single one as a list of one."""
    return (value,) if isinstance(value, str) else value


def none_where_empty(value: Any) -> Any:
    """Take an empty word for nothing said."""
    return None if value == "" else value


def some(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse a list with nothing in it."""
    if not value:
        raise wrong("empty_list")
    return value


def one_of(names: Mapping[str, StrEnum]) -> Callable[[Any], Any]:
    """Give what reads one of these names, and refuses others."""

    def read(value: Any) -> Any:
        if isinstance(value, StrEnum):
            return value
        if not isinstance(value, str) or value.strip() not in names:
            raise wrong("choice", said=value, allowed="、".join(names))
        return names[value.strip()]

    return read


def _written(value: Any) -> Any:
    """Refuse numbers: pydantic would read them as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}", value.strip())):
        raise wrong("date_written", said=value)
    return value


def _last_moment(value: Any) -> Any:
    """An end given as a bare day includes that day."""
    if isinstance(value, str) and WRITTEN_DATE.match(value.strip()):
        value = date.fromisoformat(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value + timedelta(days=1), time())
    return value


def _zoned(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is not None:
        return value
    zone = (info.data or {}).get("zone") or (info.context or {}).get("zone")
    if zone is None:
        raise wrong("naive_time", said=str(value))
    return value.replace(tzinfo=zone)


def _zone(value: Any) -> Any:
    try:
        return ZoneInfo(value.strip()) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError):  # no name, no path, a folder of names
        raise wrong("zone", said=value) from None


def version_said(value: Any) -> Any:
    """Give a version as text: TOML reads 2026-05-18 as a day."""
    return value.isoformat() if isinstance(value, date) else value


def is_web_address(value: str) -> bool:
    """Whether it is a whole http or https address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not re.search(r"\s", value)


def _web_address(value: str) -> str:
    if not is_web_address(value):
        raise wrong("web_address", said=value)
    return value


def is_meant_for(audience: tuple[str, ...], belongs: frozenset[str]) -> bool:
    """Whether an audience is everybody, or names an organisation that somebody belongs to."""
    return not audience or not belongs.isdisjoint(audience)


Words = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(listed)]
Lines = Annotated[tuple[Words, ...], BeforeValidator(listed)]
Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_zoned)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
End = Annotated[datetime, BeforeValidator(_last_moment), BeforeValidator(_written), AfterValidator(_zoned)]
WebAddress = Annotated[Words, AfterValidator(_web_address)]
