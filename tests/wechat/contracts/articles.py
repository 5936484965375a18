"""What every `Articles` does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.wechat.contract import JPG, World, the_fault
from wechat.api.articles import PublishState
from wechat.errors import BadRequest
from wechat.messages import Article, PictureArticle


class ArticlesContract:
    def test_a_draft_is_kept_rewritten_and_deleted(self, world: World):
        first, second = an_article(world, title="开学"), an_article(world, title="结业")
        media_id = world.wechat.add_draft([first, second])
        world.passes(60)
        before = world.wechat.draft(media_id)
        world.wechat.update_draft(media_id, replace(first, title="毕业"), place=1)
        after = world.wechat.draft(media_id)
        world.wechat.delete_draft(media_id)
        gone = [the_fault(call, media_id) for call in (world.wechat.draft, world.wechat.delete_draft)]

        assert [one.title for one in before.articles] == ["开学", "结业"]
        assert [one.title for one in after.articles] == ["开学", "毕业"]
        assert (after.updated_at or 0) - (before.updated_at or 0) == timedelta(minutes=1)  # type: ignore[operator]
        assert [(type(fault), fault.errcode) for fault in gone] == [(BadRequest, 40007)] * 2

    def test_an_article_comes_back_as_it_went(self, world: World):
        article = an_article(
            world,
            author="宣传组",
            digest="一句话",
            source_url="https://a.example/",
            comments=True,
            content="<p>正文</p>",
        )
        (kept,) = world.wechat.draft(world.wechat.add_draft([article])).articles

        assert (kept.title, kept.content, kept.author) == (article.title, "<p>正文</p>", "宣传组")
        assert (kept.digest, kept.source_url) == ("一句话", "https://a.example/")
        assert (kept.thumb_media_id, kept.of_pictures) == (article.thumb_media_id, False)

    def test_one_article_without_a_digest_gets_its_first_words(self, world: World):
        words = "正" * 60
        alone = world.wechat.add_draft([an_article(world, content=words)])
        both = world.wechat.add_draft([an_article(world, content=words)] * 2)

        assert [one.digest for one in world.wechat.draft(alone).articles] == ["正" * 54]
        assert [one.digest for one in world.wechat.draft(both).articles] == ["", ""]

    def test_pictures_may_be_an_article(self, world: World):
        covers = tuple(world.wechat.add_material("image", JPG).media_id for _ in range(2))
        media_id = world.wechat.add_draft([PictureArticle(title="活动", content="两张照片", media_ids=covers)])
        (kept,) = world.wechat.draft(media_id).articles

        assert (kept.title, kept.content, kept.of_pictures) == ("活动", "两张照片", True)

    def test_drafts_are_counted_and_listed_without_their_contents(self, world: World):
        article, made = an_article(world), []
        for number in range(21):
            made.append(world.wechat.add_draft([replace(article, title=f"第{number}期")]))
            world.passes(1)
        listed = list(world.wechat.drafts())

        assert world.wechat.count_drafts() == 21
        assert [one.media_id for one in listed] == made[::-1]
        assert [(one.title, one.content) for one in listed[0].articles] == [("第20期", "")]
        assert [one.media_id for one in world.wechat.drafts(start=20)] == made[:1]

    def test_a_cover_that_is_not_kept_for_good_is_refused(self, world: World):
        lost = replace(an_article(world), thumb_media_id=world.wechat.upload("image", JPG))
        fault = the_fault(world.wechat.add_draft, [lost])

        assert (type(fault), fault.errcode) == (BadRequest, 40007)

    def test_a_place_that_is_not_there_can_not_be_rewritten(self, world: World):
        article = an_article(world)
        media_id = world.wechat.add_draft([article])

        assert the_fault(world.wechat.update_draft, media_id, article, place=1).errcode == 40097

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"title": ""}, "title"),
            ({"title": "题" * 22}, "title"),
            ({"title": "t" * 33}, "title"),
            ({"author": "宣" * 9}, "author"),
            ({"digest": "摘" * 121}, "digest"),
            ({"content": " "}, "content"),
            ({"content": "文" * 20_000}, "content"),
            ({"content": '<img src="https://a.example/1.png">'}, "content"),
            ({"thumb_media_id": ""}, "thumb_media_id"),
            ({"source_url": "a.example"}, "content_source_url"),
        ],
    )
    def test_an_article_that_breaks_a_rule_is_not_sent(self, world: World, change: dict[str, str], field: str):
        good = Article(title="题", content="文", thumb_media_id="any")
        fault = the_fault(world.wechat.add_draft, [good, replace(good, **change)])  # type: ignore[arg-type]

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, f"articles[1].{field}")

    def test_a_draft_has_one_to_eight_articles_and_one_to_twenty_pictures(self, world: World):
        good = Article(title="题", content="文", thumb_media_id="any")
        faults = [the_fault(world.wechat.add_draft, articles) for articles in ([], [good] * 9)]
        bare = the_fault(world.wechat.add_draft, [PictureArticle(title="题", content="文", media_ids=())])
        many = the_fault(world.wechat.add_draft, [PictureArticle(title="题", content="文", media_ids=("m",) * 21)])

        assert [getattr(fault, "field", "") for fault in faults] == ["articles"] * 2
        assert [getattr(fault, "field", "") for fault in (bare, many)] == ["articles[0].image_info"] * 2

    def test_what_is_published_stands_until_it_is_deleted(self, world: World):
        media_id = world.wechat.add_draft([an_article(world, title="开学"), an_article(world, title="结业")])
        publish_id = world.wechat.publish(media_id)
        done = world.wechat.publication(publish_id)
        standing = world.wechat.article(done.article_id)
        world.wechat.unpublish(done.article_id, number=2)
        one = world.wechat.article(done.article_id)
        still = world.wechat.publication(publish_id)
        world.wechat.unpublish(done.article_id)

        assert (done.state, done.failed, len(done.urls)) == (PublishState.DONE, (), 2)
        assert [(each.title, each.url) for each in standing] == [("开学", done.urls[0]), ("结业", done.urls[1])]
        assert [each.is_deleted for each in one] == [False, True]
        assert still.state == PublishState.DONE
        assert [each.is_deleted for each in world.wechat.article(done.article_id)] == [True, True]
        assert world.wechat.publication(publish_id).state == PublishState.DELETED

    def test_publishing_takes_the_draft_away_and_tells_no_follower(self, world: World):
        ann = world.joins()
        media_id = world.wechat.add_draft([an_article(world)])
        world.wechat.publish(media_id)

        assert the_fault(world.wechat.publish, media_id).errcode == 40007
        assert the_fault(world.wechat.draft, media_id).errcode == 40007
        assert world.shown_to(ann) == 0

    def test_what_is_published_can_be_sent_to_a_member(self, world: World):
        ann = world.joins()
        publish_id = world.wechat.publish(world.wechat.add_draft([an_article(world)]))
        world.wechat.send_article(ann, world.wechat.publication(publish_id).article_id)

        assert world.shown_to(ann) == 1
        assert the_fault(world.wechat.send_article, ann, "none").errcode == 53600

    def test_what_is_published_is_listed_without_its_contents(self, world: World):
        made = []
        for title in ("旧", "新"):
            publish_id = world.wechat.publish(world.wechat.add_draft([an_article(world, title=title)]))
            made.append(world.wechat.publication(publish_id).article_id)
            world.passes(1)
        listed = list(world.wechat.published())

        assert [one.article_id for one in listed] == made[::-1]
        assert [(one.title, one.content) for one in listed[0].articles] == [("新", "")]

    @pytest.mark.parametrize(
        ("state", "failed"),
        [
            (PublishState.RUNNING, ()),
            (PublishState.NOT_ORIGINAL, (1,)),
            (PublishState.FAILED, (1,)),
            (PublishState.REFUSED, (1,)),
        ],
    )
    def test_a_publication_may_take_long_or_come_to_nothing(
        self, world: World, state: PublishState, failed: tuple[int, ...]
    ):
        world.publishing_ends(state)
        known = world.wechat.publication(world.wechat.publish(world.wechat.add_draft([an_article(world)])))

        assert (known.state, known.failed, known.article_id, known.urls) == (state, failed, "", ())
        assert list(world.wechat.published()) == []

    def test_what_was_never_published_is_refused(self, world: World):
        assert the_fault(world.wechat.article, "none").errcode == 53600
        assert the_fault(world.wechat.unpublish, "none").errcode == 53600
        assert the_fault(world.wechat.publication, "1").errcode == 40097


def an_article(world: World, **change: object) -> Article:
    cover = world.wechat.add_material("thumb", JPG).media_id
    return replace(Article(title="要闻", content="正文", thumb_media_id=cover), **change)  # type: ignore[arg-type]
