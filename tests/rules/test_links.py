"""What the documents link to is there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
TARGET = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def documents() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in ("docs", "content", "benchmarks", "examples"):
        yield from (ROOT / folder).rglob("*.md")


def targets(document: Path) -> list[str]:
    return TARGET.findall(CODE.sub("", document.read_text("utf-8-sig")))


def test_each_link_to_a_file_leads_to_one():
    links = [(each, target) for each in documents() for target in targets(each)]
    broken = [(each.name, target) for each, target in links if not (each.parent / target).exists()]

    assert len(links) > 100
    assert broken == []
