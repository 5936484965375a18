"""What an admin says of a group: which platform's robot, and the address that the platform gave for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

_BASE = re.compile(r"https?://[^\s/@]+", re.ASCII)
ADDRESSES: Mapping[str, tuple[str, str]] = {  # the path, and the parameter that holds the key ("": the path's end does)
    "wecom": ("/cgi-bin/webhook/send", "key"),
    "dingtalk": ("/robot/send", "access_token"),
    "feishu": ("/open-apis/bot/v2/hook/", ""),
    "weibo": ("/2/statuses/share.json", "access_token"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A webhook in its parts: only `base` may be shown."""

    base: str
    path: str = field(repr=False)
    params: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)  # what the platform knows the robot by


class GroupSettings(BaseModel):
    """One `[groups.<name>]` table; a wrong value raises what is wrong and how to mend it, never the value itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["wecom", "dingtalk", "feishu", "weibo"]
    webhook: SecretStr
    secret: SecretStr = SecretStr("")
    rip: str = ""
    api_base: str = ""

    @property
    def address(self) -> Address:
        """The webhook in its parts; with an `api_base` it is posted there, as to a stand-in."""
        path, name = ADDRESSES[self.kind]
        parts = urlsplit(self.webhook.get_secret_value().strip())
        params = dict(parse_qsl(parts.query))
        key = params.get(name, "") if name else parts.path.removeprefix(path)
        base = self.api_base.rstrip("/") or f"{parts.scheme}://{parts.netloc}"
        return Address(base=base, path=parts.path, params=params, key=key)

    @model_validator(mode="after")
    def _webhook_is_the_platforms(self) -> Self:
        path, name = ADDRESSES[self.kind]
        if not self._is_well_formed():
            shape = f"https://…{path}?{name}=…" if name else f"https://…{path}…"
            raise ValueError(f"webhook: copy the whole address from the robot's page in the group: {shape}")
        return self

    def _is_well_formed(self) -> bool:
        path, name = ADDRESSES[self.kind]
        try:
            address = self.address
        except ValueError:
            return False
        right = address.path == path if name else address.path == f"{path}{address.key}"
        return right and bool(address.key) and bool(_BASE.fullmatch(address.base))

    @model_validator(mode="after")
    def _only_robots_that_sign_have_a_secret(self) -> Self:
        if self.kind in ("wecom", "weibo") and self.secret.get_secret_value():
            raise ValueError("secret: only robots of DingTalk and Feishu have one; leave it out")
        return self

    @model_validator(mode="after")
    def _weibo_is_told_who_posts(self) -> Self:
        try:
            told = bool(self.rip) and bool(ip_address(self.rip))
        except ValueError:
            told = False
        if told != (self.kind == "weibo") or (self.rip and not told):
            raise ValueError("rip: Weibo, and it alone, wants the public IP address of this server")
        return self
