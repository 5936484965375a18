"""What the stand-in knows of an account from its console: credentials, push settings and message templates."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAccount:
    """One account as set up in the platform's console; `name` is the last part of its webhook's URL.

    `kind` is "service", "subscription" or "miniprogram", `mode` is "plain", "compat" or "safe". `title` is what members
    read above the chat; `menu` are the buttons set in the console, shown until the API makes others. `page_domain` is
    where pages may ask who opens them (网页授权域名) and use the JS-SDK (JS接口安全域名; "" is anywhere), without
    scheme and port.
    """

    name: str
    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    mode: str = "safe"
    kind: str = "service"
    verified: bool = True
    original_id: str = ""
    title: str = ""
    menu: Sequence[Mapping[str, Any]] = ()
    page_domain: str = ""

    @property
    def gh_id(self) -> str:
        """The account's original id (`gh_` and twelve hex digits), made from the appid when none is given."""
        return self.original_id or "gh_" + hashlib.sha1(self.appid.encode(), usedforsecurity=False).hexdigest()[:12]

    @property
    def operator(self) -> str:
        """The openid under which the platform tells of the account's own jobs: an administrator's, no member's."""
        return "o" + hashlib.sha1(f"operator {self.appid}".encode(), usedforsecurity=False).hexdigest()[:27]

    @property
    def speaks_json(self) -> bool:
        """Mini-programs may choose JSON for pushes and do so here; official accounts speak XML (§1.1)."""
        return self.kind == "miniprogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message template added to every account: `kind` is "notice" (订阅通知) or "message" (模板消息).

    `content` is the platform's own form, one `标签：{{thing1.DATA}}` a line; `choices` lists the values of enum fields.
    """

    id: str
    title: str
    content: str
    kind: str = "notice"
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """The keys in order, each with the label shown before its value."""
        found = re.findall(r"^(.*?)[:：]?\s*\{\{(\w+)\.DATA\}\}\s*$", self.content, re.MULTILINE)
        return {key: label.strip() for label, key in found}


TEMPLATES = (
    Template(
        id="notice-digest",
        title="内容推送提醒",
        content="推送内容：{{thing1.DATA}}\n推送时间：{{time2.DATA}}",
    ),
    Template(
        id="notice-study-update",
        title="学习内容更新提醒",
        content="更新内容：{{thing1.DATA}}\n更新时间：{{time2.DATA}}\n温馨提示：{{thing3.DATA}}",
    ),
    Template(
        id="notice-reply",
        title="留言回复通知",
        content="留言主题：{{thing1.DATA}}\n回复时间：{{time2.DATA}}\n处理状态：{{phrase3.DATA}}",
    ),
    Template(
        id="message-reply",
        title="意见办理结果通知",
        content="办理事项：{{thing1.DATA}}\n受理编号：{{character_string2.DATA}}\n办理时间：{{time3.DATA}}",
        kind="message",
    ),
)
