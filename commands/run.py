"""`zhibu run` and its parts one by one: web, clock, worker, sandbox."""

import contextlib
import http.client
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from commands import logs, ports, valkey
from commands.cli import Here, Installation, Server, fail
from commands.db import bring_to_head, refuse_another_schema
from commands.parent import follow
from commands.processes import PROGRAM_FOLDER, GaveUp, House, Part
from commands.serve import serve

WEB_THREADS = 8  # a worker; our handlers are short, and the interpreter runs one of them at a time
SANDBOX_THREADS = 64  # every phone that is open waits for news in one

following = click.option(
    "--parent", type=int, hidden=True, help="End when this process, which must be the parent, has ended."
)


@click.command()
@following
@click.pass_obj
def run(here: Here, parent: int | None) -> None:
    """Start everything and keep it running: web, clock, worker, and Valkey and the sandbox where they are ours."""
    _become("run", parent)
    folder = here.installation.folder
    try:
        with ports.held(folder / "run.lock", otherwise=f"`zhibu run` is already at work in {folder}"):
            _claim_ports(here.installation)
            bring_to_head(here.installation)
            with _stages(here) as stages:
                House(stages, say=click.echo).run()
    except (ports.Taken, GaveUp) as error:
        fail(str(error))


@click.command()
@following
@click.pass_obj
def web(here: Here, parent: int | None) -> None:
    """Serve chat, mini-program, pages and console over HTTP."""
    _become("web", parent)
    _join(here.installation, parent)
    _serve(here, "web", here.installation.web, threads=WEB_THREADS)


@click.command()
@following
@click.pass_obj
def sandbox(here: Here, parent: int | None) -> None:
    """Serve the stand-in for the WeChat platform, and its web phone."""
    _become("sandbox", parent)
    if here.installation.sandbox is None:
        fail("The sandbox is off: set sandbox.enabled to true.")
    _serve(here, "sandbox", here.installation.sandbox, threads=SANDBOX_THREADS)


@click.command()
@following
@click.pass_obj
def clock(here: Here, parent: int | None) -> None:
    """Plan what the timetable says is due."""
    _become("clock", parent)
    _join(here.installation, parent)
    _end_on_signals()
    here.installation.clock()


@click.command()
@following
@click.pass_obj
def worker(here: Here, parent: int | None) -> None:
    """Send what has been planned."""
    _become("worker", parent)
    _join(here.installation, parent)
    _end_on_signals()
    here.installation.worker()


def _become(part: str, parent: int | None) -> None:
    logs.configure(part)
    if parent is not None:
        follow(parent)


def _join(installation: Installation, parent: int | None) -> None:
    """See that a part started by hand finds its Valkey and its tables; `zhibu run` has seen to that for its own."""
    if parent is not None:
        return
    if installation.embedded_redis:
        try:
            valkey.url(installation.folder)
        except valkey.NoValkey as error:
            fail(str(error))
    refuse_another_schema(installation)


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def _serve(here: Here, part: str, server: Server, *, threads: int) -> None:
    lock = here.installation.folder / f"{part}-{server.port}.lock"
    try:
        with ports.held(lock, otherwise=f"`zhibu {part}` is already at work on port {server.port}"):
            ports.claim(f"{part}.port", server.host, server.port)
            os.environ["ZHIBU_CONFIG"] = str(here.config)
            serve(server, part=part, threads=threads)
    except ports.Taken as error:
        fail(str(error))


def _claim_ports(installation: Installation) -> None:
    ports.claim("web.port", installation.web.host, installation.web.port)
    if installation.sandbox:
        ports.claim("sandbox.port", installation.sandbox.host, installation.sandbox.port)


@contextlib.contextmanager
def _stages(here: Here) -> Iterator[list[list[Part]]]:
    parts = [_web(here, here.installation.web), _part(here, "clock"), _part(here, "worker")]
    if here.installation.sandbox:
        parts.append(_sandbox(here, here.installation.sandbox))
    if not here.installation.embedded_redis:
        yield [parts]
        return
    with valkey.home(here.installation.folder) as home:
        keeper = Part("valkey", valkey.command(home), partial(valkey.answers, home), folder=PROGRAM_FOLDER)
        yield [[keeper], parts]


def _web(here: Here, server: Server) -> Part:
    base = _base(server)
    return _part(here, "web", partial(healthy, server), (("web", base), ("console", f"{base}/admin/")))


def _sandbox(here: Here, server: Server) -> Part:
    return _part(here, "sandbox", partial(healthy, server), (("phone", f"{_base(server)}/phone/"),))


def _part(
    here: Here,
    name: str,
    ready: Callable[[], bool] = lambda: True,
    addresses: tuple[tuple[str, str], ...] = (),
) -> Part:
    program = (sys.executable, str(Path(sys.argv[0]).resolve()), "--config", str(here.config))
    return Part(name, (*program, name, "--parent", str(os.getpid())), ready, addresses)


def _base(server: Server) -> str:
    host = ports.reachable(server.host)
    return f"http://[{host}]:{server.port}" if ":" in host else f"http://{host}:{server.port}"


def healthy(server: Server) -> bool:
    """Whether the server answers that it lives."""
    wire = http.client.HTTPConnection(ports.reachable(server.host), server.port, timeout=0.5)
    try:
        wire.request("GET", "/healthz")
        return wire.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        wire.close()
