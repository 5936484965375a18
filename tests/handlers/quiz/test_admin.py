"""Question banks in the console: looked at before they are taken in, and undone."""

import io
import random
import re

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from handlers.quiz import admin
from handlers.quiz.admin import MOST_BYTES
from tests.content.builders import PNG, a_bank, a_pack, a_question, write
from tests.content.importers.making import marked, with_parts, xlsx
from tests.house import a_town, hashed_at_no_cost

pytestmark = pytest.mark.variant

PASSWORD = "a password of the tests"
HEAD = ("题干", "选项A", "选项B", "答案", "解析", "出处")
GOOD = [("第一问（ ）", "甲", "乙", "A", "故选A", "党章"), ("第二问（ ）", "甲", "乙", "B", "故选A", "党章")]
BAD = ("第三问（ ）", "甲", "乙", "C", "", "党章")


@pytest.fixture
def folder(tmp_path):
    return a_pack(tmp_path / "pack", {"phrases.toml": None})


@pytest.fixture
def town(tmp_path, folder, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    for name in ("admin", "other"):
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD))
    sign_in(town.client, "admin")
    yield town
    town.house.close()


def sign_in(client, name):
    form = {"csrf_token": hidden(client.get("/admin/login").text)["csrf_token"], "name": name, "password": PASSWORD}
    assert client.post("/admin/login", data=form).status_code == 302


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)) | dict(
        re.findall(r'name="(csrf_token)"[^>]* value="([^"]+)"', page)
    )


def looks(town, *rows, name="新题.xlsx", data=None, **said):
    """Send a file in and read what would be done."""
    return sends(town, "/admin/quiz/look", xlsx([HEAD, *rows]) if data is None else data, name, **said)


def sends(town, address, data, name, **said):
    form = {"csrf_token": hidden(town.client.get("/admin/quiz/").text)["csrf_token"], **said}
    form["file"] = FileStorage(io.BytesIO(data), filename=name)
    boundary, body = encode_multipart(form)  # the client alone would leave a file open
    return town.client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def agrees(town, page, **said):
    return town.client.post("/admin/quiz/take", data={**hidden(page), **said}, follow_redirects=True)


def bank(folder, name="新题"):
    path = folder / f"quizzes/{name}.toml"
    return path.read_text() if path.exists() else None


def test_a_new_bank_is_offered_what_can_be_studied(town, folder):
    with (folder / "account.toml").open("a") as account:
        account.write('[[topic]]\nid = "tixing"\nname = "学习提醒"\nnotices = true\n')
    town.house.shelf.look()
    town.house.shelf.look()
    offered = re.findall(r'<option value="([\w-]+)">', town.client.get("/admin/quiz/").text.split('id="topic"')[1])

    assert offered == ["dangzhang", "yaowen"]
    assert "tixing" in {topic.id for topic in town.house.shelf.current().account.topics}


def test_what_would_be_done_is_shown_and_nothing_is_written(town, folder):
    page = looks(town, *GOOD, BAD).text

    assert re.search(r"没问题</dt><dd[^>]*>1<.*请看一眼</dt><dd[^>]*>1<.*不能收</dt><dd[^>]*>1<", page, re.DOTALL)
    assert "第 4 行" in page
    assert "答案里的“C”没有对应的选项" in page
    assert "解析说选 A，答案却是 B" in page
    assert bank(folder) is None


def test_a_yes_writes_the_bank_and_members_get_it(town, folder):
    answer = agrees(town, looks(town, *GOOD, topic="dangzhang", title="新的题库").text)
    town.house.shelf.look()
    town.house.shelf.look()

    assert "新题.toml 写好了：新增 2 道，改了 0 道" in answer.text
    assert town.house.shelf.current().banks["新题"].title == "新的题库"


def test_a_very_large_bank_is_changed_by_the_command_alone(town, folder, monkeypatch):
    monkeypatch.setattr(admin, "MOST_CHANGED_BYTES", 200)
    refused, beside = looks(town, *GOOD, to="basics"), looks(town, *GOOD, to="new")

    assert (refused.status_code, beside.status_code) == (422, 200)
    assert "在后台里改太大了" in refused.text
    assert "zhibu content import 文件 --to basics" in refused.text


def test_of_a_file_with_very_many_questions_it_is_said_how_it_is_taken_in(town, monkeypatch):
    monkeypatch.setattr(admin, "MOST_QUESTIONS", 1)
    refused = looks(town, *GOOD)

    assert refused.status_code == 422
    assert "文件里有 2 道题，在后台里导入太多" in refused.text
    assert "后台一次最多 1 道：请分成几个文件" in refused.text


