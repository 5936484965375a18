"""A run is stopped for good, and what was wrong is put right with exactly those who heard it."""

from datetime import time, timedelta

import pytest

from content import library
from scheduler import reasons
from scheduler.correcting import Uncorrectable, Why
from scheduler.manners import Manners, QuietHours
from scheduler.naming import NoSuchBroadcast, OnlyByHand
from storage.deliveries import settle
from storage.group_posts import PostState
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, RUN, ZONE, Stage, write_pack

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WORDS = "“今天的要闻”里的日期应为 11 月 25 日。"
FIXED = f"{RUN}-corrected"
FIX = f"""
key = "fix"
title = "更正"
corrects = "{RUN}"
channels = ["customer_service", "next_visit"]
template = "reminder.j2"
"""
STOPPED = (RunState.DONE, reasons.CANCELLED)
WRONG = (RunState.DONE, reasons.CORRECTED)


@pytest.fixture
def stage(db, tmp_path):
    return Stage(db, write_pack(tmp_path / "pack"))


def with_pack(db, tmp_path, *broadcasts, **more):
    return Stage(db, write_pack(tmp_path / "pack", broadcasts=broadcasts), **more)


def begins(stage, key=RUN):
    stage.desk.send("daily-digest", stage.now)
    return stage.store.run(key)


def state(stage, key=RUN):
    run = stage.store.run(key)
    return run.state, run.reason


def goes_out(stage, key):
    """Let the workers end a run."""
    while stage.store.run(key).state is RunState.SENDING:
        stage.work(key)


def row(stage, who, key=RUN):
    found = stage.rows(stage.store.run(key)).get(who.person)
    return found and (found.state, found.error)


def heard(stage, who, openid, words):
    """How often somebody has read these words, in the chat or as a line of their visit."""
    return sum(words in str(each) for each in [*stage.wechat.shown_to(openid), *stage.kept_for(who)])


def corrects(stage, words=WORDS, **more):
    return stage.desk.correct(RUN, words, now=stage.now, **more)


# -- stopped for good --------------------------------------------------------------------------------------------


def test_a_run_that_is_cancelled_says_nothing_more_and_is_never_gone_on_with(stage):
    readers = [stage.reader(f"o-{n}", window=True) for n in range(4)]
    run = begins(stage)
    (parcel,) = stage.take(run, room=1)
    cancelled = stage.desk.cancel(RUN, now=stage.now)
    in_flight = state(stage), stage.states(run)
    stage.take(run, settle(parcel, State.SENT), room=0)
    stage.desk.sweep(stage.pass_time(minutes=1))
    ended = state(stage), stage.states(run)

    assert (cancelled, stage.desk.resume(RUN, now=stage.now), stage.desk.pause(RUN)) == (True, False, False)
    assert in_flight == ((RunState.STOPPING, reasons.CANCELLED), {"in_hand": 1, "failed": 3})
    assert ended == (STOPPED, {"sent": 1, "failed": 3})
    assert {row(stage, who) for who in readers} == {("sent", ""), ("failed", "cancelled")}
    assert stage.desk.cancel(RUN, now=stage.now) is False
    stage.work(RUN)
    assert stage.states(run) == ended[1]


def test_what_comes_back_due_of_a_cancelled_run_is_dropped_too(stage):
    stage.reader("o-1", window=True)
    run = begins(stage)
    (parcel,) = stage.take(run, room=1)
    stage.desk.cancel(RUN, now=stage.now)
    stage.take(run, settle(parcel, State.DUE, error="45011", wake_at=stage.now), room=0)
    stage.desk.sweep(stage.pass_time(minutes=1))

    assert (state(stage), stage.states(run)) == (STOPPED, {"failed": 1})


