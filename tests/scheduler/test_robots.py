"""The robots of three platforms: what is posted, how it is signed, what an answer means, and how long words may be."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from scheduler.channels.groups import Group, verdicts
from scheduler.channels.groups.robots import KINDS, groups
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Came
from wechat.errors import Retryable, Unsure
from wechat.wire import Answer

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECRET = "SECexample0123456789"
WEBHOOKS = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-1",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=k-1",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/k-1",
    "weibo": "https://api.weibo.com/2/statuses/share.json?access_token=k-1",
}
MORE = {"weibo": {"rip": "203.0.113.7"}}  # what its table has beside the webhook


def a_robot(kind, **more):
    return KINDS[kind](GroupSettings(kind=kind, webhook=WEBHOOKS[kind], **{**MORE.get(kind, {}), **more}))


def a_group(kind, *answers, **more):
    line = Line(*answers)
    return Group(robot=a_robot(kind, **more), line=line), line


class Line:
    """Answers one after the other, or breaks, and keeps what it was given."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.asked = []

    def call(self, method, path, *, once=False, **request):
        self.asked.append((method, path, once, request))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def says(status=200, **fields):
    return Answer(status, "application/json", json.dumps(fields).encode())


# -- what is posted ------------------------------------------------------------------------------------------------


def test_wecom_is_posted_a_text_under_its_key():
    ask = a_robot("wecom").ask("好", NOON)

    assert (ask.path, ask.params) == ("/cgi-bin/webhook/send", {"key": "k-1"})
    assert ask.body == {"msgtype": "text", "text": {"content": "好"}}


def test_dingtalk_is_signed_in_its_address():
    """The sign was worked out with openssl: `printf '1795406400000\\n$S' | openssl dgst -sha256 -hmac $S -binary`."""
    ask = a_robot("dingtalk", secret=SECRET).ask("好", NOON)

    assert ask.path == "/robot/send"
    assert ask.params == {
        "access_token": "k-1",
        "timestamp": "1795406400000",
        "sign": "BWwFpC3Hq9bSnz1jMvjAUE5+DC9Wb6azC0FN6guYm7s=",
    }
    assert ask.body == {"msgtype": "text", "text": {"content": "好"}}


def test_feishu_is_signed_in_its_message():
    """As above, over nothing, under both together: `openssl dgst -sha256 -hmac $'1795406400\\nSEC…'`."""
    ask = a_robot("feishu", secret=SECRET).ask("好", NOON)

    assert (ask.path, ask.params) == ("/open-apis/bot/v2/hook/k-1", {})
    assert ask.body == {
        "timestamp": "1795406400",
        "sign": "A05w5r4jRelLoKDxNuG9qhlWhSSLqxFQIUkIfQiiSH4=",
        "msg_type": "text",
        "content": {"text": "好"},
    }


def test_weibo_is_posted_a_form_and_no_word_becomes_a_topic():
    ask = a_robot("weibo").ask("#要闻# https://wx.example.org/p/digest", NOON)

    assert (ask.path, ask.params) == ("/2/statuses/share.json", {})
    assert ask.over_http() == {
        "params": {},
        "data": {
            "access_token": "k-1",
            "status": "＃要闻＃ https://wx.example.org/p/digest",
            "rip": "203.0.113.7",
        },
    }


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_without_a_secret_nothing_is_signed(kind):
    ask = a_robot(kind).ask("好", NOON)

    assert "sign" not in {**ask.params, **ask.body}


def test_a_group_is_posted_to_once_at_its_platform():
    opened, line = [], Line(says(errcode=0))

    def open_line(base):
        opened.append(base)
        return line

    made = groups({"支部群": GroupSettings(kind="wecom", webhook=WEBHOOKS["wecom"])}, line=open_line)

    assert made["支部群"].post("大家好", now=NOON).came is Came.SENT
    assert opened == ["https://qyapi.weixin.qq.com"]
    [(method, path, once, request)] = line.asked
    assert (method, path, once, request["params"]) == ("POST", "/cgi-bin/webhook/send", True, {"key": "k-1"})
    assert "大家好".encode() in request["data"]


# -- what an answer means ------------------------------------------------------------------------------------------

