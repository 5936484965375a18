"""Files that were sent in and wait to be agreed to, for an hour at most; they are never given out again."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

LIVES = timedelta(hours=1)
MOST = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, in a folder of ours, each under a hash of its token and of who sent it."""

    folder: Path

    def keep(self, data: bytes, *, by: str, now: datetime) -> str:
        """Keep a file and give the token that leads back to it; what is older, or too much, goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep(now)
        token = secrets.token_urlsafe(24)
        path = self._place(token, by)
        path.touch(mode=0o600)
        path.write_bytes(data)
        os.utime(path, (now.timestamp(), now.timestamp()))  # the program's clock, whatever the machine's says
        return token

    def get(self, token: str, *, by: str, now: datetime) -> bytes | None:
        """Give the file that somebody sent in themselves, None where it isn't there any more."""
        self._sweep(now)
        try:
            return self._place(token, by).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, token: str, *, by: str) -> None:
        """Forget a file."""
        self._place(token, by).unlink(missing_ok=True)

    def _place(self, token: str, by: str) -> Path:
        return self.folder / hashlib.sha256(f"{by}\n{token}".encode()).hexdigest()

    def _sweep(self, now: datetime) -> None:
        kept = sorted(self.folder.glob("*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for at, path in enumerate(kept):
            if at >= MOST or path.stat().st_mtime < (now - LIVES).timestamp():
                path.unlink(missing_ok=True)
