"""Mass sends, over HTTP to the stand-in for the platform: one call reaches many, and its end settles all of them."""

import asyncio
import hashlib
import io
import json
import re
import shutil
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from PIL import Image

from commands import broadcast_report
from handlers import console
from handlers.feature import words_beside
from scheduler import quotas
from storage.gathering import Gathering
from storage.mass_jobs import Counts, MassJobs, month_of
from storage.openings import Closed
from storage.refusals import Way
from tests.end_to_end.running import at_once, within
from tests.house import PACK
from tests.scheduler.world import NOON, Stage, World, write_pack
from tests.street import LATE, a_street
from tests.wechat.contract import JPG
from wechat import limits
from wechat.errors import Retryable

RUN = "big-news:2026-11-23"
SEND = "/cgi-bin/message/mass/send"


def drawn(colour: str) -> bytes:
    """A JPEG with nothing beside what is seen."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


COVER, ANOTHER = drawn("red"), drawn("gold")


@pytest.fixture
def street(tmp_path, redis, redis_url, database_url):
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url, official=True) as street:
        yield street


class Push:
    """A run with some followers in it."""

    def __init__(self, street, *, people=3, channels=("mass", "next_visit"), **content):
        self.street = street
        self.world = World(street.town.house.db)
        self.followers = [street.stage.a_follower() for _ in range(people)]
        self.people = [self.world.person(openid) for openid in self.followers]
        self.run = self.world.run(RUN, channels=channels, line="今日要闻", **content)
        self.world.deliver(self.run, *self.people, channel="mass")
        self.masses = street.town.house.pushes.store.masses
        self.gathering = street.town.house.pushes.store.gathering

    def goes_out(self, **wait):
        """A worker's stretch, after a while."""
        self.street.goes_on(**wait)
        asyncio.run(self._work())
        return self.jobs

    async def _work(self):
        await self.street.town.house.pushes.pump.work(RUN)
        await self.street.town.house.platform.close()

    def sweep(self, **wait):
        self.street.goes_on(**wait)
        self.street.town.house.pushes.pump.herald.look(self.street.town.clock())
        self.street.town.house.pushes.desk.sweep(self.street.town.clock())
        return self.jobs

    @property
    def jobs(self):
        return [str(job.state) for job in self.masses.of(RUN)]

    @property
    def job(self):
        (job,) = self.masses.of(RUN)
        return job

    @property
    def states(self):
        return self.world.states(self.run)

    def shown(self, openid):
        return [line["text"] for line in self.street.stage.seen(openid)].count("今日要闻")

    @property
    def got(self):
        return [self.shown(openid) for openid in self.followers]

    def knob(self, effect, *, path=SEND, **more):
        self.street.stage.phone("knobs", path=path, effect=effect, **more)

    def no_reports(self):
        self.knob("drop_before", path="webhook", times=0)

    def becomes(self, *states):
        return within(LATE, lambda: tuple(self.jobs) == states)

    def had(self):
        with self.street.town.house.db.read() as connection:
            rows = connection.execute(sa.text("SELECT month, times FROM mass_months"))
            return sorted((row.month, row.times) for row in rows)


@pytest.fixture
def push(street):
    return Push(street)


def test_one_call_reaches_all_and_its_end_settles_them(push):
    push.goes_out()

    assert push.becomes("done")
    assert (push.states, push.got) == ({"sent": 3}, [1, 1, 1])
    assert push.job.counts == Counts(total=3, filtered=3, sent=3, failed=0)
    assert len(push.street.sends(SEND)) == 1
    assert push.had() == [("2026-11", 1)] * 3
    push.sweep()
    assert push.street.town.house.pushes.store.run(RUN).state == "done"


def test_who_has_left_is_not_in_the_list_and_is_gone(push):
    push.world.leave(push.followers[0])
    push.goes_out()

    assert push.becomes("done")
    assert (push.states, push.got) == ({"gone": 1, "sent": 2}, [0, 1, 1])


