"""Fill-in questions proposed out of a text that has none, a regulation or a speech: its own words, in its sentences.

Nothing is taken here: the proposals go into a workbook, of which an import takes what somebody has marked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import PurePath

from content.importers import plain, prose, workbooks
from content.importers.headers import NAMES
from content.importers.parting import escaped
from content.importers.prose import HAN, Prose
from content.importers.sentences import Refused
from content.models import BLANK, Cite, QuestionType
from content.regulations import Regulation, Version

MOST = 500  # proposals out of one file
MOST_OF_ONE = 3  # out of one sentence
SHORTEST = 10  # sentences, in characters
MARK = "（想用的写 1）"
_WIDTHS = (20, 10, 70, 24, 70, 36, 20)

_UNIT = (
    r"(?:个?工作日|个月|个以[上下内]|周年|周岁|年(?![级代度龄])|日(?![常益程报])|天(?!津)|周(?!边)|届|岁|学时|小时|分钟"
    r"|人(?![民员才])|名(?!称)|次|万?元)"
)
_SHAPES: Sequence[re.Pattern[str]] = (  # what is worth a blank, the best first: the blank is the group
    re.compile(
        rf"(?<!\d)(\d{{4}}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?|\d{{1,2}}月\d{{1,2}}日|[一二][{HAN}]{{3}}年(?:[{HAN}]+月(?:[{HAN}]+日)?)?)"
    ),
    re.compile(rf"([{HAN}]+分之[{HAN}]+|\d+(?:\.\d+)?[%％]|半数)"),
    re.compile(rf"(每(?:半年|季度|月|周|年|[{HAN}\d]+年|[{HAN}\d]*个月))"),
    re.compile(rf"(?<![第.\d{HAN}])(\d+(?:\.\d+)?|[两二三四五六七八九十][{HAN}]*|一[{HAN}]+)(?={_UNIT})"),
    re.compile(rf"(?<![第统\d{HAN}])(一)(?=年|个月|次|学时|小时|个?工作日)"),
    re.compile(r"《([^《》]{4,25})》"),
    re.compile(r"“([^“”，。；：！？]{2,15})”"),
)
_OTHER_ARTICLE = re.compile(rf"第([{HAN}]+|\d+)(?=条)")  # where there is nothing else: a number that few need to know


@dataclass(frozen=True, slots=True)
class Proposal:
    """A blank in a sentence; `place` says where that stands, as a source is named ("《条例》第三条")."""

    stem: str
    answer: str
    sentence: str
    place: str
    cites: Cite | None = None


def read(
    name: str, data: bytes, *, terms: Iterable[str] = (), regulations: Iterable[Regulation] = ()
) -> list[Proposal]:
    """Propose blanks in the order of the text: its figures, days, quoted words, and the `terms` that it has.

    What stands in an article of one of the `regulations` cites it, where the text tells which version it is. The same
    file gives the same ones, `MOST` of them at most. Raises `Refused` where it can't be read or has none.
    """
    text = prose.read(name, data)
    cited = _cited(text, regulations)
    found = [*islice(_proposed(text, text.title or PurePath(name).stem, cited, [*_SHAPES, *_of(terms)]), MOST)]
    if not found:
        raise Refused("no_cloze")
    return found


def write(found: Iterable[Proposal]) -> bytes:
    """Give the workbook of proposals, none of them marked; an import reads it."""
    names = [NAMES[name][0] for name in ("chosen", "type", "stem", "answer", "explanation", "source", "cites")]
    return workbooks.table([names[0] + MARK, *names[1:]], [*map(_row, found)], widths=_WIDTHS)


def _row(each: Proposal) -> Sequence[str]:
    kind, cites = workbooks.TYPES[QuestionType.FILL], [each.cites] if each.cites else []
    said = f"原文：{each.sentence}"
    return "", kind, each.stem, escaped(each.answer), said, each.place, workbooks.cited(cites)


def called(name: str) -> str:
    """Give what the workbook of a file's proposals is called."""
    return f"{PurePath(name).stem}-填空.xlsx"


def _cited(text: Prose, regulations: Iterable[Regulation]) -> Callable[[str], Cite | None]:
    """How an article of the text is cited, where it is a regulation and tells which version of it."""
    named = next((each for each in regulations if plain.bare(each.name) == plain.bare(text.title)), None)
    version = next((each for each in named.versions if _is_of(text, each)), None) if named else None

    def cite(article: str) -> Cite | None:
        number = prose.number_of(article)
        return Cite(reg=named.id, version=version.version, article=number) if named and version and number else None

    return cite


def _is_of(text: Prose, version: Version) -> bool:
    """Whether a text is of this version: one of its days is the version's, or what the version is called by."""
    return any(day == version.effective_from or day.isoformat().startswith(version.version) for day in text.days)


def _of(terms: Iterable[str]) -> Iterator[re.Pattern[str]]:
    """The longest first: it says the most."""
    words = sorted({each for each in terms if len(each) > 1}, key=lambda each: (-len(each), each))
    if words:
        yield re.compile(f"({'|'.join(map(re.escape, words))})")


def _proposed(
    text: Prose, title: str, cited: Callable[[str], Cite | None], shapes: Sequence[re.Pattern[str]]
) -> Iterator[Proposal]:
    seen: set[str] = set()
    for paragraph in text.paragraphs:
        place = f"《{title.strip('《》')}》{paragraph.article or f'第{paragraph.number}段'}"
        for sentence in _sentences(paragraph.said):
            for begins, ends in _blanks(sentence, shapes) or _blanks(sentence, [_OTHER_ARTICLE]):
                stem = f"{sentence[:begins]}____{sentence[ends:]}"
                if stem not in seen:
                    seen.add(stem)
                    yield Proposal(stem, sentence[begins:ends], sentence, place, cited(paragraph.article))


def _sentences(paragraph: str) -> Iterator[str]:
    """Those that stand by themselves, without the mark of a list before them."""
    for found in prose.sentences(paragraph):
        sentence = re.sub("；$", "。", prose.ITEM.sub("", found.strip()))
        leans = prose.LEANS.search(sentence) or BLANK.search(sentence)
        if prose.is_whole(sentence) and len(sentence) >= SHORTEST and not leans:
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
