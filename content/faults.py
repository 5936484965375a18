"""What is wrong with the pack, said to admins so that they can mend it: all their sentences are here."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from content.positions import Place, Positions, line_of


class Level(StrEnum):
    """How much a finding matters: a pack with a fault can't be taken, one with advice is."""

    FAULT = "fault"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: `file` relative to the pack, 1-based `line`, what is wrong and how to mend it, in Chinese."""

    file: str
    line: int
    what: str
    mend: str
    level: Level = Level.FAULT

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}。{self.mend}。"


class BadContent(Exception):
    """The pack can't be taken: `faults` has every reason, in the order of files and lines."""

    def __init__(self, faults: Iterable[Finding]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))


class Unreadable(Exception):
    """A text can't be read at all: a `code` of the table below, the line and the facts of its sentence."""

    def __init__(self, code: str, *, line: int = 1, **facts: Any) -> None:
        self.code, self.line, self.facts = code, line, facts
        super().__init__(code)


# code: (what is wrong, how to mend it). `{key}` is the field, the rest are the facts that came with the code.
SENTENCES: Mapping[str, tuple[str, str]] = {
    # files
    "no_folder": ("没有这个文件夹", "请检查配置里 [content] 的 folder"),
    "file_missing": ("缺少这个文件", "请补上，里面至少写一行 name；也可以从自带的内容包里复制一份再改"),
    "file_unexpected": ("这里不该有这个文件，没有读它", "这个文件夹只放 {suffix} 文件：请改扩展名，或移到别处"),
    "file_unknown": ("不认识这个文件，没有读它", "可以用的名字：{allowed}；是不是想写 {guess}"),
    "file_unreadable": ("打不开这个文件（{reason}）", "请检查文件的权限，或者它是不是正被别的程序占用"),
    "encoding": (
        "文件的编码看来是 {name}，读不了",
        "请用记事本打开，选“另存为”，编码选 UTF-8",
    ),
    "unseen": ("有看不见、也用不了的字符（{name}）", "请把这一行删掉重新打一遍，不要从别处粘贴；反斜杠写出来的也不行"),
    "front_matter_missing": (
        "开头没有资料栏",
        "第一行写 ---，接着写 title、kind 等各项，再写一行 ---，然后才是正文",
    ),
    "front_matter_open": ("开头的资料栏没有结束", "在资料栏最后一项的下面加一行 ---"),
    "front_matter_shape": ("资料栏里应当是一行一项", "每项写成“名字: 内容”，冒号用英文半角，后面空一格"),
    "front_matter_twice": ("{key} 写了两次", "请删掉一个"),
    "yaml": (
        "资料栏写法不对（{detail}）",
        "内容里有英文冒号、井号或引号时，请给整个内容加上英文双引号；不要用制表符",
    ),
    "toml": ("写法不对（{detail}）", "常见原因：漏了引号、逗号或括号，用了中文引号“”，或同一项写了两次"),
    "organisation_deep": ("“{said}”上面的组织太多，超过 {most} 级", "请检查它和它上级的 parent：只写直接的上级"),
    "many_more": ("后面还有 {count} 处要改", "请先改好前面的，再看后面的；每一处都一样的，可能是这个文件放错了地方"),
    "too_deep": ("括号套得太深，或者数字、名字长得没有边", "请写得平一些；没有哪一项需要套这么多层"),
    # values
    "missing": ("缺少 {key}", "请补上这一项"),
    "unexpected_keyword_argument": ("不认识的项 {key}", "{guess}"),
    "string_type": ("{key} 应当是文字", "请给内容加上英文双引号"),
    "string_too_long": ("{key} 超过 {max_length} 个字", "请写得短一些"),
    "string_too_short": ("{key} 是空的", "请写上内容"),
    "string_pattern_mismatch": (
        "{key} 不能这样写",
        "只用汉字、字母、数字、点、横线和下划线，不留空格，最多64个字",
    ),
    "dataclass_type": ("{key} 的写法不对", "这里应当是一组“名字 = 内容”，请对照 content/README.md 的例子"),
    "tuple_type": ("{key} 应当是一个列表", '请写成 ["…", "…"]'),
    "bool": ("{key} 应当是 true 或 false", "请写 true 或 false，不加引号"),
    "int": ("{key} 应当是整数", "请写阿拉伯数字，不加引号"),
    "greater_than_equal": ("{key} 太小", "最小是 {ge}"),
    "less_than_equal": ("{key} 太大", "最大是 {le}"),
    "at_most": ("at_most 的“{said}”看不懂", "请写成 1/7d 的样子：每个人7天里最多收到1次；天、小时、分钟是 d、h、m"),
    "greater_than": ("{key} 太小", "请写大于 {gt} 的数"),
    "mapping_type": ("{key} 的写法不对", "这里应当是一组“名字 = 内容”"),
    "date": ("{key} 不是一个日期", "请写成 2026-11-23 的样子"),
    "datetime": ("{key} 不是一个时间", "请写成 2026-11-23 08:00 的样子"),
    "date_written": ("{key} 的“{said}”不是日期或时间", "请写成 2026-11-23，或 2026-11-23 08:00"),
    "naive_time": ("{key} 的“{said}”没有时区", "请在后面写上 +08:00"),
    "dates_order": ("{key}（{last}）早于开始的时间（{first}）", "请检查两个日期"),
    "choice": ("{key} 不能是“{said}”", "只能是：{allowed}"),
    "empty_list": ("{key} 是空的", "至少要有一个"),
    "web_address": ("{key} 的“{said}”不是网址", "请写以 https:// 开头的完整网址"),
    "span": ("{key} 的“{said}”不是一段时间", "请写成 30m（分钟）、12h（小时）或 2d（天）"),
    "other": ("{key} 的写法不对", "请对照 content/README.md 的例子"),
    # questions
    "option_count": ("选择题有 {count} 个选项", "选项应当有2到10个"),
    "option_ids": ("两个选项的 id 都是“{said}”", "每个选项的 id 要不同"),
    "option_texts": ("两个选项的内容都是“{said}”", "请改掉其中一个"),
    "judge_options": ("判断题不需要选项", "请删掉 options，answer 写 true 或 false"),
    "answer_ids": ("answer 不该写成“{said}”", '选择题写选项 id 的列表，例如 ["a"]；其他题写文字的列表'),
    "answer_unknown": ("answer 里的“{said}”不是选项", "这道题的选项 id 有：{allowed}"),
    "answer_twice": ("answer 里有重复", "每个选项 id 只写一次"),
    "answer_empty": ("answer 里有空的内容", "请写上答案"),
    "single_answer": ("单选题的 answer 有 {count} 个", "单选题只能有一个正确选项；不止一个的，请把 type 改成 multi"),
    "multi_answer": ("多选题的 answer 只有一个", "多选题一般有两个以上正确选项；确实只有一个的，请把 type 改成 single"),
    "judge_answer": ("判断题的 answer 是“{said}”", "请写 true（对）或 false（错），不加引号；写“正确”“错误”也可以"),
    "fill_blanks": (
        "题干里有 {blanks} 个空，answer 有 {answers} 组",
        '空用四条下划线 ____ 表示；answer 一个空一组，例如 [["答案", "也算对的答案"], ["第二空的答案"]]',
    ),
    "explanation_reference": ("解析提到的选项“{said}”不存在", "这道题的选项 id 有：{allowed}"),
    "explanation_letter": (
        "解析里写了“{said}”，但选项打乱以后，字母会对不上",
        "请改成选项的内容，或写成 {{{{opt:选项的id}}}}，程序会换成当时的字母",
    ),
    "question_source": ("这道题没有出处", "请写 source 或 cites"),
    "bank_twice": ("两个题库都叫“{said}”", "另一个是 {other}；请给一个文件改名，除扩展名外名字要不同"),
    "bank_unknown": ("没有“{said}”这个题库", "题库按文件名说，现有：{allowed}"),
    "exam_times": ("closes_at 不在 opens_at 之后，没有人能考", "请改其中一个；只写日期的，closes_at 算到那一天结束"),
    "exam_short": (
        "这一部分要抽 {wanted} 题，可抽的只剩 {left} 题",
        "只抽单选、多选、判断、填空题，写了 audience 的和前面几部分抽走的不抽；请减少 count，放宽条件，或往题库里加题",
    ),
    "topic_unknown_above": (
        "没有“{said}”这个主题，没有人能订阅它",
        "请在表头或第一道题的上面加一行“主题：…”，写主题的 id 或名称；account.toml 里的主题有：{allowed}",
    ),
    "reviewer_author": ("审核人和作者都是“{said}”", "请换一个人审核；还没有审核的，不写 reviewer"),
    "regulation_twice": ("法规的 id “{said}”用过了", "每个法规的 id 要不同"),
    "version_twice": ("有两个版本都是“{said}”", "每个版本的名字和生效日期都要不同"),
    "cite_unknown": ("没有“{said}”这个法规，这道题不会出", "请先写进 regulations.toml；里面有：{allowed}"),
    "cite_version": ("《{name}》没有“{said}”这个版本，这道题不会出", "regulations.toml 里它的版本有：{allowed}"),
    "cite_superseded": (
        "《{name}》的{said}版已由{new}版代替（{since}起），这道题不再出了",
        "请对照新版改好题目和 cites；规定没变的，只改 cites 的 version",
    ),
    "words_old": (
        "说的是 {said} 的事，过去 {months} 个月了",
        "请看看还合不合适：换一个近来的例子，或者写上 effective_to 停用；还合适的，把 as_of 改成看过的这一天",
    ),
    "picture_large": ("图片有 {size} KB", "最大 {most} KB：手机上看不用很大，请缩小或压缩"),
    "picture_kind": ("不是能用的图片", "请用 .png、.jpg 或 .gif 的图片，别的格式请另存一份"),
    "picture_broken": ("图片不完整，或者坏了", "请用看图的程序打开，另存一份再放进来；打不开的，请换一张"),
    "picture_pixels": ("图片画出来超过 {most} 百万像素，手机会卡住", "请缩小到 1600 像素宽以内；动图请少放几帧"),
    "picture_unknown": ("没有“{said}”这个图片", "请放进 pictures 文件夹；里面有：{allowed}"),
    "case_unknown": ("没有“{said}”这道案例题", "case 写同一个题库里、没有 answer 的案例题的 id；有：{allowed}"),
    "case_empty": ("这道案例题没有 answer，也没有小题", "请给小题各写一行 case = “{said}”；没有小题的，写上 answer"),
    "case_in_case": ("案例题里不能再有案例题", "请把 type 改成小题自己的题型"),
    "question_id_twice": ("题目的 id “{said}”用过了", "另一道在 {other}；请改掉其中一个"),
    "bank_copied": (
        "这个题库和 {other} 是同一份：{count} 道题里有 {same} 道 id 相同",
        "请删掉其中一个文件；两个都要，就给这个文件里的题另写 id",
    ),
    "bank_alike": (
        "这个题库和 {other} 差不多：{count} 道题里有 {same} 道一样",
        "请删掉其中一个文件，或者从其中一个里删掉重复的题",
    ),
    "question_alike": ("这道题和“{said}”一样", "另一道在 {other}；请删掉其中一道，或改成不同的题"),
    # digests
    "body_empty": ("没有正文", "请在资料栏下面写上正文"),
    "body_image": (
        "正文里的图片在别处，会员看不到",
        "请把图片放进 pictures 文件夹，写成 ![图上是什么](pictures/文件名)；或者改成链接",
    ),
    "body_image_words": (
        "正文里的图片“{said}”没有说明",
        "请在方括号里写上图上是什么，聊天里和看不见图的人只有它：![图上是什么](pictures/{said})",
    ),
    "body_image_kind": ("正文里的图片“{said}”是 gif", "公众号的图文只能放 .png、.jpg，请另存一份"),
    "topic_unknown": ("没有“{said}”这个主题，没有人能订阅它", "account.toml 里的主题有：{allowed}"),
    "matter_unknown": ("没有“{said}”这一类意见，没有人选得到它", "意见的类别有：{allowed}"),
    "weekly_time": ("times 的“{said}”看不懂", "请写成“周三 15:00”的样子"),
    "host_twice": ("约谈的 id “{said}”用过了", "每个人的 id 要不同"),
    "too_long": ("{key} 太多了，最多 {max_length} 个", "请减少一些"),
    "too_short": ("{key} 太少了，最少 {min_length} 个", "请补上"),
    "survey_question": (
        "这一题要么写 options，要么写 scale",
        'scale 写两头的意思，例如 ["很不满意", "很满意"]；另一项请删掉',
    ),
    "survey_options": ("这一题有 {count} 个选项", "选项应当有2到9个"),
    "survey_carried_by": ("没有“{said}”这个选项", "carried_by 写的是这一题里表示赞成的那个选项的 id"),
    "vote_statutory": (
        "这像是要依规表决的事（“{said}”）",
        "选举、接收预备党员、转正、处分这些，要到会、按党章和有关规定表决，不能用手机投票代替；这里的投票只是征求意见，请在说明里写清楚",
    ),
    "survey_id_twice": ("题的 id “{said}”用过了", "一份问卷里每道题的 id 要不同"),
    "watched_word": (
        "“{said}”不能查：要有 2 到 30 个字，标点和空格不算",
        "一个字的哪条意见里都会有，请写长一些，或者删掉",
    ),
    "matter_twice": ("“{said}”写了两次", "请把两处的 channels 合在一起"),
    "category_unknown": ("没有“{said}”这一类意见，这段话用不上", "意见的类别有：{allowed}"),
    "organisation_unknown": ("没有“{said}”这个组织，没有人在里面", "请先写进 organisations.toml"),
    # broadcasts, templates, phrases
    "cron": (
        "schedule 的“{said}”看不懂",
        '请写五格：分 时 日 月 星期，例如每天8点30分是 "30 8 * * *"；星期写 mon 到 sun，或 1 到 6，星期日是 0 或 7',
    ),
    "zone": (
        "不认识时区“{said}”",
        "请写标准的时区名，例如 Asia/Shanghai、Asia/Urumqi 或 Europe/Moscow；不写就按配置里的 timezone",
    ),
    "schedule_or_at": ("schedule 和 at 应当正好写一个", "定期推送写 schedule，只推一次写 at"),
    "audience_missing": (
        "没有写 audience",
        '请写发给谁，例如 audience = ["要闻的id"]；给所有人，就写一行 [audience]，下一行写 everyone = true',
    ),
    "corrects_key": (
        "corrects 的“{said}”不是一次推送的编号",
        "编号在管理台的“推送”里，例如 daily-digest:2026-11-23",
    ),
    "corrects_alone": (
        "写了 corrects，就不能再写 {said}",
        "更正只发给收到过错误内容的人和群，只发一次；请删掉 {said}，定时发写 at",
    ),
    "corrects_words": ("写了 corrects，没有写 template", "请写 template，说明哪里有误、正确的是什么"),
    "workdays_at": ("workdays 只和 schedule 一起用", "at 已经写明了是哪一天，请删掉 workdays"),
    "workdays_end": (
        "放假安排只知道到 {until}，以后的工作日先按周一到周五算",
        "国务院办公厅公布{year}年的放假安排以后，请写进 calendar/{year}.toml",
    ),
    "jitter": ("jitter 太长", "最多 1h（一小时）"),
    "calendar_name": ("放假安排的文件名“{said}”不是年份", "请用年份作文件名，例如 2027.toml"),
    "calendar_year": ("{said} 不在{year}年", "一个文件只写一年的日子，请写到那一年的文件里"),
    "calendar_both": ("{said} 既在 off 里又在 work 里", "放假的写在 off，调休上班的写在 work，请删掉一处"),
    "audience": (
        "audience 没说清发给谁",
        "要么写 everyone = true（可以再用 none 除去一些人），要么写 topics、organisations、roles 等条件",
    ),
    "audience_empty": ("这一组人什么条件也没写", "请写上 topics、organisations、roles 等条件，或者删掉这一组"),
    "audience_nobody": (
        "没有人能同时符合这些条件",
        "一个人只在一个党组织、只有一个职务：请看看有没有互相矛盾的，或者 none 把人都除去了",
    ),
    "mass_to_some": (
        "账号“{said}”是订阅号，群发只能发给所有人或者一个标签，这些人它群发不了",
        "要由它群发，就写 everyone = true 或者只写一个 tags，也不给一部分人另写文字；不改的话它不群发，其他渠道照常",
    ),
    "account_unknown": ("配置里没有账号“{said}”，没有人在里面", "配置里的账号有：{allowed}"),
    "received_unknown": ("没有“{said}”这篇摘要，没有人收到过它", "请写摘要的文件名，不带 .md"),
    "variant_for_all": ("[[variant]] 没写给谁看", "请写 audience（谁）或 channels（哪些渠道）；给所有人的写在最外层"),
    "variant_empty": ("[[variant]] 没有自己的内容", "请写 template、fields 或 mini_fields"),
    "variant_missing": (
        "没有给走 {said} 的人写的模板",
        "请在最外层写 template；或者给这些渠道各写一个不带 audience 的 [[variant]]",
    ),
    "group_words_missing": ("写了 groups，没有写在群里说什么", "请写 group_template，或者在最外层写 template"),
    "variant_channel": ("[[variant]] 里的渠道“{said}”不在这个推送的 channels 里", "这个推送的渠道有：{allowed}"),
    "picture_link": ("有 picture，没有 link", "带图的卡片点开要有去处，请写 link"),
    "address_filled": ("{key} 填好以后是“{said}”，不是网址", "填好以后应当是以 https:// 开头的完整网址"),
    "address_long": ("{key} 填好以后有 {size} 字节", "最多 {most} 字节"),
    "words_long": (
        "文字填好以后有 {size} 字节，客服消息最多 {most} 字节",
        "一个汉字占3字节；发的时候会截短，请写短一些",
    ),
    "cover_unknown": (
        "pictures 文件夹里没有“{said}”这张图片",
        "有的图片是：{allowed}；公众号素材库里的图片请写它的 media_id",
    ),
    "group_words_long": (
        "群“{said}”里说的话填好以后长 {size}，一条消息最多 {most}",
        "发的时候会截短：请另写一个短些的 group_template",
    ),
    "digest_unknown": ("没有“{said}”这篇摘要", "请写 digests 文件夹里的文件名，不带 .md"),
    "digest_not_for_all": (
        "“{said}”这篇摘要只给某些党组织看，这个推送还会发给别人",
        "请在 audience 的 organisations 里只写这些党组织：{allowed}",
    ),
    "service_news": (
        "渠道“{said}”是模板消息，不能用来发要闻和摘要",
        "微信规定模板消息只用于与用户本人操作有关的重要服务通知（{source}），请换成别的渠道",
    ),
    "service_unsaid": (
        "渠道“{said}”是模板消息，要写明这是因为本人做了什么",
        '请加一行 service，例如 service = "答过题"；微信规定模板消息只用于与用户本人操作有关的重要服务通知（{source}）',
    ),
    "service_for_all": (
        "渠道“{said}”是模板消息，只能发给自己做过这件事的人",
        '请在 [audience] 里写 answered，例如 answered = "1d"；订阅了主题不算（{source}）',
    ),
    "service_template": (
        "渠道“{said}”没有模板可用",
        "请写 service_template_id：公众号后台“模板消息”里选好的模板的编号，和订阅通知的不通用",
    ),
    "broadcast_key_twice": ("推送的 key “{said}”用过了", "另一个在 {other}；请改掉其中一个"),
    "channel_unknown": ("没有“{said}”这个渠道，推送时会跳过它", "渠道有：{allowed}"),
    "group_unknown": ("没有“{said}”这个群，推送时会说没发成", "配置的 [groups] 里有：{allowed}"),
    "notice_field": ("订阅通知没有“{said}”这样的字段", "字段名由类型和数字组成，例如 thing1、time2"),
    "notice_value": ("订阅通知的“{said}”{trouble}", "微信会因此拒收整条通知：请改写，或换一个类型合适的字段"),
    "template_unknown": ("没有模板“{said}”", "templates 文件夹里有：{allowed}"),
    "template_twice": ("有两个模板都叫“{said}”", "除扩展名外名字要不同"),
    "words_syntax": ("模板写法不对：{detail}", "请检查 {{{{ }}}} 和 {{% %}} 是否成对、名字是否写对"),
    "words_beyond": (
        "模板里不能用“{said}”",
        "{guess}这里只用填空、if、三层以内的 for 和常用的过滤器（join、format、length 等），这样填起来总有个完",
    ),
    "words_value": ("这里没有“{said}”这个内容可用", "{guess}可以用的有：{allowed}"),
    "words_failed": ("按样例填写时出错：{detail}", "请检查 {{{{ }}}} 里点号后面的名字"),
    "phrase_unknown": ("程序不说叫“{said}”的话，改了也用不上", "{guess}"),
    "phrase_empty": ("这句话是空的，会员会收不到回复", "请写上内容；想用原来的话，就把这一行删掉"),
    "phrase_part": ("点号后面的“{said}”在这句话里没有", "原来的话里用到的有：{allowed}"),
    "phrase_leaves_out": ("这句话里没有用到“{said}”，会员看不到它", "不是故意的话，请把 {{{{ {said} }}}} 写进去"),
    "phrase_text": ("“{said}”应当是文字", "请给内容加上英文双引号"),
    # menu (the platform's limits: wechat-platform.md §4), organisations, account
    "menu_tops": ("一级菜单有 {count} 个", "最多3个"),
    "menu_subs": ("“{said}”下面有 {count} 个按钮", "最多5个"),
    "menu_depth": ("“{said}”下面还有一层", "菜单只有两层，请去掉"),
    "menu_name_bytes": ("菜单名“{said}”有 {size} 字节", "最多 {most} 字节，一个汉字占3字节"),
    "menu_field_bytes": ("{key} 有 {size} 字节", "最多 {most} 字节"),
    "menu_type_missing": ("按钮“{said}”没有 type", "请写 type，例如 click 或 view；只有带下级按钮的才不写"),
    "menu_type_extra": ("“{said}”有下级按钮，不能再写 {field}", "请删掉 {field}"),
    "menu_type_unknown": ("没有“{said}”这种按钮", "可以用的 type：{allowed}"),
    "menu_needs": ("{said} 按钮缺少 {field}", "请补上"),
    "menu_key_unknown": ("程序不认识 key “{said}”，点了没有用", "可以用的 key：{allowed}"),
    "role_twice": ("角色的 id “{said}”用过了", "每个角色的 id 要不同"),
    "role_name_twice": ("叫“{said}”的角色不止一个", "请改掉其中一个的 name；要换掉自带的角色，请用它的 id"),
    "role_separated": (
        "“{said}”是三个管理员之一，不能在这里改",
        "系统、安全、审计三个管理员互不兼任；请换一个 id 和 name",
    ),
    "duty_separated": (
        "“{said}”只归系统、安全、审计三个管理员，不能写进别的角色",
        "请删掉；要做这件事的人，请安全管理员另给一个专门的账号",
    ),
    "task_span": ("任务要写明多久以内做完", "months（几个月）和 workdays（几个工作日）写一个，只写一个"),
    "task_twice": ("任务的 id “{said}”在这个角色里用过了", "同一个角色里，每个任务的 id 要不同"),
    "organisation_twice": ("组织的 id “{said}”用过了", "每个组织的 id 要不同"),
    "parent_unknown": ("没有“{said}”这个上级", "parent 写的是上级组织的 id，请先写上级"),
    "parent_cycle": ("“{said}”绕一圈成了自己的上级", "请检查 parent"),
    "original_unknown": (
        "originals 文件夹里没有“{said}”这份原文",
        "写的是文件名，不带 .txt；没有原文的，请删掉 original 这一行",
    ),
    "quotation": (
        "原文“{original}”里没有这一句：{said}",
        "行首加 > 的是官方原文，一个字、一个标点都不能改：请改回原文，或者去掉行首的 >",
    ),
    # what an admin of the console may not write there
    "rights_organisation": (
        "党组织“{said}”的 admins 或 parent 变了，哪些后台账号能看它的事也会跟着变",
        "这两项请保持原样，也不要删掉这个组织；新加的组织先不写 admins。要改的，请安全管理员在服务器上改",
    ),
    "rights_host": (
        "约谈“{said}”的 admin 变了：谁约了谈心，只有那个账号看得到",
        "约谈的 id 和 admin 请保持原样。要改的、要增减的，请安全管理员在服务器上改",
    ),
    "rights_matter": (
        "“{said}”这一类意见不再只给专人看了",
        "这一类要留在 matters.toml 里，意见的类别里也要有它。要改的，请安全管理员在服务器上改",
    ),
    "approval_unknown": ("没有“{said}”这样的内容", "approval 里可以写：{allowed}"),
    "topic_twice": ("主题的 id “{said}”用过了", "每个主题的 id 要不同"),
}  # fmt: skip

