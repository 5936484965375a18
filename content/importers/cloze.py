"""Fill-in questions proposed out of a text that has none, a regulation or a speech: its own words, in its sentences.

Nothing is taken here: the proposals go into a workbook, of which an import takes what somebody has marked.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import PurePath

from content.importers import banks, documents, plain, safety, texts, workbooks
from content.importers.headers import NAMES
from content.importers.parting import escaped
from content.importers.safety import Format
from content.importers.sentences import Refused
from content.models import BLANK, QuestionType

MOST = 500  # proposals out of one file
MOST_OF_ONE = 3  # out of one sentence
SHORTEST, LONGEST = 10, 150  # sentences, in characters
MARK = "（想用的写 1）"
_WIDTHS = (20, 10, 70, 24, 70, 36)

_ONES = "一二三四五六七八九"
_HAN = f"零〇{_ONES}两十百千万"
_UNIT = (
    r"(?:个?工作日|个月|个以[上下内]|周年|周岁|年(?![级代度龄])|日(?![常益程报])|天(?!津)|周(?!边)|届|岁|学时|小时|分钟"
    r"|人(?![民员才])|名(?!称)|次|万?元)"
)
_SHAPES: Sequence[re.Pattern[str]] = (  # what is worth a blank, the best first: the blank is the group
    re.compile(
        rf"(?<!\d)(\d{{4}}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?|\d{{1,2}}月\d{{1,2}}日|[一二][{_HAN}]{{3}}年(?:[{_HAN}]+月(?:[{_HAN}]+日)?)?)"
    ),
    re.compile(rf"([{_HAN}]+分之[{_HAN}]+|\d+(?:\.\d+)?[%％]|半数)"),
    re.compile(rf"(每(?:半年|季度|月|周|年|[{_HAN}\d]+年|[{_HAN}\d]*个月))"),
    re.compile(rf"(?<![第.\d{_HAN}])(\d+(?:\.\d+)?|[两二三四五六七八九十][{_HAN}]*|一[{_HAN}]+)(?={_UNIT})"),
    re.compile(rf"(?<![第统\d{_HAN}])(一)(?=年|个月|次|学时|小时|个?工作日)"),
    re.compile(r"《([^《》]{4,25})》"),
    re.compile(r"“([^“”，。；：！？]{2,15})”"),
)
_OTHER_ARTICLE = re.compile(rf"第([{_HAN}]+|\d+)(?=条)")  # where there is nothing else: a number that few need to know
_ARTICLE = re.compile(rf"(第(?:[{_HAN}]+|\d+)条(?:之[{_HAN}]+)?)(?:[\s:：]+|$)")
_ITEM = re.compile(rf"^(?:[(（](?:[{_HAN}]+|\d+)[)）]|[{_HAN}]+、|\d+[.．、])\s*")
_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’）)]*|[^。！？]+$")  # goes over a text once, whatever is in it
_ENDED = re.compile(r"[。！？；][”’）)]*$")
_PART = re.compile(r"[^；]+(?:；|$)")
# Says nothing to who hasn't read what stands around it.
_LEANS = re.compile(r"^(?:其|该|这|那|此|并|但|或|以及|对此)|前款|前项|前条|上述|下列|如下|[:：]。?$")
_PAIRS = (("“", "”"), ("（", "）"), ("《", "》"))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A blank in a sentence; `place` says where that stands, as a source is named ("《条例》第三条")."""

    stem: str
    answer: str
    sentence: str
    place: str


def read(name: str, data: bytes, *, terms: Iterable[str] = ()) -> list[Proposal]:
    """Propose blanks in the order of the text: its figures, days, quoted words, and the `terms` that it has.

    The same file gives the same ones, `MOST` of them at most. Raises `Refused` where it can't be read or has none.
    """
    found = [*islice(_proposed(PurePath(name).stem, _paragraphs(name, data), [*_SHAPES, *_of(terms)]), MOST)]
    if not found:
        raise Refused("no_cloze")
    return found


def write(found: Iterable[Proposal]) -> bytes:
    """Give the workbook of proposals, none of them marked; an import reads it."""
    names = [NAMES[name][0] for name in ("chosen", "type", "stem", "answer", "explanation", "source")]
    kind = workbooks.TYPES[QuestionType.FILL]
    rows = [("", kind, each.stem, escaped(each.answer), f"原文：{each.sentence}", each.place) for each in found]
    return workbooks.table([names[0] + MARK, *names[1:]], rows, widths=_WIDTHS)


def called(name: str) -> str:
    """Give what the workbook of a file's proposals is called."""
    return f"{PurePath(name).stem}-填空.xlsx"


def _paragraphs(name: str, data: bytes) -> Iterator[str]:
    match safety.look(name, data).format:
        case Format.DOCUMENT:
            spoken = documents.spoken(data)
        case Format.TEXT:
            spoken = iter(texts.spoken(banks.text_in(data)))
        case _:
            raise Refused("not_prose")
    return filter(None, (plain.text(line.text) for line in spoken))


def _of(terms: Iterable[str]) -> Iterator[re.Pattern[str]]:
    """The longest first: it says the most."""
    words = sorted({each for each in terms if len(each) > 1}, key=lambda each: (-len(each), each))
    if words:
        yield re.compile(f"({'|'.join(map(re.escape, words))})")


def _proposed(name: str, paragraphs: Iterator[str], shapes: Sequence[re.Pattern[str]]) -> Iterator[Proposal]:
    title = article = ""
    seen: set[str] = set()
    for number, paragraph in enumerate(paragraphs, start=1):
        title = title or (name if len(paragraph) > LONGEST or _ENDED.search(paragraph) else paragraph.split("\n")[0])
        heading = _ARTICLE.match(paragraph)
        article = heading[1] if heading else article
        place = f"《{title.strip('《》')}》{article or f'第{number}段'}"
        for sentence in _sentences(paragraph[heading.end() if heading else 0 :]):
            for begins, ends in _blanks(sentence, shapes) or _blanks(sentence, [_OTHER_ARTICLE]):
                stem = f"{sentence[:begins]}____{sentence[ends:]}"
                if stem not in seen:
                    seen.add(stem)
                    yield Proposal(stem, sentence[begins:ends], sentence, place)


def _sentences(paragraph: str) -> Iterator[str]:
    """Those that stand by themselves, without the mark of a list before them; of very long ones their parts."""
    for found in chain.from_iterable(
        [each] if len(each) <= LONGEST else _PART.findall(each) for each in _SENTENCE.findall(paragraph)
    ):
        if len(found) <= LONGEST and _ENDED.search(found):
            sentence = re.sub("；$", "。", _ITEM.sub("", found.strip()))
            whole = all(sentence.count(left) == sentence.count(right) for left, right in _PAIRS)
            if whole and len(sentence) >= SHORTEST and not (_LEANS.search(sentence) or BLANK.search(sentence)):
                yield sentence


def _blanks(sentence: str, shapes: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    """The best of its words, as they stand in it; one that it says again would be no question."""
    best: list[tuple[int, int]] = []
    for found in chain.from_iterable(shape.finditer(sentence) for shape in shapes):
        begins, ends = found.span(1)
        apart = all(ends <= first or last <= begins for first, last in best)
        if apart and sentence.count(sentence[begins : max(ends, begins + 2)]) == 1:  # one sign, with what it counts
            best.append((begins, ends))
    return sorted(best[:MOST_OF_ONE])
