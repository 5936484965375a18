"""How something about a person is shown where it need not be read: enough to tell whom one means, and no more."""

_HIDDEN = "**"


def name(of: str) -> str:
    """The first character, and as many stars whatever follows."""
    return of[:1] + _HIDDEN if of else ""


def phone(number: str) -> str:
    """The first three and the last four digits of a long one; of a short one only the last."""
    first, last = 3, 4
    if len(number) <= first + last:
        return "*" * max(0, len(number) - 1) + number[-1:]
    return f"{number[:first]}{'*' * (len(number) - first - last)}{number[-last:]}"


def number(of: str) -> str:
    """The last two characters of one that tells people apart, where there are more."""
    last = 2
    return _HIDDEN + (of[-last:] if len(of) > last else "") if of else ""
