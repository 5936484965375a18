"""One-time codes that people read off paper or a screen and type."""

import secrets

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L, nothing that looks like another
LENGTH = 8


def drawn() -> str:
    """Eight letters that can be read aloud: 31^8 of them, so guessing is hopeless."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
