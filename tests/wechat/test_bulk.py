"""Many sends at once, and what came of each."""

import asyncio
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from tests.fakes import Shelf
from tests.wechat.strict import Call, Platform, Say, serving
from wechat.api.account import Quota
from wechat.bulk import Bulk, Job, Outcome
from wechat.errors import (
    BadRequest,
    Misconfigured,
    QuotaSpent,
    RecipientGone,
    Retryable,
    StaleToken,
    Unsure,
    WeChatError,
)
from wechat.messages import News, Notice, TemplateMessage
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token


class Crowd(Platform):
    """Answers every send slowly, remembers who was written to at the same time, and refuses whom `says` names."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Say] = {}
        self.now_at: Counter[str] = Counter()
        self.most_at_once = 0
        self.most_for_one = 0
        self._count = threading.Lock()

    def answer(self, call: Call) -> Say:
        if call.path == "/cgi-bin/stable_token":
            return super().answer(call)
        openid = call.json["touser"]
        with self._count:
            self.now_at[openid] += 1
            self.most_at_once = max(self.most_at_once, self.now_at.total())
            self.most_for_one = max(self.most_for_one, self.now_at[openid])
        threading.Event().wait(0.005)
        with self._count:
            self.now_at[openid] -= 1
        said = super().answer(call)
        return self.says.get(openid, said) if said == Say() else said


@pytest.fixture
def crowd():
    with serving(Crowd()) as platform:
        yield platform


def an_account(address: str) -> AccountSettings:
    return AccountSettings(
        kind="service", appid="wx01", secret=SecretStr("s"), token=SecretStr("AAAAA"), mode="plain", api_base=address
    )


def a_bulk(address: str, *, in_flight: int = 16, timeouts: tuple[float, float] = (1, 0.5)) -> Bulk:
    account = an_account(address)
    tokens = Tokens(stable_token(account), Shelf(), lambda: datetime.now(UTC))
    return Bulk(account, tokens, in_flight=in_flight, timeouts=timeouts)


@pytest.fixture
def bulk(crowd):
    bulk = a_bulk(crowd.address)
    yield bulk
    bulk.close()


def jobs(*openids: str) -> list[Job]:
    return [Job(number, openid, "好") for number, openid in enumerate(openids)]


def by_id(outcomes: list[Outcome]) -> dict[object, Outcome]:
    return {outcome.id: outcome for outcome in outcomes}


def test_all_are_sent_many_at_once_over_few_connections_with_one_token(crowd, bulk):
    outcomes = by_id(bulk.send_all(jobs(*(f"o{number}" for number in range(100)))))

    assert outcomes == {number: Outcome(number) for number in range(100)}
    assert len(crowd.calls) == 100
    assert 4 < crowd.most_at_once <= 16
    assert crowd.connections <= 16 + 1
    assert crowd.fetches == [False]


def test_the_next_batch_goes_over_the_same_connections(crowd, bulk):
    bulk.send_all(jobs(*"abcdefgh"))
    before = crowd.connections
    bulk.send_all(jobs(*"abcdefgh"))

    assert crowd.connections <= before + 1
    assert len(crowd.calls) == 16


def test_one_person_is_sent_one_message_after_the_other_in_order(crowd, bulk):
    bulk.send_all(Job(number, "ann" if number % 2 else "bob", str(number)) for number in range(20))

    assert crowd.most_for_one == 1
    for openid in ("ann", "bob"):
        words = [int(call.json["text"]["content"]) for call in crowd.calls if call.json["touser"] == openid]
        assert words == sorted(words)


def test_words_cards_and_notices_each_go_their_way(crowd, bulk):
    crowd.says["cat"] = Say.fields(errcode=0, errmsg="ok", msgid=3147483650)
    notice = Notice(openid="cat", template_id="t", data={"thing1": "好"}, page="https://a.example/")
    batch = [Job("a", "ann", "好"), Job("b", "bob", News("题", "", "https://a.example/")), Job("c", "cat", notice)]
    outcomes = by_id(bulk.send_all(batch))
    paths = {call.json["touser"]: call.path for call in crowd.calls}

    assert outcomes["c"] == Outcome("c", "3147483650")
    assert paths["ann"] == paths["bob"] == "/cgi-bin/message/custom/send"
    assert paths["cat"] == "/cgi-bin/message/subscribe/bizsend"


@pytest.mark.parametrize("said", [Say(b"<html>", 502, "text/html"), Say(b"not json"), Say(hang_up=True)])
def test_of_a_template_message_whose_answer_is_lost_nothing_is_in_doubt(crowd, bulk, said):
    notice = Notice(openid="ann", template_id="t", data={"thing1": "好"}, page="https://a.example/")
    message = TemplateMessage(notice, "a" * 32)
    crowd.says["ann"] = said
    lost = by_id(bulk.send_all([Job(0, "ann", message)]))[0]
    crowd.says["ann"] = Say.fields(errcode=0, errmsg="ok", msgid=77)
    sent = by_id(bulk.send_all([Job(0, "ann", message)]))[0]
    call = crowd.calls[-1]

    assert (type(lost.error), sent) == (Retryable, Outcome(0, "77"))
    assert (call.path, call.json["url"]) == ("/cgi-bin/message/template/send", "https://a.example/")
    assert call.json["client_msg_id"] == "a" * 32


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Say.code(45015, "response out of time limit"), RecipientGone),
        (Say.code(45011, "api minute-quota reach limit"), Retryable),
        (Say.code(-1, "system error"), Retryable),
        (Say(b"<html>", 502, "text/html"), Unsure),
        (Say(b"not json"), Unsure),
        (Say(hang_up=True), Unsure),
        (Say(after_seconds=0.7), Unsure),
        (Say(b"", 302, headers={"Location": "/elsewhere"}), Retryable),
    ],
    ids=["window", "minute", "busy", "gateway", "not json", "hung up", "late", "redirect"],
)
def test_what_befalls_one_is_told_of_that_one_alone(crowd, bulk, said, kind):
    crowd.says["bob"] = said
    outcomes = by_id(bulk.send_all(jobs("ann", "bob", "cat")))

    assert (outcomes[0].error, outcomes[2].error) == (None, None)
    assert type(outcomes[1].error) is kind


def test_words_that_break_a_rule_are_not_sent(crowd, bulk):
    outcomes = by_id(bulk.send_all([Job(0, "ann", ""), Job(1, "bob", "好")]))

    assert type(outcomes[0].error) is BadRequest
    assert [call.json["touser"] for call in crowd.calls] == ["bob"]


def test_what_was_accepted_before_counts_as_sent(crowd, bulk):
    crowd.says["ann"] = Say.code(45065, "clientmsgid exist", msg_id=77)

    assert bulk.send_all(jobs("ann")) == [Outcome(0, "77")]


def test_a_token_that_dies_in_the_middle_is_fetched_once_for_all(crowd, bulk):
    bulk.send_all(jobs("ann"))
    crowd.rotate()
    outcomes = bulk.send_all(jobs(*(f"o{number}" for number in range(60))))

    assert [outcome.error for outcome in outcomes] == [None] * 60
    assert crowd.fetches == [False, False]


@pytest.mark.parametrize(
    ("said", "kind"),
    [(Say.code(45009, "reach max api daily quota limit"), QuotaSpent), (Say.code(48001, "no right"), Misconfigured)],
)
def test_what_would_meet_everyone_ends_the_batch_and_the_rest_stay_unsent(crowd, bulk, said, kind):
    names = [f"o{number}" for number in range(200)]
    crowd.says = dict.fromkeys(names, said)
    outcomes = bulk.send_all(jobs(*names))

    assert {type(outcome.error) for outcome in outcomes} == {kind}
    assert len(outcomes) == 200
    assert len(crowd.calls) <= 2 * 16


SPENT = Say.code(45009, "reach max api daily quota limit")


def asked(crowd, left):
    """A bulk client for which the platform says this of the day's calls, and the paths that it was asked about."""
    paths = []

    def quota(path):
        paths.append(path)
        if isinstance(left, WeChatError):
            raise left
        return left

    account = an_account(crowd.address)
    return Bulk(account, Tokens(stable_token(account), Shelf(), lambda: datetime.now(UTC)), quota=quota), paths


