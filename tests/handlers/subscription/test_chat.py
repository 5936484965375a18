"""Coming, choosing, seeing and deleting one's data, leaving: through the signed door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.db import metadata
from storage.people import Window
from storage.roster import Entry
from tests.content.builders import a_pack, as_toml
from tests.driver import Phone
from tests.house import a_town

ACCOUNT = 'name = "学习号"\norganisation = "党委"\nwelcome = ["欢迎来到学习号。", "回复“帮助”看看。"]\n' + "".join(
    f'\n[[topic]]\nid = "{id_}"\nname = {as_toml(name)}\n'
    for id_, name in (("dangzhang", "党章党规"), ("zuzhi", "组织生活"), ("yaowen", "要闻"))
)


@pytest.fixture
def towns(tmp_path, database_url, redis, redis_url):
    """Makes programs on the same stores, each with settings of its own."""
    folder, made = a_pack(tmp_path / "pack", {"account.toml": ACCOUNT}), []

    def make(**tables: Any) -> Any:
        made.append(a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)}, **tables))
        return made[-1]

    yield make
    for each in made:
        each.house.close()


@pytest.fixture
def town(towns):
    return towns()


def keeping(days: int) -> dict[str, Any]:
    return {"handlers": {"subscription": {"keep_after_unfollow_days": days}}}


@pytest.mark.parametrize("coming", ["follows", "speaks"])
def test_the_first_day_is_the_day_where_members_live(town, coming):
    town.clock.at = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)  # morning in Shanghai
    phone = town.phone()
    phone.follows() if coming == "follows" else phone.says("帮助")

    assert "第一次来的日期：2026年11月24日" in phone.says("我的数据")


def count(town, name):
    with town.house.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()


def who(town, phone):
    return town.house.people.find(account="official", openid=phone.openid)


def chosen(phone):
    """The topics that the list shows as chosen."""
    lines = phone.says("订阅").splitlines()
    phone.says("退出")
    return [line.split()[1] for line in lines if line.endswith("✓已订阅")]


def night(town):
    """What the clock does at ten past three."""
    next(job for job in town.house.jobs if job.id == "subscription.forget").run(town.clock())


# -- coming ----------------------------------------------------------------------------------------------------------


def test_who_follows_is_welcomed_in_the_packs_words(town):
    assert town.phone().follows() == "欢迎来到学习号。\n回复“帮助”看看。"


def test_following_twice_makes_one_person(town):
    phone = town.phone()
    phone.follows()
    town.clock.forward(seconds=1)
    phone.follows()
    phone.repeats()

    assert count(town, "persons") == count(town, "contacts") == 1


def test_a_code_with_a_purpose_is_answered_after_the_welcome(town):
    phone = town.phone()
    reply = phone.follows("topic_yaowen")

    assert reply.startswith("欢迎来到学习号。")
    assert "已订阅：要闻" in reply
    assert chosen(phone) == ["要闻"]


def test_a_code_of_an_unknown_topic_shows_the_list(town):
    assert "1. 党章党规" in town.phone().scans("topic_gone")


def test_a_code_that_means_nothing_here_is_a_follow_like_any_other(town):
    assert town.phone().follows("poster-7") == "欢迎来到学习号。\n回复“帮助”看看。"


# -- topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["1 3", "１、３", "1,3", "13"])
def test_topics_are_chosen_by_number_from_the_list(town, way):
    phone = town.phone()
    listed = phone.says("订阅")
    reply = phone.says(way)

    assert "1. 党章党规\n2. 组织生活\n3. 要闻" in listed
    assert "已订阅：党章党规、要闻" in reply
    assert chosen(phone) == ["党章党规", "要闻"]


@pytest.mark.parametrize("way", ["订阅1", "订阅 1", "订阅：1", "【订阅党章党规】", "订阅党章党规"])
def test_a_topic_is_subscribed_in_one_message(town, way):
    phone = town.phone()

    assert "已订阅：党章党规" in phone.says(way)
    assert chosen(phone) == ["党章党规"]


def test_subscribing_adds_to_what_was_chosen_and_twice_is_once(town):
    phone = town.phone()
    phone.says("订阅2")
    phone.says("订阅")
    phone.says("2 3")

    assert chosen(phone) == ["组织生活", "要闻"]


def test_numbers_that_are_not_there_are_asked_for_again(town):
    phone = town.phone()
    phone.says("订阅")

    assert "请回复主题前面的编号" in phone.says("9")
    assert "已订阅：要闻" in phone.says("3")


@pytest.mark.parametrize("word", ["退订", "TD", "td", "退订。", "取消订阅", "我要退订", "退订全部"])
def test_leaving_everything_is_one_word(town, word):
    phone = town.phone()
    phone.says("订阅全部")

    assert "已全部退订" in phone.says(word)
    assert chosen(phone) == []


def test_after_leaving_everything_numbers_bring_back_what_was_to_stay(town):
    phone = town.phone()
    phone.says("订阅全部")
    phone.says("退订")
    phone.says("2")

    assert chosen(phone) == ["组织生活"]


@pytest.mark.parametrize("way", ["退订1", "退订 １", "退订第1项", "退订党章党规", "【退订1】"])
def test_leaving_one_topic_keeps_the_others(town, way):
    phone = town.phone()
    phone.says("订阅全部")

    assert "已退订：党章党规" in phone.says(way)
    assert chosen(phone) == ["组织生活", "要闻"]


def test_what_to_leave_that_is_not_understood_leaves_nothing_and_says_how(town):
    phone = town.phone()
    phone.says("订阅全部")

    assert "没看懂要退订哪一项" in phone.says("退订那个")
    assert len(chosen(phone)) == 3


def test_one_members_choice_is_not_anothers(town):
    noisy, phone = town.phone(), town.phone()
    noisy.says("订阅全部")
    phone.says("订阅1")
    phone.says("退订")

    assert len(chosen(noisy)) == 3


def test_the_list_can_be_left(town):
    phone = town.phone()
    phone.says("订阅")
    phone.says("退出")

    assert "没听懂" in phone.says("1")


# -- own data --------------------------------------------------------------------------------------------------------


def test_my_data_tells_all_that_is_kept(town):
    phone = town.phone()
    phone.says("订阅1")

    mine = phone.says("我的数据")

    assert "微信给您的用户编号" in mine
    assert "第一次来的日期：2026年11月23日" in mine
    assert "订阅主题：党章党规" in mine
    assert "删除我的数据" in mine


def test_own_data_say_the_window_the_credits_and_what_waits(town):
    phone = town.phone()
    phone.says("帮助")
    known, people = who(town, phone), town.house.people
    people.open_windows({known.contact: Window(town.clock() + timedelta(hours=48), 5)})
    people.add_credit(known.contact, "T1", message="m1")
    people.add_credit(known.contact, "T2", message="m2")
    people.keep_line(known.person, key="k", line="a line", expires_at=town.clock() + timedelta(days=1))

    mine = phone.says("我的数据")

    assert "公众号：" in mine
    assert "11月25日 12:00 以前还可以主动给您发 5 条消息" in mine
    assert "您同意的订阅通知还剩 2 次" in mine
    assert "等您下次来时告诉您的消息：1 条" in mine


def test_a_window_that_is_over_is_not_said_to_be_open(town):
    phone = town.phone()
    phone.says("帮助")
    town.house.people.open_windows({who(town, phone).contact: Window(town.clock() + timedelta(hours=1), 5)})
    town.clock.forward(hours=2)

    assert "主动给您发" not in phone.says("我的数据")


def test_own_data_say_the_binding_and_every_account(town):
    phone, mini = town.phone("o-here"), town.mini("o-there")
    phone.says(f"关联 {mini.post('/linking/code').body['code']}")
    town.house.people.rename(
        who(town, phone).person, name="阿依古丽", verified=True, organisation="zhibu-9", role="组织委员"
    )

    mine = phone.says("我的数据")

    assert "绑定的身份：阿依古丽，zhibu-9，组织委员（来自支部导入的名单）" in mine
    assert [line.partition("：")[0] for line in mine.splitlines() if "用户编号" in line] == ["· 小程序", "· 公众号"]


def test_deleting_says_before_what_stays(town):
    asked = town.phone().says("删除我的数据")

    assert "这些不会删：" in asked
    for stays in ("您的名字、语音和位置去掉", "匿名意见", "合计数", "支部导入的名单", "微信自己保存的", "备份"):
        assert stays in asked


def test_deleting_asks_first_and_then_keeps_nothing(town):
    phone = town.phone()
    phone.follows()
    phone.says("订阅全部")

    asked = phone.says("删除我的数据")
    gone = phone.says("确认删除")

    assert "党章党规、组织生活、要闻" in asked
    assert "已全部删除" in gone
    assert [count(town, name) for name in ("persons", "contacts", "subscriptions")] == [0, 0, 0]


@pytest.mark.parametrize("other", ["不", "确认", "删除", "1", "返回", "退出"])
def test_anything_but_the_confirmation_deletes_nothing(town, other):
    phone = town.phone()
    phone.says("订阅1")
    phone.says("删除我的数据")

    assert "没有删除" in phone.says(other)
    assert chosen(phone) == ["党章党规"]


def test_the_confirmation_out_of_place_deletes_nothing(town):
    phone = town.phone()
    phone.says("订阅1")
    phone.says("确认删除")

    assert chosen(phone) == ["党章党规"]


def test_a_confirmation_that_comes_twice_deletes_once_and_says_the_same(town, redis):
    phone = town.phone()
    phone.says("订阅1")
    phone.says("删除我的数据")
    talk = {key: redis.get(key) for key in redis.keys("zhibu:talk:*")}
    first = phone.says("确认删除")
    redis.flushdb()
    redis.mset(talk)

    assert phone.repeats() == first
    assert count(town, "persons") == 0


# -- leaving ---------------------------------------------------------------------------------------------------------


def test_who_leaves_is_forgotten_at_once_with_everything(town, redis):
    phone = town.phone()
    phone.follows()
    phone.says("订阅全部")
    known = who(town, phone)
    town.house.people.open_windows({known.contact: Window(town.clock() + timedelta(days=1), 5)})
    town.house.people.add_credit(known.contact, "T1", message="m1")
    phone.says("订阅")

    assert phone.leaves() == ""
    tables = ("persons", "contacts", "windows", "credits", "credit_events", "subscriptions")
    assert {name: count(town, name) for name in tables} == dict.fromkeys(tables, 0)
    assert redis.keys("zhibu:talk:*") == []


def test_a_window_that_was_still_on_its_way_is_not_opened_for_one_who_left(town):
    phone = town.phone()
    phone.says("订阅")
    phone.leaves()

    town.house.pushes.windows.flush(town.clock())

    assert count(town, "windows") == 0


def test_leaving_twice_or_without_having_come_is_no_trouble(town):
    phone = town.phone()
    phone.leaves()
    phone.follows()
    town.clock.forward(seconds=1)
    phone.leaves()
    phone.repeats()

    assert count(town, "persons") == 0
    assert phone.response.status == 200


def test_the_others_stay_when_one_leaves(town):
    stays, leaves = town.phone(), town.phone()
    stays.says("订阅1")
    leaves.says("订阅1")
    leaves.leaves()
    night(town)

    assert chosen(stays) == ["党章党规"]


def test_with_days_promised_who_comes_back_in_time_finds_what_was_theirs(towns):
    town = towns(**keeping(7))
    phone = town.phone()
    phone.says("订阅1")
    phone.leaves()
    town.clock.forward(days=7)
    night(town)
    gone = count(town, "contacts")
    phone.follows()

    assert gone == 0
    assert chosen(phone) == ["党章党规"]


def test_with_days_promised_who_stays_away_is_forgotten_when_they_are_over(towns):
    town = towns(**keeping(7))
    phone = town.phone()
    phone.says("订阅1")
    phone.leaves()
    town.clock.forward(days=8)
    night(town)

    assert [count(town, name) for name in ("persons", "subscriptions")] == [0, 0]
    phone.follows()
    assert chosen(phone) == []


def test_who_came_back_is_not_forgotten_later(towns):
    town = towns(**keeping(7))
    phone = town.phone()
    phone.says("订阅1")
    phone.leaves()
    phone.follows()
    town.clock.forward(days=30)
    night(town)

    assert chosen(phone) == ["党章党规"]


def test_the_promise_is_kept_by_a_keyed_hash_and_not_by_the_openid(towns):
    town = towns(**keeping(7))
    phone = town.phone("o-who-left")
    phone.says("订阅1")
    phone.leaves()

    with town.house.db.read() as connection:
        former = connection.execute(sa.select(metadata.tables["persons"].c.former)).scalar_one()

    assert len(former) == 64
    assert "o-who-left" not in former


def test_who_is_on_the_roster_stays_and_is_known_again(town):
    phone = town.phone()
    joined(town, phone)
    phone.says("订阅1")
    phone.leaves()
    town.clock.forward(days=400)
    night(town)
    left = count(town, "contacts")
    phone.follows()

    assert left == 0
    assert who(town, phone).name == "张三"
    assert chosen(phone) == ["党章党规"]


def joined(town: Any, *phones: Phone) -> None:
    """Bind the phones' member to one row of the roster."""
    at = {"name": "张三", "organisation": "zhibu"}
    until = town.clock() + timedelta(days=30)
    issued = town.house.roster.take_in([Entry(**at)], expires_at=until)
    codes = [each.code for each in issued]
    for number, phone in enumerate(phones):
        code = codes[0] if number == 0 else town.house.roster.reissue(**at, expires_at=until)
        assert "绑定成功" in phone.joins(f"绑定 {code}")


