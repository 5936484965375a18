"""Drafts and what is published on the fake platform."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from tests.fake_api.media import FakeTemporaryMedia
from wechat import limits
from wechat.api.articles import Draft, Publication, PublishedArticles, PublishState, Written
from wechat.messages import Article, PictureArticle

DIGEST_OF_CONTENT = 54


class FakeArticles(FakeTemporaryMedia):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._drafts: dict[str, Draft] = {}
        self._publications: dict[str, Publication] = {}
        self._publishing_ends = PublishState.DONE

    # -- drafts

    def add_draft(self, articles: Sequence[Article | PictureArticle]) -> str:
        limits.check_articles(articles)
        self._called("/cgi-bin/draft/add")
        media_id = f"draft-{next(self._serial)}"
        written = tuple(self._written(article, alone=len(articles) == 1) for article in articles)
        self._drafts[media_id] = Draft(media_id=media_id, articles=written, updated_at=self._clock())
        return media_id

    def draft(self, media_id: str) -> Draft:
        self._called("/cgi-bin/draft/get")
        return self._draft(media_id)

    def update_draft(self, media_id: str, article: Article | PictureArticle, *, place: int = 0) -> None:
        limits.check_articles([article])
        self._called("/cgi-bin/draft/update")
        held = list(self._draft(media_id).articles)
        if not 0 <= place < len(held):
            raise self._refusal(40097, "invalid args")
        held[place] = self._written(article, alone=len(held) == 1)
        del self._drafts[media_id]
        self._drafts[media_id] = Draft(media_id=media_id, articles=tuple(held), updated_at=self._clock())

    def delete_draft(self, media_id: str) -> None:
        self._called("/cgi-bin/draft/delete")
        self._take(media_id)

    def count_drafts(self) -> int:
        self._called("/cgi-bin/draft/count")
        return len(self._drafts)

    def drafts(self, start: int = 0) -> Iterator[Draft]:
        self._called("/cgi-bin/draft/batchget")
        for one in [*reversed(self._drafts.values())][start:]:
            yield replace(one, articles=tuple(replace(each, content="") for each in one.articles))

    # -- publishing

    def publish(self, media_id: str) -> str:
        self._called("/cgi-bin/freepublish/submit", talk=True)
        articles = self._take(media_id)
        publish_id = str(next(self._serial))
        self._publications[publish_id] = self._end(articles)
        return publish_id

    def publication(self, publish_id: str) -> Publication:
        self._called("/cgi-bin/freepublish/get", talk=True)
        if publish_id not in self._publications:
            raise self._refusal(40097, "invalid args")
        known = self._publications[publish_id]
        held = self._published.get(known.article_id)
        gone = held is not None and all(one.is_deleted for one in held.articles)
        return replace(known, state=PublishState.DELETED) if gone else known

    def article(self, article_id: str) -> tuple[Written, ...]:
        self._called("/cgi-bin/freepublish/getarticle", talk=True)
        return self._standing(article_id).articles

    def published(self, start: int = 0) -> Iterator[PublishedArticles]:
        self._called("/cgi-bin/freepublish/batchget", talk=True)
        for one in [*reversed(self._published.values())][start:]:
            yield replace(one, articles=tuple(replace(each, content="") for each in one.articles))

    def unpublish(self, article_id: str, *, number: int | None = None) -> None:
        self._called("/cgi-bin/freepublish/delete", talk=True)
        held = self._standing(article_id)
        if number is not None and not 1 <= number <= len(held.articles):
            raise self._refusal(40097, "invalid args")
        left = (
            replace(one, is_deleted=one.is_deleted or number in {None, place})
            for place, one in enumerate(held.articles, start=1)
        )
        self._published[article_id] = replace(held, articles=tuple(left))

    def publishing_ends(self, state: PublishState) -> None:
        """Let publications come to this from now on."""
        self._publishing_ends = state

    # -- the rules

    def _end(self, articles: tuple[Written, ...]) -> Publication:
        state = self._publishing_ends
        if state is not PublishState.DONE:
            failed = () if state is PublishState.RUNNING else tuple(range(1, len(articles) + 1))
            return Publication(state=state, failed=failed)
        article_id = f"article-{next(self._serial)}"
        standing = tuple(replace(one, url=f"http://mp.weixin.qq.com/s/{next(self._serial)}") for one in articles)
        self._published[article_id] = PublishedArticles(
            article_id=article_id, articles=standing, updated_at=self._clock()
        )
        return Publication(state=state, article_id=article_id, urls=tuple(one.url for one in standing))

    def _written(self, article: Article | PictureArticle, *, alone: bool) -> Written:
        media = article.media_ids if isinstance(article, PictureArticle) else (article.thumb_media_id,)
        if not set(media) <= set(self._materials):
            raise self._refusal(40007, "invalid media_id")
        if isinstance(article, PictureArticle):
            return Written(title=article.title, content=article.content, of_pictures=True)
        return Written(
            title=article.title,
            content=article.content,
            author=article.author,
            digest=article.digest or (article.content[:DIGEST_OF_CONTENT] if alone else ""),
            source_url=article.source_url,
            thumb_media_id=article.thumb_media_id,
        )

    def _draft(self, media_id: str) -> Draft:
        if media_id not in self._drafts:
            raise self._refusal(40007, "invalid media_id")
        return self._drafts[media_id]

    def _take(self, media_id: str) -> tuple[Written, ...]:
        taken = self._draft(media_id).articles
        del self._drafts[media_id]
        return taken

    def _standing(self, article_id: str) -> PublishedArticles:
        if article_id not in self._published:
            raise self._refusal(53600, "article_id is invalid")
        return self._published[article_id]
