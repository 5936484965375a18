"""Every refusal of the platform as a class whose name says what to do about it.

WeChatError                 errcode, errmsg, rid; `meaning` and `mend` are words for an admin
├── Retryable               the same call may work after `after_seconds`
├── QuotaSpent              nothing more today: put the rest back
├── RecipientGone           not this person, not by this way; `why` says what is closed
├── Misconfigured           stop the job and tell an admin
│   └── StaleToken          refresh the token and try once more; when that did not help, stop the job too
├── BadRequest              what we sent is wrong, named by `field`; sending it again is no use
├── AlreadyDone             the platform has done it before: `original` is the id it gave then
└── Unsure                  no answer to a send that has no key against doubles: never repeat it blindly

The table is wechat-platform.md §2.4, row by row, and has a few codes that the page lacks; what is known of those, and
how surely, stands beside them in wechat/sandbox/errors.py. A code it does not name is `Misconfigured`: retrying might
never end, dropping the person or failing the row would lose deliveries, while a paused run loses nothing and shows the
code.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from types import MappingProxyType
from typing import Any

DAILY_QUOTA = 45009  # also said where a minute's limit was reached (wechat-platform.md §2.4, §9)
UNAUTHORIZED = 48001  # the account has no right to the call
_MASK = "***"
_RID = re.compile(r"\brid:\s*([0-9a-f]+(?:-[0-9a-f]+)+)|\bhint:\s*\[\s*([\w-]{1,19})\s*\]", re.ASCII)
_LONG_WORD = re.compile(r"[\w-]{20,}", re.ASCII)
_TEMPLATE_FIELD = re.compile(r"\bdata\.(\w+)")


class Why(StrEnum):
    """What is closed between us and a person (`RecipientGone.why`)."""

    UNKNOWN = "unknown"
    UNFOLLOWED = "unfollowed"
    BLOCKED = "blocked"
    NO_CREDIT = "no_credit"
    WINDOW = "window"


class WeChatError(Exception):
    """A call that did not do what was asked; its text never carries a token, a secret or an openid.

    `errcode` is None where the platform was not asked or did not answer; `rid` is its own number of the call.
    """

    def __init__(self, errcode: int | None = None, errmsg: str = "", rid: str = "") -> None:
        super().__init__(errcode, errmsg, rid)
        self.errcode = errcode
        self.errmsg = errmsg
        self.rid = rid

    def __str__(self) -> str:
        parts = (str(self.errcode) if self.errcode is not None else "", self.errmsg, self.rid and f"(rid {self.rid})")
        return " ".join(part for part in parts if part) or type(self).__name__

    @property
    def meaning(self) -> str:
        """What happened, in an admin's words; empty for what the platform did not say."""
        return fact(self.errcode).meaning if self.errcode is not None else ""

    @property
    def mend(self) -> str:
        """What an admin can do about it; empty where nothing is to be done."""
        return fact(self.errcode).mend if self.errcode is not None else ""


class Retryable(WeChatError):
    """Nothing was done; the same call may work after `after_seconds`."""

    after_seconds: float = 1.0


class QuotaSpent(WeChatError):
    """The platform takes no more of these calls for now, usually until tomorrow.

    Where it was asked, `used` of `allowed` calls a day were made; `allowed` is 0 else.
    """

    used: int = 0
    allowed: int = 0

    @property
    def is_sure(self) -> bool:
        """Whether it is the day's: where the code means a minute's limit too, only who was asked knows."""
        return self.errcode != DAILY_QUOTA or self.allowed > 0


class RecipientGone(WeChatError):
    """This person can't be reached by this way."""

    why: Why = Why.UNKNOWN


class Misconfigured(WeChatError):
    """The account, its rights or its templates are not as they should be: nobody is reached until a person mends it."""


class StaleToken(Misconfigured):
    """The access token was refused; the client has refreshed it once before letting this out."""


class BadRequest(WeChatError):
    """What was to be sent breaks a rule; `field` names the part where it is known.

    Where our own check found it, `rule` (one of `limits.Rule`) and the `facts` in it say which.
    """

    field: str = ""
    rule: str = ""
    facts: Mapping[str, object] = MappingProxyType({})

    @classmethod
    def of(cls, name: str, rule: str, **facts: object) -> "BadRequest":
        """Our own check failed for the field `name`: nothing was sent."""
        error = cls(None, f"{name}: {rule.format(**facts)}")
        error.field, error.rule, error.facts = name, rule, facts
        return error