def test_of_a_large_bank_it_is_said_that_members_get_it_later(town):
    many = [(f"第 {n} 问{'很长' * 200}（ ）", "甲", "乙", "A", "", "党章") for n in range(60)]
    small = agrees(town, looks(town, *GOOD).text).text
    large = agrees(town, looks(town, *many, name="大.xlsx").text).text

    assert ["要一两分钟才换上" in each for each in (small, large)] == [False, True]
    assert ["两秒内生效" in each for each in (small, large)] == [True, False]


def test_what_cannot_be_taken_stops_it_until_it_is_left_out(town, folder):
    page = looks(town, *GOOD, BAD).text

    refused = agrees(town, page)
    assert (refused.status_code, "有的题不能收" in refused.text, bank(folder)) == (422, True, None)

    assert agrees(town, refused.text, skip_errors="1").status_code == 200
    assert bank(folder).count("[[question]]") == 2


def test_a_bank_that_changed_meanwhile_is_shown_anew(town, folder):
    page = looks(town, *GOOD).text
    write(folder / "quizzes/新题.toml", a_bank(a_question("o")))

    answer = agrees(town, page)

    assert (answer.status_code, "请再看一遍" in answer.text, bank(folder).count("[[question]]")) == (409, True, 1)
    assert agrees(town, answer.text).status_code == 200
    assert bank(folder).count("[[question]]") == 3


def test_a_file_waits_an_hour_for_the_one_who_sent_it(town, folder):
    page = looks(town, *GOOD).text
    town.clock.forward(hours=1, seconds=1)

    assert agrees(town, page).status_code == 410

    page = looks(town, *GOOD).text
    sign_in(town.client, "other")
    other = {**hidden(page), "csrf_token": hidden(town.client.get("/admin/quiz/").text)["csrf_token"]}
    assert town.client.post("/admin/quiz/take", data=other).status_code == 410
    assert bank(folder) is None


def test_a_file_that_was_taken_is_gone(town):
    page = looks(town, *GOOD).text
    agrees(town, page)

    assert agrees(town, page).status_code == 410
    assert [*(town.house.settings.storage.folder / "imports/waiting").iterdir()] == []


def test_an_import_is_undone(town, folder):
    page = agrees(town, looks(town, *GOOD).text).text
    [address] = re.findall(r'action="(/admin/quiz/undo/[^"]+)"', page)

    answer = town.client.post(address, data=hidden(page), follow_redirects=True)

    assert ("恢复成导入以前的样子了" in answer.text, bank(folder)) == (True, None)
    assert town.client.post(address, data=hidden(page)).status_code == 409


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("b.pdf", b"%PDF", "不认识这种文件"),
        ("b.xlsx", with_parts(xlsx([HEAD]), {"xl/vbaProject.bin": b"x"}), "文件里有宏"),
        ("", b"", "请先选一个文件"),
        ("../../b.xlsx", xlsx([HEAD]), "没有找到题目"),
    ],
)
def test_what_cannot_be_read_says_why(town, name, data, words):
    answer = looks(town, name=name, data=data)

    assert (answer.status_code, words in answer.text) == (422, True)


def test_a_name_leads_nowhere_else(town, folder):
    agrees(town, looks(town, *GOOD, name="../../新题.xlsx").text)

    assert bank(folder)
    assert looks(town, *GOOD, to="../x").status_code == 422


def test_a_file_may_be_larger_than_a_form_and_not_larger_than_that(town):
    picture = random.Random(7).randbytes(2 * 2**20)  # no zip makes that smaller

    assert looks(town, data=with_parts(xlsx([HEAD, *GOOD]), {"xl/media/image1.bin": picture})).status_code == 200
    refused = looks(town, data=bytes(MOST_BYTES + 2**17))
    assert refused.status_code == 413
    assert "一个文件最大 10 MB" in refused.text
    assert '<a href="/admin/quiz/">再选一个文件</a>' in refused.text


