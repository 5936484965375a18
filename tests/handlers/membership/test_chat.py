"""Binding with a one-time code, seeing it, undoing it: through the signed door."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.roster import Entry, join_tries

ZHANG = {"name": "张三", "organisation": "zhibu-1"}


@pytest.fixture
def code(town):
    """Gives out the code of a new row, or of a known one again."""

    def issue(*, days=30, **changed):
        entry, until = Entry(**{**ZHANG, "role": "书记", **changed}), town.clock() + timedelta(days=days)
        issued = town.house.roster.take_in([entry], expires_at=until)
        if issued:
            return issued[0].code
        return town.house.roster.reissue(name=entry.name, organisation=entry.organisation, expires_at=until)

    return issue


@pytest.fixture(autouse=True)
def noise(code):
    """Other people's rows are in the list."""
    code(name="李四")
    code(name="王五", organisation="zhibu-2")


def bound(town):
    return {row.entry.name for row in town.house.roster.rows() if row.bound}


def who(town, phone):
    return town.house.people.find(account="official", openid=phone.openid)


@pytest.mark.parametrize("words", ["{}", "绑定 {}", "绑定{}", "加入码：{}", "我的加入码是{}", "【绑定 {}】"])
@pytest.mark.parametrize(
    "hand", [str, str.lower, lambda code: f"{code[:4]}-{code[4:]}", lambda code: f"{code[:4]} {code[4:]}"]
)
def test_a_code_binds_in_one_message_however_it_is_typed(town, code, words, hand):
    phone = town.phone()
    reply = phone.joins(words.format(hand(code())))

    assert "绑定成功：张三，示例第一党支部，书记" in reply
    assert bound(town) == {"张三"}


def test_a_code_of_letters_alone_binds_where_a_code_was_asked_for(town, code, monkeypatch):
    """Such were given out once."""
    phone = town.phone()
    monkeypatch.setattr("storage.codes.drawn", lambda: "KMRXQPWT")
    given = code()

    asked = phone.says("绑定")

    assert "请回复支部给您的加入码" in asked
    assert "绑定成功" in phone.joins(given)


def test_the_bound_one_is_known_by_name(town, code):
    phone = town.phone()
    before = phone.says("我是谁")
    phone.joins(f"绑定{code()}")
    person = who(town, phone)

    assert "还没有绑定" in before
    assert "您已绑定为：张三，示例第一党支部，书记" in phone.says("我是谁")
    assert (person.name, person.verified, person.organisation) == ("张三", True, "zhibu-1")
    assert "绑定的身份：张三，示例第一党支部，书记" in phone.says("我的数据")


def test_a_code_is_used_up_by_the_first_who_says_it(town, code):
    given = code()
    town.phone().joins(f"绑定{given}")
    second = town.phone()

    assert "没有找到这个加入码" in second.joins(f"绑定{given}")
    assert not who(town, second).verified


def test_an_old_code_ends_with_a_new_one(town, code):
    old, new = code(), code()
    phone = town.phone()

    assert "没有找到" in phone.joins(f"绑定{old}")
    assert "绑定成功" in phone.joins(f"绑定{new}")


def test_a_code_that_expired_says_so_and_does_not_bind(town, code):
    given = code(days=3)
    town.clock.forward(days=3, seconds=1)

    assert "过期" in town.phone().joins(f"绑定{given}")
    assert bound(town) == set()


def test_a_code_binds_to_its_last_second(town, code):
    given = code(days=3)
    town.clock.forward(days=3)

    assert "绑定成功" in town.phone().joins(f"绑定{given}")


def test_who_is_wrong_five_times_waits_till_tomorrow(town, code):
    phone, given = town.phone(), code()
    answers = [phone.says(f"绑定 2222333{number}") for number in range(4, 9)]
    refused = phone.joins(f"绑定{given}")
    town.clock.forward(hours=12, minutes=1)

    assert [f"还可以试 {left} 次" in answer for left, answer in zip((4, 3, 2, 1), answers, strict=False)] == [True] * 4
    assert "次数用完了" in answers[4]
    assert "请明天再来" in refused
    assert "绑定成功" in phone.joins(f"绑定{given}")


def test_one_members_tries_are_not_anothers(town, code):
    guesser = town.phone()
    for number in range(4, 9):
        guesser.says(f"绑定 2222333{number}")

    assert "绑定成功" in town.phone().joins(f"绑定{code()}")


def test_a_wrong_code_that_is_delivered_again_counts_once(town, redis):
    phone = town.phone()
    first = phone.says("绑定 22223334")
    redis.flushdb()

    assert phone.repeats() == first
    assert "还可以试 3 次" in phone.says("绑定 22223335")


def test_a_binding_that_is_delivered_again_gives_the_same_answer(town, code, redis):
    phone = town.phone()
    first = phone.joins(f"绑定{code()}")
    redis.flushdb()

    assert "绑定成功" in first
    assert phone.repeats() == first


def test_a_binding_without_a_question_gives_the_same_answer_again_too(town, code, redis):
    phone = town.phone()
    phone.joins(f"绑定{code()}")
    first = phone.says(f"绑定 {code(name='赵六')}")
    redis.flushdb()

    assert "绑定成功：赵六" in first
    assert phone.repeats() == first


