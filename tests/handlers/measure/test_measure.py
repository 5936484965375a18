"""A measure is closed by somebody else, who has seen that it is done; never without."""

import html
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from content.organisations import Organisation
from content.roles import EVERYWHERE, Duty, Powers
from handlers import opinion
from handlers.feature import Feature
from handlers.measure import Work, engine, feature
from handlers.measure.engine import Fault, State
from handlers.opinion import Readers
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.measure import Measure, Measures, measures
from storage.opinion import Opinions
from storage.paces import Paces
from storage.sealing import Keys
from tests.handlers.appointment.test_appointment import PASSWORD, console, token
from tests.handlers.opinion.world import ZONE
from tests.house import a_town, hashed_at_no_cost

TODAY = date(2026, 11, 23)
PROBLEM, WHAT = "三号楼走廊的灯常坏", "换成节能灯，每月查一次"
PAGE = "/admin/measure/"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    yield town
    town.house.close()


@pytest.fixture
def desks(town):
    """A browser of each admin."""
    return signed_in(town, "zhang", "li", "wang")


def signed_in(town, *names: str):
    for name in names:
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD))
    return {name: console(town, name) for name in names}


def kept(town) -> Measures:
    return Measures(town.house.db, Keys(town.settings.secret_key.get_secret_value()))


def posts(client, path: str, **said: str):
    return client.post(path, data={"csrf_token": token(client, PAGE), **said})


def begun(desks, **other: str):
    until = (TODAY + timedelta(days=7)).isoformat()
    said = {"problem": PROBLEM, "measure": WHAT, "responsible": "zhang", "until": until, **other}
    return posts(desks["li"], PAGE, **said)


def door(desks, name: str, act: str) -> str:
    (found,) = re.findall(rf'action="(/admin/measure/\w+/{act})"', desks[name].get(PAGE).text)
    return str(found)


def a_measure(state: State, **other: str) -> Measure:
    """zhang's; where it is done, said so by zhang."""
    done = {} if state is State.OPEN else {"done_by": "zhang"}
    verified = {"verified_by": "wang"} if state is State.VERIFIED else {}
    day = TODAY + timedelta(days=7)
    known: dict[str, Any] = {"responsible": "zhang", **done, **verified, **other}
    return Measure(problem=PROBLEM, measure=WHAT, until=day, made_by="li", made_on=TODAY, **known)


@pytest.mark.parametrize(
    ("now", "by", "fault"),
    [
        (State.OPEN, "wang", Fault.NOT_DONE),
        (State.VERIFIED, "wang", Fault.NOT_DONE),
        (State.DONE, "zhang", Fault.SAME_PERSON),
        (State.DONE, "wang", None),
    ],
)
def test_nothing_is_closed_but_by_another_who_has_seen_what_was_done(now, by, fault):
    assert engine.verified_fault(a_measure(now), "看过了", by=by) is fault


@pytest.mark.parametrize("by", ["zhang", "li"])
def test_neither_who_is_responsible_nor_who_said_that_it_is_done_verifies(by):
    assert engine.verified_fault(a_measure(State.DONE, done_by="li"), "看过了", by=by) is Fault.SAME_PERSON


@pytest.mark.parametrize(("by", "fault"), [("zhang", None), ("li", Fault.NOT_RESPONSIBLE)])
def test_only_who_is_responsible_says_that_it_is_done(by, fault):
    assert engine.done_fault(a_measure(State.OPEN), "换了六盏", by=by) is fault


@pytest.mark.parametrize("accounts", [("zhang", "li"), ("zhang", "li", "wang"), ("li", "wang")])
@pytest.mark.parametrize("responsible", ["zhang", "li", "gone"])
def test_of_two_accounts_one_can_always_report_and_the_other_verify(accounts, responsible):
    """Whoever has it, and also where that account is gone: it is given on, reported and verified, never stuck."""
    each = a_measure(State.OPEN, responsible=responsible)
    if responsible not in accounts:
        assert engine.hand_fault(each, is_admin=True) is None
        each = replace(each, responsible=accounts[0])
    done = replace(each, done_by=each.responsible)

    assert engine.done_fault(each, "换了六盏", by=each.responsible) is None
    assert engine.verifiers(done, accounts) == sorted({*accounts} - {each.responsible})
    assert [engine.verified_fault(done, "看过了", by=by) for by in engine.verifiers(done, accounts)].count(None) > 0


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"problem": " "}, "每一格都要写"),
        ({"measure": "字" * 301}, "每一格都要写"),
        ({"responsible": "谁"}, "请选一个后台账号"),
        ({"until": "2026-11-22"}, "今天或以后"),
        ({"until": "下周"}, "今天或以后"),
    ],
)
def test_what_lacks_something_is_not_begun_and_nothing_typed_is_lost(desks, other, why):
    refused = begun(desks, **other)

    assert refused.status_code == 422
    assert why in refused.text
    assert (WHAT if "measure" not in other else PROBLEM) in refused.text
    assert "还没有立过" in desks["li"].get(PAGE).text