# What doesn't keep a pack from being taken: members can do without it, or a pack of another version may have it.
ADVICE = frozenset(
    {
        "file_unexpected",
        "file_unknown",
        "multi_answer",
        "explanation_letter",
        "question_source",
        "bank_alike",
        "question_alike",
        "body_image",
        "topic_unknown",
        "cite_unknown",
        "cite_version",
        "cite_superseded",
        "words_old",
        "topic_unknown_above",
        "organisation_unknown",
        "vote_statutory",
        "category_unknown",
        "matter_unknown",
        "channel_unknown",
        "account_unknown",
        "group_unknown",
        "received_unknown",
        "words_long",
        "group_words_long",
        "audience_nobody",
        "mass_to_some",
        "workdays_end",
        "phrase_unknown",
        "phrase_leaves_out",
        "menu_key_unknown",
    }
)

MOST_OF_ONE = 100  # findings of one kind in one file

# pydantic has a dozen types for one mistake: the beginning of its type's name is enough.
FAMILIES = ("datetime", "date", "bool", "int")

# The keys an admin can write, to guess at a misspelt one.
KEYS = [
    "id",
    "type",
    "stem",
    "options",
    "picture",
    "file",
    "words",
    "text",
    "answer",
    "case",
    "explanation",
    "cites",
    "reg",
    "version",
    "article",
    "difficulty",
    "tags",
    "source",
    "effective_from",
    "effective_to",
    "author",
    "reviewer",
    "alias",
    "audience",
    "score",
    "ordered",
    "partial_credit",
    "title",
    "topic",
    "question",
    "name",
    "kind",
    "topics",
    "source_name",
    "source_url",
    "doc_no",
    "original",
    "issued_on",
    "publish_at",
    "expire_at",
    "summary",
    "key",
    "schedule",
    "at",
    "zone",
    "workdays",
    "jitter",
    "off",
    "work",
    "everyone",
    "roles",
    "accounts",
    "received",
    "answered",
    "all",
    "any",
    "none",
    "organisations",
    "channels",
    "template",
    "fields",
    "notice_template_id",
    "mini_template_id",
    "mini_fields",
    "mini_page",
    "mass_cover",
    "mass_reprint",
    "service",
    "service_template_id",
    "service_fields",
    "groups",
    "group_template",
    "expires_after",
    "four_eyes",
    "priority",
    "at_most",
    "digests",
    "link",
    "picture",
    "variant",
    "mini_appid",
    "button",
    "url",
    "appid",
    "pagepath",
    "media_id",
    "article_id",
    "sub_button",
    "organisation",
    "parent",
    "duties",
    "party_member_required",
    "task",
    "months",
    "admins",
    "categories",
    "category",
    "matter",
    "host",
    "times",
    "place",
    "admin",
    "words",
    "about",
    "contact",
    "welcome",
    "help_lines",
    "approval",
    "notices",
]
SHOWN_AS = {"slug": "文件名"}
TOML_DETAILS = (
    (r"Invalid value", "等号后面的内容看不懂"),
    (r"Expected '='", "名字后面缺少等号"),
    (r"Unterminated string|Illegal character '\\n'|Expected \"\\?'\"", "引号没有成对"),
    (r"Unclosed array", "方括号没有成对，或列表里漏了逗号"),
    (r"Unclosed inline table", "花括号没有成对，或里面漏了逗号"),
    (r"Expected newline", "一行里多了内容"),
    (r"Cannot overwrite|Cannot declare|Duplicate", "同一项写了两次"),
    (r"Invalid statement|Invalid initial character", "这一行看不懂：左边的名字只用英文字母、数字、横线和下划线"),
    (r"Unescaped '\\'", "双引号里的反斜杠要写两个"),
)
# What Jinja2 says (its parser.py, lexer.py and runtime.py), in the words of admins; {0} and {1} are what it names.
TEMPLATE_DETAILS = (
    (r"unknown tag '(\w+)'\. You probably .* closed is '(\w+)'", "“{0}”写早了：先要用 {{% end{1} %}} 结束里面的 {1}"),
    (r"unknown tag '(\w+)'", "没有“{0}”这个标签。{guess}"),
    (r"Unexpected end of template\..* closed is '(\w+)'", "{{% {0} %}} 没有结束，少一个 {{% end{0} %}}"),
    (r"nexpected end of template|got 'end of template'", "到结尾还没有写完，少了 }} 或 %}"),
    (r"Missing end of comment tag", "{# 后面少了 #}"),
    (r"Missing end of raw directive", "raw 后面少了 {% endraw %}"),
    (r"[Tt]ag name expected", "{% %} 里没有写标签"),
    (r"expected token 'end of [a-z ]+', got '(.+)'", "多了“{0}”：一处只写一样，后面要接过滤器就先写 |"),
    (r"expected token '(.+?)', got '(.+)'", "这里应当是“{0}”，写的却是“{1}”"),
    (r"Expected an expression, got '(.+)'", "“{0}”前面还没有写完"),
    (r"unexpected char ['\"](.+)['\"] at", "这里不能写“{0}”，可能是全角的符号，请换成半角的"),
    (r"unexpected '(.+?)', expected '(.+?)'", "括号没有成对：这里应当是“{1}”，写的却是“{0}”"),
    (r"unexpected '(.+)'", "多了“{0}”"),
    (r"No test named '(\w+)'", "没有“{0}”这种判断"),
    (r"'(\w+)' is undefined", "没有“{0}”这个内容。{guess}"),
    (r"has no (?:attribute|element) '?(\w+)'?", "点号或方括号后面的“{0}”没有。{guess}"),
)
_TOKENS = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "begin of print statement": "{{",
    "begin of statement block": "{%",
    "end of template": "结尾",
    "name": "名字",
    "string": "文字",
    "integer": "数字",
    "float": "数字",
}
_IN_ENGLISH = "写法看不懂（{message}）"


