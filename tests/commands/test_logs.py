"""What a part writes about itself."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import logging, structlog
from commands import logs
logs.configure("web")
structlog.get_logger().info("ours", run="daily")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("trouble with %s", "it")
def fail(openid):
    raise ValueError("no")
try:
    fail("openid-of-somebody")
except ValueError:
    structlog.get_logger().exception("failed")
"""


def written() -> tuple[str, str]:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=root)
    return done.stdout, done.stderr


def test_logs_are_json_lines_on_stderr_with_the_part_s_name():
    out, err = written()
    lines = [json.loads(line) for line in err.splitlines()]

    assert out == ""
    assert [line["event"] for line in lines] == ["ours", "trouble with it", "failed"]
    assert {line["part"] for line in lines} == {"web"}
    assert lines[0]["run"] == "daily"


def test_a_trace_has_no_values_of_variables():
    _out, err = written()

    assert "ValueError: no" in err
    assert "openid-of-somebody" not in err