def test_a_form_that_is_sent_twice_begins_one_and_what_differs_is_not_lost(desks, town):
    (new,) = re.findall(r'name="id" value="(\w+)"', desks["li"].get(PAGE).text)
    twice = [begun(desks, id=new).status_code for _ in range(2)]
    other = begun(desks, id=new, measure="换成别的灯")

    assert twice == [303, 303]
    assert len(kept(town).all()) == 1
    assert other.status_code == 422
    assert "刚才已经立下了" in other.text
    assert "换成别的灯</textarea>" in other.text


def test_each_press_says_at_its_measure_what_became_of_it(desks):
    begun(desks)
    began = desks["li"].get(PAGE).text
    posts(desks["zhang"], door(desks, "zhang", "done"), words="换了六盏")
    done = desks["zhang"].get(PAGE).text
    verify = door(desks, "wang", "verify")
    posts(desks["wang"], verify, words="还有两盏不亮", again="1")
    not_done = desks["wang"].get(PAGE).text
    posts(desks["zhang"], verify.replace("/verify", "/done"), words="都换了")
    desks["wang"].get(PAGE)
    posts(desks["wang"], verify, words="都亮")
    verified = desks["wang"].get(PAGE).text

    said = [re.findall(r'role="status">([^<]+)<', page) for page in (began, done, not_done, verified)]
    assert said == [
        ["立下了，由 zhang 负责。"],
        ["报了办好，等另一个人核实。"],
        ["记下了：还没有办好，接着办。"],
        ["核实了，办结。"],
    ]


def test_from_the_problem_to_what_another_saw(desks, town):
    begun(desks)
    done, verify = door(desks, "zhang", "done"), door(desks, "zhang", "done").replace("/done", "/verify")
    early = posts(desks["wang"], verify, words="看过了")
    posts(desks["zhang"], done, words="换了六盏")
    again = posts(desks["zhang"], done, words="又换了")
    own = posts(desks["zhang"], verify, words="我自己看过了")
    posts(desks["wang"], verify, words="晚上去看过，都亮")
    page = desks["li"].get(PAGE).text

    assert [each.status_code for each in (early, again, own)] == [422] * 3
    assert "还没有人报办好，不能核实" in early.text
    assert "请另一个人来核实" in own.text
    assert "已核实，办结" in page
    assert "核实（wang，2026-11-23）" in page
    assert "办好了（zhang，2026-11-23）" in page


def test_what_another_saw_undone_is_open_again(desks):
    begun(desks)
    posts(desks["zhang"], door(desks, "zhang", "done"), words="换了六盏")
    posts(desks["wang"], door(desks, "wang", "verify"), words="还有两盏不亮", again="1")
    page = desks["li"].get(PAGE).text

    assert '上次核实没通过：<span class="words">还有两盏不亮</span>' in page
    assert door(desks, "zhang", "done")


def test_what_is_late_is_marked_and_what_is_kept_lies_sealed(desks, town):
    begun(desks)
    early = desks["li"].get(PAGE).text
    town.clock.forward(days=8)
    late = {name: console(town, name) for name in ("li",)}["li"].get(PAGE).text
    with town.house.db.read() as connection:
        (row,) = connection.execute(sa.select(measures)).all()

    assert ("超期" in early, "超期" in late) == (False, True)
    assert PROBLEM.encode() not in row.sealed
    assert b"zhang" not in row.sealed


@pytest.mark.parametrize("act", ["done", "verify"])
def test_what_there_is_not_is_not_found(desks, act):
    assert posts(desks["li"], f"/admin/measure/{'0' * 32}/{act}", words="好了").status_code == 404