ODD_NAMES = [
    *("..%2F..%2Fx", "a%0D%0AX-Made-Up%3A%201", "a%00b", "%E2%80%AEgpj", "x" * 300, "%E6%B1%89" * 300, "--to%3Dx"),
    *(".hidden", "CON", "a%09b", "%ED%A0%80", "%5C%5Chost%5Cx"),
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_may_be_called_anything(town, folder, name):
    token = hidden(town.client.get("/admin/quiz/").text)["csrf_token"]
    before = {path for path in folder.parent.rglob("*") if path.is_file()}
    text = "1. 问（ ）\nA. 甲\nB. 乙\n答案：A\n解析：党支部党员大会一般每季度召开一次。\n"
    head = 'Content-Disposition: form-data; name="'
    body = (
        f'--B\r\n{head}csrf_token"\r\n\r\n{token}\r\n'
        f"--B\r\n{head}file\"; filename*=UTF-8''{name}.txt\r\n\r\n{text}\r\n--B--\r\n"
    )
    looked, proposed = (
        town.client.post(f"/admin/quiz/{door}", data=body.encode(), content_type="multipart/form-data; boundary=B")
        for door in ("look", "propose")
    )
    agrees(town, looked.text)
    town.house.shelf.look()
    town.house.shelf.look()

    assert (looked.status_code, proposed.status_code) == (200, 200)
    assert not any("X-Made-Up" in each.headers for each in (looked, proposed))
    assert not {"\0", "\u202e", "\n"} & {*proposed.headers["Content-Disposition"]}
    written = {path for path in folder.parent.rglob("*") if path.is_file()} - before
    assert [path.parent for path in written if path.suffix == ".toml"] == [folder / "quizzes"]
    assert (len(town.house.shelf.current().banks), town.house.shelf.fault) == (2, None)


def test_no_file_that_was_sent_in_can_be_fetched(town):
    token = hidden(looks(town, *GOOD).text)["token"]
    [waits] = (town.house.settings.storage.folder / "imports/waiting").iterdir()

    for name in (token, waits.name):
        for way in ("", "look", "take", "waiting/", "imports/waiting/"):
            assert town.client.get(f"/admin/quiz/{way}{name}").status_code in {404, 405}
    assert waits.stat().st_mode & 0o077 == 0


def test_a_bank_is_taken_out_worked_on_and_sent_in_again(town, folder):
    for kind in ("xlsx", "gift"):
        page = town.client.get("/admin/quiz/banks/basics").text
        assert f'href="/admin/quiz/banks/basics/export.{kind}"' in page

        file = town.client.get(f"/admin/quiz/banks/basics/export.{kind}")

        assert f"basics.{kind}" in file.headers["Content-Disposition"]
        answer = looks(town, name=f"basics.{kind}", data=file.data)
        assert re.search(r"新增</dt><dd[^>]*>0<.*没有变</dt><dd[^>]*>2<", answer.text, re.DOTALL)


@pytest.mark.parametrize("path", ["keine/export.xlsx", "basics/export.exe"])
def test_what_cannot_be_taken_out(town, path):
    assert town.client.get(f"/admin/quiz/banks/{path}").status_code == 404


def test_of_what_is_proposed_out_of_a_text_members_get_what_was_marked(town, folder):
    text = "示例办法\n第一条 党员每年集中学习培训时间不少于32学时。".encode()
    sheet = sends(town, "/admin/quiz/propose", text, "办法.txt")
    assert "attachment" in sheet.headers["Content-Disposition"]

    refused = looks(town, name="办法-填空.xlsx", data=sheet.data)
    assert (refused.status_code, "2 道建议一道也没有采用" in refused.text) == (422, True)

    agrees(town, looks(town, name="办法-填空.xlsx", data=marked(sheet.data, {3: 1})).text)
    assert bank(folder, "办法-填空").count("[[question]]") == 1
    assert 'stem = "党员每年集中学习培训时间不少于____学时。"' in bank(folder, "办法-填空")
    assert 'source = "《示例办法》第一条"' in bank(folder, "办法-填空")


def test_a_text_without_anything_to_ask_says_so(town):
    for data, name, words in ((b"", "", "请先选一个文件"), ("没有。".encode(), "a.txt", "没有找到可以挖空的句子")):
        answer = sends(town, "/admin/quiz/propose", data, name)
        assert (answer.status_code, words in answer.text) == (422, True)


def test_pictures_that_an_export_leaves_behind_are_named(town, folder):
    picture = {"file": "hui.png", "words": "徽"}
    case = a_question("a", type="case", stem="材料", picture=picture, without=["options", "answer"])
    write(folder / "pictures/hui.png", PNG)
    write(folder / "quizzes/basics.toml", a_bank(case, a_question("q1", case="a")))
    town.house.shelf.look()
    town.house.shelf.look()

    assert "没有图片本身：hui.png" in town.client.get("/admin/quiz/banks/basics").text
