"""Whether anybody can be meant by an audience, as far as the pack can tell; the forecast tells the rest.

A person is in one organisation and has one role, so what must hold together may leave nobody: two branches of the tree
at once, or a branch of which all are excluded.
"""

from collections.abc import Iterator, Mapping
from functools import reduce

from content.agreement import Check, Clash, Pack
from content.broadcasts import MASS, Broadcast, Group
from content.organisations import Organisations

ONE_EACH = ("organisations", "roles")  # of these a person has one
LISTS = (*ONE_EACH, "topics", "accounts", "tags", "received")
Sets = Mapping[str, list[frozenset[str]]]
"""Of each list those that must hold together: of each of them one is enough."""


def _somebody_is_left(pack: Pack) -> Iterator[Clash]:
    below = _tree(pack)
    for file, broadcast in pack.every(Broadcast):
        for place, group in broadcast.conditions():
            if place in {("audience",), (*place[:2], "audience")} and not _may_be(group, {}, below):
                yield Clash(file, "audience_nobody", {}, place)


def _tree(pack: Pack) -> Mapping[str, frozenset[str]]:
    """Each organisation with all below it."""
    made = pack.one(Organisations)
    known = {each.id: each.parent for each in made.organisations} if made else {}
    below: dict[str, set[str]] = {id_: {id_} for id_ in known}
    for id_, parent in known.items():
        above, seen = parent, {id_}
        while above in known and above not in seen:
            below[above].add(id_)
            seen.add(above)
            above = known[above]
    return {id_: frozenset(ids) for id_, ids in below.items()}


def _may_be(group: Group, around: Sets, below: Mapping[str, frozenset[str]]) -> bool:
    """Whether somebody may answer a group within others that hold too."""
    asked = _asked(group, around, below)
    alone = (reduce(frozenset.__and__, asked[name]) for name in ONE_EACH if asked[name])
    if not all(alone) or any(_is_implied(each, asked, below) for each in group.none):
        return False
    return not group.any or any(_may_be(each, asked, below) for each in group.any)


def _asked(group: Group, around: Sets, below: Mapping[str, frozenset[str]]) -> Sets:
    asked = {name: list(around.get(name, ())) for name in LISTS}
    for name in LISTS:
        said = getattr(group, name)
        if said:
            asked[name].append(_meant(name, said, below))
    return reduce(lambda so_far, each: _asked(each, so_far, below), group.all, asked)


def _meant(name: str, said: tuple[str, ...], below: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What a list comes to: an organisation is meant with all below it."""
    if name != "organisations":
        return frozenset(said)
    return frozenset[str]().union(*(below.get(id_, {id_}) for id_ in said))


def _is_implied(group: Group, asked: Sets, below: Mapping[str, frozenset[str]]) -> bool:
    """Whether whoever answers what is asked is in a group too; one that asks for more than lists is not looked into."""
    if group.answered or group.all or group.any or group.none:
        return False
    said = {name: _meant(name, getattr(group, name), below) for name in LISTS if getattr(group, name)}
    return all(any(each <= meant for each in asked[name]) for name, meant in said.items())


def _mass_sends_can_say_whom(pack: Pack) -> Iterator[Clash]:
    """What an account that sends to all can't be told of, it doesn't send; the other ways go on."""
    for file, broadcast in pack.every(Broadcast):
        if MASS not in broadcast.channels or broadcast.can_be_said_to_all:
            continue
        asked = broadcast.audience.accounts
        for account in sorted(pack.known.to_all_only.intersection(asked or pack.known.to_all_only)):
            yield Clash(file, "mass_to_some", {"said": account}, ("audience",))


CHECKS: tuple[Check, ...] = (_somebody_is_left, _mass_sends_can_say_whom)
