"""The envelope: official vectors, both keys, every way of being wrong, and wechatpy as a second opinion."""

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
import xmltodict  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from wechat.envelope import Envelope, Opened, Refused, Undecipherable, lock, sign, unlock
from wechat.settings import AccountSettings

APPID = "wxba5fad812f8e6fb9"
TOKEN = "AAAAA"
KEY_TEXT = "A" * 43
KEY = bytes(32)
NEW_KEY_TEXT = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OFFICIAL_CIPHER = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XG"
    "T740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf"
    "8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


def account(**changes: object) -> AccountSettings:
    given_ = {"kind": "service", "appid": APPID, "secret": "s", "token": TOKEN, "encoding_aes_key": KEY_TEXT}
    return AccountSettings.model_validate({**given_, **changes})


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def plain_query(token=TOKEN, at=NOW, **more) -> dict[str, str]:
    timestamp, nonce = str(int(at.timestamp())), "415670741"
    return {"signature": sha1(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, **more}


def safe_query(cipher, token=TOKEN, at=NOW) -> dict[str, str]:
    query = plain_query(token, at, encrypt_type="aes")
    return {**query, "msg_signature": sha1(token, query["timestamp"], query["nonce"], cipher)}


def cipher_of(padded, key=KEY) -> str:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def padded(content: bytes, to: int = 32) -> bytes:
    pad = to - len(content) % to
    return content + bytes([pad]) * pad


def content_of(message: bytes, appid: str = APPID) -> bytes:
    return b"0123456789abcdef" + len(message).to_bytes(4, "big") + message + appid.encode()


def xml_body(cipher, to="gh_97417a04a28d") -> bytes:
    return f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()


def json_body(cipher) -> bytes:
    return json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": cipher}).encode()


def opened(message=b"<xml/>", body=xml_body, key_text=KEY_TEXT, token=TOKEN, envelope=None) -> Opened:
    sealed = WeChatCrypto(token, key_text, APPID).encrypt_message(message.decode(), "1", "2")
    cipher = xmltodict.parse(sealed)["xml"]["Encrypt"]
    return (envelope or Envelope(account())).open(safe_query(cipher, token), body(cipher), NOW)


class TestOfficialVectors:
    def test_the_get_verification(self):
        query = {
            "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
            "timestamp": "1714036504",
            "nonce": "1514711492",
            "echostr": "4375120948345356249",
        }

        assert Envelope(account()).verify(query, datetime.fromtimestamp(1714036504, UTC)) == "4375120948345356249"

    def test_a_plain_push(self):
        query = {
            "signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78",
            "timestamp": "1714037059",
            "nonce": "486452656",
        }
        envelope = Envelope(account(mode="plain"))

        assert envelope.open(query, b"<xml/>", datetime.fromtimestamp(1714037059, UTC)).plain == b"<xml/>"

    def test_a_push_in_safe_mode(self):
        query = {
            "timestamp": "1714112445",
            "nonce": "415670741",
            "encrypt_type": "aes",
            "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
        }
        now = datetime.fromtimestamp(1714112445, UTC)

        plain = Envelope(account()).open(query, json_body(OFFICIAL_CIPHER), now).plain

        assert len(plain) == 167
        assert json.loads(plain) == {
            "ToUserName": "gh_97417a04a28d",
            "FromUserName": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
            "CreateTime": 1714112445,
            "MsgType": "event",
            "Event": "debug_demo",
            "debug_str": json.loads(plain)["debug_str"],
        }

    def test_a_reply(self):
        cipher = lock(b'{"demo_resp":"good luck"}', key=KEY, appid=APPID, salt=b"707722b803182950")

        assert cipher.startswith("ELGduP2Y")
        assert cipher.endswith("mxSQ==")
        assert sign(b"AAAAA", "1713424427", "415670741", cipher) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


class TestVerification:
    @pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
    def test_the_echo_comes_back_as_it_came_in_every_mode(self, mode):
        assert Envelope(account(mode=mode)).verify(plain_query(echostr=" <b>4375 "), NOW) == " <b>4375 "

    def test_without_an_echo_there_is_nothing_to_verify(self):
        with pytest.raises(Refused, match="echostr"):
            Envelope(account()).verify(plain_query(), NOW)

    def test_an_old_verification_is_refused(self):
        with pytest.raises(Refused, match="too old"):
            Envelope(account()).verify(plain_query(echostr="1"), NOW + timedelta(seconds=601))

    @pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
    def test_a_missing_part_is_refused(self, missing):
        query = plain_query(echostr="1")
        del query[missing]

        with pytest.raises(Refused):
            Envelope(account()).verify(query, NOW)

    def test_the_previous_token_is_accepted(self):
        envelope = Envelope(account(token="Newer1", previous_token=TOKEN))

        assert envelope.verify(plain_query(echostr="1"), NOW) == "1"


class TestPlainMode:
    def test_the_body_is_the_message(self):
        result = Envelope(account(mode="plain")).open(plain_query(), b"anything", NOW)

        assert result.plain == b"anything"

    @pytest.mark.parametrize(
        "signature",
        ["", "0" * 40, "签名", "\ud800", "é" * 40, "F" * 100_000],
        ids=["empty", "wrong", "not ASCII", "half a character", "as long", "huge"],
    )
    def test_a_bad_signature_is_refused_and_raises_nothing_else(self, signature):
        with pytest.raises(Refused, match="signature"):
            Envelope(account(mode="plain")).open(plain_query() | {"signature": signature}, b"<xml/>", NOW)

    def test_an_upper_case_signature_is_refused(self):
        query = plain_query()

        with pytest.raises(Refused):
            Envelope(account(mode="plain")).open(query | {"signature": query["signature"].upper()}, b"<xml/>", NOW)

    def test_a_message_for_another_account_is_refused(self):
        envelope = Envelope(account(mode="plain", original_id="gh_ours"))

        with pytest.raises(Refused, match="original_id"):
            envelope.open(plain_query(), b"<xml><ToUserName>gh_theirs</ToUserName></xml>", NOW)

    def test_the_answer_is_not_sealed(self):
        envelope = Envelope(account(mode="plain"))
        result = envelope.open(plain_query(), b"<xml/>", NOW)

        assert envelope.seal(b"<xml>answer</xml>", result, now=NOW) == b"<xml>answer</xml>"


class TestAge:
    @pytest.mark.parametrize("seconds", [-600, 0, 600])
    def test_a_request_inside_the_window_is_taken(self, seconds):
        query = plain_query(at=NOW + timedelta(seconds=seconds))

        assert Envelope(account(mode="plain")).open(query, b"x", NOW).plain == b"x"

    @pytest.mark.parametrize("seconds", [-601, 601])
    def test_an_older_or_later_one_is_refused(self, seconds):
        query = plain_query(at=NOW + timedelta(seconds=seconds))

        with pytest.raises(Refused, match="too old"):
            Envelope(account(mode="plain")).open(query, b"x", NOW)

    def test_the_window_is_the_accounts_own(self):
        query = plain_query(at=NOW - timedelta(seconds=61))

        with pytest.raises(Refused, match="too old"):
            Envelope(account(mode="plain", max_age_seconds=60)).open(query, b"x", NOW)

    @pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "9" * 5000, "١٧١٤", "1714112445.0"])
    def test_a_timestamp_that_is_none_is_refused(self, timestamp):
        query = {"timestamp": timestamp, "nonce": "1", "signature": sha1(TOKEN, timestamp, "1")}

        with pytest.raises(Refused, match="timestamp"):
            Envelope(account(mode="plain")).open(query, b"x", NOW)


