"""Whether a pack's roles agree with each other, and leave the separated administrators alone."""

from collections.abc import Iterator

from content.agreement import Check, Clash, Pack
from content.roles import Roles, shipped, together

FILE = "roles.toml"


def _each_is_written_once(pack: Pack) -> Iterator[Clash]:
    made = pack.one(Roles)
    roles = made.roles if made else ()
    for index, role in enumerate(roles):
        if role.id in {each.id for each in roles[:index]}:
            yield Clash(FILE, "role_twice", {"said": role.id}, ("role", index, "id"))
        tasks = [each.id for each in role.path]
        for at, said in enumerate(tasks):
            if said in tasks[:at]:
                yield Clash(FILE, "task_twice", {"said": said}, ("role", index, "task", at, "id"))


def _each_has_a_name_of_its_own(pack: Pack) -> Iterator[Clash]:
    """By which it is granted: no other role's id or name, and none of the separated administrators'."""
    made = pack.one(Roles)
    apart = {said for each in shipped().separated for said in (each.id, each.name)}
    there_are = together(made).values()
    for index, role in enumerate(made.roles if made else ()):
        others = {said for each in there_are if each.id != role.id for said in (each.id, each.name)}
        for key, said in (("id", role.id), ("name", role.name)):
            if said in apart:
                yield Clash(FILE, "role_separated", {"said": said}, ("role", index, key))
            elif said in others:
                yield Clash(FILE, "role_name_twice", {"said": said}, ("role", index, key))


CHECKS: tuple[Check, ...] = (_each_is_written_once, _each_has_a_name_of_its_own)