def test_who_is_left_alone_when_the_others_have_gone_takes_the_next_channel(push):
    push.gathering.gather(RUN, now=push.street.town.clock())
    for openid in push.followers[:2]:
        push.world.leave(openid)
    push.goes_out()
    push.goes_out()
    ways = sorted((row.channel, row.state) for row in push.world.rows(push.run).values())

    assert push.street.sends(SEND) == []
    assert ways == [("mass", "gone"), ("mass", "gone"), ("next_visit", "sent")]
    assert (push.jobs, "不到两个人" in push.job.reason) == (["failed"], True)


def test_one_alone_takes_the_next_channel(street):
    push = Push(street, people=1)
    push.goes_out()
    push.goes_out()
    (row,) = push.world.rows(push.run).values()

    assert push.jobs == []
    assert (row.channel, row.state) == ("next_visit", "sent")


def test_one_alone_with_no_other_channel_is_told_of(street):
    push = Push(street, people=1, channels=("mass",))
    push.goes_out()
    (row,) = push.world.rows(push.run).values()

    assert (row.state, row.error) == ("gone", "no_channel")


@pytest.mark.parametrize(
    ("words", "reason"),
    [("err(20001)", "政治"), ("err(40001)", "没有同意"), ("err(40002)", "30分钟"), ("send fail", "没有发出去")],
)
def test_a_send_that_came_to_nothing_says_why_in_words(push, words, reason):
    push.knob("undelivered", words=words)
    push.goes_out()

    assert push.becomes("failed")
    assert (push.job.error, reason in push.job.reason) == (words, True)
    assert (push.states, push.got) == ({"due": 3}, [0, 0, 0])
    assert push.had() == [("2026-11", 0)] * 3


@pytest.mark.parametrize("words", ["send fail", "err(40002)"])
def test_whom_a_send_that_came_to_nothing_was_for_takes_the_next_channel_and_gets_it_once(push, words):
    push.knob("undelivered", words=words)
    push.goes_out()
    assert push.becomes("failed")
    for _ in range(3):
        push.goes_out(minutes=1)

    assert {(row.channel, row.state) for row in push.world.rows(push.run).values()} == {("next_visit", "sent")}
    assert (len(push.street.sends(SEND)), push.street.kept()) == (1, 3)
    push.sweep()
    assert push.street.town.house.pushes.store.run(RUN).state == "done"


@pytest.mark.parametrize("words", ["err(20001)", "err(40001)", "err(30002)"])
def test_where_somebody_said_no_an_admin_decides_whether_they_go_on(push, words):
    push.knob("undelivered", words=words)
    push.goes_out()
    assert push.becomes("failed")
    push.goes_out(minutes=1)
    desk = push.street.town.house.pushes.desk
    rests = desk.status(RUN).run

    assert (rests.state, push.job.reason in rests.reason, "继续发就改走下一个渠道" in rests.reason) == (
        "paused",
        True,
        True,
    )
    assert (push.states, push.street.kept()) == ({"due": 3}, 0)
    desk.resume(RUN, now=push.street.town.clock())
    push.goes_out()
    push.goes_out()
    assert {(row.channel, row.state) for row in push.world.rows(push.run).values()} == {("next_visit", "sent")}


def test_an_admin_who_refuses_at_once_lets_the_run_rest_too(push):
    push.knob("fail", value=89505)
    push.goes_out()
    run = push.street.town.house.pushes.desk.status(RUN).run

    assert (push.jobs, run.state, push.states) == (["failed"], "paused", {"due": 3})


def test_with_no_next_channel_it_failed_and_says_why(street):
    push = Push(street, channels=("mass",))
    push.knob("undelivered", words="send fail")
    push.goes_out()
    assert push.becomes("failed")
    push.goes_out()

    assert {(row.state, row.error) for row in push.world.rows(push.run).values()} == {("failed", "send fail")}