class TestEncryptedModes:
    def open_safe(self, change, cipher=None) -> Opened:
        cipher = cipher or cipher_of(padded(content_of(b"<xml/>")))
        query = safe_query(cipher)
        change(query)
        return Envelope(account()).open(query, xml_body(cipher), NOW)

    def test_the_message_inside_is_opened(self):
        assert self.open_safe(lambda _: None).plain == b"<xml/>"

    def test_a_missing_msg_signature_is_refused(self):
        with pytest.raises(Refused, match="encrypted mode"):
            self.open_safe(lambda query: query.pop("msg_signature"))

    def test_a_wrong_msg_signature_is_refused(self):
        with pytest.raises(Refused, match="signature"):
            self.open_safe(lambda query: query.update(msg_signature="0" * 40))

    def test_a_msg_signature_that_is_not_ascii_is_refused(self):
        with pytest.raises(Refused, match="signature"):
            self.open_safe(lambda query: query.update(msg_signature="签名"))

    def test_a_wrong_signature_beside_a_right_msg_signature_is_refused(self):
        with pytest.raises(Refused, match="signature"):
            self.open_safe(lambda query: query.update(signature="0" * 40))

    def test_an_absent_signature_beside_a_right_msg_signature_is_fine(self):
        assert self.open_safe(lambda query: query.pop("signature")).plain == b"<xml/>"

    @pytest.mark.parametrize("mode", ["compat", "safe"])
    @pytest.mark.parametrize("encrypt_type", [None, "raw", "AES"])
    def test_without_the_encrypt_type_it_is_refused(self, mode, encrypt_type):
        cipher = cipher_of(padded(content_of(b"<xml/>")))
        query = {**safe_query(cipher), "encrypt_type": encrypt_type}
        if encrypt_type is None:
            del query["encrypt_type"]

        with pytest.raises(Refused, match="encrypted mode"):
            Envelope(account(mode=mode)).open(query, xml_body(cipher), NOW)

    @pytest.mark.parametrize("mode", ["compat", "safe"])
    def test_a_plaintext_body_is_refused(self, mode):
        body = b"<xml><ToUserName>gh_1</ToUserName><MsgType>text</MsgType></xml>"

        with pytest.raises(Refused, match="not encrypted"):
            Envelope(account(mode=mode)).open(safe_query(""), body, NOW)

    def test_in_compat_mode_only_what_was_encrypted_counts(self):
        cipher = cipher_of(padded(content_of(b"<xml>inside</xml>")))
        body = f"<xml><Content>outside</Content><Encrypt>{cipher}</Encrypt></xml>".encode()

        assert Envelope(account(mode="compat")).open(safe_query(cipher), body, NOW).plain == b"<xml>inside</xml>"

    def test_another_appid_inside_is_refused(self):
        cipher = cipher_of(padded(content_of(b"<xml/>", appid="wxsomebodyelse")))

        with pytest.raises(Refused, match="AppID"):
            self.open_safe(lambda _: None, cipher)

    def test_the_original_id_is_checked_outside(self):
        cipher = cipher_of(padded(content_of(b"<xml><ToUserName>gh_ours</ToUserName></xml>")))

        with pytest.raises(Refused, match="original_id"):
            Envelope(account(original_id="gh_ours")).open(safe_query(cipher), xml_body(cipher, "gh_theirs"), NOW)

    def test_the_original_id_is_checked_inside(self):
        cipher = cipher_of(padded(content_of(b"<xml><ToUserName>gh_theirs</ToUserName></xml>")))

        with pytest.raises(Refused, match="original_id"):
            Envelope(account(original_id="gh_ours")).open(safe_query(cipher), xml_body(cipher, "gh_ours"), NOW)

    def test_the_right_original_id_passes(self):
        cipher = cipher_of(padded(content_of(b"<xml><ToUserName>gh_ours</ToUserName></xml>")))
        envelope = Envelope(account(original_id="gh_ours"))

        assert b"gh_ours" in envelope.open(safe_query(cipher), xml_body(cipher, "gh_ours"), NOW).plain

    def test_a_repeat_with_a_new_nonce_is_taken_again(self):
        cipher = cipher_of(padded(content_of(b"<xml/>")))
        envelope = Envelope(account())
        first = envelope.open(safe_query(cipher), xml_body(cipher), NOW)
        later = envelope.open(safe_query(cipher, at=NOW + timedelta(seconds=5)), xml_body(cipher), NOW)

        assert first.plain == later.plain