def test_who_isnt_responsible_is_told_how_it_goes_on_and_can_take_it_over(desks):
    begun(desks)
    done = door(desks, "zhang", "done")
    refused = posts(desks["li"], done, words="我换的")
    posts(desks["li"], done.replace("/done", "/hand"), responsible="li")
    posts(desks["li"], done, words="我换的")
    page = desks["zhang"].get(PAGE).text
    posts(desks["zhang"], done.replace("/done", "/verify"), words="都亮了")

    assert refused.status_code == 422
    assert "请先把这一件转给您自己" in refused.text
    assert "我换的</textarea>" not in refused.text  # there is no place to type it: it isn't theirs
    assert "li 负责" in page
    assert 'li 在 <span class="text-nowrap">2026-11-23</span> 从 zhang 转来' in page
    assert "已核实，办结" in desks["wang"].get(PAGE).text


def test_what_is_said_to_be_done_is_not_given_on_any_more_but_taken_back(desks):
    begun(desks)
    done = door(desks, "zhang", "done")
    posts(desks["zhang"], done, words="换了六盏")
    refused = posts(desks["li"], done.replace("/done", "/hand"), responsible="li")
    others = posts(desks["li"], done.replace("/done", "/back"))
    posts(desks["zhang"], done.replace("/done", "/back"))

    assert (refused.status_code, others.status_code) == (422, 422)
    assert "换了六盏</textarea>" in desks["zhang"].get(PAGE).text
    assert "等别人核实" not in desks["li"].get(PAGE).text


def test_where_nobody_else_could_verify_it_the_page_says_what_to_do(town):
    alone = signed_in(town, "li")
    begun(alone, responsible="li")
    before = alone["li"].get(PAGE).text
    town.house.admins.add(name="zhang", password_hash=hashed_at_no_cost(PASSWORD))

    assert "后台没有第二个人能核实，这一件办不结。请技术人员再开一个账号（zhibu admin create 姓名）" in before
    assert "办不结" not in alone["li"].get(PAGE).text


def test_what_was_reported_by_another_before_is_taken_back_and_then_goes_on_between_two(town):
    """As it was kept before only who is responsible could report: with two accounts nobody could verify it."""
    two = signed_in(town, "zhang", "li")
    begun(two)
    done = door(two, "zhang", "done")

    def stuck(now: Measure) -> Measure:
        return replace(now, done="换了六盏", done_by="li", done_on=TODAY)

    kept(town).change(done.split("/")[-2], stuck)
    page = two["zhang"].get(PAGE).text
    posts(two["li"], done.replace("/done", "/back"))
    posts(two["zhang"], done, words="换了六盏")
    posts(two["li"], done.replace("/done", "/verify"), words="都亮了")

    assert "请收回“办好了”，由责任人自己来报" in page
    assert "已核实，办结" in two["zhang"].get(PAGE).text


# -- for an opinion --------------------------------------------------------------------------------------------------


WORDS = "三号楼走廊的灯坏了三天"


@pytest.fixture
def confided(tmp_path, database_url, redis, redis_url):
    """A town in which zhang alone may read what comes of the pack's matters."""
    settings = {"opinion": {"entrusted": ["zhang"]}}
    town = a_town(tmp_path, database=database_url, redis=redis_url, handlers=settings)
    yield town
    town.house.close()


def a_named_opinion(town, category: str = "生活困难") -> str:
    said = {"way": "named", "category": category, "words": WORDS, "name": "李石榴"}
    return str(town.mini(account="official").post("/opinion", said).body["receipt"])


def page_of_the_opinion(client) -> str:
    (found,) = re.findall(r'href="(/admin/opinion/[\w-]{40,})"', client.get("/admin/opinion/").text)
    return str(found)


def begins_for(client, page: str, **other: str):
    """From the opinion's page, by its link."""
    link = html.unescape(re.findall(rf'href="({PAGE}\?opinion=[\w-]+)#new"', client.get(page).text)[0])
    form = client.get(link).text
    address = re.findall(r'name="opinion" value="([\w-]+)"', form)[0]
    until = (TODAY + timedelta(days=7)).isoformat()
    said = {"problem": PROBLEM, "measure": WHAT, "responsible": "zhang", "until": until, "opinion": address, **other}
    return form, client.post(PAGE, data={"csrf_token": token(client, PAGE), **said})


def closed(desks) -> None:
    done = door(desks, "zhang", "done")
    posts(desks["zhang"], done, words="换了六盏")
    posts(desks["wang"], done.replace("/done", "/verify"), words="都亮了")


