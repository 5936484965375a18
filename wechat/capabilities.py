"""What each kind of account may call, verified or not: the platform's rights as a table (wechat-platform.md).

What the table says is a beginning: the platform may take a right away from one account, and then says 48001.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from wechat.settings import AccountSettings

Class = tuple[str, bool]  # kind, verified


class Capability(StrEnum):
    """A right that the platform gives or withholds as a whole; the value is its name for operators."""

    CUSTOMER_SERVICE = "customer-service messages"
    TEMPLATE_MESSAGE = "template messages"
    NOTICE = "subscription notices"
    MINI_NOTICE = "mini-program notices"
    TEMPLATES = "the list of templates"
    MENU = "the menu"
    PEOPLE = "followers and tags"
    QR_CODE = "QR codes"
    OAUTH = "sign-in on web pages"
    JS_SDK = "JS-SDK"
    MATERIAL = "material and drafts"
    PUBLISH = "publishing"
    MASS = "mass sends"
    MASS_TO_LIST = "mass sends to a list"
    MINI_PROGRAM = "mini-program login and checks"
    PHONE_NUMBER = "phone numbers"


@dataclass(frozen=True, slots=True)
class Right:
    """One row: who has it, and the paths of the calls that it is."""

    capability: Capability
    classes: Collection[Class]
    paths: tuple[str, ...]


_SERVICE = frozenset({("service", True)})
_VERIFIED = _SERVICE | {("subscription", True)}
_OFFICIAL = _VERIFIED | {("service", False), ("subscription", False)}
_ENTITY = frozenset({("miniprogram", True)})
_MINI = _ENTITY | {("miniprogram", False)}

TABLE: tuple[Right, ...] = (
    Right(Capability.CUSTOMER_SERVICE, _VERIFIED | _ENTITY, ("/cgi-bin/message/custom/send",)),  # §3.1
    Right(Capability.TEMPLATE_MESSAGE, _SERVICE, ("/cgi-bin/message/template/send",)),  # §3.2
    Right(Capability.NOTICE, _SERVICE, ("/cgi-bin/message/subscribe/bizsend",)),  # §3.3
    Right(Capability.MINI_NOTICE, _MINI, ("/cgi-bin/message/subscribe/send",)),  # §3.4
    Right(Capability.TEMPLATES, _SERVICE | _ENTITY, ("/wxaapi/newtmpl/gettemplate",)),  # §3.3
    Right(Capability.MENU, _VERIFIED | {("service", False)}, ("/cgi-bin/menu/create", "/cgi-bin/menu/get")),  # §5
    Right(Capability.PEOPLE, _VERIFIED, ("/cgi-bin/user/info", "/cgi-bin/user/get")),  # §5
    Right(Capability.QR_CODE, _SERVICE, ("/cgi-bin/qrcode/create",)),  # §5
    Right(Capability.OAUTH, _SERVICE, ("/sns/oauth2/access_token",)),  # §5, §7
    Right(Capability.JS_SDK, _OFFICIAL, ("/cgi-bin/ticket/getticket",)),  # §7 names no limit; M
    Right(Capability.MATERIAL, _OFFICIAL, ("/cgi-bin/draft/add", "/cgi-bin/material/add_material")),  # §3.6
    Right(Capability.PUBLISH, _VERIFIED, ("/cgi-bin/freepublish/submit",)),  # §3.6: since July 2025
    Right(Capability.MASS, _VERIFIED, ("/cgi-bin/message/mass/sendall",)),  # §3.5
    Right(Capability.MASS_TO_LIST, _SERVICE, ("/cgi-bin/message/mass/send",)),  # §3.5
    Right(Capability.MINI_PROGRAM, _MINI, ("/sns/jscode2session", "/wxa/msg_sec_check")),  # §6
    Right(Capability.PHONE_NUMBER, _ENTITY, ("/wxa/business/getuserphonenumber",)),  # §6: not for personal entities
)
_BY_NAME = {right.capability: right for right in TABLE}


def may(account: AccountSettings, capability: Capability) -> bool:
    """Whether an account of this kind, verified or not, has the right."""
    return (account.kind, account.verified) in _BY_NAME[capability].classes


def of(account: AccountSettings) -> list[Right]:
    """The account's rights, in the table's order."""
    return [right for right in TABLE if may(account, right.capability)]
