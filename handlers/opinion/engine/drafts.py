"""An opinion on its way: what is asked for, what is taken and what is not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from content.unseen import typed
from handlers.opinion.engine.receipts import has_code


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


_HAN = "[㐀-鿿\U00020000-\U0003ffff]"
_LATIN = "[A-Za-zÀ-ɏ]"
_NAME = re.compile(rf"{_HAN}{{2,6}}|{_HAN}{{1,10}}(?:[·•・]{_HAN}{{1,10}}){{1,3}}|{_LATIN}(?:{_LATIN}|[ .'-]){{1,29}}")

_SAID_FOR_SOMETHING_ELSE = re.compile(
    "不?同意|确[认定]|好[的了]|可以|不?是的?|提交|发送|补充|修改|完成|下一步|继续|重来|匿名|实名|姓名"
    "|没[有了]|不[用要写说]|不想说|不?知道|收到|谢谢|[你您]好"
)


def with_words(draft: Draft, text: str, bounds: Bounds) -> Draft | Problem:
    """The draft with one more message of words."""
    piece = typed(text)
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
    return replace(draft, place=place_told(latitude, longitude, label))


def place_told(latitude: float, longitude: float, label: str) -> str:
    """A place in words."""
    named = " ".join(typed(label).split())[:_PLACE_NAMED]
    return f"{named}（{latitude:.5f}, {longitude:.5f}）"


_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


def with_name(draft: Draft, text: str) -> Draft | Problem:
    """The draft with the name that the sender gives; nobody has checked it."""
    name = _BETWEEN_HAN.sub("", typed(text))
    if _SAID_FOR_SOMETHING_ELSE.fullmatch(name) or not _NAME.fullmatch(name):
        return Problem.NOT_A_NAME
    return replace(draft, name=name, verified=False, step=Step.CATEGORY)


def finished(draft: Draft, bounds: Bounds) -> Draft | Problem:
    """The draft, ready to be confirmed; who speaks need not write."""
    said = re.sub(r"[\W_]", "", draft.words)
    return draft.at(Step.CONFIRM) if draft.voices or len(said) >= bounds.shortest else Problem.TOO_SHORT


# -- choosing ------------------------------------------------------------------------------------------------------

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