def refused(crowd, left):
    names = [f"o{number}" for number in range(40)]
    crowd.says = dict.fromkeys(names, SPENT)
    bulk, paths = asked(crowd, left)
    outcomes = bulk.send_all(jobs(*names))
    bulk.close()
    assert paths == ["/cgi-bin/message/custom/send"], "the platform is asked once for all who were refused"
    return outcomes


def test_a_days_calls_that_are_spent_are_told_with_how_many_they_were(crowd):
    outcomes = refused(crowd, Quota(100_000, 100_000, 0))

    assert {(type(each.error), each.error.used, each.error.allowed, each.error.is_sure) for each in outcomes} == {
        (QuotaSpent, 100_000, 100_000, True)
    }


@pytest.mark.parametrize(
    ("left", "seconds"), [(Quota(100_000, 700, 99_300), 60), (Quota(100_000, 700, 99_300, 600, 30), 30)]
)
def test_where_calls_are_left_it_was_only_too_fast(crowd, left, seconds):
    outcomes = refused(crowd, left)

    assert {(type(each.error), each.error.errcode, each.error.after_seconds) for each in outcomes} == {
        (Retryable, 45009, seconds)
    }


@pytest.mark.parametrize("said", [Retryable(-1, "system error"), QuotaSpent(45009, "spent too"), Misconfigured(48001)])
def test_where_the_platform_does_not_say_what_is_left_it_is_not_sure(crowd, said):
    outcomes = refused(crowd, said)

    assert {(type(each.error), each.error.allowed, each.error.is_sure) for each in outcomes} == {(QuotaSpent, 0, False)}


