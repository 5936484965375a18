"""The contracts of pyproject.toml write their lists out; here the lists are held to the folders."""

import ast
import sys
import tomllib
from typing import Any

import pytest

from tests.rules.house import PACKAGES, ROOT, features, imported, modules, nodes, production

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
EVERYWHERE = {"pydantic", "pydantic_core", "structlog"}  # shapes and logs are everybody's
BESIDE = {"tests", "benchmarks"}  # packages that no part of the program may need


def slices() -> set[str]:
    return {f"handlers.{feature}" for feature in features()}


def engines() -> set[str]:
    return {
        f"handlers.{slice_}.engine"
        for slice_ in features()
        if f"handlers.{slice_}.engine" in modules(f"handlers/{slice_}")
    }


def shared() -> set[str]:
    return modules("handlers") - slices()


def test_every_package_of_the_house_is_looked_at():
    found = {file.parent.name for file in ROOT.glob("*/__init__.py")} - BESIDE

    assert found == set(LINTER["root_packages"]) == set(PACKAGES)


@pytest.mark.parametrize(
    ("contract", "listed", "there_are"),
    [
        ("app", "source_modules", lambda: set(PACKAGES)),
        ("features", "modules", slices),
        ("doors", "containers", slices),
        ("engines", "source_modules", engines),
        ("shared", "source_modules", shared),
        ("shared", "forbidden_modules", slices),
        ("home-drivers", "source_modules", lambda: set(PACKAGES)),
    ],
)
def test_a_written_list_equals_the_folders(contract, listed, there_are):
    assert set(CONTRACTS[contract][listed]) == there_are()


def test_engines_are_kept_from_all_of_content_but_its_models():
    forbidden = {name for name in CONTRACTS["engines"]["forbidden_modules"] if name.startswith("content.")}

    assert forbidden == modules("content") - {
        "content.models",
        "content.fields",
        "content.broadcasts",
        "content.crontab",
        "content.unseen",
    }


def test_engines_are_kept_from_all_that_the_features_share():
    assert shared() <= set(CONTRACTS["engines"]["forbidden_modules"])


def test_the_sandbox_is_kept_from_all_of_wechat_but_its_own():
    forbidden = {name for name in CONTRACTS["sandbox-alone"]["forbidden_modules"] if name.startswith("wechat.")}

    assert forbidden == modules("wechat") - {"wechat.sandbox"}


@pytest.mark.parametrize("feature", sorted(features()))
def test_what_a_feature_stores_under_its_name_is_for_that_feature(feature):
    home = f"storage.{feature}"
    protected = {name: set(each["allowed_importers"]) for each in protecting() for name in each["protected_modules"]}

    assert home not in modules("storage") or protected.get(home) == {f"handlers.{feature}"}


def test_every_library_has_a_home():
    """A library that comes in gets a contract that says who may know it."""
    housed = {name for each in protecting() for name in each["protected_modules"]}

    assert libraries() <= housed | EVERYWHERE


def protecting() -> list[dict[str, Any]]:
    return [each for each in LINTER["contracts"] if each["type"] == "protected"]


def libraries() -> set[str]:
    """What the packages import from outside; app.py, where all is put together, may import anything."""
    files = [file for file in production() if file.name != "app.py"]
    names = {
        name.partition(".")[0]
        for file in files
        for node in nodes(file, ast.Import, ast.ImportFrom)
        for name in imported(node)
    }
    return names - sys.stdlib_module_names - set(PACKAGES)
