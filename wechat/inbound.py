"""A pushed body becomes a `Message`: two tables say what every message and event is, the rest is kept as it came."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from wechat.body import BadMessage, branch, branches, read, word, words
from wechat.messages import (
    AccountNews,
    AgentSession,
    ArticleCheck,
    ArticleUrl,
    Authorization,
    JobFinished,
    Kind,
    Link,
    Location,
    MassFinished,
    Media,
    MediaCheck,
    MediaVerdict,
    MenuTap,
    Message,
    MiniProgramCard,
    NoticeChoice,
    NoticeSent,
    Origin,
    Pictures,
    Published,
    QrCode,
    ScanCode,
    SessionEntered,
)

__all__ = ["BadMessage", "parse"]

Fields = Mapping[str, Any]
Row = tuple[Kind, Callable[[Fields], Any]]

_EPOCH = datetime.fromtimestamp(0, UTC)
_PROBE = "CheckContainerPath"
_SCENE = "qrscene_"
_TRADE = "last_trade_no_"
_MOST_DIGITS = 19
_OPENID = re.compile(r"[\x21-\x7e]{1,128}")  # the platform's have 28 characters; a longer one fits no table
_TEMPLATE_ID = re.compile(r"[\x21-\x7e]{1,64}")  # 43
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def parse(body: bytes, *, account: str, miniprogram: bool = False) -> Message:
    """Return the message in a plain body, XML or JSON, or raise BadMessage.

    A field that is malformed is empty in the Message (a number -1, a time 1970-01-01); only a body without a type or
    a sender is bad. `id` is equal for every repeat and shows nobody's openid.
    """
    fields = read(body).fields
    if word(fields, "action") == _PROBE and "MsgType" not in fields:
        return _probe(fields, account)
    kind, build = _row(fields)
    detail = build(fields)
    openid = _openid(fields, detail)
    event_key = word(fields, "EventKey")
    scanned = kind in (Kind.SUBSCRIBE, Kind.SCAN)
    return Message(
        id=_identity(fields, account, openid),
        account=account,
        openid=openid,
        kind=kind,
        sent_at=_time(fields, "CreateTime") or _EPOCH,
        text=word(fields, "Content") if kind is Kind.TEXT else "",
        key="" if scanned else event_key,
        scene=_scene(kind, event_key) if scanned else "",
        media_id=word(fields, "MediaId"),
        detail=detail,
        raw=fields,
        miniprogram=miniprogram,
    )


def _probe(fields: Fields, account: str) -> Message:
    identity = _identity(fields, account, "")
    return Message(id=identity, account=account, openid="", kind=Kind.PROBE, sent_at=_EPOCH, raw=fields)


def _row(fields: Fields) -> Row:
    kind = word(fields, "MsgType").lower()
    event = word(fields, "Event").lower() if kind == "event" else kind
    if not event:
        raise BadMessage("the body has no MsgType or no Event")
    return (_EVENTS if kind == "event" else _MESSAGES).get(event, _UNKNOWN)


def _openid(fields: Fields, detail: Any) -> str:
    """Whom it is about: in the events on authorization the platform itself is the sender."""
    openid = (detail.openid if isinstance(detail, Authorization) else "") or word(fields, "FromUserName")
    if not _OPENID.fullmatch(openid):
        raise BadMessage("the body has no FromUserName, or one that is no openid")
    return openid


def _identity(fields: Fields, account: str, openid: str) -> str:
    """Hash what tells two messages apart: a MsgId repeats across people, an event within a second only in its body."""
    number = "" if word(fields, "MsgType").lower() == "event" else word(fields, "MsgId")
    told_by = f"{account}\x1f{openid}\x1f{number}" if number else _canonical([account, openid, fields])
    return hashlib.sha256(told_by.encode()).hexdigest()


def _scene(kind: Kind, event_key: str) -> str:
    known = kind is Kind.SCAN or event_key.startswith(_SCENE)
    return event_key.removeprefix(_SCENE) if known else ""


def _integer(fields: Fields, name: str) -> int:
    return _number(word(fields, name))


def _number(text: str) -> int:
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else -1


def _decimal(fields: Fields, name: str) -> float | None:
    try:
        number = float(word(fields, name))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _time(fields: Fields, name: str) -> datetime | None:
    seconds = _integer(fields, name)
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _items(fields: Fields, name: str) -> list[Fields]:
    """Return a list's members: XML wraps each in an `item`, JSON may not; a Count beside them is not to be trusted."""
    found = branches(fields, name)
    wrapped = [each for one in found for each in branches(one, "item")]
    return wrapped or [one for one in found if "item" not in one]


