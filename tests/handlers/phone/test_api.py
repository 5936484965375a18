"""A number is bound by the platform's word and the member's, and goes when either of them wants it."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from handlers import masks
from tests.rules.test_tables import found

NUMBER = "13800138000"


@pytest.fixture
def member(street):
    return street.member()


@pytest.fixture
def mini(street, member):
    return street.mini(member)


def agrees(street, member, mini, **more):
    return mini.post("/phone", {"code": street.code(member, "phone", NUMBER), "consent": True, **more})


def test_what_it_is_for_is_said_before_anything_is_kept(mini):
    before = mini.get("/phone").body

    assert "回电话" in before["purpose"]
    assert (before["number"], before["since"]) == ("", None)


def test_a_number_is_kept_sealed_shown_masked_and_said_among_ones_own_data(street, member, mini, caplog):
    caplog.set_level("DEBUG")
    with capture_logs() as logged:
        bound = agrees(street, member, mini)
    lines = mini.get("/subscription/data").body["lines"]

    assert (bound.status, bound.body["number"], bound.body["since"]) == (200, "138****8000", "2026-11-23")
    assert mini.get("/phone").body == bound.body
    assert any("138****8000" in line for line in lines)
    assert not found(street.town, NUMBER)
    assert not found(street.town, NUMBER.encode().hex())
    assert NUMBER not in f"{logged} {caplog.text}"


@pytest.mark.parametrize("said", [{"consent": False}, {"consent": None}, {"code": ""}])
def test_without_consent_nothing_is_asked_and_nothing_kept(street, member, mini, said):
    refused = agrees(street, member, mini, **said)

    assert (refused.status, refused.code) == (422, "invalid")
    assert street.sends("/wxa/business/getuserphonenumber") == []
    assert kept(street) == 0


@pytest.mark.parametrize(("code", "status"), [(40029, 400), (-1, 503), (48001, 503)])
def test_what_the_platform_refuses_keeps_nothing(street, member, mini, code, status):
    street.breaks(code, times=3, path="/wxa/business/getuserphonenumber")

    assert agrees(street, member, mini).status == status
    assert kept(street) == 0


def test_a_number_goes_when_its_owner_takes_it_away_and_with_all_their_data(street, member, mini):
    agrees(street, member, mini)
    mini.delete("/phone")
    taken = kept(street)
    agrees(street, member, mini)
    mini.post("/subscription/data/erasure", {"confirm": True})

    assert (taken, kept(street)) == (0, 0)


def test_an_official_accounts_member_has_no_button(town):
    refused = town.mini("o-one", account="official").post("/phone", {"code": "c", "consent": True})

    assert (refused.status, refused.code) == (409, "not_here")


@pytest.mark.parametrize(
    ("number", "shown"), [("13800138000", "138****8000"), ("1234567", "******7"), ("12345678", "123*5678"), ("", "")]
)
def test_a_number_is_masked(number, shown):
    assert masks.phone(number) == shown


def kept(street):
    with street.town.house.db.read() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM phones")).scalar()
