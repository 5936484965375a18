"""`python -m content.compiling`: compiles the large banks that it is told of, in a process that ends afterwards."""

import json
import sys
from pathlib import Path

from content import compiled


def main() -> None:
    """Read what is asked from standard input: `{"folder": ..., "files": {file of the pack: its path}}`."""
    asked = json.load(sys.stdin)
    for file, path in asked["files"].items():
        compiled.make(Path(asked["folder"]), file, Path(path))


if __name__ == "__main__":
    main()
