"""The opinion box as members meet it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from handlers.guessing import Bounds
from handlers.opinion.engine.drafts import Draft
from handlers.router import Draft as Kept
from handlers.router import Talk, Turn
from storage.opinion import named_opinions
from storage.people import contacts, persons, windows
from tests.handlers.opinion.world import Member, World, receipt
from wechat.messages import Kind, Location, Text

DIALOGS = sorted((Path(__file__).parent / "dialogs").glob("*.txt"))
ANONYMOUSLY = ("意见", "1", "4", "宿舍热水晚上九点就停", "好了")
NAMED = ("意见", "2", "张三", "4", "宿舍热水晚上九点就停", "好了")


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


def rows(world: World, table: sa.Table) -> int:
    with world.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def turns(dialog: str) -> list[tuple[str, str]]:
    """What is typed and what is answered, in order."""
    found: list[tuple[str, str]] = []
    for line in dialog.splitlines():
        if line.startswith("> "):
            found.append((line[2:], ""))
        else:
            typed, answered = found[-1]
            found[-1] = (typed, f"{answered}\n{line[2:]}" if answered else line[2:])
    return found


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda path: path.stem)
def test_a_talk_goes_as_written(world, dialog):
    member, code = world.member(), ""
    for typed, expected in turns(dialog.read_text()):
        said = typed.replace("CODE", code)
        kind, _, media = said.partition("] ")
        sent = {"[picture": Kind.IMAGE, "[voice": Kind.VOICE, "[video": Kind.VIDEO}.get(kind)
        if kind == "[place":
            latitude, longitude, label = media.split(maxsplit=2)
            where = Location(latitude=float(latitude), longitude=float(longitude), label=label)
            answer = member.sends(Kind.LOCATION, detail=where)
        else:
            answer = member.sends(sent, media_id=media) if sent else member.says(said)
        code = code if "回执码：\n" not in answer else receipt(answer)

        assert answer.replace(code or "CODE", "CODE").rstrip("\n") == expected, typed


def test_words_that_come_where_a_voice_waits_for_a_yes_are_kept(world):
    member = world.member()
    member.says("意见", "1", "4")
    asked = member.sends(Kind.VOICE, media_id="media-1")
    answered = member.says("食堂的饭到十二点半就凉了")
    look = member.says("2", "好了")

    assert answered == f"您说的先记下了。{asked}"
    assert "食堂的饭到十二点半就凉了" in look
    assert "语音" not in look


# -- sending ---------------------------------------------------------------------------------------------------------


def test_a_bound_name_is_used_without_asking(world):
    member = world.member()
    world.people.rename(member.person, name="王芳", verified=True)
    asked = member.says("意见", "2")
    code = receipt(member.says("4", "宿舍热水晚上九点就停", "好了", "1"))
    kept = world.opinions.get(world.opinions.id_of(code.replace("-", "")))

    assert asked.startswith("以“王芳”的名义提。")
    assert (kept.name, kept.verified, kept.person) == ("王芳", True, member.person)


def test_a_typed_name_is_marked_unverified(world):
    code = receipt(world.member().says(*NAMED, "1"))
    kept = world.opinions.get(world.opinions.id_of(code.replace("-", "")))

    assert (kept.name, kept.verified) == ("张三", False)


def test_a_stranger_who_gives_a_name_becomes_a_person_who_can_be_answered(world):
    member = world.member("oStranger", follows=False)
    member.says(*NAMED, "1")

    assert member.person
    assert [opinion.words for opinion in world.opinions.of_person(member.person)] == ["宿舍热水晚上九点就停"]


def test_a_named_sender_may_be_answered_for_as_long_as_the_platform_allows(world):
    member = world.member()
    member.says(*NAMED, "1")
    window = world.people.find(account="official", openid=member.openid).window

    assert window.remaining == 5
    assert window.until == world.clock().replace(microsecond=0) + timedelta(hours=48)


def test_the_day_is_the_one_on_the_senders_calendar(world):
    world.clock.now = datetime(2126, 11, 23, 17, 0, tzinfo=UTC)  # one in the morning of the 24th
    code = receipt(world.member().says(*ANONYMOUSLY, "1"))

    assert "11月24日提的" in world.member().says(f"查询 {code}")


def test_an_anonymous_sender_leaves_nothing_of_a_person(world):
    world.member("oStranger", follows=False).says(*ANONYMOUSLY, "1")

    assert len(world.kept(named=False)) == 1
    assert all(rows(world, table) == 0 for table in (persons, contacts, windows, named_opinions))
    assert world.inbox.take_notes(now=world.clock()) == []


def test_nothing_is_kept_before_it_is_confirmed(world):
    member = world.member()
    member.says(*ANONYMOUSLY)

    assert world.kept(named=False) == []
    assert "还没有提交" in member.says("嗯")
    assert world.kept(named=False) == []


def test_more_words_are_added_at_the_last_question_too(world):
    answer = world.member().says(*ANONYMOUSLY, "还有，走廊的灯也坏了")

    assert "宿舍热水晚上九点就停\n还有，走廊的灯也坏了" in answer
    assert "回复 1 提交" in answer


def test_a_long_opinion_is_shown_in_short_and_kept_in_full(world):
    long = "宿舍热水晚上九点就停，" * 80
    member = world.member()
    asked = member.says("意见", "1", "4", long, "好了")
    code = receipt(member.says("1"))
    kept = world.opinions.get(world.opinions.id_of(code.replace("-", "")))

    assert "……（共 880 字，全部都会提交）" in asked
    assert kept.words == long


def test_a_code_in_the_words_is_refused_kindly(world):
    member = world.member()
    code = receipt(member.says(*ANONYMOUSLY, "1"))
    member.says("意见", "1", "4")

    assert "里面有一个回执码" in member.says(f"上次的 {code.lower()} 没有下文")


def test_too_few_words_and_too_many_are_said_kindly(world):
    member = world.member()

    assert member.says("意见", "1", "4", "热水", "好了").startswith("还太短")
    assert member.says("字" * 999).startswith("这一条没记下：合起来超过 1000 字了（已有 2 字）")


def test_the_tenth_picture_is_not_taken(world):
    member = world.member()
    member.says("意见", "1", "4")
    answers = [member.shows(f"media-{number}") for number in range(10)]

    assert answers[8] == "已经记下 0 字、9 张图片。接着说，或回复“好了”。"
    assert answers[9].startswith("最多 9 张图片")


def test_where_pictures_cannot_be_fetched_they_are_refused_honestly(db, redis, keys):
    member = World(db, redis, keys, fetch=False).member()

    assert "张图片" not in member.says("意见", "1", "4")
    assert member.shows("media-1").startswith("现在还收不了图片")


def test_another_feature_is_reached_from_the_middle_by_its_name_and_the_way_back_is_told(world):
    member = world.member()
    member.says("意见", "1", "4", "热水停得太早")
    answer = member.says("答题")

    assert answer.startswith("开始答题\n\n（“提意见”写到一半，还没提交，先替您留着。")
    assert "已经记下 6 字" in member.says("继续")
    assert "热水停得太早\n走廊的灯坏了" in member.says("走廊的灯坏了", "好了")


@pytest.mark.parametrize("said", ["政策不好", "政策学习资料也打不出来", "AB2C-D3EF", "？什么"])
def test_words_that_look_like_another_features_are_taken_as_words(world, said):
    member = world.member()
    member.says("意见", "1", "4")

    assert member.says(said).startswith("已经记下")
    assert said in member.says("宿舍热水晚上九点就停", "好了")


@pytest.mark.parametrize("steps", [("意见",), ("意见", "1"), ANONYMOUSLY, ("意见", "2")])
def test_at_every_step_words_that_look_like_another_features_stay_here(world, steps):
    member = world.member()
    member.says(*steps)

    assert member.says("政策不好") != "政策"
    assert "还没提交" in member.says("意见")


def test_a_draft_that_was_left_is_found_by_the_word_for_opinions_too(world):
    member = world.member()
    member.says("意见", "1", "4", "热水停得太早", "答题")

    answer = member.says("意见")
    assert answer.startswith("您有一条意见还没提交。\n已经记下 6 字")
    assert "先替您留着" not in answer  # it is open again, and takes what comes next
    assert "热水停得太早\n灯坏了" in member.says("灯坏了", "好了")


def test_who_thinks_better_of_giving_a_name_says_so(world):
    member = world.member()
    member.says("意见", "2")

    assert member.says("匿名").startswith("匿名提。属于哪一类？")


def test_who_says_yes_where_a_name_is_asked_is_asked_again(world):
    member = world.member()
    member.says("意见", "2")

    assert member.says("同意").startswith("这个不像姓名")
    assert "以“张三”（未核实）的名义提" in member.says("张三")


def test_a_draft_that_was_left_is_not_kept_longer_by_other_talk(world, redis):
    member = world.member()
    member.says("意见", "1", "4", "热水停得太早", "答题")
    world.clock.passes(minutes=20)
    member.says("答题")
    (draft,) = redis.keys("zhibu:draft:*")

    assert redis.ttl(draft) <= 10 * 60
    world.clock.passes(minutes=11)
    assert "提意见" not in member.says("继续")


def test_a_draft_that_is_sent_or_thrown_away_is_gone(world, redis):
    world.member("oMember-1").says(*ANONYMOUSLY, "1")
    world.member("oMember-2").says(*ANONYMOUSLY, "退出")

    assert redis.keys("zhibu:draft:*") == []


def test_a_reported_place_is_no_answer(world):
    member = world.member()
    member.says("意见", "1", "4")

    assert member.sends(Kind.REPORTED_LOCATION) == ""
    assert member.says("宿舍热水晚上九点就停").startswith("已经记下 10 字")


def test_a_double_tap_does_not_answer_a_question_nobody_saw(world):
    member, talk = world.member(), Talk("opinion", {"doing": "write"})
    talk.draft = Kept("opinion", Draft(receipt="0" * 12).dumped(), until=world.clock() + timedelta(minutes=30))
    who = world.people.find(account="official", openid=member.openid)
    tap = Turn(message=member.message(Kind.TEXT, text="1"), who=who, talk=talk, now=world.clock(), overlapped=True)
    answer = world.feature.chat.talking.takes(tap)(tap)

    assert isinstance(answer, Text)
    assert answer.content.startswith("想怎么提？")


def test_a_draft_is_forgotten_after_half_an_hour(world, redis):
    world.member().says(*ANONYMOUSLY)
    (draft,) = redis.keys("zhibu:draft:*")

    assert 29 * 60 < redis.ttl(draft) <= 30 * 60


def test_what_lasts_longer_says_nothing_of_the_draft(world, redis):
    for number, words in enumerate(("热水", "宿舍热水晚上九点就停，" * 20)):
        world.member(f"oMember-{number}").says("意见", "1", "4", words)
    short, long = (redis.strlen(key) for key in redis.keys("zhibu:talk:*"))

    assert short == long


@pytest.mark.parametrize("minutes", [31, 90, 20 * 60])
@pytest.mark.parametrize("said", ["1", "还有走廊的灯也坏了很久", "政策不好", "继续"])
def test_who_comes_back_to_a_draft_that_is_gone_is_told_so(world, minutes, said):
    member = world.member()
    member.says(*ANONYMOUSLY)
    world.clock.passes(minutes=minutes)

    assert member.says(said).startswith("刚才那条还没提交，过了半小时，为保密已经清掉了")
    assert member.says("意见").startswith("想怎么提？")


def test_who_comes_back_to_a_draft_that_is_gone_reaches_another_feature(world):
    member = world.member()
    member.says(*ANONYMOUSLY)
    world.clock.passes(minutes=31)

    assert member.says("答题") == "开始答题"


def test_a_thrown_away_opinion_leaves_no_talk(world, redis):
    world.member().says(*ANONYMOUSLY, "退出")

    assert redis.keys("zhibu:talk:*") == []


# -- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "named"), [(ANONYMOUSLY, False), (NAMED, True)])
def test_a_repeated_delivery_is_answered_alike_and_kept_once(world, way, named):
    member = world.member()
    first = member.says(*way, "1")

    assert member.repeats() == first
    assert len(world.kept(named=named)) == 1


@pytest.mark.parametrize(("way", "named"), [(ANONYMOUSLY, False), (NAMED, True)])
def test_a_turn_run_again_after_a_crash_gives_the_same_code_and_keeps_one_row(world, redis, way, named):
    member = world.member()
    member.says(*way)
    before = {key: redis.dump(key) for key in (*redis.keys("zhibu:talk:*"), *redis.keys("zhibu:draft:*"))}
    first = member.says("1")
    redis.flushdb()
    for key, value in before.items():
        redis.restore(key, 60_000, value)

    assert member.repeats() == first
    assert len(world.kept(named=named)) == 1


def test_the_same_talk_confirmed_by_another_message_keeps_one_row(world, redis):
    member = world.member()
    member.says(*NAMED)
    before = {key: redis.dump(key) for key in (*redis.keys("zhibu:talk:*"), *redis.keys("zhibu:draft:*"))}
    first = receipt(member.says("1"))
    for key, value in before.items():
        redis.restore(key, 60_000, value, replace=True)

    assert receipt(member.says("1")) == first
    assert rows(world, named_opinions) == 1


def test_many_at_once_are_all_kept(world):
    members = [world.member(f"oMember-{number}") for number in range(6)]
    for member in members:
        member.says(*ANONYMOUSLY)
    threads = [threading.Thread(target=member.says, args=("1",)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(world.kept(named=False)) == 6


def test_who_hears_that_it_may_not_be_kept_has_the_draft_and_sends_it_once(world):
    member = world.member()
    member.says(*ANONYMOUSLY)
    world.postman.most = 0
    honest = member.says("1")
    world.postman.most = 8
    kept_before = world.kept(named=False)
    sent = member.says("1")

    assert honest.startswith("刚才没能确认这一条存好了没有，写的还替您留着。请再回复 1")
    assert kept_before == []
    assert receipt(sent)
    assert [opinion.words for opinion in world.kept(named=False)] == ["宿舍热水晚上九点就停"]


def test_who_hears_that_it_may_not_be_kept_though_it_was_sends_it_once_too(world):
    member = world.member()
    member.says(*ANONYMOUSLY)
    before = world.next_round

    def is_kept_too_late() -> None:
        world.opinions.carry([letter.what for letter in world.postman._waiting])

    world.next_round = is_kept_too_late
    honest = member.says("1")
    world.next_round = before
    sent = member.says("1")

    assert honest.startswith("刚才没能确认")
    assert receipt(sent)
    assert len(world.kept(named=False)) == 1


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


def test_words_in_the_hands_of_a_worker_that_is_killed_are_kept_once_by_the_next(world, db, redis, keys):
    member = world.member()
    member.says(*ANONYMOUSLY)

    def killed() -> None:
        raise Killed

    world.next_round = killed
    with pytest.raises(Killed):
        member.says("1")
    nothing = world.kept(named=False)
    world.clock.passes(seconds=5)  # the platform repeats, and the lease of the first has ended
    other = World(db, redis, keys)
    other.clock = world.clock
    sent = Member(other, member.openid).repeats(member.last)

    assert nothing == []
    assert receipt(sent)
    assert [opinion.words for opinion in other.kept(named=False)] == ["宿舍热水晚上九点就停"]


# -- limits ----------------------------------------------------------------------------------------------------------


def test_a_member_sends_only_so_many_anonymous_opinions_a_day(db, redis, keys):
    world = World(db, redis, keys, anonymous_a_day=2)
    member = world.member()
    for _ in range(2):
        member.says(*ANONYMOUSLY, "1")
    refused = member.says("意见", "1")
    member.says("退出")

    assert refused == "今天的匿名意见已经提了 2 条，请明天再来；回复 2 可以实名提。"
    assert member.says(*NAMED, "1").startswith("收到了")
    assert world.member("oMember-2").says("意见", "1").startswith("匿名提。")
    world.clock.passes(days=1)
    assert member.says("意见", "1").startswith("匿名提。")


def test_a_turn_run_again_is_not_counted_twice(db, redis, keys):
    world = World(db, redis, keys, anonymous_a_day=2)
    member = world.member()
    member.says(*ANONYMOUSLY)
    before = {key: redis.dump(key) for key in (*redis.keys("zhibu:talk:*"), *redis.keys("zhibu:draft:*"))}
    for _ in range(3):
        for key, value in before.items():
            redis.restore(key, 60_000, value, replace=True)
        member.says("1")

    assert member.says("意见", "1").startswith("匿名提。")


# -- asking ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_read_with_the_code_alone_and_by_anyone_who_has_it(world):
    code = receipt(world.member().says(*ANONYMOUSLY, "1"))
    (opinion,) = world.opinions.of_days([world.clock().date()])
    answered = replace(opinion, state="answered", reply="热水改到十一点停。", answered_on=world.clock().date())
    world.opinions.change(opinion.id, lambda _: answered)
    other = world.member("oMember-2")

    expected = (
        "11月23日提的“生活困难”：已答复。\n\n答复（11月23日）：\n热水改到十一点停。\n\n这件事解决了吗？回复编号："
    )
    assert other.says(f"查询{code}").strip().startswith(expected)
    assert other.says("查询 " + code.lower().replace("-", " ").replace("0", "o")).strip().startswith(expected)
    assert other.says(code).strip().startswith(expected)


def test_a_code_with_a_slip_and_one_nobody_has_are_told_apart(world):
    code = receipt(world.member().says(*ANONYMOUSLY, "1"))
    member = world.member("oMember-2")
    wrong = code[:-1] + ("A" if code[-1] != "A" else "C")

    assert member.says("查询", wrong).startswith("这个回执码好像有一位不对")
    assert member.says("查询 HX03-MXM3-5Y2E").startswith("没有找到这个回执码")


def test_guesses_are_few_a_minute_and_a_right_one_is_slowed_too(world):
    code = receipt(world.member().says(*ANONYMOUSLY, "1"))
    guesser = world.member("oMember-2")
    told = [guesser.sends(Kind.TEXT, text="查询 HX03-MXM3-5Y2E") for _ in range(Bounds().most)]
    after = guesser.sends(Kind.TEXT, text=f"查询 {code}")
    of_others = world.member("oMember-3").sends(Kind.TEXT, text=f"查询 {code}")
    world.clock.passes(seconds=60)

    assert {answer[:9] for answer in told} == {"没有找到这个回执码"}
    assert after == "刚才查得太多了，请过一分钟再查。"
    assert "等待办理" in of_others
    assert "等待办理" in guesser.says(f"查询 {code}")


def test_asking_does_not_throw_away_what_is_being_written(world):
    member = world.member()
    code = receipt(member.says(*ANONYMOUSLY, "1"))
    member.says("意见", "1", "4", "走廊的灯坏了好几天")

    assert "已收到" in member.says(f"查询 {code}")
    assert member.says("好了").startswith("请看一遍")


def test_leaving_the_question_for_a_code_says_so(world):
    member = world.member()

    assert member.says("查询", "退出").startswith("好的，不查了")
    assert member.says("查询", "返回").startswith("好的，不查了")


# -- one's own data --------------------------------------------------------------------------------------------------


def test_ones_own_data_names_the_named_ones_and_says_why_the_others_are_missing(world):
    member = world.member()
    member.says(*NAMED, "1")
    member.says(*ANONYMOUSLY, "1")

    assert list(world.feature.keeps.show(member.person)) == [
        "意见：实名 1 条（已收到 1 条）；匿名提的不知道是谁提的，列不出来"
    ]


def test_who_is_erased_leaves_the_words_without_a_name(world):
    member = world.member()
    code = receipt(member.says(*NAMED, "1"))
    person = member.person
    with world.db.begin() as connection:
        world.feature.keeps.erase(connection, person)
        world.people.erase(connection, person)
    kept = world.opinions.get(world.opinions.id_of(code.replace("-", "")))

    assert (kept.person, kept.name, kept.words) == ("", "", "宿舍热水晚上九点就停")
    assert "已收到" in world.member("oMember-2").says(f"查询 {code}")
