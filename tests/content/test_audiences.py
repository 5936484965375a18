"""An audience that nobody can be in is named, and no other."""

import pytest

from content.agreement import Known
from content.library import load

from .builders import ZONE, a_broadcast, a_pack, shipped_phrases

# a is above b and c, which lie beside each other
TREE = "".join(
    f'[[organisation]]\nid = "{id_}"\nname = "{id_}"\ntype = "支部"\n{above}\n'
    for id_, above in (("a", ""), ("b", 'parent = "a"'), ("c", 'parent = "a"'))
)


def in_(*ids):
    return {"organisations": [*ids]}


def a(*roles):
    return {"roles": [*roles]}


@pytest.mark.parametrize(
    ("audience", "somebody"),
    [
        (in_("a"), True),
        ({**in_("b"), "none": [in_("c")]}, True),
        ({**in_("a"), "none": [in_("b")]}, True),
        ({**in_("b"), "none": [in_("a")]}, False),  # all of b is in a
        ({**in_("b", "c"), "none": [in_("b")]}, True),
        (
            {**in_("b", "c"), "none": [in_("b"), in_("c")]},
            True,
        ),  # nobody, but each alone leaves somebody: not looked for
        ({"all": [in_("b"), in_("c")]}, False),
        ({"all": [in_("a"), in_("c")]}, True),
        ({"all": [a("书记"), a("委员")]}, False),
        ({"all": [a("书记", "委员"), a("委员")]}, True),
        ({**a("书记"), "any": [a("委员"), a("书记")]}, True),
        ({**a("书记"), "any": [a("委员"), in_("b") | a("组长")]}, False),
        ({"everyone": True, "none": [a("书记")]}, True),
        ({"topics": ["yaowen"], "none": [{"topics": ["yaowen"]}]}, False),
        ({"topics": ["yaowen"], "none": [{"topics": ["yaowen"], "roles": ["书记"]}]}, True),
        ({"tags": ["甲"], "all": [{"tags": ["乙"]}]}, True),  # one may bear two
        ({"topics": ["yaowen"], "none": [{"topics": ["yaowen"], "answered": "1d"}]}, True),
    ],
)
def test_what_excludes_itself_is_told(tmp_path, audience, somebody):
    push = a_broadcast(audience=audience, channels=["next_visit"])
    folder = a_pack(tmp_path / "pack", {"organisations.toml": TREE, "broadcasts/daily.toml": push})
    library = load(folder, zone=ZONE, known=Known(), shipped=shipped_phrases(tmp_path / "shipped"))

    told = [each for each in library.advice if "没有人能同时符合" in each.what]
    assert ([each.file for each in told]) == ([] if somebody else ["broadcasts/daily.toml"])
