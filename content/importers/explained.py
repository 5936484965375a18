"""Letters in explanations: options are shuffled, so whoever explains must say which option is meant."""

import re
from collections.abc import Set as AbstractSet

from content.importers.plain import folded

_LETTERS = r"[A-JＡ-Ｊ](?:\s*[、,，和及]?\s*[A-JＡ-Ｊ])*"
_SAID = re.compile(
    rf"(?P<before>选项?\s*|选择\s*|答案\s*[是为:：]?\s*)(?P<after_it>{_LETTERS})(?![A-Za-z])"
    rf"|(?<![A-Za-z])(?P<before_it>{_LETTERS})(?P<after>\s*(?:选项|项(?!目)|正确|错误|不正确|不对|对|错))"
)
_CONCLUDED = re.compile(
    rf"(?:故选|应选|因此选|所以选|正确答案[是为:：]|答案[是为:：])\s*(?:择|项)?\s*({_LETTERS})(?![A-Za-z])"
)


def referred(words: str, letters: AbstractSet[str]) -> tuple[str, list[str]]:
    """Turn letters that stand for options into references to them; give the words, and what was turned."""
    changed: list[str] = []

    def turn(found: re.Match[str]) -> str:
        named = _named(found["after_it"] or found["before_it"])
        if not set(named) <= letters:
            return found[0]
        changed.append(found[0].strip())
        references = "、".join(f"{{{{opt:{letter.lower()}}}}}" for letter in named)
        return f"{found['before'] or ''}{references}{found['after'] or ''}"

    return _SAID.sub(turn, words), changed


def concluded(words: str) -> str:
    """Give the letters that an explanation says are right ("故选AC"), sorted; "" where it says none."""
    found = _CONCLUDED.findall(words)
    return "".join(sorted(set(_named(found[-1])))) if found else ""


def _named(said: str) -> list[str]:
    return re.findall("[A-J]", folded(said).upper())
