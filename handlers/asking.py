"""What the address of a list asks for. It stands there, so that a list can be kept, sent on and come back to."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from flask import request


@dataclass(frozen=True)
class Asked:
    """A filter, drawn by `console/_filter.html`: a field for each thing to ask for, and "" is all of them."""

    longest: ClassVar[int] = 64  # characters of each

    @classmethod
    def of_request(cls) -> Self:
        """The filter of this request."""
        said = {each.name: request.values.get(each.name, "") for each in fields(cls)}
        return cls(**{name: value.replace("\0", "").strip()[: cls.longest] for name, value in said.items()})

    @property
    def address(self) -> dict[str, Any]:
        """What of it stands in an address."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list of `count` is shown: after so many, `most` at once."""

    after: int
    most: int
    count: int

    @classmethod
    def of_request(cls, count: int, *, most: int = 50) -> Self:
        """What this request asks for; the last part there is, where it asks for more."""
        asked = max(0, request.args.get("after", 0, type=int))
        last = max(0, count - 1) // most * most
        return cls(min(asked, last), most, count)

    @property
    def rows(self) -> slice:
        """The same, of a whole list."""
        return slice(self.after, self.after + self.most)

    @property
    def earlier(self) -> int:
        """Where the part before this begins."""
        return max(0, self.after - self.most)

    @property
    def later(self) -> int:
        """Where the next part begins, 0 where there is none."""
        return self.after + self.most if self.after + self.most < self.count else 0
