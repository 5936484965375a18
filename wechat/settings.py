"""What the platform's console and ours must agree on for one account."""

import base64
import binascii
import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}", re.ASCII)
_APPID = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s/]+[^\s]*", re.ASCII)
_AES_KEY_BYTES = 32


class AccountSettings(BaseModel):
    """One `[accounts.<name>]` table; a wrong value raises what is wrong and how to mend it, never the value itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["service", "subscription", "miniprogram"]
    verified: bool = True
    appid: str
    secret: SecretStr
    token: SecretStr
    encoding_aes_key: SecretStr = SecretStr("")
    mode: Literal["plain", "compat", "safe"] = "safe"
    previous_token: SecretStr = SecretStr("")
    previous_encoding_aes_key: SecretStr = SecretStr("")
    original_id: str = ""
    api_base: str = "https://api.weixin.qq.com"
    max_age_seconds: int = Field(default=600, gt=0)
    miniprogram_state: Literal["formal", "trial", "developer"] = "formal"
    lang: Literal["zh_CN", "zh_HK", "zh_TW", "en_US"] = "zh_CN"

    @field_validator("appid")
    @classmethod
    def _appid_is_one_word(cls, appid: str) -> str:
        if not _APPID.fullmatch(appid):
            raise ValueError("this is no AppID: copy it from the account's console, it starts with wx")
        return appid

    @field_validator("secret")
    @classmethod
    def _secret_is_there(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("the AppSecret is empty: copy it from the account's console")
        return secret

    @field_validator("token", "previous_token")
    @classmethod
    def _token_is_well_formed(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError(
                "a Token is 3 to 32 letters and digits: use the one set beside the server URL in the console"
            )
        return token

    @field_validator("token")
    @classmethod
    def _token_is_there(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value():
            raise ValueError("the Token is empty: use the one set beside the server URL in the console")
        return token

    @field_validator("encoding_aes_key", "previous_encoding_aes_key")
    @classmethod
    def _key_decodes(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value():
            aes_key(key)
        return key

    @field_validator("api_base")
    @classmethod
    def _api_base_is_an_address(cls, address: str) -> str:
        if not _ADDRESS.fullmatch(address):
            raise ValueError("this is no address: write it with http:// or https://, such as https://api.weixin.qq.com")
        return address.rstrip("/")

    @model_validator(mode="after")
    def _only_a_mini_program_opens_another_version(self) -> Self:
        changed = {"miniprogram_state", "lang"} & self.model_fields_set
        if self.kind != "miniprogram" and changed:
            raise ValueError(f"{', '.join(sorted(changed))}: for a mini-program only; take it out of this account")
        return self

    @model_validator(mode="after")
    def _encrypted_modes_have_a_key(self) -> Self:
        if self.mode != "plain" and not self.encoding_aes_key.get_secret_value():
            raise ValueError(f'mode = "{self.mode}" needs encoding_aes_key: copy the EncodingAESKey from the console')
        return self


def aes_key(encoding_aes_key: SecretStr) -> bytes:
    """Return the 32 bytes that an EncodingAESKey of 43 characters stands for, or raise ValueError."""
    try:
        key = base64.b64decode(encoding_aes_key.get_secret_value() + "=", validate=True)
    except (binascii.Error, ValueError):  # the exception would show the secret's characters or length
        key = b""
    if len(key) != _AES_KEY_BYTES:
        raise ValueError("an EncodingAESKey is exactly 43 letters and digits: copy it again from the console")
    return key
