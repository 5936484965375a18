"""`zhibu run` and its parts one by one: web, clock, worker, sandbox."""

import contextlib
import http.client
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from commands import logs, ports, valkey
from commands.cli import Here, Installation, Server, fail, made
from commands.db import bring_to_head, refuse_another_schema
from commands.parent import follow
from commands.processes import STARTING_LOOK_SECONDS, GaveUp, House, Part
from commands.serve import serve

WEB_THREADS = 40  # a worker: of messages so many can come together, and of pages so many wait for the database
SANDBOX_THREADS = 64  # every phone that is open waits for news in one


@click.command()
@click.option("--parent", type=int, hidden=True, help="End when this process, which must be the parent, has ended.")
@click.pass_obj
def run(here: Here, parent: int | None) -> None:
    """Start everything and keep it running: web, clock, worker, and Valkey and the sandbox where they are ours."""
    folder = made(here.installation.folder)
    try:
        with ports.held(folder / "run.lock", otherwise=f"`zhibu run` is already at work in {folder}"):
            _claim_ports(here.installation)
            bring_to_head(here.installation)
            if faults := here.installation.content_faults():
                fail(*faults, "No part can start on this content, and none was served before: mend it and start again.")
            with _stages(here) as stages:
                House(stages, say=click.echo, parent=parent).run()
    except (ports.Taken, GaveUp) as error:
        fail(str(error))


@click.command()
@click.pass_obj
def web(here: Here) -> None:
    """Serve chat, mini-program, pages and console over HTTP."""
    _join(here.installation)
    _web(here, alone=True)


@click.command()
@click.pass_obj
def sandbox(here: Here) -> None:
    """Serve the stand-in for the WeChat platform, and its web phone."""
    _sandbox(here, alone=True)


@click.command()
@click.pass_obj
def clock(here: Here) -> None:
    """Plan what the timetable says is due."""
    _join(here.installation)
    _clock(here, alone=True)


@click.command()
@click.pass_obj
def worker(here: Here) -> None:
    """Send what has been planned."""
    _join(here.installation)
    _worker(here, alone=True)


def _under_run(part: str, load: Callable[[Path], Installation], config: Path, parent: int) -> None:
    """Be a part of `zhibu run`, which has seen to what a part needs."""
    logs.configure(part)
    follow(parent)
    try:
        {"web": _web, "sandbox": _sandbox, "clock": _clock, "worker": _worker}[part](Here(load, config))
    except valkey.NoValkey as error:  # it was there when this part was to start
        fail(f"{part}: {error}")


def _web(here: Here, *, alone: bool = False) -> None:
    """`alone` it says itself when it is ready, as `zhibu run` else does for all; so do the others."""
    server = here.installation.web
    _serve(here, "web", server, threads=WEB_THREADS, shown_at=_base(server) if alone else "")


def _sandbox(here: Here, *, alone: bool = False) -> None:
    if here.installation.sandbox is None:
        fail("The sandbox is off: set sandbox.enabled to true.")
    server = here.installation.sandbox
    _serve(here, "sandbox", server, threads=SANDBOX_THREADS, shown_at=_phone(server) if alone else "")


def _clock(here: Here, *, alone: bool = False) -> None:
    _end_on_signals()
    here.installation.clock(partial(_say_ready, alone=alone))


def _worker(here: Here, *, alone: bool = False) -> None:
    _end_on_signals()
    here.installation.worker(partial(_say_ready, alone=alone))


def _say_ready(at: str = "", *, alone: bool = True) -> None:
    if alone:
        click.echo(f"Ready{at and f' at {at}'}. Ctrl-C ends it.")


def _say_once_it_answers(server: Server, at: str) -> None:
    while not healthy(server):
        time.sleep(STARTING_LOOK_SECONDS)
    _say_ready(at)


def _join(installation: Installation) -> None:
    """See that a part started by hand finds its Valkey and its tables."""
    if installation.embedded_redis:
        try:
            valkey.url(installation.folder)
        except valkey.NoValkey as error:
            fail(str(error))
    refuse_another_schema(installation)


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def _serve(here: Here, part: str, server: Server, *, threads: int, shown_at: str) -> None:
    lock = made(here.installation.folder) / f"{part}-{server.port}.lock"
    try:
        with ports.held(lock, otherwise=f"`zhibu {part}` is already at work on port {server.port}"):
            ports.claim(f"{part}.port", server.host, server.port)
            os.environ["ZHIBU_CONFIG"] = str(here.config)
            if part == "web":
                os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_emptied(here.installation.folder / "metrics"))
            if shown_at:
                threading.Thread(target=_say_once_it_answers, args=(server, shown_at), daemon=True).start()
            serve(server, part=part, threads=threads)
    except ports.Taken as error:
        fail(str(error))


def _emptied(folder: Path) -> Path:
    """The folder in which the web workers count together; what an earlier run counted is over."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _claim_ports(installation: Installation) -> None:
    ports.claim("web.port", installation.web.host, installation.web.port)
    if installation.sandbox:
        ports.claim("sandbox.port", installation.sandbox.host, installation.sandbox.port)


@contextlib.contextmanager
def _stages(here: Here) -> Iterator[list[list[Part]]]:
    installation = here.installation
    base = _base(installation.web)
    parts = [
        _part(here, "web", partial(healthy, installation.web), (("web", base), ("console", f"{base}/admin/"))),
        _part(here, "clock"),
        _part(here, "worker"),
    ]
    if installation.sandbox:
        phone = (("phone", _phone(installation.sandbox)),)
        parts.append(_part(here, "sandbox", partial(healthy, installation.sandbox), phone))
    if not installation.embedded_redis:
        yield [parts]
        return
    with valkey.home(installation.folder) as home:
        yield [[Part("valkey", partial(valkey.keep, home, os.getpid()), partial(valkey.answers, home))], parts]


def _part(
    here: Here,
    name: str,
    ready: Callable[[], bool] = lambda: True,
    addresses: tuple[tuple[str, str], ...] = (),
) -> Part:
    work = partial(_under_run, name, here.load, here.config, os.getpid())
    return Part(name, work, ready, addresses, shown_as=f"zhibu {name} --config {here.config}")


def _base(server: Server) -> str:
    host = ports.reachable(server.host)
    return f"http://[{host}]:{server.port}" if ":" in host else f"http://{host}:{server.port}"


def _phone(server: Server) -> str:
    return f"{_base(server)}/phone/"


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