def test_who_says_their_own_code_again_has_joined_and_loses_no_try(town, code):
    phone, given = town.phone(), code()
    phone.joins(f"绑定{given}")
    again = [phone.says(f"绑定 {given[:4]}-{given[4:]}") for _ in range(6)]
    other, strange = code(name="赵六"), town.phone().says(f"绑定 {given}")
    phone.says("解绑")
    phone.says("确认解绑")

    assert set(again) == {"您已经加入示例第一党支部（书记），不用再发加入码，也没有算次数。要取消，回复“解绑”。"}
    assert "没有找到这个加入码" in strange  # nobody else hears whose it was
    assert "还可以试 3 次" in phone.says(f"绑定 {given}")
    assert "绑定成功：赵六" in phone.joins(f"绑定 {other}")
    assert "没有找到这个加入码" in phone.says(f"绑定 {given}")


def test_words_that_are_no_code_are_told_what_a_code_looks_like(town, code):
    phone = town.phone()
    phone.says("绑定")

    assert "这不像加入码" in phone.says("不知道呀")
    assert "绑定成功" in phone.joins(code())


def test_binding_is_undone_by_two_words_and_the_row_waits_for_a_new_code(town, code):
    phone = town.phone()
    phone.joins(f"绑定{code()}")

    asked = phone.says("解绑")
    done = phone.says("确认解绑")

    assert "张三" in asked
    assert "重发加入码" in asked
    assert "已解除绑定" in done
    assert not who(town, phone).verified
    assert who(town, phone).name == ""
    assert bound(town) == set()
    assert "绑定成功" in phone.joins(f"绑定{code()}")


def test_undoing_does_not_give_new_tries(town, code):
    phone = town.phone()
    for number in range(4, 7):
        phone.says(f"绑定 2222333{number}")
    phone.joins(f"绑定{code()}")
    phone.says("解绑")
    phone.says("确认解绑")

    assert "次数用完了" in phone.says("绑定 22223337")


@pytest.mark.parametrize("other", ["算了", "解除", "不", "返回", "退出"])
def test_anything_but_the_word_undoes_nothing(town, code, other):
    phone = town.phone()
    phone.joins(f"绑定{code()}")
    phone.says("解绑")

    assert "绑定还在" in phone.says(other)
    assert bound(town) == {"张三"}


def test_who_is_not_bound_has_nothing_to_undo(town):
    assert "还没有绑定" in town.phone().says("解绑")


def test_a_second_contact_of_a_member_is_the_same_person(town, code):
    first, second = town.phone(), town.phone()
    first.joins(f"绑定{code()}")
    first.says("订阅1")
    second.joins(f"绑定{code()}")

    assert who(town, second).person == who(town, first).person
    assert "✓已订阅" in second.says("订阅")


def test_who_says_the_code_of_another_row_has_moved_there(town, code):
    phone = town.phone()
    phone.joins(f"绑定{code()}")

    reply = phone.joins(f"绑定{code(organisation='zhibu-2')}")

    assert "示例第二党支部" in reply
    assert who(town, phone).organisation == "zhibu-2"
    assert [row.entry.organisation for row in town.house.roster.rows() if row.bound] == ["zhibu-2"]


def test_a_role_that_changes_in_the_list_reaches_the_bound_member(town, code):
    phone = town.phone()
    phone.joins(f"绑定{code()}")
    code(role="组织委员")

    assert "组织委员" in phone.says("我是谁")


@pytest.mark.parametrize("way", ["scan", "follow"])
def test_the_qr_code_of_a_join_code_binds(town, code, way):
    phone = town.phone()
    asked = {"scan": phone.scans, "follow": phone.follows}[way](f"join_{code()}")

    assert "回复“同意”" in asked
    assert "绑定成功：张三" in phone.says("同意")


def erased(phone):
    phone.says("删除我的数据")
    phone.says("确认删除")


def unfollowed(phone):
    phone.leaves()
    phone.follows()


@pytest.mark.parametrize("goes", [erased, unfollowed])
def test_who_goes_and_comes_back_on_the_same_day_has_no_new_tries(town, code, goes):
    phone, given = town.phone(), code()
    for number in range(4, 9):
        phone.says(f"绑定 2222333{number}")
        goes(phone)
    refused = phone.joins(f"绑定 {given}")
    goes(phone)

    assert "请明天再来" in refused
    assert "请明天再来" in phone.joins(f"绑定 {given}")
    assert "绑定成功" in town.phone().joins(f"绑定 {given}")


def test_of_who_is_gone_no_try_outlives_the_night(town):
    gone, stays = town.phone(), town.phone()
    for phone in (gone, stays):
        phone.says("绑定 22223334")
    erased(gone)
    (tidy,) = (job for job in town.house.jobs if job.id == "privacy.tidy")
    found = []
    for hours in (0, 24):
        tidy.run(town.clock() + timedelta(hours=hours))
        with town.house.db.read() as connection:
            found.append(sorted(connection.execute(sa.select(join_tries.c.person)).scalars()))
    person = who(town, stays).person

    assert (len(found[0]), found[1]) == (2, [person])


def test_deleting_ones_data_unties_and_the_list_stays_the_admins(town, code):
    phone = town.phone()
    phone.joins(f"绑定{code()}")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert bound(town) == set()
    assert "张三" in {row.entry.name for row in town.house.roster.rows()}
    assert "还没有绑定" in phone.says("我是谁")


def test_a_word_of_eight_letters_is_no_code_where_none_was_asked_for(town):
    assert "没听懂" in town.phone().says("ABSTRACT")
