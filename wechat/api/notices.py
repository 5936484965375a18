"""Notices: each uses up one of the member's credits (§3.3), templates only after the member's own act (§3.2)."""

from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, Send
from wechat.messages import Notice
from wechat.settings import AccountSettings


class Notices(Protocol):
    """What reaches a member outside of the window."""

    def send_notice(self, notice: Notice) -> str:
        """Send a subscription notice; return the platform's message id, "" where it gives none."""

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        """Send a template message, safe to repeat for ten minutes; return the message id."""


def notice_send(notice: Notice, account: AccountSettings) -> Send:
    """A subscription notice in the form of the account's kind, or `BadRequest`."""
    limits.check_notice(notice.data)
    body = _noted(notice, page=notice.page)
    if account.kind != "miniprogram":
        return Send("/cgi-bin/message/subscribe/bizsend", body)
    opens = {"miniprogram_state": account.miniprogram_state, "lang": account.lang}
    return Send("/cgi-bin/message/subscribe/send", body | opens)


def template_send(notice: Notice, client_msg_id: str) -> Send:
    """A template message with its key against doubles, or `BadRequest`."""
    limits.check_template(notice.data)
    limits.check_client_msg_id(client_msg_id)
    body = _noted(notice, url=notice.page) | {"client_msg_id": client_msg_id}
    return Send("/cgi-bin/message/template/send", body, once=False)


def _noted(notice: Notice, **target: str) -> dict[str, Any]:
    body: dict[str, Any] = {"touser": notice.openid, "template_id": notice.template_id}
    body |= {name: value for name, value in target.items() if value}
    if notice.miniprogram_appid:
        body["miniprogram"] = {"appid": notice.miniprogram_appid, "pagepath": notice.miniprogram_path}
    return body | {"data": {key: {"value": value} for key, value in notice.data.items()}}


class TencentNotices(Line):
    """`Notices` over HTTP."""

    def send_notice(self, notice: Notice) -> str:
        """See `Notices`."""
        return self._send(notice_send(notice, self._account))

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        """See `Notices`."""
        return self._send(template_send(notice, client_msg_id))
