"""The privacy notice: what is kept of whom and what for, with a version that members agree to."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from content import markdown, reading
from content.fields import STRICT, Day, Words, some
from content.models import Block

SHIPPED = Path(__file__).with_name("privacy.md")


def _number(value: Any) -> Any:
    """A front matter has strings alone."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Notice:
    """The pack's privacy.md. Who agreed to an older `version` is asked again; a slip of the pen mends without one."""

    title: Words
    version: Annotated[int, Field(ge=1), BeforeValidator(_number)]
    revised_on: Day
    summary: Words
    blocks: Annotated[tuple[Block, ...], AfterValidator(some)]


@cache
def shipped() -> Notice:
    """What a pack says that has no privacy.md of its own."""
    parsed = reading.markdown(reading.text_of(SHIPPED.read_bytes()))
    return Notice(**parsed.tables, blocks=markdown.blocks(parsed.body, first_line=parsed.body_line))
