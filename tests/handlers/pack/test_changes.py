"""Changes of the pack in the console: whose they are, what stands in their way, and what becomes of them."""

import io
import re

import pytest

from storage.pack import changes
from tests.content.builders import ACCOUNT, ORGANISATIONS, PNG, a_broadcast, a_digest, write
from tests.handlers.browsers import Browser, at_once
from tests.handlers.pack.desk import HIDDEN, a_desk, hidden, presses, saves, sends, text_of

FILE = "digests/first.md"
TALKS = '[[host]]\nid = "shuji"\nname = "支部书记"\nadmin = "张"\ntimes = ["周三 15:00"]\n'
MATTERS = '[[matter]]\ncategory = "安全隐患"\nchannels = ["12350"]\nsource = "示例"\n'
OWNED = f'{ORGANISATIONS}admins = ["张"]\n'


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    files = {"organisations.toml": OWNED, "talks.toml": TALKS, "matters.toml": MATTERS}
    town = a_desk(tmp_path, database_url, redis_url, files)
    town.signs_in("甲")
    yield town
    town.house.close()


def lies(town, file=FILE):
    path = town.settings.content.folder / file
    return path.read_text() if path.exists() else None


def asks_for_two(town, *kinds):
    """Let the account ask for a second admin."""
    write(
        town.settings.content.folder / "account.toml", ACCOUNT.replace("welcome", f"approval = {list(kinds)}\nwelcome")
    )
    town.house.shelf.look()
    town.house.shelf.look()


def test_what_another_has_changed_meanwhile_is_shown_and_not_overwritten(town):
    opened = hidden(town, f"/admin/content/files/{FILE}")["base"]
    town.signs_in("乙")
    presses(town, saves(town, FILE, a_digest(title="乙写的")), "take")
    town.signs_in("甲")

    mine = saves(town, FILE, a_digest(title="甲写的"), base=opened)
    assert "后来被改过了" in mine.text
    assert "乙写的" in mine.text
    assert "没有换上" in presses(town, mine, "take").text
    assert "乙写的" in lies(town)

    again = saves(
        town, FILE, text_of(mine).replace("甲写的", "两个人写的"), change=mine.request.path.rpartition("/")[2]
    )
    presses(town, again, "take")
    assert "两个人写的" in lies(town)


def test_a_file_that_was_changed_by_hand_after_the_check_is_not_overwritten(town):
    mine = saves(town, FILE, a_digest(title="甲写的"))
    write(town.settings.content.folder / FILE, a_digest(title="手改的"))

    assert "别人的改动没有被盖掉" in presses(town, mine, "take").text
    assert "手改的" in lies(town)


def test_a_fault_keeps_a_change_out_and_the_words_stay(town):
    faulty = a_digest(title="写到一半", kind="坏")
    mine = saves(town, FILE, faulty)

    assert "kind 不能是“坏”" in mine.text
    assert re.search(r"<summary[^>]*>和原来有哪些不同</summary>", mine.text)  # its lines stand above as they are
    assert "改了什么" not in mine.text
    assert "没有换上：内容有错" in presses(town, mine, "take").text
    assert text_of(town.client.get(mine.request.path)) == faulty
    assert "写到一半" not in lies(town)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("organisations.toml", OWNED.replace("张", "甲"), "admins 或 parent 变了"),
        ("organisations.toml", OWNED.replace('parent = "dangwei"\n', ""), "admins 或 parent 变了"),
        (
            "organisations.toml",
            f'{OWNED}[[organisation]]\nid = "x"\nname = "新"\nadmins = ["甲"]\n',
            "admins 或 parent",
        ),
        ("talks.toml", TALKS.replace("张", "甲"), "admin 变了"),
        ("talks.toml", TALKS + TALKS.replace("shuji", "fushuji").replace("张", "甲"), "admin 变了"),
        ("matters.toml", MATTERS.replace("安全隐患", "生活困难"), "不再只给专人看"),
        ("phrases.toml", '"opinion.categories" = "工作建议、其他"\n', "不再只给专人看"),
    ],
)
@pytest.mark.alike
def test_nobody_gives_rights_by_writing_content(town, file, text, said):
    before = lies(town, file)
    mine = saves(town, file, text)

    assert said in mine.text
    assert "没有换上" in presses(town, mine, "take").text
    assert lies(town, file) == before


@pytest.mark.alike
def test_rights_are_looked_after_while_the_pack_has_a_fault_elsewhere_too(town):
    write(town.settings.content.folder / FILE, a_digest(kind="坏"))
    town.house.shelf.look()
    town.house.shelf.look()

    assert "没有换上" in presses(town, saves(town, "talks.toml", TALKS.replace("张", "甲")), "take").text
    assert lies(town, "talks.toml") == TALKS
    assert "换上了" in presses(town, saves(town, "talks.toml", TALKS.replace("15:00", "16:00")), "take").text