def nearest(said: str, known: Iterable[str]) -> str | None:
    """Give the known name that `said` may have been meant to be."""
    return next(iter(difflib.get_close_matches(said, list(known), n=1, cutoff=0.6)), None)


def guess(said: str, known: Iterable[str]) -> str:
    """Give the advice for a name nobody knows: its right place, the nearest one there is, or to delete it."""
    known = [*known]
    if said in known:
        return "这一项不写在这里，可能要写在某个 [ ] 下面，请对照 content/README.md 检查位置"
    near = nearest(said, known)
    return f"是不是想写 {near}" if near else "请删掉，或对照 content/README.md 检查名字"


def toml_detail(message: str) -> str:
    """Give what `tomllib` said, in the words of admins where we have them."""
    return next((said for pattern, said in TOML_DETAILS if re.search(pattern, message)), message)


def template_detail(message: str, known: Iterable[str]) -> str:
    """Give what Jinja2 said in the words of admins, with the nearest `known` name; in its own where we have none."""
    for pattern, said in TEMPLATE_DETAILS:
        if found := re.search(pattern, message):
            named = [_TOKENS.get(each, each) for each in found.groups()]
            return said.format(*named, guess=perhaps(named[0], known)) if named else said
    return _IN_ENGLISH.format(message=message)