def test_a_token_that_dies_is_fetched_once_for_batches_beside_each_other(crowd):
    async def both() -> list[Outcome]:
        async with a_bulk(crowd.address) as bulk:

            async def batch(name: str) -> list[Outcome]:
                return [each async for each in bulk.send(jobs(*(f"{name}{number}" for number in range(30))))]

            await batch("first")
            crowd.rotate()
            return [each for some in await asyncio.gather(*map(batch, "abcd")) for each in some]

    assert [each.error for each in asyncio.run(both())] == [None] * 120
    assert crowd.fetches == [False, False]


def test_a_token_that_stays_refused_ends_the_batch(crowd, bulk):
    crowd.refuses_everything = True
    outcomes = bulk.send_all(jobs(*(f"o{number}" for number in range(200))))

    assert {type(outcome.error) for outcome in outcomes} == {StaleToken}
    assert len(crowd.calls) <= 3 * 16
    assert len(crowd.fetches) == 2


def test_without_a_token_nothing_is_sent_and_it_is_asked_for_once(crowd, bulk):
    crowd.fetch_script.append(Say.code(40125, "invalid appsecret"))
    outcomes = bulk.send_all(jobs(*(f"o{number}" for number in range(50))))

    assert {type(outcome.error) for outcome in outcomes} == {Misconfigured}
    assert (crowd.calls, crowd.fetches) == ([], [False])


def test_a_platform_that_is_away_was_told_nothing():
    with serving() as gone:
        account = an_account(gone.address)
        tokens = Tokens(stable_token(account), Shelf(), lambda: datetime.now(UTC))
        tokens.get()
    bulk = Bulk(account, tokens)
    outcomes = bulk.send_all(jobs("ann", "bob"))
    bulk.close()

    assert {type(outcome.error) for outcome in outcomes} == {Retryable}


def test_the_proxy_of_the_environment_is_taken_for_tokens_and_sends(crowd, monkeypatch):
    monkeypatch.setenv("http_proxy", crowd.address)
    monkeypatch.setenv("no_proxy", "")
    bulk = a_bulk("http://platform.invalid")
    outcomes = bulk.send_all(jobs("ann"))
    bulk.close()

    assert outcomes == [Outcome(0)]
    assert (len(crowd.calls), crowd.fetches) == (1, [False])
    assert crowd.calls[0].headers["host"] == "platform.invalid"


def test_in_an_event_loop_each_outcome_is_told_as_soon_as_it_is_known(crowd):
    crowd.says["slow"] = Say(after_seconds=0.3)

    async def told() -> list[object]:
        async with a_bulk(crowd.address) as bulk:
            return [outcome.id async for outcome in bulk.send(jobs("slow", "ann", "bob"))]

    assert asyncio.run(told())[-1] == 0


def test_no_outcome_shows_a_token_or_an_openid(crowd, bulk):
    crowd.says["ann"] = Say.code(40003, "invalid openid ann of token-1 rid: 1-2-3")
    outcome = bulk.send_all(jobs("ann"))[0]

    assert "ann" not in repr(outcome) + str(outcome.error)
    assert "token-1" not in repr(outcome)
    assert "ann" not in repr(jobs("ann"))
