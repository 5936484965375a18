"""What a broadcast says on its day, and whether there is anything to say."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from content.library import Library
from content.models import Broadcast, Digest
from storage.broadcasts import Content
from wechat import limits, paging

MOST_AT_ONCE = 5  # of old digests, when someone sends by hand what has nothing new


def compose(
    library: Library, broadcast: Broadcast, *, since: datetime, said: Collection[str], now: datetime
) -> Content | None:
    """Give a run's content, or None where its template speaks of digests and none is new.

    New is what is out, later than `since`, and wasn't `said`: a digest may be saved after the hour that it names.

    Only subscribers of a topic that has something new are meant: the others would be bothered with nothing of theirs.
    """
    if not _speaks_of_digests(library, broadcast):
        return _content(library, broadcast, (), broadcast.audience.topics, now)
    fresh = [
        digest for digest in _fitting(library, broadcast, now) if digest.publish_at > since and digest.slug not in said
    ]
    return _of_digests(library, broadcast, fresh, now)


def compose_of_newest(library: Library, broadcast: Broadcast, *, now: datetime) -> Content | None:
    """The same with the newest digests there are, however old: for one who sends by hand and wants to see it."""
    return _of_digests(library, broadcast, _fitting(library, broadcast, now)[:MOST_AT_ONCE], now)


def _speaks_of_digests(library: Library, broadcast: Broadcast) -> bool:
    return "digests" in library.template(broadcast.template).values


def _fitting(library: Library, broadcast: Broadcast, now: datetime) -> list[Digest]:
    """The digests on the broadcast's topics, but for those written for an organisation that it reaches beyond."""
    meant = broadcast.audience.organisations
    found = library.newest(now=now, topics=broadcast.audience.topics)
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

    words = library.words_of(broadcast, digests=digests, now=now)
    shown = [digest for digest in digests if is_in(digest, words)]
    if not shown:
        return digests, ()
    rest = [digest for digest in digests if digest not in shown]
    return shown, [each for each in rest if is_in(each, library.words_of(broadcast, digests=[each], now=now))]


def _content(
    library: Library, broadcast: Broadcast, digests: Sequence[Digest], topics: tuple[str, ...], now: datetime
) -> Content:
    words = library.words_of(broadcast, digests=digests, now=now)
    notice = library.notice_of(broadcast, digests=digests, now=now)
    mini = library.mini_notice_of(broadcast, digests=digests, now=now)
    meant = broadcast.audience.organisations
    told = _for_groups(library, broadcast, digests, now)
    return Content(
        text=_fitted(library, words),
        line=library.say("push.kept", title=broadcast.title, words=words),
        channels=broadcast.channels,
        template_id=broadcast.notice_template_id,
        fields={key: limits.fit(key, value) for key, value in notice.items()},
        mini_template_id=broadcast.mini_template_id,
        mini_fields={key: limits.fit(key, value) for key, value in mini.items()} if broadcast.mini_template_id else {},
        mini_page=broadcast.mini_page,
        digests=tuple(digest.slug for digest in digests),
        topics=topics,
        organisations=tuple(sorted({each for one in meant for each in library.organisations_within(one)})),
        groups=broadcast.groups if told else (),
        group_text=told,
    )


def _for_groups(library: Library, broadcast: Broadcast, digests: Sequence[Digest], now: datetime) -> str:
    """What the groups are told: nobody knows who is in one, so nothing that is written for an organisation."""
    for_all = [digest for digest in digests if not digest.audience]
    if not broadcast.groups or (digests and not for_all):
        return ""
    return library.group_words_of(broadcast, digests=for_all, now=now)


def _fitted(library: Library, words: str) -> str:
    """Words that one message can carry; what is cut says so."""
    if len(words.encode()) <= limits.TEXT_BYTES:
        return words
    told = library.say("push.cut")
    return f"{paging.cut(words, limits.TEXT_BYTES - len(told.encode()) - 1)[0]}\n{told}"
