"""By the clock: pictures come home, senders hear of answers."""

import io
import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from handlers.opinion import FromPlatform, NotNow, PictureGone
from storage.opinion import anonymous_opinions
from storage.pictures import pictures
from tests.handlers.opinion.attack import VOICE
from tests.handlers.opinion.world import ZONE, World, receipt
from wechat.api.line import Media
from wechat.errors import BadRequest, Misconfigured, Retryable, WeChatError
from wechat.messages import Kind, Location

WITH_PICTURES = ("好了", "1")


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


def a_photo(color: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


def sent_with(world: World, *media: str) -> str:
    """An anonymous opinion with these pictures; its code."""
    member = world.member()
    member.says("意见", "1", "4", "宿舍热水晚上九点就停")
    for each in media:
        member.shows(each)
    return receipt(member.says(*WITH_PICTURES))


def the_day_is_over(world: World) -> None:
    """Shortly after midnight."""
    world.clock.now = datetime.combine(world.clock.now.date() + timedelta(days=1), time(0, 7), ZONE)
    world.runs("opinion.stir")


def kept(world: World, code: str):
    return world.opinions.get(world.opinions.id_of(code.replace("-", "")))


def test_pictures_are_not_fetched_inside_the_turn(world):
    world.platform.pictures["media-1"] = a_photo()
    sent_with(world, "media-1")

    assert world.platform.asked == []


def test_pictures_of_today_stay_with_the_platform_where_they_have_no_name(world):
    world.platform.pictures |= {"media-1": a_photo(), "media-2": a_photo()}
    code = sent_with(world, "media-1")
    named = world.member("oNamed")
    named.says("意见", "2", "张三", "4", "宿舍热水晚上九点就停")
    named.shows("media-2")
    named.says(*WITH_PICTURES)
    world.runs("opinion.pictures")

    assert world.platform.asked == ["media-2"]
    assert kept(world, code).awaited == (("official", "media-1"),)


def test_pictures_come_home_and_hang_on_their_opinion(world):
    world.platform.pictures |= {"media-1": a_photo("red"), "media-2": a_photo("blue")}
    code = sent_with(world, "media-1", "media-2")
    the_day_is_over(world)
    world.runs("opinion.pictures")
    world.runs("opinion.pictures")
    opinion = kept(world, code)
    colors = [
        Image.open(io.BytesIO(world.pictures.get(each) or b"")).resize((1, 1)).tobytes() for each in opinion.pictures
    ]

    assert opinion.awaited == ()
    assert colors[0][0] > 200 > colors[0][2]
    assert colors[1][2] > 200 > colors[1][0]
    assert world.platform.asked == ["media-1", "media-2"]


def test_voices_come_home_stripped_beside_pictures_and_nothing_used_is_dropped(world):
    world.platform.pictures |= {"media-1": a_photo(), "media-2": VOICE + b"<script>"}
    member = world.member()
    member.says("意见", "1", "4", "宿舍热水晚上九点就停")
    member.shows("media-1")
    member.sends(Kind.VOICE, media_id="media-2")
    code = receipt(member.says("1", "好了", "1"))
    the_day_is_over(world)
    world.runs("opinion.pictures")
    world.clock.passes(days=6)
    world.runs("opinion.tidy")
    opinion = kept(world, code)

    assert (len(opinion.pictures), len(opinion.voices), opinion.awaited, opinion.lost) == (1, 1, (), 0)
    assert world.pictures.get(opinion.voices[0]) == VOICE


@pytest.mark.parametrize("fetched_first", [True, False])
def test_who_is_erased_takes_voice_and_place_along_and_leaves_the_picture(world, fetched_first):
    world.platform.pictures |= {"media-1": a_photo(), "media-2": VOICE}
    member = world.member()
    member.says("意见", "2", "张三", "4", "宿舍热水晚上九点就停")
    member.shows("media-1")
    member.sends(Kind.VOICE, media_id="media-2")
    member.sends(Kind.LOCATION, detail=Location(latitude=31.2, longitude=121.4, label="人民广场"))
    code = receipt(member.says("好了", "1"))
    person = member.person
    if fetched_first:
        world.runs("opinion.pictures")
    with world.db.begin() as connection:
        world.feature.keeps.erase(connection, person)
        world.people.erase(connection, person)
    world.runs("opinion.pictures")
    world.clock.passes(days=7)
    world.runs("opinion.tidy")
    opinion = kept(world, code)
    with world.db.read() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(pictures)).scalar_one()

    assert (len(opinion.pictures), opinion.voices, opinion.place, opinion.words) == (1, (), "", "宿舍热水晚上九点就停")
    assert rows == 1


