"""A list of members taken in by the console: looked at first, masked, and the same as the command takes and refuses."""

import io
import re

import pytest
from openpyxl import load_workbook

from commands.roster import FAULTS
from handlers import membership
from handlers.feature import words_beside
from handlers.membership import engine
from handlers.membership.admin import taking
from storage.admins import Grant
from storage.roster import Entry
from tests.content.importers.making import xlsx
from tests.handlers.membership.test_admin import PEOPLE, town

__all__ = ["town"]

AT = "/admin/membership/import"
HEAD = ("姓名", "组织", "职务", "编号")
LIST = (HEAD, ("王小明", "第一党支部", "支部书记", "20190012"), ("赵新来", "第一党支部", "", ""))


def sends(town, rows, name="名册.xlsx"):
    data = rows if isinstance(rows, bytes) else xlsx(rows)
    return town.client.post(f"{AT}/look", data={"file": (io.BytesIO(data), name)})


def form_of(page) -> dict[str, str]:
    return dict(re.findall(r'name="(token|seen)" value="([^"]*)"', page.text))


def takes(town, page, **more):
    return town.client.post(f"{AT}/take", data={**form_of(page), **more})


def entries(town) -> set[Entry]:
    return {row.entry for row in town.house.roster.rows()}


def test_a_list_is_looked_at_masked_and_nothing_is_written(town):
    before = entries(town)
    page = sends(town, LIST)

    assert page.status_code == 200
    assert [each for each in ("王小明", "赵新来", "李小红", "20190012") if each in page.text] == []
    assert re.findall(r"<dd[^>]*>(\d+)</dd>", page.text) == ["1", "1", "0", "1"]
    assert "组织委员 → 支部书记" in page.text
    assert "名册上有、表里没有（1）" in page.text  # of the first branch alone: the list names no other
    assert entries(town) == before


def test_what_was_looked_at_is_taken_and_a_new_one_joins_by_their_code(town):
    page = takes(town, sends(town, LIST))
    code = re.search(r"<strong class=\"user-select-all text-nowrap\">([0-9A-Z-]{9})<", page.text)
    assert code
    (note,) = town.house.audit.entries(most=1)
    told = town.phone("o-zhao").joins(f"绑定 {code[1]}")

    assert page.headers["Cache-Control"] == "no-store"
    assert "新增 1 人，改职务 1 人，去掉 0 人" in page.text
    assert "第 3 行 · 第一党支部" in page.text
    assert "赵新来" not in page.text
    assert entries(town) == {
        *PEOPLE[1:],
        Entry(name="王小明", organisation="yi", role="支部书记", number="20190012"),
        Entry(name="赵新来", organisation="yi"),
    }
    assert (note.act, note.kind, note.about) == ("change", "members", "new=1 changed=1 off=0")
    assert "绑定成功：赵新来" in told


def test_who_is_not_on_the_list_goes_only_where_somebody_says_so(town):
    page = takes(town, sends(town, (HEAD, ("李小红", "yi", "", ""))), take_off="1")

    assert "新增 0 人，改职务 0 人，去掉 1 人" in page.text
    assert {each.name for each in entries(town)} == {"李小红", "王大力"}
    assert [bool(each.pseudonym) for each in town.house.audit.entries(most=2)] == [True, False]
    assert town.house.people.profile(town.house.people.find(account="official", openid="o-wang").person).name == ""


def test_the_codes_are_taken_away_with_full_names_and_that_is_noted(town):
    page = takes(town, sends(town, LIST))
    token = form_of(page)["token"]
    book = town.client.post(f"{AT}/codes.xlsx", data={"token": token})
    (note,) = town.house.audit.entries(most=1)
    town.clock.forward(minutes=61)
    late = town.client.post(f"{AT}/codes.xlsx", data={"token": token})

    cells = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(book.data)).active.iter_rows()]
    assert cells[1][:2] == ["第一党支部", "赵新来"]
    assert engine.code_in(cells[1][3])
    assert (note.act, note.kind, note.about) == ("export", "members", str(len(cells) - 1))
    assert late.status_code == 410


