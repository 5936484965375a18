"""What somebody puts into any field stays words: on every page, in every file that is taken away, in the log.

The walk finds the fields itself: it fills in the forms that it comes by, and goes over all pages again.
"""

import io
import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage.admins import Grant
from storage.roster import Entry
from tests.house import NOON, PACK, Town, a_town
from tests.pages import door, read, walked

MARK, PRODUCT = "<i>mark</i>", "491099"
TURNED = "\u202e"
# A formula, markup, a template, a header, and what turns words or has no place in a file.
BAD = f"=1+1{MARK}'\"{{{{7*70157}}}}\r\nX-Made-Up: 1{TURNED}\ufffe\uffff\x0b😀"
LONG = f"{BAD}{'长' * 10_000}"
LEFT_ALONE = {  # what ends the walk
    *("signin.sign_out", "signin.sign_in", "login.leave", "account.change_password", "account.end_others"),
    *("account.other_disable", "account.other_end", "account.other_reset"),
}
SLOW = "opinion_pages.step"  # the postman may say on a busy machine that it isn't kept yet, and the form is shown again
TIMES = 2  # that a form is filled in: with all that is bad, and with more of it than fits
UNREAD = re.compile("[\0\x0b\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
DIGESTS_LEFT = 2  # of the sample pack: each has its page, its file and its form


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url) -> Iterator[Town]:
    """The program with a pack of its own, which the walk changes."""
    folder = tmp_path / "pack"
    shutil.copytree(PACK, folder)
    for each in sorted((folder / "digests").iterdir())[:-DIGESTS_LEFT]:
        each.unlink()
    (folder / "broadcasts" / "weekly-policy.toml").unlink()  # it names one of them
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    yield town
    town.house.close()


def faults(answer: TestResponse) -> Iterator[str]:
    """What is wrong with an answer after all of that was put in."""
    kind = answer.mimetype or ""
    if answer.status_code >= 500:
        yield str(answer.status_code)
    if "X-Made-Up" in answer.headers:
        yield "a header"
    if kind == "text/html":
        yield from faults_of_words(answer.text)
    elif answer.status_code == 200 and answer.data.startswith(b"PK"):
        yield from faults_of_file(answer.data)
    elif answer.status_code == 200 and kind.endswith("xml") and "svg" not in kind:
        ElementTree.fromstring(answer.data)
    elif answer.status_code == 200 and kind.endswith("json"):
        json.loads(answer.data)


def faults_of_words(page: str) -> Iterator[str]:
    if MARK in page:
        yield "markup"
    if PRODUCT in page:
        yield "a template"
    if UNREAD.search(page):
        yield "what turns words or can't be read"


def faults_of_file(data: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                part = ElementTree.fromstring(parts.read(name))
                if any(each.tag.endswith("}f") for each in part.iter()):
                    yield f"a formula in {name}"


def put_in(client: FlaskClient, start: Collection[str], *, part: str, found: set[str]) -> set[str]:
    """Fill in every form of every page, and those that come of it; gives the fields that took words, by their doors."""
    filled: Counter[object] = Counter()
    taken: set[str] = set()
    for path, answer, shown in walked(client, start, part=part):
        found |= {f"GET {path}: {each}" for each in faults(answer)}
        forms = [*shown]
        while forms:
            form = forms.pop()
            at = door(client, form.path, form.method)
            alike = at, form.names
            if not at or at in LEFT_ALONE or filled[alike] == TIMES:
                continue
            said = LONG if filled[alike] else BAD
            filled[alike] += 1
            for button in form.buttons:
                fields = form.filled(lambda _, said=said: said, button)  # type: ignore[misc]
                became = (
                    client.post(form.path, data=fields)
                    if form.method == "post"
                    else client.get(form.path, query_string=fields)
                )
                wrong = {*faults(became)} - ({"503"} if at == SLOW else set())
                found |= {f"{form.method} {form.path}: {each}" for each in wrong}
                taken |= {f"{at} {name}" for name, value in fields.items() if value == said}
                forms += read(form.path, became)[1]
                became.close()
    return taken


def gone_over(client: FlaskClient, start: list[str], *, part: str) -> Iterator[str]:
    for path, answer, _ in walked(client, start, part=part):
        yield from (f"GET {path}: {each}" for each in faults(answer))


def by_chat_and_api(town: Town) -> FlaskClient:
    """Let members say it wherever words are taken without a page; gives the browser of one of them."""
    seen = "".join(filter(str.isprintable, BAD))  # with more no list is taken: commands/members.py
    listed = Entry(name=f"王{seen}", organisation="zhibu-1", number=f"1{MARK}", role=f"员{MARK}")
    [issued] = town.house.roster.take_in([listed], expires_at=town.clock() + timedelta(days=3))
    member = town.mini()
    assert member.post("/membership", {"code": issued.code, "consent": True}).status == 200
    assert member.post("/privacy/corrections", {"said": BAD}).status == 200
    said = BAD.replace("\x0b", "")  # XML can't bear it
    for each in ("意见", "2", "老王", "1", said * 2, "好了", "1", "更正", said, "谈心", "1", "1", said):
        town.phone("o-a").says(each)
    for each in ("意见", "1", "1", said, "好了", "1", f"找 {said}", f"搜索{said}", f"订阅 {said}", said):
        town.phone("o-b").says(each)
    return town.reader(member.openid, account="mini").client


ROLES: Collection[tuple[str, Grant]] = (
    ("li", Grant("general")),
    ("shu", Grant("secretary", "zhibu-1", NOON.date())),
    ("xi", Grant("system")),
    ("an", Grant("security")),
    ("shen", Grant("audit")),
)
MEMBERS = ["/p/opinion", "/p/quiz", "/p/survey", "/p/appointment", "/p/privacy/data", "/p/login", "/p/digest", "/"]


@pytest.mark.timeout(300)
def test_what_is_put_into_any_field_stays_words_on_every_page_and_in_every_file(town, capfd):
    found: set[str] = set()
    member = by_chat_and_api(town)
    taken = put_in(member, MEMBERS, part="/", found=found)
    for name, grant in ROLES:
        town.signs_in(name, grant)
        taken |= put_in(town.client, ["/admin/"], part="/admin", found=found)
        town.house.limiter.reset()  # of how often somebody may sign in
    town.signs_in("li")
    found |= {*gone_over(town.client, ["/admin/"], part="/admin"), *gone_over(member, MEMBERS, part="/")}
    logged = capfd.readouterr()

    assert found == set()
    assert {
        *("account.create name", "decision_admin.record matter", "measure_admin.begin problem", "task_admin.done note"),
        *("membership_admin.reveal why", "privacy_admin.settle answer", "pack.save text"),
        *("opinion_pages.step words", "digest.listed q", "quiz_open.found number", "opinion_admin.answer reply"),
    } <= taken
    assert not re.search("mark|X-Made-Up", logged.out + logged.err)
