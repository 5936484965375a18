"""Articles (§3.6): written as drafts, which a person may publish in the console or a program here.

Publishing tells no follower of it: that is what a mass message does (mass.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Protocol, TypeVar

from wechat import limits
from wechat.api.line import Line, listed
from wechat.messages import Article, PictureArticle

T = TypeVar("T")

_DRAFT, _PUBLISH = "/cgi-bin/draft", "/cgi-bin/freepublish"
_EVERY = 0  # instead of an article's number, which begins at 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An article as the platform keeps it; of the drafts and the published that are listed, `content` is left out."""

    title: str
    content: str = field(default="", repr=False)
    author: str = ""
    digest: str = ""
    url: str = ""
    source_url: str = ""
    thumb_media_id: str = ""
    of_pictures: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What lies in the drafts under one id, gone once it is published or sent to all."""

    media_id: str
    articles: tuple[Written, ...]
    updated_at: datetime | None = None


class PublishState(IntEnum):
    """How far a publication is (§3.6)."""

    DONE = 0
    RUNNING = 1
    NOT_ORIGINAL = 2
    FAILED = 3
    REFUSED = 4
    DELETED = 5
    BANNED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What became of a draft that was handed in; `failed` are the numbers of the articles that did not pass."""

    state: PublishState
    article_id: str = ""
    urls: tuple[str, ...] = ()
    failed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedArticles:
    """What was published at once, under one id."""

    article_id: str
    articles: tuple[Written, ...]
    updated_at: datetime | None = None


class Articles(Protocol):
    """Drafts, for every official account; publishing, for verified ones alone (48001): a person may do it instead."""

    def add_draft(self, articles: Sequence[Article | PictureArticle]) -> str:
        """Put one to eight articles into the drafts and return their media id."""

    def draft(self, media_id: str) -> Draft:
        """Fetch one with its contents."""

    def update_draft(self, media_id: str, article: Article | PictureArticle, *, place: int = 0) -> None:
        """Write the article at `place`, the first being 0, anew."""

    def delete_draft(self, media_id: str) -> None:
        """Take one away for good."""

    def count_drafts(self) -> int:
        """Count what lies in the drafts."""

    def drafts(self, start: int = 0) -> Iterator[Draft]:
        """Walk through the drafts without their contents, twenty a call, the newest first."""

    def publish(self, media_id: str) -> str:
        """Hand a draft in for publishing and return the publication's id; an event tells the end of it."""

    def publication(self, publish_id: str) -> Publication:
        """Tell how far it is."""

    def article(self, article_id: str) -> tuple[Written, ...]:
        """Fetch what was published under an id."""

    def published(self, start: int = 0) -> Iterator[PublishedArticles]:
        """Walk through what is published, without contents, twenty a call, the newest first."""

    def unpublish(self, article_id: str, *, number: int | None = None) -> None:
        """Delete what was published, for good: one article by its number, the first being 1, or all."""


