"""Everything the platform is known to push, typed from its documentation, and everything it should never push."""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.inbound import BadMessage, parse
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

HEAD = {"ToUserName": "gh_7f083739789a", "FromUserName": "oia2TjuEGTNoeX76QEjQNrcURxG8", "CreateTime": "1699413600"}
SENT_AT = datetime(2023, 11, 8, 3, 20, tzinfo=UTC)


def xml_of(fields: Mapping[str, Any]) -> str:
    return "".join(_node(name, value) for name, value in fields.items())


def _node(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_node(name, each) for each in value)
    inside = xml_of(value) if isinstance(value, dict) else f"<![CDATA[{value}]]>"
    return f"<{name}>{inside}</{name}>"


def as_xml(fields: Mapping[str, Any]) -> bytes:
    return f"<xml>{xml_of(fields)}</xml>".encode()


def as_json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def from_xml(fields: Mapping[str, Any]) -> Message:
    return parse(as_xml({**HEAD, **fields}), account="official")


def from_json(fields: Mapping[str, Any]) -> Message:
    return parse(as_json({**HEAD, **fields}), account="official")


def a_text(content="你好", **more) -> dict[str, Any]:
    return {"MsgType": "text", "Content": content, "MsgId": "24337190412345678", **more}


def an_event(name, **more) -> dict[str, Any]:
    return {"MsgType": "event", "Event": name, **more}


