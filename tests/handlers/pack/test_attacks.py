"""Names that lead elsewhere, files that are too large, and what is nobody's to write."""

import io
import os

import pytest

from tests.content.builders import a_digest
from tests.handlers.pack.desk import a_desk, hidden, presses, saves, sends

pytestmark = pytest.mark.alike

OUTSIDE = [
    "../config.toml",
    "digests/../../config.toml",
    "/etc/passwd",
    "digests//etc/passwd",
    "digests/.hidden.md",
    "digests/first.md.bak",
    "digests/first.py",
    "digests/sub/first.md",
    "quizzes/basics.toml\0.md",
    "elsewhere/first.toml",
    "README.md",
    "..\\config.toml",
    "digests/%2e%2e/%2e%2e/config.toml",
    "digests/..%2f..%2fconfig.toml",
]


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_desk(tmp_path, database_url, redis_url, {"roles.toml": ROLES})
    town.signs_in("甲")
    yield town
    town.house.close()


ROLES = '[[role]]\nid = "reader"\nname = "看的人"\nduties = ["surveys"]\n'


def all_files(folder):
    return {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "zhibu.sqlite3" not in path.name
    }


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_out_of_the_pack(town, name):
    folder = town.settings.storage.folder
    before = all_files(folder)

    assert "secret_key" not in town.client.get(f"/admin/content/files/{name}").text
    assert "secret_key" not in town.client.get(f"/admin/content/download/{name}").text
    shown = sends(town, f"/admin/content/files/{name}", text="写出去", base="")
    stem = name.removesuffix(".md")
    made = sends(town, "/admin/content/new", kind="digests", name=stem, text=a_digest(), base="")
    for each in (shown, made):
        presses(town, each, "take")

    assert all_files(folder) == before


def test_a_link_is_followed_nowhere(town):
    folder, secret = town.settings.content.folder, town.settings.storage.folder / "config.toml"
    (folder / "digests/link.md").symlink_to(secret)
    out = town.settings.storage.folder / "out"
    out.mkdir()
    (folder / "surveys").symlink_to(out)
    os.mkfifo(folder / "digests/pipe.md")

    shown = town.client.get("/admin/content/files/digests/link.md").text
    assert "这个文件是一个链接" in shown
    assert "secret_key" not in shown
    saves(town, "digests/link.md", "换掉")
    made = sends(town, "/admin/content/new", kind="surveys", name="x", text="title = 1", base="")
    assert made.status_code < 500
    assert town.client.get("/admin/content/files/digests/pipe.md").status_code < 500
    assert list(out.iterdir()) == []
    assert "secret_key" in secret.read_text()


def test_roles_are_shown_and_not_written(town):
    shown = town.client.get("/admin/content/files/roles.toml").text

    assert "由安全管理员管" in shown
    assert "看的人" in shown
    assert (
        sends(town, "/admin/content/files/roles.toml", text=ROLES.replace("surveys", "members"), base="").status_code
        == 403
    )
    assert sends(town, "/admin/content/new", kind="roles", text=ROLES, base="").status_code == 404


def test_five_megabytes_are_refused_with_words(town):
    at = "/admin/content/files/digests/first.md"
    large = sends(town, at, base=hidden(town, at)["base"], file=(io.BytesIO(b"0" * 5 * 2**20), "first.md"))

    assert large.status_code == 413
    assert "这里最大 1 MB" in large.text
    large.close()