def test_a_line_that_nobody_has_read_is_taken_back_and_one_that_was_read_stays(stage):
    quiet, spoke = stage.reader("o-quiet"), stage.reader("o-spoke")
    begins(stage)
    goes_out(stage, RUN)
    assert "今天的要闻" in stage.kept_for(spoke)[0]

    assert stage.desk.cancel(RUN, now=stage.now) is True
    assert (row(stage, quiet), row(stage, spoke)) == (("failed", "cancelled"), ("sent", ""))
    assert stage.kept_for(quiet) == []
    assert stage.people.take_lines(spoke.person, message="m", now=stage.now) != []  # a repeat of that answer
    assert stage.desk.cancel(RUN, now=stage.now) is False


def test_a_run_cancelled_before_its_time_has_said_nothing_and_the_next_one_does(stage):
    stage.reader("o-1", window=True)
    stage.now = NOON.replace(hour=7)
    stage.desk.plan("daily-digest", stage.now)
    stage.desk.cancel(RUN, now=stage.now)
    stage.now = NOON
    stage.desk.sweep(stage.now)
    stopped = state(stage), stage.states(stage.store.run(RUN))
    stage.desk.sweep(stage.pass_time(days=1))

    assert stopped == ((RunState.DONE, reasons.CALLED_OFF), {"failed": 1})
    assert "今天的要闻" in stage.store.run("daily-digest:2026-11-24").content.text


def test_who_sends_what_was_cancelled_sends_a_run_of_its_own(stage):
    stage.reader("o-1", window=True)
    begins(stage)
    stage.desk.cancel(RUN, now=stage.now)
    keys = []
    for _ in range(2):
        keys.append(stage.desk.send_now("daily-digest", now=stage.now).key)
        stage.desk.cancel(keys[-1], now=stage.now)

    assert keys == [f"{RUN}-by-hand", f"{RUN}-by-hand-2"]
    assert state(stage) == STOPPED


def test_nobody_is_planned_of_a_run_that_is_cancelled_meanwhile(stage):
    stage.reader("o-1", window=True)
    fill = stage.planner.fill

    def slowly(run, *, now):
        stage.desk.cancel(run.key, now=now)
        fill(run, now=now)

    stage.planner.fill = slowly
    run = begins(stage)

    assert state(stage) == (RunState.DONE, reasons.CALLED_OFF)
    assert stage.states(run) == {}


def test_a_group_that_was_not_told_is_not_told_any_more(stage):
    run = stage.run(state=RunState.SENDING, groups=("甲群", "乙群"))
    stage.store.posts.add(run.key, run.content.groups, now=NOON)
    post = stage.store.posts.take(run.key, "甲群", batch="b", paces=[], now=NOON, lost_at=NOON + MINUTE)
    stage.desk.cancel(run.key, now=NOON)
    flying = state(stage)[0]
    stage.desk.sweep(NOON + MINUTE)

    assert post is not None
    assert flying is RunState.STOPPING
    assert state(stage) == STOPPED
    assert {each.name: (each.state, each.reason) for each in stage.store.posts.of(run.key)} == {
        "甲群": (PostState.UNSURE, stage.store.posts.of(run.key)[1].reason),
        "乙群": (PostState.FAILED, reasons.CANCELLED),
    }


# -- put right ---------------------------------------------------------------------------------------------------


