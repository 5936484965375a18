"""One person on two accounts: by a code said in the chat, or by the platform's word; and apart again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from handlers.linking import engine
from handlers.linking.jobs import rounds
from storage.linking import Linking
from storage.roster import Entry
from tests.rules.test_tables import found
from wechat.errors import Retryable

QUIZ = "/quiz/rounds"


@pytest.fixture
def phone(town):
    """A member of the official account, among others."""
    town.phone("o-noise").says("帮助")
    return town.phone("o-here")


@pytest.fixture
def mini(town, phone):
    town.mini("o-noise-there")
    return town.mini("o-there")


@pytest.fixture
def linking(town, keys):
    def unite(connection, *, gone, into):
        for feature in town.house.features:
            if feature.keeps:
                feature.keeps.unite(connection, gone, into)
        town.house.pushes.store.deliveries.unite(connection, gone, into)
        town.house.people.unite(connection, gone, into)

    return Linking(town.house.db, town.house.people, mark=keys.mark("another"), unite=unite)


def person(town, account, openid):
    return town.house.people.find(account=account, openid=openid).person


def here(town):
    return person(town, "official", "o-here")


def there(town):
    return person(town, "mini", "o-there")


def contact(town, account, openid):
    return town.house.people.find(account=account, openid=openid).contact


def code(mini):
    return mini.post("/linking/code").body["code"]


def links(phone, mini):
    return phone.says(f"关联 {code(mini)}")


def bound(town, name, say):
    until = town.clock() + timedelta(days=1)
    (issued,) = town.house.roster.take_in([Entry(name=name, organisation="zhibu-1")], expires_at=until)
    say(issued.code)


# -- by a code -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["关联 {}", "关联{}", "关联码：{}", "【关联 {}】"])
@pytest.mark.parametrize("hand", [str, str.lower, lambda code: code.replace("-", "")])
def test_a_code_said_in_the_chat_makes_two_contacts_one_person(town, phone, mini, words, hand):
    answer = phone.says(words.format(hand(code(mini))))

    assert "关联好了" in answer
    assert here(town) == there(town)
    assert mini.get("/linking").body == {"accounts": ["mini", "official"]}


def test_the_code_may_come_after_the_word(town, phone, mini):
    phone.says("关联")

    assert "关联好了" in phone.says(code(mini))


def test_what_both_did_before_is_the_persons_afterwards(town, phone, mini):
    phone.says("订阅")
    phone.says("1")
    phone.says("答题")
    phone.says("A")
    going = mini.post(QUIZ, {"of": "today"}).body
    asked = going["question"]
    answer = {"position": asked["position"], "look": asked["look"], "chosen": [asked["choices"][0]["id"]]}
    mini.post(f"{QUIZ}/{going['id']}/answers", answer)
    mini.put("/subscription/topics/zhengce")
    said = {"category": "生活困难", "words": "宿舍热水晚上九点就停", "way": "named", "name": "张三"}
    mini.post("/opinion", said)
    links(phone, mini)
    lines = phone.says("我的数据")

    assert "共答 2 题" in lines
    assert "党章党规、政策解读" in lines
    assert "实名 1 条" in lines
    assert mini.get("/quiz").body["given"] == 2


@pytest.mark.parametrize("said", ["关联 2222-2222", "关联 ABCD-EFGH"])
def test_a_code_that_was_never_given_links_nobody(town, phone, mini, said):
    assert "没有找到这个关联码" in phone.says(said)
    assert here(town) != there(town)


def test_a_code_is_over_after_ten_minutes_after_use_and_after_the_next(town, phone, mini):
    old, new = code(mini), code(mini)
    replaced = phone.says(f"关联 {old}")
    town.clock.forward(minutes=10)
    late = phone.says(f"关联 {new}")
    good = code(mini)
    phone.says(f"关联 {good}")
    used = town.phone("o-noise").says(f"关联 {good}")

    assert all("没有找到这个关联码" in each for each in (replaced, late, used))
    assert here(town) == there(town)


def test_a_repeat_of_the_message_says_the_same(town, phone, mini):
    said = links(phone, mini)
    town.house.redis.flushdb()  # so that the turn runs again, as after a crash

    assert phone.repeats() == said


def test_linking_again_says_that_it_is_done(town, phone, mini):
    links(phone, mini)

    assert "早就是关联好的" in links(phone, mini)


def test_who_is_bound_stays_bound_on_either_side(town, phone, mini):
    bound(town, "张三", lambda code: mini.post("/membership", {"code": code, "consent": True}))
    links(phone, mini)

    assert "张三" in phone.says("我是谁")
    assert mini.get("/membership").body["name"] == "张三"


def test_two_members_do_not_become_one(town, phone, mini):
    bound(town, "张三", lambda code: mini.post("/membership", {"code": code, "consent": True}))
    bound(town, "李四", lambda code: phone.joins(f"绑定 {code}"))

    assert "不是同一个人" in links(phone, mini)
    assert here(town) != there(town)
    assert "李四" in phone.says("我是谁")


def test_the_database_can_not_say_a_code_again(town, mini):
    given = code(mini).replace("-", "")

    assert not found(town, given)


def test_codes_that_are_over_are_forgotten(town, mini):
    code(mini)
    town.clock.forward(minutes=10)
    next(job for job in town.house.jobs if job.id == "linking.drop_ended").run(town.clock())
    with town.house.db.read() as connection:
        left = connection.execute(sa.text("SELECT count(*) FROM link_codes")).scalar_one()

    assert left == 0


# -- apart again -----------------------------------------------------------------------------------------------------


def test_apart_again_the_one_who_leaves_begins_anew_and_the_rest_stays(town, phone, mini):
    mini.put("/subscription/topics/zhengce")
    links(phone, mini)
    asked, done = phone.says("取消关联"), phone.says("确认取消关联")

    assert "确认取消关联" in asked
    assert "已取消" in done
    assert here(town) != there(town)
    assert "没有订阅" in phone.says("我的数据")
    assert mini.get("/linking").body == {"accounts": ["mini"]}
    assert "zhengce" in str([each for each in mini.get("/subscription/topics").body["items"] if each["subscribed"]])


@pytest.mark.parametrize("other", ["算了吧", "返回"])
def test_it_takes_a_second_word(town, phone, mini, other):
    links(phone, mini)
    phone.says("取消关联")

    assert "没有取消" in phone.says(other)
    assert here(town) == there(town)


def test_the_mini_program_leaves_by_itself(town, phone, mini):
    links(phone, mini)
    left, alone = mini.delete("/linking"), mini.delete("/linking")

    assert (left.status, alone.status, alone.code) == (204, 409, "alone")
    assert here(town) != there(town)
    assert phone.says("取消关联") == "现在没有关联。"


def test_apart_by_hand_stays_apart_whatever_the_platform_says_and_a_code_brings_it_back(town, phone, mini, linking):
    links(phone, mini)
    mini.delete("/linking")
    for account, openid in (("official", "o-here"), ("mini", "o-there")):
        linking.by_unionid(contact(town, account, openid), "u-one")
    apart = here(town) != there(town)
    links(phone, mini)

    assert apart
    assert here(town) == there(town)


# -- by the platform's word -------------------------------------------------------------------------------------------


class Platform:
    """Knows some unionids, or can't be asked."""

    def __init__(self, **known):
        self.known = known
        self.asked: list[str] = []
        self.away = False

    def users(self, openids):
        if self.away:
            raise Retryable(-1, "busy")
        for openid in openids:
            self.asked.append(openid)
            yield User(openid, self.known.get(openid, ""))


