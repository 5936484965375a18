"""What the doctor looks at of one account on the platform: a look yields its lines, each with how to mend it."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from commands import menu
from content.broadcasts import Broadcast
from content.menus import Menu
from wechat import capabilities, verification
from wechat.api.account import Quota
from wechat.capabilities import Capability
from wechat.client import WeChat
from wechat.errors import UNAUTHORIZED, BadRequest, WeChatError
from wechat.settings import AccountSettings
from wechat.tokens import Fetch
from wechat.webhook import PATH

SKEW = timedelta(seconds=60)
FEW = 0.1  # of a day's calls
LOST = "100%"
NO_WEBHOOK = 40201
UNCOUNTED = (76021, 76022)  # the platform counts no such call, or doesn't tell
FORBIDDEN = 403
REFILL = (
    "quota: {path} has {left} of {limit} calls left today: it fills up at midnight in Beijing, or ten times a month by "
    "接口调用次数清零 in the console."
)
REFUSED = (
    "refused: the platform said 48001 to {channel}, so pushes go another way until {until:%Y-%m-%d %H:%M %Z}: see "
    "接口权限 in its console. Once mended, resume a broadcast that waits (`zhibu broadcast resume`), or let that time "
    "come."
)
NO_TEMPLATE = (
    "templates: the account has no {template}, which broadcast {broadcast} names: choose the template in its console, "
    "and put its id into the broadcast."
)

_APPID = "copy `appid` again from the account's page on developers.weixin.qq.com/platform"
_CREDENTIAL = "copy `secret` again from the account's page on developers.weixin.qq.com/platform, or reset it there"
_WHITELIST = "add {ip} to the IP whitelist (IP白名单) on developers.weixin.qq.com/platform"
MENDS = {40013: _APPID, 40125: _CREDENTIAL, 40001: _CREDENTIAL, 40164: _WHITELIST, 61004: _WHITELIST}
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", re.ASCII)


class Level(StrEnum):
    """How bad it is; only a fault ends with exit 1."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


