"""The pages as files: the same words and the same look, with links that lead to files and nothing that runs."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest

from handlers.digest.pages import Plain
from tests.content.builders import a_digest, write
from tests.handlers.digest.test_pages import titles

pytestmark = pytest.mark.alike


@pytest.fixture
def files(town) -> Mapping[str, str]:
    return files_of(town)


def files_of(town: Any) -> Mapping[str, str]:
    found = [*Plain(library=town.house.shelf.current(), zone=town.settings.zone, now=town.clock()).files()]
    assert len(dict(found)) == len(found), "two files have one name"
    return {name: content if isinstance(content, str) else "" for name, content in found}


def main_of(html: str) -> list[str]:
    """The words of a page's content, without marks and addresses."""
    content = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"<form.*?</form>|<[^>]+>", " ", content, flags=re.DOTALL).split()


def test_only_what_is_out_and_for_everybody_is_written(files):
    written = {name for name in files if name.startswith("digest/")}

    assert {"digest/today.html", "digest/rule.html", "digest/long.html"} <= written
    assert not {"digest/tomorrow.html", "digest/over.html", "digest/within.html"} & written
    assert not any("内部政策" in text for text in files.values())


def test_every_link_leads_to_a_file_or_to_a_source(files):
    broken = [
        (name, target)
        for name, text in files.items()
        for target in re.findall(r'(?:href|src|action)="([^"#]+)"', text)
        if not target.startswith(("https://", "data:"))
        and posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target))) not in files
    ]

    assert broken == []
    assert sum(text.count("href=") for text in files.values()) > 100


def test_nothing_in_them_runs_or_asks_a_server(files):
    assert [name for name, text in files.items() if re.search(r"<script|<form| on\w+=|/p/|/feeds/", text)] == []


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("digest/rule.html", "/p/digest/rule"),
        ("index.html", "/p/digest"),
        ("policy~~1.html", "/p/digest?kind=policy"),
        ("news~dangzhang~1.html", "/p/digest?kind=news&topic=dangzhang"),
    ],
)
def test_a_file_says_what_the_page_says(town, files, file, address):
    assert main_of(files[file]) == main_of(town.client.get(address).text)
    assert files["style.css"] == town.client.get("/p/style.css").text


def test_a_long_list_goes_on_in_the_next_file(town, paper):
    for number in range(30):
        write(paper / "digests" / f"many-{number}.md", a_digest(title=f"许多之{number}", publish_at="2026-11-22 08:00"))
    for _ in range(2):
        town.house.shelf.look()
    found = files_of(town)

    assert len(titles(found["index.html"])) == 20
    assert 'rel="next" href="all~~2.html"' in found["index.html"]
    assert len(titles(found["index.html"]) + titles(found["all~~2.html"]) + titles(found["all~~3.html"])) == 44
    assert titles(found["all~~2.html"])[0] not in titles(found["index.html"])


def test_a_name_in_chinese_is_a_file_that_links_find(town, paper):
    write(paper / "digests" / "党费.md", a_digest(title="党费怎么交"))
    for _ in range(2):
        town.house.shelf.look()
    found = files_of(town)

    assert "党费怎么交" in found["digest/党费.html"]
    assert 'href="digest/%E5%85%9A%E8%B4%B9.html"' in found["index.html"]