class AlreadyDone(WeChatError):
    """Count it as success: `original` is the message id given the first time, empty where there is none."""

    original: str = ""


class Unsure(WeChatError):
    """It may or may not have been done, and doing it again could do it twice."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one errcode."""

    kind: type[WeChatError]
    meaning: str
    mend: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


_CREDENTIALS = "核对配置中的 appid 和 secret 是否与微信开发者平台上的一致"
_BUG = "这是程序或内容的错误，请把错误码和 rid 交给维护人员"
_CONSOLE = "登录微信公众平台查看账号状态与通知"
_RIGHTS = "在微信公众平台的“接口权限”中查看本账号能否使用该接口"
_SIGN_IN = "请该用户重新授权登录"
_SLOWER = {"after_seconds": 60.0}

# A span of codes is written `range(first, last + 1)`.
_ROWS: tuple[tuple[Collection[int], Fact], ...] = (
    ((-1,), Fact(Retryable, "微信系统繁忙")),
    ((40001,), Fact(StaleToken, "access_token 无效、不是最新的，或 secret 不对", _CREDENTIALS)),
    ((40014, 42001), Fact(StaleToken, "access_token 无效或已过期", _CREDENTIALS)),
    ((40002, 40013, 40125, 41002, 41004), Fact(Misconfigured, "账号凭据不对", _CREDENTIALS)),
    (
        (40164, 61004, 89501, 89503, 89506, 89507),
        Fact(Misconfigured, "服务器 IP 不在白名单中或尚未由管理员确认", "在微信开发者平台把服务器的出口 IP 加入白名单"),
    ),
    ((40243, 50004, 50007), Fact(Misconfigured, "secret 被冻结、接口被禁或账号被冻结", _CONSOLE)),
    ((41001,), Fact(BadRequest, "缺少 access_token", _BUG)),
    ((40003,), Fact(RecipientGone, "openid 无效：不属于本账号或已取消关注")),
    (range(40004, 40013), Fact(BadRequest, "媒体文件的类型、大小、编号或消息类型不对", "重新上传素材后再试")),
    ((40029, 40163), Fact(BadRequest, "登录用的 code 无效或已用过", _SIGN_IN)),
    ((40226,), Fact(RecipientGone, "高风险用户，微信拒绝其登录", more={"why": Why.BLOCKED})),
    ((40030, 42002, 42003), Fact(BadRequest, "网页授权已过期", _SIGN_IN)),
    ((40031, 40032, 40130), Fact(BadRequest, "openid 列表不合法或数量不对", _BUG)),
    ((40092,), Fact(BadRequest, "备注名过长", "缩短备注名，最多九个汉字")),
    ((40132,), Fact(BadRequest, "没有这个微信号", "核对微信号，或改用 openid")),
    ((40033,), Fact(BadRequest, "请求中有不允许的转义字符", _BUG)),
    ((40036, 40037), Fact(Misconfigured, "模板编号不对或模板已删除", "在微信公众平台核对模板编号，并更新内容包")),
    ((40052, 40053), Fact(BadRequest, "二维码的类型、场景值或有效期不合规则", _BUG)),
    ((40039, 40048, 40054, 40055), Fact(BadRequest, "链接过长或域名不合法", "检查链接地址")),
    (
        (*range(40015, 40028), 40152),
        Fact(BadRequest, "菜单或标签的内容不合规则", "检查 menu.toml 的按钮名称、键值和链接"),
    ),
    ((40249, 43116), Fact(Misconfigured, "模板涉及营销内容，已被微信限制", "停用该模板，改用符合服务通知规则的模板")),
    ((42007,), Fact(RecipientGone, "用户改过密码，授权失效", _SIGN_IN)),
    ((40059, 40060), Fact(BadRequest, "没有这次群发、它不是图文，或没有这一篇", "群发出去的文字、图片和语音不能撤回")),
    ((42010,), Fact(Retryable, "群发接口调用过快", more=_SLOWER)),
    ((43002, 43003), Fact(BadRequest, "请求方式不对：必须用 POST 和 HTTPS", "核对配置中的 api_base")),
    ((43004,), Fact(RecipientGone, "用户没有关注本账号", more={"why": Why.UNFOLLOWED})),
    ((43019,), Fact(RecipientGone, "用户在本账号的黑名单中", more={"why": Why.BLOCKED})),
    ((43100,), Fact(QuotaSpent, "类目或行业修改过于频繁", "下月再改")),
    ((43101,), Fact(RecipientGone, "用户没有可用的订阅次数或已拒收", more={"why": Why.NO_CREDIT})),
    ((43104,), Fact(BadRequest, "openid 不属于本账号", _BUG)),
    ((43107,), Fact(Misconfigured, "订阅消息能力已被封禁", _CONSOLE)),
    ((43108,), Fact(Retryable, "同时向同一个人发了多条消息")),
    ((44002, 44004), Fact(BadRequest, "内容为空", _BUG)),
    ((44990,), Fact(Retryable, "超过每秒调用上限")),
    ((44991,), Fact(Retryable, "超过每分钟调用上限", more=_SLOWER)),
    ((44993,), Fact(QuotaSpent, "超过每日调用上限", "次日自动恢复")),
    (range(45002, 45009), Fact(BadRequest, "内容、标题、描述、链接、图片、语音或图文的大小超限", "缩短内容后再发")),
    ((45009,), Fact(QuotaSpent, "接口当日额度已用完", "次日自动恢复；也可在微信公众平台清零额度（每月十次）")),
    ((45011,), Fact(Retryable, "超过每分钟调用上限", more=_SLOWER)),
    ((45015,), Fact(RecipientGone, "超出客服消息的互动时限，或用户已取消关注", more={"why": Why.WINDOW})),
    ((45028,), Fact(QuotaSpent, "群发次数已用完", "次日或下月自动恢复")),
    ((45029,), Fact(Misconfigured, "永久二维码已达十万个的上限", "改用有期限的二维码")),
    ((45034,), Fact(Misconfigured, "永久素材已达上限：图片和图文十万个，其他一千个", "在素材库中删去不用的素材")),
    ((45047,), Fact(RecipientGone, "客服消息条数已用完，须等用户再次互动", more={"why": Why.WINDOW})),
    (range(45056, 45060), Fact(BadRequest, "标签数量超限，或标签不能这样修改", "减少标签，系统标签不能改")),
    ((45064,), Fact(BadRequest, "菜单中的小程序没有与本账号关联", "在微信公众平台关联该小程序")),
    ((45065,), Fact(AlreadyDone, "这条消息已经提交过")),
    ((45066,), Fact(Retryable, "相同的 clientmsgid 重试过快", more=_SLOWER)),
    ((45067,), Fact(BadRequest, "clientmsgid 过长", _BUG)),
    ((45072, 45080, 45081), Fact(AlreadyDone, "“正在输入”状态无需再发")),
    ((45083, 45084), Fact(BadRequest, "群发速度的取值不对", _BUG)),
    ((45110,), Fact(BadRequest, "图文的作者名过长", "缩短作者名，最多八个汉字")),
    ((45157, 45158, 45159), Fact(BadRequest, "标签名重复、过长或标签编号不对", "修改标签名")),
    ((45168,), Fact(Misconfigured, "内容含敏感词", "请人工审阅并修改该内容后再发")),
    ((45169, 45171), Fact(Retryable, "打标签繁忙或部分失败", "对未成功的用户重试")),
    ((46003,), Fact(BadRequest, "还没有菜单", "先用 zhibu menu push 建立菜单")),
    ((46004,), Fact(RecipientGone, "没有这个用户")),
    ((47001,), Fact(BadRequest, "请求体不是合法的 JSON", _BUG)),
    ((47003,), Fact(BadRequest, "模板字段的值不合规则", "按错误信息中的字段名检查模板内容")),
    ((48001,), Fact(Misconfigured, "本账号没有该接口的权限", _RIGHTS)),
    ((48002,), Fact(RecipientGone, "用户关闭了“接收消息”", more={"why": Why.BLOCKED})),
    ((48003,), Fact(Misconfigured, "尚未同意群发协议", "登录微信公众平台，在群发页面同意协议")),
    ((48004, 48005, 48006), Fact(Misconfigured, "接口被封禁、素材被引用或清零次数已用完", _CONSOLE)),
    ((48008, 48021, 48022), Fact(Misconfigured, "没有发送该类消息的权限", _RIGHTS)),
    ((50001, 50002), Fact(RecipientGone, "用户未授权或账号异常", more={"why": Why.BLOCKED})),
    ((50005,), Fact(RecipientGone, "用户没有关注本账号", more={"why": Why.UNFOLLOWED})),
    ((61007,), Fact(Misconfigured, "接口没有授权给第三方平台", _RIGHTS)),
    ((61010,), Fact(RecipientGone, "用户两小时内没有使用过小程序，无法自动审核", "改由人工审核", {"why": Why.WINDOW})),
    ((61450,), Fact(Retryable, "客服系统繁忙")),
    ((61451,), Fact(BadRequest, "客服接口的参数不对", _BUG)),
    ((65301, 65303), Fact(BadRequest, "没有这个个性化菜单，或还没有默认菜单", "先用 zhibu menu push 建立默认菜单")),
    ((65302,), Fact(RecipientGone, "没有这个用户")),
    ((65316,), Fact(BadRequest, "菜单的链接通向过多域名", "最多通向三个域名")),
    ((65304, 65320), Fact(BadRequest, "个性化菜单的匹配规则为空或用了隐私字段", "匹配规则只用标签")),
    (range(65400, 65418), Fact(Misconfigured, "客服账号有问题", "在微信公众平台检查客服账号")),
    (
        (40201, 40202, 40203),
        Fact(BadRequest, "检测回调网络的参数不对，或没有设置回调地址", "核对消息推送中的服务器地址"),
    ),
    ((76001, 76002, 76003, 76004), Fact(BadRequest, "这个 rid 不存在、不合规则、不属于本账号或已超过七天")),
    ((76021, 76022), Fact(BadRequest, "没有这个接口，或不能查询它的额度", _BUG)),
    ((87014,), Fact(BadRequest, "内容被判定为有风险", "拒绝或交人工审核")),
    (
        (40097, 40129, 40165, 40212, 41030, 85401),
        Fact(BadRequest, "小程序码、链接或审核的参数不合规则", "核对页面路径、场景值和有效期"),
    ),
    ((87007, 87008, 87009), Fact(BadRequest, "登录态无效或签名不对", _SIGN_IN)),
    ((89002,), Fact(Misconfigured, "没有绑定微信开放平台", "在微信开放平台绑定本账号")),
    ((89504, 89505), Fact(Retryable, "群发须由管理员确认", "请管理员在微信中确认", {"after_seconds": 1800.0})),
    ((*range(200011, 200023), 200100), Fact(BadRequest, "订阅通知模板的设置不对", "在微信公众平台检查模板")),
    ((53600,), Fact(BadRequest, "没有这篇已发布的图文")),
    ((*range(53404, 53407), *range(53503, 53506)), Fact(Misconfigured, "草稿或发布出错", _CONSOLE)),
)

