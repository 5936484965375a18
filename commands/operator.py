"""Who does something by command: noted in the trail as what admins do is, by the system's user."""

import os
import pwd

from storage.audit import BY_COMMAND, Act, Deed


def user() -> str:
    """The system's user, as no account of the console can be called: such a name has no spaces."""
    number = os.getuid()
    try:
        return f"shell {pwd.getpwuid(number).pw_name}"
    except KeyError:  # a container may run as a user without a name
        return f"shell {number}"


def deed(act: Act, kind: str, *, door: str, person: str = "", about: str = "") -> Deed:
    """What whoever has the shell is about to do."""
    return Deed(act=act, kind=kind, account=user(), role=BY_COMMAND, door=door, person=person, about=about)