# One row for each row of the inbound matrix: what is pushed, what it is, what the Message says beside, and its detail.
MATRIX = [
    pytest.param(a_text(), Kind.TEXT, {"text": "你好"}, Origin(), id="text"),
    pytest.param(
        a_text(bizmsgmenuid="101", MsgDataId="xx", Idx="1", BusinessId="b1"),
        Kind.TEXT,
        {"text": "你好", "key": ""},
        Origin(menu_item="101", article="xx", article_index="1", business="b1"),
        id="text from a msgmenu and an article",
    ),
    pytest.param(
        {"MsgType": "image", "PicUrl": "http://p/1", "MediaId": "m1", "MsgId": "1"},
        Kind.IMAGE,
        {"media_id": "m1", "text": ""},
        Media(url="http://p/1"),
        id="image",
    ),
    pytest.param(
        {
            "MsgType": "voice",
            "MediaId": "m2",
            "Format": "amr",
            "Recognition": "你好",
            "MediaId16K": "m16",
            "MsgId": "2",
        },
        Kind.VOICE,
        {"media_id": "m2"},
        Media(format="amr", recognition="你好", media_id_16k="m16"),
        id="voice",
    ),
    pytest.param(
        {"MsgType": "video", "MediaId": "m3", "ThumbMediaId": "t3", "MsgId": "3"},
        Kind.VIDEO,
        {"media_id": "m3"},
        Media(thumb_media_id="t3"),
        id="video",
    ),
    pytest.param(
        {"MsgType": "shortvideo", "MediaId": "m4", "ThumbMediaId": "t4", "MsgId": "4"},
        Kind.SHORTVIDEO,
        {"media_id": "m4"},
        Media(thumb_media_id="t4"),
        id="shortvideo",
    ),
    pytest.param(
        {
            "MsgType": "location",
            "Location_X": "23.134521",
            "Location_Y": "113.358803",
            "Scale": "20",
            "Label": "某路 1 号",
            "MsgId": "5",
        },
        Kind.LOCATION,
        {},
        Location(latitude=23.134521, longitude=113.358803, scale=20.0, label="某路 1 号"),
        id="location",
    ),
    pytest.param(
        {"MsgType": "link", "Title": "题", "Description": "述", "Url": "https://e/1", "MsgId": "6"},
        Kind.LINK,
        {"key": ""},
        Link(title="题", description="述", url="https://e/1"),
        id="link",
    ),
    pytest.param(
        {
            "MsgType": "miniprogrampage",
            "Title": "题",
            "AppId": "wx1",
            "PagePath": "pages/index",
            "ThumbUrl": "https://t",
            "ThumbMediaId": "t7",
            "MsgId": "7",
        },
        Kind.MINIPROGRAM_PAGE,
        {},
        MiniProgramCard(title="题", appid="wx1", path="pages/index", thumb_url="https://t", thumb_media_id="t7"),
        id="miniprogrampage",
    ),
    pytest.param(an_event("subscribe"), Kind.SUBSCRIBE, {"scene": "", "key": ""}, QrCode(), id="subscribe"),
    pytest.param(
        an_event("subscribe", EventKey=""), Kind.SUBSCRIBE, {"scene": ""}, QrCode(), id="subscribe with an empty key"
    ),
    pytest.param(
        an_event("subscribe", EventKey="qrscene_join_7", Ticket="TICKET"),
        Kind.SUBSCRIBE,
        {"scene": "join_7", "key": ""},
        QrCode(ticket="TICKET"),
        id="subscribe by a QR code",
    ),
    pytest.param(
        an_event("subscribe", EventKey="last_trade_no_4200001"),
        Kind.SUBSCRIBE,
        {"scene": "", "key": ""},
        QrCode(trade_no="4200001"),
        id="subscribe after a payment",
    ),
    pytest.param(an_event("unsubscribe", EventKey=""), Kind.UNSUBSCRIBE, {}, None, id="unsubscribe"),
    pytest.param(
        an_event("SCAN", EventKey="join_7", Ticket="TICKET"),
        Kind.SCAN,
        {"scene": "join_7", "key": ""},
        QrCode(ticket="TICKET"),
        id="SCAN",
    ),
    pytest.param(an_event("CLICK", EventKey="quiz"), Kind.CLICK, {"key": "quiz"}, None, id="CLICK"),
    pytest.param(
        an_event("VIEW", EventKey="https://e/?a=1&b=2", MenuId="MENU"),
        Kind.VIEW,
        {"key": "https://e/?a=1&b=2"},
        MenuTap(menu_id="MENU"),
        id="VIEW",
    ),
    pytest.param(
        an_event("LOCATION", Latitude="23.137466", Longitude="113.352425", Precision="119.385040"),
        Kind.REPORTED_LOCATION,
        {},
        Location(latitude=23.137466, longitude=113.352425, precision=119.38504),
        id="LOCATION",
    ),
    pytest.param(
        an_event("view_miniprogram", EventKey="pages/quiz", MenuId="MENU"),
        Kind.VIEW_MINIPROGRAM,
        {"key": "pages/quiz"},
        MenuTap(menu_id="MENU"),
        id="view_miniprogram",
    ),
    pytest.param(
        an_event("scancode_push", EventKey="6", ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "1"}),
        Kind.SCANCODE_PUSH,
        {"key": "6"},
        ScanCode(kind="qrcode", result="1"),
        id="scancode_push",
    ),
    pytest.param(
        an_event("scancode_waitmsg", EventKey="6", ScanCodeInfo={"ScanType": "barcode", "ScanResult": "EAN,2"}),
        Kind.SCANCODE_WAIT,
        {"key": "6"},
        ScanCode(kind="barcode", result="EAN,2"),
        id="scancode_waitmsg",
    ),
    pytest.param(
        an_event(
            "pic_sysphoto", EventKey="6", SendPicsInfo={"Count": "1", "PicList": {"item": {"PicMd5Sum": "1b5f7c23"}}}
        ),
        Kind.PIC_SYSPHOTO,
        {"key": "6"},
        Pictures(md5s=("1b5f7c23",)),
        id="pic_sysphoto",
    ),
    pytest.param(
        an_event(
            "pic_photo_or_album",
            EventKey="6",
            SendPicsInfo={
                "Count": "1",
                "PicList": {"item": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}, {"PicMd5Sum": "c"}]},
            },
        ),
        Kind.PIC_PHOTO_OR_ALBUM,
        {"key": "6"},
        Pictures(md5s=("a", "b", "c")),
        id="pic_photo_or_album whose count says less",
    ),
    pytest.param(
        an_event("pic_weixin", EventKey="6", SendPicsInfo={"Count": "2", "PicList": {"item": {"PicMd5Sum": "a"}}}),
        Kind.PIC_WEIXIN,
        {"key": "6"},
        Pictures(md5s=("a",)),
        id="pic_weixin whose count says more",
    ),
    pytest.param(
        an_event(
            "location_select",
            EventKey="6",
            SendLocationInfo={
                "Location_X": "23",
                "Location_Y": "113",
                "Scale": "15",
                "Label": "某路",
                "Poiname": "某园",
            },
        ),
        Kind.LOCATION_SELECT,
        {"key": "6"},
        Location(latitude=23.0, longitude=113.0, scale=15.0, label="某路", name="某园"),
        id="location_select",
    ),
    pytest.param(
        an_event("TEMPLATESENDJOBFINISH", MsgID="200163836", Status="success"),
        Kind.TEMPLATE_SENT,
        {},
        JobFinished(message_id="200163836", status="success"),
        id="TEMPLATESENDJOBFINISH",
    ),
    pytest.param(
        an_event("TEMPLATESENDJOBFINISH", MsgID="1", Status="failed: user block"),
        Kind.TEMPLATE_SENT,
        {},
        JobFinished(message_id="1", status="failed:user block"),
        id="TEMPLATESENDJOBFINISH refused, in its spelling with a blank",
    ),
    pytest.param(
        an_event(
            "MASSSENDJOBFINISH",
            MsgID="1000001625",
            Status="err(30003)",
            TotalCount="10",
            FilterCount="9",
            SentCount="5",
            ErrorCount="4",
            CopyrightCheckResult={
                "Count": "2",
                "ResultList": {
                    "item": [
                        {
                            "ArticleIdx": "1",
                            "UserDeclareState": "0",
                            "AuditState": "2",
                            "OriginalArticleUrl": "https://o/1",
                            "OriginalArticleType": "1",
                            "CanReprint": "1",
                            "NeedReplaceContent": "0",
                            "NeedShowReprintSource": "1",
                        },
                        {"ArticleIdx": "2"},
                    ]
                },
                "CheckState": "2",
            },
            ArticleUrlResult={
                "Count": "1",
                "ResultList": {"item": {"ArticleIdx": "1", "ArticleUrl": "https://a/1"}},
            },
        ),
        Kind.MASS_SENT,
        {},
        MassFinished(
            message_id="1000001625",
            status="err(30003)",
            total=10,
            filtered=9,
            sent=5,
            failed=4,
            check_state=2,
            checks=(
                ArticleCheck(
                    index=1,
                    declared=0,
                    audit=2,
                    original_url="https://o/1",
                    original_type=1,
                    can_reprint=True,
                    replaced=False,
                    shows_source=True,
                ),
                ArticleCheck(
                    index=2,
                    declared=-1,
                    audit=-1,
                    original_url="",
                    original_type=-1,
                    can_reprint=False,
                    replaced=False,
                    shows_source=False,
                ),
            ),
            urls=(ArticleUrl(index=1, url="https://a/1"),),
        ),
        id="MASSSENDJOBFINISH",
    ),
    *(
        pytest.param(
            an_event(
                name,
                PublishEventInfo={
                    "publish_id": "2247503051",
                    "publish_status": "0",
                    "article_id": "b5O2OUs25HBxRceL7hfReg",
                    "article_detail": {"count": "1", "item": [{"idx": "1", "article_url": "https://a/1"}]},
                },
            ),
            Kind.PUBLISHED,
            {},
            Published(
                publish_id="2247503051",
                status=0,
                article_id="b5O2OUs25HBxRceL7hfReg",
                urls=(ArticleUrl(index=1, url="https://a/1"),),
                failed=(),
            ),
            id=name,
        )
        for name in ("PUBLISHJOBFINISH", "FREEPUBLISHJOBFINISH")
    ),
    pytest.param(
        an_event(
            "PUBLISHJOBFINISH", PublishEventInfo={"publish_id": "1", "publish_status": "2", "fail_idx": ["1", "2"]}
        ),
        Kind.PUBLISHED,
        {},
        Published(publish_id="1", status=2, article_id="", urls=(), failed=(1, 2)),
        id="PUBLISHJOBFINISH that failed",
    ),
    pytest.param(
        an_event(
            "subscribe_msg_popup_event",
            SubscribeMsgPopupEvent={
                "List": [
                    {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "2"},
                    {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "2"},
                ]
            },
        ),
        Kind.NOTICE_POPUP,
        {},
        (
            NoticeChoice(template_id="T1", accepted=True, scene="2"),
            NoticeChoice(template_id="T2", accepted=False, scene="2"),
        ),
        id="subscribe_msg_popup_event",
    ),
    pytest.param(
        an_event(
            "subscribe_msg_change_event",
            SubscribeMsgChangeEvent={"List": {"TemplateId": "T1", "SubscribeStatusString": "reject"}},
        ),
        Kind.NOTICE_CHANGE,
        {},
        (NoticeChoice(template_id="T1", accepted=False),),
        id="subscribe_msg_change_event",
    ),
    pytest.param(
        an_event(
            "subscribe_msg_sent_event",
            SubscribeMsgSentEvent={
                "List": {"TemplateId": "T1", "MsgID": "1864323726", "ErrorCode": "0", "ErrorStatus": "success"}
            },
        ),
        Kind.NOTICE_SENT,
        {},
        (NoticeSent(template_id="T1", message_id="1864323726", error_code=0, error="success"),),
        id="subscribe_msg_sent_event",
    ),
    pytest.param(
        an_event("user_info_modified", OpenID="oMember", AppID="wx1"),
        Kind.USER_INFO_MODIFIED,
        {"openid": "oMember"},
        Authorization(openid="oMember", appid="wx1"),
        id="user_info_modified",
    ),
    pytest.param(
        an_event("user_info_modified", openid="oMember", appid="wx1"),
        Kind.USER_INFO_MODIFIED,
        {"openid": "oMember"},
        Authorization(openid="oMember", appid="wx1"),
        id="user_info_modified in lower case",
    ),
    pytest.param(
        an_event(
            "user_authorization_revoke", OpenID="oMember", AppID="wx1", RevokeInfo="301", PluginID="p", OpenPID="op"
        ),
        Kind.AUTHORIZATION_REVOKED,
        {"openid": "oMember"},
        Authorization(openid="oMember", appid="wx1", what="301", plugin_id="p", open_pid="op"),
        id="user_authorization_revoke",
    ),
    pytest.param(
        an_event("user_authorization_cancellation", OpenID="oMember", AppID="wx1", UnionID="u1"),
        Kind.AUTHORIZATION_CANCELLED,
        {"openid": "oMember"},
        Authorization(openid="oMember", appid="wx1", union_id="u1"),
        id="user_authorization_cancellation",
    ),
    pytest.param(
        an_event(
            "wxa_media_check",
            appid="wx1",
            trace_id="5f7c23",
            version="2",
            result={"suggest": "risky", "label": "20002"},
            detail=[
                {"strategy": "content_model", "errcode": "0", "suggest": "risky", "label": "20002", "prob": "90"},
                {"strategy": "keyword", "errcode": "0"},
            ],
            errcode="0",
            errmsg="ok",
        ),
        Kind.MEDIA_CHECKED,
        {},
        MediaCheck(
            trace_id="5f7c23",
            appid="wx1",
            version="2",
            suggest="risky",
            label="20002",
            error_code=0,
            error="ok",
            verdicts=(
                MediaVerdict(strategy="content_model", error_code=0, suggest="risky", label="20002", probability=90.0),
                MediaVerdict(strategy="keyword", error_code=0, suggest="", label="", probability=None),
            ),
        ),
        id="wxa_media_check",
    ),
    pytest.param(
        an_event("wxa_media_check", appid="wx1", trace_id="5f7c23", isrisky="1", extra_info_json="", status_code="0"),
        Kind.MEDIA_CHECKED,
        {},
        MediaCheck(trace_id="5f7c23", appid="wx1", version="1", suggest="risky", label="", error_code=0, error=""),
        id="wxa_media_check of the first version",
    ),
    pytest.param(
        an_event("wxa_media_check", trace_id="5f7c23", version="2", result={"suggest": "pass", "label": "100"}),
        Kind.MEDIA_CHECKED,
        {},
        MediaCheck(trace_id="5f7c23", appid="", version="2", suggest="pass", label="100", error_code=0, error=""),
        id="wxa_media_check that says nothing of a fault",
    ),
    pytest.param(
        an_event("user_enter_tempsession", SessionFrom="sess_1"),
        Kind.ENTER_SESSION,
        {},
        SessionEntered(origin="sess_1"),
        id="user_enter_tempsession",
    ),
    pytest.param(
        an_event("kf_create_session", KfAccount="a@t"),
        Kind.AGENT_SESSION,
        {},
        AgentSession(change="create", agent="a@t"),
        id="kf_create_session",
    ),
    pytest.param(
        an_event("kf_close_session", KfAccount="a@t", CloseType="KF"),
        Kind.AGENT_SESSION,
        {},
        AgentSession(change="close", agent="a@t", close_type="KF"),
        id="kf_close_session",
    ),
    pytest.param(
        an_event("kf_switch_session", FromKfAccount="a@t", ToKfAccount="b@t"),
        Kind.AGENT_SESSION,
        {},
        AgentSession(change="switch", agent="b@t", former="a@t"),
        id="kf_switch_session",
    ),
]

