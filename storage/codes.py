"""One-time codes that people read off paper or a screen and type."""

import secrets

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L, nothing that looks like another
LENGTH = 8  # 31^8 codes, so guessing is hopeless; where there are fewer letters, tries are counted


def drawn(length: int = LENGTH) -> str:
    """So many letters that can be read aloud, a digit among them: said alone in a chat, others may be a word."""
    code = ""
    while not any(map(str.isdigit, code)):
        code = "".join(secrets.choice(LETTERS) for _ in range(length))
    return code