@pytest.mark.parametrize(("sent", "states"), [(0, {"due": 2}), (1, {"unsure": 2})])
def test_where_some_had_it_before_it_failed_nobody_goes_on(db, sent, states):
    masses = MassJobs(db)
    world, run, job, _ = taken(db, masses)
    masses.accepted(job, "77", asked_at=run.due_at, now=run.due_at)
    counts = Counts(total=2, filtered=2, sent=sent, failed=2 - sent)
    masses.told("official", "77", error="send fail", reason="", counts=counts, now=run.due_at)

    assert world.states(run) == states


def test_an_end_after_the_run_is_over_sends_nobody_another_way(db):
    masses = MassJobs(db)
    world, run, job, _ = taken(db, masses)
    masses.accepted(job, "77", asked_at=run.due_at, now=run.due_at)
    masses.told("official", "77", error="send fail", reason="", counts=Counts(), now=run.expires_at)

    assert world.states(run) == {"failed": 2}


def test_a_lost_answer_is_asked_for_again_under_its_key(push):
    push.knob("drop_after")
    first = push.goes_out()
    again = push.goes_out(seconds=30)
    later = push.goes_out(minutes=2)

    assert (first, again) == (["due"], ["due"])
    assert later in (["sending"], ["done"])
    assert push.becomes("done")
    assert (push.states, push.got) == ({"sent": 3}, [1, 1, 1])


def killed(push):
    """A worker's death after the platform has taken the send, and before anybody has heard its answer."""
    house = push.street.town.house
    now = push.street.town.clock()
    push.gathering.gather(RUN, now=now)
    (job,) = push.masses.due(RUN, now=now)
    assert push.masses.take(job, batch="b", paces=(), now=now, lost_at=now + timedelta(minutes=1))
    openids = push.masses.openids(job, now=now)
    house.platform.clients["official"].mass_to(openids, "今日要闻", client_msg_id=job.client_msg_id)


def test_a_kill_in_the_middle_sends_nothing_twice_and_its_end_is_found(push):
    killed(push)
    before = push.jobs, push.states
    swept = push.sweep(minutes=2)
    push.goes_out()

    assert before == (["in_hand"], {"in_hand": 3})
    assert swept == ["due"]
    assert push.becomes("done")
    assert push.job.counts.total == 3  # though it was told before anybody knew of what
    assert (push.states, push.got) == ({"sent": 3}, [1, 1, 1])


def test_a_kill_that_is_found_after_a_day_is_unsure(push):
    push.no_reports()
    killed(push)
    push.sweep(days=1)

    assert (push.jobs, push.states, push.got) == (["unsure"], {"unsure": 3}, [1, 1, 1])
    assert push.goes_out() == ["unsure"]


def test_where_the_platforms_word_is_lost_it_is_asked(push):
    push.no_reports()
    push.goes_out()
    early = push.sweep(minutes=5)

    assert early == ["sending"]
    assert push.sweep(minutes=6) == ["done"]
    assert push.states == {"sent": 3}


def test_a_busy_platform_is_asked_again(push):
    push.knob("fail", value=-1)
    first = push.goes_out()

    assert first == ["due"]
    push.goes_out(seconds=5)
    assert push.becomes("done")


def test_an_admins_word_is_waited_for(push):
    push.knob("fail", value=89504)
    push.goes_out()

    assert (push.jobs, "管理员" in push.job.reason) == (["due"], True)
    push.goes_out(minutes=31)
    assert push.becomes("done")


def test_a_key_holds_for_a_day_however_long_the_run_lasts(db):
    masses, world = MassJobs(db), World(db)
    run = world.run(RUN, channels=("mass",), expires_at=NOON + timedelta(days=9))
    world, _, _, _ = taken(db, masses)
    masses.sweep(now=NOON + timedelta(hours=22))
    before = world.states(run), [job.state for job in masses.of(RUN)]
    masses.sweep(now=NOON + timedelta(hours=23))

    assert before == ({"in_hand": 2}, ["due"])
    assert (world.states(run), [job.state for job in masses.of(RUN)]) == ({"unsure": 2}, ["unsure"])


