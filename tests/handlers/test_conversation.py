"""How a message becomes an answer: once, in its turn, and always something honest."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from commands.run import WEB_THREADS
from storage.inbox import Fresh, Inbox
from storage.sealing import Keys
from tests.end_to_end.running import within
from tests.house import Clock, a_town


def answers_kept(town):
    with town.house.db.read() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM quiz_answers")).scalar()


def test_a_repeat_gets_the_very_same_reply_and_has_no_second_effect(town):
    phone = town.phone()
    phone.says("答题")

    first = phone.says("A")
    again = [phone.repeats() for _ in range(3)]

    assert again == [first] * 3
    assert answers_kept(town) == 1


def test_a_repeat_after_redis_forgot_everything_has_no_second_effect(town, redis):
    phone = town.phone()
    phone.says("答题")
    phone.says("A")

    redis.flushdb()
    phone.repeats()

    assert answers_kept(town) == 1


def test_a_repeat_after_a_crash_before_the_reply_was_kept_gives_the_same_reply(town, redis):
    phone = town.phone()
    phone.says("答题")
    talk = {key: redis.get(key) for key in redis.keys("zhibu:talk:*")}
    first = phone.says("A")

    for key in redis.keys("zhibu:turn:*"):
        redis.delete(key)
    for key, value in talk.items():
        redis.set(key, value)
    again = phone.repeats()

    assert again == first
    assert answers_kept(town) == 1


def test_the_same_message_sent_at_the_same_time_is_worked_on_once(town):
    phone = town.phone()
    phone.says("答题")
    body = phone.says("A") and phone._last
    other = town.phone()
    other.says("答题")
    body = body.replace(phone.openid.encode(), other.openid.encode())

    def send(_):
        each = town.phone(other.openid)
        return each.pushes_body(body)

    times = 1 + WEB_THREADS // 2  # of more, some would find no place to wait, and be told so
    with ThreadPoolExecutor(times) as pool:
        replies = set(pool.map(send, range(times)))

    assert len(replies) == 1
    assert answers_kept(town) == 2


def test_what_was_sent_before_the_last_answer_was_seen_does_not_answer_the_next_question(town, redis):
    """A double tap: the second message comes while the first is still at work."""
    phone = town.phone()
    phone.says("答题")
    inbox = Inbox(redis, Keys("a secret key that only the tests know"))
    first = inbox.begin(account="official", openid=phone.openid, message="the first tap", now=town.clock())
    assert isinstance(first, Fresh)

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(phone.says, "A")
        assert within(3, lambda: town.house.conversation._waiting._value < WEB_THREADS // 2), "it never waited"
        inbox.finish(first, reply=b"<xml/>", talk=first.talk, talk_seconds=60, note=b"", now=town.clock())
        reply = second.result(timeout=5)

    assert "只算第一条" in reply
    assert answers_kept(town) == 0


def after(town, milliseconds):
    """The same letter again, so long after it was answered."""
    phone = town.phone()
    phone.says("答题")
    phone.taps_send("A")
    town.clock.forward(milliseconds=milliseconds)
    return phone.taps_send("A")


@pytest.mark.parametrize("milliseconds", [0, 5, 400, 1200])
def test_the_same_letter_a_moment_after_its_answer_is_the_same_tap(town, milliseconds):
    reply = after(town, milliseconds)

    assert "只算第一条" in reply
    assert "2/5" in reply
    assert answers_kept(town) == 1


def test_the_same_letter_later_is_an_answer_and_a_refused_tap_does_not_put_it_off(town):
    assert "3/5" in after(town, 1201)
    phone = town.phone()
    phone.says("答题")
    replies = []
    for _ in range(3):
        replies.append(phone.taps_send("A"))
        town.clock.forward(milliseconds=700)

    assert ["2/5" in replies[0], "只算第一条" in replies[1], "3/5" in replies[2]] == [True] * 3


def test_another_letter_is_an_answer_however_soon(town):
    phone = town.phone()
    phone.says("答题")
    phone.taps_send("A")

    assert "3/5" in phone.taps_send("B")
    assert answers_kept(town) == 2


def test_a_double_tap_skips_no_step_of_an_opinion(town):
    phone = town.phone()
    phone.says("意见")
    category = phone.taps_send("1")
    words = phone.taps_send("1")
    town.clock.forward(seconds=2)
    phone.taps_send("1")

    assert words == category
    assert "请说吧" in phone.taps_send("1")


@pytest.mark.parametrize("said", ["答题", " 答题。", "【答题】", "答 题", "ＱＵＩＺ", "Quiz!"])
def test_width_case_spaces_and_punctuation_do_not_matter(town, said):
    reply = town.phone().says(said)

    assert "1/5" in reply


def test_words_nobody_knows_get_a_useful_answer(town):
    assert "帮助" in town.phone().says("今天天气怎么样")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("image", {"PicUrl": "http://127.0.0.1/x", "MediaId": "m"}),
        ("voice", {"MediaId": "m", "Format": "amr"}),
        ("location", {"Location_X": "39.9", "Location_Y": "116.4", "Scale": "15", "Label": "x"}),
        ("video", {"MediaId": "m", "ThumbMediaId": "t"}),
        ("link", {"Title": "t", "Description": "d", "Url": "http://127.0.0.1/"}),
    ],
)
def test_what_is_no_word_gets_a_useful_answer(town, kind, fields):
    assert town.phone().sends(kind, **fields)


def test_coming_back_after_an_hour_offers_to_go_on_or_begin_again(town):
    phone = town.phone()
    question = phone.says("答题")

    town.clock.forward(hours=2)
    offered = phone.says("A")
    resumed = phone.says("继续")

    assert "继续" in offered
    assert "重来" in offered
    assert resumed == question
    assert answers_kept(town) == 0


@pytest.mark.parametrize("word", ["答题", "要闻", "查询", "订阅", "绑定", "删除我的数据"])
@pytest.mark.parametrize("minutes", [31, 90])
def test_whatever_was_open_is_still_known_after_an_hour(town, word, minutes):
    phone = town.phone()
    opened = phone.says(word)

    town.clock.forward(minutes=minutes)
    offered = phone.says("嗯嗯嗯")
    resumed = phone.says("继续") if minutes > 60 else opened

    assert "没听懂" not in offered
    assert ("“重来”" in offered) == (minutes > 60)
    assert resumed == opened


def test_whatever_was_open_can_be_begun_again_after_an_hour(town):
    for word in ("订阅", "绑定", "删除我的数据"):
        phone = town.phone()
        opened = phone.says(word)
        town.clock.forward(hours=2)
        phone.says("嗯嗯嗯")

        assert phone.says("重来") == opened


def test_a_word_of_another_feature_is_heard_after_an_hour(town):
    phone = town.phone()
    phone.says("答题")

    town.clock.forward(hours=2)

    assert "主题" in phone.says("订阅")


def test_leaving_works_in_the_middle_and_going_on_finds_the_place(town):
    phone = town.phone()
    phone.says("答题")
    phone.says("A")

    left = phone.says("退出")
    lost = phone.says("嗯")
    back = phone.says("继续")

    assert "继续" in left
    assert "帮助" in lost
    assert "2/5" in back


def test_a_letter_after_redis_was_lost_in_the_middle_shows_its_question_again_and_is_not_marked(town, redis):
    phone = town.phone()
    phone.says("答题")
    question = phone.says("A")
    redis.flushdb()
    asked = phone.says("B")

    assert "没有算作答案" in asked
    assert asked.endswith(question[question.index("【2/5】") :])
    assert answers_kept(town) == 1
    assert "3/5" in phone.says("C")


@pytest.mark.parametrize("said", ["A", "AB是什么", "i"])
def test_a_letter_of_one_who_has_no_round_is_not_understood(town, said):
    assert town.phone().says(said).startswith("没听懂")


def test_a_code_that_stands_for_nothing_is_answered(town):
    assert "二维码" in town.phone().scans("poster-2019")


def test_without_redis_the_answer_is_honest_quick_and_has_no_effect(tmp_path, database_url, redis_url, redis):
    town = a_town(tmp_path, database=database_url, redis="redis://127.0.0.1:1/0", clock=Clock())

    reply = town.phone().says("答题")

    assert "不方便" in reply
    with town.house.db.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM persons")).scalar() == 0
    town.house.close()


def test_without_redis_one_who_leaves_is_still_let_go(tmp_path, database_url, redis_url, redis):
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    town.phone("o-leaver").follows()
    dark = a_town(tmp_path, database=database_url, redis="redis://127.0.0.1:1/0")

    dark.phone("o-leaver").leaves()

    with town.house.db.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM persons")).scalar() == 0
    town.house.close()
    dark.house.close()


@pytest.mark.parametrize("word", ["返回", "帮助", "关于", "继续", "更多", "退出"])
def test_words_that_work_everywhere_write_nothing_of_a_person_in_a_private_talk(town, word):
    stranger = town.phone()
    stranger.says("意见")

    stranger.says(word)

    with town.house.db.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM persons")).scalar() == 0


def test_redis_holds_nothing_that_can_be_read_or_lasts(town, redis):
    phone = town.phone("o-secret-openid")
    phone.says("答题")

    kept = {key: redis.dump(key) for key in redis.keys("*")}

    assert kept
    assert all(b"secret-openid" not in key + value for key, value in kept.items())
    assert all("题".encode() not in value for value in kept.values())
    assert all(redis.ttl(key) > 0 for key in kept)


@pytest.mark.quiet
def test_a_hung_redis_costs_less_than_the_platform_waits(tmp_path, database_url):
    with socket.create_server(("127.0.0.1", 0)) as hung:
        port = hung.getsockname()[1]
        town = a_town(tmp_path, database=database_url, redis=f"redis://127.0.0.1:{port}/0")
        began = time.monotonic()

        reply = town.phone().says("答题")

        assert "不方便" in reply
        assert time.monotonic() - began < 2
        town.house.close()


def test_a_greeting_in_an_opinion_is_part_of_it(town):
    phone = town.phone()
    for words in ("意见", "1", "1"):
        phone.says(words)

    assert "已经记下 2 字" in phone.says("你好")


def with_a_draft_left_for_another_talk(town):
    phone = town.phone()
    for words in ("意见", "1", "4", "宿舍热水停得太早", "订阅", "退出"):
        answer = phone.says(words)
    assert "写到一半，还没提交" in answer
    return phone


@pytest.mark.parametrize("said", ["退出", "取消"])
def test_leaving_where_only_a_draft_waits_throws_it_away(town, redis, said):
    assert with_a_draft_left_for_another_talk(town).says(said).startswith("好的，不提了，刚才写的没有留下。")
    assert redis.keys("zhibu:draft:*") == []


def test_going_back_where_only_a_draft_waits_goes_back_in_it(town):
    assert with_a_draft_left_for_another_talk(town).says("返回").startswith("匿名提。属于哪一类？")


def test_leaving_where_only_a_draft_waits_is_as_private_as_the_draft(town, redis):
    stranger = town.phone()
    for words in ("意见", "1", "4", "宿舍热水停得太早"):
        stranger.says(words)
    redis.delete(*redis.keys("zhibu:talk:*"))

    assert "刚才写的没有留下" in stranger.says("退出")
    with town.house.db.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM persons")).scalar() == 0
