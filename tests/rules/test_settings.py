"""The example file is the reference of the settings: every key, each with its default."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from commands.installed import KNOWN
from commands.settings import Settings
from tests.rules.house import ROOT

EXAMPLE = tomllib.loads((ROOT / "config.example.toml").read_text())
FOR_A_NEWCOMER = {  # it starts with the sandbox, and its mini-program hands over to people
    "sandbox.enabled",
    "accounts.*.api_base",
    "accounts.*.encoding_aes_key",
    "handlers.agents.staffed",
    "handlers.opinion.entrusted",
    "groups.*.api_base",
}
NAMED = ("accounts", "groups")  # tables of tables, whose names are the admin's


def keys(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its default; `...` where one is required."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if name in NAMED:
            yield from keys(Settings.model_fields[name].annotation.__args__[1], f"{name}.*.")  # type: ignore[union-attr]
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", ... if field.is_required() else field.default


def written(table: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a TOML file, with the name of any account or group as `*`."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from written(value, f"{path}*." if path.removesuffix(".") in NAMED else f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def plain(value: Any) -> Any:
    """A value as TOML could hold it."""
    known = value.get_secret_value() if isinstance(value, SecretStr) else value
    return known if isinstance(known, bool | int | str) else str(known)


def test_the_example_has_every_key_and_no_other():
    assert sorted(dict(written(EXAMPLE))) == sorted(dict(keys(Settings)))


@pytest.mark.parametrize(("key", "default"), list(keys(Settings)), ids=[key for key, _ in keys(Settings)])
def test_the_example_writes_the_default(key, default):
    says = dict(written(EXAMPLE))[key]

    assert default is ... or key in FOR_A_NEWCOMER or plain(says) == plain(default)


def test_what_the_example_changes_for_a_newcomer_is_still_another_value():
    defaults, example = dict(keys(Settings)), dict(written(EXAMPLE))

    assert {key for key in FOR_A_NEWCOMER if plain(example[key]) == plain(defaults[key])} == set()


def test_the_menu_keys_that_the_content_is_checked_against_are_those_that_are_answered(town):
    assert KNOWN.menu_keys == town.house.conversation.menu_keys
