"""Ready words for those who answer opinions: files of the pack, looked at before they are taken."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from commands.installed import KNOWN
from content import checking, library
from content.faults import BadContent

ZONE = ZoneInfo("Asia/Shanghai")
GOOD = 'title = "转给后勤处"\nwords = "已经转给后勤处。"\n'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "account.toml").write_text('name = "示例学习号"\n')
    (tmp_path / "replies").mkdir()
    return tmp_path


def write(pack: Path, text: str) -> None:
    (pack / "replies" / "houqin.toml").write_text(text)


def findings(pack: Path) -> list[str]:
    found = checking.check(pack, zone=ZONE, known=KNOWN)
    return [f"{each.file}:{each.line} {each.what}" for each in (*found.faults, *found.advice)]


def test_ready_words_are_read_and_are_for_all_categories_where_none_is_named(pack):
    write(pack, GOOD)
    reply = library.load(pack, zone=ZONE, known=KNOWN).replies["houqin"]

    assert (reply.title, reply.words) == ("转给后勤处", "已经转给后勤处。")
    assert reply.is_for("生活困难")
    assert findings(pack) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('title = "空的"\nwords = " "\n', "replies/houqin.toml:2 words 是空的"),
        (f'title = "太长"\nwords = "{"字" * 501}"\n', "replies/houqin.toml:2 words 超过 500 个字"),
        (f'{GOOD}text = "写错了名字"\n', "replies/houqin.toml:3 不认识的项 text"),
        ('words = "没有标题"\n', "replies/houqin.toml:1 缺少 title"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_pack_is_not_taken(pack, text, found):
    write(pack, text)

    assert findings(pack)[0].startswith(found)
    with pytest.raises(BadContent):
        library.load(pack, zone=ZONE, known=KNOWN)


def test_a_category_that_nobody_can_choose_is_said_to_be_so_and_the_packs_own_ones_count(pack):
    write(pack, f'{GOOD}categories = ["生活困难", "食堂"]\n')
    without = findings(pack)
    (pack / "phrases.toml").write_text('[opinion]\ncategories = "食堂（5）、生活困难"\n')

    assert without == ["replies/houqin.toml:3 没有“食堂”这一类意见，这段话用不上"]
    assert findings(pack) == []


def test_an_organisation_names_the_admins_that_are_its_own(pack):
    (pack / "organisations.toml").write_text('[[organisation]]\nid = "a"\nname = "甲支部"\nadmins = ["zhang", "li"]\n')

    assert library.load(pack, zone=ZONE, known=KNOWN).organisations["a"].admins == ("zhang", "li")


def test_watched_words_are_read_and_one_that_is_in_everything_is_refused(pack):
    none = library.load(pack, zone=ZONE, known=KNOWN).watched
    (pack / "watched.toml").write_text('words = ["刷单", "代开发票"]\n')
    some = library.load(pack, zone=ZONE, known=KNOWN).watched
    (pack / "watched.toml").write_text('words = [\n    "刷单",\n    "的！",\n]\n')

    assert (none, some) == ((), ("刷单", "代开发票"))
    assert findings(pack)[0].startswith("watched.toml:3 “的！”不能查")
