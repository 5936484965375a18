"""A member's mini-program: it bears a token and speaks JSON to the API."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Answer:
    """What the API answered; `code` is a problem's, "" where there is none."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        return self.body.get("code", "") if self.status >= 400 else ""


class Mini:
    """Signed in with `token`, or not at all. Every write has a key of its own, unless one is given."""

    def __init__(self, client: FlaskClient, token: str = "", openid: str = "") -> None:
        self.token = token
        self.openid = openid
        self._client = client

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        return self.asks("GET", path, query_string=query, headers=headers)

    def post(self, path: str, body: Any = None, *, key: str = "", headers: dict[str, str] | None = None) -> Answer:
        keyed = {"Idempotency-Key": key or secrets.token_hex(16), **(headers or {})}
        return self.asks("POST", path, json=body, headers=keyed)

    def put(self, path: str, body: Any = None) -> Answer:
        return self.asks("PUT", path, json=body)

    def delete(self, path: str) -> Answer:
        return self.asks("DELETE", path)

    def sends_picture(self, picture: bytes, *, field: str = "picture", file: str = "p") -> Answer:
        """Post a file as wx.uploadFile does; Flask's own client would leave a large one's temporary file open."""
        head = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="{file}"\r\n\r\n'
        body = head.encode() + picture + b"\r\n--edge--\r\n"
        return self.asks("POST", "/opinion/pictures", data=body, content_type="multipart/form-data; boundary=edge")

    def sends_voice(self, voice: bytes) -> Answer:
        """The same with a voice."""
        head = b'--edge\r\nContent-Disposition: form-data; name="voice"; filename="v"\r\n\r\n'
        body = head + voice + b"\r\n--edge--\r\n"
        return self.asks("POST", "/opinion/voices", data=body, content_type="multipart/form-data; boundary=edge")

    def asks(self, method: str, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> Answer:
        borne = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = path if path.startswith("/api/") else PREFIX + path
        answer = self._client.open(address, method=method, headers={**borne, **(headers or {})}, **request)
        return Answer(answer.status_code, answer.get_json(silent=True), answer.headers)