PUSHED: list[Any] = [row.values[0] for row in MATRIX]

ACCOUNT_NEWS = [
    (an_event("weapp_audit_success", SuccTime="1699413600"), {"good": True, "at": SENT_AT}),
    (
        an_event("weapp_audit_fail", Reason="缺材料", FailTime="1699413600", ScreenShot="s"),
        {"good": False, "reason": "缺材料", "at": SENT_AT},
    ),
    (an_event("weapp_audit_delay", Reason="稍后", DelayTime="1699413600"), {"reason": "稍后", "at": SENT_AT}),
    (an_event("wxa_nickname_audit", ret="3", nickname="支部"), {"good": True, "subject": "支部"}),
    (
        an_event("wxa_nickname_audit", ret="2", nickname="支部", reason="重名"),
        {"good": False, "subject": "支部", "reason": "重名"},
    ),
    (
        an_event(
            "wxa_illegal_record",
            illegal_record_id="r",
            appid="wx1",
            create_time="1699413600",
            illegal_reason="违规",
            illegal_content="c",
            rule_url="u",
            rule_name="规则",
        ),
        {"good": False, "subject": "规则", "reason": "违规", "at": SENT_AT},
    ),
    (an_event("wxa_appeal_record", appeal_record_id="r2"), {"subject": "r2"}),
    (
        an_event(
            "wxa_privacy_apply",
            result_info={"api_name": "wx.getLocation", "apply_time": "1", "audit_time": "1699413600", "reason": "r"},
        ),
        {"subject": "wx.getLocation", "reason": "r", "at": SENT_AT},
    ),
    (an_event("wxa_category_audit", ret="3"), {"good": True}),
    (an_event("wx_verify_pay_succ"), {}),
    (an_event("wx_verify_dispatch"), {}),
    (an_event("qualification_verify_success", ExpiredTime="1699413600"), {"good": True, "at": SENT_AT}),
    (
        an_event("qualification_verify_fail", FailTime="1699413600", FailReason="by time"),
        {"good": False, "reason": "by time", "at": SENT_AT},
    ),
    (an_event("naming_verify_success", ExpiredTime="1699413600"), {"good": True, "at": SENT_AT}),
    (
        an_event("naming_verify_fail", FailTime="1699413600", FailReason="by time"),
        {"good": False, "reason": "by time", "at": SENT_AT},
    ),
    (an_event("annual_renew", ExpiredTime="1699413600"), {"at": SENT_AT}),
    (an_event("verify_expired", ExpiredTime="1699413600"), {"good": False, "at": SENT_AT}),
    (an_event("charge_service_quota_notify"), {}),
]

