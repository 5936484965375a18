"""How an admin comes into the console: by a password, by a code where the account has a second factor, and how often.

A name that nobody has is refused exactly as a wrong password is, as late, and as often.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from handlers import passwords
from storage.admin_factors import Factors
from storage.admin_sessions import AdminSession, AdminSessions
from storage.admin_tries import Tries, Whence
from storage.admins import Admin, Admins

# What a browser says of itself, the telling ones first: nearly all call themselves Chrome and Safari too.
_BROWSERS = {
    "MicroMessenger": "微信",
    "DingTalk": "钉钉",
    "Edg": "Edge",
    "OPR/": "Opera",
    "QQBrowser": "QQ浏览器",
    "HuaweiBrowser": "华为浏览器",
    "MiuiBrowser": "小米浏览器",
    "UCBrowser": "UC浏览器",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "OpenHarmony": "鸿蒙",
    "HarmonyOS": "鸿蒙",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
_SOME_BROWSER = "浏览器"


def browser(agent: str) -> str:
    """A browser in words, such as "Chrome · Windows", of what it says of itself."""
    known = [next((name for sign, name in table.items() if sign in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known)) or _SOME_BROWSER


class Outcome(StrEnum):
    """What became of a try."""

    IN = "in"
    CODE = "code"  # the password is right, and a code is still to come
    WRONG = "wrong"
    WAITS = "waits"
    DISABLED = "disabled"  # told to who knows the password


class Debt(StrEnum):
    """What an account has to do before it may do anything else."""

    PASSWORD = "password"  # noqa: S105 - to choose its own
    FACTOR = "factor"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a try: whose account it was, where there is one, and how long to wait, where one has to."""

    outcome: Outcome
    admin: Admin | None = None
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The only way into the console."""

    admins: Admins
    sessions: AdminSessions
    factors: Factors
    tries: Tries
    clock: Callable[[], datetime]
    needs_factor: bool  # of every account

    def by_password(self, name: str, password: str, whence: Whence) -> Tried:
        """Try a name and a password."""
        now = self.clock()
        until = self.tries.begin(name, whence, now=now)
        if until:
            return Tried(Outcome.WAITS, wait=until - now)
        admin = self.admins.named(name)
        if not passwords.is_right(password, admin.password_hash if admin else None) or admin is None:
            return Tried(Outcome.WRONG, admin)
        if admin.disabled:
            self.tries.passed(name, whence, now=now)
            return Tried(Outcome.DISABLED, admin)
        if self.factors.is_on(admin.id):
            self.tries.passed(name, whence, now=now)
            return Tried(Outcome.CODE, admin)
        self.tries.succeeded(name, whence, now=now)
        return Tried(Outcome.IN, admin)

    def by_code(self, admin: Admin, code: str, whence: Whence) -> Tried:
        """Try the code of somebody whose password was right."""
        now = self.clock()
        until = self.tries.begin(admin.name, whence, now=now)
        if until:
            return Tried(Outcome.WAITS, wait=until - now)
        if not self.factors.accept(admin.id, code, now=now):
            return Tried(Outcome.WRONG, admin)
        self.tries.succeeded(admin.name, whence, now=now)
        return Tried(Outcome.IN, admin)

    def again(self, admin: Admin, password: str, whence: Whence) -> Tried:
        """Ask somebody who is in for their password: whoever found their browser open doesn't know it."""
        tried = self.by_password(admin.name, password, whence)
        return Tried(Outcome.IN, admin) if tried.outcome is Outcome.CODE else tried

    def begin(self, admin: Admin, agent: str) -> str:
        """A session of this account in a browser that calls itself so: its token."""
        return self.sessions.begin(admin.id, stamp=admin.stamp, browser=browser(agent), now=self.clock())

    def stay_alone(self, admin: Admin, session: str) -> bool:
        """End every session of this account but one, and whoever is on the way in; False where this one is over too."""
        renewed = self.admins.renew(admin)
        if renewed:
            self.sessions.only(session, admin=admin.id, stamp=renewed.stamp)
        return renewed is not None

    def found(self, token: str) -> tuple[Admin, AdminSession] | None:
        """Who is in with that token, while the account is as it was at the sign-in."""
        session = self.sessions.find(token, now=self.clock())
        admin = self.admins.found(session.admin) if session else None
        if session is None or admin is None or admin.disabled or admin.stamp != session.stamp:
            return None
        return admin, session

    def debt(self, admin: Admin) -> Debt | None:
        """What this account has to do first."""
        if admin.first_password:
            return Debt.PASSWORD
        return Debt.FACTOR if self.needs_factor and not self.factors.is_on(admin.id) else None
