"""Each message is worked on once, and its repeats get the same reply."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from storage import inbox as inbox_module
from storage.inbox import LEASE_MS, REPLY_MS, Done, Fresh, Inbox, InFlight
from storage.redis import Gone, connect
from storage.sealing import Keys

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def inbox(redis, keys):
    """An inbox where another member's turn is at work."""
    made = Inbox(redis, keys)
    begin(made, "noise", openid="o-noise")
    return made


def begin(inbox, message, *, openid="o-1", account="official", now=NOON):
    return inbox.begin(account=account, openid=openid, message=message, now=now)


def finish(inbox, turn, *, reply=b"<xml/>", talk=None, seconds=60, note=b"", now=NOON):
    return inbox.finish(turn, reply=reply, talk=talk, talk_seconds=seconds, note=note, now=now)


def test_a_new_message_is_fresh_and_knows_nothing_of_before(inbox):
    turn = begin(inbox, "m1")

    assert isinstance(turn, Fresh)
    assert turn.talk is None


def test_a_repeat_while_it_is_worked_on_waits(inbox):
    begin(inbox, "m1")

    assert begin(inbox, "m1") == InFlight(other=False)


def test_another_message_of_the_same_member_waits_for_the_first(inbox):
    begin(inbox, "m1")

    assert begin(inbox, "m2") == InFlight(other=True)
    assert isinstance(begin(inbox, "m2", openid="o-2"), Fresh)


def test_a_repeat_after_it_was_answered_gets_the_same_reply(inbox):
    finish(inbox, begin(inbox, "m1"), reply=b"<xml>the reply</xml>")

    assert begin(inbox, "m1") == Done(b"<xml>the reply</xml>")


def test_an_answer_frees_the_member_for_the_next_message(inbox):
    finish(inbox, begin(inbox, "m1"))

    assert isinstance(begin(inbox, "m2"), Fresh)


def test_the_same_number_on_another_account_is_another_message(inbox):
    finish(inbox, begin(inbox, "m1"))

    assert isinstance(begin(inbox, "m1", account="mini"), Fresh)


def test_what_a_turn_leaves_is_there_for_the_next_and_gone_when_it_leaves_nothing(inbox):
    finish(inbox, begin(inbox, "m1"), talk=b"half said")
    second = begin(inbox, "m2")
    finish(inbox, second, talk=None)

    assert second.talk == b"half said"
    assert begin(inbox, "m3").talk is None


def test_a_draft_lies_beside_the_talk_and_has_a_time_of_its_own(inbox, redis):
    first = begin(inbox, "m1")
    inbox.finish(first, reply=b"x", talk=b"t", talk_seconds=86400, draft=b"words", draft_seconds=60, note=b"", now=NOON)
    second = begin(inbox, "m2")
    (talk,), (draft,) = redis.keys("zhibu:talk:*"), redis.keys("zhibu:draft:*")

    assert (second.talk, second.draft) == (b"t", b"words")
    assert redis.ttl(draft) <= 60 < redis.ttl(talk)
    assert b"words" not in redis.get(draft)
    finish(inbox, second, talk=b"t")
    assert begin(inbox, "m3").draft is None


def test_many_at_once_begin_one_turn(inbox):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: begin(inbox, "m1"), range(16)))

    assert sum(isinstance(turn, Fresh) for turn in found) == 1


def test_a_turn_whose_lease_ran_out_neither_answers_nor_talks(inbox, redis):
    late = begin(inbox, "m1")
    redis.delete(*redis.keys("zhibu:busy:*"), *redis.keys("zhibu:turn:*"))
    quick = begin(inbox, "m1")
    finish(inbox, quick, reply=b"<xml>quick</xml>", talk=b"quick")

    assert finish(inbox, late, reply=b"<xml>late</xml>", talk=b"late") is False
    assert begin(inbox, "m1") == Done(b"<xml>quick</xml>")
    assert begin(inbox, "m2").talk == b"quick"


def test_leases_replies_and_talks_end_by_themselves(inbox, redis):
    begin(inbox, "m0", openid="o-2")
    busy = [redis.pttl(key) for key in redis.keys("zhibu:busy:*")]
    finish(inbox, begin(inbox, "m1"), talk=b"t", seconds=600, note=b"n")

    assert all(0 < left <= LEASE_MS for left in busy)
    assert max(redis.pttl(key) for key in redis.keys("zhibu:turn:*")) <= REPLY_MS
    assert [0 < redis.pttl(key) <= 600_000 for key in redis.keys("zhibu:talk:*")] == [True]
    assert all(redis.ttl(key) > 0 for key in redis.keys("*"))


def test_a_talk_of_the_day_before_yesterday_cannot_be_opened(inbox):
    finish(inbox, begin(inbox, "m1"), talk=b"old", seconds=10**6)

    assert begin(inbox, "m2", now=NOON + timedelta(days=2)).talk is None


def test_nobody_with_another_secret_reads_a_talk_and_nothing_breaks(inbox, redis):
    finish(inbox, begin(inbox, "m1"), talk=b"half said")
    raw = {key: redis.dump(key) for key in redis.keys("*")}

    assert all(b"half said" not in value and b"o-1" not in key + value for key, value in raw.items())
    assert begin(Inbox(redis, Keys("another secret of the tests")), "m2").talk is None


def test_a_talk_put_under_another_members_key_is_not_taken_for_theirs(inbox, redis):
    finish(inbox, begin(inbox, "m1"), talk=b"half said")
    finish(inbox, begin(inbox, "m2", openid="o-2"), talk=b"another's")
    mine, theirs = redis.keys("zhibu:talk:*")
    redis.set(theirs, redis.get(mine))

    found = {begin(inbox, "m3").talk, begin(inbox, "m4", openid="o-2").talk}

    assert None in found
    assert len(found) == 2


def test_notes_are_taken_once_and_the_newest_of_a_member_counts(inbox):
    for number, openid in enumerate(("o-1", "o-2", "o-1")):
        finish(inbox, begin(inbox, f"m{number}", openid=openid), note=f"{openid} {number}".encode())

    assert sorted(inbox.take_notes(now=NOON)) == [b"o-1 2", b"o-2 1"]
    assert inbox.take_notes(now=NOON) == []


@pytest.mark.quiet
def test_redis_that_is_away_is_said_at_once(keys):
    away = Inbox(connect("redis://127.0.0.1:1"), keys)
    began = time.monotonic()

    with pytest.raises(Gone):
        begin(away, "m1")
    assert time.monotonic() - began < 1


@pytest.mark.quiet  # Redis counts what everybody asks it
def test_beginning_and_ending_are_one_round_trip_each(inbox, redis):
    redis.config_resetstat()
    finish(inbox, begin(inbox, "m1"), talk=b"t", note=b"n")
    calls = redis.info("commandstats")

    assert calls["cmdstat_evalsha"]["calls"] == 2
    assert inbox_module.LEASE_MS <= 5_000  # the platform hangs up after five seconds