UNKNOWN = [
    *(
        "card_pass_check",
        "user_consume_card",
        "merchant_order",
        "WifiConnected",
        "ShakearoundUserShake",
        "device_event",
    ),
    *("user_scan_product", "wxalive_room", "trade_manage_order_settlement", "xpay_goods_deliver_notify"),
    *("add_express_path", "guide_qrcode_scan_event", "guide_invite_result_event", "debug_demo", "某事件"),
]


@pytest.mark.parametrize("read", [from_xml, from_json])
class TestEveryRow:
    @pytest.mark.parametrize(("fields", "kind", "beside", "detail"), MATRIX)
    def test_it_becomes_a_typed_message(self, read, fields, kind, beside, detail):
        message = read(fields)

        assert message.kind is kind
        assert message.detail == detail
        assert type(message.detail) is type(detail)
        assert {name: getattr(message, name) for name in beside} == beside
        assert message.sent_at == SENT_AT
        assert message.account == "official"
        assert message.raw["MsgType"] == fields["MsgType"]

    @pytest.mark.parametrize(
        ("fields", "said"), [pytest.param(*row, id=f"{row[0]['Event']}-{n}") for n, row in enumerate(ACCOUNT_NEWS)]
    )
    def test_news_of_the_account_tells_what_when_and_why(self, read, fields, said):
        message = read(fields)

        assert message.kind is Kind.ACCOUNT_NEWS
        assert message.detail == AccountNews(event=fields["Event"], **said)

    @pytest.mark.parametrize("event", UNKNOWN)
    def test_an_event_nobody_needs_here_is_kept_as_it_came(self, read, event):
        message = read(an_event(event, EventKey="k", Extra={"Deep": "1"}))

        assert message.kind is Kind.UNKNOWN
        assert message.raw == {**HEAD, "MsgType": "event", "Event": event, "EventKey": "k", "Extra": {"Deep": "1"}}

    def test_an_unknown_type_of_message_is_kept_as_it_came(self, read):
        message = read({"MsgType": "hologram", "MsgId": "1", "Depth": "3"})

        assert message.kind is Kind.UNKNOWN
        assert message.raw["Depth"] == "3"

    @pytest.mark.parametrize("event", ["scan", "Scan", "SCAN"])
    def test_the_case_of_an_event_does_not_matter(self, read, event):
        assert read(an_event(event, EventKey="1")).kind is Kind.SCAN

    def test_the_type_of_a_message_may_be_upper_case(self, read):
        assert read({**a_text(), "MsgType": "TEXT"}).kind is Kind.TEXT

    def test_the_sender_is_the_member(self, read):
        assert read(a_text()).openid == "oia2TjuEGTNoeX76QEjQNrcURxG8"

    @pytest.mark.parametrize("status", ["success", "send success"])
    def test_a_job_that_succeeded_says_so(self, read, status):
        assert read(an_event("TEMPLATESENDJOBFINISH", MsgID="1", Status=status)).detail.succeeded

    @pytest.mark.parametrize("status", ["failed:user block", "failed: system failed", "failed:freq limit", "send fail"])
    def test_a_job_that_failed_says_so(self, read, status):
        assert not read(an_event("TEMPLATESENDJOBFINISH", MsgID="1", Status=status)).detail.succeeded


