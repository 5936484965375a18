"""What an operator asks of the platform: addresses, the way to the webhook, a refused call by its rid (§1.4, §2.3)."""

import re
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError

HERE = "127.0.0.1"
_RID = re.compile(r"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+")


def addresses(_: Call) -> dict[str, Any]:
    """`/cgi-bin/getcallbackip` and `/cgi-bin/get_api_domain_ip`: pushes come from this machine, and it is the API."""
    return {"ip_list": [HERE]}


def check_callback(call: Call) -> dict[str, Any]:
    """`/cgi-bin/callback/check`: the webhook's host by name, by ping, or both."""
    if call.text("action") not in rules.CALLBACK_CHECKS:
        raise ApiError(40202)
    if call.text("check_operator") not in rules.CALLBACK_OPERATORS:
        raise ApiError(40203)
    found: dict[str, Any] = {
        "dns": [{"ip": HERE, "real_operator": "UNICOM"}],
        "ping": [{"ip": HERE, "from_operator": "UNICOM", "package_loss": "0%", "time": "0.05ms"}],
    }
    return {name: found[name] for name in rules.CALLBACK_CHECKS[call.text("action")]}


def past_call(call: Call) -> dict[str, Any]:
    """`/cgi-bin/openapi/rid/get`: a refused call of this account, for seven days; the transcript remembers it."""
    rid = call.text("rid")
    if not _RID.fullmatch(rid):
        raise ApiError(76002)
    row = call.one("select * from wire where direction = 'in' and answered like ?", f'%rid: {rid}"%')
    if row is None:
        raise ApiError(76001)
    if row["account"] != call.account.name:
        raise ApiError(76003)
    if call.now - row["at"] > rules.RID_LIVES:
        raise ApiError(76004)
    noted = {
        "invoke_time": int(row["at"]),
        "cost_in_ms": row["millis"],
        "request_url": row["path"].partition("?")[2],
        "request_body": row["sent"],
        "response_body": row["answered"],
        "client_ip": HERE,
    }
    return {**OK, "request": noted}
