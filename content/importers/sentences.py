"""What is said to admins of a file that was read as a bank, so that they can mend it: all sentences are here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from content.faults import Finding, Level


class Weight(StrEnum):
    """What a note means for its question: it can't be taken, it is taken and doubtful, or something was put right."""

    ERROR = "error"
    WARNING = "warning"
    DONE = "done"


# What is wrong, and how to mend it, by the code.
SENTENCES: Mapping[str, tuple[str, str]] = {
    # the file
    "too_big": ("文件有 {size} MB，太大", "最大 {most} MB：请分成几个文件"),
    "swells": ("文件解压以后太大，可能是损坏的或有害的文件", "请在 Excel 或 Word 里新建一个文件，把题目复制过去再存"),
    "takes_too_much": (
        "读这个文件要的时间或内存太多，没有读完",
        "请分成几个小文件；有很长的一行、很长的一题，或者同样的字符重复很多的，请先改好",
    ),
    "many_questions": (
        "文件里有 {count} 道题，在后台里导入太多",
        "后台一次最多 {most} 道：请分成几个文件；或者在服务器上用命令导入：zhibu content import 文件",
    ),
    "far_cell": (
        "表格占的范围太大（有内容的格子远在第 {far} 行、第 {column} 列）",
        "请删掉题目以外的行和列，或者把题目复制到新表里再存",
    ),
    "macros": ("文件里有宏，不能收", "请另存为不带宏的 {suffix}"),
    "password": ("文件有密码，打不开", "请去掉密码再存一次"),
    "entities": ("文件里有不该有的定义，可能是有害的文件", "请在 Excel 或 Word 里新建一个文件，把题目复制过去再存"),
    "broken": ("文件坏了，或者不是 {suffix} 文件", "请用原来的程序打开，另存一份再试"),
    "old_word": ("这是旧版 Word 的文件（.doc），读不了", "请用 Word 或 WPS 打开，另存为 .docx"),
    "web_page": ("这其实是一个网页，只是名字像表格", "请用 Excel 或 WPS 打开，另存为 .xlsx"),
    "other_file": ("不认识这种文件", "可以用的有：{allowed}"),
    "file_encoding": ("文字的编码认不出来", "请用记事本打开，选“另存为”，编码选 UTF-8"),
    "no_head": (
        "前 {within} 行里没有找到表头",
        "表头要有“题干”一列，还要有“答案”或“选项A”等列；叫“题目”“正确答案”也行",
    ),
    "no_questions": ("没有找到题目", "请对照内容包说明里的例子，看题号、选项和答案的写法"),
    "not_prose": (
        "建议只能从 Word（.docx）和文本（.txt）里找",
        "请把条例、讲话的全文存成 .docx 或 .txt；文件里本来就有题目的，直接导入",
    ),
    "no_cloze": (
        "没有找到可以挖空的句子",
        "要有完整的句子，里面有数字、日期、期限、引号里的说法或书名号里的文件；扫描成图片的读不了",
    ),
    "no_cards": ("没有找到可以做成摘要的句子", "要有完整的句子；扫描成图片的读不了，请换成有文字的文件"),
    "secret": ("文件上标着密级，不能做成摘要", "涉密的文件和内部文件不要传到这里，请按保密规定处理"),
    "card_source_name": ("没有来源", "请写是谁发的，例如文件开头或落款的机关"),
    "card_issued_on": ("没有日期", "请写文件印发或公布的日期；不知道就空着"),
    "card_topics": ("没有主题", "请至少选一个，订阅它的会员才收得到"),
    "card_summary": ("没有摘要", "请写一两句话，最好用原文的话"),
    "card_title": ("标题有 {count} 个字", "{most} 个字以内最好：推送通知只显示这么多"),
    "none_chosen": ("{count} 道建议一道也没有采用", "请在想用的题前面的“采用”里写 1，再导入"),
    "not_chosen": ("有 {count} 道建议没有采用，没有收", "想用的，请在“采用”里写 1，再导入；不想用的不用管"),
    "chosen": ("“采用”里的“{said}”看不懂", "想用的写 1，不想用的空着"),
    "sheet_left": ("这张表没有表头，没有读它", "里面有题目的话，请补上表头；没有就不用管"),
    "columns_left": ("没有用到这些列：{said}", "有用的话，请把表头改成认得的名字，例如：解析、难度、标签、出处"),
    "column_twice": ("有两列都是“{said}”", "请留下一列"),
    "pictures_left": (
        "文件里嵌着 {count} 张图片，没有读",
        "是题目里的，请另存成文件放进内容包的 pictures 文件夹，再在“图片”“图片说明”“选项图片”里写文件名；不是的不用管",
    ),
    "picture_in_text": ("题目里嵌着图片，没有读", "请另存成文件放进 pictures 文件夹，再写进题目的“图片”"),
    "pictures_beside": (
        "这个文件里只有图片的文件名，没有图片本身：{said}",
        "请把内容包 pictures 文件夹里的这 {count} 张图片一起拿走；导入别的内容包以前，先放进那边的 pictures 文件夹",
    ),
    "aiken_others": (
        "Aiken 只放得下没有图片的单选题，{count} 道别的题没有写进去：{said}",
        "要完整的题库，请用 xlsx 或 gift",
    ),
    "aiken_bare": (
        "Aiken 里只有题干、选项和答案：编号、解析、出处、难度、标签都不在里面",
        "要完整的题库，请用 xlsx 或 gift；再导入时，题目凭题干认出来",
    ),
    "text_only": (
        "这一段只有文字，没有要答的，没有收：{said}",
        "是案例的材料，请用表格导入，题型写“案例题”；不是的不用管",
    ),
    "formulas": ("有 {count} 个格子是公式，读的是算好的值", "请看一眼是否正确；复制、选择性粘贴成数值更稳妥"),
    "no_ids": (
        "有 {count} 道题没有编号：改了题干就算另一道题，会员的错题记录接不上",
        "请加一列“编号”，每题一个，不重复、不再改；或者用 zhibu content import 导入",
    ),
    "no_source": ("有 {count} 道题没有出处", "请加一列“出处”，写文件名、文号或条文：会员看解析时要看到它"),
    "none_good": ("{count} 道题一道也不能收", "请按每一行的说明改好"),
    "changed_since": ("{said} 后来又改过了，没有动它", "请先看一看它现在的内容，再重新导入，或者自己改回去"),
    "batch_unknown": ("没有“{said}”这一批", "运行 zhibu content undo 可以看有哪些"),
    "bank_unknown": ("没有“{said}”这个题库", "有的是：{allowed}"),
    "bank_name": (
        "题库不能叫“{said}”",
        "只用字母、汉字、数字、点、横线和下划线，不留空格，最多64个字；不以点开头，也不叫 readme：那样的文件没有人读",
    ),
    "bank_broken": ("{said} 里有错误，读不了", "请先改好它：运行 zhibu content check 可以看错在哪里"),
    "bank_elsewhere": ("题库 {name} 是直接放进来的文件 {said}", "请换一个题库名；或者先把那个文件拿走，再导入"),
    "bank_large": (
        "题库 {name} 有 {size} MB，在后台里改太大了",
        "请在服务器上用命令导入：zhibu content import 文件 --to {name}；或者在后台里放进一个新的题库",
    ),
    "topic_none": ("没有“{said}”这个主题，没有人能订阅它", "请指定主题；account.toml 里的主题有：{allowed}"),
    "id_elsewhere": ("编号“{said}”在题库 {other} 里用过了", "请换一个编号"),
    # a question
    "stem_missing": ("没有题干", "请补上题干，或者删掉这一行"),
    "answer_missing": ("没有答案", "请补上答案"),
    "options_missing": ("答案是“{said}”，可是没有选项", "请补上选项；是判断题的，答案写“正确”或“错误”"),
    "option_number": ("有 {count} 个选项", "选择题应当有2到10个选项"),
    "option_same": ("两个选项都是“{said}”", "请改掉其中一个"),
    "option_order": ("选项“{said}”后面的字母接不上", "请检查选项的字母是不是从A开始、依次往下"),
    "letter_unknown": ("答案里的“{said}”没有对应的选项", "选项有：{allowed}"),
    "letter_twice": ("答案里的“{said}”写了两次", "每个选项只写一次"),
    "answer_letters": ("答案“{said}”看不懂", "请写选项的字母，例如 A 或 ACD；也可以写选项的文字"),
    "single_several": ("单选题的答案有 {count} 个（{said}）", "不止一个正确的，请把题型改成“多选”；否则只留一个"),
    "verdict": ("判断题的答案是“{said}”", "请写“正确”或“错误”；对/错、√/×、是/否、T/F 也可以"),
    "judge_choices": ("判断题的选项不是“正确”和“错误”", "判断题不用写选项；是选择题的，请改题型"),
    "type_unknown": ("不认识题型“{said}”", "可以写：单选、多选、判断、填空、简答"),
    "type_unclear": ("看不出是什么题型", "请在题型里写明：单选、多选、判断、填空或简答"),
    "case_unknown": (
        "没有“{said}”这道案例题，或者它自己有错",
        "“所属案例”写案例题的编号（没有编号的写它的题号）；案例题的题型写“案例题”，答案空着",
    ),
    "case_options": (
        "案例题自己没有选项",
        "请把选项和答案写在小题那一行：题型写小题自己的，“所属案例”写案例题的编号；案例题这一行只留材料",
    ),
    "case_in_case": ("案例题不能再属于另一道案例题", "请把这一行的“所属案例”清空；它是小题的话，请改题型"),
    "case_empty": (
        "案例题没有答案，也没有一道小题",
        "有小题的，每道小题一行，在“所属案例”里写这道案例题的编号；没有小题的，请在“答案”里写参考要点",
    ),
    "picture_name": (
        "图片的文件名“{said}”不能用",
        "只用字母、汉字、数字、点、横线和下划线，不留空格，最多64个字，例如 danghui.png",
    ),
    "picture_words": ("图片 {said} 没有说明", "请在“图片说明”里写图上是什么：聊天里和看不见图的人，看的是它"),
    "picture_alone": ("有图片说明“{said}”，没有图片", "请在“图片”里写文件名；没有图片的话，请删掉说明"),
    "picture_unknown": (
        "内容包的 pictures 文件夹里没有图片 {said}",
        "请先把图片（.png、.jpg、.gif，最大 300 KB）放进 pictures 文件夹，再导入",
    ),
    "option_pictures": ("选项图片“{said}”看不懂", "请写成 A：左.png；B：右.png 的样子，每个选项只写一次"),
    "picture_letter": ("选项图片“{said}”没有对应的选项", "选项有：{allowed}"),
    "blank_count": ("题干里有 {blanks} 个空，答案有 {answers} 个", "空用 ____ 或（ ）表示；几个空的答案用 | 隔开"),
    "too_long": ("{part}有 {count} 个字", "最多 {most} 个字"),
    "difficulty": ("难度“{said}”看不懂，当作“中”", "请写：易、中、难（简单、中等、困难，低、中、高也行）"),
    "score": ("分值“{said}”看不懂，当作1分", "请写大于0的整数"),
    "day": ("{part}“{said}”不是日期", "请写成 2026-11-23 的样子"),
    "id_shape": ("编号“{said}”不能用", "只用字母、汉字、数字、点、横线和下划线，不留空格，最多64个字"),
    "id_twice": ("编号“{said}”用过了，在第 {row} 行", "每道题的编号要不同"),
    "same_again": ("和第 {row} 行的题一样，跳过", "不用管；想留哪一道都行"),
    "nearly_same": ("和{where}很像（{score}%）：{said}", "是同一道题的话，请删掉一道"),
    "cites": (
        "依据“{said}”看不懂",
        "请写成 法规简称/版本/第几条，例如 zhibu/2018/11；几条用分号隔开。只知道名称的，请把这一列改叫“出处”",
    ),
    "answer_text": ("“正确答案文本”和答案对不上", "请检查答案 {said}"),
    "marks_differ": ("标出的正确选项是 {marked}，答案写的是 {said}", "按写的答案收了；请检查"),
    "key_differs": ("题后的答案是 {said}，末尾的答案表里是 {key}", "按题后的收了；请检查"),
    "explained_otherwise": ("解析说选 {said}，答案却是 {answer}", "请检查答案和解析"),
    "several_one": ("多选题的答案只有一个", "确实只有一个的，题型改成“单选”更好"),
    "key_unused": ("答案表里的第 {said} 题没有找到", "请检查题号"),
    "line_lost": ("这一行不知道是什么：{said}", "请检查它前后的题号和选项"),
    "letters_referred": ("解析里的“{said}”改成了对选项的引用", "选项打乱以后，字母也对得上"),
    "answer_shown": ("题干的括号里写着答案，已经改成空括号", "不用管"),
    "other": ("{said}", "请改好再导入"),
}  # fmt: skip

