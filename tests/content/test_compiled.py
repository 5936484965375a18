"""Large banks are compiled: quick to open, small in memory, and never anything else than what the file says."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

import content
from content import checking, library
from content.compiled import Compiled
from content.faults import BadContent
from content.files import LARGE_BYTES
from content.large_banks import LargeBank
from content.library import Library
from content.models import Bank

from .builders import ZONE, a_bank, a_pack, a_question, write
from .test_shelf import a_shelf, looked

DAY = date(2026, 11, 26)
LONG = "说明" * 60
EVERY_KIND = (
    a_question("multi", type="multi", answer=["a", "b"], explanation="{{opt:a}} 是对的", partial_credit=True),
    a_question("judge", type="judge", answer=False, without=["options"]),
    a_question(
        "fill", type="fill", stem="党的____是____。", answer=[["甲", "乙"], ["丙"]], ordered=False, without=["options"]
    ),
    a_question("short", type="short", answer=["一点", "两点"], without=["options"], tags=["标签"], score=3),
    a_question("anli", type="case", without=["options", "answer"], effective_to="2027-01-01"),
    a_question("part", case="anli", stem="案例里的第一问？", difficulty="难"),
    a_question("later", effective_from="2026-12-01", alias=["before"], author="甲", reviewer="乙"),
    a_question("ours", audience=["zhibu"], as_of="2024-11-25"),
    a_question("cited", cites=[{"reg": "zhangcheng", "version": "2022", "article": "第三十条"}], without=["source"]),
    a_question("bare", without=["source"]),
)
LAW = """\
[[regulation]]
id = "zhangcheng"
name = "《中国共产党章程》"
version = [{ version = "2017", effective_from = "2017-10-24" }, { version = "2022", effective_from = "2022-10-22" }]
"""


def large(*more: dict[str, object], first: int = 0, count: int = 130) -> str:
    text = a_bank(*more, *(a_question(f"q{n}", explanation=f"{n}{LONG}") for n in range(first, first + count)))
    assert len(text.encode()) > LARGE_BYTES
    return text


@pytest.fixture
def folder(tmp_path):
    return a_pack(
        tmp_path / "pack",
        {"quizzes/basics.toml": large(*EVERY_KIND), "phrases.toml": None, "regulations.toml": LAW},
    )


@pytest.fixture
def compiled(tmp_path):
    return Compiled(tmp_path / "var" / "compiled")


def loaded(folder: Path, compiled: Compiled | None, previous: Library | None = None) -> Library:
    return library.load(folder, zone=ZONE, compiled=compiled, previous=previous)


def banks_of(compiled: Compiled) -> dict[str, int]:
    """The files that there are; another inode is another file."""
    return {path.name: path.stat().st_ino for path in compiled.folder.glob("*.bank")}


def is_the_same(one: Library, other: Library) -> bool:
    return (
        dict(one.questions) == dict(other.questions)
        and dict(one.cases) == dict(other.cases)
        and [each.id for each in one.questions_on(DAY)] == [each.id for each in other.questions_on(DAY)]
        and one.advice == other.advice
    )


def test_what_is_compiled_says_what_the_file_says(folder, compiled):
    held, opened = loaded(folder, None), loaded(folder, compiled)

    assert isinstance(opened.banks["basics"], LargeBank)
    assert isinstance(held.banks["basics"], Bank)
    assert is_the_same(held, opened)
    assert [*opened.banks["basics"].questions] == [*held.banks["basics"].questions]
    assert opened.banks["basics"].tags == held.banks["basics"].tags == ("标签",)
    assert opened.question("before") == held.question("before") == held.questions["later"]
    assert opened.outline("before") == opened.outline("later")
    assert opened.topic_of(opened.questions["fill"]) == "dangzhang"
    assert opened.question("nichts") is opened.outline("nichts") is None


def test_it_lasts_as_long_as_the_regulation_that_it_cites(folder, compiled):
    new = LAW.replace("}]", '}, { version = "2026", effective_from = "2026-11-01" }]')
    loaded(folder, compiled)
    made = banks_of(compiled)
    write(folder / "regulations.toml", new)

    opened = loaded(folder, compiled)

    assert is_the_same(loaded(folder, None), opened)
    assert opened.questions["cited"].effective_to == date(2026, 10, 31)
    assert "cited" not in {each.id for each in opened.questions_on(DAY)}
    assert banks_of(compiled) == made


def test_small_banks_are_held(tmp_path, compiled):
    opened = loaded(a_pack(tmp_path / "small"), compiled)

    assert isinstance(opened.banks["basics"], Bank)
    assert not compiled.folder.exists()


def test_nothing_is_made_when_nothing_changed(folder, compiled):
    loaded(folder, compiled)
    made = banks_of(compiled)

    assert is_the_same(loaded(folder, compiled), loaded(folder, None))
    assert banks_of(compiled) == made != {}


def test_only_what_changed_is_made_anew(folder, compiled):
    write(folder / "quizzes/others.toml", large(first=1000, count=140))
    before = loaded(folder, compiled)
    made = banks_of(compiled)
    write(folder / "quizzes/others.toml", large(first=1000, count=141))

    after = loaded(folder, compiled, previous=before)

    assert len(after.questions) == len(before.questions) + 1
    assert after.sources["quizzes/basics.toml"] is before.sources["quizzes/basics.toml"]
    assert len(made) == 2
    assert made.items() < banks_of(compiled).items()
    assert len(banks_of(compiled)) == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: whole[:0],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
        lambda whole: whole[:20_000] + bytes([whole[20_000] ^ 1]) + whole[20_001:],
        lambda whole: whole.replace(b"zhibu bank 1", b"zhibu bank 0", 1),
    ],
    ids=["empty", "half", "one byte less", "one bit else", "another version"],
)
def test_a_broken_one_is_made_anew(folder, compiled, harm):
    loaded(folder, compiled)
    (path,) = compiled.folder.glob("*.bank")
    whole = path.read_bytes()
    path.write_bytes(harm(whole))

    assert is_the_same(loaded(folder, compiled), loaded(folder, None))
    assert path.read_bytes() == whole


def test_one_of_another_file_or_another_program_is_none_of_ours(folder, compiled):
    loaded(folder, compiled)
    (other,) = compiled.folder.glob("*.bank")
    write(folder / "quizzes/basics.toml", large(a_question("new")))
    fresh = loaded(folder, compiled)
    (path,) = set(compiled.folder.glob("*.bank")) - {other}
    other.replace(path)

    assert is_the_same(loaded(folder, compiled), fresh)
    assert "multi" not in fresh.questions


def test_what_was_opened_stays_readable_when_its_file_goes(folder, compiled):
    opened, held = loaded(folder, compiled), loaded(folder, None)
    for path in compiled.folder.glob("*.bank"):
        path.unlink()

    assert is_the_same(opened, held)


def test_where_nothing_can_be_kept_the_bank_is_held(folder, tmp_path):
    write(tmp_path / "file", "")

    opened = loaded(folder, Compiled(tmp_path / "file" / "compiled"))

    assert is_the_same(opened, loaded(folder, None))
    assert isinstance(opened.banks["basics"], Bank)


def test_a_bank_that_takes_too_long_is_held_and_the_next_start_tries_again(folder, tmp_path):
    hasty = Compiled(tmp_path / "compiled", most_seconds=0.001)

    assert isinstance(loaded(folder, hasty).banks["basics"], Bank)
    assert isinstance(loaded(folder, Compiled(tmp_path / "compiled")).banks["basics"], LargeBank)


def test_what_was_compiled_is_opened_where_nothing_can_be_written(folder, compiled, monkeypatch):
    def refused(*_args: object) -> None:
        raise PermissionError

    loaded(folder, compiled)
    monkeypatch.setattr(os, "utime", refused)

    assert isinstance(loaded(folder, compiled).banks["basics"], LargeBank)


def test_who_checks_is_told_which_large_banks_every_process_holds(folder, compiled, tmp_path):
    write(tmp_path / "file", "")
    held = checking.check(folder, zone=ZONE, compiled=Compiled(tmp_path / "file" / "compiled")).held

    assert (held, checking.check(folder, zone=ZONE, compiled=compiled).held) == (["quizzes/basics.toml"], [])


def test_faults_are_told_with_their_lines(folder, compiled):
    write(folder / "quizzes/basics.toml", large(a_question("bad", answer=["z"]), a_question("q0")))

    with pytest.raises(BadContent) as held:
        loaded(folder, None)
    with pytest.raises(BadContent) as opened:
        loaded(folder, compiled)

    assert opened.value.faults == held.value.faults != []


def test_what_clashes_between_questions_is_told_with_its_lines(folder, compiled):
    write(folder / "quizzes/others.toml", a_bank(a_question("q7"), a_question("x", stem="第q8题问什么？")))

    found = checking.check(folder, zone=ZONE, compiled=compiled)

    assert found == checking.check(folder, zone=ZONE)
    assert [each.line for each in found.faults] == [5]
    assert ("quizzes/others.toml", 15) in {(each.file, each.line) for each in found.advice}


def test_a_change_is_taken_and_a_bad_one_never(folder, compiled):
    shelf = a_shelf(folder, compiled=compiled)
    write(folder / "quizzes/basics.toml", large(a_question("new")))
    assert "new" in looked(shelf).current().questions

    write(folder / "quizzes/basics.toml", large(a_question("bad", answer=["z"])))

    assert "new" in looked(shelf).current().questions
    assert shelf.fault


def test_the_last_good_one_serves_at_the_next_start(folder, compiled, tmp_path):
    spare = tmp_path / "spare.zip"
    good = a_shelf(folder, compiled=compiled, spare=spare).current()
    made = banks_of(compiled)
    write(folder / "account.toml", "name =")

    assert is_the_same(a_shelf(folder, compiled=compiled, spare=spare).current(), good)
    assert banks_of(compiled) == made


LOADS = """
import json, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from content import library
from content.compiled import Compiled

def megabytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024

folder, small, kept = map(Path, sys.argv[1:4])
zone = ZoneInfo("Asia/Shanghai")
library.load(small, zone=zone)
before = megabytes()
pack = library.load(folder, zone=zone, compiled=Compiled(kept) if sys.argv[4] == "compiled" else None)
grown = megabytes() - before
pack.questions_on(__import__("datetime").date(2026, 11, 26))
files = sorted(str(path.stat().st_ino) for path in kept.glob("*.bank"))
print(json.dumps({"questions": len(pack.questions), "grown": grown, "files": files}))
"""


def a_worker(folder: Path, small: Path, compiled: Compiled, how: str = "compiled") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LOADS, str(folder), str(small), str(compiled.folder), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def waits(worker: subprocess.Popen[str], lock: Path) -> bool:
    """Whether it has the lock's file open."""
    return any(leads_to(each) == str(lock) for each in Path(f"/proc/{worker.pid}/fd").iterdir())


def leads_to(descriptor: Path) -> str:
    """The file that is open there; "" where it was closed meanwhile."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


def compiles(worker: subprocess.Popen[str]) -> bool:
    """Whether it has a process at work."""
    return bool(Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are read from /proc")
def test_workers_that_start_at_once_compile_it_once(folder, compiled, tmp_path):
    compiled.folder.mkdir(parents=True)
    small = a_pack(tmp_path / "small")
    with (compiled.folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        workers = [a_worker(folder, small, compiled) for _ in range(2)]
        while not all(waits(worker, compiled.folder / "lock") for worker in workers):
            assert [worker.poll() for worker in workers] == [None, None]
            time.sleep(0.05)
        for _ in range(20):
            assert not any(compiles(worker) for worker in workers)
            time.sleep(0.05)

    said = [json.loads(worker.communicate(timeout=60)[0]) for worker in workers]

    assert [each["questions"] for each in said] == [139, 139]
    assert said[0]["files"] == said[1]["files"] == [str(inode) for inode in banks_of(compiled).values()]


LAID_OVER = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
import content
from content import library
from content.compiled import Compiled

folder, kept = map(Path, sys.argv[1:3])
compiled = Compiled(kept)
with (Path(content.__file__).parent / "models.py").open("a") as file:
    file.write("# of the next version")
pack = library.load(folder, zone=ZoneInfo("Asia/Shanghai"), compiled=compiled)
print(type(pack.banks["basics"]).__name__)
"""


def test_what_a_program_that_was_laid_over_this_one_compiles_is_none_of_ours(folder, compiled, tmp_path):
    """It runs on with the code that it has in memory, and the file is made by the code that lies there now."""
    ours = Path(content.__file__).parent
    shutil.copytree(ours, tmp_path / "program" / "content", ignore=shutil.ignore_patterns("pack", "__pycache__"))
    command = [sys.executable, "-c", LAID_OVER, str(folder), str(compiled.folder)]
    said = subprocess.run(command, cwd=tmp_path / "program", capture_output=True, text=True, check=True).stdout

    assert len(banks_of(compiled)) == 1
    assert said.strip() == "Bank"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_large_bank_takes_little_memory(tmp_path, compiled):
    count = 5000
    folder = a_pack(tmp_path / "pack", {"quizzes/basics.toml": large(count=count)})
    small = a_pack(tmp_path / "small")

    def grown(how: str) -> float:
        said = json.loads(a_worker(folder, small, compiled, how).communicate(timeout=120)[0])
        assert said["questions"] == count
        return float(said["grown"])

    held, opened = grown("held"), grown("compiled")

    assert opened < count * 1.5 / 1024, f"{opened} MB, and {held} where it is held"
    assert opened < held / 4
