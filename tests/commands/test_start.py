"""What a start waits for."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house import write_config

ROOT = Path(__file__).parents[2]
OF_FEW_COMMANDS = {"alembic", "mako"}  # a tenth of all that a start would load
START = """
import sys
from pathlib import Path
import app
from commands.db import bring_to_head

bring_to_head(app.offices().installation(Path(sys.argv[1])))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_a_database_that_is_as_it_should_be_is_not_waited_for(empty_sqlite, tmp_path):
    config = write_config(tmp_path, database="embedded", redis="embedded")
    shutil.copy(empty_sqlite, tmp_path / "zhibu.sqlite3")
    started = subprocess.run(
        [sys.executable, "-c", START, config], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(started.stdout.split())

    assert {"app", "sqlalchemy", "flask"} <= loaded
    assert loaded & OF_FEW_COMMANDS == set()