class TencentArticles(Line):
    """`Articles` over HTTP."""

    def add_draft(self, articles: Sequence[Article | PictureArticle]) -> str:
        """See `Articles`."""
        limits.check_articles(articles)
        body = {"articles": [*map(_body, articles)]}
        made: str = self._sdk.post(
            f"{_DRAFT}/add", data=body, once=True, result_processor=lambda of: str(of["media_id"])
        )
        return made

    def draft(self, media_id: str) -> Draft:
        """See `Articles`."""
        return self._ask(f"{_DRAFT}/get", {"media_id": media_id}, lambda of: _draft({**of, "media_id": media_id}))

    def update_draft(self, media_id: str, article: Article | PictureArticle, *, place: int = 0) -> None:
        """See `Articles`."""
        limits.check_articles([article])
        self._ask(f"{_DRAFT}/update", {"media_id": media_id, "index": place, "articles": _body(article)}, dict)

    def delete_draft(self, media_id: str) -> None:
        """See `Articles`."""
        self._ask(f"{_DRAFT}/delete", {"media_id": media_id}, dict)

    def count_drafts(self) -> int:
        """See `Articles`."""
        return self._read(f"{_DRAFT}/count", lambda fields: int(fields["total_count"]))

    def drafts(self, start: int = 0) -> Iterator[Draft]:
        """See `Articles`."""
        return self._walk(f"{_DRAFT}/batchget", _draft, start)

    def publish(self, media_id: str) -> str:
        """See `Articles`."""
        made: str = self._sdk.post(
            f"{_PUBLISH}/submit",
            data={"media_id": media_id},
            once=True,
            result_processor=lambda of: str(of["publish_id"]),
        )
        return made

    def publication(self, publish_id: str) -> Publication:
        """See `Articles`."""
        return self._ask(f"{_PUBLISH}/get", {"publish_id": publish_id}, _publication)

    def article(self, article_id: str) -> tuple[Written, ...]:
        """See `Articles`."""
        return self._ask(f"{_PUBLISH}/getarticle", {"article_id": article_id}, _written)

    def published(self, start: int = 0) -> Iterator[PublishedArticles]:
        """See `Articles`."""
        return self._walk(f"{_PUBLISH}/batchget", _published, start)

    def unpublish(self, article_id: str, *, number: int | None = None) -> None:
        """See `Articles`."""
        self._ask(f"{_PUBLISH}/delete", {"article_id": article_id, "index": number or _EVERY}, dict)

    def _walk(self, path: str, made: Callable[[Mapping[str, Any]], T], start: int) -> Iterator[T]:
        def page(place: int) -> tuple[list[T], int]:
            asked = {"offset": place, "count": limits.LISTED_AT_ONCE, "no_content": 1}
            return self._ask(path, asked, lambda of: ([*map(made, of["item"])], int(of["total_count"])))

        return listed(page, start)


def _body(article: Article | PictureArticle) -> dict[str, Any]:
    comments = {
        "need_open_comment": int(article.comments),
        "only_fans_can_comment": int(article.followers_comment_only),
    }
    common = {"title": article.title, "content": article.content, **comments}
    if isinstance(article, PictureArticle):
        pictures = [{"image_media_id": media_id} for media_id in article.media_ids]
        return {"article_type": "newspic", **common, "image_info": {"image_list": pictures}}
    more = {"author": article.author, "digest": article.digest, "content_source_url": article.source_url}
    return {"article_type": "news", **common, "thumb_media_id": article.thumb_media_id} | {
        name: value for name, value in more.items() if value
    }


def _written(fields: Mapping[str, Any]) -> tuple[Written, ...]:
    return tuple(
        Written(
            title=str(of["title"]),
            content=str(of.get("content", "")),
            author=str(of.get("author", "")),
            digest=str(of.get("digest", "")),
            url=str(of.get("url", "")),
            source_url=str(of.get("content_source_url", "")),
            thumb_media_id=str(of.get("thumb_media_id", "")),
            of_pictures=of.get("article_type") == "newspic",
            is_deleted=bool(of.get("is_deleted")),
        )
        for of in fields["news_item"]
    )


def _when(fields: Mapping[str, Any]) -> datetime | None:
    since = fields.get("update_time")
    return datetime.fromtimestamp(int(since), UTC) if since else None


def _draft(fields: Mapping[str, Any]) -> Draft:
    return Draft(
        media_id=str(fields["media_id"]), articles=_written(fields.get("content", fields)), updated_at=_when(fields)
    )


def _published(fields: Mapping[str, Any]) -> PublishedArticles:
    return PublishedArticles(
        article_id=str(fields["article_id"]), articles=_written(fields["content"]), updated_at=_when(fields)
    )


def _publication(fields: Mapping[str, Any]) -> Publication:
    detail = fields.get("article_detail") or {}
    return Publication(
        state=PublishState(int(fields["publish_status"])),
        article_id=str(fields.get("article_id", "")),
        urls=tuple(str(item["article_url"]) for item in detail.get("item", ())),
        failed=tuple(int(index) for index in fields.get("fail_idx", ())),
    )
