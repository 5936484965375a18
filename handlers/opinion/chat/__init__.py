"""意见 and 查询: from the choice of a way to the receipt code, and from the code to the answer.

The platform's verdict on a picture comes by this door too.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from handlers.conversation import Say
from handlers.opinion import engine
from handlers.opinion.chat.following import Following
from handlers.opinion.chat.held import (
    ASKING,
    DONE,
    MORE,
    SAYING,
    SURELY_WORDS,
    YES,
    draft_of,
    drop,
    has_lapsed,
    hold,
    word_of,
)
from handlers.opinion.engine import Review, drafts, promises, receipts
from handlers.opinion.engine.drafts import Bounds, Draft, Problem, Step
from handlers.opinion.engine.promises import Promise
from handlers.opinion.service import Confidence
from handlers.router import Handler, Router, Talking, Turn, plain
from scheduler.postman import NotKept
from storage.checks import WORDS, Checks, Due
from storage.opinion import Letter, Opinion, Opinions
from storage.opinion_quota import Quota
from storage.people import People, Window
from wechat.messages import Kind, Location, MediaCheck, Reply, Silence, Text
from wechat.windows import ALLOWANCES

_WAYS = ("匿名", "实名")
_CHOICES = frozenset({Step.WAY, Step.CATEGORY, Step.VOICE, Step.CONFIRM})
_PAST_CHOICES = frozenset({Step.WORDS, Step.CONFIRM})
_WITHOUT_VOICES = frozenset({"去掉语音", "不要语音", "不附语音"})
_WITHOUT_PLACE = frozenset({"去掉位置", "不要位置", "不附位置"})
_PREVIEW = 300  # characters, so that the whole question stays on one screen and in one message
_SENT_BY_HAND = frozenset(
    {Kind.IMAGE, Kind.VOICE, Kind.VIDEO, Kind.SHORTVIDEO, Kind.LOCATION, Kind.LINK, Kind.MINIPROGRAM_PAGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionBox:
    """The doors of the opinion box. `takes_pictures`, `takes_voices`: there is a way to fetch them.

    `judged` are the accounts on which the platform judges what is said, `picture_id` the id that a picture will have,
    and `told` takes what the platform found: account, trace, review. `marked` says why a person looks at words first,
    "" for no reason. `post`: see `Outside`.
    """

    opinions: Opinions
    checks: Checks
    judged: Collection[str]
    picture_id: Callable[..., str]
    told: Callable[[str, str, str], None]
    post: Callable[[Letter], bool]
    quota: Quota
    people: People
    say: Say
    bounds: Bounds
    promise: Promise
    confidence: Confidence
    marked: Callable[[str], str]
    agreed: Callable[[str, datetime], None]  # the member agrees to what a name with an opinion means
    following: Following
    takes_pictures: bool
    takes_voices: bool
    zone: tzinfo

    # -- beginning -----------------------------------------------------------------------------------------------

    def start(self, turn: Turn) -> Reply:
        """Ask for the way; a draft that is open is gone on with."""
        draft = draft_of(turn)
        if draft is None:
            return self.restart(turn)
        return Text(f"{self._say('still_open')}\n{self._hold(turn, draft).content}")

    def restart(self, turn: Turn) -> Reply:
        """Begin a new draft; its receipt code is drawn now and shown only when all of it is kept."""
        return self._hold(turn, Draft(receipt=receipts.drawn(secrets.randbelow)))

    def resume(self, turn: Turn) -> Reply | None:
        """Ask again for what was asked last, also when something else came between."""
        draft, word = draft_of(turn), word_of(turn)
        if draft:
            return self._hold(turn, draft)
        if word:
            return Text(self.following.saying(turn, word))
        if turn.talk.feature != "opinion":
            return None
        return self._cleared(turn) if has_lapsed(turn) else self.following.query(turn)

    def _cleared(self, turn: Turn) -> Reply:
        """The draft has had its time; say so rather than not to understand what comes next."""
        phrase = "cleared_word" if turn.talk.state == SAYING else "cleared"
        turn.talk.end()
        return self._says(phrase)

    def back(self, turn: Turn) -> Reply:
        """One step back; before the first step there is nothing."""
        draft = draft_of(turn)
        before = drafts.BEFORE.get(draft.step) if draft else None
        if draft is None or before is None:
            return self.leave(turn)
        return self._hold(turn, draft.at(before))

    def leave(self, turn: Turn) -> Reply:
        """Throw the draft away and say so."""
        phrase = "left" if draft_of(turn) else "left_word" if word_of(turn) else "left_query"
        drop(turn)
        return self._says(phrase)

    # -- one step after the other --------------------------------------------------------------------------------

    def takes(self, turn: Turn) -> Handler | None:
        """What is surely meant for the opinion; short words may be another feature's name and are looked up first."""
        said = plain(turn.text)
        if word_of(turn) and (
            said.startswith("查询") or receipts.is_code(receipts.read(said))
        ):  # what they are saying can be begun anew
            return self.following.query_code if len(said) > len("查询") else self.following.query
        return self.answer if self._is_surely_meant(turn) else None

    def _is_surely_meant(self, turn: Turn) -> bool:
        if turn.message.kind is not Kind.TEXT:
            return turn.message.kind in _SENT_BY_HAND
        said, draft, word = plain(turn.text), draft_of(turn), word_of(turn)
        if has_lapsed(turn):
            return False
        if word:
            return self.following.is_of_word(word, said)
        if draft is None or said.startswith("查询"):
            return draft is None and receipts.is_code(receipts.read(said))
        return len(said) >= SURELY_WORDS or self._understands(draft.step, said)

    def answer(self, turn: Turn) -> Reply:
        """Take what was sent for the step the talk is at."""
        if turn.message.kind not in ALLOWANCES:
            return Silence()
        if has_lapsed(turn):
            return self._cleared(turn)
        draft, word = draft_of(turn), word_of(turn)
        if word:
            return self.following.of_word(turn, word)
        if draft is None:
            return self.following.query_code(turn) if turn.message.kind is Kind.TEXT else self._says("ask_code")
        return self._written(turn, draft)

    def _written(self, turn: Turn, draft: Draft) -> Reply:
        sends = {Kind.IMAGE: self._picture, Kind.VOICE: self._voice, Kind.LOCATION: self._place}
        if turn.message.kind in sends:
            return sends[turn.message.kind](turn, draft)
        if turn.message.kind in _SENT_BY_HAND:
            return self._words_only()
        if turn.message.kind is not Kind.TEXT or turn.again or (turn.overlapped and draft.step in _CHOICES):
            return Text(self._asked(draft))  # who tapped twice had not seen the second question
        return self._typed(turn, draft)

    def _typed(self, turn: Turn, draft: Draft) -> Reply:
        steps: Mapping[Step, Callable[[Turn, Draft], Reply]] = {
            Step.WAY: self._way,
            Step.NAME: self._name,
            Step.CATEGORY: self._category,
            Step.WORDS: self._words,
            Step.VOICE: self._offered,
            Step.CONFIRM: self._confirm,
        }
        return steps[draft.step](turn, draft)

    def _understands(self, step: Step, said: str) -> bool:
        match step:
            case Step.WAY:
                return drafts.chosen(said, _WAYS) is not None
            case Step.CATEGORY:
                return drafts.chosen(said, self._categories) is not None
            case Step.WORDS:
                return said in DONE or said in _WITHOUT_VOICES or said in _WITHOUT_PLACE
            case Step.VOICE:
                return said in YES or said in MORE or said in _WITHOUT_VOICES
            case Step.CONFIRM:
                return said in YES or said in MORE or said in _WITHOUT_VOICES or said in _WITHOUT_PLACE
            case Step.NAME:
                return False

    def _way(self, turn: Turn, draft: Draft) -> Reply:
        way = drafts.chosen(plain(turn.text), _WAYS)
        if way is None:
            return self._early(turn, draft, "which_way")
        if way == 0:
            return self._anonymous(turn, draft)
        named = replace(draft, named=True, name=turn.who.name, verified=turn.who.verified)
        return self._hold(turn, named.at(Step.CATEGORY if named.name else Step.NAME))

    def _anonymous(self, turn: Turn, draft: Draft) -> Reply:
        if self.quota.spent(account=turn.who.account, openid=turn.who.openid, now=self._now(turn)):
            return self._says("quota_spent", most=self.quota.a_day)
        asked = self._hold(turn, draft.anonymous())
        return Text(f"{self._say('left_with_the_name')}{asked.content}") if draft.voices or draft.place else asked

    def _name(self, turn: Turn, draft: Draft) -> Reply:
        """Take the name; who says the way once more has thought better of it."""
        if drafts.chosen(plain(turn.text), _WAYS) is not None:
            return self._way(turn, draft)
        return self._taken(turn, draft, drafts.with_name(draft, turn.text))

    def _category(self, turn: Turn, draft: Draft) -> Reply:
        at = drafts.chosen(plain(turn.text), self._categories)
        if at is None:
            return self._early(turn, draft, "which_category")
        category = self._categories[at]
        matter = self.confidence.matter(category)
        if not self.confidence.is_taken(category):
            return self._says("matter_elsewhere", matter=matter)
        asked = self._hold(turn, replace(draft, category=category, step=Step.WORDS))
        return Text(f"{self._say('matter_first', matter=matter)}\n\n{asked.content}") if matter else asked

    def _early(self, turn: Turn, draft: Draft, phrase: str) -> Reply:
        """Whoever says it all before they are asked needn't say it twice."""
        asked = self._say(phrase, categories=self._categories)
        if len(plain(turn.text)) < SURELY_WORDS:
            return Text(asked)
        after = drafts.with_words(draft, turn.text, self.bounds)
        if isinstance(after, Problem):
            return self._problem(after, draft)
        self._hold(turn, after)
        return Text(f"{self._say('noted_early')}{asked}")

    def _words(self, turn: Turn, draft: Draft) -> Reply:
        without = _without(plain(turn.text), draft)
        if without:
            return self._hold(turn, without)
        if plain(turn.text) in DONE:
            return self._taken(turn, draft, drafts.finished(draft, self.bounds))
        return self._taken(turn, draft, drafts.with_words(draft, turn.text, self.bounds))

    def _picture(self, turn: Turn, draft: Draft) -> Reply:
        if not self.takes_pictures:
            return self._says("pictures_not_possible")
        return self._taken(turn, draft, drafts.with_picture(draft, turn.message.media_id, self.bounds))

    def _voice(self, turn: Turn, draft: Draft) -> Reply:
        """Keep it with the draft; who gave no name first hears what a voice tells."""
        if not self.takes_voices:
            return self._says("voices_not_possible")
        if draft.step not in _PAST_CHOICES:
            return Text(f"{self._say('not_yet')}{self._asked(draft)}")
        return self._taken(turn, draft, drafts.with_voice(draft, turn.message.media_id, self.bounds))

    def _words_only(self) -> Reply:
        return self._says("words_only", pictures=self.takes_pictures, voices=self.takes_voices)

    def _offered(self, turn: Turn, draft: Draft) -> Reply:
        said = plain(turn.text)
        if said in YES:
            return self._hold(turn, drafts.with_offered(draft))
        if said in MORE or said in _WITHOUT_VOICES:
            return self._hold(turn, draft.at(Step.WORDS))
        return self._early(turn, draft, "voice_tells_who")

    def _place(self, turn: Turn, draft: Draft) -> Reply:
        """Keep it with a draft that has a name: it was offered here, for this."""
        where = turn.message.detail
        if draft.step not in _PAST_CHOICES:
            return Text(f"{self._say('not_yet')}{self._asked(draft)}")
        if not isinstance(where, Location) or where.latitude is None or where.longitude is None:
            return self._words_only()
        label = where.name or where.label
        return self._taken(turn, draft, drafts.with_place(draft, where.latitude, where.longitude, label))

    def _confirm(self, turn: Turn, draft: Draft) -> Reply:
        said = plain(turn.text)
        without = _without(said, draft)
        if without:
            after = drafts.finished(without, self.bounds)
            return self._hold(turn, without.at(Step.WORDS) if isinstance(after, Problem) else after)
        if said in YES:
            return self._send(turn, draft)
        if said in MORE:
            return self._hold(turn, draft.at(Step.WORDS))
        if len(said) < SURELY_WORDS:
            return self._says("yes_or_more")
        return self._taken(turn, draft, drafts.with_words(draft, turn.text, self.bounds))

    def _taken(self, turn: Turn, draft: Draft, after: Draft | Problem) -> Reply:
        return self._problem(after, draft) if isinstance(after, Problem) else self._hold(turn, after)

    def _problem(self, problem: Problem, draft: Draft) -> Reply:
        characters = len(draft.words)
        most = self.bounds.voices if problem is Problem.TOO_MANY_VOICES else self.bounds.pictures
        return self._says(problem, longest=self.bounds.longest, characters=characters, most=most)

    # -- sending -------------------------------------------------------------------------------------------------

    def _send(self, turn: Turn, draft: Draft) -> Reply:
        """Keep it, then show the code. Run again after a crash, the code is the same and nothing is kept twice.

        The draft of what can't be said to be kept stays.
        """
        today = self._now(turn).date()
        due = self.promise.due(draft.category, today)
        opinion = Opinion(
            id=self.opinions.id_of(draft.receipt),
            day=today,
            named=draft.named,
            name=draft.name,
            verified=draft.verified,
            category=draft.category,
            words=draft.words,
            state=engine.State.RECEIVED,
            awaited=tuple((turn.message.account, media_id) for media_id in (*draft.pictures, *draft.voices)),
            place=draft.place,
            review=self.marked(engine.to_judge(draft.words, name=draft.name, verified=draft.verified)),
            due=due,
            restricted=self.confidence.matter(draft.category) is not None,
        )
        try:
            phrase = self._send_named(turn, opinion, draft) if draft.named else self._send_anonymous(turn, opinion)
        except NotKept:
            return self._says("not_kept_yet")
        drop(turn)
        promised = self.following.promised(due)
        later = {"pictures": len(draft.pictures), "voices": len(draft.voices)}
        return self._says(phrase, code=receipts.shown(draft.receipt), promised=promised, **later)

    def _send_anonymous(self, turn: Turn, opinion: Opinion) -> str:
        if self.post(opinion):
            self.quota.count(account=turn.who.account, openid=turn.who.openid, now=self._now(turn))
        return "sent_anonymous"

    def _send_named(self, turn: Turn, opinion: Opinion, draft: Draft) -> str:
        """Keep it with its sender, and note how long the sender may be answered: private turns don't do that."""
        who = turn.who
        if not who.known:
            who = self.people.meet(account=who.account, openid=who.openid, today=self._now(turn).date())
        mine = replace(opinion, person=who.person, doubted=self._unjudged(turn, draft))
        self.opinions.keep_named(mine, message=turn.message.id, beside=self._to_judge(turn, mine, draft))
        allowance = ALLOWANCES[turn.message.kind]
        self.people.open_windows({who.contact: Window(turn.now + allowance.lasts, allowance.messages)})
        self.agreed(who.person, turn.now)
        return "sent_named"

    def _unjudged(self, turn: Turn, draft: Draft) -> tuple[tuple[str, str], ...]:
        """Voices that a mini-program took are for a person: the platform's check knows none of their forms."""
        account = turn.message.account
        voices = draft.voices if account in self.judged else ()
        return tuple((self.picture_id(account=account, media_id=each), Review.UNCHECKED.value) for each in voices)

    def _to_judge(self, turn: Turn, opinion: Opinion, draft: Draft) -> Due:
        """Words and pictures that a mini-program took are judged soon after: no HTTP happens inside a turn."""
        account, until = turn.message.account, turn.now + engine.JUDGED_WITHIN
        pictures = (self.picture_id(account=account, media_id=media) for media in draft.pictures)
        parts = [WORDS, *pictures] if account in self.judged else []
        return self.checks.due(opinion.id, parts, account=account, until=until)

    def hear(self, turn: Turn) -> Reply:
        """The platform has judged a picture; where it could not, a person decides."""
        found = turn.message.detail
        if isinstance(found, MediaCheck) and found.trace_id:
            review = engine.review_of(found.suggest if not found.error_code else "")
            self.told(turn.message.account, found.trace_id, review)
        return Silence()

    # -- words ---------------------------------------------------------------------------------------------------

    def _now(self, turn: Turn) -> datetime:
        return turn.now.astimezone(self.zone)

    @property
    def _categories(self) -> tuple[str, ...]:
        return promises.listed(self._say("categories"))

    def _hold(self, turn: Turn, draft: Draft) -> Text:
        hold(turn, draft)
        return Text(self._asked(draft))

    def _asked(self, draft: Draft) -> str:
        """What a draft is asked for at its step."""
        words = draft.words
        beside = {"pictures": self._pictures_to_speak_of(draft), "voices": len(draft.voices), "place": draft.place}
        if draft.step is Step.WORDS and (words or draft.pictures or draft.voices or draft.place):
            return self._say("words_so_far", **{**beside, "characters": len(words), "pictures": len(draft.pictures)})
        return self._say(
            _QUESTIONS[draft.step],
            name=draft.name,
            verified=draft.verified,
            anonymous=not draft.named,
            category=draft.category,
            categories=self._categories,
            longest=self.bounds.longest,
            words=self._preview(words),
            most_voices=self.bounds.voices if self.takes_voices else 0,
            **beside,
        )

    def _pictures_to_speak_of(self, draft: Draft) -> int:
        """How many there are; where they are asked for, how many there may be."""
        if draft.step is Step.WORDS:
            return self.bounds.pictures if self.takes_pictures else 0
        return len(draft.pictures)

    def _preview(self, words: str) -> str:
        if len(words) <= _PREVIEW:
            return words
        return self._say("cut_short", words=words[:_PREVIEW], characters=len(words))

    def _say(self, key: str, **values: object) -> str:
        return self.say(f"opinion.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))


_QUESTIONS: Mapping[Step, str] = {
    Step.WAY: "way",
    Step.NAME: "name_please",
    Step.CATEGORY: "category",
    Step.WORDS: "words",
    Step.VOICE: "voice_tells_who",
    Step.CONFIRM: "confirm",
}


def _without(said: str, draft: Draft) -> Draft | None:
    """The draft without what is to be left out; None where it lacks that, or nothing is."""
    if said in _WITHOUT_VOICES and draft.voices:
        return replace(draft, voices=())
    return replace(draft, place="") if said in _WITHOUT_PLACE and draft.place else None


def routes(box: OpinionBox) -> Router:
    """意见, 查询, and all that is said while an opinion is being written; every turn is private."""
    return Router(
        "opinion",
        private=True,
        words={
            ("意见", "建言", "我要建言", "提意见", "我要提意见", "提建议", "意见反馈", "意见箱"): box.start,
            ("查询", "查询意见", "查询回执", "意见查询", "查询答复", "查询回复", "我的意见"): box.following.query,
        },
        keys={"opinion.start": box.start, "opinion.query": box.following.query},
        kinds={Kind.MEDIA_CHECKED: box.hear},
        patterns={
            r"查询\W*[0-9a-z][0-9a-z\W]*": box.following.query_code,
            r"[0-9a-z]{4}\W?[0-9a-z]{4}\W?[0-9a-z]{4}": box.following.query_code,
        },
        talking=Talking(
            takes=box.takes,
            otherwise=box.answer,
            resume=box.resume,
            restart=box.restart,
            back=box.back,
            leave=box.leave,
            takes_words=lambda turn: turn.talk.state != ASKING,
            lapsed=has_lapsed,
        ),
    )
