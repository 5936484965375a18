"""The code as the rules look at it: files, trees, names."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
ROOT = Path(__file__).parents[2]
PACKAGES = ("commands", "content", "handlers", "scheduler", "storage", "wechat")


def features() -> set[str]:
    """The folders of handlers/ that are slices."""
    return {file.parent.name for file in (ROOT / "handlers").glob("*/__init__.py")}


def modules(folder: str) -> set[str]:
    """The modules and packages directly in a folder, by their dotted names."""
    found = {path.stem for path in (ROOT / folder).glob("*.py")} | {
        path.parent.name for path in (ROOT / folder).glob("*/__init__.py")
    }
    return {f"{folder.replace('/', '.')}.{name}" for name in found - {"__init__"}}


def production() -> list[Path]:
    """Every Python file of the program."""
    return [ROOT / "app.py", *(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))]


def everything() -> list[Path]:
    """Every Python file of the repository."""
    beside = (file for folder in ("tests", "benchmarks") for file in sorted((ROOT / folder).rglob("*.py")))
    return [*production(), *beside]


@cache
def tree(file: Path) -> ast.Module:
    """A file's syntax."""
    return ast.parse(file.read_text("utf-8"), str(file))


def nodes(file: Path, *kinds: type[Node]) -> Iterator[Node]:
    """The nodes of these kinds in a file."""
    return (node for node in ast.walk(tree(file)) if isinstance(node, kinds))


def place(file: Path, node: ast.AST | None = None) -> str:
    """Where something stands, as an editor understands it."""
    name = str(file.relative_to(ROOT))
    return f"{name}:{getattr(node, 'lineno', 1)}" if node else name


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names; relative ones don't occur here."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
