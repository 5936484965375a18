"""Banks that are texts: numbered stems, options behind letters, answers below or at the end (domain.md §4C)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from content.importers import answers, keys, plain
from content.importers.answers import LETTERS, TYPES, Written
from content.importers.drafts import Raw
from content.importers.keys import Key
from content.importers.sentences import Note
from content.models import CHOSEN, QuestionType

_NUMBERED = re.compile(r"(?:第\s*)?[(（]?(\d{1,4})\s*(?:[.．](?!\d)|[、:：)）]|题[.．、:：]?)\s*")
_HEADING = re.compile(
    r"(?:第?[一二三四五六七八九十]{1,3}\s*(?:部分)?\s*[、.．:：)）\s]\s*|[【\[(（]\s*)?"
    r"(?P<name>[\u4e00-\u9fff]{2,6}?)(?:试题|题目|题库|题|部分)?\s*[】\])）]?\s*"
    r"(?P<key>(?:参考)?答案)?\s*[:：。]?\s*(?:[(（【].*[)）】]|[共每].*)?[:：。]?"
)
_PART = re.compile(
    r"[【\[(（]?\s*(?P<name>(?:正确|标准|参考)?答案|(?:答案|试题|题目)?解析|难易?度|知识点|标签|分类|章节|分值|出处|来源|依据"
    r"|题型|编号)(?:\s*[】\])）]\s*[:：]?|\s*[:：])\s*"
)
_PARTS: Mapping[str, str] = {
    "答案": "answer", "解析": "explanation", "难度": "difficulty", "难易度": "difficulty", "知识点": "tags",
    "标签": "tags", "分类": "tags", "章节": "tags", "分值": "score", "出处": "source", "来源": "source",
    "依据": "source", "题型": "type", "编号": "id",
}  # fmt: skip
_BEFORE_PART = re.compile("^(?:正确|标准|参考|试题|题目)|^答案(?=解析)")
_GO_ON = frozenset({"stem", "explanation", "answer"})  # what may go on on the next line
_TYPE_TAG = re.compile(
    r"[【\[(（]\s*(?P<type>[\u4e00-\u9fff]{2,6}题)\s*[】\])）](?:[(（][^()（）]{0,8}(?:评分|分)[)）])?"
)
_RIGHT = re.compile(r"\s*[(（\[【]\s*(?:正确答案|正确选项|答案)\s*[)）\]】]\s*$")
_FLAGS: Mapping[str, tuple[str, str]] = {
    "乱序匹配": ("ordered", "否"), "按序匹配": ("ordered", "是"),
    "全对得分": ("partial_credit", "否"), "部分得分": ("partial_credit", "是"),
}  # fmt: skip
_FLAG = re.compile(rf"[(（\[【]\s*({'|'.join(_FLAGS)})\s*[)）\]】]")
_SPACED_OPTION = re.compile(r"\s*([A-JＡ-Ｊ]) +(?=\S)")
_SCORE = re.compile(r"每小?题\s*(\d+)\s*分")
_TOPIC = re.compile(r"(?:主题|topic)\s*[:：]\s*(\S+)", re.IGNORECASE)
_LEFT_BY_FORMS = frozenset({"窗体顶端", "窗体底端"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line or a paragraph, its number, and which of its letters stand out, from where to where."""

    number: int
    text: str
    strong: Sequence[tuple[int, int]] = ()

    def stands_out(self, begins: int, ends: int) -> bool:
        """Whether all words between two places do."""
        words = [at for at in range(begins, ends) if self.text[at : at + 1].strip()]
        return bool(words) and all(any(first <= at < last for first, last in self.strong) for at in words)

    def after(self, at: int) -> "Spoken":
        """Give what is behind a place."""
        return Spoken(self.number, self.text[at:], [(first - at, last - at) for first, last in self.strong])


@dataclass(slots=True)
class Found:
    """What was read of a file: its questions as they were written, and what is to be said of it as a whole."""

    raws: list[Raw] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    title: str = ""
    topic: str = ""


def section_in(said: str, *, alone: bool = False) -> str:
    """Give the type that a sheet's name or a heading names ("二、多选题（每题2分）"), "" for none.

    `alone`: only where the words are such a heading and nothing more.
    """
    if alone:
        found = _HEADING.fullmatch(said.strip())
        return found["name"] if found and answers.kind_of(found["name"]) else ""
    return next((name for name in sorted(TYPES, key=len, reverse=True) if len(name) > 1 and name in said), "")