class TestJson:
    def test_a_list_of_one_choice_comes_as_an_object(self):
        one = {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": 0}
        message = from_json(an_event("subscribe_msg_popup_event", List=one))

        assert message.detail == (NoticeChoice(template_id="T1", accepted=True, scene="0"),)

    @pytest.mark.parametrize("template", ["", "T" * 65, "模板"])
    def test_a_choice_of_no_template_is_none(self, template):
        one = {"TemplateId": template, "SubscribeStatusString": "accept", "PopupScene": 0}

        assert from_json(an_event("subscribe_msg_popup_event", List=one)).detail == ()

    def test_a_list_of_two_choices_comes_as_an_array(self):
        two = [
            {"TemplateId": "T1", "SubscribeStatusString": "accept"},
            {"TemplateId": "T2", "SubscribeStatusString": "reject"},
        ]

        assert [each.accepted for each in from_json(an_event("subscribe_msg_popup_event", List=two)).detail] == [
            True,
            False,
        ]

    def test_keys_with_a_blank_are_read_without_it(self):
        fields = {" OpenID": "oMember", " AppID": "wx1", " RevokeInfo": "1"}
        message = from_json(an_event("user_authorization_revoke", **fields))

        assert message.detail == Authorization(openid="oMember", appid="wx1", what="1")

    def test_numbers_are_strings_to_the_last_digit(self):
        body = b'{"FromUserName":"o1","MsgType":"text","MsgId":24337190412345678901,"Content":1.10,"CreateTime":1}'

        assert parse(body, account="a").raw["MsgId"] == "24337190412345678901"
        assert parse(body, account="a").text == "1.10"

    def test_an_endless_number_does_no_harm(self):
        body = b'{"FromUserName":"o1","MsgType":"text","Content":"a","CreateTime":' + b"9" * 5000 + b"}"

        assert parse(body, account="a").text == "a"

    def test_a_line_break_inside_a_string_does_no_harm(self):
        body = b'{"FromUserName":"o1","MsgType":"text","Content":"a\nb"}'

        assert parse(body, account="a").text == "a\nb"

    def test_the_order_of_the_fields_does_not_matter(self):
        fields = HEAD | an_event("CLICK", EventKey="quiz")
        turned = dict(reversed(fields.items()))

        assert parse(as_json(fields), account="a").id == parse(as_json(turned), account="a").id

    @pytest.mark.parametrize("created", [1699413600, "1699413600"])
    def test_the_time_may_be_a_number_or_a_string(self, created):
        assert from_json({**a_text(), "CreateTime": created}).sent_at == SENT_AT

    def test_a_detail_of_the_media_check_may_be_one_object(self):
        message = from_json(an_event("wxa_media_check", trace_id="t", detail={"strategy": "keyword"}))

        assert [each.strategy for each in message.detail.verdicts] == ["keyword"]

    def test_a_list_may_come_without_its_items(self):
        info = {"Count": 2, "PicList": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}]}

        assert from_json(an_event("pic_weixin", SendPicsInfo=info)).detail == Pictures(md5s=("a", "b"))

    def test_true_false_and_null_are_words(self):
        message = from_json({**a_text(), "Yes": True, "No": False, "None": None})

        assert [message.raw[name] for name in ("Yes", "No", "None")] == ["true", "false", ""]

    def test_half_a_character_is_replaced(self):
        body = b'{"FromUserName":"o1","MsgType":"text","Content":"a\\ud800b","\\udfff":"x"}'

        assert parse(body, account="a").text == "a\ufffdb"

    def test_an_escaped_control_character_is_dropped(self):
        body = b'{"FromUserName":"o1","MsgType":"text","Content":"a\\u0000\\u001db"}'

        assert parse(body, account="a").text == "ab"