def test_a_measure_is_begun_from_an_opinion_and_each_leads_to_the_other(town, desks):
    a_named_opinion(town)
    page = page_of_the_opinion(desks["li"])
    form, _ = begins_for(desks["li"], page)
    opinion, board = desks["wang"].get(page).text, desks["wang"].get(PAGE).text

    assert f'来自一条意见（生活困难，<span class="text-nowrap">{TODAY}</span>）' in form
    assert WORDS in form
    assert f">{WHAT}</a>" in opinion
    assert "还没有核实" in opinion
    assert "立了一件整改" in opinion
    (back,) = re.findall(r'href="(/admin/opinion/[\w-]{40,})">三号楼走廊的灯坏了三天', board)
    assert WORDS in desks["wang"].get(back).text


def test_whoever_asks_by_the_receipt_reads_in_words_that_a_measure_runs_and_then_that_it_was_seen(town, desks):
    code, phone = a_named_opinion(town), town.phone()
    before = phone.says(f"查询 {code}")
    begins_for(desks["li"], page_of_the_opinion(desks["li"]))
    runs = phone.says(f"查询 {code}")
    reader = town.reader()
    reader.get("/p/opinion/receipt")
    in_a_browser = reader.post("/p/opinion/receipt", {"receipt": code}).text
    in_the_mini_program = town.mini().post("/opinion/lookup", {"receipt": code}).body["measure"]
    closed(desks)
    seen = phone.says(f"查询 {code}")

    assert "整改" not in before
    assert "为这件事立了整改，正在办" in runs
    assert "为这件事立了整改，正在办" in in_a_browser
    assert in_the_mini_program == "runs"
    assert "为这件事立的整改已经办好，并由另一个人核实过。" in seen
    for told in (runs, in_a_browser, seen):
        assert WHAT not in told
        assert "zhang" not in told


@pytest.mark.parametrize(
    ("act", "said"),
    [("answer", {"reply": "灯已经换好了。"}), ("close", {"reason": "这事不归这里管。"})],
)
def test_to_end_an_opinion_whose_measure_runs_is_warned_of_and_done_by_who_knows(town, desks, act, said):
    code = a_named_opinion(town)
    page = page_of_the_opinion(desks["li"])
    begins_for(desks["li"], page)

    def presses(**more: str):
        return desks["li"].post(f"{page}/{act}", data={"csrf_token": token(desks["li"], page), **said, **more})

    warned, mini = presses(), town.mini()
    between = mini.post("/opinion/lookup", {"receipt": code}).body["state"]
    presses(anyway="1")
    after = mini.post("/opinion/lookup", {"receipt": code}).body["state"]

    assert warned.status_code == 422
    assert "还没有办结：为这件事立的整改还没有核实" in warned.text
    assert f"{next(iter(said.values()))}</textarea>" in warned.text
    assert (between, after) == ("received", "answered" if act == "answer" else "closed")


def test_partly_solved_needs_no_warning_and_what_was_verified_neither(town, desks):
    a_named_opinion(town)
    page = page_of_the_opinion(desks["li"])
    begins_for(desks["li"], page)
    partly = {"reply": "先换了三盏。", "outcome": "partly"}
    first = desks["li"].post(f"{page}/answer", data={"csrf_token": token(desks["li"], page), **partly})
    closed(desks)
    whole = desks["li"].post(f"{page}/answer", data={"csrf_token": token(desks["li"], page), "reply": "都换好了。"})

    assert (first.status_code, whole.status_code) == (303, 303)


def test_what_was_merged_has_its_measure_from_the_one_that_it_was_merged_into(town, desks):
    first, second = a_named_opinion(town), a_named_opinion(town)
    li = desks["li"]
    page, other = re.findall(r'href="(/admin/opinion/[\w-]{40,})"', li.get("/admin/opinion/").text)
    li.post(f"{page}/merge", data={"csrf_token": token(li, page), "into": other.rsplit("/", 1)[-1]})
    begins_for(li, other)

    for code in (first, second):
        assert "为这件事立了整改，正在办" in town.phone().says(f"查询 {code}")


def test_to_end_what_another_with_a_measure_was_merged_into_is_warned_of_too(town, desks):
    a_named_opinion(town)
    a_named_opinion(town)
    li = desks["li"]
    page, other = re.findall(r'href="(/admin/opinion/[\w-]{40,})"', li.get("/admin/opinion/").text)
    begins_for(li, page)
    li.post(f"{page}/merge", data={"csrf_token": token(li, page), "into": other.rsplit("/", 1)[-1]})
    said = {"csrf_token": token(li, other), "reply": "灯已经换好了。"}
    warned = li.post(f"{other}/answer", data=said)

    assert warned.status_code == 422
    assert 'name="anyway"' in warned.text
    assert li.post(f"{other}/answer", data={**said, "anyway": "1"}).status_code == 303


