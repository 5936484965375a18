"""Files that would never be read to their end, and words that would never be filled: each is refused with its place."""

import re
from zoneinfo import ZoneInfo

import pytest

from content import faults, library, words
from content.faults import BadContent, Unreadable
from tests.content.builders import a_broadcast, a_digest, a_pack

pytestmark = [pytest.mark.alike, pytest.mark.timeout(60)]  # what isn't refused takes hours, or all memory

DEEP = 50_000
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{this}: &{this} [{','.join(['*' + before] * 9)}]\n" for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("surveys/x.toml", "a = " + "[" * DEEP, "套得太深"),
        ("surveys/x.toml", f"a = {'9' * DEEP}", "套得太深"),
        ("surveys/x.toml", ".".join(["a"] * DEEP) + " = 1", "套得太深"),
        ("surveys/x.toml", "[" + " . ".join(['"a"'] * DEEP) + "]", "套得太深"),
        ("templates/x.j2", "{{ " + "(" * DEEP + "1" + ")" * DEEP + " }}", "套得太深"),
        ("templates/x.j2", "{{ 1" + "+1" * DEEP + " }}", "套得太深"),
        ("templates/x.j2", "{{ " + "9" * DEEP + " }}", "套得太深"),
        ("broadcasts/x.toml", a_broadcast(key="x", link="{{ " + "not " * DEEP + "1 }}"), "套得太深"),
        ("digests/x.md", a_digest().replace("---\n", f"---\n{LAUGHS}", 1), "星号引用"),
        ("digests/x.md", a_digest().replace("---\n", f"---\nq: {'[' * DEEP}\n", 1), "套得太深"),
        ("digests/x.md", a_digest().replace("---\n", f"---\nq: {'{a: ' * DEEP}\n", 1), "套得太深"),
        ("digests/x.md", a_digest().replace("---\n", f"---\n{'- ' * DEEP}\n", 1), "套得太深"),
        (
            "digests/x.md",
            a_digest().replace("---\n", "---\nq: !!python/object/apply:os.getcwd [x]\n", 1),
            "不认识的项 q",
        ),
    ],
)
def test_what_takes_for_ever_to_read_is_refused_at_once(tmp_path, file, text, said):
    folder = a_pack(tmp_path, {file: text})

    with pytest.raises(BadContent, match=f"{file}:[0-9]+: .*{said}"):
        library.load(folder, zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("each", ["k{} = 1\n", "[k{}]\n", '[[question]]\nid = "q{}"\n', "[[question]]\nk{} = 1\n"])
def test_of_what_is_wrong_in_a_hundred_thousand_places_the_first_are_told(tmp_path, each):
    wrong = "".join(map(each.format, range(100_000)))
    folder = a_pack(tmp_path, {"surveys/x.toml": f'title = "问卷"\n{wrong}'})

    with pytest.raises(BadContent) as bad:
        library.load(folder, zone=ZoneInfo("Asia/Shanghai"))

    told = [finding for finding in bad.value.faults if finding.file == "surveys/x.toml"]
    assert (len(told), told[0].line <= 3) == (faults.MOST_OF_ONE + 1, True)
    assert re.fullmatch("后面还有 [0-9]+ 处要改", told[-1].what)


def test_of_thousands_of_phrases_that_nothing_says_the_first_are_told(tmp_path):
    phrases = "".join(f'k{number} = "x"\n' for number in range(40_000))
    folder = a_pack(tmp_path, {"phrases.toml": f"[quiz]\n{phrases}"})

    _, found = library.examine(folder, zone=ZoneInfo("Asia/Shanghai"))

    told = [str(each) for each in found if each.file == "phrases.toml"]
    assert len(told) == faults.MOST_OF_ONE + 1
    assert len([each for each in told if "后面还有 39900 处" in each]) == 1


@pytest.mark.parametrize("topmost", ["", 'parent = "o9999"\n'])
def test_thousands_of_organisations_one_below_another_are_too_many(tmp_path, topmost):
    """Each would hold all below it."""
    rest = "".join(
        f'[[organisation]]\nid = "o{number}"\nname = "{number}"\nparent = "o{number - 1}"\n'
        for number in range(1, 10_000)
    )
    file = f'[[organisation]]\nid = "o0"\nname = "0"\n{topmost}{rest}'
    folder = a_pack(tmp_path, {"organisations.toml": file})

    with pytest.raises(BadContent, match=r"organisations.toml:[0-9]+: “o[0-9]+”上面的组织太多，超过 20 级"):
        library.load(folder, zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("endless", "named"),
    [
        ("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "call"),
        ("{% for a in x %}" * 4 + "{% endfor %}" * 4, "for"),
        ("{% for a in x recursive %}{{ loop(x) }}{% endfor %}", "for"),
        ("{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(60) }}", "f"),
        ("{% set a = 'x' %}{% set a = a ~ a %}", "assign"),
        ("{{ 'x' * 10 ** 9 }}", "*"),
        ("{{ 10 ** 10 ** 9 }}", "**"),
        ("{{ '%1000000000d' % 1 }}", "%"),
        ("{{ '%1000000000d' | format(1) }}", "format"),
        ("{{ '%*d' | format(1000000000, 1) }}", "format"),
        ("{{ x | format(1) }}", "format"),
        ("{{ '{:1000000000}'.format(1) }}", "call"),
        ("{{ x.center(1000000000) }}", "call"),
        ("{{ x | center(1000000000) }}", "center"),
        ("{{ x | replace('a', x) | replace('a', x) }}", "replace"),
        ("{{ x | join(x) }}", "join"),
        ("{{ x | join('aaa') | join('aaa') }}", "join"),
        ("{{ lipsum(1000000) }}", "call"),
        ("{% include '/etc/passwd' %}", "include"),
        ("{{ x | attr('__class__') }}", "attr"),
    ],
)
def test_words_that_never_end_are_refused_before_anything_is_filled(endless, named):
    with pytest.raises(Unreadable) as refused:
        words.template(endless)

    assert (refused.value.code, refused.value.facts["said"]) == ("words_beyond", named)


def test_what_packs_say_is_filled_as_before():
    said = (
        '{% for each in x if each %}{{ "%02d" | format(loop.index) }}{{ each | truncate(2, True, "…", 0) }}{% endfor %}'
    )

    assert words.template(said).fill({"x": ["一二三", "", "四"]}) == "01一…02四"
    assert words.template('{{ {"a": "甲"}.get(kind, "乙") }}').fill({"kind": "b"}) == "乙"
