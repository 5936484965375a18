"""The desk: planned once, sent once, and looked after."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from content import library
from scheduler import reasons
from scheduler.naming import NoSuchBroadcast
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, REMINDER, RUN, TEMPLATE, ZONE, Stage, write_pack

MORNING = NOON.replace(hour=8, minute=30)
DAY = timedelta(days=1)
BY_HAND = f"{RUN}-by-hand"


def stage_with(db, folder, **pack):
    return Stage(db, write_pack(folder, **pack))


@dataclass
class News:
    """A stage with readers, whose pack gets news while its desk is at work."""

    stage: Stage
    folder: Path

    def saves(self, title, publish_at):
        """Write a digest for a moment, which may be over."""
        write_pack(self.folder, digests={title: (title, "yaowen", publish_at.isoformat())})
        self.stage.library = library.load(self.folder, zone=ZONE)

    def said(self, run):
        """The titles in a run's words; () for a run that wasn't sent."""
        status = self.stage.desk.status(run)
        return () if status.run.reason else tuple(sorted(status.run.content.text.split("\n")[1:]))


@pytest.fixture
def news(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", digests={})
    stage.reader("o-1")
    return News(stage, tmp_path / "pack")


# -- what is new ---------------------------------------------------------------------------------------------------


def test_news_saved_after_its_hour_goes_out_with_the_next_push(news):
    news.saves("早", MORNING - timedelta(minutes=30))
    news.stage.desk.sweep(MORNING)
    news.saves("晚", MORNING - timedelta(minutes=30))

    for days in (1, 2):
        news.stage.desk.sweep(MORNING + days * DAY)

    runs = [RUN, "daily-digest:2026-11-24", "daily-digest:2026-11-25"]
    assert [news.said(run) for run in runs] == [("早",), ("晚",), ()]


@pytest.mark.parametrize("before", [(), ("一",)], ids=["nothing new", "something new"])
def test_news_that_comes_after_the_plan_goes_out_with_it(news, before):
    for title in before:
        news.saves(title, MORNING - timedelta(hours=2))
    planned = news.stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    news.saves("二", MORNING - timedelta(minutes=30))

    news.stage.desk.sweep(MORNING)

    assert planned.state is RunState.PLANNED
    assert news.said(RUN) == (*before, "二")
    assert news.stage.desk.status(RUN).people == 1


def test_what_is_sent_by_hand_before_its_time_leaves_the_rest_to_the_push(news):
    news.saves("一", MORNING - timedelta(hours=2))

    early = news.stage.desk.send_now("daily-digest", now=MORNING - timedelta(hours=1))
    news.saves("二", MORNING - timedelta(minutes=30))
    news.stage.desk.sweep(MORNING)

    assert early.key == BY_HAND
    assert (news.said(BY_HAND), news.said(RUN)) == (("一",), ("二",))


def test_what_is_sent_by_hand_is_sent_once_a_day(news):
    news.saves("一", MORNING - timedelta(hours=2))

    runs = {news.stage.desk.send_now("daily-digest", now=MORNING - timedelta(minutes=n)).key for n in (60, 50, 40)}

    assert runs == {BY_HAND}
    assert news.stage.desk.send(BY_HAND, MORNING, at_once=True).key == BY_HAND


def test_a_planned_run_whose_news_was_sent_by_hand_bothers_nobody(news):
    news.saves("一", MORNING - timedelta(hours=2))
    news.stage.desk.plan("daily-digest", MORNING - timedelta(minutes=90))
    news.stage.desk.send_now("daily-digest", now=MORNING - timedelta(hours=1))

    news.stage.desk.sweep(MORNING)

    status = news.stage.desk.status(RUN)
    assert (status.run.state, status.run.reason, status.people) == (RunState.DONE, reasons.NOTHING_NEW, 0)


def test_a_run_by_hand_with_old_news_goes_on_after_a_kill(news):
    news.saves("旧", MORNING - 5 * DAY)
    run = news.stage.desk.send_now("daily-digest", now=MORNING - timedelta(hours=1))
    news.stage.store.replan(
        run.key, before=RunState.SENDING, content=run.content, expires_at=run.expires_at, now=run.planned_at
    )

    news.stage.desk.sweep(MORNING - timedelta(minutes=59))

    assert news.stage.desk.status(run.key).run.state is RunState.SENDING
    assert news.said(run.key) == ("旧",)


def test_the_first_runs_say_nothing_from_before_the_first_period(news):
    news.saves("旧", MORNING - DAY)
    news.saves("新", MORNING - timedelta(hours=23))

    for days in (0, 1):
        news.stage.desk.sweep(MORNING + days * DAY)

    assert [news.said(run) for run in (RUN, "daily-digest:2026-11-24")] == [("新",), ()]


def test_news_of_a_month_ago_is_no_news(news):
    news.stage.desk.sweep(MORNING - 40 * DAY)
    news.saves("旧", MORNING - 31 * DAY)
    news.saves("新", MORNING - 31 * DAY + timedelta(minutes=1))

    news.stage.desk.sweep(MORNING)

    assert news.said(RUN) == ("新",)


def test_a_push_a_quarter_says_the_news_of_a_quarter(db, tmp_path):
    quarterly = DAILY.replace("30 8 * * *", "30 8 1 1,4,7,10 *")
    october = {"a": ("十月", "yaowen", "2026-10-09T08:00:00+08:00")}
    stage = stage_with(db, tmp_path / "pack", broadcasts=[quarterly], digests=october)
    for year, month in ((2026, 10), (2027, 1)):
        stage.desk.sweep(MORNING.replace(year=year, month=month, day=1))

    assert stage.desk.status("daily-digest:2027-01-01").run.content.digests == ("a",)


@pytest.mark.parametrize("held", [False, True])
def test_the_news_of_a_run_that_never_began_goes_out_with_the_next(news, held):
    news.saves("一", MORNING - timedelta(hours=2))
    news.stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    if held:
        news.stage.desk.pause(RUN)

    news.stage.desk.sweep(MORNING + DAY)

    assert [news.said(run) for run in (RUN, "daily-digest:2026-11-24")] == [(), ("一",)]


def test_a_run_that_was_held_says_what_is_new_when_it_is_resumed(news):
    news.stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    news.stage.desk.pause(RUN)
    news.saves("一", MORNING - timedelta(minutes=30))
    news.stage.desk.sweep(MORNING)

    news.stage.desk.resume(RUN, now=MORNING + timedelta(minutes=1))

    assert news.said(RUN) == ("一",)
    assert news.stage.desk.status(RUN).run.state is RunState.SENDING


# -- planning ------------------------------------------------------------------------------------------------------


def test_planning_three_times_plans_once(stage):
    stage.reader("o-1")

    runs = {stage.desk.plan(key, NOON + timedelta(minutes=n)).key for n, key in enumerate(["daily-digest", RUN, RUN])}

    assert runs == {RUN}
    assert stage.desk.status(RUN).people == 1
    assert stage.woken == []


def test_what_is_planned_for_later_is_not_sent_before_its_time(stage):
    early = MORNING - timedelta(hours=1)
    stage.reader("o-1")

    run = stage.desk.send("daily-digest", early)
    stage.desk.sweep(MORNING - timedelta(seconds=1))

    assert (run.state, run.due_at) == (RunState.PLANNED, MORNING)
    assert stage.woken == []

    stage.desk.sweep(MORNING)

    assert stage.woken == [RUN]


def test_a_day_with_nothing_new_bothers_nobody_and_says_so(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", digests={"old": ("旧闻", "yaowen", "2026-11-20T08:00:00+08:00")})
    stage.reader("o-1")

    run = stage.desk.send("daily-digest", NOON)

    assert (run.state, run.reason) == (RunState.DONE, reasons.NOTHING_NEW)
    assert stage.desk.status(RUN).people == 0


def test_who_sends_by_hand_gets_the_newest_where_there_is_nothing_new(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", digests={"old": ("旧闻", "yaowen", "2026-11-20T08:00:00+08:00")})
    who = stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)

    stage.desk.send_now("daily-digest", now=NOON)
    stage.work()

    assert "旧闻" in stage.kept_for(who)[0]
    assert stage.desk.status(RUN).run.state is RunState.DONE


def test_a_title_of_any_length_stands_in_a_notice(db, tmp_path):
    title = "关于切实加强基层党组织建设若干问题的补充通知（试行）"
    stage = stage_with(db, tmp_path / "pack", digests={"a": (title, "yaowen", "2026-11-23T08:00:00+08:00")})
    who = stage.reader("o-1", credit=TEMPLATE)

    run = stage.desk.send("daily-digest", NOON)
    stage.work()

    assert run.content.fields["thing1"] == f"{title[:19]}…"
    assert stage.rows(run)[who.person].state == "sent"


def test_a_digest_said_in_one_run_is_not_new_in_the_next(stage):
    stage.desk.send("daily-digest", NOON)

    run = stage.desk.send("daily-digest", NOON + timedelta(days=1))

    assert (run.key, run.reason) == ("daily-digest:2026-11-24", reasons.NOTHING_NEW)


def test_only_subscribers_of_a_topic_with_something_new_are_meant(stage):
    stage.reader("o-1", "yaowen")
    stage.reader("o-2", "zhengce")  # the broadcast's topic too, but today's digest is on another

    stage.desk.plan("daily-digest", NOON)

    assert stage.desk.status(RUN).people == 1


THREE = {f"n{number}": (f"第{number}条", "yaowen", f"2026-11-23T0{number}:00:00+08:00") for number in range(1, 4)}


def stage_of_three(db, folder, template):
    """Three digests of one morning, and a template that doesn't show all of them."""
    write_pack(folder, digests=THREE)
    (folder / "templates" / "daily.j2").write_text(template, "utf-8")
    stage = Stage(db, folder)
    stage.reader("o-1")
    return stage