def test_of_what_few_may_read_nobody_else_learns_by_its_measure(confided):
    desks = signed_in(confided, "zhang", "li")
    a_named_opinion(confided, "安全隐患")
    page = page_of_the_opinion(desks["zhang"])
    address = page.rsplit("/", 1)[-1]
    begins_for(desks["zhang"], page)
    own = desks["zhang"].get(PAGE).text
    done = door(desks, "zhang", "done")
    acts = [
        posts(desks["li"], done.replace("/done", f"/{act}"), words="好") for act in ("done", "verify", "hand", "back")
    ]

    assert PROBLEM in own
    assert "handlers.opinion.entrusted 里再加一个账号" in own
    assert PROBLEM not in desks["li"].get(PAGE).text
    assert [each.status_code for each in acts] == [404] * 4
    assert desks["li"].get(f"{PAGE}?opinion={address}").status_code == 403
    assert begins_for(desks["zhang"], page, responsible="li")[1].status_code == 422


@pytest.mark.parametrize("address", ["x", "A" * 70])
def test_a_made_up_opinion_is_not_found(desks, address):
    assert desks["li"].get(f"{PAGE}?opinion={address}").status_code == 404


def test_the_first_page_of_the_console_says_to_each_what_waits_for_them(town, desks):
    a_named_opinion(town)
    begun(desks)

    def waits(name: str) -> list[str]:
        return re.findall(r'list-group-item-action" href="[^"]+">(.+?)</a>', desks[name].get("/admin/").text)

    nobodys = "1 条意见还没有人办"
    began = {name: waits(name) for name in desks}
    posts(desks["zhang"], door(desks, "zhang", "done"), words="换了六盏")
    done = {name: waits(name) for name in desks}
    posts(desks["wang"], door(desks, "wang", "verify"), words="都亮了")

    to_verify = "1 件整改报了办好，等您或别人核实"
    assert began == {"zhang": [nobodys, "1 件整改由您负责，还没有办好"], "li": [nobodys], "wang": [nobodys]}
    assert done == {"zhang": [nobodys], "li": [nobodys, to_verify], "wang": [nobodys, to_verify]}
    assert waits("li") == [nobodys]


def test_a_measure_that_is_late_is_marked_on_the_first_page_for_who_has_it(town, desks):
    begun(desks)
    town.clock.forward(days=8)
    pages = {name: console(town, name).get("/admin/").text for name in ("zhang", "li")}

    assert 'list-group-item-danger" href="/admin/measure/">1 件整改由您负责，已经超期</a>' in pages["zhang"]
    assert "已经超期" not in pages["li"]


def test_who_comes_after_days_reads_the_newest_reminder_alone(town, desks):
    begun(desks)
    page = posts(desks["zhang"], PAGE.replace("measure/", "own")).text
    phone = town.phone()
    phone.says("管理员 " + re.findall(r"管理员 ([0-9A-Z]{4}-[0-9A-Z]{4})", page)[0])
    phone.says("你好")
    for _ in range(12):
        town.clock.forward(days=1)
        next(job for job in town.house.jobs if job.id == "measure.reminder").run(town.clock())
    said = phone.says("你好")

    assert said.count("整改：") == 1
    assert "整改：1 件已经超期" in said


# -- by the clock ----------------------------------------------------------------------------------------------------


@dataclass
class Office:
    """Measures of accounts that said who they are, and what they are told."""

    work: Work
    feature: Feature
    told: list[tuple[str, str, str]]

    def told_on(self, day: date) -> dict[str, str]:
        self.told.clear()
        (job,) = self.feature.jobs
        job.run(datetime(day.year, day.month, day.day, 8, 30, tzinfo=ZONE))
        return {who: line.removeprefix("整改：").partition("。")[0] for who, line, _ in self.told}


