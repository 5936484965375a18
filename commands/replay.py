"""`zhibu sandbox`: the stand-in, and `replay`, which holds the program to what was said before."""

import contextlib
import difflib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from commands import ports, run
from commands.cli import Here, Server, fail

START_SECONDS = 90.0
END_SECONDS = 20.0
STEP_SECONDS = 60.0  # beyond what is waited for: an answer that is late has been asked for three times


class NotStarted(Exception):
    """A program of our own did not get ready; the text is what it said."""


@dataclass
class Verdict:
    """What came of a file: how many steps were played, and those that came out otherwise."""

    steps: int = 0
    different: list[dict[str, Any]] = field(default_factory=list)


def group() -> click.Group:
    """The group: without a sub-command it serves."""

    @click.group(invoke_without_command=True)
    @click.pass_context
    def sandbox(context: click.Context) -> None:
        """Serve the stand-in for the WeChat platform, and its web phone."""
        if context.invoked_subcommand is None:
            context.invoke(run.sandbox)

    sandbox.add_command(_replay())
    return sandbox


def _replay() -> click.Command:
    @click.command()
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--start", is_flag=True, help="Start a program for it in a folder of its own, at the recorded time.")
    @click.option("--account", default="", help="The account that the members talk to; by default the first.")
    @click.option("--patience", default=20.0, show_default=True, help="Seconds given to what comes by itself.")
    @click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
    @click.pass_obj
    def replay(here: Here, file: Path, *, start: bool, account: str, patience: float, as_json: bool) -> None:
        """Play FILE, a dialog or a transcript, on phones of the sandbox, and show where the answers differ.

        The program that runs here is spoken to, with members of its own; time goes forward where the file says so.
        """
        words = _words(file)
        query = urlencode({"patience": patience, **({"account": account} if account else {})})
        with _program(here, started_at(words)) if start else _running(here) as server:
            verdict = _played(server, f"/sandbox/replay?{query}", words, patience + STEP_SECONDS)
        if as_json:
            shown = {"file": str(file), "steps": verdict.steps, "different": verdict.different}
            click.echo(json.dumps(shown, ensure_ascii=False))
        else:
            for each in verdict.different:
                click.echo("\n".join(_difference(each)))
            click.echo(f"{verdict.steps} steps, {len(verdict.different)} different")
        raise SystemExit(1 if verdict.different else 0)

    return replay


def _words(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{file} is not in UTF-8") from None


def started_at(words: str) -> datetime | None:
    """When a transcript began; a dialog is of no day."""
    try:
        found = datetime.fromisoformat(json.loads(words.partition("\n")[0])["started_at"])
    except (ValueError, KeyError, TypeError):
        return None
    return found if found.tzinfo else None


# -- the program that is spoken to -------------------------------------------------------------------------------


@contextlib.contextmanager
def _running(here: Here) -> Iterator[Server]:
    server = here.installation.sandbox
    if server is None:
        fail("The sandbox is off, and nobody may be spoken to but on it: add --start to start a program with one.")
    if not run.healthy(server):
        fail(f"Nothing answers on port {server.port}: start `zhibu run`, or add --start to start a program for this.")
    yield server


@contextlib.contextmanager
def _program(here: Here, at: datetime | None) -> Iterator[Server]:
    """A program on embedded stores with this configuration's accounts and content, ended and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zhibu-") as name:
        folder = Path(name)
        stand_in = Server(factory="", host="127.0.0.1", port=_a_free_port())
        if at is not None:
            here.installation.move_time(folder, at)
        environment = _environment(here, folder, web=_a_free_port(), sandbox=stand_in.port)
        with (folder / "said").open("wb") as said:
            running = subprocess.Popen(
                [Path(sys.executable).with_name("zhibu"), "--config", here.config, "run", "--parent", str(os.getpid())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        try:
            _wait_for(running, folder / "said")
            yield stand_in
        except NotStarted as why:
            fail("The program did not start:", str(why))
        finally:
            running.terminate()
            running.wait(END_SECONDS)


def _wait_for(running: "subprocess.Popen[bytes]", said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ready." not in said.read_text(errors="replace"):
        if running.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(said.read_text(errors="replace").strip())
        time.sleep(0.1)


def _environment(here: Here, folder: Path, *, web: int, sandbox: int) -> dict[str, str]:
    """What keeps it apart from every other program: stores and ports of its own, and no way to the real platforms."""
    address = f"http://127.0.0.1:{sandbox}"
    return {
        **os.environ,
        "ZHIBU_WEB__HOST": "127.0.0.1",
        "ZHIBU_WEB__PORT": str(web),
        "ZHIBU_WEB__WORKERS": "1",
        "ZHIBU_WEB__PUBLIC_URL": "",
        "ZHIBU_SANDBOX__ENABLED": "true",
        "ZHIBU_SANDBOX__HOST": "127.0.0.1",
        "ZHIBU_SANDBOX__PORT": str(sandbox),
        "ZHIBU_STORAGE__FOLDER": str(folder),
        "ZHIBU_STORAGE__DATABASE": "embedded",
        "ZHIBU_STORAGE__REDIS": "embedded",
        "ZHIBU_BROKER__URL": "",
        **{f"ZHIBU_ACCOUNTS__{name.upper()}__API_BASE": address for name in here.installation.accounts},
        **{f"ZHIBU_GROUPS__{name.upper()}__API_BASE": address for name in here.installation.groups},
    }


def _a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- what comes of it --------------------------------------------------------------------------------------------


def _played(server: Server, path: str, words: str, patience: float) -> Verdict:
    wire = http.client.HTTPConnection(ports.reachable(server.host), server.port, timeout=patience)
    try:
        wire.request("POST", path, words.encode())
        answer = wire.getresponse()
        if answer.status != http.HTTPStatus.OK:
            _refuse(answer.read())
        return _read(answer)
    except (OSError, http.client.HTTPException) as error:
        fail(f"The sandbox broke off: {type(error).__name__}")
    finally:
        wire.close()


def _refuse(body: bytes) -> None:
    refusal = json.loads(body)
    if refusal["error"] in {"bad_file", "no_account"}:
        raise click.UsageError(refusal.get("why") or f"the sandbox says {refusal['error']}")
    fail(f"The sandbox says {refusal['error']}.")


def _read(answer: http.client.HTTPResponse) -> Verdict:
    """Take the steps as they are played, and show how far it is."""
    verdict = Verdict()
    total = json.loads(answer.readline())["steps"]
    with click.progressbar(length=total, file=sys.stderr, label="replay") as bar:
        for step in map(json.loads, answer):
            if "done" in step:
                verdict.steps = step["done"]
                break
            bar.update(1)
            verdict.different += [] if step["same"] else [step]
        else:
            fail("The sandbox broke off in the middle.")
    return verdict


def _difference(step: Mapping[str, Any]) -> Iterator[str]:
    yield " ".join(filter(None, (step["did"], f"({step['member']})" if step["member"] else "")))
    if step["left_out"]:
        yield f"    left out: {step['left_out']}"
        return
    lines = difflib.unified_diff(step["expected"], step["got"], lineterm="", n=1)
    yield from (f"    {line}" for line in list(lines)[2:] if not line.startswith("@@"))
