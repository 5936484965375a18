"""The phrases that the code says and the phrases that there are, are the same."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import PACK, a_town
from tests.rules.house import ROOT, nodes, place

PHRASES = ROOT / "content" / "phrases"
KEYS = {f"{file.stem}.{key}" for file in PHRASES.glob("*.toml") for key in tomllib.loads(file.read_text())}
SAYING = {"say", "_say", "_says"}
OF_EVERY_FEATURE = {"name", "help"}  # asked for by whoever speaks of features
SPEAKERS = [*(ROOT / "handlers").rglob("*.py"), *(ROOT / "scheduler").rglob("*.py")]
CHATS = [*(ROOT / "handlers").glob("*/chat.py"), *(ROOT / "handlers").glob("*/chat/__init__.py")]
REQUIRED = [file.relative_to(ROOT / "handlers").parts[0] for file in CHATS]


def speaks_for(file: Path) -> str:
    """The table that short keys of a file belong to: those of a slice have its name, however deep they lie."""
    folder, *rest = file.relative_to(ROOT).parts
    return rest[0] if folder == "handlers" and len(rest) > 1 else file.stem


def asked(file: Path) -> Iterator[ast.expr]:
    """What a file hands to `say` and its like as the key."""
    for call in nodes(file, ast.Call):
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in SAYING and call.args:
            yield call.args[0]


def said(file: Path) -> Iterator[tuple[ast.AST, str]]:
    """The whole keys that a file says by their names."""
    for argument in asked(file):
        for key in names(argument):
            yield argument, key if "." in key else f"{speaks_for(file)}.{key}"


def names(argument: ast.AST) -> Iterator[str]:
    """The literal names that an argument can be."""
    match argument:
        case ast.Constant(value=str(key)):
            yield key
        case ast.IfExp():
            yield from names(argument.body)
            yield from names(argument.orelse)
        case ast.BoolOp():
            for each in argument.values:
                yield from names(each)


def mentioned(file: Path) -> Iterator[str]:
    """Patterns of the keys that a file may say: any string of its own, and an asked-for key with a gap that varies."""
    own = re.escape(f"{speaks_for(file)}.")
    for constant in nodes(file, ast.Constant):
        if isinstance(constant.value, str):
            yield f"(?:{own})?{re.escape(constant.value)}"
    for key in asked(file):
        parts = key.values if isinstance(key, ast.JoinedStr) else []
        pattern = "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in parts)
        if pattern.rpartition("\\.")[2] not in {"", ".+"}:
            yield f"(?:{own})?{pattern}"


def test_every_phrase_that_is_said_is_there():
    missing = [f"{place(file, node)} {key}" for file in SPEAKERS for node, key in said(file) if key not in KEYS]

    assert missing == []


def test_every_phrase_that_is_there_is_said():
    patterns = re.compile("|".join({f"(?:{each})" for file in SPEAKERS for each in mentioned(file)}))
    silent = [key for key in KEYS if not patterns.fullmatch(key) and key.partition(".")[2] not in OF_EVERY_FEATURE]

    assert silent == []


@pytest.mark.parametrize("feature", sorted(REQUIRED))
def test_every_feature_that_is_spoken_to_has_a_name_and_a_line_of_help(feature):
    assert {f"{feature}.{key}" for key in OF_EVERY_FEATURE} <= KEYS


def test_every_feature_with_a_chat_has_phrases(tmp_path, database_url, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, web={"public_url": "https://pages.example"})
    spoken_to = {feature.name for feature in town.house.features if feature.chat}
    town.house.close()

    assert spoken_to == set(REQUIRED)


def test_what_the_sample_pack_says_otherwise_is_a_phrase_that_there_is():
    assert set(tomllib.loads((PACK / "phrases.toml").read_text())) <= KEYS