class TestBadCiphers:
    """Each is signed as it should be, so that only the cipher is at fault."""

    @pytest.mark.parametrize(
        "cipher",
        [
            pytest.param("!!!!", id="not base64"),
            pytest.param("密文", id="not ASCII"),
            pytest.param("QUJD", id="no whole block"),
            pytest.param("=", id="only padding"),
            pytest.param(cipher_of(bytes([32]) * 32), id="nothing but padding"),
            pytest.param(cipher_of(padded(b"0123456789abcdef", to=16)), id="ends before the length"),
            pytest.param(cipher_of(padded(b"0123456789abcdef\x00\x00", to=16)), id="ends within the length"),
            pytest.param(cipher_of(padded(b"0123456789abcdef\xff\xff\xff\xff<xml/>")), id="length too great"),
            pytest.param(cipher_of(content_of(b"x" * 10) + b"\x00" * 16), id="pad byte 0"),
            pytest.param(cipher_of(b"x" * 31 + bytes([33])), id="pad byte 33"),
            pytest.param(cipher_of(b"x" * 31 + bytes([255])), id="pad byte 255"),
            pytest.param(cipher_of(content_of(b"x" * 10) + bytes([48]) * 48), id="48 bytes of padding"),
            pytest.param("*" + cipher_of(padded(content_of(b"<xml/>"))), id="a sign before good base64"),
            pytest.param(cipher_of(content_of(b"<xml/>") + b"\x05\x05\x05\x04"), id="pad bytes differ"),
            pytest.param(cipher_of(padded(content_of(b"<xml/>")), key=b"k" * 32), id="another key"),
        ],
    )
    def test_a_malformed_cipher_is_undecipherable(self, cipher):
        with pytest.raises(Undecipherable, match="EncodingAESKey"):
            Envelope(account()).open(safe_query(cipher), xml_body(cipher), NOW)

    def test_padding_to_blocks_of_16_is_accepted(self):
        content = content_of(b"<xml/>")
        cipher = cipher_of(padded(content, to=16))
        assert padded(content, to=16) != padded(content, to=32)

        assert Envelope(account()).open(safe_query(cipher), xml_body(cipher), NOW).plain.startswith(b"<xml/>")

    def test_a_full_block_of_padding_is_accepted(self):
        content = content_of(b"x" * 10)
        content = content_of(b"x" * (10 + (32 - len(content) % 32) % 32))
        cipher = cipher_of(padded(content))
        assert padded(content)[-1] == 32

        assert Envelope(account()).open(safe_query(cipher), xml_body(cipher), NOW).plain.startswith(b"x")

    @pytest.mark.parametrize("body", [b"", b"<xml>", b"{", b"[]", b"\xff\xfe", b"<!DOCTYPE xml><xml/>"])
    def test_a_body_that_is_no_envelope_is_undecipherable(self, body):
        with pytest.raises(Undecipherable):
            Envelope(account()).open(safe_query(""), body, NOW)

    def test_random_blocks_validly_signed_never_raise_anything_else(self):
        outcomes = set()
        for _ in range(500):
            cipher = base64.b64encode(os.urandom(64)).decode()
            try:
                Envelope(account()).open(safe_query(cipher), xml_body(cipher), NOW)
            except (Undecipherable, Refused) as refused:
                outcomes.add(type(refused))

        assert Undecipherable in outcomes