def sent_by(stage, *mornings):
    """The digests that each morning's run counts as said."""
    for morning in mornings:
        stage.desk.sweep(morning)
        stage.work(f"daily-digest:{morning:%Y-%m-%d}")
    return [run.run.content.digests for run in reversed(stage.desk.runs()) if run.people]


def test_what_a_template_has_no_room_for_is_said_the_next_time(db, tmp_path):
    template = "{% for digest in digests[:2] %}{{ digest.title }}\n{% endfor %}"
    stage = stage_of_three(db, tmp_path / "pack", template)

    assert sent_by(stage, MORNING, MORNING + DAY, MORNING + 2 * DAY) == [("n3", "n2"), ("n1",)]


def test_what_a_template_never_shows_is_not_waited_with(db, tmp_path):
    template = "{% for digest in digests if digest.title != '第2条' %}{{ digest.title }}\n{% endfor %}"
    stage = stage_of_three(db, tmp_path / "pack", template)

    assert sent_by(stage, MORNING, MORNING + DAY) == [("n3", "n2", "n1")]


def test_a_template_that_only_counts_has_said_all_of_them(db, tmp_path):
    stage = stage_of_three(db, tmp_path / "pack", "有 {{ digests | length }} 条新内容")

    assert sent_by(stage, MORNING, MORNING + DAY) == [("n3", "n2", "n1")]


