"""The door: whoever is not the platform learns nothing, and the platform always gets an answer."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from tests.driver import Phone, signed
from wechat.messages import Kind, Message, News, Reply, Silence, Text, Transfer
from wechat.outbound import render
from wechat.settings import AccountSettings
from wechat.webhook import in_front_of

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OPENID = "oMemberOfTheBranch"
SEALED = b"<xml><Encrypt>QUJD</Encrypt></xml>"
MODES = ["plain", "compat", "safe"]


def an_account(**changes: object) -> AccountSettings:
    given_ = {
        "kind": "service",
        "appid": "wxba5fad812f8e6fb9",
        "secret": "s",
        "token": "AAAAA",
        "encoding_aes_key": "A" * 43,
    }
    return AccountSettings.model_validate({**given_, **changes})


class Program:
    """A program that answers what it is told to answer, and remembers what it heard."""

    def __init__(self, answer: Callable[[Message], bytes] | Reply | None = None, **accounts: AccountSettings) -> None:
        self.accounts = accounts or {"official": an_account()}
        self.heard: list[Message] = []
        self.outcomes: Counter[str] = Counter()
        self.now = NOW
        self._answer = answer or Text("收到")
        app = Flask(__name__)
        door = in_front_of(
            app.wsgi_app,
            self.accounts,
            self.receive,
            clock=lambda: self.now,
            count=lambda each: self.outcomes.update([each]),
        )
        app.wsgi_app = door  # type: ignore[method-assign,assignment] # Flask's own way to wrap an application
        self.client: FlaskClient = app.test_client()

    def receive(self, message: Message) -> bytes:
        self.heard.append(message)
        return self._answer(message) if callable(self._answer) else render(self._answer, message, now=self.now)

    def phone(self, name="official", **more: Any) -> Phone:
        return Phone(self.client, self.accounts[name], OPENID, lambda: self.now, name=name, **more)


class TestAPush:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("form", ["xml", "json"])
    def test_is_heard_and_answered_in_every_mode_and_form(self, mode, form):
        program = Program(official=an_account(mode=mode))

        assert program.phone(form=form).says("你好") == "收到"
        assert [(message.text, message.openid) for message in program.heard] == [("你好", OPENID)]

    @pytest.mark.parametrize("mode", MODES)
    def test_nothing_to_say_is_a_bare_success_in_every_mode(self, mode):
        phone = Program(Silence(), official=an_account(mode=mode)).phone()
        phone.says("你好")

        assert phone.response.body == b"success"

    def test_a_card_comes_whole(self):
        phone = Program(News("题", "述", "https://u")).phone()
        phone.says("要闻")

        assert phone.answer["Articles"]["item"]["Url"] == "https://u"

    @pytest.mark.parametrize(
        ("act", "kind"),
        [
            pytest.param(lambda phone: phone.follows(), Kind.SUBSCRIBE, id="follows"),
            pytest.param(lambda phone: phone.follows("org_7"), Kind.SUBSCRIBE, id="follows by a code"),
            pytest.param(lambda phone: phone.leaves(), Kind.UNSUBSCRIBE, id="leaves"),
            pytest.param(lambda phone: phone.scans("org_7"), Kind.SCAN, id="scans"),
            pytest.param(lambda phone: phone.taps("quiz"), Kind.CLICK, id="taps"),
            pytest.param(lambda phone: phone.sends_picture("https://p", "m1"), Kind.IMAGE, id="sends a picture"),
            pytest.param(
                lambda phone: phone.event(
                    {"Event": "pic_weixin", "SendPicsInfo": {"PicList": {"item": [{"PicMd5Sum": "a"}]}}}
                ),
                Kind.PIC_WEIXIN,
                id="an event with fields in fields",
            ),
        ],
    )
    def test_of_everything_a_phone_does_arrives(self, act: Callable[[Phone], str], kind):
        program = Program()

        assert act(program.phone()) == "收到"
        assert program.heard[0].kind is kind

    def test_tells_the_scene_of_a_code_however_it_was_scanned(self):
        program = Program()
        program.phone().follows("org_7")
        program.phone().scans("org_7")

        assert [message.scene for message in program.heard] == ["org_7", "org_7"]

    def test_once_more_is_the_same_message(self):
        program = Program()
        phone = program.phone()
        phone.says("你好")
        program.now += timedelta(seconds=5)
        phone.repeats()

        assert program.heard[0].id == program.heard[1].id

    def test_of_another_word_is_another_message(self):
        program = Program()
        phone = program.phone()
        phone.says("你好")
        phone.says("你好")

        assert program.heard[0].id != program.heard[1].id

    def test_goes_to_the_account_of_its_address(self):
        program = Program(official=an_account(), branch=an_account(token="BBBBB", appid="wxother"))
        program.phone("branch").says("你好")

        assert [message.account for message in program.heard] == ["branch"]

    def test_for_a_mini_program_is_known_as_one(self):
        program = Program(Transfer("a@t"), mini=an_account(kind="miniprogram"))
        phone = program.phone("mini", form="json")
        phone.says("人工")

        assert program.heard[0].miniprogram
        assert phone.answer["MsgType"] == "transfer_customer_service"
        assert phone.response.body.startswith(b"{")

    def test_while_the_key_is_being_changed_is_answered_with_the_old_one(self):
        old = an_account()
        new = an_account(
            token="BBBBB", previous_token="AAAAA", encoding_aes_key="B" * 43, previous_encoding_aes_key="A" * 43
        )
        program = Program(official=new)

        assert Phone(program.client, old, OPENID, lambda: NOW).says("你好") == "收到"

    def test_of_the_cloud_probe_is_answered_before_anyone_hears_it(self):
        program = Program()
        phone = program.phone()
        phone.pushes_body(b'{"action":"CheckContainerPath"}')

        assert phone.response.body == b"success"
        assert program.heard == []


class TestAFault:
    def test_of_ours_is_a_success_to_the_platform(self):
        program = Program(_fail)
        phone = program.phone()
        phone.says("心里话")

        assert phone.response.body == b"success"
        assert program.outcomes == {"failed": 1}

    def test_of_ours_is_logged_by_its_type_alone(self):
        with capture_logs() as logs:
            Program(_fail).phone().says("心里话")

        assert logs == [
            {
                "event": "receive failed",
                "account": "official",
                "kind": Kind.TEXT,
                "fault": "RuntimeError",
                "log_level": "error",
            }
        ]


def _fail(message: Message) -> bytes:
    raise RuntimeError(f"{message.openid} said {message.text}")


class TestVerification:
    @pytest.mark.parametrize("mode", MODES)
    def test_gets_its_echo_back_raw(self, mode):
        program = Program(official=an_account(mode=mode))
        query = signed(an_account(), NOW) | {"echostr": "4375120948345356249"}

        answer = program.client.get("/wechat/official", query_string=query)

        assert (answer.status_code, answer.get_data()) == (200, b"4375120948345356249")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("written", "echo"),
        [
            ("echostr=a", "a"),
            ("echostr=a&echostr=b", "a"),
            ("&&echostr=a&", "a"),
            ("echostr=a=b", "a=b"),
            ("echostr=", ""),
            ("echostr", ""),
            ("echostr=a%20b", "a b"),
            ("echostr=a+b&x=%26", "a b"),
            ("echostr=%E4%B8%AD&echostr=b", "中"),
            ("echostr=中", "中"),
        ],
    )
    def test_reads_the_query_as_it_may_be_written(self, written, echo):
        query = "&".join(f"{name}={value}" for name, value in signed(an_account(), NOW).items())

        answer = Program().client.get("/wechat/official", query_string=f"{query}&{written}")

        assert (answer.status_code, answer.get_data(as_text=True)) == (200, echo)

    def test_by_somebody_else_is_refused(self):
        query = {"signature": "0" * 40, "timestamp": str(int(NOW.timestamp())), "nonce": "1", "echostr": "<script>"}

        answer = Program().client.get("/wechat/official", query_string=query)

        assert (answer.status_code, answer.get_data()) == (403, b"")

    def test_without_anything_is_refused(self):
        assert Program().client.get("/wechat/official").status_code == 403


class TestWhatIsTurnedAway:
    def test_an_unknown_account_is_not_there(self):
        answer = Program().client.post("/wechat/<script>", data=b"<xml/>")

        assert (answer.status_code, answer.get_data()) == (404, b"")

    def test_a_bad_signature_is_403_without_a_word(self):
        query = signed(an_account(), NOW, "QUJD") | {"msg_signature": "0" * 40}

        answer = Program().client.post("/wechat/official", query_string=query, data=SEALED)

        assert (answer.status_code, answer.get_data()) == (403, b"")

    @pytest.mark.parametrize("seconds", [-601, 601])
    def test_a_request_of_another_time_is_403(self, seconds):
        program = Program()
        phone = Phone(program.client, an_account(), OPENID, lambda: NOW + timedelta(seconds=seconds), strict=False)
        phone.says("你好")

        assert phone.response.status == 403
        assert program.heard == []

    def test_a_plain_body_for_an_encrypted_account_is_403(self):
        program = Program()
        phone = Phone(program.client, an_account(mode="plain"), OPENID, lambda: NOW, strict=False)
        phone.says("你好")

        assert phone.response.status == 403
        assert program.heard == []

    @pytest.mark.parametrize("mode", MODES)
    def test_a_body_without_a_message_is_400_without_a_word(self, mode):
        program = Program(official=an_account(mode=mode))
        phone = program.phone(strict=False)
        phone.pushes_body(b"<xml><Content>words</Content></xml>")

        assert (phone.response.status, phone.response.body) == (400, b"")

    def test_a_broken_cipher_is_400_without_a_word(self):
        query = signed(an_account(), NOW, "QUJD")

        answer = Program().client.post("/wechat/official", query_string=query, data=SEALED)

        assert (answer.status_code, answer.get_data()) == (400, b"")

    @pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
    def test_any_other_method_is_405(self, method):
        assert getattr(Program().client, method)("/wechat/official").status_code == 405

    def test_the_log_says_why_and_nothing_of_the_request(self):
        program = Program()
        with capture_logs() as logs:
            program.client.post("/wechat/official?nonce=SECRET&openid=" + OPENID, data="心里话".encode())

        assert [entry["outcome"] for entry in logs] == ["refused"]
        assert "SECRET" not in str(logs)
        assert OPENID not in str(logs)

    def test_each_outcome_is_counted(self):
        account = an_account(mode="plain")
        program = Program(official=account)
        program.phone().says("你好")
        program.client.get("/wechat/official", query_string=signed(account, NOW) | {"echostr": "1"})
        program.client.get("/wechat/official")
        program.client.get("/wechat/nobody")
        program.client.post("/wechat/official", query_string=signed(account, NOW), data=b"?")
        program.client.post("/wechat/official", data=b"x" * ((1 << 20) + 1))

        assert program.outcomes == {
            "answered": 1,
            "verified": 1,
            "refused": 1,
            "unknown_account": 1,
            "malformed": 1,
            "too_large": 1,
        }


class Endless(io.RawIOBase):
    """A chunked body that goes on for ever, and knows how much of it was read."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.given += len(buffer)
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def chunked(body: Any) -> dict[str, Any]:
    """What Granian tells of a body that came in chunks."""
    return {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def a_text_of(size: int) -> bytes:
    head = f"<xml><FromUserName>{OPENID}</FromUserName><MsgType>text</MsgType><Content>".encode()
    tail = b"</Content></xml>"
    return head + b"x" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize(("size", "status"), [(1 << 20, 200), ((1 << 20) + 1, 413), (3 << 20, 413)])
class TestSize:
    @pytest.mark.parametrize("terminated", [{}, {"wsgi.input_terminated": True}], ids=["plain", "terminated"])
    def test_a_body_over_one_mebibyte_is_413(self, terminated, size, status):
        program = Program(official=an_account(mode="plain"))
        query = signed(an_account(), NOW)

        answer = program.client.post(
            "/wechat/official", query_string=query, data=a_text_of(size), environ_overrides=terminated
        )

        assert answer.status_code == status
        assert len(program.heard) == (status == 200)

    def test_so_it_is_in_chunks(self, size, status):
        program = Program(official=an_account(mode="plain"))
        query = signed(an_account(), NOW)
        environ = chunked(io.BytesIO(a_text_of(size)))

        answer = program.client.post("/wechat/official", query_string=query, environ_overrides=environ)

        assert answer.status_code == status
        assert len(program.heard) == (status == 200)


def test_an_endless_body_is_read_no_further_than_needed():
    endless = Endless()

    answer = Program().client.post("/wechat/official", environ_overrides=chunked(endless))

    assert (answer.status_code, answer.get_data()) == (413, b"")
    assert endless.given <= (1 << 20) + 1


class TestOverHttp:
    """The phone reaches a program in another process the same way."""

    @pytest.fixture
    def program(self) -> Iterator[tuple[Program, str]]:
        program = Program()
        server = make_server("127.0.0.1", 0, program.client.application, threaded=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield program, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()

    def test_a_push_is_answered(self, program):
        _, address = program
        phone = Phone(address, an_account(), OPENID, lambda: NOW)

        assert phone.says("你好") == "收到"
        assert phone.repeats() == "收到"

    def test_chunks_over_one_mebibyte_are_413(self, program):
        running, address = program
        chunks = (b"x" * 65536 for _ in range(17))
        answer = requests.post(f"{address}/wechat/official", data=chunks, timeout=5)

        assert answer.status_code == 413
        assert running.heard == []