class TestRotation:
    @pytest.mark.parametrize("token", [TOKEN, "Newer1"])
    @pytest.mark.parametrize("key_text", [KEY_TEXT, NEW_KEY_TEXT])
    def test_current_and_previous_token_and_key_open_in_any_combination(self, token, key_text):
        both = account(
            token="Newer1", previous_token=TOKEN, encoding_aes_key=NEW_KEY_TEXT, previous_encoding_aes_key=KEY_TEXT
        )
        envelope = Envelope(both)

        result = opened(b"<xml>rotated</xml>", key_text=key_text, token=token, envelope=envelope)

        assert result.plain == b"<xml>rotated</xml>"

    @pytest.mark.parametrize("token", [TOKEN, "Newer1"])
    @pytest.mark.parametrize("key_text", [KEY_TEXT, NEW_KEY_TEXT])
    def test_the_reply_is_sealed_with_what_opened_the_message(self, token, key_text):
        both = account(
            token="Newer1", previous_token=TOKEN, encoding_aes_key=NEW_KEY_TEXT, previous_encoding_aes_key=KEY_TEXT
        )
        envelope = Envelope(both)
        result = opened(key_text=key_text, token=token, envelope=envelope)

        sealed = xmltodict.parse(envelope.seal(b"<xml>answer</xml>", result, now=NOW))["xml"]

        reader = WeChatCrypto(token, key_text, APPID)
        plain = reader.decrypt_message(sealed, sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"])
        assert plain == "<xml>answer</xml>"

    def test_a_token_that_was_given_up_is_refused(self):
        with pytest.raises(Refused):
            opened(token="Older1", envelope=Envelope(account(previous_token="Newer1")))


class TestSealing:
    @pytest.mark.parametrize("reply", [b"success", b""])
    def test_a_bare_answer_is_never_sealed(self, reply):
        assert Envelope(account()).seal(reply, opened(), now=NOW) == reply

    def test_an_xml_message_gets_an_xml_envelope(self):
        sealed = Envelope(account()).seal(b"<xml>answer</xml>", opened(), now=NOW)

        assert list(xmltodict.parse(sealed)["xml"]) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]

    def test_a_json_message_gets_a_json_envelope_with_the_same_names(self):
        sealed = json.loads(Envelope(account()).seal(b"<xml>answer</xml>", opened(body=json_body), now=NOW))

        assert list(sealed) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
        assert sealed["TimeStamp"] == int(NOW.timestamp())

    @pytest.mark.parametrize("hostile", ["x]]></Nonce><MsgType>news</MsgType>", "<script>", "415670741"])
    def test_nothing_of_the_request_is_repeated_in_the_seal(self, hostile):
        cipher = cipher_of(padded(content_of(b"<xml/>")))
        timestamp = str(int(NOW.timestamp()))
        query = {
            "timestamp": timestamp,
            "nonce": hostile,
            "encrypt_type": "aes",
            "msg_signature": sha1(TOKEN, timestamp, hostile, cipher),
        }
        envelope = Envelope(account())

        sealed = envelope.seal(b"answer", envelope.open(query, xml_body(cipher), NOW), now=NOW)

        assert hostile.encode() not in sealed

    def test_two_seals_of_one_reply_differ(self):
        envelope, message = Envelope(account()), opened()

        assert envelope.seal(b"answer", message, now=NOW) != envelope.seal(b"answer", message, now=NOW)

    def test_no_secret_is_shown(self):
        message = opened(b"<xml>a word</xml>")

        assert TOKEN not in repr(message)
        assert "a word" not in repr(message)