class TestEdges:
    """The edge cases of sdk-notes.md §2 that concern what comes in, in its order."""

    def test_what_closes_cdata_is_only_text(self):
        body = as_xml(HEAD | a_text()).replace("你好".encode(), b"a]]]]><![CDATA[>b")

        assert parse(body, account="a").text == "a]]>b"

    @pytest.mark.parametrize("character", ["\x00", "\x1d", "\x08", "\x0b", "\ufffe"])
    @pytest.mark.parametrize("form", [as_xml, as_json])
    def test_a_control_character_is_dropped(self, form, character):
        raw = form(HEAD | a_text("a#b")).replace(b"#", character.encode())

        assert parse(raw, account="a").text == "ab"

    def test_bad_utf_8_is_replaced(self):
        body = as_xml(HEAD | a_text("a#b")).replace(b"#", b"\xff")

        assert parse(body, account="a").text == "a\ufffdb"

    def test_half_a_character_in_the_bytes_is_replaced(self):
        body = as_xml(HEAD | a_text("a#b")).replace(b"#", b"\xed\xa0\x80")

        assert parse(body, account="a").text.strip("ab").strip("\ufffd") == ""

    def test_a_joined_emoji_stays_whole(self):
        assert from_xml(a_text("👨‍👩‍👧")).text == "👨‍👩‍👧"

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"   ", id="blank"),
            pytest.param(b"hello", id="words"),
            pytest.param(b"<xml>", id="not closed"),
            pytest.param(b"<xml></xml>", id="no fields"),
            pytest.param(b"<xml>text</xml>", id="only text"),
            pytest.param(b"<root><MsgType>text</MsgType><FromUserName>o</FromUserName></root>", id="another root"),
            pytest.param(b"<xml><FromUserName>o</FromUserName></xml>", id="no MsgType"),
            pytest.param(b"<xml><FromUserName>o</FromUserName><MsgType/></xml>", id="empty MsgType"),
            pytest.param(b"<xml><FromUserName>o</FromUserName><MsgType>event</MsgType></xml>", id="no Event"),
            pytest.param(
                b"<xml><FromUserName>o</FromUserName><MsgType>event</MsgType><Event></Event></xml>", id="empty Event"
            ),
            pytest.param(b"<xml><MsgType>text</MsgType></xml>", id="no sender"),
            pytest.param(as_xml({"MsgType": "text", "FromUserName": "o" * 129}), id="a sender too long for an openid"),
            pytest.param(as_xml({"MsgType": "text", "FromUserName": "o 1"}), id="a sender with a space"),
            pytest.param(
                b"<xml><MsgType><b>text</b></MsgType><FromUserName>o</FromUserName></xml>", id="MsgType nested"
            ),
            pytest.param(b"<xml>&boom;</xml>", id="an entity nobody declared"),
            pytest.param(b"<xml><a>&#x1d;</a></xml>", id="a reference to a control character"),
            pytest.param(b"<xml/><xml/>", id="two roots"),
            pytest.param(b"[]", id="a JSON array"),
            pytest.param(b"{", id="half a JSON object"),
            pytest.param(b"{}", id="an empty JSON object"),
            pytest.param(b'"text"', id="a JSON string"),
            pytest.param(b'{"MsgType": 1}', id="JSON without a sender"),
            pytest.param("<xml><MsgType>text</MsgType></xml>".encode("utf-16"), id="UTF-16"),
        ],
    )
    def test_a_malformed_body_is_one_bad_message(self, body):
        with pytest.raises(BadMessage):
            parse(body, account="a")

    @pytest.mark.parametrize(
        "doctype",
        [
            pytest.param("<!DOCTYPE xml>", id="bare"),
            pytest.param('<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>', id="external entity"),
            pytest.param('<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">', id="external subset"),
            pytest.param(
                '<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;">]>',
                id="billion laughs",
            ),
        ],
    )
    def test_a_doctype_is_refused(self, doctype):
        with pytest.raises(BadMessage, match="DOCTYPE"):
            parse(doctype.encode() + as_xml(HEAD | a_text()), account="a")

    @pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n", b" \r\n\t", b"\xef\xbb\xbf\n"])
    @pytest.mark.parametrize("form", [as_xml, as_json])
    def test_what_stands_before_the_body_does_not_matter(self, form, before):
        assert parse(before + form(HEAD | a_text()), account="a").text == "你好"

    def test_a_line_break_before_the_declaration_does_not_matter(self):
        declared = b'\n<?xml version="1.0" encoding="GB2312"?>' + as_xml(HEAD | a_text())

        assert parse(declared, account="a").text == "你好"

    def test_of_three_contents_the_first_counts(self):
        assert from_xml(a_text(["first", "second", "third"])).text == "first"

    def test_what_is_no_text_has_no_words(self):
        assert from_xml(an_event("CLICK", EventKey="quiz", Content="words")).text == ""

    def test_a_nested_content_is_no_text(self):
        assert from_xml(a_text({"MsgType": "event"})).text == ""

    @pytest.mark.parametrize("content", ["<Content></Content>", "<Content/>", "<Content><![CDATA[]]></Content>", ""])
    def test_no_content_is_an_empty_text(self, content):
        body = f"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType>{content}</xml>"

        assert parse(body.encode(), account="a").text == ""

    @pytest.mark.parametrize(
        "created", ["", "soon", "-1", "9" * 13, "9" * 18, "9" * 19, "9" * 5000, "1e3", "１６９", {"a": "b"}]
    )
    def test_a_bad_time_is_the_beginning_of_time(self, created):
        assert from_xml({**a_text(), "CreateTime": created}).sent_at == datetime(1970, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize("number", ["", "nan", "inf", "north", "1" * 5000])
    def test_a_place_that_is_none_is_none(self, number):
        assert from_xml({"MsgType": "location", "Location_X": number}).detail.latitude is None

    @pytest.mark.parametrize("index", ["9" * 5000, "one", "²"])
    def test_a_number_that_is_none_is_minus_one(self, index):
        message = from_xml(an_event("PUBLISHJOBFINISH", PublishEventInfo={"publish_status": index, "fail_idx": index}))

        assert message.detail.status == -1
        assert message.detail.failed == (-1,)

    def test_spaces_of_the_words_are_kept(self):
        assert from_xml(a_text("  你 好\n ")).text == "  你 好\n "


class TestBounds:
    @pytest.mark.quiet
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"<xml>" + b"<a>" * 300_000, id="tags open"),
            pytest.param(b"<a>" * 1_000_000, id="a million tags"),
            pytest.param(b'{"a":' * 200_000, id="objects"),
            pytest.param(b'{"a":' + b"[" * 1_000_000, id="a million arrays"),
            pytest.param(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", id="a hundred arrays"),
            pytest.param(b"<xml>" + b"<a>" * 16 + b"</a>" * 16 + b"</xml>", id="seventeen tags"),
            pytest.param(b'{"a":"' + b"x" * (1 << 20) + b'"}', id="over a mebibyte"),
        ],
    )
    def test_what_is_too_deep_or_too_large_is_refused_at_once(self, body):
        began = time.perf_counter()
        with pytest.raises(BadMessage, match=r"too deeply|over 1 MiB|JSON is broken"):
            parse(body, account="a")

        assert time.perf_counter() - began < 1

    @pytest.mark.quiet
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"<xml>" + b"<a/>" * 250_000 + b"</xml>", id="many tags"),
            pytest.param(b'{"a":[' + b"1," * 400_000 + b"1]}", id="many numbers"),
            pytest.param(b"<xml><a>" + b"&lt;" * 250_000 + b"</a></xml>", id="many references"),
        ],
    )
    def test_what_is_wide_is_read_in_reasonable_time(self, body):
        began = time.perf_counter()
        with pytest.raises(BadMessage, match="MsgType"):
            parse(body, account="a")

        assert time.perf_counter() - began < 3


