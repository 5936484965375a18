"""Every door of the console is tried as every role, against a table typed by hand; and none shows a sibling's data."""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from storage.admins import Grant
from storage.db import metadata
from storage.participation import participation
from storage.roster import Entry
from tests.content.builders import a_broadcast, a_pack
from tests.house import PASSWORD, Town, a_town, hashed_at_no_cost

OWN = {
    *("console.overview", "console.live", "console.own", "console.own_code", "console.search"),
    *("grant_admin.lent", "grant_admin.lend", "grant_admin.end", "task_admin.mine", "task_admin.done"),
    "task_admin.again",
    *("account.own", "account.change_password", "account.end", "account.end_others", "account.prepare", "account.scan"),
    *("account.turn_on", "account.turn_off", "account.renew_codes"),
}
DOORS = {  # what each duty opens
    "opinions": {
        *("opinion_admin.listed", "opinion_admin.one", "opinion_admin.picture", "opinion_admin.voice"),
        *("opinion_admin.answer", "opinion_admin.ask", "opinion_admin.close", "opinion_admin.note"),
        *("opinion_admin.assign", "opinion_admin.tags", "opinion_admin.merge", "opinion_admin.part"),
        *("opinion_admin.review", "opinion_admin.state", "opinion_admin.number"),
    },
    "talks": {"appointment_admin.listed", "appointment_admin.answer"},
    "measures": {
        *("measure_admin.listed", "measure_admin.begin", "measure_admin.hand", "measure_admin.done"),
        *("measure_admin.verify", "measure_admin.back"),
    },
    "decisions": {*(f"decision_admin.{each}" for each in ("listed", "form", "record", "one", "confirm"))},
    "bulletin": {*(f"bulletin_admin.{each}" for each in ("page", "document", "trends", "workbook"))},
    "surveys": {"survey_admin.listed"},
    "pushes": {"console.sendings", "console.run"},
    "send": {"console.put_right", "console.ask", "console.send", "console.try_out", "console.steer"},
    "approve": {"console.look", "console.agree"},
    "banks": {
        *("quiz_admin.listed", "quiz_admin.bank", "quiz_admin.workbook", "quiz_admin.export"),
        "quiz_admin.question",
    },
    "banks of all": {"quiz_admin.look", "quiz_admin.propose", "quiz_admin.take", "quiz_admin.undo"},
    "study": {"quiz_admin.exams", "quiz_admin.took_part"},
    "study of all": {"usage.page", "usage.workbook"},
    "members": {
        *("membership_admin.listed", "membership_admin.find", "membership_admin.export", "membership_admin.one"),
        *("membership_admin.reveal", "membership_admin.reissue", "membership_admin.unbind"),
        *("membership_admin.form", "membership_admin.look", "membership_admin.take", "membership_admin.codes"),
        *("privacy_admin.listed", "privacy_admin.settle"),
    },
    "content of all": {
        *("pack.listed", "pack.one", "pack.save", "pack.download", "pack.lines", "pack.fresh", "pack.add"),
        *("pack.history", "pack.change", "pack.page", "pack.undo", "pack.act"),
        *(f"digest_admin.{each}" for each in ("form", "propose", "proposed", "begin", "blanks")),
    },
    "approve_content of all": {"pack.asked", "pack.second", "pack.second_page", "pack.agree", "pack.send_back"},
    "accounts": {
        *("account.listed", "account.create", "account.other_reset", "account.other_disable"),
        *("account.other_enable", "account.other_end", "account.other_forget"),
    },
    "audit": {*(f"trail_admin.{each}" for each in ("listed", "chain", "walk", "workbook"))},
    "tasks": {"task_admin.everybodys"},
    "grants": {
        *("grant_admin.listed", "grant_admin.grant", "grant_admin.revoke", "grant_admin.member"),
        *("account.waiting", "account.unlock"),
    },
}
SEPARATED = {"accounts", "grants", "audit"}
ALL = {*DOORS} - SEPARATED
ROLES = {  # and what each role has of them, in the whole house
    "general": ALL,
    "secretary": ALL,
    "deputy": ALL - {"approve_content of all"},
    "organisation": {
        *("talks", "measures", "bulletin", "surveys", "pushes", "study", "study of all", "members", "decisions"),
        "tasks",
    },
    "publicity": {
        *("talks", "measures", "surveys", "pushes", "send", "banks", "banks of all", "study", "study of all"),
        *("content of all", "approve_content of all"),
    },
    "discipline": {"opinions", "talks", "measures", "bulletin", "decisions", "tasks"},
    "clerk": {"opinions", "measures", "bulletin", "pushes", "banks", "banks of all", "content of all"},
    "system": {"accounts"},
    "security": {"grants"},
    "audit": {"audit"},
    "nothing": set(),
}
NEXT_DOOR = "隔壁"  # stands in all that is the sibling branch's
ORGANISATIONS = """
[[organisation]]
id = "dangwei"
name = "党委"

[[organisation]]
id = "zhibu-yi"
name = "第一支部"
parent = "dangwei"

[[organisation]]
id = "zhibu-er"
name = "隔壁支部"
parent = "dangwei"
"""
SURVEY = """
title = "隔壁的问卷"
opens = 2026-11-20
closes = 2026-11-30
organisations = ["zhibu-er"]

[[question]]
id = "a"
text = "隔壁的食堂好吗"
scale = ["不好", "好"]

[[question]]
id = "b"
text = "隔壁的宿舍好吗"
scale = ["不好", "好"]
"""
EXAM = 'title = "隔壁的考试"\nminutes = 30\naudience = ["zhibu-er"]\n\n[[part]]\nbank = "basics"\ncount = 1\n'
TALKS = '[[host]]\nid = "shuji"\nname = "隔壁书记"\nadmin = "next-door"\ntimes = ["周五 10:00"]\n'
THEIRS, ALL_OF_THEM = {"organisations": ["zhibu-er"]}, {"everyone": True}
PUSH: dict[str, Any] = {"key": "geli", "title": "隔壁的推送", "channels": ["next_visit"], "audience": THEIRS}
TO_ALL = {**PUSH, "key": "quanti", "title": "隔壁也收到的推送", "audience": ALL_OF_THEM}