@pytest.mark.parametrize("code", [45028, 48001])
def test_where_nothing_more_may_be_sent_everybody_takes_the_next_channel(push, code):
    push.knob("fail", value=code)
    push.goes_out()
    push.goes_out()
    rows = push.world.rows(push.run).values()

    assert {(row.channel, row.state) for row in rows} == {("next_visit", "sent")}
    assert (push.jobs, push.job.error) == (["failed"], str(code))
    refused = push.street.town.house.platform.refusals.current(now=push.street.town.clock())
    assert (Way("official", "mass") in refused) == (code == 48001)


def test_after_45028_the_account_is_left_alone_until_tomorrow(push):
    push.knob("fail", value=45028)
    push.goes_out()
    channel = push.street.town.house.pushes.pump.channels["mass"]
    today = channel.opening(push.run.content).spent
    push.street.goes_on(days=1)

    assert (today, channel.opening(push.run.content).spent) == ({"official"}, frozenset())


def test_a_fault_of_the_account_pauses_the_run_and_it_goes_on(push):
    push.knob("fail", value=48003)
    push.goes_out()
    desk = push.street.town.house.pushes.desk
    run = desk.status(RUN).run

    assert (run.state, "48003" in run.reason, push.jobs) == ("paused", True, ["due"])
    desk.resume(RUN, now=push.street.town.clock())
    push.goes_out()
    assert push.becomes("done")


def test_a_days_calls_that_may_be_spent_are_tried_again_and_then_let_the_run_wait_for_the_next(street):
    push = Push(street, expires_at=street.town.clock() + timedelta(days=2))
    push.knob("fail", value=45009, times=0)
    store, waits = street.town.house.pushes.store, []
    for _ in range(1 + quotas.TRIES):
        push.goes_out()
        run = store.run(RUN)
        waits.append(run.goes_on_at - street.town.clock())
        assert (run.state, push.jobs) == ("paused", ["due"])
        push.sweep(seconds=waits[-1].total_seconds() if waits[-1] <= quotas.AGAIN else 0)

    assert all(timedelta() < each <= quotas.AGAIN for each in waits[:-1])
    assert quotas.AGAIN < waits[-1] <= timedelta(days=1)


def test_a_mass_send_that_is_taken_ends_the_doubt(street):
    push = Push(street, expires_at=street.town.clock() + timedelta(days=2))
    push.knob("fail", value=45009)
    push.goes_out()
    store = street.town.house.pushes.store
    doubts = store.run(RUN).doubts
    push.sweep(seconds=quotas.AGAIN.total_seconds())
    push.goes_out()

    assert push.becomes("done")
    assert (doubts, store.run(RUN).doubts, push.got) == (1, 0, [1, 1, 1])


def test_a_run_that_is_cancelled_before_its_call_reaches_nobody(push):
    push.knob("fail", value=-1)
    push.goes_out()
    desk = push.street.town.house.pushes.desk
    desk.cancel(RUN, now=push.street.town.clock())
    push.sweep(minutes=1)
    push.sweep()

    assert push.states == {"failed": 3}
    assert (push.jobs, desk.status(RUN).run.state, push.got) == (["failed"], "done", [0, 0, 0])


def test_the_fifth_of_a_month_goes_another_way(street):
    push = Push(street, people=2)
    house, now = street.town.house, street.town.clock()
    for _ in range(4):
        for who in push.people:
            with house.db.begin() as connection:
                connection.execute(
                    sa.text(
                        "INSERT INTO mass_months (contact, month, times) VALUES (:who, :month, 1) "
                        "ON CONFLICT (contact, month) DO UPDATE SET times = mass_months.times + 1"
                    ),
                    {"who": who.contact, "month": month_of(now)},
                )
    again = house.pushes.pump.planner.again
    counted = [again(who.person, push.run.content, now=now).channel for who in push.people]
    december = [again(who.person, push.run.content, now=now + timedelta(days=9)).channel for who in push.people]

    assert (counted, december) == (["next_visit"] * 2, ["mass"] * 2)


def test_months_are_the_platforms():
    assert month_of(datetime.fromisoformat("2026-11-30T16:30:00+00:00")) == "2026-12"


