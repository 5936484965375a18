"""No door is hung without a guard, and no stranger gets through one that is locked."""

import ast

import pytest

from tests.rules.house import ROOT, nodes

pytestmark = pytest.mark.alike

FOR_ANYONE = {"/admin/login", "/admin/login/code", "/admin/style.css"}
PAGES_FOR_ANYONE = (
    "/p/bulletin",
    "/p/login",
    "/p/digest",
    "/p/opinion/receipt",
    "/p/privacy/notice",
    "/p/opinion/pictures",
    "/p/pictures",
    "/p/quiz/certificate",
    "/p/survey/results",
    "/p/quiz/pictures",
    "/p/share",
    "/p/style.css",
)


def site(town):
    return town.client.application


def paths(town, prefix):
    """Every address under a prefix, with something in each gap, and the methods it takes."""
    for rule in site(town).url_map.iter_rules():
        if rule.rule.startswith(prefix):
            filled = dict.fromkeys(rule.arguments, "1")
            path = rule.build(filled, append_unknown=False)[1]
            yield path, sorted(rule.methods - {"HEAD", "OPTIONS"})


def test_there_are_locked_doors_to_try(town):
    assert {"/admin/", "/admin/broadcasts", "/admin/content", "/admin/opinion/", "/admin/quiz/"} <= {
        p for p, _ in paths(town, "/admin")
    }


def test_a_stranger_gets_into_no_page_of_the_console(town):
    site(town).config["WTF_CSRF_ENABLED"] = False  # else the token would turn strangers away, not the guard
    opened = []
    for path, methods in paths(town, "/admin"):
        for method in methods:
            answer = town.client.open(path, method=method)
            sent_to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/admin/login")
            if not (sent_to_sign_in or answer.status_code == 403):
                opened.append(path)

    assert set(opened) == FOR_ANYONE


def test_a_stranger_gets_into_no_page_of_the_members(town):
    site(town).config["WTF_CSRF_ENABLED"] = False
    opened = []
    for path, methods in paths(town, "/p/"):
        for method in methods if not path.startswith(PAGES_FOR_ANYONE) else ():
            answer = town.client.open(path, method=method)
            if not (answer.status_code == 303 and answer.headers["Location"].startswith("/p/login?to=/p/")):
                opened.append(path)

    assert opened == []


def test_every_door_has_its_guard(town):
    unguarded = [
        name for name in site(town).blueprints if name != "bootstrap" and not site(town).before_request_funcs.get(name)
    ]

    assert unguarded == []


def test_a_door_can_be_hung_in_one_way_only():
    """`_open` takes a guard; whoever registers a blueprint past it, hangs a door that nobody watches."""
    hangings = [node.lineno for node in nodes(ROOT / "app.py", ast.Attribute) if node.attr == "register_blueprint"]

    assert len(hangings) == 1


@pytest.mark.parametrize("path", ["/healthz", "/admin/login", "/p/digest"])
def test_what_anyone_may_see_opens(town, path):
    assert town.client.get(path).status_code == 200