def _nothing(_fields: Fields) -> None:
    return None


def _origin(fields: Fields) -> Origin:
    return Origin(
        menu_item=word(fields, "bizmsgmenuid"),
        article=word(fields, "MsgDataId"),
        article_index=word(fields, "Idx"),
        business=word(fields, "BusinessId"),
    )


def _media(fields: Fields) -> Media:
    return Media(
        url=word(fields, "PicUrl"),
        format=word(fields, "Format"),
        recognition=word(fields, "Recognition"),
        thumb_media_id=word(fields, "ThumbMediaId"),
        media_id_16k=word(fields, "MediaId16K"),
    )


def _location(fields: Fields) -> Location:
    return Location(
        latitude=_decimal(fields, "Location_X"),
        longitude=_decimal(fields, "Location_Y"),
        scale=_decimal(fields, "Scale"),
        label=word(fields, "Label"),
        name=word(fields, "Poiname"),
    )


def _picked_location(fields: Fields) -> Location:
    return _location(branch(fields, "SendLocationInfo"))


def _reported_location(fields: Fields) -> Location:
    return Location(
        latitude=_decimal(fields, "Latitude"),
        longitude=_decimal(fields, "Longitude"),
        precision=_decimal(fields, "Precision"),
    )


def _link(fields: Fields) -> Link:
    return Link(title=word(fields, "Title"), description=word(fields, "Description"), url=word(fields, "Url"))


def _card(fields: Fields) -> MiniProgramCard:
    return MiniProgramCard(
        title=word(fields, "Title"),
        appid=word(fields, "AppId"),
        path=word(fields, "PagePath"),
        thumb_url=word(fields, "ThumbUrl"),
        thumb_media_id=word(fields, "ThumbMediaId"),
    )


def _qr_code(fields: Fields) -> QrCode:
    event_key = word(fields, "EventKey")
    trade_no = event_key.removeprefix(_TRADE) if event_key.startswith(_TRADE) else ""
    return QrCode(ticket=word(fields, "Ticket"), trade_no=trade_no)


def _menu_tap(fields: Fields) -> MenuTap:
    return MenuTap(menu_id=word(fields, "MenuId"))


def _scan_code(fields: Fields) -> ScanCode:
    scanned = branch(fields, "ScanCodeInfo")
    return ScanCode(kind=word(scanned, "ScanType"), result=word(scanned, "ScanResult"))


def _pictures(fields: Fields) -> Pictures:
    items = _items(branch(fields, "SendPicsInfo"), "PicList")
    return Pictures(md5s=tuple(word(item, "PicMd5Sum") for item in items))


def _status(fields: Fields) -> str:
    return word(fields, "Status").replace(": ", ":")


def _message_id(fields: Fields) -> str:
    return word(fields, "MsgID") or word(fields, "MsgId")


def _job_finished(fields: Fields) -> JobFinished:
    return JobFinished(message_id=_message_id(fields), status=_status(fields))


def _mass_finished(fields: Fields) -> MassFinished:
    copyrights = branch(fields, "CopyrightCheckResult")
    return MassFinished(
        message_id=_message_id(fields),
        status=_status(fields),
        total=_integer(fields, "TotalCount"),
        filtered=_integer(fields, "FilterCount"),
        sent=_integer(fields, "SentCount"),
        failed=_integer(fields, "ErrorCount"),
        check_state=_integer(copyrights, "CheckState"),
        checks=tuple(_article_check(item) for item in _items(copyrights, "ResultList")),
        urls=tuple(
            ArticleUrl(index=_integer(item, "ArticleIdx"), url=word(item, "ArticleUrl"))
            for item in _items(branch(fields, "ArticleUrlResult"), "ResultList")
        ),
    )


def _article_check(item: Fields) -> ArticleCheck:
    return ArticleCheck(
        index=_integer(item, "ArticleIdx"),
        declared=_integer(item, "UserDeclareState"),
        audit=_integer(item, "AuditState"),
        original_url=word(item, "OriginalArticleUrl"),
        original_type=_integer(item, "OriginalArticleType"),
        can_reprint=word(item, "CanReprint") == "1",
        replaced=word(item, "NeedReplaceContent") == "1",
        shows_source=word(item, "NeedShowReprintSource") == "1",
    )


def _published(fields: Fields) -> Published:
    info = branch(fields, "PublishEventInfo")
    return Published(
        publish_id=word(info, "publish_id"),
        status=_integer(info, "publish_status"),
        article_id=word(info, "article_id"),
        urls=tuple(
            ArticleUrl(index=_integer(item, "idx"), url=word(item, "article_url"))
            for item in _items(info, "article_detail")
        ),
        failed=tuple(_number(index) for index in words(info, "fail_idx")),
    )