_UNLISTED = Fact(Misconfigured, "微信返回了未收录的错误码", "按错误码查阅微信开放文档，并把 rid 交给维护人员")


def fact(errcode: int) -> Fact:
    """What is known of `errcode`; an unlisted code stops the job."""
    return next((found for codes, found in _ROWS if errcode in codes), _UNLISTED)


def listed() -> Iterator[int]:
    """Every errcode the table names."""
    return chain.from_iterable(codes for codes, _ in _ROWS)


def from_code(errcode: int, errmsg: str = "", *, original: str = "", hide: Collection[str] = ()) -> WeChatError:
    """Build the error for `errcode`; `hide` are words of the call (token, openid) that must not be in its text."""
    found = fact(errcode)
    error = found.kind(errcode, scrub(errmsg, hide), _rid(errmsg))
    for name, value in found.more.items():
        setattr(error, name, value)
    if isinstance(error, AlreadyDone):
        error.original = original
    if isinstance(error, BadRequest) and (part := _TEMPLATE_FIELD.search(errmsg)):
        error.field = part[1]
    return error


def scrub(errmsg: str, hide: Collection[str] = ()) -> str:
    """Keep the words of `errmsg`, without its rid, what is in `hide`, and any run as long as a token or an openid."""
    words = _RID.sub("", errmsg)
    for value in filter(None, hide):
        words = words.replace(value, _MASK)
    return " ".join(_LONG_WORD.sub(_MASK, words).split())[:200].rstrip(" ,")


def _rid(errmsg: str) -> str:
    found = _RID.search(errmsg)
    return found[1] or found[2] if found else ""