class TestSecondOpinion:
    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    def test_wechatpy_opens_what_we_lock(self, text):
        cipher = lock(text.encode(), key=KEY, appid=APPID, salt=b"0123456789abcdef")
        signature = sha1(TOKEN, "1", "2", cipher)

        assert WeChatCrypto(TOKEN, KEY_TEXT, APPID).decrypt_message({"Encrypt": cipher}, signature, "1", "2") == text

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    def test_we_open_what_wechatpy_locks(self, text):
        sealed = xmltodict.parse(WeChatCrypto(TOKEN, KEY_TEXT, APPID).encrypt_message(text, "2", "1"))["xml"]

        assert unlock(sealed["Encrypt"], key=KEY) == (text.encode(), APPID.encode())
        assert sign(TOKEN.encode(), "1", "2", sealed["Encrypt"]) == sealed["MsgSignature"]


class TestProperties:
    @given(message=st.binary(), key=st.binary(min_size=32, max_size=32), salt=st.binary(min_size=16, max_size=16))
    def test_unlock_undoes_lock(self, message, key, salt):
        assert unlock(lock(message, key=key, appid=APPID, salt=salt), key=key) == (message, APPID.encode())

    @given(st.one_of(st.binary().map(lambda raw: base64.b64encode(raw).decode()), st.text()))
    def test_unlock_raises_nothing_but_undecipherable(self, cipher):
        try:
            message, _ = unlock(cipher, key=KEY)
        except Undecipherable:
            message = b""

        assert isinstance(message, bytes)

    @given(
        query=st.dictionaries(
            st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "echostr"]), st.text()
        ),
        body=st.binary(),
        mode=st.sampled_from(["plain", "compat", "safe"]),
    )
    def test_an_unsigned_request_is_refused_whatever_it_holds(self, query, body, mode):
        with pytest.raises((Refused, Undecipherable)):
            Envelope(account(mode=mode)).open(query, body, NOW)