def test_what_the_platform_no_longer_has_or_is_no_picture_is_said_at_the_query(world):
    world.platform.pictures["media-1"] = b"<html>no picture</html>"
    code = sent_with(world, "media-1", "media-2")
    the_day_is_over(world)
    world.runs("opinion.pictures")

    assert (kept(world, code).lost, kept(world, code).pictures) == (2, ())
    assert "有 2 个图片或语音没能从微信取到" in world.member().says(f"查询 {code}")


def test_a_platform_that_is_away_is_asked_again_and_given_up_after_three_days(world):
    code = sent_with(world, "media-1")
    the_day_is_over(world)
    world.platform.away = True
    world.runs("opinion.pictures")
    waiting = kept(world, code)
    world.clock.passes(days=2)
    world.runs("opinion.pictures")
    still_waiting = kept(world, code)
    world.clock.passes(days=1)
    world.runs("opinion.pictures")

    assert waiting.awaited == still_waiting.awaited == (("official", "media-1"),)
    assert (kept(world, code).awaited, kept(world, code).lost) == ((), 1)


def test_a_picture_kept_before_a_crash_is_not_kept_twice(world):
    world.platform.pictures["media-1"] = a_photo()
    code = sent_with(world, "media-1")
    the_day_is_over(world)
    before = kept(world, code)
    world.runs("opinion.pictures")
    world.opinions.change(before.id, lambda _: before)
    world.runs("opinion.pictures")
    with world.db.read() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(pictures)).scalar_one()

    assert rows == 1
    assert len(kept(world, code).pictures) == 1


class Client:
    """An account's client that answers every download alike."""

    def __init__(self, answer: Media | WeChatError):
        self.answer = answer

    def download(self, media_id: str) -> Media:  # noqa: ARG002 - what is called
        if isinstance(self.answer, WeChatError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("error", "why"), [(BadRequest(40007), PictureGone), (Retryable(-1), NotNow), (Misconfigured(48001), NotNow)]
)
def test_what_the_platform_refuses_is_gone_or_not_to_be_had_now(error, why):
    with pytest.raises(why):
        FromPlatform({"official": Client(error)})(account="official", media_id="media-1")


def test_a_picture_is_fetched_from_the_account_it_was_sent_to():
    fetch = FromPlatform({"official": Client(Media(b"bytes", "image/jpeg"))})

    assert fetch(account="official", media_id="media-1") == b"bytes"
    with pytest.raises(PictureGone):
        fetch(account="closed", media_id="media-1")


def test_a_named_sender_is_told_of_an_answer_once(world):
    member = world.member()
    code = receipt(member.says("意见", "2", "张三", "4", "宿舍热水晚上九点就停", "好了", "1"))
    opinion = kept(world, code)
    world.opinions.change(opinion.id, lambda now: replace(now, reply="改到十一点。", answers=1, state="answered"))
    world.runs("opinion.answers")
    world.runs("opinion.answers")

    assert world.told == [
        (
            member.person,
            "您11月23日提的“生活困难”有答复了：\n改到十一点。\n回复“查询”加回执码，可以说说解决了没有。",
            f"opinion:{opinion.id}:1:0",
        )
    ]


def test_after_midnight_the_words_of_the_day_are_moved_and_those_of_the_new_one_stay(world):
    first = sent_with(world)
    world.clock.now = datetime.combine(world.clock.now.date() + timedelta(days=1), time(0, 3), ZONE)
    second = sent_with(world)
    world.clock.passes(minutes=4)
    world.runs("opinion.stir")
    lying = [leaf.id for leaf in world.opinions.letterbox.words()]
    world.runs("opinion.stir")

    assert lying == [kept(world, second).id]
    assert [kept(world, code).day.day for code in (first, second)] == [23, 24]
    with world.db.read() as connection:
        assert len(connection.execute(sa.select(anonymous_opinions)).all()) == 1