Found = Iterator[tuple[Level, str]]


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account, the ways to it, and what the pack wants of it."""

    name: str
    settings: AccountSettings = field(repr=False)
    wechat: WeChat
    token: Fetch  # asks the platform, whatever token is kept
    menu: Menu | None  # None: the pack is bad, which is another line
    broadcasts: Collection[Broadcast]
    refused: Callable[[], Mapping[str, datetime]]  # channels that the platform has refused, and until when
    base: str  # the address under which its webhook is
    is_public: bool  # whether the platform reaches us by that address
    clock: Callable[[], datetime]  # the program's, which the sandbox's panel moves
    now: Callable[[], datetime]  # this machine's


Look = Callable[[Account], Found]


def examine(account: Account) -> Found:
    """Every line about the account. Without a token nothing more is asked of the platform."""
    yield from _capabilities(account)
    yield from _refused(account)
    yield from _webhook(account)
    try:
        given_at = account.token(False).given_at
    except WeChatError as error:
        yield Level.FAULT, f"token: {refusal(error)}"
        return
    yield Level.OK, "token: given, so appid and secret are right and the IP whitelist lets this machine in"
    yield from _clock(account, given_at)
    for look in LOOKS:
        yield from _tried(look, account)


def refusal(error: WeChatError) -> str:
    """What the platform said, and how to mend it."""
    ip = _IP.search(error.errmsg)
    known = MENDS.get(error.errcode or 0, "").format(ip=ip[0] if ip else "this machine's public address")
    mend = f"{known}." if known else " ".join(filter(None, (error.meaning, error.mend)))
    return ": ".join(filter(None, (str(error), mend)))


def _tried(look: Look, account: Account) -> Found:
    about = look.__name__.strip("_")
    try:
        yield from look(account)
    except WeChatError as error:
        said = _unauthorized(account, error) if error.errcode == UNAUTHORIZED else refusal(error)
        yield Level.FAULT, f"{about}: {said}"


def _unauthorized(account: Account, error: WeChatError) -> str:
    said = f"kind = {account.settings.kind}, verified = {str(account.settings.verified).lower()}"
    return f"{error}: an account has this right by its {said}: correct them, or see 接口权限 in its console."


def _clock(account: Account, platform: datetime | None) -> Found:
    if platform is None:
        yield Level.WARNING, "clock: the platform's answer bears no time; see that this machine's clock is set by NTP."
        return
    ahead = account.now() - platform
    if abs(ahead) <= SKEW:
        yield Level.OK, "clock: agrees with the platform's"
        return
    by, where = f"{abs(ahead).total_seconds():.0f} s", "ahead of" if ahead > SKEW else "behind"
    yield Level.FAULT, f"clock: {by} {where} the platform's, which makes signed messages look old: set it by NTP."


def _capabilities(account: Account) -> Found:
    settings = account.settings
    kind = f"{'verified' if settings.verified else 'unverified'} {settings.kind}"
    rights = ", ".join(right.capability for right in capabilities.of(settings))
    yield Level.OK, f"capabilities: as a {kind} account it may use {rights}"


def _refused(account: Account) -> Found:
    """The rights that were switched off while sending (48001): each is left alone for a day."""
    for channel, until in account.refused().items():
        yield Level.WARNING, REFUSED.format(channel=channel, until=until)


def _webhook(account: Account) -> Found:
    where = f"{account.base}{PATH}{account.name}"
    bad = Level.FAULT if account.is_public else Level.WARNING
    try:
        echo = verification.knock(account.base, account.name, account.settings, now=account.clock())
    except WeChatError as error:
        yield bad, f"webhook: {where} does not answer ({error}): see web.public_url, the proxy, and `zhibu run`."
        return
    if echo.is_ours:
        yield Level.OK, f"webhook: {where} answers and knows the token"
    elif echo.status == FORBIDDEN:
        yield Level.FAULT, f"webhook: {where} refuses our signature: restart `zhibu run` after a change of the token."
    else:
        yield bad, f"webhook: {where} answers HTTP {echo.status} and is not Zhibu's: see web.public_url and the proxy."


def _reach(account: Account) -> Found:
    """What the platform sees from its side."""
    if account.settings.kind == "miniprogram":
        return
    try:
        seen = account.wechat.check_callback()
    except BadRequest as error:
        if error.errcode != NO_WEBHOOK:
            raise
        yield Level.FAULT, f"reach: {error}: enter the webhook's address under 消息推送 on the platform."
        return
    lost = [each.ip for each in seen if each.package_loss == LOST]
    if not seen:
        yield Level.FAULT, "reach: the platform finds no address for the webhook's host: see its DNS records."
    elif lost:
        yield Level.FAULT, f"reach: the platform can't get to {', '.join(lost)}: see the firewall there."
    else:
        yield Level.OK, f"reach: the platform gets to the webhook's host at {', '.join(each.ip for each in seen)}"


def _quota(account: Account) -> Found:
    left = {path: quota for path in _paths(account) if (quota := _left(account, path))}
    few = {path: quota for path, quota in left.items() if quota.remain <= FEW * quota.daily_limit}
    for path, quota in few.items():
        yield (
            Level.WARNING if quota.remain else Level.FAULT,
            REFILL.format(path=path, left=quota.remain, limit=quota.daily_limit),
        )
    if not few:
        yield Level.OK, f"quota: each of {len(left)} calls has more than a tenth of today's left"


def _paths(account: Account) -> Iterator[str]:
    for right in capabilities.of(account.settings):
        yield from (path for path in right.paths if not path.startswith("/sns/"))  # these are not counted (§2.3)


def _left(account: Account, path: str) -> Quota | None:
    try:
        return account.wechat.quota(path)
    except BadRequest as error:
        if error.errcode not in UNCOUNTED:
            raise
        return None


def _menu(account: Account) -> Found:
    if account.menu is None or not capabilities.may(account.settings, Capability.MENU):
        return
    if menu.drift(account.wechat, account.menu):
        yield Level.WARNING, "menu: not that of the pack: see `zhibu menu diff`, then `zhibu menu push`."
    else:
        yield Level.OK, "menu: that of the pack"


def _templates(account: Account) -> Found:
    missing: dict[str, str] = {}
    looked = False
    for right, named, held in (
        (Capability.TEMPLATES, dict(_named(account)), account.wechat.notice_templates),
        (Capability.TEMPLATE_MESSAGE, dict(_services(account)), account.wechat.message_templates),
    ):
        if named and capabilities.may(account.settings, right):
            looked, there = True, {template.id for template in held()}
            missing |= {key: wanted for key, wanted in named.items() if wanted not in there}
    for key, wanted in missing.items():
        yield Level.FAULT, NO_TEMPLATE.format(template=wanted, broadcast=key)
    if looked and not missing:
        yield Level.OK, "templates: the account has each that a broadcast names"


def _named(account: Account) -> Iterator[tuple[str, str]]:
    """Key and template of each broadcast that would go out by a notice of this account."""
    is_mini = account.settings.kind == "miniprogram"
    channel = "mini_notice" if is_mini else "notice"
    for broadcast in account.broadcasts:
        wanted = broadcast.mini_template_id if is_mini else broadcast.notice_template_id
        if wanted and channel in broadcast.channels:
            yield broadcast.key, wanted


def _services(account: Account) -> Iterator[tuple[str, str]]:
    """Key and template of each broadcast that would go out by a template message."""
    for broadcast in account.broadcasts:
        if broadcast.service_template_id and "template_message" in broadcast.channels:
            yield broadcast.key, broadcast.service_template_id


LOOKS: tuple[Look, ...] = (_reach, _quota, _menu, _templates)