def _choices(wrapper: str) -> Callable[[Fields], tuple[NoticeChoice, ...]]:
    def build(fields: Fields) -> tuple[NoticeChoice, ...]:
        return tuple(
            NoticeChoice(
                template_id=word(each, "TemplateId"),
                accepted=word(each, "SubscribeStatusString").lower() == "accept",
                scene=word(each, "PopupScene"),
            )
            for each in _list(fields, wrapper)
            if _TEMPLATE_ID.fullmatch(word(each, "TemplateId"))
        )

    return build


def _notices_sent(fields: Fields) -> tuple[NoticeSent, ...]:
    return tuple(
        NoticeSent(
            template_id=word(each, "TemplateId"),
            message_id=_message_id(each),
            error_code=_integer(each, "ErrorCode"),
            error=word(each, "ErrorStatus"),
        )
        for each in _list(fields, "SubscribeMsgSentEvent")
    )


def _list(fields: Fields, wrapper: str) -> list[Fields]:
    """Return the `List` of a notice event: XML keeps it in a wrapper, JSON at the top; one object or several."""
    return branches(branch(fields, wrapper) or fields, "List")


def _authorization(fields: Fields) -> Authorization:
    return Authorization(
        openid=word(fields, "OpenID") or word(fields, "openid"),
        appid=word(fields, "AppID") or word(fields, "appid"),
        what=word(fields, "RevokeInfo"),
        plugin_id=word(fields, "PluginID"),
        open_pid=word(fields, "OpenPID"),
        union_id=word(fields, "UnionID"),
    )


def _media_check(fields: Fields) -> MediaCheck:
    result = branch(fields, "result")
    return MediaCheck(
        trace_id=word(fields, "trace_id"),
        appid=word(fields, "appid"),
        version=word(fields, "version") or "1",
        suggest=word(result, "suggest") or _FIRST_VERSION_RISK.get(word(fields, "isrisky"), ""),
        label=word(result, "label"),
        error_code=_integer(fields, failed) if (failed := _failed_field(fields)) else 0,
        error=word(fields, "errmsg"),
        verdicts=tuple(_media_verdict(each) for each in branches(fields, "detail")),
    )


def _failed_field(fields: Fields) -> str:
    """Where a media check says that it failed: some events of checks that did not, have no such field."""
    return next((name for name in ("errcode", "status_code") if name in fields), "")


def _media_verdict(each: Fields) -> MediaVerdict:
    return MediaVerdict(
        strategy=word(each, "strategy"),
        error_code=_integer(each, "errcode"),
        suggest=word(each, "suggest"),
        label=word(each, "label"),
        probability=_decimal(each, "prob"),
    )


def _session_entered(fields: Fields) -> SessionEntered:
    return SessionEntered(origin=word(fields, "SessionFrom"))


def _agent_joined(fields: Fields) -> AgentSession:
    return AgentSession(change="create", agent=word(fields, "KfAccount"))


def _agent_left(fields: Fields) -> AgentSession:
    return AgentSession(change="close", agent=word(fields, "KfAccount"), close_type=word(fields, "CloseType"))


def _agent_switched(fields: Fields) -> AgentSession:
    return AgentSession(change="switch", agent=word(fields, "ToKfAccount"), former=word(fields, "FromKfAccount"))


def _news(
    *, good: bool | None = None, subject: str = "", reason: str = "", at: str = "", inside: str = ""
) -> Callable[[Fields], AccountNews]:
    """Say in which fields an event about the account tells its subject, reason and time."""

    def build(fields: Fields) -> AccountNews:
        where = branch(fields, inside) if inside else fields
        return AccountNews(
            event=word(fields, "Event").lower(),
            good=_AUDITED.get(word(fields, "ret"), good),
            subject=word(where, subject),
            reason=word(where, reason),
            at=_time(where, at),
        )

    return build


_FIRST_VERSION_RISK = {"0": "pass", "1": "risky"}
_AUDITED = {"2": False, "3": True}
_UNKNOWN: Row = (Kind.UNKNOWN, _nothing)

_MESSAGES: Mapping[str, Row] = {
    "text": (Kind.TEXT, _origin),
    "image": (Kind.IMAGE, _media),
    "voice": (Kind.VOICE, _media),
    "video": (Kind.VIDEO, _media),
    "shortvideo": (Kind.SHORTVIDEO, _media),
    "location": (Kind.LOCATION, _location),
    "link": (Kind.LINK, _link),
    "miniprogrampage": (Kind.MINIPROGRAM_PAGE, _card),
}

