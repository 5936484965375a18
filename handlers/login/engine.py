"""When a sign-in ends, which addresses are our own, and which browser is WeChat's."""

import re
from datetime import date, datetime, time, timedelta, tzinfo

_BEFORE_DAWN = time(3)
# Without dots in its path nothing leads out of it again, and "/p/" at the front leads to no other host.
_OURS = re.compile(r"/p(?:/[\w-]+)+(?:\?[\w%&=.+-]*)?", re.ASCII)
_LONGEST = 512
_SIGN_IN = "/p/login"


def ends(today: date, *, days: int, zone: tzinfo) -> datetime:
    """The end of the last day, before anybody is up: a session's row tells no time at which somebody signed in."""
    return datetime.combine(today + timedelta(days=days + 1), _BEFORE_DAWN, zone)


def ours(wanted: str) -> str:
    """The page somebody wants to come back to, if it is one of the members' pages; "" where it is anything else."""
    fits = len(wanted) <= _LONGEST and _OURS.fullmatch(wanted)
    path = wanted.partition("?")[0]
    return wanted if fits and path != _SIGN_IN and not path.startswith(f"{_SIGN_IN}/") else ""


def is_wechat(agent: str) -> bool:
    """Whether a page is opened in WeChat, by what its browser calls itself. WeCom's says so too, and can't sign in."""
    agent = agent.lower()
    return "micromessenger" in agent and "wxwork" not in agent
