"""What the pack says of who may see what: whoever writes content gives nobody a right by it, and not themselves."""

from collections.abc import Iterator

from content import opinion_checks
from content.agreement import Clash, Pack
from content.opinions import Matters
from content.organisations import Organisation, Organisations
from content.talks import Host, Hosts


def changed(before: Pack, after: Pack) -> Iterator[Clash]:
    """Give every right that is another one in a pack than in the one before."""
    yield from _of_organisations(_organisations(before), _organisations(after))
    yield from _of_hosts(_hosts(before), _hosts(after))
    yield from _of_matters(before, after)


def _of_organisations(before: dict[str, Organisation], after: dict[str, Organisation]) -> Iterator[Clash]:
    """Whose an organisation is, and what it is below; one that is new and nobody's gives no right."""
    places = {id_: index for index, id_ in enumerate(after)}
    for id_ in before.keys() | after.keys():
        old, new = before.get(id_), after.get(id_)
        is_same = new is not None and (
            not new.admins if old is None else (old.parent, set(old.admins)) == (new.parent, set(new.admins))
        )
        if not is_same:
            place = ("organisation", places[id_]) if new else ()
            yield Clash("organisations.toml", "rights_organisation", {"said": id_}, place)


def _of_hosts(before: dict[str, Host], after: dict[str, Host]) -> Iterator[Clash]:
    """Which account alone sees who asks somebody for a talk."""
    for index, (id_, host) in enumerate(after.items()):
        if id_ not in before or before[id_].admin != host.admin:
            yield Clash("talks.toml", "rights_host", {"said": id_}, ("host", index, "admin"))
    for id_ in before.keys() - after.keys():
        yield Clash("talks.toml", "rights_host", {"said": id_})


def _of_matters(before: Pack, after: Pack) -> Iterator[Clash]:
    """Which categories only those read who are entrusted with them: none may become everybody's."""
    for category in sorted(_entrusted(before) - _entrusted(after)):
        file = "matters.toml" if category not in _matters(after) else "phrases.toml"
        yield Clash(file, "rights_matter", {"said": category}, (opinion_checks.CATEGORIES,))


def _entrusted(pack: Pack) -> set[str]:
    offered = opinion_checks.categories(pack)
    return _matters(pack) if offered is None else _matters(pack) & offered


def _matters(pack: Pack) -> set[str]:
    return {each.category for each in (pack.one(Matters) or Matters()).matters}


def _organisations(pack: Pack) -> dict[str, Organisation]:
    return {each.id: each for each in (pack.one(Organisations) or Organisations()).organisations}


def _hosts(pack: Pack) -> dict[str, Host]:
    return {each.id: each for each in (pack.one(Hosts) or Hosts()).hosts}
