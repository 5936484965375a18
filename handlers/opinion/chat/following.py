"""查询: from the receipt code to the answer, and what a sender says to it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, tzinfo

from content.unseen import typed
from handlers.conversation import Say
from handlers.guessing import Guesses
from handlers.opinion.chat.held import (
    ASKING,
    CONFIDENTIAL,
    DONE,
    MORE,
    SAYING,
    SURELY_WORDS,
    YES,
    draft_of,
    drop,
    hold,
    word_of,
)
from handlers.opinion.engine import drafts, receipts, thread
from handlers.opinion.engine.drafts import Bounds, Problem
from handlers.opinion.engine.promises import Promise
from handlers.opinion.engine.thread import Asks, Solved, Word
from handlers.opinion.service import Remedies
from handlers.router import Draft as Kept
from handlers.router import Turn, plain
from scheduler.postman import NotKept
from storage.opinion import Heard, Letter, Opinion, Opinions, Unread
from wechat.messages import Kind, Reply, Text

_VERDICTS = ("解决了", "部分解决", "没解决")


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What became of an opinion, for whoever holds its receipt; `post` as in `Outside`."""

    opinions: Opinions
    post: Callable[[Letter], bool]
    say: Say
    bounds: Bounds
    promise: Promise
    remedies: Remedies
    guesses: Guesses
    zone: tzinfo

    # -- asking what became of it --------------------------------------------------------------------------------

    def query(self, turn: Turn) -> Reply:
        """Ask for the code; a draft that is open is not thrown away for it."""
        draft = draft_of(turn)
        if draft:
            hold(turn, draft)
            return self._says("code_while_writing")
        if word_of(turn):
            turn.talk.draft = None
        turn.talk.hold("opinion", dict(ASKING))
        return self._says("ask_code")

    def query_code(self, turn: Turn) -> Reply:
        """Show what became of the opinion with this code."""
        code = receipts.read(turn.text)
        if not receipts.is_code(code):
            return self._says("not_a_code")
        if self.guesses.of_member(turn.who, turn.now):
            return self._says("too_many_codes")
        found = self.opinions.of_receipt(code)
        if found is None:
            self.guesses.missed(turn.now)
            return self._says("no_such_code")
        if turn.talk.state in (ASKING, SAYING):
            turn.talk.end()
        if word_of(turn):
            turn.talk.draft = None
        if isinstance(found, Unread):
            return self._says("cannot_be_read")
        opinion = self.promise.current(found)
        talk = thread.talk(self.opinions.notes.of(opinion.id), opinion.heard)
        return self._says(
            "status",
            day=self._say("day", day=opinion.day),
            category=opinion.category,
            state=self._say(f"state_{opinion.state}"),
            measure=self.remedies.stand(opinion),
            promised=self._due(opinion, self._now(turn).date()),
            talk=[(each, self._say("day", day=each.day)) for each in talk],
            invited=self._invited(turn, opinion),
            reply="" if talk else opinion.reply,
            answered_on=opinion.answered_on and self._say("day", day=opinion.answered_on),
            lost=opinion.lost,
        )

    def _due(self, opinion: Opinion, today: date) -> str:
        """By when it will be answered, or should have been; "" where nobody waits for that."""
        left = self.promise.left(opinion.state, opinion.due, today)
        if left is None or opinion.due is None:
            return ""
        return self.promised(opinion.due) if left >= 0 else self._say("overdue", day=opinion.due)

    def promised(self, due: date) -> str:
        """By when it is answered, in words."""
        return self._say("promised", day=due, sure=self.promise.is_sure(due))

    # -- saying something to what we said ------------------------------------------------------------------------

    def _invited(self, turn: Turn, opinion: Opinion) -> str:
        """What may be said now, once; "" where nothing may. What is being written comes first."""
        asked = thread.asks(opinion.state, opinion.turns, opinion.heard)
        if asked is None:
            return ""
        if draft_of(turn):
            return self._say("say_later")
        return self.saying(
            turn, Word(id=self.opinions.heard_id(opinion.id, opinion.turns), turn=opinion.turns, asked=asked)
        )

    def saying(self, turn: Turn, word: Word) -> str:
        """Hold it, and ask for what it lacks."""
        turn.talk.hold("opinion", dict(SAYING))
        turn.talk.draft = Kept("opinion", {"word": asdict(word)}, until=turn.now + CONFIDENTIAL)
        if word.words:
            return self._say("say_confirm", words=word.words, solved=word.solved)
        if word.asked == Asks.QUESTION:
            return self._say("say_answer")
        return self._say("say_why", solved=word.solved) if word.solved else self._say("say_verdict")

    def is_of_word(self, word: Word, said: str) -> bool:
        """Whether it is surely meant for what is being said to us."""
        if word.words:
            return said in YES or said in MORE
        if word.asked == Asks.VERDICT and not word.solved:
            return drafts.chosen(said, _VERDICTS) is not None
        return len(said) >= SURELY_WORDS or said in DONE

    def of_word(self, turn: Turn, word: Word) -> Reply:
        """Take what was sent for what it lacks."""
        said = plain(turn.text)
        if turn.message.kind is not Kind.TEXT:
            return self._says("words_only", pictures=False, voices=False)
        if turn.again:
            return Text(self.saying(turn, word))
        if word.words:
            return self._confirm_word(turn, word, said)
        if word.asked == Asks.VERDICT and not word.solved:
            return self._verdict(turn, word, said)
        if word.solved and said in DONE:
            return self._keep_word(turn, word)
        return self._words_of(turn, word)

    def _verdict(self, turn: Turn, word: Word, said: str) -> Reply:
        at = drafts.chosen(said, _VERDICTS)
        if at is None:
            return self._says("say_verdict")
        judged = replace(word, solved=tuple(Solved)[at])
        return self._keep_word(turn, judged) if judged.solved == Solved.YES else Text(self.saying(turn, judged))

    def _words_of(self, turn: Turn, word: Word) -> Reply:
        """Take the words, after those that were written before."""
        after = replace(word, words=typed(f"{word.words}\n{turn.text}"))
        found = thread.trouble(
            Asks(word.asked), after.words, solved=word.solved, reopen=after.reopens, shortest=self.bounds.shortest
        )
        if found is None:
            return Text(self.saying(turn, after))
        return self._says("said_too_long" if found is Problem.TOO_LONG else found, longest=thread.SAID_LONGEST)

    def _confirm_word(self, turn: Turn, word: Word, said: str) -> Reply:
        if said in YES:
            return self._keep_word(turn, word)
        if said in MORE:
            return Text(self.saying(turn, replace(word, words="")))
        if len(said) >= SURELY_WORDS:
            return self._words_of(turn, word)
        return Text(f"{self._say('said_aside')}{self.saying(turn, word)}")

    def _keep_word(self, turn: Turn, word: Word) -> Reply:
        """Have it kept as an anonymous opinion is, also where the opinion has a name; nothing is looked up for it."""
        today = self._now(turn).date()
        try:
            is_new = self.post(
                Heard(id=word.id, day=today, turn=word.turn, words=word.words, solved=word.solved, reopen=word.reopens)
            )
        except NotKept:
            return self._says("word_not_kept")
        drop(turn)
        return self._says("said" if is_new else "said_before", asked=word.asked, reopens=word.reopens)

    # -- words ---------------------------------------------------------------------------------------------------

    def _now(self, turn: Turn) -> datetime:
        return turn.now.astimezone(self.zone)

    def _say(self, key: str, **values: object) -> str:
        return self.say(f"opinion.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))