ANSWERS = [
    ("wecom", {"errcode": 0, "errmsg": "ok"}, Came.SENT, ""),
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}, Came.REFUSED, "webhook 不对"),
    ("wecom", {"errcode": 93000, "errmsg": "Invalid input : content exceed max length."}, Came.REFUSED, "太长"),
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, Came.AGAIN, "太快"),
    ("wecom", {"errcode": -1, "errmsg": "system error"}, Came.AGAIN, "繁忙"),
    ("wecom", {"errcode": 12345, "errmsg": "new"}, Came.REFUSED, "12345"),
    ("wecom", {"errcode": "0"}, Came.UNSURE, "到群里看"),
    ("wecom", {}, Came.UNSURE, "到群里看"),
    ("dingtalk", {"errcode": 0, "errmsg": "ok"}, Came.SENT, ""),
    ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, Came.REFUSED, "关键词"),
    ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, Came.REFUSED, "secret"),
    ("dingtalk", {"errcode": 310000, "errmsg": "invalid timestamp"}, Came.REFUSED, "服务器的时间"),
    ("dingtalk", {"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"}, Came.REFUSED, "IP"),
    ("dingtalk", {"errcode": 300005, "errmsg": "token is not exist"}, Came.REFUSED, "webhook 不对"),
    ("dingtalk", {"errcode": 400102, "errmsg": "bot is stopped"}, Came.REFUSED, "停用"),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, Came.AGAIN, "太快"),
    ("dingtalk", {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}, Came.REFUSED, "太长"),
    ("feishu", {"code": 0, "msg": "success"}, Came.SENT, ""),
    ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, Came.SENT, ""),
    ("feishu", {"code": 19001, "msg": "param invalid"}, Came.REFUSED, "webhook 不对"),
    ("feishu", {"code": 19021, "msg": "sign match fail"}, Came.REFUSED, "secret"),
    ("feishu", {"code": 19022, "msg": "Ip Not Allowed"}, Came.REFUSED, "IP"),
    ("feishu", {"code": 19024, "msg": "Key Words Not Found"}, Came.REFUSED, "关键词"),
    ("feishu", {"code": 11232, "msg": "frequency limited psm[x]"}, Came.AGAIN, "太快"),
    ("feishu", {"code": 9499, "msg": "Bad Request"}, Came.REFUSED, "格式"),
    ("feishu", {"code": 9499, "msg": "too many request"}, Came.AGAIN, "太快"),
    ("weibo", {"id": 3504803600500000}, Came.SENT, ""),
    ("weibo", {"error_code": 21327, "error": "expired_token"}, Came.REFUSED, "重新授权"),
    ("weibo", {"error_code": "10014", "error": "Insufficient app permissions"}, Came.REFUSED, "没有批准"),
    ("weibo", {"error_code": 10023, "error": "User requests out of rate limit"}, Came.AGAIN, "太快"),
    ("weibo", {"error_code": 20019, "error": "repeat content!"}, Came.REFUSED, "一样"),
    ("weibo", {"text": "?"}, Came.UNSURE, "到群里看"),
]


@pytest.mark.parametrize(("kind", "fields", "came", "said"), ANSWERS, ids=lambda given: str(given)[:60])
def test_an_answer_says_what_came_of_it_and_what_to_do(kind, fields, came, said):
    verdict = a_robot(kind).judge(fields)

    assert verdict.came is came
    assert said in verdict.reason


def test_who_is_too_fast_waits_as_long_as_the_platform_is_silent():
    waits = {kind: a_robot(kind).judge({name: code}).after_seconds for kind, name, code in TOO_FAST}

    assert waits == {"wecom": 60, "dingtalk": 600, "feishu": 60}


TOO_FAST = [("wecom", "errcode", 45009), ("dingtalk", "errcode", 130101), ("feishu", "code", 11232)]


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (Retryable(None, "the platform can't be reached"), Came.AGAIN),
        (Unsure(None, "no answer in time"), Came.UNSURE),
        (says(500, errcode=93000), Came.UNSURE),
        (Answer(502, "text/html", b"<html>"), Came.UNSURE),
        (Answer(200, "text/html", b"<html>"), Came.UNSURE),
        (Answer(200, "application/json", b"[]"), Came.UNSURE),
        (Answer(404, "text/html", b"<html>"), Came.REFUSED),
        (Answer(302, "text/html", b""), Came.REFUSED),
        (Answer(429, "text/html", b""), Came.AGAIN),
        (says(400, errcode=93000, errmsg="invalid webhook url"), Came.REFUSED),
    ],
    ids=str,
)
def test_what_cannot_be_known_is_unsure_and_what_was_surely_not_said_is_not(answer, came):
    group, _ = a_group("wecom", answer)

    assert group.post("好", now=NOON).came is came


