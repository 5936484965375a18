"""A strict platform over HTTP: only its newest token is good, calls are written down, answers can be scripted."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json; encoding=utf-8"


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Say:
    """One answer to give: what, as what, how late; `hang_up` closes the connection without a word."""

    body: bytes = b'{"errcode": 0, "errmsg": "ok"}'
    status: int = 200
    content_type: str = JSON
    after_seconds: float = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False

    @classmethod
    def code(cls, errcode: int, errmsg: str = "no rid: 1-2-3", **more: Any) -> "Say":
        return cls(json.dumps({"errcode": errcode, "errmsg": errmsg, **more}).encode())

    @classmethod
    def fields(cls, **fields: Any) -> "Say":
        return cls(json.dumps(fields).encode())


class Platform:
    """The state and the knobs."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.fetches: list[bool] = []
        self.script: deque[Say] = deque()
        self.fetch_script: deque[Say] = deque()
        self.refuses_everything = False
        self.renews_refused = False
        self.lifetime = 7200
        self.token = "token-1"
        self.address = ""
        self.connections = 0
        self._serial = 1
        self._lock = threading.Lock()

    def rotate(self) -> None:
        """Make the token everybody holds worthless."""
        self._serial += 1
        self.token = f"token-{self._serial}"

    def answer(self, call: Call) -> Say:
        with self._lock:
            if call.path == "/cgi-bin/stable_token":
                return self._fetch(call)
            self.calls.append(call)
            if self.refuses_everything or call.query.get("access_token") != self.token:
                if self.renews_refused:
                    self.rotate()
                return Say.code(40001, "invalid credential, access_token is invalid or not latest rid: 1-2-3")
            return self.script.popleft() if self.script else Say()

    def _fetch(self, call: Call) -> Say:
        self.fetches.append(call.json["force_refresh"])
        if self.fetch_script:
            return self.fetch_script.popleft()
        if call.json["force_refresh"]:
            self.rotate()
        return Say.fields(access_token=self.token, expires_in=self.lifetime)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def setup(self) -> None:
        self.server.platform.connections += 1
        super().setup()

    def log_message(self, *args: Any) -> None:
        """The test asks the platform instead."""

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def _do(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        say = self.server.platform.answer(
            Call(self.command, address.path, dict(parse_qsl(address.query)), headers, body)
        )
        time.sleep(say.after_seconds)
        if say.hang_up:
            self.close_connection = True
        else:
            self._say(say)

    def _say(self, say: Say) -> None:
        self.send_response(say.status)
        for name, value in {"Content-Type": say.content_type, **say.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(say.body)))
        self.end_headers()
        self.wfile.write(say.body)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, platform: Platform) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.platform = platform
        platform.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *args: Any) -> None:
        """A client that has given up is no news."""


@contextmanager
def serving(platform: Platform | None = None) -> Iterator[Platform]:
    """Run a platform on a free port of the loopback."""
    with Server(platform or Platform()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.platform
        server.shutdown()
        thread.join()
