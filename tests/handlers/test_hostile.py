"""Every page is asked with what nobody should send, and with forms of another site: none falls and none obeys.

The walk takes the addresses from the program and the names of the fields from its templates, so new doors are in it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.problems import MEDIA_TYPE
from storage.admins import Grant
from tests.house import Town

ROOT = Path(__file__).parents[2]
MARK = "<i>mark</i>"
ELSEWHERE = "elsewhere.example"
HOSTILE = (
    f"{MARK}'\"{{{{ 7 * 7 }}}}",
    "9" * 40,
    str(2**63),
    "-1",
    "\0",
    "x" * 500,
    "../../../etc/passwd",
    "9999-12-31",
    "0001-01-01",
    "²",
    f"//{ELSEWHERE}/",
    f"a\r\nX-Made-Up: {ELSEWHERE}",
)
NOT_ASKED = {"signin.sign_in", "signin.sign_out", "login.leave", "console.own_code"}
BY_HAND = {"opinion_pages.step"}  # it shows the form again: tests/handlers/opinion/test_pages.py holds it to that
SAVING = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")


class Door(NamedTuple):
    """A rule of the site, with one of its methods."""

    rule: str
    endpoint: str
    method: str

    def path(self, gap: str) -> str:
        """The address with this in each gap."""
        numbered = re.sub(r"<int:\w+>", gap if gap.isascii() and gap.isdecimal() else "0", self.rule)
        return re.sub(r"<[^>]+>", lambda _: quote(gap, safe=""), numbered)


def doors(town: Town, *, but: Collection[str] = NOT_ASKED) -> list[Door]:
    return [
        Door(rule.rule, rule.endpoint, method)
        for rule in town.client.application.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if rule.endpoint not in but
    ]


def fields() -> list[str]:
    """What forms and addresses may say, by the templates and by what is asked of a request."""
    said: set[str] = set()
    for page in (ROOT / "handlers" / "templates").rglob("*.html"):
        said |= set(re.findall(r'\bname="(\w+)"', page.read_text("utf-8")))
    for source in (ROOT / "handlers").rglob("*.py"):
        said |= set(re.findall(r'request\.(?:form|args|values)[\w.]*[(\[]"(\w+)"', source.read_text("utf-8")))
    return sorted(said)


def faults(client: FlaskClient, door: Door, said: str, names: list[str]) -> Iterator[str]:
    """What is wrong with the answer to a request in which everything says this."""
    everything = dict.fromkeys(names, said)
    form = everything if door.method == "POST" else None
    answer = client.open(door.path(said), method=door.method, query_string=everything, data=form)
    if answer.status_code >= 500:
        yield f"{answer.status_code}"
    if answer.mimetype == "text/html" and MARK in answer.text:
        yield "markup"
    if urlsplit(answer.location or "").netloc not in {"", "localhost"}:
        yield "leads away"
    if "X-Made-Up" in answer.headers or not all(each in answer.headers for each in SAVING):
        yield "headers"
    answer.close()


@pytest.mark.timeout(300)
def test_nothing_that_is_sent_makes_a_page_fall_or_say_it_back_or_lead_away(town):
    town.client.application.config["WTF_CSRF_ENABLED"] = False  # else a missing token would be all that is refused
    names = fields()
    member, admin = town.reader().client, town.client
    found: dict[str, set[str]] = {}
    town.signs_in("li")
    for who, part in (("li", "/"), ("eye", "/admin/trail/")):
        if who == "eye":
            town.house.limiter.reset()  # of how often somebody may sign in
            town.signs_in(who, Grant("audit"))
        for door in (each for each in doors(town) if each.rule.startswith(part)):
            client = member if door.rule.startswith("/p/") else admin
            for said in HOSTILE:
                for fault in faults(client, door, said, names):
                    found.setdefault(f"{door.method} {door.rule}: {fault}", set()).add(said[:24])

    assert {"words", "next", "before", "organisation", "to"} <= {*names}
    assert found == {}


ODD = (
    *(quote(each, safe="") for each in ("9" * 400, "-1", "٣", "３" * 32, "\0", "../..", "%2e%2e")),
    *("f" * 32, "a" * 10_240, "%ff%fe", "%zz"),
)
LED_ON = {301, 302, 303, 308}  # to the sign-in, or to where it is told
CHINESE = re.compile("[一-鿿]")
ROLES: dict[str, Grant | None] = {
    "nobody": None,
    "member": None,
    "secretary": Grant("secretary", "zhibu-1"),
    "system": Grant("system"),
    "audit": Grant("audit"),
}


def described(town: Town) -> Mapping[str, Collection[str]]:
    """The doors of the API, with their methods."""
    return {path: {*some} for path, some in town.mini().get("/api/openapi.json").body["paths"].items()}


def said_badly(answer: TestResponse) -> bool:
    """Whether what was refused isn't told in plain words: by a page of ours, or by the API's own shape."""
    if answer.mimetype == MEDIA_TYPE:
        return CHINESE.search(answer.get_json()["message"]) is None
    return "<h1" not in answer.text or CHINESE.search(answer.text) is None


@pytest.mark.parametrize("role", ROLES)
def test_an_odd_id_finds_nothing_and_that_is_told_in_plain_words(town, role):
    """Numbers beyond all bounds, digits of other scripts, ways out of a folder: at every door that takes an id."""
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    client, grant = town.reader().client if role == "member" else town.client, ROLES[role]
    bearer = {"Authorization": f"Bearer {town.mini().token}"} if role == "member" else {}
    if grant:
        town.signs_in(role, grant)
    api = [Door(path, path, each.upper()) for path, some in described(town).items() for each in some if "{" in path]
    pages = [each for each in doors(town) if "<" in each.rule and each.rule.startswith("/admin/" if grant else "/")]
    answers = {
        (door.method, door.rule, odd[:16]): client.open(at, method=door.method, headers=bearer)
        for door in [*pages, *([] if grant else api)]
        for odd in ODD
        for at in [re.sub(r"<[^>]+>|{\w+}", odd, door.rule)]
    }
    refused = {at: answer for at, answer in answers.items() if answer.status_code not in LED_ON}

    assert {at: answer.status_code for at, answer in refused.items() if not 400 <= answer.status_code < 500} == {}
    assert [at for at, answer in refused.items() if said_badly(answer)] == []


@pytest.mark.parametrize("token", ["", "made-up", "of another session"])
def test_no_form_of_another_site_is_obeyed(town, token):
    """Every door that changes something, whoever is signed in."""
    member, admin = town.reader().client, town.client
    town.signs_in("li")
    forms = [door for door in doors(town, but=BY_HAND) if door.method == "POST"]
    said = {"csrf_token": of_another_session(town) if token == "of another session" else token, "step": "send"}
    answers = {}
    for door in forms:
        client = member if door.rule.startswith("/p/") else admin
        answers[door.rule] = client.post(door.path("1"), data=said).status_code

    assert len(forms) > 40
    assert {rule: code for rule, code in answers.items() if code != 400} == {}
    assert admin.get("/admin/").status_code == 200  # the sign-out was not obeyed either


def of_another_session(town: Town) -> str:
    page = town.client.application.test_client().get("/admin/login").text
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', page)[0])


def test_pages_of_persons_are_kept_by_no_browser_and_other_pages_of_the_console_by_no_proxy(town):
    town.signs_in("li")
    kept = {
        door.rule: answer.headers.get("Cache-Control", "")
        for door in doors(town)
        if door.method == "GET"
        and door.rule.startswith("/admin/")
        and door.endpoint not in {"signin.form", "signin.style"}
        for answer in [town.client.get(door.path("1"))]
    }

    assert {rule for rule, said in kept.items() if said not in {"no-store", "private, no-cache"}} == set()
    assert {"/admin/opinion/", "/admin/membership/", "/admin/appointment/", "/admin/opinion/<name>"} <= {
        rule for rule, said in kept.items() if said == "no-store"
    }