def test_who_hears_only_of_what_had_no_room_is_not_bothered_yet(db, tmp_path):
    folder = write_pack(
        tmp_path / "pack",
        digests={
            "a": ("新的", "yaowen", "2026-11-23T08:00:00+08:00"),
            "b": ("旧的", "zhengce", "2026-11-23T07:00:00+08:00"),
        },
    )
    (folder / "templates" / "daily.j2").write_text("{{ digests[0].title }}", "utf-8")
    stage = Stage(db, folder)

    stage.desk.sweep(MORNING)
    stage.desk.sweep(MORNING + DAY)

    assert [run.run.content.topics for run in reversed(stage.desk.runs())] == [("yaowen",), ("zhengce",)]


def test_a_template_without_digests_is_sent_on_any_of_its_days(stage):
    stage.reader("o-1", "tixing")
    wednesday = NOON.replace(day=25, hour=19)

    stage.desk.sweep(wednesday)

    assert stage.desk.status("reminder").run.key == "reminder:2026-11-25"
    assert stage.desk.status("reminder").people == 1


def test_an_organisation_means_those_below_it_too(db, tmp_path):
    audience = 'topics = ["yaowen"]\norganisations = ["dangwei"]'
    daily = DAILY.replace('topics = ["yaowen", "zhengce"]', audience)
    stage = stage_with(db, tmp_path / "pack", broadcasts=[daily])
    inside = stage.reader("o-1", organisation="zhibu-1")
    stage.reader("o-2")

    stage.desk.plan("daily-digest", NOON)

    assert list(stage.rows(stage.store.run(RUN))) == [inside.person]


