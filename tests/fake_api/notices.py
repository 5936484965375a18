"""Notices of the fake platform."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.fake_api.templates import FakeTemplates
from wechat import limits
from wechat.messages import Notice

SAME_CLIENT_MSG_ID = timedelta(minutes=10)


class FakeNotices(FakeTemplates):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._once: dict[tuple[str, str], tuple[str, datetime]] = {}

    def send_notice(self, notice: Notice) -> str:
        limits.check_notice(notice.data)
        with self._lock:
            self._called("/cgi-bin/message/subscribe/bizsend", notices=True)
            member = self._member(notice.openid)
            self._filled(notice)
            if not member.credits[notice.template_id]:
                raise self._refusal(43101, "user refuse to accept the msg")
            member.credits[notice.template_id] -= 1
            member.shown.append(notice)
            return ""

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        limits.check_template(notice.data)
        limits.check_client_msg_id(client_msg_id)
        with self._lock:
            self._called("/cgi-bin/message/template/send", notices=True)
            member = self._member(notice.openid)
            if notice.template_id not in self._message_templates:
                raise self._refusal(40037, "invalid template_id")
            if not member.follows:
                raise self._refusal(43004, "require subscribe")
            known, at = self._once.get((notice.openid, client_msg_id), ("", self._clock()))
            if known and self._clock() - at < SAME_CLIENT_MSG_ID:
                return known
            message_id = str(next(self._serial))
            self._once[notice.openid, client_msg_id] = (message_id, self._clock())
            if member.receives:
                member.shown.append(notice)
            return message_id

    def _filled(self, notice: Notice) -> None:
        template = self._notice_templates.get(notice.template_id)
        if template is None:
            raise self._refusal(40037, "invalid template_id")
        for key in template.keys:
            if key not in notice.data:
                raise self._refusal(47003, f"argument invalid! data.{key}.value invalid")
