"""What only several processes can get wrong: doubles, races, deaths in the middle of a turn, and a lost Redis."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import pytest
import redis
import requests

from commands import installed
from commands.run import WEB_THREADS
from storage.db import Database
from storage.opinion import Opinions
from storage.sealing import Keys
from tests.driver import Phone
from tests.end_to_end.running import Memory, Program, at_once, within

TIMES = 1 + WEB_THREADS // 2  # of more, some might find no place to wait, and be told so
LARGEST = 1024 * 1024
TURN_SECONDS = 5.0  # the platform hangs up then
CHANGE_SECONDS = 2.0
LOOKS = 24  # at one moment; enough for both workers to be among those who answer
ATTEMPTS = 3  # of the platform, for one message
TALKERS = 12  # so many that each worker has some of them
WORKERS = 2
NOT_YET = "刚才没能确认这一条存好了没有"

T = TypeVar("T")


def a_message(phone: Phone, words: str) -> bytes:
    """One message as the platform repeats it: the same bytes each time."""
    return (
        f"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
        f"<FromUserName><![CDATA[{phone.openid}]]></FromUserName>"
        f"<CreateTime>{int(datetime.now(UTC).timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{words}]]></Content><MsgId>{secrets.randbits(60)}</MsgId></xml>"
    ).encode()


def send(program: Program, phone: Phone, message: bytes) -> str:
    """Bring a message on a connection of its own."""
    return program.phone(phone.openid).pushes_body(message)


def answered(program: Program, phone: Phone) -> list[int]:
    """Which questions of the quiz this member has answered, by the database."""
    query = (
        "SELECT a.position FROM quiz_answers a JOIN contacts c ON c.person = a.person"
        " WHERE c.openid = :openid ORDER BY a.position"
    )
    return [position for (position,) in program.rows(query, openid=phone.openid)]


def a_member_before_the_first_question(program: Program) -> Phone:
    phone = program.phone()
    phone.follows()
    assert "【1/5】" in phone.says("答题")
    return phone


def turns_in_hand(program: Program) -> int:
    with redis.Redis.from_url(installed.redis_url(program.settings)) as memory:
        return len(memory.keys("zhibu:busy:*"))


@contextlib.contextmanager
def in_hand(program: Program, *messages: tuple[Phone, bytes]) -> Iterator[list[Future[str]]]:
    """Bring these messages while nobody can write an answer down: inside, the turn is begun and not done."""
    with ThreadPoolExecutor(len(messages)) as pool, program.no_writing("quiz_answers"):
        turns = [pool.submit(send, program, phone, message) for phone, message in messages]
        assert within(1, lambda: turns_in_hand(program)), "no turn has begun"
        time.sleep(0.2)  # for the others, which wait
        assert not any(turn.done() for turn in turns), "it was not held"
        yield turns


# -- once ------------------------------------------------------------------------------------------------------------


def test_the_same_message_many_times_at_once_has_one_effect_and_one_reply(program):
    phone = a_member_before_the_first_question(program)
    message = a_message(phone, "A")

    replies = at_once([lambda: send(program, phone, message)] * TIMES)

    assert len(set(replies)) == 1, replies
    assert "【2/5】" in replies[0]
    assert answered(program, phone) == [0]


@pytest.mark.quiet
def test_a_repeat_waits_for_the_first_and_says_the_same(program):
    phone = a_member_before_the_first_question(program)
    message = a_message(phone, "A")

    with in_hand(program, (phone, message), (phone, message)) as turns:
        pass
    replies = {turn.result() for turn in turns}

    assert len(replies) == 1
    assert answered(program, phone) == [0]


@pytest.mark.quiet
def test_a_double_tap_answers_one_question(program):
    phone = a_member_before_the_first_question(program)

    with in_hand(program, (phone, a_message(phone, "A")), (phone, a_message(phone, "A"))) as turns:
        pass
    first, second = sorted((turn.result() for turn in turns), key=lambda reply: "只算第一条" in reply)

    assert "【2/5】" in first
    assert "只算第一条" in second
    assert answered(program, phone) == [0]


def test_two_messages_of_one_member_at_once_are_both_answered(program):
    phone = program.phone()
    phone.follows()
    messages = [a_message(phone, "订阅 1"), a_message(phone, "订阅 4")]

    replies = at_once([lambda each=each: send(program, phone, each) for each in messages])  # type: ignore[misc]

    assert "党章党规" in replies[0]
    assert "政策解读" in replies[1]
    mine = phone.says("我的数据")
    assert "党章党规" in mine
    assert "政策解读" in mine


@pytest.mark.quiet
def test_turns_that_die_with_their_worker_are_done_once_by_another(program):
    phones = [a_member_before_the_first_question(program) for _ in range(TALKERS)]
    messages = [(phone, a_message(phone, "A")) for phone in phones]

    with in_hand(program, *messages) as turns:
        victim = program.workers()[0]
        program.kill(victim)
        time.sleep(0.3)
        lost = [each for each, turn in zip(messages, turns, strict=True) if turn.done()]
    broken = [type(turn.exception()) for turn in turns if turn.exception()]
    repeats = [timed(partial(send, program, *each)) for each in lost for _ in range(ATTEMPTS)]

    assert 0 < len(lost) < TALKERS, "the killed worker had nothing in hand, or all"
    assert broken == [requests.ConnectionError] * len(lost)
    assert [answered(program, phone) for phone in phones] == [[0]] * TALKERS
    assert max(seconds for seconds, _ in repeats) < TURN_SECONDS
    assert all("【2/5】" in said for _, said in repeats[ATTEMPTS - 1 :: ATTEMPTS])
    assert within(10, lambda: len(program.workers()) == WORKERS and victim not in program.workers())


def timed(do: Callable[[], T]) -> tuple[float, T]:
    began = time.monotonic()
    said = do()
    return time.monotonic() - began, said


# -- words without a name --------------------------------------------------------------------------------------------


def before_the_last_question(program: Program) -> Phone:
    phone = program.phone()
    for words in ("意见", "1", "2", f"宿舍热水停得太早 {phone.openid}"):
        phone.says(words)
    assert "回复 1 提交" in phone.says("好了")
    return phone


def times_kept(program: Program, phones: Iterable[Phone]) -> list[int]:
    """How often the words of each lie in the letterbox and among the leaves."""
    with contextlib.closing(Database(program.database)) as database:
        opinions = Opinions(database, Keys(program.settings.secret_key.get_secret_value()))
        kept = [each.words for each in opinions.of_days(opinions.days(most=9))]
    return [sum(phone.openid in words for words in kept) for phone in phones]


@pytest.mark.quiet
def test_ten_who_send_at_once_are_answered_in_time_and_kept_once(program):
    phones = at_once([lambda: before_the_last_question(program)] * 10)

    sent = at_once([partial(timed, partial(phone.says, "1")) for phone in phones])
    again = [phone.says("1") for phone, (_, said) in zip(phones, sent, strict=True) if NOT_YET in said]

    assert max(seconds for seconds, _ in sent) < TURN_SECONDS
    assert all("回执码" in said or NOT_YET in said for _, said in sent)
    assert all("回执码" in said for said in again)
    assert times_kept(program, phones) == [1] * 10


@pytest.mark.quiet
def test_words_that_a_worker_took_with_it_are_kept_once_by_another(program):
    phones = at_once([lambda: before_the_last_question(program)] * 6)
    messages = [(phone, a_message(phone, "1")) for phone in phones]

    with ThreadPoolExecutor(len(messages)) as pool, program.no_writing("letterbox"):
        turns = [pool.submit(send, program, *each) for each in messages]
        assert within(1, lambda: turns_in_hand(program) >= len(messages))
        for victim in program.workers():
            program.kill(victim)
        time.sleep(0.3)
        lost = [turn.done() for turn in turns]
    assert within(20, lambda: len(program.workers()) == WORKERS and program.is_ready())
    repeats = [send(program, *each) for each in messages for _ in range(ATTEMPTS)]

    assert lost == [True] * 6
    assert all("回执码" in said for said in repeats[ATTEMPTS - 1 :: ATTEMPTS]), repeats
    assert times_kept(program, phones) == [1] * 6


# -- every worker ----------------------------------------------------------------------------------------------------


@pytest.mark.quiet
def test_a_change_of_the_pack_is_taken_by_every_worker(program):
    phrases = program.pack / "phrases.toml"
    good = phrases.read_text("utf-8") if phrases.exists() else ""
    words = f"没听懂{secrets.token_hex(4)}"

    looks = [lambda: program.phone().says("这句话谁也听不懂")] * LOOKS
    phrases.write_text(f'{good}\n[conversation]\nlost = "{words}"\n', "utf-8")
    try:
        time.sleep(CHANGE_SECONDS)
        said = at_once(looks)
    finally:
        phrases.write_text(good, "utf-8")

    assert set(said) == {words}


def counted(program: Program) -> int:
    """How many requests at the webhook /metrics tells of, whatever came of them."""
    shown = program.http.get(f"{program.web}/metrics", timeout=10).text
    return sum(int(float(line.split()[-1])) for line in shown.splitlines() if line.startswith("zhibu_messages_total{"))


def test_messages_are_counted_together_whichever_worker_answered_them(program):
    before = counted(program)

    at_once([lambda: program.phone().says("帮助")] * LOOKS)

    assert counted(program) == before + LOOKS
    kept = {each.name for each in (program.settings.storage.folder / "metrics").iterdir()}
    assert {f"counter_{worker}.db" for worker in program.workers()} <= kept


def test_the_clock_brings_what_is_kept_into_the_database_file(program):
    """No commit of a turn does (docs/decisions/0097)."""
    phone = program.phone()
    phone.follows()
    file = program.settings.storage.folder / "zhibu.sqlite3"

    assert "sqlite" not in program.database or within(10, lambda: phone.openid.encode() in file.read_bytes())


# -- bad input -------------------------------------------------------------------------------------------------------


def test_a_body_of_over_a_mebibyte_is_refused_with_its_length_known_or_not(program):
    address = f"{program.web}/wechat/official"
    known = program.http.post(address, data=b"x" * (LARGEST + 1), timeout=10)
    chunked = program.http.post(address, data=iter([b"x" * LARGEST, b"x"]), timeout=10)
    large = program.http.post(address, data=iter([b"x" * LARGEST]), timeout=10)

    assert (known.status_code, chunked.status_code) == (413, 413)
    assert large.status_code == 403
    assert (known.content, chunked.content) == (b"", b"")


def test_nothing_that_is_kept_can_be_read_by_another_user_of_the_machine(program):
    program.member().follows()
    folder = program.settings.storage.folder

    assert [path for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077] == []


def test_nothing_that_was_printed_tells_who_spoke_or_what_was_said(program):
    member, secret = program.member("爱说话的人"), secrets.token_hex(6)
    member.follows()
    for words in (
        "订阅 5",
        "答题",
        "A",
        "退出",
        "意见",
        "1",
        "2",
        f"楼道的灯{secret}坏了三天",
        "好了",
        "1",
        f"没听懂{secret}",
    ):
        member.says(words)
    program.call("tap", openid=member.openid, key="digest.news", wait=True)
    program.call("broadcasts", key="daily-digest")
    member.program.call("unfollow", openid=member.openid, wait=True)
    badly = {"openid": member.openid, "signature": "0" * 40, "timestamp": "1", "nonce": secret}
    refused = program.http.post(f"{program.web}/wechat/official", params=badly, data=f"<xml>{secret}</xml>", timeout=10)
    printed = program.said()
    known = [one["openid"] for one in program.http.get(f"{program.sandbox}/sandbox/members", timeout=10).json()]

    assert refused.status_code == 403
    assert [openid for openid in known if openid in printed] == []
    assert secret not in printed
    assert "/wechat/" not in printed
    assert "Traceback" not in printed
    assert all(word not in printed for word in ("GET /", "POST /"))


# -- a lost Redis ----------------------------------------------------------------------------------------------------


@pytest.mark.quiet
@pytest.mark.parametrize("lost", ["gone", "hung"])
def test_without_redis_the_answer_is_honest_and_comes_in_time(fragile: Program, memory: Memory, lost: str):
    phone = a_member_before_the_first_question(fragile)

    with getattr(memory, lost)():
        spent, said = timed(lambda: send(fragile, phone, a_message(phone, "A")))
        ready_in, status = timed(fragile.readyz)

    assert "没能确认办理" in said
    assert spent < TURN_SECONDS
    assert status == 503
    assert ready_in < TURN_SECONDS
    assert within(10, fragile.is_ready)
    assert answered(fragile, phone) == []
    # A Redis that wakes up does what it was asked in its sleep: such a turn ends with its lease.
    assert within(10, lambda: "【1/5】" in phone.says("答题"))


@pytest.mark.quiet
def test_a_turn_whose_end_redis_never_heard_of_is_repeated_with_the_same_reply_and_no_second_effect(fragile, memory):
    phone = a_member_before_the_first_question(fragile)
    message = a_message(phone, "A")

    with in_hand(fragile, (phone, message)) as (turn,):
        memory.deaf(milliseconds=800)
    first = turn.result()
    repeats = [send(fragile, phone, message) for _ in range(ATTEMPTS)]

    assert "turn not kept" in fragile.said()
    assert "【2/5】" in first
    assert repeats[-1] == first
    assert answered(fragile, phone) == [0]
