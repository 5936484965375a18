"""The templates that notices are made of (§3.2, §3.3): those an account has, and those it may choose from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, listed

_NEW = "/wxaapi/newtmpl"
_LONG_TERM = 3


@dataclass(frozen=True, slots=True)
class _Template:
    id: str
    title: str
    content: str
    example: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that must be filled, in the template's order: those its `content` names, such as `thing1`."""
        return tuple(part.partition(".DATA}}")[0] for part in self.content.split("{{")[1:])


class NoticeTemplate(_Template):
    """What a subscription notice is made of."""

    __slots__ = ()


class MessageTemplate(_Template):
    """What a template message is made of."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TemplateCategory:
    """A category that the account is registered under; it decides which templates there are to choose from."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PublicTemplate:
    """A title of the platform's library; one that is `long_term` is for public services alone (§3.3)."""

    id: int
    title: str
    category: int
    long_term: bool = False


@dataclass(frozen=True, slots=True)
class TemplateKeyword:
    """A field that a title offers; `rule` is the kind of its values, such as `thing`."""

    id: int
    name: str
    example: str
    rule: str


class Templates(Protocol):
    """Templates of a verified service account, and of a mini-program those of notices."""

    def notice_templates(self) -> list[NoticeTemplate]:
        """List the subscription templates of the account."""

    def template_categories(self) -> list[TemplateCategory]:
        """List the account's categories."""

    def public_templates(self, categories: Sequence[int], start: int = 0) -> Iterator[PublicTemplate]:
        """Walk through the library's titles under these categories, thirty a call, from the one at `start`."""

    def public_keywords(self, template: int) -> list[TemplateKeyword]:
        """List what a title of the library offers as fields."""

    def add_notice_template(self, template: int, keywords: Sequence[int], *, scene: str) -> str:
        """Make a subscription template of a title and two to five of its fields, in this order; return its id.

        `scene` says in at most 15 characters what it is for. An account has 25 at most.
        """

    def delete_notice_template(self, template_id: str) -> None:
        """Drop a subscription template: what members have consented to under it can't be sent any more."""

    def message_templates(self) -> list[MessageTemplate]:
        """List the templates of template messages."""

    def delete_message_template(self, template_id: str) -> None:
        """Drop a template of template messages."""


class TencentTemplates(Line):
    """`Templates` over HTTP."""

    def notice_templates(self) -> list[NoticeTemplate]:
        """See `Templates`."""
        return self._read(f"{_NEW}/gettemplate", _templates)

    def template_categories(self) -> list[TemplateCategory]:
        """See `Templates`."""
        return self._read(
            f"{_NEW}/getcategory", lambda of: [TemplateCategory(int(one["id"]), one["name"]) for one in of["data"]]
        )

    def public_templates(self, categories: Sequence[int], start: int = 0) -> Iterator[PublicTemplate]:
        """See `Templates`."""
        limits.check_categories(categories)
        ids = ",".join(map(str, categories))

        def page(place: int) -> tuple[list[PublicTemplate], int]:
            asked = {"ids": ids, "start": str(place), "limit": str(limits.TITLES_AT_ONCE)}
            return self._read(
                f"{_NEW}/getpubtemplatetitles", lambda of: ([*map(_title, of["data"])], int(of["count"])), **asked
            )

        return listed(page, start)

    def public_keywords(self, template: int) -> list[TemplateKeyword]:
        """See `Templates`."""
        return self._read(f"{_NEW}/getpubtemplatekeywords", lambda of: [*map(_keyword, of["data"])], tid=str(template))

    def add_notice_template(self, template: int, keywords: Sequence[int], *, scene: str) -> str:
        """See `Templates`."""
        limits.check_new_template(keywords, scene)
        # The page wants a form here; that JSON works too is what programs report (C).
        form = {"tid": str(template), "kidList": list(keywords), "sceneDesc": scene}
        made: str = self._sdk.post(
            f"{_NEW}/addtemplate", form=form, once=True, result_processor=lambda of: str(of["priTmplId"])
        )
        return made

    def delete_notice_template(self, template_id: str) -> None:
        """See `Templates`."""
        self._sdk.post(f"{_NEW}/deltemplate", form={"priTmplId": template_id})

    def message_templates(self) -> list[MessageTemplate]:
        """See `Templates`."""
        return self._read("/cgi-bin/template/get_all_private_template", _private)

    def delete_message_template(self, template_id: str) -> None:
        """See `Templates`."""
        self._ask("/cgi-bin/template/del_private_template", {"template_id": template_id}, dict)


def _templates(fields: Mapping[str, Any]) -> list[NoticeTemplate]:
    held = fields.get("data", [])
    return [NoticeTemplate(of["priTmplId"], of["title"], of["content"], of.get("example", "")) for of in held]


def _private(fields: Mapping[str, Any]) -> list[MessageTemplate]:
    held = fields["template_list"]
    return [MessageTemplate(of["template_id"], of["title"], of["content"], of.get("example", "")) for of in held]


def _title(fields: Mapping[str, Any]) -> PublicTemplate:
    return PublicTemplate(
        int(fields["tid"]), fields["title"], int(fields["categoryId"]), int(fields["type"]) == _LONG_TERM
    )


def _keyword(fields: Mapping[str, Any]) -> TemplateKeyword:
    return TemplateKeyword(int(fields["kid"]), fields["name"], fields.get("example", ""), fields.get("rule", ""))