class TestIdentity:
    def test_it_is_a_hash_that_shows_nobody(self):
        message = from_xml(a_text())

        assert re.fullmatch("[0-9a-f]{64}", message.id)

    def test_a_repeat_of_a_message_has_the_same(self):
        assert from_xml(a_text()).id == from_xml(a_text()).id

    def test_a_message_is_known_by_its_number_whatever_came_with_it(self):
        assert from_xml(a_text()).id == from_xml(a_text(BusinessId="1")).id

    def test_two_messages_of_one_second_differ(self):
        assert from_xml(a_text()).id != from_xml({**a_text(), "MsgId": "2"}).id

    def test_one_number_for_two_people_makes_two(self):
        assert from_xml(a_text()).id != from_xml({**a_text(), "FromUserName": "oSomebodyElse"}).id

    def test_two_accounts_make_two(self):
        body = as_xml(HEAD | a_text())

        assert parse(body, account="a").id != parse(body, account="b").id

    def test_a_message_without_a_number_is_known_by_its_body(self):
        bare = {"MsgType": "text", "Content": "a"}

        assert from_xml(bare).id == from_xml(bare).id
        assert from_xml(bare).id != from_xml({**bare, "Content": "b"}).id

    def test_a_repeat_of_an_event_has_the_same(self):
        assert from_xml(an_event("CLICK", EventKey="quiz")).id == from_xml(an_event("CLICK", EventKey="quiz")).id

    def test_the_form_does_not_matter(self):
        assert from_xml(an_event("CLICK", EventKey="quiz")).id == from_json(an_event("CLICK", EventKey="quiz")).id

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param({"EventKey": "digest"}, id="key"),
            pytest.param({"Event": "VIEW"}, id="event"),
            pytest.param({"CreateTime": "1699413601"}, id="second"),
            pytest.param({"FromUserName": "oSomebodyElse"}, id="person"),
            pytest.param({"trace_id": "2"}, id="trace of a media check"),
            pytest.param({"MsgID": "2"}, id="number of a job"),
            pytest.param({"SendPicsInfo": {"PicList": {"item": {"PicMd5Sum": "b"}}}}, id="anything nested"),
        ],
    )
    def test_two_events_of_one_second_differ_by_any_part(self, other):
        one = an_event("CLICK", EventKey="quiz")

        assert from_xml(one).id != from_xml({**one, **other}).id

    def test_two_events_with_one_msgid_differ_by_their_bodies(self):
        one = an_event("subscribe_msg_popup_event", MsgId="1", List={"TemplateId": "T1"})

        assert from_xml(one).id != from_xml({**one, "List": {"TemplateId": "T2"}}).id


