"""The pages that list attacks name tests that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NAMED = re.compile(r"`((?:…|[\w/]+\.py)(?:::\w+)?|test_\w+)`")


def named(page: str, *, usual: str) -> Iterator[tuple[Path, str]]:
    """Each test that a page names: its file and its name, "" for the whole file.

    A name alone is in the `usual` file; after "…" it is in the file that was named last in its line.
    """
    folder = (TESTS / usual).parent
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        last = TESTS
        for said in NAMED.findall(line):
            file, _, name = (said, "", "") if said.endswith(".py") else said.rpartition("::")
            if not file:
                yield TESTS / usual, name
                continue
            if file != "…":
                last = next((at / file for at in (ROOT, TESTS, folder) if (at / file).exists()), TESTS / file)
            if name or file.rpartition("/")[2].startswith("test_"):
                yield last, name


def is_there(file: Path, name: str) -> bool:
    return file.exists() and (not name or bool(re.search(rf"^def {name}\(", file.read_text("utf-8"), re.MULTILINE)))


@pytest.mark.parametrize(
    ("page", "usual", "fewest"),
    [("security.md", "", 40), ("anonymity.md", "handlers/opinion/test_anonymity.py", 80)],
)
def test_every_test_that_a_list_of_attacks_names_is_there(page, usual, fewest):
    said = [*named(page, usual=usual)]

    assert len(said) > fewest
    assert [f"{file.relative_to(ROOT)}::{name}" for file, name in said if not is_there(file, name)] == []
