"""One token for the whole fleet, fetched as seldom as the platform wants."""

import multiprocessing
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from storage.redis import connect
from storage.sealing import Keys
from storage.tokens import RedisTokenStore
from tests.fakes import Shelf
from tests.wechat.strict import Say, serving
from wechat.client import TencentWeChat
from wechat.errors import Misconfigured, Retryable, StaleToken, WeChatError
from wechat.settings import AccountSettings
from wechat.tokens import FORCES_A_DAY, Fetched, Held, Tokens, stable_token

NOWHERE = "redis://127.0.0.1:1"
OPENID = "oABCD1234567890abcdefGHIJKLM"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Office:
    """Stands for stable_token: gives the tokens of `line` in turn, the last one for ever."""

    def __init__(self, *line: str, lifetime: timedelta = timedelta(seconds=7200)) -> None:
        self.line = deque(line)
        self.lifetime = lifetime
        self.asked: list[bool] = []

    def __call__(self, force: bool) -> Fetched:  # noqa: FBT001 — the shape of a Fetch
        self.asked.append(force)
        return Fetched(self.line.popleft() if len(self.line) > 1 else self.line[0], self.lifetime)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def goes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def test_a_token_is_fetched_once_and_then_known(clock):
    office = Office("A")
    tokens = Tokens(office, Shelf(), clock)

    assert [tokens.get(), tokens.get()] == ["A", "A"]
    assert office.asked == [False]


def test_another_process_finds_the_token_in_the_store(clock):
    office, shelf = Office("A", "B"), Shelf()
    Tokens(office, shelf, clock).get()

    assert Tokens(office, shelf, clock).get() == "A"
    assert len(office.asked) == 1


@pytest.mark.parametrize(("lifetime", "kept"), [(7200, 6900), (1000, 700), (345, 172.5), (20, 10)])
def test_a_token_is_kept_for_its_lifetime_less_a_margin(clock, lifetime, kept):
    office = Office("A", "B", lifetime=timedelta(seconds=lifetime))
    tokens = Tokens(office, Shelf(), clock)
    tokens.get()
    clock.goes(kept - 0.1)
    before = tokens.get()
    clock.goes(0.1)

    assert (before, tokens.get()) == ("A", "B")


def test_a_refused_token_is_replaced_by_the_first_who_says_so_and_found_by_the_rest(clock):
    office, shelf = Office("A", "B", "C"), Shelf()
    one, other = Tokens(office, shelf, clock), Tokens(office, shelf, clock)
    one.get()
    other.get()

    assert [one.refresh("A"), other.refresh("A"), other.get()] == ["B", "B", "B"]
    assert office.asked == [False, False]


def test_a_token_refused_again_at_once_is_not_asked_again_for_half_a_minute(clock):
    office = Office("A", "B", "C")
    tokens = Tokens(office, Shelf(), clock)
    tokens.refresh(tokens.get())
    clock.goes(29)
    soon = tokens.refresh("B")
    clock.goes(1)

    assert (soon, tokens.refresh("B")) == ("B", "C")


def test_a_force_comes_only_after_stable_token_has_given_a_refused_token_twice(clock):
    office = Office("A", "A", "B")
    tokens = Tokens(office, Shelf(), clock)
    first = tokens.refresh(tokens.get())
    clock.goes(30)

    assert (first, tokens.refresh("A")) == ("A", "B")
    assert office.asked == [False, False, True]


def test_forces_are_half_a_minute_apart_and_twenty_a_day(clock):
    office, shelf = Office("A"), Shelf()
    Tokens(office, shelf, clock).get()
    for _ in range(60):
        clock.goes(15)
        Tokens(office, shelf, clock).refresh("A")  # any process of the fleet

    assert office.asked.count(True) == FORCES_A_DAY == 20
    assert len(office.asked) <= 1 + 30


def test_a_day_later_a_force_may_be_asked_again(clock):
    office, shelf = Office("A", lifetime=timedelta(days=3)), Shelf()
    held = Held(token="A", expires_at=NOON + timedelta(days=3), repeated=True, forced_at=(NOON,) * FORCES_A_DAY)
    shelf.put(held.written(), seconds=1)
    Tokens(office, shelf, clock).refresh("A")
    clock.goes(24 * 3600)
    Tokens(office, shelf, clock).refresh("A")

    assert office.asked == [False, True]


def test_a_line_of_another_release_is_as_good_as_none(clock):
    shelf = Shelf()
    shelf.value = '{"token": "A"}'

    assert Tokens(Office("B"), shelf, clock).get() == "B"


def test_without_the_store_a_process_fetches_for_itself(clock):
    office = Office("A", "B")
    tokens = Tokens(office, Shelf(away=True), clock)

    assert [tokens.get(), tokens.get(), tokens.refresh("A"), tokens.refresh("B")] == ["A", "A", "B", "B"]
    assert len(office.asked) == 2


def in_threads(count: int, work: Callable[[], str]) -> list[object]:
    ended: list[object] = []

    def one():
        try:
            ended.append(work())
        except WeChatError as error:
            ended.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_threads_of_one_process_wait_for_one_fetch():
    office = Office("A", "B")

    def slowly(force):
        time.sleep(0.1)
        return office(force)

    tokens = Tokens(slowly, Shelf(away=True), lambda: datetime.now(UTC))

    assert in_threads(8, tokens.get) == ["A"] * 8
    assert len(office.asked) == 1