def test_another_contact_keeps_the_person(town):
    first, second = town.phone(), town.phone()
    joined(town, first, second)
    first.says("订阅1")
    first.says("解绑")
    first.says("确认解绑")
    person = who(town, first).person

    first.leaves()
    night(town)

    assert not who(town, first).known
    assert who(town, second).person == person
    assert chosen(second) == ["党章党规"]


def test_the_last_contact_takes_the_person_along(town):
    first, second = town.phone(), town.phone()
    joined(town, first, second)
    first.says("解绑")
    first.says("确认解绑")
    first.leaves()
    second.leaves()
    town.clock.forward(days=1)
    night(town)

    assert count(town, "persons") == 0


def test_an_account_that_was_cancelled_takes_its_data_along(town):
    phone = town.phone()
    phone.says("订阅1")
    phone.event({"Event": "user_authorization_cancellation", "OpenID": phone.openid, "AppID": "wx0123456789abcdef"})

    assert count(town, "persons") == count(town, "subscriptions") == 0


# -- what members allow ----------------------------------------------------------------------------------------------


def choices(
    *pairs: tuple[str, str], event: str = "subscribe_msg_popup_event", tag: str = "SubscribeMsgPopupEvent"
) -> Any:
    listed = [
        {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "2"} for template, status in pairs
    ]
    return {"Event": event, tag: {"List": listed}}


