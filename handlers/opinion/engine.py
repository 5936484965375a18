"""The rules of the opinion box: what may be sent, how a receipt code is made and read, which state follows which."""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Protocol, Self, TypeVar

# -- what becomes of an opinion ----------------------------------------------------------------------------------


class State(StrEnum):
    """How far an opinion has come."""

    RECEIVED = "received"
    IN_HAND = "in_hand"
    ASKED = "asked"  # we asked the sender something, and wait
    ANSWERED = "answered"
    PARTLY = "partly"  # answered, and only a part of it could be done
    CLOSED = "closed"
    REOPENED = "reopened"  # by the sender


class Review(StrEnum):
    """Why a person has to look at words or a picture first: the platform says so, or nobody could ask it."""

    RISKY = "risky"
    DOUBTFUL = "review"
    UNCHECKED = "unchecked"


JUDGED_WITHIN = timedelta(hours=2)  # the platform judges what comes from who was in the mini-program so lately
_PASSED = "pass"
_GAP = re.compile("【[^】]*】")


def review_of(suggest: str) -> str:
    """What a suggestion of the platform means here: "" lets it pass, and what we don't know is for a person."""
    if suggest == _PASSED:
        return ""
    return Review(suggest) if suggest in set(Review) else Review.UNCHECKED


def worse(one: str, other: str) -> str:
    """The graver of two reviews; a later one takes no mark off."""
    order = ["", *reversed(Review)]
    return max(one, other, key=order.index)


def to_judge(words: str, *, name: str, verified: bool) -> str:
    """What is judged of an opinion's words: a name that somebody typed is among them."""
    return f"{name}\n{words}" if name and not verified else words


ENDS = frozenset({State.ANSWERED, State.PARTLY, State.CLOSED})
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.RECEIVED: ENDS | {State.IN_HAND, State.ASKED},
    State.IN_HAND: ENDS | {State.ASKED},
    State.ASKED: ENDS | {State.IN_HAND},
    State.ANSWERED: ENDS | {State.IN_HAND},  # an answer may be mended
    State.PARTLY: ENDS | {State.IN_HAND},
    State.CLOSED: frozenset({State.IN_HAND}),
    State.REOPENED: ENDS | {State.IN_HAND, State.ASKED},
}


def may_become(state: str, wanted: str) -> bool:
    """Whether `wanted` is a state that may follow."""
    return wanted in TRANSITIONS[State(state)]


class Remedy(StrEnum):
    """How far what is done about it beyond an answer has come, in one or more measures."""

    RUNS = "runs"
    SEEN = "seen"  # somebody else has seen of each that it is done


def remedy(verified: Sequence[bool]) -> Remedy | None:
    """How far it is, of whether each measure was verified; None where there is none."""
    return (Remedy.SEEN if all(verified) else Remedy.RUNS) if verified else None


# -- what the sender says to it ------------------------------------------------------------------------------------


class Asks(StrEnum):
    """What a sender may say something to, once."""

    QUESTION = "question"
    VERDICT = "verdict"


class Solved(StrEnum):
    """What the sender thinks of an answer."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


SAID_LONGEST = 500  # characters of what a sender says to a question or an answer
NOTE_LONGEST = 500  # of what we say: it fits the platform's text with a line before it


class Heard(Protocol):
    """What a sender said, as storage.opinion.Heard."""

    @property
    def day(self) -> date:
        """When."""

    @property
    def turn(self) -> int:
        """To which of our words."""

    @property
    def words(self) -> str:
        """Themselves."""

    @property
    def solved(self) -> str:
        """What they think of an answer."""

    @property
    def reopen(self) -> bool:
        """Whether it is to be gone on with."""


class Said(Protocol):
    """What we said, as storage.opinion_notes.Note."""

    @property
    def turn(self) -> int:
        """Which of our words it is."""

    @property
    def kind(self) -> str:
        """The state that it brought about."""

    @property
    def words(self) -> str:
        """Themselves."""

    @property
    def day(self) -> date:
        """When."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the talk between us and a sender: `kind` is a state, where it is ours, else one of `Asks`."""

    ours: bool
    kind: str
    words: str
    day: date
    solved: str = ""
    reopen: bool = False


_SPOKEN = ENDS | {State.ASKED}
ANSWERS = frozenset({State.ANSWERED, State.PARTLY})