@pytest.mark.parametrize(("people", "sizes"), [(4, [4]), (5, [3, 2]), (8, [4, 4]), (9, [4, 3, 2])])
def test_a_long_list_becomes_several_and_leaves_nobody_alone(db, people, sizes):
    world, gathering = World(db), Gathering(db, most=4)
    run = world.run(RUN, channels=("mass",))
    world.deliver(run, *[world.person(f"o-{n}") for n in range(people)], channel="mass")
    gathering.gather(RUN, now=run.due_at)
    batches = [row.batch for row in world.rows(run).values()]

    assert gathering.strays(RUN) == []
    assert sorted((batches.count(each) for each in set(batches)), reverse=True) == sizes
    assert {len(each) for each in batches} == {32}


def taken(db, masses, *, people=2, paces=()):
    """A run's job in hand."""
    world = World(db)
    run = world.run(RUN, channels=("mass",))
    world.deliver(run, *[world.person(f"o-{n}") for n in range(people)], channel="mass")
    world.store.gathering.gather(RUN, now=run.due_at)
    (job,) = masses.due(RUN, now=run.due_at)
    is_taken = masses.take(job, batch="b", paces=paces, now=run.due_at, lost_at=run.due_at + timedelta(minutes=1))
    return world, run, job, is_taken


@pytest.mark.parametrize("early", [False, True])
def test_an_end_that_is_told_twice_counts_once_and_the_first_word_stays(db, early):
    masses = MassJobs(db)
    world, run, job, _ = taken(db, masses)
    told = {"reason": "", "counts": Counts(total=2, filtered=2, sent=2, failed=0), "now": run.due_at}
    if early:
        masses.told("official", "77", error="", **told)
    masses.accepted(job, "77", asked_at=run.due_at, now=run.due_at)
    for error in ("", "err(10001)"):
        masses.told("official", "77", error=error, **told)
    (ended,) = masses.of(RUN)

    assert (ended.state, ended.counts.sent, world.states(run)) == ("done", 2, {"sent": 2})


def test_an_end_of_another_account_or_of_nobodys_job_changes_nothing(db):
    masses = MassJobs(db)
    world, run, job, _ = taken(db, masses)
    masses.accepted(job, "77", asked_at=run.due_at, now=run.due_at)
    for account, msg_id in (("other", "77"), ("official", "78")):
        masses.told(account, msg_id, error="err(10001)", reason="", counts=Counts(), now=run.due_at)

    assert world.states(run) == {"in_hand": 2}


@pytest.mark.parametrize(("most", "is_taken"), [(1, False), (2, True)])
def test_an_account_calls_no_more_than_it_may(db, most, is_taken):
    masses = MassJobs(db)
    world, run, _, _ = taken(db, masses)
    other = world.run("other:2026-11-23", channels=("mass",))
    world.deliver(other, *[world.person(f"p-{n}") for n in range(2)], channel="mass")
    world.store.gathering.gather(other.key, now=run.due_at)
    (job,) = masses.due(other.key, now=run.due_at)
    given = {"batch": "c", "paces": [(most, timedelta(minutes=1))], "lost_at": run.due_at + timedelta(minutes=9)}

    assert masses.take(job, now=run.due_at, **given) is is_taken
    assert masses.take(job, now=run.due_at + timedelta(seconds=61), **given) is not is_taken


def test_two_who_take_a_job_do_not_both_have_it(db):
    masses = MassJobs(db)
    _, run, job, first = taken(db, masses)
    second = masses.take(job, batch="c", paces=(), now=run.due_at, lost_at=run.due_at + timedelta(minutes=1))

    assert (first, second) == (True, False)