def topic_in(said: str) -> str:
    """Give the topic that a line above a bank names ("主题：dangzhang"), "" for none."""
    found = _TOPIC.match(said)
    return found[1] if found else ""


def spoken(text: str) -> list[Spoken]:
    """Give the lines of a text."""
    return [Spoken(number, line) for number, line in enumerate(text.split("\n"), start=1)]


def read(lines: Iterable[Spoken], *, whole: bool = False) -> Found:
    """Read the questions of a text, line by line; a `whole` one begins with its first question, numbered or not."""
    reader = _Reader(gap=whole, whole=whole)
    for line in lines:
        text = plain.same_length(line.text)
        lead = len(text) - len(text.lstrip())
        reader.take(Spoken(line.number, text.rstrip(), line.strong).after(lead))
    return reader.done()


@dataclass(slots=True)
class _Reader:
    """What has been read so far: the question at hand, and which part of it may go on on the next line."""

    found: Found = field(default_factory=Found)
    raw: Raw | None = None
    part: str = ""
    more: list[str] = field(default_factory=list)  # further lines of that part: put to it at once, however many
    asks: bool | None = None  # whether the question's stem says a type that has options, None where it says none
    whole: bool = False  # no words stand above the first question
    gap: bool = False  # a blank line has been seen
    section: str = ""
    score: str = ""
    unlettered: bool = False  # the question's options stand without letters
    key: Key | None = None

    def take(self, line: Spoken) -> None:
        """Take the next line, without space before or behind it."""
        if not line.text or line.text in _LEFT_BY_FORMS:
            self.gap = True
            return
        steps = (self._heading, self._key_line, self._named, self._options, self._stem, self._goes_on)
        any(step(line) for step in steps)
        self.gap = False

    def done(self) -> Found:
        """Give what was read, the answers at the end given to their questions."""
        self._end()
        for raw in self.found.raws:
            _tidy(raw)
        if self.key:
            self.found.notes += self.key.settle(self.found.raws)
        return self.found

    def _end(self) -> None:
        """No more lines belong to the part at hand."""
        if self.raw and self.more and self.part == "option":
            last = self.raw.options[-1]
            self.raw.options[-1] = Written(last.letter, "\n".join((last.text, *self.more)), last.marked)
        elif self.raw and self.more:
            self.raw.fields[self.part] = "\n".join((self.raw.fields[self.part], *self.more))
        self.more = []

    # One step a kind of line; each says whether it was one.

    def _heading(self, line: Spoken) -> bool:
        found = _HEADING.fullmatch(line.text)
        kind = answers.kind_of(found["name"]) if found else None
        if found is None or kind is None:
            return self._key_begins(line.text)
        if self.key or found["key"]:
            self.key = self.key or Key()
            self.key.kind = kind
            return True
        score = _SCORE.search(line.text)
        self._end()
        self.raw, self.section, self.score = None, found["name"], score[1] if score else ""
        return True

    def _key_begins(self, said: str) -> bool:
        waits = self.raw is not None and not self.raw.fields.get("answer") and not self.gap
        if not keys.begins(said) or not self.found.raws or (waits and said[-1] in ":："):
            return False  # or it is this question's answer, on the next line
        self._end()
        self.raw, self.key = None, Key()
        return True

    def _key_line(self, line: Spoken) -> bool:
        if self.key is None:
            return False
        if not self.key.take(line.number, line.text):
            self._lost(line)
        return True

    def _named(self, line: Spoken) -> bool:
        found = _PART.match(line.text)
        if found is None or self.raw is None:
            return False
        rest, name = line.after(found.end()), _PARTS[_BEFORE_PART.sub("", found["name"])]
        inner = _PART.search(rest.text) if name == "answer" else None
        self._put(name, rest.text[: inner.start() if inner else None].strip())
        if inner:
            self._named(rest.after(inner.start()))
        return True

    def _put(self, name: str, said: str) -> None:
        if self.raw is None:
            return
        self._end()
        before = self.raw.fields.get(name, "")
        self.raw.fields[name] = f"{before}\n{said}" if before else said
        self.part = name
        self._see_type(said)

    def _see_type(self, said: str) -> None:
        """The first that the stem says counts."""
        tag = _TYPE_TAG.search(said) if self.part == "stem" and self.asks is None else None
        if tag:
            self.asks = answers.kind_of(tag["type"]) in {*CHOSEN, QuestionType.JUDGE}

    def _options(self, line: Spoken) -> bool:
        if self.raw is None or self.raw.fields.get("answer") or len(self.raw.options) == len(LETTERS):
            return False
        due = LETTERS[len(self.raw.options)]
        found = answers.lettered(line.text, first=due)
        spaced = _SPACED_OPTION.match(line.text)
        if not found and spaced and plain.folded(spaced[1]).upper() == due:
            found = [(due, spaced.end(), len(line.text))]
        if found:
            self._end()
            self.raw.options += [_option(letter, line, begins, ends) for letter, begins, ends in found]
            self.part = "option"
        return bool(found)

    def _stem(self, line: Spoken) -> bool:
        numbered = _NUMBERED.match(line.text)
        complete = self.raw is not None and (self.raw.options or self.raw.fields.get("answer"))
        if numbered is None and not (self.gap and (complete or self.raw is None) and self.part != "explanation"):
            return False
        if numbered is None and not (self.whole or self.section or self.found.raws):
            return False  # words above the first question
        self._end()
        self.raw, self.unlettered, self.asks = Raw(line.number, section=self.section), False, None
        self.found.raws.append(self.raw)
        if self.score:
            self.raw.fields["score"] = self.score
        if numbered:
            self.raw.fields["number"] = numbered[1]
        rest = line.after(numbered.end() if numbered else 0)
        options_at = answers.options_begin(rest.text)
        self._put("stem", rest.text[:options_at].strip())
        if options_at is not None:
            self._options(rest.after(options_at))
        return True

    def _goes_on(self, line: Spoken) -> bool:
        if self.raw is None:
            topic = topic_in(line.text)
            self.found.topic = self.found.topic or topic
            self.found.title = self.found.title or ("" if topic else line.text)
        elif self.part in {"stem", "option"} and self._is_unlettered_option(line.text):
            self._end()
            self.unlettered = True
            letter = LETTERS[min(len(self.raw.options), len(LETTERS) - 1)]
            self.raw.options.append(_option(letter, line, 0, len(line.text)))
            self.part = "option"
        elif self.part == "option" or (self.part in _GO_ON and self.raw.fields[self.part]):
            self.more.append(line.text)
            self._see_type(line.text)
        elif self.part in _GO_ON:
            self._put(self.part, line.text)
        else:
            self._lost(line)
        return True

    def _is_unlettered_option(self, said: str) -> bool:
        """As 问卷星 has them: a line each below a stem that says its type, or with the right one marked."""
        if self.raw is None or (self.raw.options and not self.unlettered):
            return False
        return bool(self.asks or self.unlettered or _RIGHT.search(said))

    def _lost(self, line: Spoken) -> None:
        self.found.notes.append(Note("line_lost", line.number, facts={"said": line.text[:30]}))


def _option(letter: str, line: Spoken, begins: int, ends: int) -> Written:
    text = line.text[begins:ends].strip(" ;；|｜")
    return Written(letter, _RIGHT.sub("", text), bool(_RIGHT.search(text)) or line.stands_out(begins, ends))


def _tidy(raw: Raw) -> None:
    """Take out of a question's words what is said beside them: its type, flags, and marks that all options bear."""
    if len(raw.options) > 1 and all(option.marked for option in raw.options):
        raw.options = [Written(option.letter, option.text) for option in raw.options]
    stem = raw.fields.get("stem", "")
    tag = _TYPE_TAG.search(stem)
    if tag and answers.kind_of(tag["type"]):
        raw.fields.setdefault("type", tag["type"])
        raw.fields["stem"] = (stem[: tag.start()] + stem[tag.end() :]).strip()
    for name in ("stem", "answer"):
        said = raw.fields.get(name, "")
        raw.fields |= dict(_FLAGS[flag] for flag in _FLAG.findall(said))
        raw.fields[name] = _FLAG.sub("", said).strip()
    raw.fields = {name: said for name, said in raw.fields.items() if said}