def test_everyone_means_everyone(db, tmp_path):
    daily = DAILY.replace('topics = ["yaowen", "zhengce"]', "everyone = true")
    stage = stage_with(db, tmp_path / "pack", broadcasts=[daily])
    people = [stage.reader("o-1"), stage.person("o-2")]

    stage.desk.plan("daily-digest", NOON)

    assert sorted(stage.rows(stage.store.run(RUN))) == sorted(who.person for who in people)


def test_an_edit_of_the_pack_changes_no_run_that_is_planned(stage, tmp_path):
    run = stage.desk.plan("daily-digest", NOON)
    stage.library = library.load(
        write_pack(tmp_path / "new", digests={"b": ("另一条", "yaowen", "2026-11-23T08:10:00+08:00")}), zone=ZONE
    )

    assert stage.desk.plan("daily-digest", NOON).content == run.content


def test_windows_are_brought_up_to_date_before_anybody_is_planned(stage):
    stage.desk.plan("daily-digest", NOON)

    assert stage.flushed == [NOON]


def test_words_that_one_message_cannot_carry_are_cut_and_say_so(db, tmp_path):
    folder = write_pack(tmp_path / "pack")
    (folder / "templates" / "daily.j2").write_text("{{ digests[0].title }}" + "很长的一句话。" * 200, "utf-8")
    stage = Stage(db, folder)

    text = stage.desk.plan("daily-digest", NOON).content.text

    assert len(text.encode()) <= 2048
    assert text.endswith(stage.library.say("push.cut"))


@pytest.mark.parametrize("act", ["plan", "send"])
def test_on_a_day_without_its_time_the_next_one_is_meant(stage, act):
    stage.reader("o-1", "tixing")
    thursday, wednesday = NOON.replace(day=26), NOON.replace(hour=19) + 9 * DAY

    run = getattr(stage.desk, act)("reminder", thursday)
    stage.desk.sweep(thursday + timedelta(minutes=1))

    assert (run.key, run.due_at, run.state) == ("reminder:2026-12-02", wednesday, RunState.PLANNED)
    assert "reminder:2026-12-02" not in stage.woken


def test_on_a_day_without_its_time_it_can_be_sent_by_hand(stage):
    stage.reader("o-1", "tixing")
    thursday = NOON.replace(day=26)

    run = stage.desk.send_now("reminder", now=thursday)
    stage.desk.sweep(NOON.replace(hour=19) + 9 * DAY)

    assert (run.key, run.state) == ("reminder:2026-11-26-by-hand", RunState.SENDING)
    assert stage.desk.status("reminder:2026-12-02").run.state is RunState.SENDING


def test_a_moment_that_is_over_is_not_now(db, tmp_path):
    once = REMINDER.replace('schedule = "0 19 * * wed"', "at = 2026-11-20T19:00:00+08:00")
    stage = stage_with(db, tmp_path / "pack", broadcasts=[once])
    stage.reader("o-1", "tixing")

    run = stage.desk.send("reminder", NOON)

    assert (run.key, run.state, run.reason) == ("reminder:2026-11-20", RunState.DONE, reasons.EXPIRED)
    assert stage.woken == []


@pytest.mark.parametrize("key", ["nobody", "nobody:2026-11-23", "daily-digest:tomorrow", "reminder:2026-11-23"])
def test_an_unknown_key_is_said_to_be_unknown(stage, key):
    with pytest.raises(NoSuchBroadcast):
        stage.desk.plan(key, NOON)


def test_a_broadcast_with_several_times_a_day_has_as_many_runs(db, tmp_path):
    daily = DAILY.replace("30 8 * * *", "0 8,10 * * *")
    stage = stage_with(db, tmp_path / "pack", broadcasts=[daily])

    keys = [stage.desk.plan("daily-digest", NOON.replace(hour=hour)).key for hour in (9, 11)]

    assert keys == ["daily-digest:2026-11-23T0800", "daily-digest:2026-11-23T1000"]


