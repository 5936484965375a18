"""Typed from wechat-platform.md: §5's matrix, and the notes on rights in §3, §6 and §7."""

import pytest

from tests.commands.diagnosed import SETTINGS
from wechat import capabilities
from wechat.capabilities import Capability

SERVICE, SUBSCRIPTION, MINI = "service", "subscription", "miniprogram"


@pytest.mark.parametrize(
    ("kind", "verified", "names"),
    [
        (
            SERVICE,
            True,
            {
                *("customer-service messages", "template messages", "subscription notices", "the list of templates"),
                *("the menu", "followers and tags", "QR codes", "sign-in on web pages", "JS-SDK"),
                *("material and drafts", "publishing", "mass sends", "mass sends to a list"),
            },
        ),
        (SERVICE, False, {"the menu", "JS-SDK", "material and drafts"}),
        (
            SUBSCRIPTION,
            True,
            {
                *("customer-service messages", "the menu", "followers and tags", "JS-SDK", "material and drafts"),
                *("publishing", "mass sends"),
            },
        ),
        (SUBSCRIPTION, False, {"JS-SDK", "material and drafts"}),
        (
            MINI,
            True,
            {
                *("customer-service messages", "mini-program notices", "the list of templates"),
                *("mini-program login and checks", "phone numbers"),
            },
        ),
        (MINI, False, {"mini-program notices", "mini-program login and checks"}),
    ],
)
def test_an_account_has_the_rights_of_its_kind(kind, verified, names):
    account = SETTINGS.model_copy(update={"kind": kind, "verified": verified})

    assert {right.capability for right in capabilities.of(account)} == names
    assert {each for each in Capability if capabilities.may(account, each)} == names


def test_every_right_is_in_the_table_once():
    assert [right.capability for right in capabilities.TABLE] == [*Capability]
