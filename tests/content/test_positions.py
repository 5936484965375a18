"""The line of a value is the line it was written on."""

import tomllib
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types
from hypothesis import given
from hypothesis import strategies as st

from content.positions import Place, in_toml, in_yaml, line_of

KEYS = st.sampled_from(["a", "b-1", "题", 'q"t', "x.y"])
GAPS = st.sampled_from(["", "\n", "# 注 = [\n", '  # "\n\n'])
# Values that try to look like structure; %d is a number nothing else has.
VALUES = st.sampled_from(
    [
        *("%d", '"%d # [ { = "', "'%d]'", '"""%d\n[x]\n"""', "'''%d\n\"\"\"'''", "[%d, 0]", "[\n# [\n %d,\n]"),
        *("{ z = %d }", '"\\"%d"', '[["%d"], { z = "," }]', '"""\\"""%d"""', "2026-01-01 # %d"),
    ]
)


def bare(key: str) -> str:
    return key if key.isascii() and key.replace("-", "").isalnum() else '"' + key.replace('"', '\\"') + '"'


@st.composite
def tomls(draw: Any) -> tuple[str, dict[Place, int]]:
    """A TOML text and the line of each key that stands in it."""
    text, places = "", {}

    def pairs(around: Place) -> None:
        nonlocal text
        for key in draw(st.lists(KEYS, unique=True, max_size=3)):
            text += draw(GAPS)
            places[*around, key] = text.count("\n") + 1
            text += f"{bare(key)} = {draw(VALUES) % len(text)}\n"

    pairs(())
    for number in range(draw(st.integers(0, 3))):
        text += draw(GAPS)
        places["question", number] = text.count("\n") + 1
        text += "[[question]]\n"
        pairs(("question", number))
        text += draw(GAPS)
        places["question", number, "options"] = text.count("\n") + 1
        text += "[question.options]\n"
        pairs(("question", number, "options"))
    return text, places


@given(tomls())
def test_every_key_is_found_on_its_line(written):
    text, places = written
    tomllib.loads(text)

    found = in_toml(text)

    assert {place: found[place] for place in places} == places


@given(tomls())
def test_every_value_that_was_read_has_a_line(written):
    text, _ = written

    found = in_toml(text)

    assert set(_places(tomllib.loads(text))) <= set(found)


def _places(value: Any, around: Place = ()) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*around, key)
        yield from _places(each, (*around, key))


def test_what_has_no_line_of_its_own_has_that_of_what_is_around_it():
    positions = in_toml('a = 1\n\n[[question]]\nid = "x"\n')

    assert line_of(("question", 0, "stem"), positions) == 3


def test_what_is_nowhere_is_on_the_first_line():
    assert line_of(("nothing",), {}) == 1


def test_dotted_keys_have_the_line_of_their_table():
    positions = in_toml('x = 1\nquiz.right.a = "1"\n')

    assert (line_of(("quiz", "right"), positions), line_of(("quiz", "right", "a"), positions)) == (2, 2)


def test_yaml_lines_are_counted_from_the_front_matters_first():
    node = yaml.compose("title: 一\ntopics:\n  - 甲\n  - 乙\n", Loader=yaml.BaseLoader)

    assert in_yaml(node, first_line=2) == {("title",): 2, ("topics",): 3, ("topics", 0): 4, ("topics", 1): 5}
