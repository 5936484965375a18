"""What the program finds in a pack."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from content import words
from content.faults import Unreadable
from content.library import Library, load
from content.models import Digest, DigestKind

from .builders import (
    ZONE,
    a_bank,
    a_broadcast,
    a_digest,
    a_pack,
    a_question,
    good_files,
    shipped_phrases,
    write,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=ZONE)
ORGANISATIONS = "".join(
    f'[[organisation]]\nid = "{id_}"\nname = "{id_}"\ntype = "党支部"\n' + (f'parent = "{parent}"\n' if parent else "")
    for id_, parent in (("dangwei", ""), ("zongzhi", "dangwei"), ("zhibu-1", "zongzhi"), ("zhibu-2", "dangwei"))
)


def read(
    tmp_path: Path, files: Mapping[str, str | bytes | None] | None = None, previous: Library | None = None
) -> Library:
    """Write a pack and load it; with a `previous` library load what is there."""
    if previous is None:
        a_pack(tmp_path / "pack", files)
        shipped_phrases(tmp_path / "shipped")
    return load(tmp_path / "pack", zone=ZONE, previous=previous, shipped=tmp_path / "shipped")


@pytest.fixture
def digests(tmp_path):
    """Four digests: of today, of yesterday, of tomorrow and one that is over."""
    files = {
        "digests/first.md": None,
        "digests/today.md": a_digest("今天谈党费。", title="今天的事", publish_at="2026-11-23 08:00"),
        "digests/yesterday.md": a_digest(
            "昨天谈Ｄangfei。", kind="政策", topics="dangzhang", publish_at="2026-11-22 23:59"
        ),
        "digests/tomorrow.md": a_digest("明天谈党费。", publish_at="2026-11-24 08:00"),
        "digests/over.md": a_digest("过去谈党费。", publish_at="2026-11-01", expire_at="2026-11-22"),
    }
    return read(tmp_path, files)


def slugs(found: list[Digest]) -> list[str]:
    return [digest.slug for digest in found]


def test_the_newest_are_those_out_now_newest_first(digests):
    assert slugs(digests.newest(now=NOW)) == ["today", "yesterday"]


def test_the_newest_can_be_of_a_kind(digests):
    assert slugs(digests.newest(now=NOW, kind=DigestKind.POLICY)) == ["yesterday"]


def test_the_newest_can_be_on_topics(digests):
    assert slugs(digests.newest(now=NOW, topics=["yaowen"])) == ["today"]


def test_the_newest_can_be_few(digests):
    assert slugs(digests.newest(now=NOW, most=1)) == ["today"]


def test_a_day_has_the_digests_that_came_out_on_it(digests):
    assert slugs(digests.digests_on(date(2026, 11, 22), now=NOW)) == ["yesterday"]


def test_a_day_is_the_packs_own_day(tmp_path):
    library = read(tmp_path, {"digests/first.md": a_digest(publish_at="2026-11-21T18:00:00+00:00")})

    assert slugs(library.digests_on(date(2026, 11, 22), now=NOW)) == ["first"]


def test_a_day_doesnt_show_what_is_not_out_yet(digests):
    assert slugs(digests.digests_on(date(2026, 11, 24), now=NOW)) == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("党费", ["today"]),
        ("DANGFEI", ["yesterday"]),
        ("今天 党费", ["today"]),
        ("昨天 党费", []),
        (" ", []),
        ("事", ["today"]),
    ],
)
def test_search_finds_every_word_in_what_is_out(digests, said, found):
    assert slugs(digests.search(said, now=NOW)) == found


def test_a_phrase_is_said_with_its_values(tmp_path):
    assert read(tmp_path).say("quiz.right", why="第三条") == "答对了，第三条"


def test_the_packs_own_phrase_comes_first(tmp_path):
    assert read(tmp_path).say("quiz.name") == "练一练"


@pytest.mark.parametrize("text", ['"quiz.name" = "练"', 'quiz.name = "练"', '[quiz]\nname = "练"'])
def test_an_override_may_be_written_in_any_toml(tmp_path, text):
    assert read(tmp_path, {"phrases.toml": text}).say("quiz.name") == "练"


def test_a_phrase_without_its_value_is_an_error_and_not_a_gap(tmp_path):
    with pytest.raises(UndefinedError):
        read(tmp_path).say("quiz.right")


def test_an_unknown_phrase_is_an_error(tmp_path):
    with pytest.raises(KeyError):
        read(tmp_path).say("quiz.nothing")


@pytest.mark.parametrize("behind", ["__class__", "__class__.__mro__", "__doc__", "upper.__self__"])
def test_words_cant_reach_behind_their_values(behind):
    reaching = words.template(f"{{{{ why.{behind} }}}}")

    with pytest.raises(Exception, match="unsafe"):
        reaching.fill({"why": "x"})


@dataclass(frozen=True)
class Told:
    """What words may be given."""

    points: list[str]


@pytest.mark.parametrize("behind", ["__class__", "points.__class__", "points.append('x')", "points.clear()"])
def test_words_cant_change_what_they_are_given_nor_reach_behind_it(behind):
    told = SimpleNamespace(inside=Told(["第一点"]))

    with pytest.raises((SecurityError, Unreadable)):
        words.template(f"{{{{ told.inside.{behind} }}}}").fill({"told": told})

    assert told.inside.points == ["第一点"]
    assert words.template("{{ told.inside.points[0] }}").fill({"told": told}) == "第一点"


@pytest.mark.parametrize("name", ["daily", "daily.j2"])
def test_a_template_goes_by_its_name_with_or_without_extension(tmp_path, name):
    assert "摘要" in read(tmp_path).template(name).source


def test_a_broadcasts_words_are_filled(tmp_path):
    library = read(tmp_path)
    push, shown = library.broadcasts["daily"], library.newest(now=NOW)

    assert library.words_of(push, digests=shown, now=NOW) == "11月摘要\n一条要闻"
    assert library.notice_of(push, digests=shown, now=NOW) == {"thing1": "一条要闻"}


def test_a_broadcast_sees_the_time_of_the_packs_zone(tmp_path):
    library = read(tmp_path, {"broadcasts/daily.toml": a_broadcast(fields={"time2": "{{ now.hour }}"})})
    now = datetime.fromisoformat("2026-11-23T00:00:00+00:00")

    assert library.notice_of(library.broadcasts["daily"], digests=[], now=now) == {"time2": "8"}


def test_questions_of_a_day_are_those_in_effect(tmp_path):
    bank = a_bank(a_question("old", effective_to="2026-05-17"), a_question("new", effective_from="2026-05-18"))
    library = read(tmp_path, {"quizzes/basics.toml": bank})

    assert [each.id for each in library.questions_on(date(2026, 5, 17))] == ["old"]
    assert [each.id for each in library.questions_on(date(2026, 5, 18))] == ["new"]


def test_questions_can_be_of_a_topic(tmp_path):
    library = read(tmp_path, {"quizzes/more.toml": a_bank(a_question("q9"), topic="yaowen")})

    assert [each.id for each in library.questions_on(NOW.date(), topic="yaowen")] == ["q9"]


def test_only_a_months_days_are_remembered(tmp_path):
    library = read(tmp_path)

    for day in range(400):
        library.questions_on(NOW.date() + timedelta(days=day))

    assert len(library._drawable) <= 32


def test_a_question_is_found_by_the_id_it_had_before(tmp_path):
    library = read(tmp_path, {"quizzes/basics.toml": a_bank(a_question("new", alias=["old"]))})

    assert library.question("old") is library.question("new") is library.questions["new"]


def test_an_unknown_question_is_none(tmp_path):
    assert read(tmp_path).question("nothing") is None


def test_an_organisation_has_all_below_it(tmp_path):
    library = read(tmp_path, {"organisations.toml": ORGANISATIONS})

    assert library.organisations_within("zongzhi") == {"zongzhi", "zhibu-1"}
    assert library.organisations_within("dangwei") == {"dangwei", "zongzhi", "zhibu-1", "zhibu-2"}


def test_questions_with_one_stem_but_other_options_are_two_questions(tmp_path):
    other = [{"id": "a", "text": "丙"}, {"id": "b", "text": "丁"}]
    stem = "下列说法正确的是（ ）"

    library = read(
        tmp_path,
        {"quizzes/basics.toml": a_bank(a_question("q1", stem=stem), a_question("q2", stem=stem, options=other))},
    )

    assert set(library.questions) == {"q1", "q2"}


def test_a_pack_may_leave_out_all_but_the_account(tmp_path):
    library = read(tmp_path, dict.fromkeys(set(good_files()) - {"account.toml"}))

    assert (library.account.name, library.menu.buttons, dict(library.digests)) == ("示例学习号", (), {})


@pytest.mark.parametrize(
    "spoil", [lambda text: "\ufeff" + text.replace("\n", "\r\n"), lambda text: text], ids=["windows", "unix"]
)
def test_a_pack_from_another_system_is_the_same_pack(tmp_path, spoil):
    library = read(tmp_path, {name: spoil(text) for name, text in good_files().items()})

    assert (library.digests["first"].title, len(library.questions)) == ("一条要闻", 2)


def test_a_pack_in_gb18030_is_read(tmp_path):
    library = read(tmp_path, {name: text.encode("gb18030") for name, text in good_files().items()})

    assert library.digests["first"].plain == "▎原文一句。\n\n【解读】\n\n我们的话。"


def test_a_digest_shows_its_voices_as_sections(tmp_path):
    html = read(tmp_path).digests["first"].html

    assert html.startswith('<section class="official">\n<blockquote>')
    assert '<section class="own">\n<h2>解读</h2>' in html


def test_only_the_changed_file_is_read_again(tmp_path):
    before = read(tmp_path)
    write(tmp_path / "pack/digests/first.md", a_digest(title="改了"))

    after = read(tmp_path, previous=before)

    assert after.digests["first"].title == "改了"
    assert [file for file in after.sources if after.sources[file] is not before.sources.get(file)] == [
        "digests/first.md"
    ]


def test_a_file_swapped_for_one_of_its_size_and_time_is_read_again(tmp_path):
    before = read(tmp_path)
    path = tmp_path / "pack/digests/first.md"
    old = path.stat()
    write(path.with_suffix(".tmp"), path.read_bytes().replace("一条".encode(), "两条".encode()))
    path.with_suffix(".tmp").replace(path)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))

    assert read(tmp_path, previous=before).digests["first"].title == "两条要闻"


def test_what_was_read_in_another_zone_is_read_again(tmp_path):
    before = read(tmp_path)

    after = load(tmp_path / "pack", zone=ZoneInfo("UTC"), previous=before, shipped=tmp_path / "shipped")

    assert after.digests["first"].publish_at - before.digests["first"].publish_at == timedelta(hours=8)


def test_a_file_taken_away_is_gone(tmp_path):
    before = read(tmp_path)
    (tmp_path / "pack/digests/first.md").unlink()

    assert dict(read(tmp_path, previous=before).digests) == {}


def test_nothing_in_a_library_can_be_put_elsewhere(tmp_path):
    with pytest.raises(TypeError):
        read(tmp_path).questions["q1"] = None  # type: ignore[index]
