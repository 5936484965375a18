"""How an admin comes in: a name that nobody has is treated as one that somebody has."""

import time

import pytest

from handlers import entrance, passwords
from storage.admin_tries import Whence
from tests.house import PASSWORD

AGENTS = {
    "Chrome · Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Edge · Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Safari · iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Firefox · Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "微信 · Android": "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.53",
    "浏览器": "curl/8.5.0",
}


@pytest.mark.parametrize(("words", "agent"), AGENTS.items(), ids=AGENTS)
def test_a_browser_is_told_in_words(words, agent):
    assert entrance.browser(agent) == words


@pytest.mark.quiet
def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(town):
    town.house.admins.add(name="li", password_hash=passwords.hashed(PASSWORD))
    passwords.is_right("whoever comes first", None)  # it makes the hash that the others are held against

    def fastest(name: str) -> float:
        spent = []
        for number in range(4):
            began = time.perf_counter()
            town.house.entrance.by_password(name, "a wrong password", Whence("192.0.2.1", f"{name} {number}"))
            spent.append(time.perf_counter() - began)
        return min(spent)

    assert fastest("nobody") == pytest.approx(fastest("li"), rel=0.35)