@dataclass(frozen=True)
class Door:
    """An address with something in each gap, a method, and what it is called."""

    endpoint: str
    path: str
    method: str


def doors(town: Town, gap: str = "1") -> list[Door]:
    """Every door of the console but those of the sign-in, which stand open."""
    return [
        Door(rule.endpoint, path[1], method)
        for rule in town.client.application.url_map.iter_rules()
        if rule.rule.startswith("/admin") and not rule.endpoint.startswith("signin.")
        for path in [rule.build(dict.fromkeys(rule.arguments, gap), append_unknown=False)]
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE", "PATCH"})
        if path
    ]


def words_of(answer) -> str:
    """What somebody reads of it, in a Word file too."""
    if not answer.data.startswith(b"PK"):
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as parts:
        return "".join(parts.read(name).decode("utf-8", "ignore") for name in parts.namelist())


def is_refused(answer) -> bool:
    return answer.status_code == 403 and "这里要有" in answer.text


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    files = {
        "organisations.toml": ORGANISATIONS,
        "surveys/geli.toml": SURVEY,
        "exams/geli.toml": EXAM,
        "talks.toml": TALKS,
        "broadcasts/geli.toml": a_broadcast(**PUSH),
        "broadcasts/quanti.toml": a_broadcast(**TO_ALL),
    }
    folder = a_pack(tmp_path / "pack", files)
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False  # else the token would be missed, and not the duty
    yield town
    town.house.close()


def opened_by(town: Town, role: str) -> set[str]:
    """The doors that open to who has this role in the whole house, and no other."""
    town.house.limiter.reset()  # of how often somebody may sign in
    town.signs_in(role, Grant(role if role != "nothing" else "general"))
    if role == "nothing":
        town.house.admins.revoke(role, Grant("general"))
    answers = {door: town.client.open(door.path, method=door.method) for door in doors(town)}
    return {door.endpoint for door, answer in answers.items() if not is_refused(answer)}


@pytest.mark.timeout(300)  # some thousand pages, beside all other tests
def test_every_door_opens_to_whom_the_table_says_and_to_nobody_else(town):
    wanted = {role: OWN.union(*(DOORS[duty] for duty in duties)) for role, duties in ROLES.items()}

    assert {door.endpoint for door in doors(town)} == OWN.union(*DOORS.values())  # a new door has a place in the table
    assert {role: opened_by(town, role) for role in ROLES} == wanted


