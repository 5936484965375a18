"""What the platform's words mean: wechat-platform notes §3.2 and §3.3, typed from there."""

import pytest

from handlers.receipts import engine
from handlers.receipts.engine import Came


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("success", (Came.SENT, "")),
        ("failed:user block", (Came.GONE, "user_block")),
        ("failed: user block", (Came.GONE, "user_block")),
        ("failed: system failed", (Came.AGAIN, "system_failed")),
        ("failed:system failed", (Came.AGAIN, "system_failed")),
        ("failed:freq limit", (Came.AGAIN, "freq_limit")),
        ("failed: freq limit reached", (Came.AGAIN, "freq_limit")),
        ("Failed:User Block", (Came.GONE, "user_block")),
        ("failed:something new", (Came.FAILED, "not_delivered")),
        ("", None),
        ("sending", None),
    ],
)
def test_how_a_template_message_ended(status, meant):
    assert engine.of_status(status) == meant


@pytest.mark.parametrize(
    ("code", "words", "is_persons", "meant"),
    [
        (0, "success", False, (Came.SENT, "")),
        (0, "", False, (Came.SENT, "")),
        (-1, "success", False, (Came.SENT, "")),
        (-1, "", False, None),
        (-1, "system error", False, (Came.FAILED, "-1")),
        (43101, "user refuse to accept the msg", True, (Came.GONE, "43101")),
        (47003, "argument invalid", False, (Came.FAILED, "47003")),
    ],
)
def test_how_a_notice_ended(code, words, is_persons, meant):
    assert engine.of_code(code, words, is_persons=is_persons) == meant
