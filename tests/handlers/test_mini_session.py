"""The talk in a mini-program: the same conversation, answered by customer-service messages within their window.

The stand-in for the platform pushes to the program and takes what the program sends, both over HTTP.
"""

from collections.abc import Iterator

import pytest

from storage.inbox import Inbox
from storage.sealing import Keys
from tests.end_to_end.running import within
from tests.handlers.test_conversation import answers_kept
from tests.street import LATE, Street, a_street
from wechat.inbound import parse

pytestmark = pytest.mark.variant


@pytest.fixture(params=["plain", "safe"])
def street(request, tmp_path, database_url, redis, redis_url) -> Iterator[Street]:
    staffed = {"agents": {"staffed": ["mini"]}}
    with a_street(
        tmp_path, mode=request.param, redis=redis, database=database_url, redis_url=redis_url, handlers=staffed
    ) as street:
        yield street


def test_the_days_questions_are_answered_in_the_talk(street):
    member = street.member()
    member.says("答题")
    member.says("A")
    first, second = member.heard(2)

    assert "【1/5】" in first
    assert "【2/5】" in second
    assert answers_kept(street.town) == 1
    assert [line["via"] for line in member.lines] == ["service", "service"]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_repeat_is_neither_done_nor_said_again(street, form):
    member = street.member()
    member.says("答题")
    phone = street.phone(member, form=form)
    phone.says("A")
    repeats = [phone.repeats() for _ in range(3)]
    member.says("帮助")

    assert repeats == [""] * 3
    assert ["【2/5】" in words for words in member.heard(3)] == [False, True, False]
    assert len(member.lines) == 3
    assert answers_kept(street.town) == 1


@pytest.mark.parametrize(("same", "said"), [(True, 0), (False, 1)])
def test_a_repeat_that_comes_while_it_is_worked_on_says_nothing_and_another_message_is_asked_to_wait(
    street, redis, same, said
):
    member = street.member()
    member.says("帮助")
    member.heard(1)
    phone, inbox = street.phone(member), Inbox(redis, Keys("a secret key that only the tests know"))
    phone.says("菜单")
    member.heard(2)
    repeated = parse(phone._last, account="mini", miniprogram=True).id if same else "another message"
    redis.delete(*redis.keys("zhibu:turn:*"))
    inbox.begin(account="mini", openid=member.openid, message=repeated, now=street.town.clock())
    while street.town.house.conversation._waiting.acquire(blocking=False):
        """Nobody waits: who finds it busy is told so at once."""

    phone.repeats()

    assert within(LATE if said else 0.4, lambda: len(member.lines) > 2) is bool(said)
    assert len(member.lines) == 2 + said
    assert ["还在处理" in line["text"] for line in member.lines[2:]] == [True] * said


def test_who_opens_the_talk_is_greeted_and_known_to_nobody_yet(street):
    member = street.member()
    member.enters()

    assert "您好" in member.heard(1)[0]
    assert not street.known(member)


def test_who_has_been_talking_here_is_not_greeted_anew_for_two_days(street):
    member = street.member()
    member.says("帮助")
    assert member.window
    member.enters()
    member.says("菜单")
    member.heard(2)
    street.goes_on(hours=49)
    member.enters()

    assert ["您好" in words for words in member.heard(3)] == [False, False, True]


def test_an_answer_takes_one_of_the_five_messages_that_were_allowed(street):
    member = street.member()
    member.says("帮助")
    member.heard(1)

    assert member.window.remaining == 4


def test_the_talk_is_handed_over_message_by_message_and_taken_back(street):
    member = street.member()
    for words in ("人工", "我想问一下转正的材料", "答题", "取消"):
        member.says(words)
    handed = member.heard(5)
    member.says("退出")
    member.says("答题")
    *_, back, question = member.heard(7)

    assert [words == "transfer_customer_service" for words in handed].count(True) == 4
    assert sum("转接工作人员" in words for words in handed) == 1
    assert "自动回复" in back
    assert "【1/5】" in question


def test_hours_later_it_is_still_the_agents_talk_until_they_close_it(street):
    member = street.member()
    member.says("人工")
    member.heard(2)
    street.goes_on(hours=5)
    member.says("还在吗")
    before = member.heard(3)
    street.phone(member).event({"Event": "kf_close_session", "KfAccount": "a@b", "CloseType": "KF"})
    member.says("帮助")

    assert before.count("transfer_customer_service") == 2
    assert "可以这样对我说" in member.heard(4)[-1]


def test_where_nobody_sits_nobody_is_handed_over(town):
    assert "没有工作人员" in town.phone().says("人工")


def test_an_answer_that_could_not_be_sent_comes_with_the_next_one(street):
    member = street.member()
    member.says("帮助")
    member.heard(1)
    street.breaks(45047, times=1)
    member.says("答题")
    assert within(LATE, lambda: street.kept() == 1)
    member.says("A")
    answer = member.heard(2)[-1]
    member.says("B")

    assert "【2/5】" in answer
    assert "【1/5】" in answer
    assert "【1/5】" not in member.heard(3)[-1]
    assert street.kept() == 0


def test_an_anonymous_receipt_that_could_not_be_sent_comes_later_and_lies_beside_nobody(street, redis):
    member = street.member()
    for words in ("意见", "1", "1", "食堂晚上能不能晚一点关门。", "好了"):
        member.says(words)
    member.heard(5)
    street.breaks(-1, times=2)
    member.says("1")
    assert within(LATE, lambda: redis.keys("zhibu:left:*"))
    member.says("帮助")
    assert within(LATE, lambda: len(street.sends()) == 7)
    assert within(LATE, lambda: redis.keys("zhibu:left:*"))
    nowhere = street.kept()
    member.says("菜单")

    assert nowhere == 0
    assert "回执码" in member.heard(6)[-1]
    assert redis.keys("zhibu:left:*") == []