class User:
    def __init__(self, openid, unionid):
        self.openid = openid
        self.unionid = unionid


def asks(linking, platform, town):
    (job,) = (each for each in rounds(linking, {"official": platform}) if each.id == "linking.unionids")
    job.run(town.clock())


def test_who_has_one_unionid_on_both_accounts_is_one_person(town, phone, mini, linking):
    phone.says("帮助")
    linking.by_unionid(contact(town, "mini", "o-there"), "u-one")
    asks(linking, Platform(**{"o-here": "u-one"}), town)

    assert here(town) == there(town)
    assert person(town, "official", "o-noise") != here(town)


def test_nobody_is_asked_of_twice_and_who_has_none_stays_alone(town, phone, mini, linking):
    phone.says("帮助")
    platform = Platform()
    platform.away = True
    asks(linking, platform, town)
    platform.away = False
    asks(linking, platform, town)
    asks(linking, platform, town)

    assert sorted(platform.asked) == ["o-here", "o-noise"]
    assert here(town) != there(town)


def test_without_a_mini_program_nobody_is_asked(linking):
    assert [job.id for job in rounds(linking, {})] == ["linking.drop_ended"]


# -- what a code looks like ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("K7M2-9QXF", "K7M29QXF"),
        ("ｋ７ｍ２ ９ｑｘｆ", "K7M29QXF"),
        ("我的关联码是K7M29QXF。", "K7M29QXF"),
        ("K7M29QX", None),
        ("K7M29QXFF", None),
        ("K7M29QX0", None),
        ("", None),
    ],
)
def test_a_code_is_read_however_it_is_typed(said, code):
    assert engine.code_in(said) == code