# -- sending -------------------------------------------------------------------------------------------------------


def test_a_push_reaches_each_reader_by_the_channel_that_is_open(stage):
    stage.reader("o-notice", credit=TEMPLATE, window=True)
    stage.reader("o-talker", window=True)
    later = stage.reader("o-later")

    stage.desk.send("daily-digest", NOON)
    stage.work()

    assert stage.wechat.shown_to("o-notice")[0].data["thing1"] == "今天的要闻"
    assert stage.wechat.shown_to("o-talker") == ["23日\n今天的要闻"]
    assert stage.kept_for(later) == ["【每日摘要】\n23日\n今天的要闻"]
    assert stage.desk.status(RUN).run.state is RunState.DONE


def test_who_unsubscribed_between_the_plan_and_its_time_hears_nothing(stage):
    who = stage.reader("o-1")
    stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    stage.subscribers.drop(who.person, ["yaowen"])

    stage.desk.sweep(MORNING)

    assert stage.desk.status(RUN).people == 0
    assert stage.desk.status(RUN).run.state is RunState.DONE


def test_sending_at_once_takes_in_who_came_since_and_nobody_twice(stage):
    first = stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)
    stage.work()
    second = stage.reader("o-2")
    stage.pass_time(hours=11)

    for _ in range(2):
        stage.desk.send_now("daily-digest", now=stage.now)
        stage.work()

    assert (len(stage.kept_for(first)), len(stage.kept_for(second))) == (1, 1)
    assert stage.desk.status(RUN).count(State.SENT) == 2


def test_sending_at_once_late_in_the_evening_is_not_over_before_it_begins(stage):
    """The run's own hour was half past eight and lasted twelve hours; who presses the button at eleven means now."""
    stage.reader("o-1")
    late = NOON.replace(hour=23)

    run = stage.desk.send("daily-digest", late, at_once=True)

    assert run.state is RunState.SENDING
    assert run.expires_at == late + timedelta(hours=12)


def test_sending_at_once_says_only_what_is_out_by_then(stage):
    early = NOON.replace(hour=7)  # today's digest comes out at eight
    who = stage.reader("o-1")

    stage.desk.send_now("daily-digest", now=early)

    assert stage.kept_for(who) == []
    assert stage.desk.status(RUN).run.state is RunState.PLANNED


def test_a_run_that_is_paused_before_its_time_is_not_sent_until_it_is_resumed(stage):
    stage.reader("o-1")
    run = stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))

    stage.desk.pause(run.key)
    stage.desk.sweep(MORNING + timedelta(minutes=1))

    assert stage.desk.status(run.key).run.state is RunState.PAUSED
    assert stage.woken == []

    stage.desk.resume(run.key, now=MORNING + timedelta(minutes=2))

    assert stage.woken == [run.key]


def test_a_paused_run_is_closed_when_its_time_is_over(stage):
    stage.reader("o-1")
    run = stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    stage.desk.pause(run.key)

    stage.desk.sweep(MORNING + timedelta(days=2))

    assert stage.desk.status(run.key).run.state is RunState.DONE


def test_a_pause_stops_and_a_resume_goes_on(stage):
    stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)

    assert stage.desk.pause(RUN)
    paused = stage.desk.status(RUN).run
    stage.work()
    waiting = stage.desk.status(RUN).count(State.DUE)
    stage.woken.clear()
    assert stage.desk.resume(RUN, now=NOON)
    stage.work(stage.woken[0])

    assert (paused.state, paused.reason, waiting) == (RunState.PAUSED, reasons.BY_HAND, 1)
    assert stage.desk.status(RUN).count(State.SENT) == 1


def test_what_is_done_can_be_neither_paused_nor_resumed(stage):
    stage.desk.send("daily-digest", NOON)  # with nobody to send to

    assert not stage.desk.pause(RUN)
    assert not stage.desk.resume(RUN, now=NOON)