WARNINGS = frozenset(
    {
        *("sheet_left", "columns_left", "formulas", "no_ids", "difficulty", "score", "same_again", "nearly_same"),
        *("answer_text", "marks_differ", "key_differs", "explained_otherwise", "several_one", "no_source"),
        *("key_unused", "line_lost", "topic_none", "picture_alone", "pictures_left", "picture_in_text", "text_only"),
        *("pictures_beside", "aiken_others", "aiken_bare", "not_chosen", "card_title", "card_issued_on"),
    }
)
DONE = frozenset({"letters_referred", "answer_shown"})


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said of a row: of a table's, a text's line or a document's paragraph, counted from 1."""

    code: str
    row: int
    sheet: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        if self.code in DONE:
            return Weight.DONE
        return Weight.WARNING if self.code in WARNINGS else Weight.ERROR

    @property
    def what(self) -> str:
        """What is wrong, in Chinese, with the sheet's name where there is one."""
        where = f"“{self.sheet}”表：" if self.sheet else ""
        return where + SENTENCES[self.code][0].format(**self.facts)

    @property
    def mend(self) -> str:
        """How to mend it, in Chinese."""
        return SENTENCES[self.code][1].format(**self.facts)

    def finding(self, file: str) -> Finding:
        """Give it as the pack's checks say theirs."""
        level = Level.FAULT if self.weight is Weight.ERROR else Level.ADVICE
        return Finding(file=file, line=self.row, what=self.what, mend=self.mend, level=level)


class Refused(Exception):
    """A file can't be read as a bank at all: `note` says why."""

    def __init__(self, code: str, *, row: int = 1, **facts: Any) -> None:
        self.note = Note(code, row, facts=facts)
        super().__init__(self.note.what)