@pytest.fixture
def allowed(town):
    def of(phone):
        return town.house.people.credits_of(who(town, phone).contact)

    return of


def test_each_notice_a_member_allows_is_one_credit(town, allowed):
    phone = town.phone()
    phone.follows()
    phone.event(choices(("T1", "accept"), ("T2", "accept")))
    town.clock.forward(seconds=5)
    phone.event(choices(("T1", "accept")))

    assert allowed(phone) == {"T1": 2, "T2": 1}


def test_the_same_permission_that_comes_again_counts_once(town, allowed, redis):
    phone = town.phone()
    phone.follows()
    phone.event(choices(("T1", "accept"), ("T2", "accept")))
    phone.repeats()
    redis.flushdb()
    phone.repeats()

    assert allowed(phone) == {"T1": 1, "T2": 1}


def test_a_refusal_ends_what_was_left_of_that_notice_alone(town, allowed):
    phone = town.phone()
    phone.follows()
    phone.event(choices(("T1", "accept"), ("T2", "accept")))
    phone.event(choices(("T1", "reject"), event="subscribe_msg_change_event", tag="SubscribeMsgChangeEvent"))

    assert allowed(phone) == {"T2": 1}


def test_a_refusal_and_a_permission_in_one_answer_are_both_heard(town, allowed):
    phone = town.phone()
    phone.follows()
    phone.event(choices(("T1", "reject"), ("T2", "accept")))

    assert allowed(phone) == {"T2": 1}


