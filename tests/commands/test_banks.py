"""`zhibu content import`, `undo` and `export`, as an operator meets them."""

import json
from datetime import UTC, datetime

import pytest

from commands import banks, content
from content.checking import Findings
from content.intake import Intake
from tests.commands.calls import call
from tests.content.builders import PNG, ZONE, a_bank, a_pack, a_question, write
from tests.content.importers.making import xlsx

HEAD = ("题干", "选项A", "选项B", "答案", "出处")
GOOD = [("第一问（ ）", "甲", "乙", "A", "党章"), ("第二问（ ）", "甲", "乙", "B", "党章")]
BAD = ("第三问（ ）", "甲", "乙", "C", "党章")


@pytest.fixture
def zhibu(tmp_path):
    intake = Intake(
        folder=a_pack(tmp_path / "pack"),
        kept=tmp_path / "kept",
        zone=ZONE,
        clock=lambda: datetime(2026, 11, 26, 3, tzinfo=UTC),
    )

    def run(*arguments, typed=None):
        group = content.group(lambda _config, _folder: Findings([], {}), banks.commands(lambda _config: intake))
        return call(None, [group], "content", *arguments, typed=typed)

    return run


@pytest.fixture
def table(tmp_path):
    def make(*rows, name="新题.xlsx"):
        path = tmp_path / name
        path.write_bytes(xlsx([HEAD, *rows]))
        return path

    return make


def written(tmp_path):
    return (tmp_path / "pack/quizzes/新题.toml").exists()


def test_a_report_comes_first_and_then_the_question(zhibu, table, tmp_path):
    result = zhibu("import", table(*GOOD), "--topic", "dangzhang", typed="n\n")

    assert (
        "新题.xlsx: 2 ok, 0 with warnings, 0 with errors\nquizzes/新题.toml: 2 new, 0 changed, 0 the same"
        in result.output
    )
    assert "Write quizzes/新题.toml?" in result.output
    assert (result.exit_code, written(tmp_path)) == (1, False)

    assert zhibu("import", table(*GOOD), typed="y\n").exit_code == 0
    assert written(tmp_path)


def test_an_error_says_row_what_and_how_and_nothing_is_written(zhibu, table, tmp_path):
    result = zhibu("import", table(*GOOD, BAD), "--yes")

    assert "  新题.xlsx:4: “Sheet1”表：答案里的“C”没有对应的选项。选项有：AB。\n" in result.output
    assert "Nothing was written" in result.output
    assert (result.exit_code, written(tmp_path)) == (1, False)


def test_the_good_ones_alone_where_that_is_asked_for(zhibu, table, tmp_path):
    result = zhibu("import", table(*GOOD, BAD), "--yes", "--skip-errors")

    assert (result.exit_code, written(tmp_path)) == (0, True)


def test_a_dry_run_writes_nothing(zhibu, table, tmp_path):
    result = zhibu("import", table(*GOOD), "--dry-run")

    assert (result.exit_code, written(tmp_path)) == (0, False)


def test_nothing_is_asked_where_there_is_nothing_to_do(zhibu, table):
    zhibu("import", table(*GOOD), "--yes")

    result = zhibu("import", table(*GOOD))

    assert (result.exit_code, "0 new, 0 changed, 2 the same" in result.output) == (0, True)


def test_as_json(zhibu, table):
    result = zhibu("import", table(*GOOD, BAD), "--yes", "--skip-errors", "--json")
    said = json.loads(result.stdout)

    assert (said["file"], said["bank"]) == ("新题.xlsx", "新题")
    assert said["counts"] == {"ok": 2, "warnings": 0, "errors": 1, "new": 2, "changed": 0, "same": 0}
    assert {"row": 4, "sheet": "Sheet1", "level": "error"}.items() <= next(
        note for note in said["notes"] if note["level"] == "error"
    ).items()
    assert said["batch"].startswith("20261126-110000-")


def test_a_file_that_cannot_be_read_ends_with_1(zhibu, tmp_path):
    (tmp_path / "b.pdf").write_bytes(b"%PDF")

    result = zhibu("import", tmp_path / "b.pdf")

    assert (result.exit_code, "不认识这种文件" in result.output) == (1, True)


def test_a_file_that_is_not_there_ends_with_2(zhibu, tmp_path):
    assert zhibu("import", tmp_path / "none.xlsx").exit_code == 2