def test_a_list_that_waits_is_no_codes_and_codes_are_no_list(town):
    looked = form_of(sends(town, LIST))
    no_codes = town.client.post(f"{AT}/codes.xlsx", data={"token": looked["token"]})
    taken = form_of(town.client.post(f"{AT}/take", data=looked))
    no_list = town.client.post(f"{AT}/take", data=taken)

    assert (no_codes.status_code, no_list.status_code) == (410, 410)


def test_each_fault_is_named_by_its_line_with_how_to_mend_it_and_nobody_is_taken(town):
    before = entries(town)
    page = sends(
        town,
        (
            (*HEAD, "备注"),
            ("甲一", "yi", "", "", ""),
            ("甲一", "yi", "", "", ""),
            ("", "yi", "", "", ""),
            ("乙二", "nowhere", "", "", ""),
            ("丙三", "yi", "", "", "11010519491231002X"),
            ("丁四", "110105194912310021", "", "", ""),
        ),
    )

    assert page.status_code == 422
    assert "有 5 处要改" in page.text
    assert [f"第 {line} 行" in page.text for line in (3, 4, 5, 6, 7)] == [True] * 5
    assert [
        said in page.text for said in ("甲**在同一个组织里有两行（另一行在工作表“Sheet1”第 2 行）", "没有写“姓名”")
    ] == [True] * 2
    assert "没有“nowhere”这个组织" in page.text
    assert [each for each in ("甲一", "丙三", "1101051949") if each in page.text] == []
    assert entries(town) == before


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.csv", "没有找到“姓名”和“组织”"),
        (b"PK\x03\x04 and no more", "a.xlsx", "怎么改"),
        ("姓名,组织\n甲,yi\n".encode(), "a.pdf", "怎么改"),
        (b"x" * 1001, "a.csv", "怎么改"),
    ],
    ids=["empty", "broken", "no table", "too large"],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(town, monkeypatch, data, name, said):
    monkeypatch.setattr(taking, "MOST_BYTES", 1000)
    page = sends(town, data, name)

    assert page.status_code == 422
    assert said in page.text


def test_no_file_at_all_is_said(town):
    page = town.client.post(f"{AT}/look")

    assert page.status_code == 422
    assert "没有收到文件" in page.text


def test_the_console_has_words_for_each_fault_that_the_command_has():
    assert {*words_beside(membership.__file__)["table"]} == {*FAULTS}


def test_a_branch_takes_in_its_own_and_sees_nothing_of_others(town):
    town.signs_in("yi", Grant("secretary", "yi"))
    others = sends(town, (HEAD, ("王大力", "第二党支部", "委员", "")))
    own = sends(town, (HEAD, ("钱新", "第一党支部", "", "")))

    assert others.status_code == 422
    assert "或者它不归您管" in others.text
    assert "第二党支部" not in town.client.get(AT).text
    assert own.status_code == 200
    assert "名册上有、表里没有（2）" in own.text


def test_where_the_roster_has_changed_meanwhile_it_is_shown_anew(town):
    page = sends(town, LIST)
    town.house.roster.remove(PEOPLE[1])
    again = takes(town, page)

    assert again.status_code == 409
    assert "您看的时候名册变了" in again.text
    assert "赵新来" not in {each.name for each in entries(town)}
    assert takes(town, again).status_code == 200


def test_a_list_waits_an_hour_sealed_and_for_who_sent_it_alone(town):
    page = sends(town, LIST)
    (kept,) = (town.settings.storage.folder / "imports" / "members").iterdir()
    held = kept.read_bytes()
    town.signs_in("somebody else")
    theirs = takes(town, page)
    town.signs_in("li")
    town.clock.forward(minutes=61)
    town.signs_in("li")
    late = takes(town, page)

    assert not held.startswith(b"PK")
    assert "赵新来".encode() not in held
    assert (theirs.status_code, late.status_code) == (410, 410)
    assert "没有写：这份名单等了一个小时以上" in late.text