@pytest.fixture
def office(db, redis, keys):
    told: list[tuple[str, str, str]] = []
    accounts = {"支部": "p-1", "总支": "p-2", "书记": "p-3", "别人": "p-4"}
    tree = [
        Organisation(id="dangwei", name="党委", admins=("书记",)),
        Organisation(id="zongzhi", name="总支", parent="dangwei", admins=("总支",)),
        Organisation(id="zhibu", name="支部", parent="zongzhi", admins=("支部",)),
    ]
    opinions = Opinions(db, keys)
    powers = dict.fromkeys(accounts, Powers({Duty.MEASURES: EVERYWHERE}))
    staff = Staff(powers=lambda: powers, persons=lambda: accounts, organisations=lambda: tree)
    work = Work(
        measures=Measures(db, keys),
        staff=staff,
        subjects=opinion.subjects(opinions, partial(Readers.now, staff, opinions, ())),
        workdays=Workdays(dict),
        today=lambda: TODAY,
    )
    made = feature(
        work=work, tell=lambda *said, **_: told.append(said), paces=Paces(redis, keys), escalates_after=3, zone=ZONE
    )
    return Office(work, made, told)


def test_who_is_responsible_hears_of_the_day_in_time_and_those_above_when_it_is_late(office):
    """Ten workdays from Monday, 23 November 2026: half of them are over on the 30th, when five are left."""
    until = date(2026, 12, 7)
    new = Measure(problem=PROBLEM, measure=WHAT, responsible="支部", until=until, made_by="书记", made_on=TODAY)
    office.work.begin(new)
    days = [TODAY + timedelta(days=ahead) for ahead in range(25)]
    found = {day: said for day in days if (said := office.told_on(day))}

    assert found == {
        date(2026, 11, 30): {"p-1": "1 件时间过半"},
        date(2026, 12, 4): {"p-1": "1 件下一个工作日到期"},
        date(2026, 12, 7): {"p-1": "1 件到期，今天是最后一个工作日"},
        date(2026, 12, 8): {"p-1": "1 件已经超期"},
        date(2026, 12, 9): {"p-1": "1 件已经超期"},
        date(2026, 12, 10): {"p-1": "1 件已经超期", "p-2": "下级组织有 1 件超期还没有办好"},
        date(2026, 12, 11): {"p-1": "1 件已经超期", "p-2": "下级组织有 1 件超期还没有办好"},
        date(2026, 12, 14): {"p-1": "1 件已经超期", "p-2": "下级组织有 1 件超期还没有办好"},
        date(2026, 12, 15): {"p-1": "1 件已经超期", **dict.fromkeys(("p-2", "p-3"), "下级组织有 1 件超期还没有办好")},
        date(2026, 12, 16): {"p-1": "1 件已经超期", **dict.fromkeys(("p-2", "p-3"), "下级组织有 1 件超期还没有办好")},
        date(2026, 12, 17): {"p-1": "1 件已经超期", **dict.fromkeys(("p-2", "p-3"), "下级组织有 1 件超期还没有办好")},
    }


def test_what_is_said_to_be_done_is_told_to_those_who_can_verify_it(office):
    until = TODAY + timedelta(days=14)
    new = Measure(problem=PROBLEM, measure=WHAT, responsible="支部", until=until, made_by="书记", made_on=TODAY)
    office.work.begin(replace(new, done="换了", done_by="支部", done_on=date(2026, 11, 27)))  # a Friday
    days = [date(2026, 11, 27) + timedelta(days=ahead) for ahead in range(16)]
    found = {day: said for day in days if (said := office.told_on(day))}

    line = "1 件报了办好，等您或别人核实"
    hear = {"p-2": line, "p-3": line, "p-4": line}
    assert found == {
        date(2026, 11, 30): hear,
        date(2026, 12, 3): hear,
        date(2026, 12, 8): hear,
        date(2026, 12, 11): hear,
    }


def test_what_is_said_to_be_done_is_late_no_more_and_when_that_is_taken_back_it_is_again(office):
    new = Measure(problem=PROBLEM, measure=WHAT, responsible="支部", until=TODAY, made_by="书记", made_on=TODAY)
    done = replace(new, done="换了", done_by="支部", done_on=TODAY)
    office.work.begin(done)
    told = [office.told_on(date(2026, 11, day)) for day in (25, 26)]
    office.work.measures.change(done.id, lambda now: replace(now, done_by="", done_on=None))

    assert "超期" not in str(told)
    assert office.told_on(date(2026, 11, 27))["p-1"] == "1 件已经超期"


def test_what_is_verified_is_told_of_no_more(office):
    new = Measure(problem=PROBLEM, measure=WHAT, responsible="支部", until=TODAY, made_by="书记", made_on=TODAY)
    office.work.begin(replace(new, done="换了", done_by="支部", done_on=TODAY, verified="亮了", verified_by="书记"))

    assert office.told_on(TODAY + timedelta(days=3)) == {}
