"""A wrong account never starts, and the message says what to do."""

import pytest
from pydantic import ValidationError

from wechat.settings import AccountSettings, aes_key

KEY = "A" * 43


def settings(**changes: object) -> AccountSettings:
    given = {
        "kind": "service",
        "appid": "wxba5fad812f8e6fb9",
        "secret": "a-long-secret",
        "token": "AAAAA",
        "encoding_aes_key": KEY,
    }
    return AccountSettings.model_validate({**given, **changes})


def test_the_defaults_are_those_of_the_contract():
    account = settings()

    assert account.verified is True
    assert account.mode == "safe"
    assert account.previous_token.get_secret_value() == ""
    assert account.previous_encoding_aes_key.get_secret_value() == ""
    assert account.original_id == ""
    assert account.api_base == "https://api.weixin.qq.com"
    assert account.max_age_seconds == 600
    assert (account.miniprogram_state, account.lang) == ("formal", "zh_CN")


@pytest.mark.parametrize("missing", ["kind", "appid", "secret", "token"])
def test_what_the_contract_requires_is_required(missing):
    given = {"kind": "service", "appid": "wx1", "secret": "s", "token": "AAAAA", "mode": "plain"}
    del given[missing]

    with pytest.raises(ValidationError, match=missing):
        AccountSettings.model_validate(given)


@pytest.mark.parametrize("mode", ["compat", "safe"])
def test_an_encrypted_mode_wants_its_key(mode):
    with pytest.raises(ValidationError, match="needs encoding_aes_key: copy"):
        settings(mode=mode, encoding_aes_key="")


def test_plain_mode_needs_no_key():
    assert settings(mode="plain", encoding_aes_key="").mode == "plain"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        pytest.param("kind", "robot", "'service', 'subscription' or 'miniprogram'", id="unknown kind"),
        pytest.param("appid", "", "no AppID", id="no appid"),
        pytest.param("appid", "wx 1", "no AppID", id="appid with a space"),
        pytest.param("secret", "", "AppSecret is empty", id="no secret"),
        pytest.param("secret", "   ", "AppSecret is empty", id="blank secret"),
        pytest.param("token", "", "Token is empty", id="no token"),
        pytest.param("token", "ab", "3 to 32 letters", id="token too short"),
        pytest.param("token", "a" * 33, "3 to 32 letters", id="token too long"),
        pytest.param("token", "ab_cd", "3 to 32 letters", id="token with a sign"),
        pytest.param("token", "支部支部", "3 to 32 letters", id="token in Chinese"),
        pytest.param("token", "abcde\n", "3 to 32 letters", id="token with a line break"),
        pytest.param("previous_token", "ab", "3 to 32 letters", id="previous token too short"),
        pytest.param("encoding_aes_key", "A" * 42, "exactly 43", id="key of 42"),
        pytest.param("encoding_aes_key", "A" * 44, "exactly 43", id="key of 44"),
        pytest.param("encoding_aes_key", "A" * 42 + "%", "exactly 43", id="key with a symbol"),
        pytest.param("encoding_aes_key", "A" * 43 + "%", "exactly 43", id="key and a symbol"),
        pytest.param("encoding_aes_key", "字" * 43, "exactly 43", id="key in Chinese"),
        pytest.param("encoding_aes_key", "A" * 42 + "=", "exactly 43", id="key with its padding"),
        pytest.param("previous_encoding_aes_key", "A" * 42, "exactly 43", id="previous key of 42"),
        pytest.param("mode", "open", "'plain', 'compat' or 'safe'", id="unknown mode"),
        pytest.param("api_base", "api.weixin.qq.com", "no address", id="no scheme"),
        pytest.param("max_age_seconds", 0, "greater than 0", id="no age"),
        pytest.param("miniprogram_state", "trial", "for a mini-program only", id="version of no mini-program"),
        pytest.param("lang", "zh_TW", "for a mini-program only", id="language of no mini-program"),
        pytest.param("tokn", "AAAAA", "tokn", id="unknown key"),
    ],
)
def test_a_wrong_value_is_named_with_its_mending(field, value, says):
    with pytest.raises(ValidationError, match=says):
        settings(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("miniprogram_state", "beta"), ("lang", "zh")])
def test_a_mini_program_has_three_versions_and_four_languages(field, value):
    with pytest.raises(ValidationError, match=field):
        settings(kind="miniprogram", **{field: value})


@pytest.mark.parametrize(
    "field", ["secret", "token", "encoding_aes_key", "previous_token", "previous_encoding_aes_key"]
)
def test_no_secret_is_shown(field):
    value = "B" * 43 if "key" in field else "Sesame123"

    assert value not in repr(settings(**{field: value}))


def test_the_message_about_a_wrong_secret_does_not_repeat_it():
    with pytest.raises(ValidationError) as raised:
        settings(encoding_aes_key="Sesame123")

    assert "Sesame123" not in str(raised.value)


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        settings().mode = "plain"  # type: ignore[misc]


def test_a_key_stands_for_32_bytes():
    assert aes_key(settings().encoding_aes_key) == bytes(32)


def test_a_trailing_slash_of_the_api_address_does_not_matter():
    assert settings(api_base="http://127.0.0.1:8001/").api_base == "http://127.0.0.1:8001"