class TestProbe:
    @pytest.mark.parametrize(
        "body", [b'{"action":"CheckContainerPath"}', b"<xml><action>CheckContainerPath</action></xml>"]
    )
    def test_the_cloud_hosting_probe_is_no_message_of_anyone(self, body):
        message = parse(body, account="a")

        assert message.kind is Kind.PROBE
        assert message.openid == ""

    def test_a_message_with_such_a_field_stays_a_message(self):
        assert from_xml(a_text(action="CheckContainerPath")).kind is Kind.TEXT


class TestPrivacy:
    def test_neither_openid_nor_words_show(self):
        shown = repr(from_xml(a_text("心里话")))

        assert "心里话" not in shown
        assert HEAD["FromUserName"] not in shown

    @pytest.mark.parametrize("fields", [fields for fields in PUSHED if fields["MsgType"] == "event"])
    def test_no_detail_shows_an_openid(self, fields):
        assert "oMember" not in repr(from_xml(fields).detail)

    def test_what_was_wrong_is_said_without_repeating_it(self):
        with pytest.raises(BadMessage) as raised:
            parse(b"<xml><Content>secret words</Content></xml>", account="a")

        assert "secret" not in str(raised.value)


def test_a_message_knows_a_mini_program():
    assert parse(as_json(HEAD | a_text()), account="a", miniprogram=True).miniprogram


NAMES = st.sampled_from(
    [
        *(
            "MsgType",
            "Event",
            "EventKey",
            "FromUserName",
            "CreateTime",
            "MsgId",
            "MediaId",
            "Content",
            "List",
            "detail",
        ),
        *("SendPicsInfo", "PicList", "item", "PublishEventInfo", "fail_idx", "CopyrightCheckResult", "ResultList"),
        *("SubscribeMsgPopupEvent", "result", "result_info", "action", "OpenID", "ret", "prob", "Location_X"),
    ]
)
EVENTS = st.sampled_from([fields.get("Event", fields["MsgType"]) for fields in PUSHED])
LEAVES = st.one_of(st.text(), EVENTS, st.integers(), st.floats(), st.booleans(), st.none())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)


class TestProperties:
    @given(st.binary())
    def test_any_bytes_are_a_message_or_a_bad_message(self, body):
        with pytest.raises(BadMessage):
            parse(body, account="a")

    @given(st.one_of(st.text(), st.from_regex(r"<xml>(<[a-z]{1,3}>|</[a-z]{1,3}>|&#?x?[0-9a-f]{1,4};|x){0,9}</xml>")))
    def test_any_text_is_a_message_or_a_bad_message(self, text):
        with pytest.raises(BadMessage):
            parse(text.encode(errors="surrogatepass"), account="a")

    @given(st.dictionaries(NAMES, TREES), EVENTS)
    def test_any_fields_are_a_message_or_a_bad_message(self, fields, event):
        whole = {"FromUserName": "o1", **fields, "MsgType": "event", "Event": event}
        body = json.dumps(whole).encode(errors="surrogatepass")
        try:
            message = parse(body, account="a")
        except BadMessage:
            return

        assert message.sent_at.tzinfo is UTC
        assert re.fullmatch("[0-9a-f]{64}", message.id)
        assert message == parse(body, account="a")

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
    def test_whatever_is_said_arrives_as_it_was_said(self, said):
        escaped = said.replace("]]>", "]]]]><![CDATA[>")

        assert from_xml(a_text(escaped)).text == said
        assert from_json(a_text(said)).text == said
