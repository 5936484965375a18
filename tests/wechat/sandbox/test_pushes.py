"""The wire format, against the official vectors of wechat-platform.md §1 and a second reading of its cipher."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.wechat.sandbox.stage import a_reply, an_account, fields_of
from wechat.sandbox import pushes
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Push

SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT7"
    "40XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/"
    "P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
KEY = base64.b64decode("A" * 43 + "=")


def a_push(account: SandboxAccount, **fields: object) -> Push:
    fields = fields or {"MsgType": "text", "Content": "你好 ]]> <b>", "MsgId": 23000000000007919}
    return Push(account=account, openid=OPENID, fields=fields)


def sent(account: SandboxAccount, push: Push | None = None) -> pushes.Delivery:
    push = push or a_push(account)
    plain = pushes.compose(push, created=1714112445)
    return pushes.wrap(push, plain, timestamp=1714036504, nonce="1514711492")


def opened(sealed: str) -> tuple[bytes, bytes]:
    """The message and the appid of a sealed body, read by §1.3 alone."""
    decryptor = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).decryptor()
    padded = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    plain = padded[: -padded[-1]]
    length = int.from_bytes(plain[16:20], "big")
    return plain[20 : 20 + length], plain[20 + length :]


def test_the_official_signature_comes_out() -> None:
    delivery = sent(an_account(mode="plain"))

    assert delivery.query == {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "openid": OPENID,
    }


def test_the_official_sealed_body_opens() -> None:
    fields = {
        "Encrypt": SEALED,
        "MsgSignature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
        "TimeStamp": "1714112445",
        "Nonce": "415670741",
    }
    body = pushes._unseal(an_account(), fields)

    assert len(body) == 167
    assert json.loads(body)["FromUserName"] == OPENID
    assert opened(SEALED) == (body, b"wxba5fad812f8e6fb9")


def test_a_plain_push_says_what_was_meant_whatever_is_in_it() -> None:
    body = sent(an_account(mode="plain")).body

    assert fields_of(body) == {
        "ToUserName": an_account().gh_id,
        "FromUserName": OPENID,
        "CreateTime": "1714112445",
        "MsgType": "text",
        "Content": "你好 ]]> <b>",
        "MsgId": "23000000000007919",
    }


def test_a_safe_push_shows_only_whose_it_is_and_is_signed_over_the_cipher() -> None:
    delivery = sent(an_account(mode="safe"))
    outer = fields_of(delivery.body)
    parts = sorted(["AAAAA", "1714036504", "1514711492", outer["Encrypt"]])
    message, appid = opened(outer["Encrypt"])

    assert set(outer) == {"ToUserName", "Encrypt"}
    assert delivery.query["encrypt_type"] == "aes"
    assert delivery.query["msg_signature"] == hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    assert delivery.query["signature"] == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert appid == b"wxba5fad812f8e6fb9"
    assert fields_of(message)["Content"] == "你好 ]]> <b>"


def test_a_compat_push_carries_the_message_open_and_sealed() -> None:
    outer = fields_of(sent(an_account(mode="compat")).body)
    sealed = outer.pop("Encrypt")

    assert outer == fields_of(opened(sealed)[0])


@pytest.mark.parametrize(("count", "shape"), [(1, dict), (2, list)])
def test_a_mini_programs_list_of_notices_is_an_object_when_it_is_one(count: int, shape: type) -> None:
    account = an_account(mode="plain", kind="miniprogram")
    listed = [{"TemplateId": str(n), "SubscribeStatusString": "accept"} for n in range(count)]
    event = {"Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": {"List": listed}}
    body = fields_of(sent(account, a_push(account, MsgType="event", **event)).body)

    assert isinstance(body["List"], shape)
    assert "SubscribeMsgPopupEvent" not in body


TOLD = {"FromUserName": OPENID, "ToUserName": an_account().gh_id}
PLAIN = an_account(mode="plain")
NEWS = (
    "<ArticleCount>1</ArticleCount><Articles><item><Title>要闻</Title><Description>摘要</Description>"
    "<PicUrl>p</PicUrl><Url>u</Url></item></Articles>"
)


@pytest.mark.parametrize("body", [b"", b"success", b" success\n"])
@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_success_and_nothing_are_silence_in_every_mode(mode: str, body: bytes) -> None:
    assert pushes.read(a_push(an_account(mode=mode)), body) is None


@pytest.mark.parametrize(
    ("kind", "inner", "line"),
    [
        ("text", "<Content>好</Content>", {"content": "好"}),
        ("image", "<Image><MediaId>m</MediaId></Image>", {"media_id": "m"}),
        ("voice", "<Voice><MediaId>m</MediaId></Voice>", {"media_id": "m"}),
        (
            "video",
            "<Video><MediaId>m</MediaId><Title>t</Title></Video>",
            {"media_id": "m", "title": "t", "description": ""},
        ),
        (
            "music",
            "<Music><Title>t</Title><MusicUrl>u</MusicUrl></Music>",
            {"title": "t", "description": "", "url": "u"},
        ),
        ("news", NEWS, {"articles": [{"title": "要闻", "description": "摘要", "url": "u", "picurl": "p"}]}),
        ("transfer_customer_service", "<TransInfo><KfAccount>a@b</KfAccount></TransInfo>", {}),
    ],
)
def test_every_kind_of_reply_is_read(kind: str, inner: str, line: dict[str, object]) -> None:
    assert pushes.read(a_push(PLAIN), a_reply(TOLD, "", kind, inner).encode()) == {"type": kind, **line}


@pytest.mark.parametrize(
    "body",
    [
        '{"MsgType": "text"}',
        "<xml><MsgType>text",
        "<html></html>",
        "<!DOCTYPE x [<!ENTITY e 'x'>]><xml>&e;</xml>",
        a_reply(TOLD, ""),
        a_reply(TOLD, "汉" * 683),
        a_reply(TOLD, "", "gif", "<Gif/>"),
        a_reply(TOLD, "", "image", "<MediaId>m</MediaId>"),
        a_reply(TOLD, "", "news", NEWS.replace(">1<", ">2<")),
        a_reply({**TOLD, "FromUserName": "o-other"}, "好"),
        a_reply({**TOLD, "ToUserName": "gh_other"}, "好"),
        a_reply(TOLD, "好").replace("1700000000", "yesterday"),
        a_reply(TOLD, "", inner="<Content>x</Content><MsgType>text</MsgType>"),
    ],
)
def test_a_malformed_reply_is_refused(body: str) -> None:
    with pytest.raises(pushes.BadReply):
        pushes.read(a_push(PLAIN), body.encode())


def sealed_reply(account: SandboxAccount, words: str) -> str:
    return str(pushes._crypto(account).encrypt_message(words, "n0nce", "1700000000"))


@pytest.mark.parametrize("mode", ["compat", "safe"])
def test_a_sealed_reply_is_read(mode: str) -> None:
    account = an_account(mode=mode)
    body = sealed_reply(account, a_reply(TOLD, "好"))

    assert pushes.read(a_push(account), body.encode()) == {"type": "text", "content": "好"}


def a_short_one() -> str:
    """What opens with the right key and signature, and holds less than a length."""
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).encryptor()
    sealed = base64.b64encode(encryptor.update(bytes(31) + b"\x1f") + encryptor.finalize()).decode()
    signature = hashlib.sha1("".join(sorted(["AAAAA", "1", "n", sealed])).encode(), usedforsecurity=False).hexdigest()
    fields = {"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": "1", "Nonce": "n"}
    return f"<xml>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</xml>"


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        ("safe", a_reply(TOLD, "好")),
        ("safe", a_short_one()),
        ("plain", sealed_reply(an_account(), a_reply(TOLD, "好"))),
        ("safe", sealed_reply(an_account(), "success")),
        ("safe", sealed_reply(an_account(appid="wx0000000000000000"), a_reply(TOLD, "好"))),
        ("safe", sealed_reply(an_account(encoding_aes_key="B" * 43), a_reply(TOLD, "好"))),
        ("safe", sealed_reply(an_account(token="other"), a_reply(TOLD, "好"))),
        ("safe", "<xml><Encrypt>not base64!</Encrypt></xml>"),
    ],
    ids=[
        "open in safe mode",
        "short",
        "sealed in plain mode",
        "sealed success",
        "appid",
        "key",
        "signature",
        "rubbish",
    ],
)
def test_a_reply_sealed_wrongly_is_refused(mode: str, body: str) -> None:
    with pytest.raises(pushes.BadReply):
        pushes.read(a_push(an_account(mode=mode)), body.encode())


def test_a_mini_program_may_only_hand_over_or_keep_silent() -> None:
    account = an_account(kind="miniprogram", mode="plain")
    over = {
        "ToUserName": OPENID,
        "FromUserName": account.gh_id,
        "CreateTime": 1,
        "MsgType": "transfer_customer_service",
    }

    assert pushes.read(a_push(account), json.dumps(over).encode()) == {"type": "transfer_customer_service"}
    with pytest.raises(pushes.BadReply):
        pushes.read(a_push(account), a_reply(TOLD, "好").encode())
