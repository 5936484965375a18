"""Whether what a pack has for opinions, talks and votes agrees: what a file names is there, and there once."""

from collections.abc import Iterator

from content.agreement import Check, Clash, Pack, listed
from content.opinions import Matters, ReadyReply
from content.positions import Place
from content.surveys import Survey
from content.talks import Hosts

FILE = "matters.toml"
# What a meeting decides by a vote of those who came: of admission see 中国共产党发展党员工作细则 (2026), article 20.
STATUTORY = ("选举", "换届", "预备党员", "发展党员", "转正", "罢免", "处分", "候选人")
CATEGORIES = "opinion.categories"  # the phrase that names them


def _replies_are_for_categories_that_there_are(pack: Pack) -> Iterator[Clash]:
    known = categories(pack)
    if known is None:
        return
    for file, reply in pack.every(ReadyReply):
        for index, said in enumerate(reply.categories):
            if said not in known:
                facts = {"said": said, "allowed": listed(known)}
                yield Clash(file, "category_unknown", facts, ("categories", index))


def _matters_are_categories(pack: Pack) -> Iterator[Clash]:
    known, made = categories(pack), pack.one(Matters)
    said: set[str] = set()
    for index, matter in enumerate(made.matters if made else ()):
        place: Place = ("matter", index, "category")
        if known is not None and matter.category not in known:
            yield Clash(FILE, "matter_unknown", {"said": matter.category, "allowed": listed(known)}, place)
        if matter.category in said:
            yield Clash(FILE, "matter_twice", {"said": matter.category}, place)
        said.add(matter.category)


def _hosts_are_named_once(pack: Pack) -> Iterator[Clash]:
    made = pack.one(Hosts)
    ids = [each.id for each in made.hosts] if made else []
    for index, said in enumerate(ids):
        if said in ids[:index]:
            yield Clash("talks.toml", "host_twice", {"said": said}, ("host", index, "id"))


def _votes_do_not_stand_for_meetings(pack: Pack) -> Iterator[Clash]:
    for file, survey in pack.every(Survey):
        told = " ".join((survey.title, *(each.text for each in survey.questions)))
        said = next((each for each in STATUTORY if each in told), "")
        if survey.is_vote and said:
            yield Clash(file, "vote_statutory", {"said": said}, ("title",))


def categories(pack: Pack) -> frozenset[str] | None:
    """Give the names that members can choose; None where nobody can tell."""
    own = pack.overrides().by_key.get(CATEGORIES)
    words = own.words if own else pack.shipped().get(CATEGORIES)
    return frozenset(pack.known.categories_in(words.source)) if words and pack.known.categories_in else None


CHECKS: tuple[Check, ...] = (
    _replies_are_for_categories_that_there_are,
    _matters_are_categories,
    _hosts_are_named_once,
    _votes_do_not_stand_for_meetings,
)