@pytest.mark.alike
def test_what_an_organisation_is_called_is_content(town):
    renamed = (
        OWNED.replace("示例支部", "第一支部") + '\n[[organisation]]\nid = "x"\nname = "新支部"\nparent = "zhibu"\n'
    )
    presses(town, saves(town, "organisations.toml", renamed), "take")

    assert lies(town, "organisations.toml") == renamed


def test_who_writes_does_not_agree_and_what_changed_is_asked_for_anew(town):
    asks_for_two(town, "digests")
    mine = saves(town, FILE, a_digest(title="第一稿"))
    assert "没有换上" in presses(town, mine, "take").text
    presses(town, mine, "ask")
    own = town.client.get(mine.request.path.replace("changes", "asked"))
    assert "没有换上" in presses(town, own, "agree").text

    town.signs_in("乙")
    seen = town.client.get(own.request.path)
    town.signs_in("甲")
    saves(town, FILE, a_digest(title="第二稿"), change=mine.request.path.rpartition("/")[2])
    town.signs_in("乙")
    assert "没有换上" in presses(town, seen, "agree").text
    town.signs_in("甲")
    presses(town, town.client.get(mine.request.path), "ask")
    town.signs_in("乙")
    assert "没有换上" in presses(town, seen, "agree").text
    assert "一条要闻" in lies(town)

    presses(town, town.client.get(own.request.path), "agree")
    assert "第二稿" in lies(town)


@pytest.mark.alike
def test_a_second_admin_sends_it_back_with_a_remark(town):
    asks_for_two(town, "all")
    mine = saves(town, FILE, a_digest(title="第一稿"))
    presses(town, mine, "ask")
    town.signs_in("乙")
    asked = mine.request.path.replace("changes", "asked")
    sends(town, f"{asked}/back", seen=hidden(town, asked)["seen"], remark="请写明来源。")
    town.signs_in("甲")

    assert "有 1 处内容改动被退回，等您接着改" in town.client.get("/admin/").text
    assert "退回了，等写的人接着改" in town.client.get("/admin/content").text
    page = town.client.get(mine.request.path)
    assert "请写明来源。" in page.text
    presses(town, page, "ask")
    assert "现在没有等您办的。" in town.client.get("/admin/").text
    town.signs_in("乙")
    presses(town, town.client.get(asked), "agree")

    assert "请写明来源。" not in town.client.get(mine.request.path).text  # nobody is to go by it any more


@pytest.mark.alike
def test_a_change_is_called_as_its_readers_call_it(town):
    asks_for_two(town, "digests")
    mine = saves(town, FILE, a_digest(title="第一稿"))
    assert ">改：第一稿</h1>" in mine.text
    presses(town, mine, "ask")
    town.signs_in("乙")

    assert re.search(rf">一条要闻 <small[^>]*>{re.escape(FILE)}</small>", town.client.get("/admin/content/asked").text)


@pytest.mark.alike
def test_what_comes_out_later_is_not_said_to_be_out_at_once(town):
    later = saves(town, FILE, a_digest(publish_at="2026-12-01T08:00:00+08:00"))
    assert "会员从 2026-12-01 08:00 起看得到" in later.text
    assert "会员就能看到" not in presses(town, later, "take").text
    now = saves(town, FILE, a_digest(publish_at="2026-11-20T08:00:00+08:00"))
    assert "起看得到" not in now.text


@pytest.mark.parametrize(
    ("kinds", "file", "text"),
    [
        (["digests"], "account.toml", ACCOUNT),
        (["broadcasts"], "templates/daily.j2", "换掉的话"),
        ([], "broadcasts/daily.toml", a_broadcast()),
    ],
    ids=["the rule itself", "what a broadcast says", "four eyes"],
)
@pytest.mark.alike
def test_no_way_leads_round_a_second_admin(town, kinds, file, text):
    write(town.settings.content.folder / "broadcasts/daily.toml", a_broadcast(four_eyes=True))
    asks_for_two(town, *kinds)
    before = lies(town, file)

    assert "没有换上" in presses(town, saves(town, file, text), "take").text or lies(town, file) == before
    assert lies(town, file) == before