def test_a_correction_reaches_exactly_those_who_heard_what_was_wrong(stage):
    """Each way that a delivery can stand when the mistake is found."""
    got, unsure, flying, waits, failed, gone = [
        stage.reader(f"o-{name}", window=True) for name in ("got", "unsure", "flying", "waits", "failed", "gone")
    ]
    unread, read = stage.reader("o-unread"), stage.reader("o-read")
    left, bored = stage.reader("o-left", window=True), stage.reader("o-bored", window=True)
    run = begins(stage)
    by_person = {each.person: each for each in stage.take(run, room=20)}
    ends = {got: State.SENT, unsure: State.UNSURE, failed: State.FAILED, gone: State.GONE, left: State.SENT}
    ends |= {bored: State.SENT, waits: State.DUE}
    stage.take(run, *(settle(by_person[who.person], end) for who, end in ends.items()), room=0)
    kept = [by_person[who.person] for who in (unread, read)]
    stage.hands.keep_lines(kept, run=run, batch="b1", expires_at=NOON + DAY, now=NOON)
    stage.kept_for(read)
    stage.leave("o-left")
    stage.subscribers.drop(bored.person, ("yaowen",))
    late = stage.reader("o-late", window=True)

    first = corrects(stage)
    assert (first.key, first.state, first.reason) == (FIXED, RunState.PLANNED, reasons.STOPS_FIRST)
    assert state(stage) == (RunState.STOPPING, reasons.CORRECTED)
    stage.take(run, settle(by_person[flying.person], State.SENT), room=0)
    stage.desk.sweep(stage.pass_time(minutes=1))

    assert state(stage) == WRONG
    assert set(stage.rows(first)) == {each.person for each in (got, unsure, flying, read)}
    assert row(stage, unread) == row(stage, waits) == ("failed", "cancelled")
    goes_out(stage, FIXED)
    for who, openid in ((got, "o-got"), (unsure, "o-unsure"), (flying, "o-flying"), (read, "o-read")):
        assert heard(stage, who, openid, WORDS) == 1, openid
    for who, openid in ((waits, "o-waits"), (unread, "o-unread"), (late, "o-late"), (gone, "o-gone")):
        assert heard(stage, who, openid, WORDS) == heard(stage, who, openid, "今天的要闻") == 0, openid


def test_a_correction_is_said_once_however_often_it_is_asked_for(stage):
    reader = stage.reader("o-1", window=True)
    begins(stage)
    goes_out(stage, RUN)
    for _ in range(2):
        corrects(stage)
        goes_out(stage, FIXED)
    other = corrects(stage, "还有一处。")
    goes_out(stage, other.key)

    assert other.key == f"{FIXED}-2"
    assert [heard(stage, reader, "o-1", words) for words in (WORDS, "还有一处。")] == [1, 1]


def test_nobody_new_hears_what_was_wrong_once_it_is_put_right(stage):
    stage.reader("o-1", window=True)
    begins(stage)
    goes_out(stage, RUN)
    corrects(stage)
    stage.reader("o-2", window=True)
    again = stage.desk.send_now("daily-digest", now=stage.now)

    assert again.key == f"{RUN}-by-hand"
    assert len(stage.rows(stage.store.run(RUN))) == 1


@pytest.mark.parametrize(
    ("given", "why"), [("unbegun", Why.UNBEGUN), ("unheard", Why.UNHEARD), ("empty", Why.NO_WORDS)]
)
def test_what_nobody_heard_needs_no_correction(stage, given, why):
    stage.reader("o-1", window=True)
    if given == "unbegun":
        stage.now = NOON.replace(hour=7)
        stage.desk.plan("daily-digest", stage.now)
    else:
        begins(stage)
    before = state(stage)
    if given == "empty":
        goes_out(stage, RUN)
        before = state(stage)

    with pytest.raises(Uncorrectable) as refused:
        corrects(stage, " " if given == "empty" else WORDS)

    assert (refused.value.why, state(stage), stage.store.run(FIXED)) == (why, before, None)


def test_a_correction_is_not_held_back_by_a_cap_but_by_the_night(db, tmp_path):
    manners = Manners(zone=ZONE, quiet_from=time(22), quiet_until=time(7), a_day=1)
    stage = with_pack(db, tmp_path, DAILY, manners=manners)
    reader = stage.reader("o-1", window=True)
    begins(stage)
    goes_out(stage, RUN)
    stage.now = NOON.replace(hour=23)
    with pytest.raises(QuietHours):
        corrects(stage)
    assert stage.store.run(RUN).reason == ""  # nothing was stopped either
    stage.now = NOON.replace(hour=20)
    corrects(stage)

    assert [each.channel for each in stage.rows(stage.store.run(FIXED)).values()] == ["customer_service"]
    goes_out(stage, FIXED)
    assert heard(stage, reader, "o-1", WORDS) == 1


