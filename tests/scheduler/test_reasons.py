"""An admin reads why a run stands still: in Chinese, from one table, whoever refused what."""

import re

import pytest

from commands import installed
from content import checking
from scheduler import reasons
from tests.scheduler.world import DAILY, ZONE, write_pack
from tests.wechat.test_limits import BROKEN_VALUES
from wechat import errors
from wechat.errors import BadRequest, Misconfigured
from wechat.limits import Rule

FACTS = {"least": 2, "most": 3, "known": "jpg", "kind": "image"}


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_is_told_in_chinese(rule):
    said = reasons.of(BadRequest.of("thing1", rule, **FACTS))

    assert said.startswith("“thing1”")
    assert reasons.UNKNOWN_RULE not in said
    assert re.findall("[a-z]{2,}", said.removeprefix("“thing1”").replace("http", "").replace("jpg", "")) in (
        [],
        ["image"],
    )


@pytest.mark.parametrize(("key", "value"), BROKEN_VALUES)
def test_every_value_that_is_refused_is_told_in_chinese(key, value):
    assert re.search("[一-鿿]", reasons.notice_fault(key, value))


def test_a_value_that_may_go_is_no_fault():
    assert reasons.notice_fault("thing1", "学习提醒") == ""


def test_a_refusal_names_what_the_platform_s_people_ask_for():
    refused = errors.from_code(47003, "argument invalid! data.thing2.value invalid rid: 63f-12ab-34cd")

    assert reasons.of(refused) == (
        "模板字段的值不合规则（字段 thing2，47003，rid 63f-12ab-34cd）。按错误信息中的字段名检查模板内容"
    )


def test_what_nobody_explains_is_said_to_be_so():
    assert reasons.of(Misconfigured()) == "微信没有给出原因"
    assert reasons.of(BadRequest.of("media_id", "a rule of later")) == "“media_id”不合微信的规则。" + reasons.MEND


def test_a_notice_that_the_platform_would_refuse_is_a_fault_of_the_pack(tmp_path):
    bad = DAILY.replace("{{ now.strftime('%H:%M') }}", "每天早上")

    found = checking.check(write_pack(tmp_path, broadcasts=[bad]), zone=ZONE, known=installed.KNOWN)

    assert [(fault.file, "time2" in fault.what, "15:01" in fault.what) for fault in found.faults] == [
        ("broadcasts/b0.toml", True, True)
    ]
