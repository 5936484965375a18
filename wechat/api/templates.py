"""The templates that notices are made of (§3.2, §3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wechat.api.line import Line


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A subscription notice's template; `keys` are the fields its `content` names, such as `thing1`."""

    id: str
    title: str
    content: str
    example: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that a notice must fill, in the template's order."""
        return tuple(part.partition(".DATA}}")[0] for part in self.content.split("{{")[1:])


class Templates(Protocol):
    """The templates that an account has."""

    def notice_templates(self) -> list[NoticeTemplate]:
        """List the subscription templates of the account."""


class TencentTemplates(Line):
    """`Templates` over HTTP."""

    def notice_templates(self) -> list[NoticeTemplate]:
        """See `Templates`."""
        return self._read("/wxaapi/newtmpl/gettemplate", _templates)


def _templates(fields: Mapping[str, Any]) -> list[NoticeTemplate]:
    listed = fields.get("data", [])
    return [NoticeTemplate(of["priTmplId"], of["title"], of["content"], of.get("example", "")) for of in listed]
