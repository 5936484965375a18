"""What is said of the digests: a numbered list, one digest in its voices, topics, and what a word finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from content.library import Library
from content.models import Digest, DigestKind, Topic
from content.organisations import belonging
from content.shelf import Holds
from handlers.digest import engine
from handlers.digest.engine import Ask, By, Listing
from handlers.router import Handler, Router, Talking, Turn, plain
from wechat.messages import Reply, Text

NEWS = ("要闻", "今日要闻", "新闻", "今日新闻", "动态", "党建要闻", "党建动态", "最新要闻", "看要闻", "news")
POLICY = ("政策", "政策摘要", "政策解读", "政策文件", "政策信息", "今日政策", "最新政策", "看政策", "policy")
_KINDS = "|".join(engine.NEWS_WORDS + engine.POLICY_WORDS)
# 查询 with a receipt code is the opinion box's; with Chinese words it looks for them.
_SEEKING = r"(搜|检索|找|search).+|查(?!询)\W*[\u4e00-\u9fff].*|查询(?!意见|回执|答复|回复|结果)\W*[\u4e00-\u9fff].*"


def routes(*, shelf: Holds, zone: ZoneInfo, public_url: str) -> Router:
    """要闻, 政策, 专题, 搜索 and their menu keys."""
    reader = Reader(shelf=shelf, zone=zone, public_url=public_url)
    return Router(
        "digest",
        words={
            NEWS: reader.news,
            POLICY: reader.policy,
            ("往期要闻", "历史要闻"): reader.past_news,
            ("往期政策", "历史政策"): reader.past_policy,
            ("专题", "专题列表", "主题列表", "按主题看"): reader.topics,
            ("搜索", "搜", "查找", "检索", "search"): reader.how_to_search,
        },
        keys={"digest.news": reader.news, "digest.policy": reader.policy},
        patterns={rf"{engine.LEAD}({_KINDS}).*": reader.of_kind, _SEEKING: reader.search},
        talking=Talking(
            takes=reader.takes,
            otherwise=reader.otherwise,
            resume=reader.resume,
            restart=reader.restart,
            back=reader.back,
            leave=reader.leave,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The doors of the digests. The talk holds either the topics that were numbered, or a list and what is open."""

    shelf: Holds
    zone: ZoneInfo
    public_url: str

    # -- asked for by name ---------------------------------------------------------------------------------------

    def news(self, turn: Turn) -> Reply:
        """Today's news, else the newest."""
        return self._todays(turn, DigestKind.NEWS)

    def policy(self, turn: Turn) -> Reply:
        """Today's policy, else the newest."""
        return self._todays(turn, DigestKind.POLICY)

    def past_news(self, turn: Turn) -> Reply:
        """All news, the newest first."""
        return self._past(turn, DigestKind.NEWS)

    def past_policy(self, turn: Turn) -> Reply:
        """All policy, the newest first."""
        return self._past(turn, DigestKind.POLICY)

    def of_kind(self, turn: Turn) -> Reply:
        """News or policy on a topic, or with some words in it."""
        ask = engine.ask_of_kind(turn.text, self._topics)
        if ask.topic:
            return self._on_topic(turn, ask)
        return self._with_words(turn, ask) if ask.words else self._todays(turn, ask.kind or DigestKind.NEWS)

    def search(self, turn: Turn) -> Reply:
        """News and policy with some words in it."""
        ask = engine.sought(turn.text)
        return self._with_words(turn, ask) if ask.words else self.how_to_search(turn)

    def how_to_search(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        """Say how to look for something."""
        return self._says("how_to_search")

    def topics(self, turn: Turn) -> Reply:
        """The topics that have something to read, numbered."""
        return self._topic_list(turn)

    # -- while being talked to -----------------------------------------------------------------------------------

    def takes(self, turn: Turn) -> Handler | None:
        """A number, a topic's name from the list of topics, or a word that turns the pages."""
        number = engine.number_in(turn.text)
        if _is_about_topics(turn):
            named = number is not None or engine.topic_named(turn.text, self._numbered_topics(turn)) is not None
            return partial(self._choose_topic, number=number) if named else None
        return self._turning(turn) if number is None else partial(self._open, number=number)

    def otherwise(self, turn: Turn) -> Reply:
        """Say what can be done here."""
        if _is_about_topics(turn):
            return self._says("topic_please", most=len(turn.talk.state["topics"]))
        return self._says("number_please", most=len(_listing(turn).slugs))

    def resume(self, turn: Turn) -> Reply | None:
        """What was being read, else the list."""
        if turn.talk.feature != "digest":
            return None
        if _is_about_topics(turn):
            return self.topics(turn)
        listing = _listing(turn)
        return self._open(turn, listing.open) if listing.open else self._show(turn, listing)

    def restart(self, turn: Turn) -> Reply:
        """The same question, answered anew."""
        if _is_about_topics(turn):
            return self.topics(turn)
        listing = _listing(turn)
        ask = Ask(listing.kind, listing.topic, listing.words)
        if listing.by is By.SEARCH:
            return self._with_words(turn, ask)
        if listing.by is By.TOPIC:
            return self._on_topic(turn, ask, from_topics=listing.from_topics)
        return self._todays(turn, listing.kind or DigestKind.NEWS)

    def back(self, turn: Turn) -> Reply:
        """From a digest to its list, from a page to the one before, from a topic to the topics, else good-bye."""
        if _is_about_topics(turn):
            return self._good_bye(turn)
        listing = _listing(turn)
        if listing.open:
            return self._show(turn, listing.at_page(listing.page))
        if listing.page:
            return self._show(turn, listing.at_page(listing.page - 1))
        return self.topics(turn) if listing.from_topics else self._good_bye(turn)

    def leave(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        """Good-bye, with the way back."""
        return self._says("left")

    def _good_bye(self, turn: Turn) -> Reply:
        turn.talk.end()
        return self._says("left")

    def _turning(self, turn: Turn) -> Handler | None:
        """What a word does to the list, or to the digest that is open. The rest of a long one comes first."""
        words = plain(turn.text)
        acts: Mapping[str, Handler] = {
            "上一篇": self._previous,
            "下一篇": self._next,
            "上一条": self._previous,
            "下一条": self._next,
            "上一页": self._page_before,
            "列表": self._list_again,
            "往期": self._earlier,
            "更早": self._earlier,
        }
        if not (turn.talk.more or _listing(turn).open):
            acts = {**acts, "下一页": self._page_after, "更多": self._page_after, "more": self._page_after}
        return acts.get(words)

    # -- lists ---------------------------------------------------------------------------------------------------

    def _todays(self, turn: Turn, kind: DigestKind) -> Reply:
        newest = self._out(turn, kind=kind)
        fresh = engine.todays(newest, today=self._today(turn), zone=self.zone)
        if fresh or not newest:
            return self._begin(turn, By.TODAY, Ask(kind), fresh)
        before = self._say("none_today", what=self._what(kind), newest=self._day(newest[0], turn.now))
        return self._begin(turn, By.NEWEST, Ask(kind), newest, before=before)

    def _past(self, turn: Turn, kind: DigestKind) -> Reply:
        return self._begin(turn, By.NEWEST, Ask(kind), self._out(turn, kind=kind))

    def _on_topic(self, turn: Turn, ask: Ask, *, from_topics: bool = False) -> Reply:
        found = self._out(turn, kind=ask.kind, topics=[ask.topic])
        if found:
            return self._begin(turn, By.TOPIC, ask, found, from_topics=from_topics)
        before = self._say("none_on_topic", what=self._what(ask.kind), topic=self._topic_name(ask.topic))
        return self._topic_list(turn, before=before)

    def _with_words(self, turn: Turn, ask: Ask) -> Reply:
        """What has the words; where the asked kind has nothing, what the other has."""
        found = self._readable(turn, self._library.search(ask.words, now=turn.now))
        of_kind = [digest for digest in found if engine.fits(digest, ask)]
        if of_kind:
            return self._begin(turn, By.SEARCH, ask, of_kind)
        what = self._what(ask.kind)
        if not found:
            return self._says("not_found" if self._out(turn) else "none", what=what, words=ask.words)
        before = self._say("found_elsewhere", what=what, words=ask.words)
        return self._begin(turn, By.SEARCH, Ask(words=ask.words), found, before=before)

    def _begin(
        self, turn: Turn, by: By, ask: Ask, found: Sequence[Digest], *, from_topics: bool = False, before: str = ""
    ) -> Reply:
        if not found:
            return self._says("none", what=self._what(ask.kind))
        return self._show(turn, engine.listed(by, ask, found, from_topics=from_topics), before=before)

    def _show(self, turn: Turn, listing: Listing, *, before: str = "") -> Reply:
        """The page that the list is turned to; what is gone meanwhile keeps its number and isn't shown."""
        turn.talk.hold("digest", listing.dumped())
        numbered = [(number, self._find(turn, slug)) for number, slug in listing.numbered()]
        return self._says(
            "list",
            before=before,
            heading=self._heading(turn, listing),
            lines=[engine.line(number, each, day=self._day(each, turn.now)) for number, each in numbered if each],
            has_previous=listing.page > 0,
            has_next=listing.page + 1 < listing.pages,
            has_earlier=listing.by is By.TODAY,
            address=self._address() if listing.total > len(listing.slugs) else "",
        )

    def _heading(self, turn: Turn, listing: Listing) -> str:
        """What a list is of. A list of today's names its day, since it may be looked at again tomorrow."""
        first = self._find(turn, listing.slugs[0])
        return self._say(
            f"heading_{listing.by}",
            what=self._what(listing.kind),
            day=self._day(first, turn.now) if first else "",
            is_today=first is not None and engine.day_of(first, self.zone) == self._today(turn),
            topic=self._topic_name(listing.topic),
            words=listing.words,
            total=listing.total,
        )

    def _page_after(self, turn: Turn) -> Reply:
        listing = _listing(turn)
        if listing.page + 1 >= listing.pages:
            return self._says("last_page")
        return self._show(turn, listing.at_page(listing.page + 1))

    def _page_before(self, turn: Turn) -> Reply:
        listing = _listing(turn)
        if not listing.page:
            return self._says("first_page")
        return self._show(turn, listing.at_page(listing.page - 1))

    def _list_again(self, turn: Turn) -> Reply:
        listing = _listing(turn)
        return self._show(turn, listing.at_page(listing.page))

    def _earlier(self, turn: Turn) -> Reply:
        return self._past(turn, _listing(turn).kind or DigestKind.NEWS)

    # -- topics --------------------------------------------------------------------------------------------------

    def _topic_list(self, turn: Turn, *, before: str = "") -> Reply:
        topics = engine.topics_with(self._out(turn), self._topics)
        if not topics:
            return self._says("none", what=self._what(None))
        turn.talk.hold("digest", {"topics": [topic.id for topic, _ in topics]})
        return self._says("topics", before=before, topics=topics)

    def _choose_topic(self, turn: Turn, number: int | None) -> Reply:
        numbered = self._numbered_topics(turn)
        topic = engine.topic_named(turn.text, numbered) if number is None else _at(number, numbered)
        return self._on_topic(turn, Ask(topic=topic.id), from_topics=True) if topic else self.otherwise(turn)

    def _numbered_topics(self, turn: Turn) -> list[Topic]:
        """The topics as they were numbered; one that was renamed meanwhile has its new name."""
        names = {topic.id: topic for topic in self._topics}
        return [names.get(id_) or Topic(id=id_, name=id_) for id_ in turn.talk.state["topics"]]

    # -- one digest ----------------------------------------------------------------------------------------------

    def _open(self, turn: Turn, number: int) -> Reply:
        listing = _listing(turn)
        slug = listing.slug(number)
        if slug is None:
            return self._says("number_please", most=len(listing.slugs))
        turn.talk.hold("digest", listing.opened(number).dumped())
        digest = self._find(turn, slug)
        if digest is None:
            return self._says("gone")
        return Text(self._told(digest, turn.now, has_next=number < len(listing.slugs)))

    def _told(self, digest: Digest, now: datetime, *, has_next: bool) -> str:
        return self._say(
            "digest",
            digest=digest,
            day=self._day(digest, now),
            what=self._what(digest.kind),
            parts=engine.parts(digest, at=str),  # which shows none
            address=self._address(digest) if engine.is_public(digest) else "",
            has_next=has_next,
        ).strip()

    def preview(self, digest: Digest, now: datetime) -> Sequence[tuple[str, str]]:
        """A digest as the only one of a list, and as it is opened there."""
        heading = self._say("heading_newest", what=self._what(digest.kind), total=1)
        line = engine.line(1, digest, day=self._day(digest, now))
        ways = {"has_previous": False, "has_next": False, "has_earlier": False}
        listed = self._say("list", before="", heading=heading, lines=[line], address="", **ways)
        return [("listed", listed.strip()), ("opened", self._told(digest, now, has_next=False))]

    def _next(self, turn: Turn) -> Reply:
        listing = _listing(turn)
        at = listing.open or listing.page * engine.SHOWN
        return self._open(turn, at + 1) if at < len(listing.slugs) else self._says("last_page")

    def _previous(self, turn: Turn) -> Reply:
        listing = _listing(turn)
        return self._open(turn, listing.open - 1) if listing.open > 1 else self._says("first_page")

    # -- what there is -------------------------------------------------------------------------------------------

    @property
    def _library(self) -> Library:
        return self.shelf.current()

    @property
    def _topics(self) -> tuple[Topic, ...]:
        return self._library.account.topics

    def _out(self, turn: Turn, *, kind: DigestKind | None = None, topics: Sequence[str] = ()) -> list[Digest]:
        return self._readable(turn, self._library.newest(now=turn.now, kind=kind, topics=topics))

    def _readable(self, turn: Turn, digests: Sequence[Digest]) -> list[Digest]:
        belongs = self._belongs(turn)
        return [digest for digest in digests if engine.may_read(digest, belongs)]

    def _find(self, turn: Turn, slug: str) -> Digest | None:
        """The digest, if it is still out and for this reader."""
        digest = self._library.digests.get(slug)
        may = digest is not None and digest.is_out(turn.now) and engine.may_read(digest, self._belongs(turn))
        return digest if may else None

    def _belongs(self, turn: Turn) -> frozenset[str]:
        """The organisations whose digests this reader sees: only a binding counts, never what somebody typed."""
        organisation = turn.who.organisation if turn.who.verified else ""
        return belonging(organisation, self._library.organisations)

    # -- words ---------------------------------------------------------------------------------------------------

    def _today(self, turn: Turn) -> date:
        return turn.now.astimezone(self.zone).date()

    def _day(self, digest: Digest, now: datetime) -> str:
        return self._say("day", day=engine.day_of(digest, self.zone), today=now.astimezone(self.zone).date())

    def _what(self, kind: DigestKind | None) -> str:
        return self._say(kind or "both")

    def _topic_name(self, topic: str) -> str:
        return next((each.name for each in self._topics if each.id == topic), topic)

    def _address(self, digest: Digest | None = None) -> str:
        """The page of a digest, or of all; nothing where nobody could reach it."""
        if not self.public_url:
            return ""
        return "/".join([self.public_url, "p", "digest", *([digest.slug] if digest else [])])

    def _say(self, key: str, **values: object) -> str:
        return self._library.say(f"digest.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values).strip())


def _is_about_topics(turn: Turn) -> bool:
    return "topics" in turn.talk.state


def _listing(turn: Turn) -> Listing:
    return Listing.load(turn.talk.state)


def _at(number: int, topics: Sequence[Topic]) -> Topic | None:
    return topics[number - 1] if 1 <= number <= len(topics) else None