def test_in_one_organisation_the_same_opens_but_what_is_changed_for_all(town):
    town.signs_in("zhang", Grant("secretary", "zhibu-yi"))
    answers = {door: town.client.open(door.path, method=door.method) for door in doors(town)}

    refused = {door.endpoint for door, answer in answers.items() if is_refused(answer)}
    for_all = (opened for duty, opened in DOORS.items() if duty in SEPARATED or duty.endswith(" of all"))
    assert refused == set().union(*for_all)


# -- what the sibling branch has ---------------------------------------------------------------------------------------


def the_siblings(town: Town) -> dict[str, list[str]]:
    """Let the branch next door have some of everything: the addresses, by the page on which they are listed."""
    phone = town.phone("o-next-door")
    for said in ("意见", "2", "隔壁老王", "1", "隔壁的意见：三楼的灯坏了", "好了", "1"):
        phone.says(said)
    who = town.house.people.find(account="official", openid="o-next-door")
    town.house.people.rename(who.person, name="隔壁老王", verified=True, organisation="zhibu-er")
    for said in ("意见", "1", "1", "隔壁匿名的意见：五楼的灯坏了", "好了", "1"):
        town.phone("o-nobody").says(said)
    for said in ("谈心", "1", "1", "隔壁想谈谈"):
        phone.says(said)
    with town.house.db.begin() as connection:
        counted = {"": 0, "zhibu-yi": 10, "zhibu-er": 12}
        rows = [
            {"month": "2026-10", "organisation": each, "members": many, "took_part": many // 2}
            for each, many in counted.items()
        ]
        connection.execute(participation.insert(), rows)
    grants = (Grant("secretary", "zhibu-er", town.clock().date()),)
    word = hashed_at_no_cost(PASSWORD)
    town.house.admins.add(name="隔壁支书", password_hash=word, party_member=True, grants=grants)
    town.signs_in("li")
    town.house.pushes.desk.send_now("geli", now=town.clock(), at_night=True)
    town.house.pushes.desk.send_now("quanti", now=town.clock(), at_night=True)
    new = {"problem": "隔壁的问题", "measure": "隔壁的措施", "responsible": "li", "until": "2026-12-01"}
    town.client.post("/admin/measure/", data={**new, "organisation": "zhibu-er"})
    decided = {"organisation": "zhibu-er", "kind": "general", "meeting": "隔壁的大会", "day": "2026-11-20"}
    votes = {"entitled": "3", "present": "3", "approve": "3", "against": "0", "abstain": "0"}
    a_decision = {**decided, **votes, "matter": "隔壁的事", "proposed_by": "committee"}
    town.client.post("/admin/decision/new", data=a_decision)
    places = ("/admin/broadcasts", "/admin/opinion/", "/admin/measure/", "/admin/decision/")
    lists = {path: town.client.get(path).text for path in places}
    return {
        path: sorted({*re.findall(rf'(?:href|action)="({path.rstrip("/")}/[^"?#]+)"', page)})
        for path, page in lists.items()
    }


def test_no_page_that_opens_shows_anything_of_a_sibling_branch(town):
    theirs = the_siblings(town)
    this_week = "?week=2026-11-23"
    listed = [f"{door.path}{this_week}" if "bulletin" in door.path else door.path for door in doors(town)]
    seen_by_all = [path for path in listed if NEXT_DOOR in words_of(town.client.get(path))]
    town.signs_in("zhang", Grant("secretary", "zhibu-yi"))
    pages = {path: town.client.get(path) for path in (*listed, *(each for some in theirs.values() for each in some))}

    assert {
        "/admin/",
        "/admin/opinion/",
        "/admin/measure/",
        "/admin/decision/",
        "/admin/broadcasts",
        "/admin/survey/",
    } < {*seen_by_all}
    assert {"/admin/quiz/exams", "/admin/quiz/participation", f"/admin/bulletin/{this_week}"} < {*seen_by_all}
    assert {f"/admin/bulletin/week.docx{this_week}", "/admin/task/board"} < {*seen_by_all}
    assert all(theirs.values())
    assert [path for path, page in pages.items() if NEXT_DOOR in words_of(page)] == []
    assert "第一支部（10 人）" in pages["/admin/quiz/participation"].text


def test_nothing_of_a_sibling_branch_can_be_changed(town):
    theirs = the_siblings(town)
    town.signs_in("zhang", Grant("secretary", "zhibu-yi"))
    tried = [f"{each}/{act}" for each in theirs["/admin/opinion/"] for act in ("answer", "note", "assign", "state")]
    tried += [f"/admin/broadcasts/{each}/send" for each in ("geli", "quanti")]
    tried += [f"{each}/pause" for each in theirs["/admin/broadcasts"] if ":" in each]
    tried += theirs["/admin/measure/"]
    tried += [f"{each}/confirm" for each in theirs["/admin/decision/"] if not each.endswith("/new")]
    said = {path: town.client.post(path, data={"words": "改一改"}).status_code for path in tried}
    elsewhere = {"problem": "问题", "measure": "措施", "responsible": "zhang", "until": "2026-12-01"}
    begun = town.client.post("/admin/measure/", data={**elsewhere, "organisation": "zhibu-er"})

    assert len(tried) > 8
    assert {path: code for path, code in said.items() if code not in {403, 404}} == {}
    assert begun.status_code == 422
    assert "您只能给自己的组织和下级组织立整改" in begun.text


def all_kept(town: Town) -> dict[str, set[str]]:
    """All rows of all tables, but for what tells that somebody was here; of sessions, which there are."""
    here = {"audit_trail", "person_keys", "admin_tries", "letterbox"}  # which is written anew each moment
    with town.house.db.read() as connection:
        return {
            table.name: {row.id if table.name == "admin_sessions" else repr(row) for row in rows}
            for table in metadata.sorted_tables
            if table.name not in here
            for rows in [connection.execute(table.select()).all()]
        }


def ids_of_the_siblings(town: Town) -> set[str]:
    """The id of each thing that the branch next door has, whatever it is."""
    listed = {each.rsplit("/", 1)[-1] for some in the_siblings(town).values() for each in some} - {"new"}
    until = town.clock() + timedelta(days=1)
    (given,) = town.house.roster.take_in([Entry(name="隔壁老张", organisation="zhibu-er")], expires_at=until)
    phone = town.phone("o-zhang-er")
    phone.joins(f"绑定 {given.code}")
    phone.says("更正 隔壁的职务写错了")
    town.signs_in("隔壁支书")
    today = town.clock().date().isoformat()
    lent = {"to": "li", "duty": "measures", "since": today, "until": today}
    assert town.client.post("/admin/grant/lent", data=lent).status_code == 303
    tables = ("roster", "corrections", "appointments", "admin_loans", "admin_sessions", "named_opinions", "admins")
    with town.house.db.read() as connection:
        kept = {each: {str(row.id) for row in connection.execute(metadata.tables[each].select())} for each in tables}
    assert all(kept.values())
    return listed.union(*kept.values())


@pytest.mark.timeout(300)
def test_no_id_of_a_sibling_branch_changes_anything_at_any_door(town):
    """Of what it has and of what others have: each id at each door that takes one, be it of that kind or not."""
    ids = ids_of_the_siblings(town)
    town.signs_in("zhang", Grant("secretary", "zhibu-yi"))
    before = all_kept(town)
    gaps = [rule for rule in town.client.application.url_map.iter_rules() if rule.rule.startswith("/admin/")]
    taking_one = [rule for rule in gaps if len(rule.arguments) == 1 and "POST" in (rule.methods or ())]
    form = {"answer": "改", "words": "改一改", "why": "看一看", "act": "tell", "reason": "看一看", "note": "改"}
    paths = {
        path[1]
        for rule in taking_one
        for id_ in ids
        if (path := rule.build(dict.fromkeys(rule.arguments, id_), append_unknown=False))
    }
    said = {path: town.client.post(path, data=form).status_code for path in sorted(paths)}

    assert len(taking_one) > 30
    assert {path: code for path, code in said.items() if code >= 500 or code in {200, 201}} == {}
    assert all_kept(town) == before
