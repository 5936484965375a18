"""How a number is shown to its owner."""

_SHOWN_FIRST, _SHOWN_LAST = 3, 4


def masked(number: str) -> str:
    """The first three and the last four digits of a long one; of a short one only the last."""
    if len(number) <= _SHOWN_FIRST + _SHOWN_LAST:
        return "*" * max(0, len(number) - 1) + number[-1:]
    hidden = len(number) - _SHOWN_FIRST - _SHOWN_LAST
    return f"{number[:_SHOWN_FIRST]}{'*' * hidden}{number[-_SHOWN_LAST:]}"
