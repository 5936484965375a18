"""Templates of the fake platform."""

from tests.fake_api.line import FakeLine
from wechat.api.templates import NoticeTemplate

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
MESSAGE_TEMPLATES = ("message-reply",)


class FakeTemplates(FakeLine):
    def notice_templates(self) -> list[NoticeTemplate]:
        self._called("/wxaapi/newtmpl/gettemplate", notices=True)
        return list(NOTICE_TEMPLATES)