_EVENTS: Mapping[str, Row] = {
    # a member and the account
    "subscribe": (Kind.SUBSCRIBE, _qr_code),
    "unsubscribe": (Kind.UNSUBSCRIBE, _nothing),
    "scan": (Kind.SCAN, _qr_code),
    "location": (Kind.REPORTED_LOCATION, _reported_location),
    "user_enter_tempsession": (Kind.ENTER_SESSION, _session_entered),
    # the menu
    "click": (Kind.CLICK, _nothing),
    "view": (Kind.VIEW, _menu_tap),
    "view_miniprogram": (Kind.VIEW_MINIPROGRAM, _menu_tap),
    "scancode_push": (Kind.SCANCODE_PUSH, _scan_code),
    "scancode_waitmsg": (Kind.SCANCODE_WAIT, _scan_code),
    "pic_sysphoto": (Kind.PIC_SYSPHOTO, _pictures),
    "pic_photo_or_album": (Kind.PIC_PHOTO_OR_ALBUM, _pictures),
    "pic_weixin": (Kind.PIC_WEIXIN, _pictures),
    "location_select": (Kind.LOCATION_SELECT, _picked_location),
    # what became of something sent
    "templatesendjobfinish": (Kind.TEMPLATE_SENT, _job_finished),
    "masssendjobfinish": (Kind.MASS_SENT, _mass_finished),
    "publishjobfinish": (Kind.PUBLISHED, _published),
    "freepublishjobfinish": (Kind.PUBLISHED, _published),  # the older pages' name for it
    "subscribe_msg_popup_event": (Kind.NOTICE_POPUP, _choices("SubscribeMsgPopupEvent")),
    "subscribe_msg_change_event": (Kind.NOTICE_CHANGE, _choices("SubscribeMsgChangeEvent")),
    "subscribe_msg_sent_event": (Kind.NOTICE_SENT, _notices_sent),
    "wxa_media_check": (Kind.MEDIA_CHECKED, _media_check),
    # what a mini-program may know
    "user_info_modified": (Kind.USER_INFO_MODIFIED, _authorization),
    "user_authorization_revoke": (Kind.AUTHORIZATION_REVOKED, _authorization),
    "user_authorization_cancellation": (Kind.AUTHORIZATION_CANCELLED, _authorization),
    # human agents
    "kf_create_session": (Kind.AGENT_SESSION, _agent_joined),
    "kf_close_session": (Kind.AGENT_SESSION, _agent_left),
    "kf_switch_session": (Kind.AGENT_SESSION, _agent_switched),
    # the account itself
    "weapp_audit_success": (Kind.ACCOUNT_NEWS, _news(good=True, at="SuccTime")),
    "weapp_audit_fail": (Kind.ACCOUNT_NEWS, _news(good=False, reason="Reason", at="FailTime")),
    "weapp_audit_delay": (Kind.ACCOUNT_NEWS, _news(reason="Reason", at="DelayTime")),
    "wxa_nickname_audit": (Kind.ACCOUNT_NEWS, _news(subject="nickname", reason="reason")),
    "wxa_category_audit": (Kind.ACCOUNT_NEWS, _news(reason="reason")),
    "wxa_illegal_record": (
        Kind.ACCOUNT_NEWS,
        _news(good=False, subject="rule_name", reason="illegal_reason", at="create_time"),
    ),
    "wxa_appeal_record": (Kind.ACCOUNT_NEWS, _news(subject="appeal_record_id")),
    "wxa_privacy_apply": (
        Kind.ACCOUNT_NEWS,
        _news(inside="result_info", subject="api_name", reason="reason", at="audit_time"),
    ),
    "wx_verify_pay_succ": (Kind.ACCOUNT_NEWS, _news()),
    "wx_verify_dispatch": (Kind.ACCOUNT_NEWS, _news()),
    "qualification_verify_success": (Kind.ACCOUNT_NEWS, _news(good=True, at="ExpiredTime")),
    "qualification_verify_fail": (Kind.ACCOUNT_NEWS, _news(good=False, reason="FailReason", at="FailTime")),
    "naming_verify_success": (Kind.ACCOUNT_NEWS, _news(good=True, at="ExpiredTime")),
    "naming_verify_fail": (Kind.ACCOUNT_NEWS, _news(good=False, reason="FailReason", at="FailTime")),
    "annual_renew": (Kind.ACCOUNT_NEWS, _news(at="ExpiredTime")),
    "verify_expired": (Kind.ACCOUNT_NEWS, _news(good=False, at="ExpiredTime")),
    "charge_service_quota_notify": (Kind.ACCOUNT_NEWS, _news()),
}