def perhaps(said: str, known: Iterable[str]) -> str:
    """Ask whether the nearest known name was meant; "" where none is near."""
    near = nearest(said, known)
    return f"是不是想写 {near}？" if near else ""


def finding(code: str, *, file: str, line: int, **facts: Any) -> Finding:
    """Make the finding of a code of `SENTENCES`."""
    what, mend = SENTENCES[code]
    level = Level.ADVICE if code in ADVICE else Level.FAULT
    return Finding(file=file, line=line, what=what.format(**facts), mend=mend.format(**facts), level=level)


def of_level(level: Level, found: Iterable[Finding]) -> list[Finding]:
    """Give the findings of one level."""
    return [each for each in found if each.level is level]


def of_model(error: ValidationError, *, file: str, positions: Positions) -> list[Finding]:
    """Give a finding for every error of a model made from `file`, up to `MOST_OF_ONE`."""
    errors = error.errors(include_url=False)
    found = [_of_error(dict(each), file=file, positions=positions) for each in errors[:MOST_OF_ONE]]
    left = errors[MOST_OF_ONE:]
    if left:
        line = line_of(left[0]["loc"], positions)
        found.append(finding("many_more", file=file, line=line, count=len(left)))
    return found


def _of_error(error: Mapping[str, Any], *, file: str, positions: Positions) -> Finding:
    place: Place = error["loc"]
    key = next((str(part) for part in reversed(place) if isinstance(part, str)), "内容")
    facts = {"key": SHOWN_AS.get(key, key), "guess": guess(key, KEYS)} | error.get("ctx", {})
    return finding(_code(error["type"]), file=file, line=line_of(place, positions), **facts)


def _code(kind: str) -> str:
    if kind in SENTENCES:
        return kind
    return next((family for family in FAMILIES if kind.startswith(f"{family}_")), "other")