def test_every_word_for_an_admin_says_what_to_do_and_names_its_code():
    tables = (verdicts.WECOM, verdicts.DINGTALK, verdicts.FEISHU, verdicts.WEIBO)
    refused = [means for table in tables for rows in table.values() for means in rows if means.came is Came.REFUSED]

    assert all("请" in means.reason for means in refused)
    assert all(rows[-1].word == "" for table in tables for rows in table.values())


# -- how long words may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_words_that_fit_are_said_whole(kind):
    group, _ = a_group(kind)
    words = "字" * (group.robot.most // 3 - 1)
    words += "https://wx.example.org" if group.robot.needs_link else ""

    assert group.fitted(words, tail="见网页") == words


@pytest.mark.parametrize("filling", ["字", 'a\n"b"\n'], ids=["hanzi", "escapes"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_words_that_are_too_long_are_cut_and_say_so(kind, filling):
    group, _ = a_group(kind)
    said = group.fitted(filling * 10_000, tail="全文见 https://wx.example.org/p/digest")
    whole = json.dumps(group.robot.ask(said, NOON).body, ensure_ascii=False).encode()

    assert said.endswith("\n全文见 https://wx.example.org/p/digest")
    assert len(said) > (300 if kind != "weibo" else 120)
    assert group.robot.size(said) <= group.robot.most
    assert len(whole) <= {"wecom": 4096, "dingtalk": 20_000, "feishu": 20 * 1024, "weibo": 1000}[kind]


def test_what_must_lead_somewhere_does_so_however_short_it_is():
    group, _ = a_group("weibo")
    tail = "全文见 https://wx.example.org/p/digest"

    assert group.fitted("本周要闻", tail=tail) == f"本周要闻\n{tail}"
    assert group.fitted("见 https://wx.example.org/a", tail=tail) == "见 https://wx.example.org/a"


# -- what an admin writes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "webhook"),
    [
        ("wecom", "k-1"),
        ("wecom", "qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-1"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="),
        ("wecom", "https:///cgi-bin/webhook/send?key=k-1"),
        ("wecom", "https://[/cgi-bin/webhook/send?key=k-1"),
        ("wecom", WEBHOOKS["dingtalk"]),
        ("dingtalk", WEBHOOKS["wecom"]),
        ("feishu", WEBHOOKS["dingtalk"]),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/hook/k-1"),
    ],
)
def test_a_webhook_that_is_none_is_refused_without_being_shown(kind, webhook):
    with pytest.raises(ValidationError) as refused:
        GroupSettings(kind=kind, webhook=webhook)

    assert "copy the whole address from the robot's page" in str(refused.value)
    assert "k-1" not in str(refused.value)


@pytest.mark.parametrize("kind", ["wecom", "weibo"])
def test_who_signs_nothing_has_no_secret(kind):
    with pytest.raises(ValidationError, match="only robots of DingTalk and Feishu have one"):
        a_robot(kind, secret=SECRET)


@pytest.mark.parametrize(
    ("kind", "rip"), [("weibo", ""), ("weibo", "here"), ("wecom", "203.0.113.7"), ("wecom", "here")]
)
def test_weibo_and_it_alone_is_told_who_posts(kind, rip):
    with pytest.raises(ValidationError, match="Weibo, and it alone"):
        a_robot(kind, rip=rip)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_neither_the_key_nor_the_secret_nor_the_words_are_shown(kind):
    signed = {"secret": SECRET} if kind in {"dingtalk", "feishu"} else {}
    group, _ = a_group(kind, **signed)
    settings = group.robot.settings
    ask = group.robot.ask("党员大会改期", NOON)
    shown = f"{settings!r} {settings.address!r} {ask!r} {group!r} {KINDS[kind](settings)!r}"

    assert not any(hidden in shown for hidden in ("k-1", SECRET, "改期"))
