"""Presses of the pack's pages, as the forms on them send them."""

import re
from html import unescape

from werkzeug.test import TestResponse

from tests.content.builders import a_pack
from tests.house import Town, a_town

HIDDEN = re.compile(r'name="(csrf_token|base|seen|change)" value="([^"]*)"')


def a_desk(tmp_path, database_url, redis_url, files=None) -> Town:
    folder = a_pack(tmp_path / "pack", files)
    return a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})


def hidden(town: Town, page: str) -> dict[str, str]:
    return dict(HIDDEN.findall(town.client.get(page).text))


def sends(town: Town, address: str, **said: object) -> TestResponse:
    """Send a form from a page of ours."""
    token = hidden(town, "/admin/own")["csrf_token"]
    return town.client.post(address, data={"csrf_token": token, **said}, follow_redirects=True)


def saves(town: Town, file: str, text: str, **said: object) -> TestResponse:
    """Edit a file as it lies there now, and be shown the change."""
    at = f"/admin/content/files/{file}"
    return sends(town, at, **{"base": hidden(town, at).get("base", ""), "text": text, **said})


def presses(town: Town, shown: TestResponse, act: str) -> TestResponse:
    """Press a button on the page of a change."""
    return sends(town, f"{shown.request.path}/{act}", seen=dict(HIDDEN.findall(shown.text)).get("seen", ""))


def text_of(shown: TestResponse) -> str:
    """What stands in the page's text area."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", shown.text, re.DOTALL)
    return unescape(found[1]) if found else ""