def test_a_forecast_counts_by_channel_and_writes_nothing(stage):
    stage.reader("o-1", window=True)
    stage.reader("o-2")
    stage.reader("o-3")

    forecast = stage.desk.forecast("daily-digest", NOON)

    assert (forecast.key, dict(forecast.channels)) == (RUN, {"customer_service": 1, "next_visit": 2})
    assert stage.desk.runs() == []


def test_a_forecast_at_once_looks_at_what_is_sent_at_once_and_passes_over_who_has_it(stage):
    stage.reader("o-1", window=True)
    run = stage.desk.send("daily-digest", NOON, at_once=True)
    stage.work(run.key)
    stage.reader("o-2")

    forecast = stage.desk.forecast("daily-digest", NOON, at_once=True)

    assert (forecast.key, dict(forecast.channels)) == (run.key, {"next_visit": 1})


# -- what the clock does -------------------------------------------------------------------------------------------


def test_the_sweep_begins_what_should_have_begun(stage):
    stage.reader("o-1")

    stage.desk.sweep(MORNING + timedelta(hours=3))
    stage.desk.sweep(MORNING + timedelta(hours=3, minutes=1))

    assert stage.desk.status("daily-digest").run.state is RunState.SENDING
    assert [status.run.key for status in stage.desk.runs()] == [RUN]


def test_the_sweep_begins_nothing_that_is_over(stage):
    stage.desk.sweep(MORNING + timedelta(hours=12))

    assert stage.desk.runs() == []


def test_a_broadcast_written_after_its_hour_begins_with_the_next(stage, tmp_path):
    stage.desk.sweep(MORNING - timedelta(hours=1))
    evening = DAILY.replace('"daily-digest"', '"evening"').replace("30 8", "0 11")
    stage.library = library.load(write_pack(tmp_path / "new", broadcasts=[DAILY, evening]), zone=ZONE)

    stage.desk.sweep(NOON)
    today = [status.run.key for status in stage.desk.runs()]
    stage.desk.sweep(NOON + timedelta(hours=23))

    assert today == [RUN]
    assert "evening:2026-11-24" in [status.run.key for status in stage.desk.runs()]


def test_a_broadcast_for_one_moment_begins_even_when_it_was_written_after_it(stage, tmp_path):
    stage.desk.sweep(MORNING)
    once = DAILY.replace('"daily-digest"', '"once"').replace(
        'schedule = "30 8 * * *"', "at = 2026-11-23T11:00:00+08:00"
    )
    stage.library = library.load(write_pack(tmp_path / "new", broadcasts=[once]), zone=ZONE)

    stage.desk.sweep(NOON)

    assert "once:2026-11-23" in [status.run.key for status in stage.desk.runs()]


def test_a_plan_that_was_cut_short_is_finished_and_sent(stage):
    readers = [stage.reader(f"o-{n}") for n in range(3)]
    run = stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    stage.store.replan(run.key, before=RunState.PLANNED, content=run.content, expires_at=run.expires_at, now=NOON)
    stage.deliver(run, readers[0], channel="next_visit")

    stage.desk.sweep(NOON)
    stage.work()

    assert stage.desk.status(RUN).count(State.SENT) == 3


def test_the_sweep_wakes_a_run_that_everybody_forgot(stage):
    stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)
    stage.woken.clear()

    stage.desk.sweep(NOON + timedelta(minutes=1))

    assert stage.woken == [RUN]


def test_a_planned_run_whose_time_passed_unused_is_closed_and_nobody_waits_for_it(stage):
    stage.reader("o-1")
    stage.desk.plan("daily-digest", MORNING - timedelta(hours=1))
    planned = stage.desk.status(RUN).people

    stage.desk.sweep(MORNING + timedelta(hours=13))

    status = stage.desk.status(RUN)
    assert (planned, status.people) == (1, 0)
    assert (status.run.state, status.run.reason) == (RunState.DONE, reasons.EXPIRED)


def test_many_rows_wake_several_workers(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack")
    run = stage.run(RUN, state=RunState.PAUSED)
    who = stage.reader("o-1")
    stage.deliver(run, *[a_person(who, n) for n in range(2500)])

    stage.desk.resume(RUN, now=NOON)

    assert stage.woken.count(RUN) == 3


def a_person(who, number):
    return type(who)(account=who.account, openid="", person=f"p{number}", contact=who.contact)