def test_the_pump_and_the_sweep_of_deliveries_leave_them_alone(db):
    world = World(db)
    run = world.run(RUN, channels=("mass",))
    world.deliver(run, *[world.person(f"o-{n}") for n in range(2)], channel="mass")
    parcels, wake = world.take(run), world.store.deliveries.next_wake(RUN)
    world.store.gathering.gather(RUN, now=run.due_at)
    lost = world.store.deliveries.sweep(RUN, repeatable=[], now=run.due_at + timedelta(days=1))

    assert (parcels, wake, lost, world.states(run)) == ([], None, 0, {"in_hand": 2})
    assert not world.store.finish(RUN)


def test_who_is_in_hand_of_a_job_may_be_sent_something_else_meanwhile(db):
    world, _, _, _ = taken(db, MassJobs(db))
    other = world.run("reply:2026-11-23")
    world.deliver(other, world.person("o-0"), channel="customer_service")

    assert len(world.take(other)) == 1


# -- articles ------------------------------------------------------------------------------------------------------

DRAFT = "/cgi-bin/draft/add"
TWO = tuple(
    {
        "title": f"第{number}条",
        "digest": "摘要",
        "content": f"<p>正文{number}</p>",
        "source_url": "https://example.org/",
    }
    for number in (1, 2)
)


@pytest.fixture
def article_push(street):
    cover = street.town.house.platform.clients["official"].add_material("image", JPG).media_id
    return Push(street, articles=TWO, mass_cover=cover)


def cards(push, openid):
    return [line for line in push.street.stage.seen(openid) if line["type"] == "news"]


def test_digests_go_out_as_articles_that_members_see(article_push):
    push = article_push
    push.goes_out()

    assert push.becomes("done")
    assert [len(cards(push, openid)) for openid in push.followers] == [1, 1, 1]
    assert "第1条" in str(cards(push, push.followers[0])[0])
    assert "第2条" in str(cards(push, push.followers[0])[0])


@pytest.mark.parametrize("path", [SEND, DRAFT])
@pytest.mark.parametrize("effect", ["drop_after", "drop_before"])
def test_a_lost_answer_sends_no_second_article(article_push, path, effect):
    push = article_push
    push.knob(effect, path=path)
    first = push.goes_out()
    push.goes_out(minutes=2)

    assert first == ["due"]
    assert push.becomes("done")
    assert [len(cards(push, openid)) for openid in push.followers] == [1, 1, 1]
    assert len(push.street.sends(DRAFT)) == (2 if path == DRAFT else 1)


def test_a_cover_that_is_not_there_pauses_the_run_with_its_reason(street):
    push = Push(street, articles=TWO, mass_cover="nothing")
    push.goes_out()
    run = street.town.house.pushes.desk.status(RUN).run

    assert (run.state, "40007" in run.reason, push.jobs) == ("paused", True, ["due"])


# -- a cover out of the pack ---------------------------------------------------------------------------------------

ADD = "/cgi-bin/material/add_material"


@pytest.fixture
def pictured(tmp_path, redis, redis_url, database_url):
    """A street whose pack is its own, with a picture in it."""
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    (pack / "pictures").mkdir(exist_ok=True)
    (pack / "pictures" / "cover.jpg").write_bytes(COVER)
    there = {"redis": redis, "redis_url": redis_url, "database": database_url, "content": {"folder": str(pack)}}
    with a_street(tmp_path, official=True, **there) as street:
        yield street


@pytest.fixture
def covered_push(pictured):
    digest = pictured.town.house.shelf.current().pictures["cover.jpg"].digest
    return Push(pictured, articles=TWO, mass_cover="cover.jpg", mass_picture=digest)


def test_a_cover_of_the_pack_is_put_into_the_library_once_and_used_again(covered_push):
    push, street = covered_push, covered_push.street
    push.goes_out()
    assert push.becomes("done")
    its = {"articles": TWO, "mass_picture": push.run.content.mass_picture}
    other = push.world.run("more-news:2026-11-23", channels=("mass",), **its)
    push.world.deliver(other, *push.people, channel="mass")
    asyncio.run(push.street.town.house.pushes.pump.work(other.key))

    assert [len(cards(push, openid)) for openid in push.followers] == [2, 2, 2]
    assert (len(street.sends(ADD)), len(street.sends(DRAFT))) == (1, 2)