def talk(notes: Sequence[Said], heard: Sequence[Heard]) -> list[Line]:
    """All that was said to and fro; nothing internal, and of an answer that was mended only what stands."""
    said: list[Line] = []
    theirs = {each.turn: each for each in heard}
    for note in notes:
        if note.kind not in _SPOKEN:
            continue
        if said and said[-1].ours and {said[-1].kind, note.kind} <= ANSWERS:
            said.pop()
        said.append(Line(ours=True, kind=note.kind, words=note.words, day=note.day))
        if note.turn in theirs:
            said.append(_from_sender(theirs[note.turn], note.kind))
    return said


def _from_sender(said: Heard, to: str) -> Line:
    kind = Asks.QUESTION if to == State.ASKED else Asks.VERDICT
    return Line(ours=False, kind=kind, words=said.words, day=said.day, solved=said.solved, reopen=said.reopen)


def asks(state: str, turns: int, heard: Sequence[Heard]) -> Asks | None:
    """What the sender may say something to now; `state` is the one that the last of our words brought about."""
    if any(each.turn == turns for each in heard):
        return None
    if state == State.ASKED:
        return Asks.QUESTION
    return Asks.VERDICT if state in ENDS else None


def trouble(asked: Asks, words: str, *, solved: str, reopen: bool, shortest: int) -> "Problem | None":
    """Why this isn't taken; what is reopened needs words, and so does an answer to a question."""
    wordy = asked is Asks.QUESTION or reopen
    if asked is Asks.VERDICT and (solved not in set(Solved) or (reopen and solved == Solved.YES)):
        return Problem.NOT_A_VERDICT
    if len(words) > SAID_LONGEST:
        return Problem.TOO_LONG
    if has_code(words):
        return Problem.HAS_CODE
    needed = shortest if reopen else 1
    return Problem.TOO_SHORT if wordy and len(re.sub(r"[\W_]", "", words)) < needed else None


def gaps(words: str, ready: Iterable[str]) -> list[str]:
    """What the `ready` words leave to be filled in, 【so】, and what still stands in these words."""
    left = {gap for each in ready for gap in _GAP.findall(each)}
    return [gap for gap in _GAP.findall(words) if gap in left]


def cleaned(words: str) -> str:
    """Words without what can't be seen."""
    return _UNSEEN.sub("", words.replace("\r\n", "\n")).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a sender is saying to our last words, on its way in the chat. `id` is the one it will be kept under."""

    id: str
    turn: int
    asked: str
    solved: str = ""
    words: str = ""

    @property
    def reopens(self) -> bool:
        """Whether it is to be gone on with: whoever says what is missing wants that."""
        return self.asked == Asks.VERDICT and self.solved != Solved.YES and bool(self.words)


# -- by when it is answered ----------------------------------------------------------------------------------------


class Workdays(Protocol):
    """Which days are worked on (scheduler.workdays)."""

    def is_workday(self, day: date) -> bool:
        """Whether this one is."""

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of its year isn't known yet."""

    def after(self, day: date, count: int) -> date:
        """The `count`-th workday after a day."""

    def between(self, day: date, last: date) -> int:
        """How many come after a day, up to and with the last."""

    def left(self, due: date, today: date) -> int:
        """How many are left until a day, less than none when it is over."""

    def is_next(self, today: date, day: date) -> bool:
        """Whether today is the first one after a day."""


_OPEN = frozenset({State.RECEIVED, State.IN_HAND, State.REOPENED})


class Handled(Protocol):
    """An opinion, as far as it is handled here (storage.opinion.Opinion)."""

    @property
    def category(self) -> str:
        """Its name."""

    @property
    def state(self) -> str:
        """The one that we left it in."""

    @property
    def due(self) -> date | None:
        """By when it is answered."""

    @property
    def stopped_on(self) -> date | None:
        """When the clock was stopped."""

    @property
    def turns(self) -> int:
        """How often we said something to the sender."""

    @property
    def heard(self) -> Sequence[Heard]:
        """What the sender said to it."""

    def at(self, *, state: str, due: date | None) -> Self:
        """The same, further on."""


