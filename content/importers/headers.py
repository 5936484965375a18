"""Which column of a table holds what, whatever it is called (domain.md §4A)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from content.importers.answers import LETTERS
from content.importers.plain import folded
from content.sheets import Line

HEAD_WITHIN = 10  # rows: a title and notes may stand above the columns' names

# The first name of each is what we call it when we write a table.
NAMES: Mapping[str, Sequence[str]] = {
    "chosen": ("采用",),  # of proposals (content.importers.cloze): the others are left
    "id": ("编号", "题目编号", "试题编号", "题目id", "id"),
    "number": ("题号", "序号", "no", "no.", "number"),
    "type": ("题型", "类型", "题目类型", "试题类型", "question_type", "type"),
    "stem": ("题干", "题目", "试题", "题目内容", "试题内容", "问题", "题目题干", "question", "question_stem", "stem"),
    "options": ("选项", "选项内容", "备选项", "备选答案", "候选项", "options"),
    "answer": ("正确答案", "答案", "标准答案", "参考答案", "正确选项", "answer", "correct_answer"),
    "answer_text": ("正确答案文本", "答案文本", "正确答案内容"),
    "explanation": ("解析", "答案解析", "试题解析", "题目解析", "答题解析", "analysis", "explanation"),
    "difficulty": ("难度", "难易度", "难易程度", "难度等级", "difficulty"),
    "tags": (
        *("标签", "分类", "章节", "类别", "知识点", "题库", "题目分类", "所属章节", "tag", "tags", "category"),
        *("primary_tag", "secondary_tag"),
    ),
    "score": ("分值", "分数", "score", "points"),
    "source": ("出处", "来源", "题目来源", "依据来源", "source"),
    "cites": ("依据条文", "依据", "cites"),
    "effective_from": ("生效日期", "有效期自", "effective_from"),
    "effective_to": ("失效日期", "有效期至", "effective_to"),
    "as_of": ("案例日期", "事情日期", "as_of"),
    "author": ("作者", "出题人", "author"),
    "reviewer": ("审核人", "审题人", "reviewer"),
    "alias": ("曾用编号", "alias"),
    "ordered": ("答案有序", "ordered"),
    "partial_credit": ("部分给分", "partial_credit"),
    "audience": ("适用组织", "audience"),
    "case": ("所属案例", "案例编号", "所属材料", "case"),
    "picture": ("图片", "题干图片", "picture"),
    "picture_words": ("图片说明", "picture_words"),
    "option_pictures": ("选项图片", "option_pictures"),
}
COLUMNS = {folded(name): column for column, names in NAMES.items() for name in names}
SEVERAL = frozenset({"tags"})  # several columns may hold some of them
_OPTION_HEAD = re.compile(r"(?:选项|答案|备选项|备选答案|option_?)?\s*([a-j]|10|[1-9])\s*(?:项|选项)?")
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]|[\s*:：]")


@dataclass(frozen=True, slots=True)
class Head:
    """A table's columns: what each holds ("" for what we don't know), the letters of options, and its row."""

    columns: Sequence[str]
    letters: Mapping[int, str]
    called: Sequence[str]
    row: int

    def twice(self) -> list[str]:
        """Give what two columns are said to hold, in the words of the table."""
        known = [column for column in self.columns if column and column not in SEVERAL]
        names = {column: name for column, name in zip(self.columns, self.called, strict=True) if column}
        letters = list(self.letters.values())
        again = sorted({column for column in known if known.count(column) > 1})
        return [names[column] for column in again] + sorted({each for each in letters if letters.count(each) > 1})

    def left(self) -> list[str]:
        """Give the names of the columns that nothing is taken from."""
        pairs = enumerate(zip(self.columns, self.called, strict=True))
        return [name for at, (column, name) in pairs if name and not column and at not in self.letters]


def head_of(lines: Sequence[Line]) -> Head | None:
    """Give the first row that names the columns of a bank; it stands within the first rows."""
    return next(filter(None, (_head(line) for line in lines if line.number <= HEAD_WITHIN)), None)


def _head(line: Line) -> Head | None:
    called = [cell.lstrip("\ufeff") for cell in line.cells]
    columns = [COLUMNS.get(_name(cell), "") for cell in called]
    letters = {at: found for at, cell in enumerate(called) if not columns[at] and (found := _letter(_name(cell)))}
    alone = [cell for cell in called if cell] == [called[columns.index("stem")]] if "stem" in columns else False
    beside = letters or {"answer", "options", "type"} & set(columns)
    return Head(columns, letters, called, line.number) if "stem" in columns and (beside or alone) else None


def _name(cell: str) -> str:
    return folded(_REMARK.sub("", folded(cell)))


def _letter(name: str) -> str:
    found = _OPTION_HEAD.fullmatch(name)
    if found is None:
        return ""
    return LETTERS[int(found[1]) - 1] if found[1].isdecimal() else found[1].upper()