def test_a_cover_that_was_deleted_from_the_library_is_put_there_once_more(covered_push):
    push, street = covered_push, covered_push.street
    house = street.town.house
    materials = house.pushes.pump.herald.covers._materials
    materials.keep("official", push.run.content.mass_picture, "gone-since")
    push.goes_out()

    assert push.becomes("done")
    assert (len(street.sends(ADD)), len(street.sends(DRAFT))) == (1, 2)
    assert materials.find("official", push.run.content.mass_picture) != "gone-since"


def made_by(push) -> str:
    """What a worker makes of a mass send's draft; "" where it has to come again."""
    house = push.street.town.house
    try:
        client = house.platform.clients["official"]
        return str(house.pushes.pump.herald.covers.draft(push.run.content, "official", client))
    except Retryable:
        return ""


def made_by_two(push) -> list[str]:
    """What two make of it at the same moment."""
    return at_once([partial(made_by, push)] * 2)


def test_of_two_workers_one_puts_a_cover_there_and_the_other_comes_again(covered_push):
    push, street = covered_push, covered_push.street
    street.stage.phone("knobs", path=ADD, effect="delay", value=1, times=1)

    assert (sorted(map(bool, made_by_two(push))), len(street.sends(ADD))) == ([False, True], 1)
    assert (bool(made_by(push)), len(street.sends(ADD))) == (True, 1)


def is_taken(street, file, content):
    """A picture is written anew, and the program has seen it."""
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    shelf = street.town.house.shelf
    assert within(LATE, lambda: shelf.look() or shelf.current().picture(digest) is not None)


def test_a_cover_that_is_another_picture_now_pauses_the_run_and_nobody_is_in_doubt(covered_push):
    push, street = covered_push, covered_push.street
    file = street.town.settings.content.folder / "pictures" / "cover.jpg"
    is_taken(street, file, ANOTHER)
    push.goes_out()
    run = street.town.house.pushes.desk.status(RUN).run

    assert (run.state, "cover.jpg" in run.reason, push.jobs, street.sends(SEND)) == ("paused", True, ["due"], [])
    is_taken(street, file, COVER)
    street.town.house.pushes.desk.resume(RUN, now=street.town.clock())
    push.goes_out()
    assert push.becomes("done")


# -- pictures inside the articles ----------------------------------------------------------------------------------

UPLOAD = "/cgi-bin/media/uploadimg"
SHOWING = ({**TWO[0], "content": '<p>看<img src="pictures/cover.jpg" alt="一枚徽章"></p>'}, TWO[1])


@pytest.fixture
def showing_push(pictured):
    """A run whose cover is shown in its first article too."""
    digest = pictured.town.house.shelf.current().pictures["cover.jpg"].digest
    shown = {"cover.jpg": digest}
    return Push(pictured, articles=SHOWING, mass_cover="cover.jpg", mass_picture=digest, mass_pictures=shown)


def drafted(push):
    """The contents of the articles of the run's drafts, as they were handed in."""
    return [each["content"] for call in push.street.sends(DRAFT) for each in json.loads(call["sent"])["articles"]]


def test_a_picture_in_an_article_is_uploaded_once_and_shown_at_the_platforms_address(showing_push):
    push, street = showing_push, showing_push.street
    push.goes_out()
    assert push.becomes("done")
    its = {
        name: getattr(push.run.content, name) for name in ("articles", "mass_cover", "mass_picture", "mass_pictures")
    }
    other = push.world.run("more-news:2026-11-23", channels=("mass",), **its)
    push.world.deliver(other, *push.people, channel="mass")
    asyncio.run(street.town.house.pushes.pump.work(other.key))

    assert [len(cards(push, openid)) for openid in push.followers] == [2, 2, 2]
    assert (len(street.sends(UPLOAD)), len(street.sends(ADD)), len(street.sends(DRAFT))) == (1, 1, 2)
    (address,) = set(re.findall(r'<img src="(http[^"]+)" alt="一枚徽章">', "".join(drafted(push))))
    assert urlsplit(address).hostname == "mmbiz.qpic.cn"


