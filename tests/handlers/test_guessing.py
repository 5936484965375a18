"""Who guesses at codes: one pace for each guesser whichever door is gone through, and a slower one while many miss."""

import pytest
from flask import Flask

from handlers.guessing import Bounds, Guesses, address
from handlers.opinion.engine import receipts
from storage.paces import Paces

MOST, STRAINED, MISSES = Bounds().most, Bounds().strained, Bounds().misses
NOBODYS = receipts.shown(receipts.drawn(lambda below: 3 % below))
ELSEWHERE = "198.51.100.7"


@pytest.fixture
def town(town):
    town.client.application.config["WTF_CSRF_ENABLED"] = False  # else the token would be what is missed
    return town


def by_chat(phone, said=f"查询 {NOBODYS}", slow="查得太多") -> bool:
    """Whether a guess was looked at."""
    answer = phone.taps_send(said)
    assert ("没有找到" in answer) != (slow in answer)
    return slow not in str(answer)


def by_api(mini) -> bool:
    answer = mini.post("/opinion/lookup", {"receipt": NOBODYS})
    assert answer.status in {404, 429}
    return bool(answer.status == 404)


def by_page(town, whence=ELSEWHERE, path="/p/opinion/receipt", **form: str) -> bool:
    form = form or {"receipt": NOBODYS}
    answer = town.client.post(path, data=form, environ_overrides={"REMOTE_ADDR": whence})
    assert answer.status_code in {404, 429}
    assert ("Retry-After" in answer.headers) == (answer.status_code == 429)
    return bool(answer.status_code == 404)


def many_miss(town, times=MISSES + 1) -> None:
    """Guesses of others, few by each."""
    for number in range(times):
        by_page(town, f"203.0.113.{number % 200}")


# -- one guesser, many doors -------------------------------------------------------------------------------------------


def test_by_chat_and_mini_program_one_member_has_one_pace(town):
    phone, mini = town.phone("o-both"), town.mini("o-both", account="official")
    tried = [by_chat(phone) for _ in range(MOST // 2)] + [by_api(mini) for _ in range(MOST // 2)]

    assert tried == [True] * MOST
    assert not by_chat(phone)
    assert not by_api(mini)


def test_who_is_one_person_on_two_accounts_has_one_pace(town):
    phone, mini = town.phone("o-here"), town.mini("o-there")
    phone.says(f"关联 {mini.post('/linking/code').body['code']}")
    tried = [by_chat(phone) for _ in range(MOST // 2)] + [by_api(mini) for _ in range(MOST // 2)]

    assert tried == [True] * MOST
    assert not by_api(mini)


def test_who_deletes_their_data_does_not_begin_anew(town):
    phone = town.phone("o-again")
    phone.says("绑定 2222-3334")  # whoever only asks for a receipt is nobody yet
    tried = [by_chat(phone) for _ in range(MOST)]
    before = town.house.people.find(account="official", openid="o-again")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert tried == [True] * MOST
    assert before.known
    assert not by_chat(phone)


def test_who_takes_the_accounts_apart_does_not_begin_anew(town):
    phone, mini = town.phone("o-here"), town.mini("o-there")
    phone.says(f"关联 {mini.post('/linking/code').body['code']}")
    tried = [by_chat(phone) for _ in range(MOST)]
    phone.says("取消关联")
    phone.says("确认取消关联")

    assert tried == [True] * MOST
    assert not by_chat(phone)


@pytest.mark.parametrize(
    ("said", "slow"), [("关联 2222-3333", "刚才试得太多了"), ("管理员 2222-3333", "刚才试得太多了")]
)
def test_codes_that_tie_accounts_are_guessed_at_as_slowly(town, said, slow):
    phone = town.phone()
    phone.says("帮助")
    tried = [by_chat(phone, said, slow) for _ in range(MOST + 1)]

    assert tried == [True] * MOST + [False]
    assert by_chat(town.phone(), said, slow)


def test_numbers_of_certificates_are_guessed_at_as_slowly(town):
    tried = [by_page(town, path="/p/quiz/certificate", number="2222AAAA") for _ in range(MOST + 1)]

    assert tried == [True] * MOST + [False]
    assert by_page(town, "198.51.100.8", path="/p/quiz/certificate", number="2222AAAA")


# -- where somebody is told by their address alone ---------------------------------------------------------------------


def test_all_addresses_of_a_network_are_one_guesser(town):
    tried = [by_page(town, f"2001:db8:7:7::{number:x}") for number in range(MOST)]

    assert tried == [True] * MOST
    assert not by_page(town, "2001:db8:7:7:ffff:ffff:ffff:ffff")
    assert by_page(town, "2001:db8:7:8::1")


def test_so_are_they_for_the_sign_in_of_the_console(town):
    codes = [
        town.client.post(
            "/admin/login",
            data={"name": f"nobody-{number}", "password": "a wrong password"},
            environ_overrides={"REMOTE_ADDR": f"2001:db8:7:7::{number:x}"},
        ).status_code
        for number in range(11)
    ]

    assert codes == [401] * 10 + [429]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_what_a_guesser_has_of_addresses(said, meant):
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": said}):
        assert address() == meant


# -- all together ------------------------------------------------------------------------------------------------------


def test_while_many_miss_each_has_fewer_and_nobody_none(town):
    phone, mini = town.phone("o-slow"), town.mini()
    many_miss(town)
    chat, api = [[tries(who) for _ in range(STRAINED + 1)] for tries, who in ((by_chat, phone), (by_api, mini))]
    page = [by_page(town) for _ in range(STRAINED + 1)]

    assert chat == api == page == [True] * STRAINED + [False]


def test_whoever_has_a_code_is_answered_while_many_miss(town):
    phone = town.phone()
    for said in ("意见", "1", "1", "三楼的灯坏了，一直没有人修", "好了"):
        phone.says(said)
    receipt = phone.says("1").split("回执码：")[1].strip()[:14]
    many_miss(town)

    assert "等待办理" in town.phone().says(f"查询 {receipt}")


def test_the_next_minute_begins_anew_and_other_kinds_are_as_before(town):
    many_miss(town)
    others = [by_page(town, path="/p/quiz/certificate", number="2222AAAA") for _ in range(MOST)]
    town.clock.forward(minutes=1)

    assert others == [True] * MOST
    assert [by_page(town) for _ in range(MOST)] == [True] * MOST


def test_guesses_that_find_something_slow_nobody_down(town, redis, keys):
    guesses = Guesses(kind="receipt", paces=Paces(redis, keys))
    who = town.house.people.find(account="official", openid="o-right")
    for _ in range(MISSES * 2):
        guesses.of_member(who, town.clock())

    assert [by_page(town) for _ in range(MOST)] == [True] * MOST


def test_operators_are_told_once_a_minute(town, caplog, capsys):
    many_miss(town, MISSES * 2)

    said = caplog.text + capsys.readouterr().out
    assert said.count("many guesses at codes") == 1
    assert ELSEWHERE not in said