def sent(error: str) -> Any:
    result = {"TemplateId": "T1", "MsgID": "1", "ErrorCode": error, "ErrorStatus": "x"}
    return {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": result}}


@pytest.mark.parametrize(("error", "left"), [("0", {"T1": 1}), ("43101", {})])
def test_a_notice_that_could_not_be_sent_tells_that_no_credit_is_left(town, allowed, error, left):
    phone = town.phone()
    phone.follows()
    phone.event(choices(("T1", "accept")))
    phone.event(sent(error))

    assert allowed(phone) == left


def test_a_stranger_who_allows_a_notice_becomes_no_person(town):
    town.phone().event(choices(("T1", "accept")))

    assert count(town, "persons") == count(town, "credits") == 0


@pytest.mark.parametrize("done", [("订阅", "1"), ("订阅", "订阅 2"), ("订阅", "1", "订阅", "退订1")])
def test_a_list_that_has_served_is_closed(town, done):
    phone = town.phone()
    for words in done:
        phone.says(words)

    assert phone.says("今天天气怎么样").startswith("没听懂")


def test_topics_are_chosen_by_name_without_ending_what_else_is_open(town):
    phone = town.phone()
    phone.says("答题")
    phone.says("订阅 1")

    assert "2/2" in phone.says("A")