def test_every_hour_the_days_rows_are_laid_anew(world):
    sent_with(world)
    the_day_is_over(world)
    with world.db.read() as connection:
        before = connection.execute(sa.select(anonymous_opinions.c.mark)).scalar_one()
    world.clock.passes(hours=1)
    world.runs("opinion.stir")
    with world.db.read() as connection:
        after = connection.execute(sa.select(anonymous_opinions.c.mark)).scalar_one()

    assert before != after


def test_pictures_that_went_with_no_opinion_are_let_go_and_the_others_stay(world):
    mini = world.member().signs_in()
    used, unused, other = (mini.sends_picture(a_photo()).body["id"] for _ in range(3))
    world.clock.passes(days=1)  # sent after midnight
    said = {"way": "named", "name": "张三", "category": "生活困难", "words": "宿舍热水晚上九点就停"}
    mini.post("/opinion", {**said, "pictures": [used]})
    named = mini.post("/opinion", {**said, "pictures": [other]})
    before = [world.pictures.get(each) is not None for each in (used, unused, other)]
    world.clock.passes(days=6)
    world.runs("opinion.tidy")

    assert named.status == 201
    assert before == [True, True, True]
    assert [world.pictures.get(each) is not None for each in (used, unused, other)] == [True, False, True]


def test_late_runs_stay_within_the_hour(world):
    names = {job.id for job in world.feature.jobs}

    assert names == {
        "opinion.answers",
        "opinion.bell",
        "opinion.checks",
        "opinion.pictures",
        "opinion.reminder",
        "opinion.stir",
        "opinion.tidy",
    }
    assert all(timedelta(seconds=job.late_by_seconds) <= timedelta(hours=1) for job in world.feature.jobs)


# -- that some were answered -------------------------------------------------------------------------------------------


def answered(world: World, *way: str) -> str:
    """Somebody's opinion of today, answered today; its id."""
    code = receipt(world.member(f"o-{way}").says("意见", *way, "4", "走廊的灯坏了三天", "好了", "1"))
    id_ = world.opinions.id_of(code.replace("-", ""))
    world.opinions.change(id_, lambda now: replace(now, reply="换好了。", answered_on=world.clock().date(), answers=1))
    return id_


def on_monday(world: World, weeks: int = 1) -> list[tuple[str, str, str]]:
    """What is told at ten on a Monday after the world's first day, which is a Saturday."""
    world.clock.now = datetime.combine(date(2126, 11, 25) + timedelta(days=7 * (weeks - 1)), time(10), ZONE)
    before = len(world.told)
    world.runs("opinion.bell")
    return world.told[before:]


def test_who_asked_for_it_hears_once_that_some_without_a_name_were_answered_last_week(world):
    world.wanted = {"niming-dafu": ["person-1", "person-2"]}
    answered(world, "1")
    told, again, a_week_later = on_monday(world), on_monday(world), on_monday(world, weeks=2)

    assert [person for person, _, _ in told] == ["person-1", "person-2"]
    assert {line for _, line, _ in told} == {
        "上一周，有匿名提的意见得到了答复。提过的，回复“查询”加回执码就能看；没有提过的不用理。"
    }
    assert (again, a_week_later) == ([], [])


def test_a_week_without_such_answers_is_silent(world):
    world.wanted = {"niming-dafu": ["person-1"]}
    answered(world, "2", "张三")
    sent_with(world)

    assert on_monday(world) == []


def test_what_was_answered_this_monday_is_told_of_next_week(world):
    world.wanted = {"niming-dafu": ["person-1"]}
    world.clock.now = datetime.combine(date(2126, 11, 25), time(8), ZONE)
    answered(world, "1")

    assert [len(on_monday(world, weeks=each)) for each in (1, 2, 3)] == [0, 1, 0]


def test_asking_for_it_tells_nothing_of_who_sent(world):
    """All who asked hear the same words, and to hear them nothing of an opinion is looked up by a person."""
    world.wanted = {"niming-dafu": ["person-1", "person-2"]}
    answered(world, "1")
    (key,) = {key for _, _, key in on_monday(world)}

    assert re.fullmatch(r"opinion:some answered:\d{4}-\d\d-\d\d", key)
