"""The second factor of an account: the secret that an authenticator shares, and the codes for who has lost it.

The secret is sealed, the codes are kept as keyed hashes, and each code is good once, whichever process is asked.
"""

import base64
import hmac
import re
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy.engine import Connection

from storage import codes
from storage.boxed import Boxed, place
from storage.db import Database, metadata
from storage.people import Id
from storage.sealing import CannotOpen, Keys

DIGITS, STEP_SECONDS = 6, 30  # what every authenticator takes for granted (RFC 6238)
DRIFT = 1  # a code of the step before and after is good too
RECOVERY_CODES, RECOVERY_LETTERS = 10, 10
_SECRET_BYTES = 20
_BETWEEN = re.compile(r"[\s-]")

admin_factors = sa.Table(
    "admin_factors",
    metadata,
    sa.Column("admin", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("secret", Boxed("admin factor"), nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),  # from the first code on
    sa.Column("last_step", sa.BigInteger, nullable=False),  # of the last code that was taken
    sqlite_with_rowid=False,
)

admin_recovery_codes = sa.Table(
    "admin_recovery_codes",
    metadata,
    sa.Column("admin", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code", sa.String(64), primary_key=True),  # keyed hash
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Shared:
    """The secret, to be scanned or typed into an authenticator."""

    secret: bytes = field(repr=False)

    @property
    def typed(self) -> str:
        """In letters, by fours."""
        letters = base64.b32encode(self.secret).decode()
        return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))

    def address(self, *, name: str, site: str) -> str:
        """What the picture says, so that the authenticator knows whose it is and where."""
        return _totp(self.secret).get_provisioning_uri(name, site)


class Factors:
    """Whose second factor is on, and whether a code is good."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("admin factor")
        self._marks = keys.marks("recovery code")  # of the previous secret_key too; the last is what is written

    def prepare(self, admin: str) -> None:
        """A new secret, to be turned on by its first code; one that is on already stays."""
        sealed = self._sealed(admin, secrets.token_bytes(_SECRET_BYTES))
        row = self._db.insert(admin_factors).values(admin=admin, secret=sealed, is_on=False, last_step=0)
        again = row.on_conflict_do_update(
            index_elements=["admin"], set_={"secret": sealed}, where=sa.not_(admin_factors.c.is_on)
        )
        with self._db.by_turns(admin_factors) as connection:
            connection.execute(again)

    def prepared(self, admin: str) -> Shared | None:
        """The secret that waits for its first code."""
        with self._db.read() as connection:
            return self._shared(connection, admin, is_on=False)

    def turn_on(self, admin: str, code: str, *, now: datetime) -> list[str] | None:
        """The recovery codes, shown this once, where the first code is right."""
        with self._db.by_turns(admin_factors) as connection:  # or another secret than the code's might be turned on
            shared = self._shared(connection, admin, is_on=False)
            step = _step(shared, _bare(code), now) if shared else None
            if step is None:
                return None
            waiting = (admin_factors.c.admin == admin) & sa.not_(admin_factors.c.is_on)
            change = admin_factors.update().where(waiting).values(is_on=True, last_step=step)
            if connection.execute(change.returning(admin_factors.c.admin)).first() is None:
                return None
            return self._new_codes(connection, admin)

    def is_on(self, admin: str) -> bool:
        """Whether this account signs in with a code."""
        return admin in self.on([admin])

    def on(self, accounts: Collection[str]) -> set[str]:
        """Which of the accounts sign in with a code."""
        chosen = sa.select(admin_factors.c.admin).where(admin_factors.c.is_on, admin_factors.c.admin.in_(accounts))
        with self._db.read() as connection:
            return set(connection.scalars(chosen))

    def accept(self, admin: str, code: str, *, now: datetime) -> bool:
        """Use a code up, the authenticator's or one for recovery; False where it is wrong, or was used before."""
        bare = _bare(code)
        if len(bare) == RECOVERY_LETTERS:
            return self._recovers(admin, bare)
        with self._db.by_turns(admin_factors) as connection:
            shared = self._shared(connection, admin, is_on=True)
            step = _step(shared, bare, now) if shared else None
            if shared is None or step is None:
                return False
            unused = (admin_factors.c.admin == admin) & (admin_factors.c.last_step < step)
            sealed = self._sealed(admin, shared.secret)  # anew: once everybody has signed in, a former key may go
            change = admin_factors.update().where(unused).values(last_step=step, secret=sealed)
            return connection.execute(change.returning(admin_factors.c.admin)).first() is not None

    def renew_codes(self, admin: str) -> list[str]:
        """Other recovery codes; those from before are good no longer."""
        with self._db.begin() as connection:
            return self._new_codes(connection, admin)

    def codes_left(self, admin: str) -> int:
        """How many recovery codes weren't used."""
        counted = sa.select(sa.func.count()).where(admin_recovery_codes.c.admin == admin)
        with self._db.read() as connection:
            return connection.execute(counted).scalar_one()

    def forget(self, admin: str) -> bool:
        """Let the account sign in without; False where it did."""
        gone = admin_factors.delete().where(admin_factors.c.admin == admin).returning(admin_factors.c.is_on)
        with self._db.begin() as connection:
            connection.execute(admin_recovery_codes.delete().where(admin_recovery_codes.c.admin == admin))
            return bool(connection.execute(gone).scalar())

    def _new_codes(self, connection: Connection, admin: str) -> list[str]:
        new = [codes.drawn(RECOVERY_LETTERS) for _ in range(RECOVERY_CODES)]
        connection.execute(admin_recovery_codes.delete().where(admin_recovery_codes.c.admin == admin))
        rows = [{"admin": admin, "code": self._marks[-1](admin, code)} for code in new]
        connection.execute(admin_recovery_codes.insert(), rows)
        return [f"{code[:5]}-{code[5:]}" for code in new]

    def _recovers(self, admin: str, code: str) -> bool:
        marks = [mark(admin, code) for mark in self._marks]
        same = (admin_recovery_codes.c.admin == admin) & admin_recovery_codes.c.code.in_(marks)
        with self._db.begin() as connection:
            gone = admin_recovery_codes.delete().where(same).returning(admin_recovery_codes.c.admin)
            return connection.execute(gone).first() is not None

    def _sealed(self, admin: str, secret: bytes) -> bytes:
        return self._box.seal(secret, bound_to=place(admin))

    def _shared(self, connection: Connection, admin: str, *, is_on: bool) -> Shared | None:
        chosen = sa.select(admin_factors.c.secret).where(
            admin_factors.c.admin == admin, admin_factors.c.is_on == sa.literal(is_on)
        )
        sealed = connection.execute(chosen).scalar()
        try:
            return Shared(self._box.open(sealed, bound_to=place(admin))) if sealed else None
        except CannotOpen:  # another secret_key: `zhibu admin forget-totp`
            return None


def _bare(typed: str) -> str:
    """A code as it is compared: authenticators show it in two halves, and a Chinese keyboard types wide digits."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)).upper()


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - what authenticators know; a keyed hash of it is sound


def _step(shared: Shared, code: str, now: datetime) -> int | None:
    """Which step's code that is, of those that are good now."""
    current, totp, said = int(now.timestamp()) // STEP_SECONDS, _totp(shared.secret), code.encode("utf-8", "replace")
    steps = range(current - DRIFT, current + DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate(step * STEP_SECONDS), said)), None)
