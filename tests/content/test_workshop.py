"""One file of a pack changed: safely read, checked as if it were, written whole or not at all."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from content import files, workshop
from content.agreement import Known
from content.shelf import Shelf
from content.workshop import Untouchable, Workshop, mark
from tests.content.builders import ZONE, a_digest, a_pack, write
from tests.house import NOON

pytestmark = pytest.mark.alike

FILE = "digests/first.md"
ROOT = Path(__file__).parents[2]
# Writes from a process of its own, that may be another user with a small disk; says what became of it.
WRITER = """
import os, resource, sys
from pathlib import Path
from content.workshop import Untouchable, Workshop, mark
folder, most = Path(sys.argv[1]), int(sys.argv[2])
if os.geteuid() == 0:
    os.setuid(65534)
shop = Workshop(folder=folder, zone=None, known=None, shelf=None)
was = mark(shop.read("digests/first.md"))
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    shop.write("digests/first.md", b"0" * 10_000, was=was)
except Untouchable as untouched:
    print(untouched.why)
"""


@pytest.fixture
def folder(tmp_path):
    return a_pack(tmp_path / "pack")


@pytest.fixture
def shop(folder):
    shelf = Shelf(folder, zone=ZONE, clock=lambda: NOON)
    return Workshop(folder=folder, zone=ZONE, known=Known(), shelf=shelf)


def puts(shop, text, file=FILE):
    shop.write(file, text, was=mark(shop.read(file)))


def test_a_look_leaves_what_is_served_and_what_lies_there_alone(shop, folder):
    served, stamps = shop.shelf.current(), files.scan(folder)
    looked = shop.look(FILE, a_digest(title="新的").encode())

    assert looked.library.digests["first"].title == "新的"
    assert (shop.shelf.current() is served, files.scan(folder)) == (True, stamps)
    kept = [file for file in stamps if looked.library.sources[file] is served.sources[file]]
    assert sorted({*stamps} - {*kept}) == [FILE]


def test_faults_that_were_there_before_are_told_apart(shop, folder):
    write(folder / "quizzes/basics.toml", "title = 1")
    shop.shelf.look()
    shop.shelf.look()
    looked = shop.look(FILE, a_digest(kind="坏").encode())

    assert {each.file for each in looked.faults} == {FILE}
    assert {each.file for each in looked.before} == {"quizzes/basics.toml"}
    assert shop.look(FILE, a_digest().encode()).faults == []


def test_what_would_miss_a_deleted_file_is_told(shop):
    assert [each.file for each in shop.look("templates/daily.j2", None).faults] == ["broadcasts/daily.toml"]


def test_a_file_keeps_its_line_ends_its_mark_and_who_may_read_it(shop, folder):
    path = folder / FILE
    path.write_bytes(b"\xef\xbb\xbf" + a_digest().replace("\n", "\r\n").encode())
    path.chmod(0o640)
    puts(shop, workshop.written(a_digest(title="新的"), path.read_bytes()))

    assert path.read_bytes() == b"\xef\xbb\xbf" + a_digest(title="新的").replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_a_form_sends_of_an_old_encoding_is_utf_8(shop, folder):
    old = a_digest(title="旧编码的标题").encode("gb18030")
    (folder / FILE).write_bytes(old)

    assert workshop.read_as(old) == a_digest(title="旧编码的标题")
    sent = (workshop.read_as(old) or "").replace("\n", "\r\n")
    assert workshop.written(sent, old) == a_digest(title="旧编码的标题").encode()


def test_a_new_file_is_for_those_whom_its_folder_is_for(shop, folder):
    (folder / "digests").chmod(0o750)
    before = os.umask(0o077)
    try:
        puts(shop, b"x", "digests/new.md")
        puts(shop, b"x", "surveys/new.toml")
    finally:
        os.umask(before)

    assert (folder / "digests/new.md").stat().st_mode & 0o777 == 0o640
    assert (folder / "surveys").stat().st_mode & 0o777 == folder.stat().st_mode & 0o777


def test_nothing_of_a_write_is_left_beside(shop, folder):
    puts(shop, b"x")

    assert [path.name for path in (folder / "digests").iterdir()] == ["first.md"]


def test_what_was_changed_meanwhile_stays(shop, folder):
    was = mark(shop.read(FILE))
    write(folder / FILE, "another's")
    with pytest.raises(Untouchable, match="changed"):
        shop.write(FILE, b"mine", was=was)

    assert (folder / FILE).read_text() == "another's"


def test_what_gives_rights_is_read_and_not_written(shop, folder):
    write(folder / "roles.toml", "")
    with pytest.raises(Untouchable, match="rights"):
        puts(shop, b"x", "roles.toml")

    assert (folder / "roles.toml").read_text() == ""


@pytest.mark.parametrize(("why", "most", "mode"), [("full", 4096, 0o755), ("closed", 0, 0o555)])
def test_a_disk_that_takes_nothing_is_told_and_loses_nothing(why, most, mode):
    anybodys = Path(os.sep, "tmp")  # TMPDIR may be closed to whoever writes here
    with tempfile.TemporaryDirectory(prefix="zhibu-", dir=anybodys) as made:
        folder = a_pack(Path(made) / "pack")
        if os.geteuid() == 0:  # who may write anywhere
            for path in (folder, *folder.rglob("*")):
                os.chown(path, 65534, 65534)
        Path(made).chmod(0o755)
        (folder / "digests").chmod(mode)
        command = [sys.executable, "-c", WRITER, str(folder), str(most)]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        (folder / "digests").chmod(0o755)
        left = {path.name: path.read_text() for path in (folder / "digests").iterdir()}

    assert (said.stdout.strip(), left) == (why, {"first.md": a_digest()})
