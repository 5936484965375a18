"""Customer-service windows (§3.1): each action of a member opens one, each message takes one away."""

import sqlite3

from wechat.sandbox.errors import ApiError
from wechat.sandbox.rules import WINDOWS


def open_for(db: sqlite3.Connection, openid: str, action: str, now: float) -> None:
    """Reset the allowance of this action to its maximum; what was left of it does not add up."""
    window = WINDOWS[action]
    db.execute("replace into windows values (?, ?, ?, ?)", (openid, action, window.messages, now + window.seconds))
    db.execute("update members set contact_at = ? where openid = ?", (now, openid))


def spend(db: sqlite3.Connection, openid: str, now: float) -> None:
    """Take one message from the open window that ends first; none open 45015, all used up 45047."""
    left = db.execute("select * from windows where openid = ? and until > ? order by until", (openid, now)).fetchall()
    if not left:
        raise ApiError(45015)
    for window in left:
        if window["messages"]:
            db.execute(
                "update windows set messages = messages - 1 where openid = ? and action = ?",
                (openid, window["action"]),
            )
            return
    raise ApiError(45047)


def close_all(db: sqlite3.Connection, openid: str) -> None:
    """Who leaves can't be written to."""
    db.execute("delete from windows where openid = ?", (openid,))
