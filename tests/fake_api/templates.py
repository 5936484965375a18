"""Templates of the fake platform."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.templates import (
    MessageTemplate,
    NoticeTemplate,
    PublicTemplate,
    TemplateCategory,
    TemplateKeyword,
)

NOTICE_TEMPLATES = (
    NoticeTemplate(
        "notice-study-update",
        "学习内容更新提醒",
        "更新内容：{{thing1.DATA}}\n更新时间：{{time2.DATA}}\n温馨提示：{{thing3.DATA}}",
    ),
    NoticeTemplate(
        "notice-reply",
        "留言回复通知",
        "留言主题：{{thing1.DATA}}\n回复时间：{{time2.DATA}}\n处理状态：{{phrase3.DATA}}",
    ),
)
MESSAGE_TEMPLATES = (
    MessageTemplate(
        "message-reply",
        "意见办理结果通知",
        "办理事项：{{thing1.DATA}}\n受理编号：{{character_string2.DATA}}\n办理时间：{{time3.DATA}}",
    ),
)
MOST_TEMPLATES = 25
CATEGORIES = (TemplateCategory(7, "政务"), TemplateCategory(8, "教育"))
LIBRARY: Mapping[PublicTemplate, tuple[TemplateKeyword, ...]] = {
    PublicTemplate(70, "活动通知", 7): tuple(TemplateKeyword(kid, f"内容{kid}", "例", "thing") for kid in range(1, 7)),
    PublicTemplate(71, "进度通知", 7, long_term=True): (
        TemplateKeyword(1, "事项", "例", "thing"),
        TemplateKeyword(2, "时间", "09:00", "time"),
    ),
    PublicTemplate(80, "学习提醒", 8): (
        TemplateKeyword(1, "内容", "例", "thing"),
        TemplateKeyword(2, "时间", "09:00", "time"),
    ),
}


class FakeTemplates(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._notice_templates = {one.id: one for one in NOTICE_TEMPLATES}
        self._message_templates = {one.id: one for one in MESSAGE_TEMPLATES}

    def notice_templates(self) -> list[NoticeTemplate]:
        self._called("/wxaapi/newtmpl/gettemplate", notices=True)
        return list(self._notice_templates.values())

    def template_categories(self) -> list[TemplateCategory]:
        self._called("/wxaapi/newtmpl/getcategory", notices=True)
        return list(CATEGORIES)

    def public_templates(self, categories: Sequence[int], start: int = 0) -> Iterator[PublicTemplate]:
        limits.check_categories(categories)
        self._called("/wxaapi/newtmpl/getpubtemplatetitles", notices=True)
        if not set(categories) <= {one.id for one in CATEGORIES}:
            raise self._refusal(200019, "invalid ids")
        return iter([one for one in LIBRARY if one.category in categories][start:])

    def public_keywords(self, template: int) -> list[TemplateKeyword]:
        self._called("/wxaapi/newtmpl/getpubtemplatekeywords", notices=True)
        return list(self._library(template)[1])

    def add_notice_template(self, template: int, keywords: Sequence[int], *, scene: str) -> str:
        limits.check_new_template(keywords, scene)
        self._called("/wxaapi/newtmpl/addtemplate", notices=True)
        chosen, fields = self._library(template)
        offered = {one.id: one for one in fields}
        if not set(keywords) <= set(offered):
            raise self._refusal(200020, "invalid kidList")
        if len(self._notice_templates) >= MOST_TEMPLATES:
            raise self._refusal(200012, "the number of templates has reached its limit")
        content = "\n".join(f"{offered[kid].name}：{{{{{offered[kid].rule}{kid}.DATA}}}}" for kid in keywords)
        made = NoticeTemplate(f"made-{next(self._serial)}", chosen.title, content)
        self._notice_templates[made.id] = made
        return made.id

    def delete_notice_template(self, template_id: str) -> None:
        self._called("/wxaapi/newtmpl/deltemplate", notices=True)
        if self._notice_templates.pop(template_id, None) is None:
            raise self._refusal(40037, "invalid template_id")

    def message_templates(self) -> list[MessageTemplate]:
        self._called("/cgi-bin/template/get_all_private_template", notices=True)
        return list(self._message_templates.values())

    def delete_message_template(self, template_id: str) -> None:
        self._called("/cgi-bin/template/del_private_template", notices=True)
        if self._message_templates.pop(template_id, None) is None:
            raise self._refusal(40037, "invalid template_id")

    def _library(self, template: int) -> tuple[PublicTemplate, tuple[TemplateKeyword, ...]]:
        found = next(((one, keywords) for one, keywords in LIBRARY.items() if one.id == template), None)
        if found is None:
            raise self._refusal(200014, "tid does not exist")
        return found