def test_what_was_changed_is_shown(zhibu, table):
    zhibu("import", table(*GOOD), "--yes")

    result = zhibu("import", table(GOOD[0], ("第二问（ ）", "甲", "乙", "A", "党章")), "--dry-run")

    assert "Changed:\n  q-" in result.output
    assert ": 第二问（ ）\n" in result.output


def test_a_batch_is_listed_and_undone(zhibu, table, tmp_path):
    assert zhibu("undo").output == "Nothing was imported that could be undone.\n"
    zhibu("import", table(*GOOD), "--yes")

    [batch] = json.loads(zhibu("undo", "--json").stdout)
    assert zhibu("undo").output == f"{batch['name']}  新题.toml: 2 new, 0 changed, from 新题.xlsx\n"

    assert zhibu("undo", batch["name"]).output == "quizzes/新题.toml is as it was.\n"
    assert not written(tmp_path)
    assert zhibu("undo", batch["name"]).exit_code == 1


def test_an_export_comes_in_again(zhibu, tmp_path):
    for kind in ("xlsx", "gift"):
        path = tmp_path / f"out.{kind}"

        assert zhibu("export", "basics", "--as", kind, "--to", path).exit_code == 0
        assert "0 new, 0 changed, 2 the same" in zhibu("import", path, "--to", "basics", "--dry-run").output
        assert zhibu("export", "basics", "--as", kind, "--to", path).exit_code == 1
        assert zhibu("export", "basics", "--as", kind, "--to", path, "--force").exit_code == 0


def test_an_export_says_on_the_side_what_is_not_in_it(zhibu, tmp_path):
    write(tmp_path / "pack/pictures/hui.png", PNG)
    pictured = a_question(picture={"file": "hui.png", "words": "徽"})
    write(tmp_path / "pack/quizzes/basics.toml", a_bank(pictured))

    result = zhibu("export", "basics", "--to", tmp_path / "x.xlsx")

    assert (result.exit_code, result.stdout) == (0, f"Written: {tmp_path / 'x.xlsx'}\n")
    assert "没有图片本身：hui.png" in result.stderr


def test_proposals_out_of_a_text_are_marked_and_imported(zhibu, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "办法.txt", "示例办法\n第一条 党员每年集中学习培训时间不少于32学时。\n")

    result = zhibu("cloze", tmp_path / "办法.txt")

    assert (result.exit_code, "Written: 办法-填空.xlsx, 2 proposals\n" in result.output) == (0, True)
    assert zhibu("cloze", tmp_path / "办法.txt").exit_code == 1
    assert "一道也没有采用" in zhibu("import", tmp_path / "办法-填空.xlsx", "--yes").output
    assert not (tmp_path / "pack/quizzes/办法-填空.toml").exists()


def test_digests_are_proposed_beside_the_pack_with_the_text_that_they_quote(zhibu, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "办法.txt", "示例办法\n第一条 党员每年集中学习培训时间不少于32学时。\n")

    result = zhibu("digest", tmp_path / "办法.txt")

    (card,) = (tmp_path / "办法-摘要/digests").iterdir()
    (original,) = (tmp_path / "办法-摘要/originals").iterdir()
    assert (
        result.exit_code,
        "没有来源。请写是谁发的" in result.output,
        "Written: 1 proposal, and " in result.output,
    ) == (
        0,
        True,
        True,
    )
    assert f"original: {original.stem}\n" in card.read_text(encoding="utf-8")
    assert original.read_text(encoding="utf-8") == "示例办法\n第一条 党员每年集中学习培训时间不少于32学时。\n"
    assert zhibu("digest", tmp_path / "办法.txt").exit_code == 1
    assert len([*(tmp_path / "pack/digests").iterdir()]) == 1


def test_an_export_of_no_bank(zhibu, tmp_path):
    result = zhibu("export", "keine", "--to", tmp_path / "x.xlsx")

    assert (result.exit_code, "有的是：basics" in result.output) == (1, True)


def test_an_export_in_aiken_is_a_text_and_says_what_it_lacks(zhibu, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = zhibu("export", "basics", "--as", "aiken")

    assert (tmp_path / "basics.txt").read_text(encoding="utf-8").count("ANSWER: A") == 2
    assert "解析、出处" in result.stderr