def test_two_must_agree_to_a_correction_where_two_had_to_agree_and_what_is_wrong_stops_at_once(db, tmp_path):
    stage = with_pack(db, tmp_path, "four_eyes = true" + DAILY)
    for n in range(2):
        stage.reader(f"o-{n}", window=True)
    stage.desk.sweep(stage.now)
    for admin in "甲乙":
        stage.desk.approve(RUN, by=admin, content=stage.store.run(RUN).content, now=stage.now)
    run = stage.store.run(RUN)
    (parcel,) = stage.take(run, room=1)
    stage.take(run, settle(parcel, State.SENT), room=0)
    asked = corrects(stage, by="甲")
    stage.desk.approve(FIXED, by="甲", content=asked.content, now=stage.now)
    one = state(stage, FIXED)
    stage.desk.approve(FIXED, by="乙", content=asked.content, now=stage.now)

    assert (asked.reason, one) == (reasons.AWAITS.format(left=1), (RunState.PLANNED, reasons.AWAITS.format(left=1)))
    assert state(stage) == WRONG
    assert state(stage, FIXED)[0] is RunState.SENDING
    assert set(stage.rows(asked)) == {parcel.person}


def test_a_group_hears_the_correction_where_it_heard_what_was_wrong(stage):
    reader = stage.reader("o-1")
    run = stage.run(state=RunState.SENDING, channels=("next_visit",), groups=("甲群", "乙群", "丙群"))
    stage.deliver(run, reader, channel="next_visit")
    stage.store.posts.add(run.key, run.content.groups, now=NOON)
    for name, end in (("甲群", PostState.SENT), ("乙群", PostState.FAILED)):
        post = stage.store.posts.take(run.key, name, batch="b", paces=[], now=NOON, lost_at=NOON + MINUTE)
        stage.store.posts.settle(run.key, replace_state(post, end), batch="b", now=NOON)
    asked = corrects(stage)

    assert [post.name for post in stage.store.posts.of(asked.key)] == ["甲群"]
    assert WORDS in asked.content.group_text
    assert stage.rows(asked) == {}  # the one person had not heard it yet


def replace_state(post, state):
    return type(post)(name=post.name, state=state, attempts=post.attempts)


def test_a_line_that_grew_old_unread_was_not_heard(stage):
    came_late, never_came = stage.reader("o-late"), stage.reader("o-never")
    begins(stage)
    goes_out(stage, RUN)
    stage.pass_time(days=8)
    said = stage.kept_for(came_late)
    asked = corrects(stage)

    assert said == []
    assert (row(stage, came_late), row(stage, never_came)) == (("gone", "unread"), ("failed", "cancelled"))
    assert stage.rows(asked) == {}


# -- in a file ---------------------------------------------------------------------------------------------------


def test_a_file_corrects_a_run_by_hand_once(db, tmp_path):
    stage = with_pack(db, tmp_path, DAILY, FIX)
    heard_it, other = stage.reader("o-1", window=True), stage.reader("o-2", "zhengce", window=True)
    begins(stage)
    goes_out(stage, RUN)
    ahead = stage.desk.forecast("fix", stage.now, at_once=True)
    keys = {stage.desk.send_now("fix", now=stage.now + n * DAY).key for n in range(2)}
    goes_out(stage, "fix:by-hand")

    assert dict(ahead.channels) == {"customer_service": 1}
    assert keys == {"fix:by-hand"}
    assert (heard(stage, heard_it, "o-1", "五道题准备好了"), heard(stage, other, "o-2", "五道题准备好了")) == (1, 0)
    assert state(stage) == WRONG


def test_a_file_is_no_way_around_the_second_admin(db, tmp_path):
    stage = with_pack(db, tmp_path, "four_eyes = true" + DAILY, FIX)
    stage.reader("o-1", window=True)
    stage.desk.sweep(stage.now)
    for admin in "甲乙":
        stage.desk.approve(RUN, by=admin, content=stage.store.run(RUN).content, now=stage.now)
    goes_out(stage, RUN)

    assert stage.desk.send_now("fix", now=stage.now, by="甲").reason == reasons.AWAITS.format(left=1)


