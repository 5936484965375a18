"""What a run says, to whom and by which ways: composed once, and kept with it as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said: as a message, as the `line` of the next visit, and in the fields of notices."""

    text: str = ""
    line: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    mini_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Words):
    """Other words for who answers `where`, by one of `channels`; where either is empty it asks nothing."""

    channels: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content(Words):
    """What a run says, as it was when it was planned: a later edit of the pack changes nothing of it."""

    channels: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    link: str = ""
    picture: str = ""
    template_id: str = ""
    mini_template_id: str = ""
    mini_page: str = ""
    mini_appid: str = ""
    articles: tuple[Mapping[str, str], ...] = ()  # of a mass send that is no words: title, digest, content, source_url
    mass_cover: str = ""
    mass_picture: str = ""  # the digest of the cover, where it is a file of the pack
    mass_pictures: Mapping[str, str] = field(default_factory=dict)  # in the articles: each file's digest, by its name
    mass_reprint: bool = False
    service_template_id: str = ""
    service_fields: Mapping[str, str] = field(default_factory=dict)
    digests: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)  # what more is asked of people (`storage.audience`)
    at_most: int = 0  # times that a person gets it within so many seconds; 0: as often as it is sent
    within_seconds: int = 0
    groups: tuple[str, ...] = ()
    group_text: str = ""  # what the groups outside WeChat are told, whole: each robot cuts by its own rule
    corrects: str = ""  # the run that was wrong: who heard that one is meant, and nobody else

    @property
    def is_for_anybody(self) -> bool:
        """Whether there is anything to say, to people or to groups."""
        return bool(self.channels or self.groups)

    @property
    def own_group_text(self) -> str:
        """What the groups are told where that isn't what people are told; "" else."""
        return self.group_text if self.group_text != self.text else ""

    def said(self, variant: int) -> Words:
        """The words that a delivery carries: its variant's, counted from one; 0 is the run's own."""
        return self.variants[variant - 1] if 0 < variant <= len(self.variants) else self


def dumped(content: Content) -> str:
    """As it is kept."""
    return json.dumps(asdict(content), ensure_ascii=False)


def loaded(kept: str) -> Content:
    """What was kept."""
    read = _frozen(json.loads(kept))
    read["variants"] = tuple(Variant(**_frozen(each)) for each in read.get("variants", ()))
    return Content(**read)


def _frozen(read: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(it) if isinstance(it, list) else it for name, it in read.items()}