def test_threads_that_waited_for_a_fetch_that_failed_share_its_failure():
    asked = []

    def broken(force):
        asked.append(force)
        time.sleep(0.1)
        raise Retryable(None, "no answer in time")

    tokens = Tokens(broken, Shelf(), lambda: datetime.now(UTC))

    assert [type(end) for end in in_threads(8, tokens.get)] == [Retryable] * 8
    assert len(asked) == 1


# -- over HTTP, by processes and a real Redis ---------------------------------------------------------------------


def an_account(address: str) -> AccountSettings:
    return AccountSettings(
        kind="service",
        appid="wx0123456789abcdef",
        secret=SecretStr("s3cret-of-the-account"),
        token=SecretStr("AAAAA"),
        mode="plain",
        api_base=address,
    )


@pytest.fixture
def platform():
    with serving() as platform:
        yield platform


@pytest.fixture
def name():
    """An account nobody used before."""
    return f"test-{uuid.uuid4().hex}"


def a_client(address: str, name: str, redis_url: str) -> TencentWeChat:
    account = an_account(address)
    store = RedisTokenStore(connect(redis_url, seconds=2), Keys("a secret of these tests"), account=name)
    return TencentWeChat(account, Tokens(stable_token(account), store, lambda: datetime.now(UTC)))


def send_twenty(address: str, name: str, redis_url: str) -> None:
    wechat = a_client(address, name, redis_url)
    for number in range(20):
        wechat.send_text(OPENID, f"第 {number} 句")


def test_six_processes_sending_twenty_each_from_cold_fetch_once(platform, name, redis_url):
    world = multiprocessing.get_context("forkserver")
    world.set_forkserver_preload(["tests.wechat.test_tokens"])
    children = [world.Process(target=send_twenty, args=(platform.address, name, redis_url)) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [child.exitcode for child in children] == [0] * 6
    assert platform.fetches == [False]
    assert len(platform.calls) == 120


@pytest.mark.parametrize("renews", [False, True], ids=["same token again", "a new token each time"])
def test_a_persistent_40001_ends_after_two_calls_and_two_fetches(platform, name, renews, redis_url):
    platform.refuses_everything, platform.renews_refused = True, renews

    with pytest.raises(StaleToken) as caught:
        a_client(platform.address, name, redis_url).send_text(OPENID, "好")

    assert isinstance(caught.value, Misconfigured)
    assert (len(platform.calls), len(platform.fetches)) == (2, 2)


def test_a_persistent_40001_over_many_sends_asks_the_platform_for_no_more_tokens(platform, name, redis_url):
    platform.refuses_everything = platform.renews_refused = True
    wechat = a_client(platform.address, name, redis_url)
    for _ in range(10):
        with pytest.raises(StaleToken):
            wechat.send_text(OPENID, "好")

    assert len(platform.fetches) == 2
    assert len(platform.calls) <= 20


def test_a_token_that_dies_in_the_middle_is_replaced_without_anyone_noticing(platform, name, redis_url):
    wechat = a_client(platform.address, name, redis_url)
    wechat.send_text(OPENID, "一")
    platform.rotate()
    wechat.send_text(OPENID, "二")

    assert platform.fetches == [False, False]
    assert [call.json["text"]["content"] for call in platform.calls] == ["一", "二", "二"]


@pytest.mark.quiet
def test_without_redis_every_process_still_sends_and_soon(platform, name):
    began = time.monotonic()
    for _ in range(2):
        a_client(platform.address, name, NOWHERE).send_text(OPENID, "好")

    assert time.monotonic() - began < 3
    assert platform.fetches == [False, False]


def test_the_token_is_fetched_by_post_with_the_secret_in_the_body_alone(platform):
    fetched = stable_token(an_account(platform.address))(False)

    assert fetched == Fetched("token-1", timedelta(seconds=7200))
    assert "token-1" not in repr(fetched)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Say.code(40125, "invalid appsecret s3cret-of-the-account rid: 1-2-3"), Misconfigured),
        (Say.code(40164, "invalid ip 203.0.113.9, not in whitelist rid: 1-2-3"), Misconfigured),
        (Say.code(-1, "system error"), Retryable),
        (Say(b"<html>", 502, "text/html"), Retryable),
        (Say(b"<html>s3cret-of-the-account"), Retryable),
        (Say.fields(expires_in=7200), Retryable),
        (Say.fields(access_token="A", expires_in="soon"), Retryable),
        (Say(hang_up=True), Retryable),
    ],
)
def test_a_fetch_that_fails_says_what_to_do_and_not_the_secret(platform, said, kind):
    platform.fetch_script.append(said)

    with pytest.raises(kind) as caught:
        stable_token(an_account(platform.address))(False)

    assert type(caught.value) is kind
    assert "s3cret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__context__ is None


def test_the_stored_token_is_sealed_and_bound_to_its_account(platform, name, redis_url):
    client = connect(redis_url)
    a_client(platform.address, name, redis_url).send_text(OPENID, "好")
    sealed = client.get(f"zhibu:token:{name}")
    assert isinstance(sealed, bytes)
    another = RedisTokenStore(client, Keys("a secret of these tests"), account=f"{name}-b")
    client.set(f"zhibu:token:{name}-b", sealed, ex=5)

    assert b"token-1" not in sealed
    assert another.get() is None