def test_of_two_workers_one_uploads_a_picture_and_the_other_comes_again(showing_push):
    push, street = showing_push, showing_push.street
    street.stage.phone("knobs", path=UPLOAD, effect="delay", value=1, times=1)

    assert (sorted(map(bool, made_by_two(push))), len(street.sends(UPLOAD))) == ([False, True], 1)


def test_a_picture_that_is_another_one_now_pauses_the_run_with_its_name(showing_push):
    push, street = showing_push, showing_push.street
    is_taken(street, street.town.settings.content.folder / "pictures" / "cover.jpg", ANOTHER)
    push.goes_out()
    run = street.town.house.pushes.desk.status(RUN).run

    assert (run.state, "cover.jpg" in run.reason, street.sends(DRAFT)) == ("paused", True, [])


def test_a_lost_answer_of_an_upload_is_asked_for_again(showing_push):
    push = showing_push
    push.knob("drop_after", path=UPLOAD)
    push.goes_out()
    push.goes_out(minutes=2)

    assert push.becomes("done")
    assert [len(cards(push, openid)) for openid in push.followers] == [1, 1, 1]


@pytest.mark.parametrize(
    ("title", "fitted"),
    [("短", "短"), ("第一行\n第二行", "第一行 第二行"), ("字" * 40, "字" * 20 + "…"), ("a" * 40, "a" * 31 + "…")],
)
def test_a_title_is_cut_to_what_a_draft_takes(title, fitted):
    assert limits.fit_title(title) == fitted


MASS = """
key = "daily-digest"
title = "每日摘要"
schedule = "30 8 * * *"
channels = ["mass", "next_visit"]
template = "daily.j2"
mass_cover = "cover-1"
mass_reprint = true

[audience]
topics = ["yaowen"]
"""


def test_a_runs_digests_are_its_articles_and_stay_as_they_were(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=(MASS,)))
    stage.reader("o-1")
    run = stage.desk.send("daily-digest", NOON)
    again = stage.store.run(run.key)
    kept = run.content

    assert again == run
    assert [(each["title"], each["digest"]) for each in kept.articles] == [("今天的要闻", "今天的要闻的摘要")]
    assert "正文" in kept.articles[0]["content"]
    assert (kept.mass_cover, kept.mass_reprint) == ("cover-1", True)


def test_whatever_closes_a_channel_has_words_for_admins():
    every = {str(each) for each in Closed}

    assert every <= broadcast_report.CLOSED.keys()
    assert every <= words_beside(console.__file__)["closed"].keys()


def test_a_cover_of_the_pack_is_kept_with_the_run_by_what_is_in_it(db, tmp_path):
    folder = write_pack(tmp_path / "pack", broadcasts=(MASS.replace("cover-1", "cover.jpg"),))
    (folder / "pictures").mkdir()
    (folder / "pictures" / "cover.jpg").write_bytes(COVER)
    stage = Stage(db, folder)
    stage.reader("o-1")
    content = stage.desk.send("daily-digest", NOON).content

    assert (content.mass_cover, content.mass_picture) == ("cover.jpg", hashlib.sha256(COVER).hexdigest())


def test_a_digests_pictures_are_kept_with_the_run_by_what_is_in_them(db, tmp_path):
    folder = write_pack(tmp_path / "pack", broadcasts=(MASS,))
    (folder / "pictures").mkdir()
    (folder / "pictures" / "hui.jpg").write_bytes(COVER)
    for file in (folder / "digests").iterdir():
        file.write_text(f"{file.read_text('utf-8')}\n\n![徽](pictures/hui.jpg)\n", "utf-8")
    stage = Stage(db, folder)
    stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)
    content = stage.desk.status("daily-digest").run.content

    assert content.mass_pictures == {"hui.jpg": hashlib.sha256(COVER).hexdigest()}
    assert '<img src="pictures/hui.jpg" alt="徽">' in content.articles[0]["content"]