def test_a_notice_that_speaks_of_digests_where_there_was_none_says_nothing(db, tmp_path):
    stage = with_pack(db, tmp_path, FIX + 'fields = { thing1 = "{{ digests[0].title }}" }')
    run = stage.run(channels=("customer_service",))
    stage.deliver(run, stage.reader("o-1", window=True))
    (parcel,) = stage.take(run, room=1)
    stage.take(run, settle(parcel, State.SENT), room=0)

    assert stage.desk.forecast("fix", stage.now, at_once=True).content is None


@pytest.mark.parametrize("act", ["plan", "send", "forecast"])
def test_a_correction_without_a_time_waits_for_a_hand(db, tmp_path, act):
    stage = with_pack(db, tmp_path, DAILY, FIX)
    stage.reader("o-1", window=True)
    begins(stage)

    with pytest.raises(OnlyByHand):
        getattr(stage.desk, act)("fix", stage.now)
    stage.desk.sweep(stage.now)
    assert [run.key for run in stage.store.runs()] == [RUN]


def test_a_file_with_a_time_corrects_by_itself_and_a_hand_before_it_does_so_instead(db, tmp_path):
    at_one = FIX + f'at = "{(NOON + 60 * MINUTE).isoformat()}"'
    stage = with_pack(db, tmp_path, DAILY, at_one)
    reader = stage.reader("o-1", window=True)
    begins(stage)
    goes_out(stage, RUN)
    early = stage.desk.send_now("fix", now=stage.now)
    goes_out(stage, early.key)
    stage.now = NOON + 61 * MINUTE
    stage.desk.sweep(stage.now)
    goes_out(stage, early.key)

    assert [run.key for run in stage.store.runs(broadcast="fix")] == ["fix:2026-11-23"]
    assert heard(stage, reader, "o-1", "五道题准备好了") == 1


def test_a_file_that_corrects_what_never_went_out_bothers_nobody(db, tmp_path):
    at_noon = FIX + f'at = "{NOON.isoformat()}"'
    stage = with_pack(db, tmp_path, at_noon)
    stage.reader("o-1", window=True)
    stage.desk.sweep(stage.now)

    assert state(stage, "fix:2026-11-23") == (RunState.DONE, reasons.NOBODY_HEARD)
    with pytest.raises(Uncorrectable):
        stage.desk.send_now("fix", now=stage.now)


def test_a_digest_that_was_mended_is_told_as_it_reads_now(db, tmp_path):
    stage = with_pack(db, tmp_path, DAILY, FIX.replace("reminder", "daily"))
    stage.reader("o-1", window=True)
    begins(stage)
    goes_out(stage, RUN)
    mended = {"a": ("改好的要闻", "yaowen", "2026-11-23T08:00:00+08:00")}
    write_pack(tmp_path / "pack", broadcasts=[DAILY, FIX.replace("reminder", "daily")], digests=mended)
    stage.library = library.load(tmp_path / "pack", zone=ZONE)
    run = stage.desk.send_now("fix", now=stage.now)

    assert (run.content.digests, "改好的要闻" in run.content.text) == (("a",), True)


def test_what_was_chosen_by_deeds_stays_uncounted_when_it_is_put_right(db, tmp_path):
    stage = with_pack(db, tmp_path, DAILY, FIX)
    reader = stage.reader("o-1", window=True)
    stage.people.rename(reader.person, name="王示例", verified=True)
    run = stage.run(where={"answered": 86400}, channels=("customer_service",))
    stage.deliver(run, reader)
    (parcel,) = stage.take(run, room=1)
    stage.take(run, settle(parcel, State.SENT), room=0)
    by_file = stage.desk.forecast("fix", stage.now, at_once=True)
    in_words = stage.desk.forecast_of_correction(RUN, WORDS, stage.now)

    for ahead in (by_file, in_words):
        assert (ahead.few, dict(ahead.channels), ahead.sample) == (True, {}, ())
    assert state(stage)[0] is RunState.SENDING  # looking ahead stops nothing


def test_no_run_no_correction(stage):
    with pytest.raises(NoSuchBroadcast):
        corrects(stage)