H = TypeVar("H", bound=Handled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Within how many workdays an opinion is answered: what an `urgent` category says of its own, else `categories`.

    What neither says has `days`.
    """

    workdays: Workdays
    days: int
    categories: Callable[[], str]
    urgent: Callable[[], Mapping[str, int]] = dict

    def due(self, category: str, day: date) -> date:
        """By when what comes on this day is answered."""
        own = self.urgent().get(category) or dict(_listed(self.categories())).get(category)
        return self.workdays.after(day, own or self.days)

    def escalates_after(self, category: str, workdays: int) -> int:
        """With how many workdays of delay it goes up each level: in all things urgent no slower than was promised."""
        return min(self.urgent().get(category) or workdays, workdays)

    def current(self, opinion: H) -> H:
        """The opinion as what its sender said left it: an answer lets the clock go on, a comment opens it anew."""
        said = next((each for each in opinion.heard if each.turn == opinion.turns), None)
        if said is None:
            return opinion
        if opinion.state == State.ASKED:
            return opinion.at(state=State.IN_HAND, due=self.gone_on(opinion, said.day))
        if said.reopen and opinion.state in ENDS:
            return opinion.at(state=State.REOPENED, due=self.due(opinion.category, said.day))
        return opinion

    def gone_on(self, opinion: Handled, day: date) -> date | None:
        """By when it is answered, where the clock stood still until this day; what was late stays late."""
        stopped, due = opinion.stopped_on, opinion.due
        if stopped is None or due is None or due < stopped:
            return due
        return self.workdays.after(day, self.workdays.between(stopped, due))

    def is_sure(self, due: date) -> bool:
        """Whether that year's holidays are known: else Monday to Friday were counted."""
        return not self.workdays.is_provisional(due)

    def left(self, state: str, due: date | None, today: date) -> int | None:
        """How many workdays are left, less than none when it is overdue; None where nobody waits for an answer."""
        return None if due is None or state not in _OPEN else self.workdays.left(due, today)

    def was_heard(self, heard: Sequence[Heard], turn: int, today: date) -> bool:
        """Whether to say today that a sender spoke: on the first workday after theirs, so that no time is told."""
        return any(self.workdays.is_next(today, each.day) for each in heard if each.turn == turn)


# -- by whose hands ------------------------------------------------------------------------------------------------

TAGS, TAG_LONGEST = 5, 10  # so many of an opinion, of so many characters: each row is as long as any other
ALIKE = 0.5
_BETWEEN_TAGS = re.compile(r"[\s、，,；;#]+")


def tags(written: str) -> tuple[str, ...] | None:
    """The tags in what an admin wrote; None where there are too many, or one is too long."""
    found = tuple(dict.fromkeys(filter(None, _BETWEEN_TAGS.split(cleaned(written)))))
    return found if len(found) <= TAGS and all(len(each) <= TAG_LONGEST for each in found) else None


def likeness(one: str, other: str, *, fillers: str = "") -> float:
    """How much of two texts is the same, from 0 to 1: the pairs of letters in both, of all; `fillers` say little."""
    first, second = _pairs(one, fillers), _pairs(other, fillers)
    return 2 * (first & second).total() / ((first.total() + second.total()) or 1)


_SKETCH_BITS = 2048


def sketch(words: str, *, fillers: str = "") -> int:
    """A mark for each pair of letters, on 2 048 places: enough to say which texts may be alike, and no text."""
    marks = {1 << zlib.crc32(pair.encode()) % _SKETCH_BITS for pair in _pairs(words, fillers)}
    return sum(marks)


def sketched_likeness(one: int, other: int) -> float:
    """About how much of two texts is the same, as `likeness` says it."""
    return 2 * (one & other).bit_count() / ((one.bit_count() + other.bit_count()) or 1)


def _pairs(words: str, fillers: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", words).casefold()
    return Counter(map("".join, pairwise(each for each in plain if each.isalnum() and each not in fillers)))


# -- receipt codes -----------------------------------------------------------------------------------------------

# Of every group that looks alike one is used: 0 O Q, 1 I L, 2 Z, 5 S, 8 B, V U.
ALPHABET = "0123456789ACDEFGHJKMNPRTVWXY"
LOOK_ALIKES = str.maketrans("OQILZSBU", "0011258V")
GUESSES, GUESSES_SECONDS = 20, 60  # at receipts, of one who guesses: nobody who holds some asks for more
CODE_LETTERS = 12  # 28^11 ≈ 8·10^15 codes: 10^9 guesses at 10^5 outstanding ones hit less than once in 80 tries
_GROUP = 4
_PRIME = 29  # the first above 28: every wrong letter and every swap of neighbours changes the check letter
_CODE_IN_TEXT = re.compile(r"(?<![0-9A-Z])(?:[0-9A-Z][^0-9A-Z一-鿿]{0,3}){11}[0-9A-Z](?![0-9A-Z])")


def drawn(pick: Callable[[int], int]) -> str:
    """A new receipt code; `pick(n)` gives a secret number below n."""
    while True:
        body = "".join(ALPHABET[pick(len(ALPHABET))] for _ in range(CODE_LETTERS - 1))
        number = _check(body)
        if number < len(ALPHABET):
            return body + ALPHABET[number]


def _check(body: str) -> int:
    return sum(weight * ALPHABET.index(letter) for weight, letter in enumerate(body, start=1)) % _PRIME


def shown(code: str) -> str:
    """A receipt code as people read it: in groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read(typed: str) -> str:
    """What was typed as a code is made of: any width, case and spacing, and letters that look alike."""
    letters = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", typed).upper())
    return letters.translate(LOOK_ALIKES)


def is_code(code: str) -> bool:
    """Whether these letters are a receipt code typed without a slip."""
    return (
        len(code) == CODE_LETTERS
        and all(letter in ALPHABET for letter in code)
        and _check(code[:-1]) == ALPHABET.index(code[-1])
    )


def has_code(text: str) -> bool:
    """Whether a receipt code stands in the text."""
    upper = unicodedata.normalize("NFKC", text).upper()
    return any(is_code(read(found[0])) for found in _CODE_IN_TEXT.finditer(upper))


# -- choosing ----------------------------------------------------------------------------------------------------

_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", start=1)}
_ROOM_AROUND_A_NAME = 3  # 我要匿名, 1.匿名吧
_CHOICE = re.compile(r"(?:我?选|第)?([1-9]|[一二三四五六七八九])(?:号|个|项|种)?")


def chosen(said: str, options: Sequence[str]) -> int | None:
    """Which option is meant, by its number or its name; None if none or more than one could be. `said` is plain."""
    number = _CHOICE.fullmatch(said)
    if number:
        at = _NUMERALS.get(number[1]) or int(number[1])
        return at - 1 if at <= len(options) else None
    named = [at for at, option in enumerate(options) if _names(said, option)]
    return named[0] if len(named) == 1 else None


def _names(said: str, option: str) -> bool:
    """Whether the option's name, or enough of it, is all that was said: a sentence with the name in it is words."""
    if option in said:
        return "不" not in said and len(said) <= len(option) + _ROOM_AROUND_A_NAME
    return len(said) > 1 and said in option


_LISTED = re.compile(r"\s*([^、，,\n]*?)\s*(?:[（(]\s*([1-9]\d?)\s*(?:个工作日)?\s*[)）])?\s*(?:[、，,\n]|$)")


def listed(words: str) -> tuple[str, ...]:
    """The names in a list written with 、 or commas; nine at most, so that a number is one digit.

    In brackets behind a name may stand within how many workdays such an opinion is answered: see `Promise`.
    """
    return tuple(name for name, _ in _listed(words))


def _listed(words: str) -> list[tuple[str, int]]:
    """The names with their workdays, 0 where none are said."""
    return [(name, int(days or 0)) for name, days in _LISTED.findall(words) if name][:9]


# -- a draft -----------------------------------------------------------------------------------------------------


class Step(StrEnum):
    """What the sender is asked for."""

    WAY = "way"
    NAME = "name"
    CATEGORY = "category"
    WORDS = "words"
    VOICE = "voice"
    CONFIRM = "confirm"


BEFORE: Mapping[Step, Step] = {
    Step.NAME: Step.WAY,
    Step.CATEGORY: Step.WAY,
    Step.WORDS: Step.CATEGORY,
    Step.VOICE: Step.WORDS,
    Step.CONFIRM: Step.WORDS,
}


class Problem(StrEnum):
    """Why something was not taken; each is a phrase that says so kindly."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SAME_AGAIN = "same_again"
    HAS_CODE = "has_code"
    TOO_MANY_PICTURES = "too_many_pictures"
    TOO_MANY_VOICES = "too_many_voices"
    NO_PLACE_WITHOUT_NAME = "no_place_without_name"
    NOT_A_VERDICT = "not_a_verdict"
    NOT_A_NAME = "not_a_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long an opinion may be, in characters, and how many pictures and voices it may have."""

    shortest: int
    longest: int
    pictures: int
    voices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An opinion on its way. `receipt` is drawn before anything is kept, so that sending twice keeps one.

    `offered` is a voice of somebody without a name who has yet to hear what it tells of them, and to say yes.
    """

    receipt: str
    step: Step = Step.WAY
    named: bool = False
    name: str = ""
    verified: bool = False
    category: str = ""
    pieces: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    offered: str = ""
    place: str = ""

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Draft":
        """Read what `dumped` wrote."""
        lists = {name: tuple(state.get(name, ())) for name in ("pieces", "pictures", "voices")}
        return cls(**{**state, "step": Step(state["step"]), **lists})

    def dumped(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @property
    def words(self) -> str:
        """All that was written, a line for each message."""
        return "\n".join(self.pieces)

    def at(self, step: Step) -> "Draft":
        """The same, asked for something else; a voice that was only offered is not kept."""
        return replace(self, step=step, offered="")

    def anonymous(self) -> "Draft":
        """The same in nobody's name, without what was only said under one."""
        return replace(self, named=False, name="", verified=False, voices=(), offered="", place="", step=Step.CATEGORY)


_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HAN = "[㐀-鿿\U00020000-\U0003ffff]"
_LATIN = "[A-Za-zÀ-ɏ]"
_NAME = re.compile(rf"{_HAN}{{2,6}}|{_HAN}{{1,10}}(?:[·•・]{_HAN}{{1,10}}){{1,3}}|{_LATIN}(?:{_LATIN}|[ .'-]){{1,29}}")


def with_words(draft: Draft, text: str, bounds: Bounds) -> Draft | Problem:
    """The draft with one more message of words."""
    piece = _UNSEEN.sub("", text).strip()
    if has_code(piece):
        return Problem.HAS_CODE
    if piece in draft.pieces:
        return Problem.SAME_AGAIN
    longer = replace(draft, pieces=(*draft.pieces, piece) if piece else draft.pieces)
    return longer if len(longer.words) <= bounds.longest else Problem.TOO_LONG


def with_picture(draft: Draft, media_id: str, bounds: Bounds) -> Draft | Problem:
    """The draft with one more picture."""
    if media_id in draft.pictures:
        return Problem.SAME_AGAIN
    if len(draft.pictures) >= bounds.pictures:
        return Problem.TOO_MANY_PICTURES
    return replace(draft, pictures=(*draft.pictures, media_id))


def with_voice(draft: Draft, media_id: str, bounds: Bounds) -> Draft | Problem:
    """The draft with one more voice; without a name only offered, since a voice tells who speaks."""
    if media_id in (*draft.voices, draft.offered):
        return Problem.SAME_AGAIN
    if len(draft.voices) >= bounds.voices:
        return Problem.TOO_MANY_VOICES
    if not draft.named:
        return replace(draft, offered=media_id, step=Step.VOICE)
    return replace(draft, voices=(*draft.voices, media_id))


def with_offered(draft: Draft) -> Draft:
    """The draft with the voice that was offered."""
    return replace(draft, voices=(*draft.voices, draft.offered), offered="", step=Step.WORDS)


_PLACE_NAMED = 60  # characters


def with_place(draft: Draft, latitude: float, longitude: float, label: str) -> Draft | Problem:
    """The draft with a place instead of an earlier one, to some metres; never without a name, however coarse."""
    if not draft.named:
        return Problem.NO_PLACE_WITHOUT_NAME
    named = " ".join(cleaned(label).split())[:_PLACE_NAMED]
    return replace(draft, place=f"{named}（{latitude:.5f}, {longitude:.5f}）")


_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


def with_name(draft: Draft, text: str) -> Draft | Problem:
    """The draft with the name that the sender gives; nobody has checked it."""
    name = _BETWEEN_HAN.sub("", _UNSEEN.sub("", text).strip())
    if not _NAME.fullmatch(name):
        return Problem.NOT_A_NAME
    return replace(draft, name=name, verified=False, step=Step.CATEGORY)


def finished(draft: Draft, bounds: Bounds) -> Draft | Problem:
    """The draft, ready to be confirmed; who speaks need not write."""
    said = re.sub(r"[\W_]", "", draft.words)
    return draft.at(Step.CONFIRM) if draft.voices or len(said) >= bounds.shortest else Problem.TOO_SHORT