@pytest.mark.alike
def test_a_file_is_deleted_where_nothing_needs_it_and_comes_back(town):
    needed = sends(
        town,
        "/admin/content/files/templates/daily.j2",
        delete="1",
        base=hidden(town, "/admin/content/files/templates/daily.j2")["base"],
    )
    assert "没有模板" in needed.text

    before = lies(town)
    gone = sends(
        town, f"/admin/content/files/{FILE}", delete="1", base=hidden(town, f"/admin/content/files/{FILE}")["base"]
    )
    done = presses(town, gone, "take")
    assert lies(town) is None
    undone = sends(town, f"{done.request.path}/undo")
    assert lies(town) == before
    assert ">恢复：一条要闻</h1>" in undone.text
    history = town.client.get("/admin/content/history").text
    assert re.search(rf">{re.escape(FILE)}</small></a>\s+<div[^>]*>恢复 · ", history)


def test_two_changes_that_are_good_one_by_one_and_not_together_are_not_both_taken(town):
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    write(town.settings.content.folder / "templates/weekly.j2", "{{ digests[0].title }}")
    unused = "/admin/content/files/templates/weekly.j2"
    gone = sends(town, unused, delete="1", base=hidden(town, unused)["base"])
    text = a_broadcast(key="weekly", template="weekly", schedule="0 9 * * 1")
    new = sends(town, "/admin/content/new", kind="broadcasts", name="weekly", text=text, base="")
    one, other = Browser(town, "甲"), Browser(town, "甲")
    at_once(
        town,
        changes,
        *(
            browser.presses(f"{shown.request.path}/take", seen=dict(HIDDEN.findall(shown.text))["seen"])
            for browser, shown in ((one, gone), (other, new))
        ),
    )
    there = [lies(town, each) is not None for each in ("templates/weekly.j2", "broadcasts/weekly.toml")]

    assert there in ([True, True], [False, False])  # one of both was taken
    told = one.client.get("/admin/content").text + other.client.get("/admin/content").text
    assert re.search("没有换上：(?:这次改动刚才变了|内容有错)", told)


@pytest.mark.alike
def test_who_writes_a_digest_is_shown_the_ids_of_topics(town):
    shown = "yaowen（要闻）"
    new, there, changed = (
        town.client.get("/admin/content/new?kind=digests"),
        town.client.get(f"/admin/content/files/{FILE}"),
        saves(town, FILE, a_digest(topics="[]")),
    )

    assert all(shown in each.text for each in (new, there, changed))
    assert shown not in town.client.get("/admin/content/files/account.toml").text


@pytest.mark.alike
def test_a_new_file_begins_with_what_such_a_file_has(town):
    began = text_of(town.client.get("/admin/content/new?kind=digests"))
    lacking = sends(town, "/admin/content/new", kind="digests", name="2026-12-01-tongzhi", text=began, base="")
    assert "缺少 title" in lacking.text

    text = a_digest(title="新的一篇")
    made = sends(town, "/admin/content/new", kind="digests", name="2026-12-02-tongzhi", text=text, base="")
    presses(town, made, "take")
    assert lies(town, "digests/2026-12-02-tongzhi.md") == text
    taken = sends(town, "/admin/content/new", kind="digests", name="first", text="我写的", base="")
    assert "已经有这个文件了" in taken.text
    assert text_of(taken) == "我写的"


@pytest.mark.alike
def test_a_picture_is_sent_in_and_a_bank_of_another_program_is_shown_its_door(town):
    png = PNG + b"0" * 100
    made = sends(town, "/admin/content/new", kind="pictures", base="", file=(io.BytesIO(png), "徽章.png"))
    assert "新加了一个文件。" in presses(town, made, "take").text
    assert (town.settings.content.folder / "pictures/徽章.png").read_bytes() == png

    elsewhere = sends(town, "/admin/content/new", kind="quizzes", base="", file=(io.BytesIO(b"PK"), "题.xlsx"))
    assert "请在“题库”那一页导入" in elsewhere.text


@pytest.mark.alike
def test_a_bank_that_was_imported_waits_for_a_second_admin_too(town):
    asks_for_two(town, "quizzes")
    before = lies(town, "quizzes/basics.toml")
    sheet = "题干,选项A,选项B,答案\n新的一题？,甲,乙,A\n".encode()
    seen = sends(town, "/admin/quiz/look", to="basics", file=(io.BytesIO(sheet), "题.csv"))
    form = dict(re.findall(r'name="(token|seen|name|to)" value="([^"]*)"', seen.text))
    assert "已经提请" in sends(town, "/admin/quiz/take", **form).text
    assert lies(town, "quizzes/basics.toml") == before

    town.signs_in("乙")
    asked = re.findall(r'href="(/admin/content/asked/\w+)"', town.client.get("/admin/content/asked").text)[0]
    page = town.client.get(asked)
    assert "新的一题？" in page.text
    presses(town, page, "agree")
    assert "新的一题？" in lies(town, "quizzes/basics.toml")
