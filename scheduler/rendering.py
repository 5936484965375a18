"""What a broadcast says on its day, and whether there is anything to say."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from content import broadcasts
from content.broadcasts import Audience, Broadcast, Group
from content.library import Library
from content.models import Digest
from content.words import template
from storage.runs import Run
from storage.wording import Content, Variant
from wechat import limits, paging

IN_WORDS = ("customer_service", "next_visit")  # a notice has fields, and no room for words of one's own
MOST_AT_ONCE = 5  # of old digests, when someone sends by hand what has nothing new


def compose(
    library: Library, broadcast: Broadcast, *, since: datetime, said: Collection[str], now: datetime
) -> Content | None:
    """Give a run's content, or None where its template speaks of digests and none is new.

    New is what is out, later than `since`, and wasn't `said`: a digest may be saved after the hour that it names.

    Only subscribers of a topic that has something new are meant: the others would be bothered with nothing of theirs.
    """
    if broadcast.digests:
        return _of_named(library, broadcast, now)
    if not _speaks_of_digests(library, broadcast):
        return _content(library, broadcast, (), broadcast.audience.topics, now)
    fresh = [
        digest for digest in _fitting(library, broadcast, now) if digest.publish_at > since and digest.slug not in said
    ]
    return _of_digests(library, broadcast, fresh, now)


def compose_of_newest(library: Library, broadcast: Broadcast, *, now: datetime) -> Content | None:
    """The same with the newest digests there are, however old: for one who sends by hand and wants to see it."""
    if broadcast.digests:
        return _of_named(library, broadcast, now)
    return _of_digests(library, broadcast, _fitting(library, broadcast, now)[:MOST_AT_ONCE], now)


def compose_correction(
    library: Library, broadcast: Broadcast, *, wrong: Run, groups: Sequence[str], now: datetime
) -> Content | None:
    """Give what a correction says, to those who heard the `wrong` run and in these `groups`.

    A template that speaks of digests has those that the broadcast names, else those of the wrong run as they read now.
    """
    was = wrong.content
    speaks = _speaks_of_digests(library, broadcast) or any(
        "digests" in template(source).values for _, source in broadcast.gaps()
    )
    digests = broadcast.digests or (was.digests if speaks else ())
    if speaks and not digests:
        return None
    within = Audience(organisations=was.organisations) if was.organisations else Audience(everyone=True)
    like_any = replace(broadcast, corrects=None, at=now, digests=digests, audience=within, groups=tuple(groups))
    content = compose(library, like_any, since=now, said=(), now=now)
    return content and replace(content, organisations=(), topics=was.topics, corrects=wrong.key)


def correction_in_words(library: Library, words: str, *, wrong: Run, groups: Sequence[str]) -> Content:
    """Give what an admin says of a run that was wrong, in their own words."""
    said = library.say("push.correction", title=wrong.title, words=words)
    return Content(
        text=_fitted(library, said),
        line=said,
        channels=IN_WORDS,
        topics=wrong.content.topics,
        groups=tuple(groups),
        group_text=said if groups else "",
        corrects=wrong.key,
    )


def _speaks_of_digests(library: Library, broadcast: Broadcast) -> bool:
    return any("digests" in template.values for template in library.templates_of(broadcast))


def _of_named(library: Library, broadcast: Broadcast, now: datetime) -> Content | None:
    """What it says of the digests that it names itself, however often they were said; None where none is out."""
    fitting = {digest.slug: digest for digest in _fitting(library, broadcast, now, topics=())}
    digests = [fitting[slug] for slug in broadcast.digests if slug in fitting]
    return _content(library, broadcast, digests, broadcast.audience.topics, now) if digests else None


def _fitting(
    library: Library, broadcast: Broadcast, now: datetime, *, topics: Collection[str] | None = None
) -> list[Digest]:
    """The digests on its topics, or the given ones, but for those of an organisation that it reaches beyond."""
    meant = broadcast.audience.organisations
    found = library.newest(now=now, topics=broadcast.audience.topics if topics is None else topics)
    return [digest for digest in found if not digest.audience or _is_within(library, meant, digest.audience)]


def _is_within(library: Library, meant: Sequence[str], allowed: Sequence[str]) -> bool:
    within = {each for one in allowed for each in library.organisations_within(one)}
    return bool(meant) and set(meant) <= within


def _of_digests(library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime) -> Content | None:
    if not digests:
        return None
    shown, later = _shown(library, broadcast, digests, now)
    new = {topic for digest in shown for topic in digest.topics}
    topics = tuple(topic for topic in broadcast.audience.topics if topic in new)
    content = _content(library, broadcast, digests, topics, now)
    return replace(content, digests=tuple(digest.slug for digest in digests if digest not in later))


def _shown(
    library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime
) -> tuple[Sequence[Digest], Sequence[Digest]]:
    """Which digests the words show, and which they would show were there not so many: those are said another time.

    What a template leaves out in any case isn't waited with. One that names no digest at all speaks of all of them.
    """

    def is_in(digest: Digest, words: str) -> bool:
        return digest.title in words or digest.summary in words

    words = _all_words(library, broadcast, digests, now)
    shown = [digest for digest in digests if is_in(digest, words)]
    if not shown:
        return digests, ()
    rest = [digest for digest in digests if digest not in shown]
    return shown, [each for each in rest if is_in(each, _all_words(library, broadcast, [each], now))]


def _all_words(library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime) -> str:
    """The words of the broadcast and of all its variants; of one for groups alone, theirs."""
    if not broadcast.channels:
        return library.group_words_of(broadcast, digests=digests, now=now)
    said = (None, *broadcast.variants)
    return "\n".join(library.words_of(broadcast, digests=digests, now=now, variant=each) for each in said)


def _content(
    library: Library, broadcast: Broadcast, digests: Sequence[Digest], topics: tuple[str, ...], now: datetime
) -> Content:
    link, picture = library.link_of(broadcast, digests=digests, now=now)
    told = _for_groups(library, broadcast, digests, now)
    told_whole = digests[: limits.ARTICLES] if broadcast.mass_cover else ()

    def said(variant: broadcasts.Variant | None) -> dict[str, Any]:
        """The fields of `Words`."""
        given: Any = {"digests": digests, "now": now, "variant": variant}
        words = library.words_of(broadcast, **given)
        linked = f"{words}\n{link}" if link else words
        mini = library.mini_notice_of(broadcast, **given) if broadcast.mini_template_id else {}
        return {
            "text": _fitted(library, words if picture else linked),
            "line": library.say("push.kept", title=broadcast.title, words=linked),
            "fields": {key: limits.fit(key, value) for key, value in library.notice_of(broadcast, **given).items()},
            "mini_fields": {key: limits.fit(key, value) for key, value in mini.items()},
        }

    return Content(
        **said(None),
        variants=tuple(
            Variant(
                **said(each),
                channels=each.channels,
                where=condition_of(library, each.audience) if each.audience else {},
            )
            for each in broadcast.variants
        ),
        channels=broadcast.channels,
        link=link,
        picture=picture,
        template_id=broadcast.notice_template_id,
        mini_template_id=broadcast.mini_template_id,
        mini_page=broadcast.mini_page,
        mini_appid=broadcast.mini_appid,
        articles=tuple(map(_article, told_whole)),
        mass_cover=broadcast.mass_cover,
        mass_picture=library.pictures[broadcast.cover_file].digest if broadcast.cover_file else "",
        mass_pictures={name: library.pictures[name].digest for each in told_whole for name in each.pictures},
        mass_reprint=broadcast.mass_reprint,
        service_template_id=broadcast.service_template_id,
        service_fields=_service_fields(library, broadcast, digests, now),
        digests=tuple(digest.slug for digest in digests),
        topics=topics,
        organisations=_within(library, broadcast.audience.organisations),
        accounts=broadcast.audience.accounts,
        where=_where(library, broadcast.audience),
        at_most=broadcast.at_most.times if broadcast.at_most else 0,
        within_seconds=int(broadcast.at_most.within.total_seconds()) if broadcast.at_most else 0,
        groups=broadcast.groups if told else (),
        group_text=told,
    )


def _article(digest: Digest) -> dict[str, str]:
    """A digest as an article of the account's own, its title and summary cut to what a draft takes.

    Its pictures are still files of the pack (`scheduler.covers`).
    """
    return {
        "title": limits.fit_title(digest.title),
        "digest": digest.summary[: limits.DIGEST_CHARS],
        "content": digest.html,
        "source_url": digest.source_url or "",
    }


def _service_fields(library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime) -> dict[str, str]:
    if not broadcast.service_template_id:
        return {}
    filled = library.service_notice_of(broadcast, digests=digests, now=now)
    return {key: limits.fit(key, value) for key, value in filled.items()}


def _for_groups(library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime) -> str:
    """What the groups are told: nobody knows who is in one, so nothing that is written for an organisation."""
    for_all = [digest for digest in digests if not digest.audience]
    if not broadcast.groups or (digests and not for_all):
        return ""
    words = library.group_words_of(broadcast, digests=for_all, now=now)
    link, _ = library.link_of(broadcast, digests=for_all, now=now)
    return f"{words}\n{link}" if link else words


def _within(library: Library, organisations: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({each for one in organisations for each in library.organisations_within(one)}))


def condition_of(library: Library, group: Group) -> dict[str, Any]:
    """A group of people as the database is asked for it, every organisation with all below it."""
    lists = {name: [*getattr(group, name)] for name in ("topics", "roles", "accounts", "tags", "received")}
    inner = {name: [condition_of(library, each) for each in getattr(group, name)] for name in ("all", "any", "none")}
    asked: dict[str, Any] = {**lists, **inner, "organisations": [*_within(library, group.organisations)]}
    if group.answered:
        asked["answered"] = int(group.answered.total_seconds())
    return {name: value for name, value in asked.items() if value}


def _where(library: Library, audience: Audience) -> dict[str, Any]:
    """What is asked besides the outermost topics, organisations and accounts: those have places of their own."""
    asked = condition_of(library, audience)
    return {name: value for name, value in asked.items() if name not in {"topics", "organisations", "accounts"}}


def _fitted(library: Library, words: str) -> str:
    """Words that one message can carry; what is cut says so."""
    if len(words.encode()) <= limits.TEXT_BYTES:
        return words
    told = library.say("push.cut")
    return f"{paging.cut(words, limits.TEXT_BYTES - len(told.encode()) - 1)[0]}\n{told}"
