"""What admins read when a run stops or sends nothing, and which rule of the platform a text of theirs breaks."""

from collections.abc import Iterator, Mapping

from wechat.errors import BadRequest, QuotaSpent, WeChatError, fact
from wechat.limits import Rule, check_notice

NOTHING_NEW = "没有新内容，没有打扰任何人"
EXPIRED = "过了时限还没有开始，已放弃"
BY_HAND = "由管理员暂停"
HELD = "到点以前由管理员暂停"
QUIET = "正是免打扰的时段，{until:%H:%M} 再发"
FULL = "有人今天已经收够了，群发给所有人没法不发给他们，明天再发"
RESTS = "免打扰的时段到了，先停一停，过后自己接着发"
OVER_BEFORE_RENEWAL = "额度恢复以前，这一次就过了时限，所以不会自己接着发"
AWAITS = "要两位管理员都同意才发，还差{left}位"
CANCELLED = "由管理员取消，没发的不再发"
CALLED_OFF = "开始以前由管理员取消，没有打扰任何人"
CORRECTED = "内容有误，没发的不再发，另有更正"
STOPPED = (CANCELLED, CALLED_OFF, CORRECTED)  # for good: nobody more hears what it says
STOPS_FIRST = "等有误的那一次停下来再发"
NOBODY_HEARD = "要更正的那一次没有人收到，没有打扰任何人"
FORGOTTEN = "名单问到谁收到过“{digests}”，可是那几次推送已经并入统计，不再知道是谁，没有打扰任何人"
CORRECTION = "更正：{title}"
UNSAID = (EXPIRED, HELD, CALLED_OFF)  # what a run had to say when it stopped so, nobody has heard
# Why a person wasn't reached, by the short words of ours; the platform's codes stand in wechat/errors.py.
OF_DELIVERIES: Mapping[str, str] = {
    "left": "已取消关注或退出",
    "no_channel": "现在没有一个渠道能发给他：没有订阅通知的次数，也没有开着的对话窗口",
    "unread": "留到下次来访的话，过了期还没有来看",
    "expired": "过了时限还没有发",
    "cancelled": "这一次被取消，没有发",
    "by_hand": "由管理员记下的结果",
    "user_block": "他拒收了本号的消息",
    "system_failed": "微信的系统没有送到",
    "freq_limit": "给他发得太频繁，微信没有送",
    "not_delivered": "微信说没有送到",
    "no_tag": "公众号里已经没有这个标签",
}
NOT_KNOWN = "发出去以后没有得到答复，不知道有没有收到"
OTHERWISE = "没有发成，原因是“{error}”"
UNEXPLAINED = "微信没有给出原因"
NO_ACCOUNT = "配置里已经没有账号“{account}”，而有人要由它通知。请把它加回来，或放弃这次推送"
DOUBTFUL = (
    "微信说今天的额度用完了（{about}），可是没有答还剩多少：发得太快时它也这样说。"
    "先停一停，{minutes}分钟后放慢了自己再试"
)
STILL_DOUBTFUL = "{why}。隔几分钟再试，连着{times}次都没有问到还剩多少，就当是用完了"
CALLS = "今天已调用{used}次，每天最多{allowed}次"
MEND = "请修改推送或模板的内容，再发一次"

NOT_ALONE = "群发不能只发给一个人"
TOO_FEW = "不到两个人，群发发不了，已改走下一个渠道"
CONFIRM = "等公众号的管理员在微信里确认（30分钟内）"
NO_PICTURE = "内容里已经没有图片“{name}”了（或者它改过了）。请把原来的图片放回 pictures 文件夹，或放弃这次推送"
NO_TAG = "公众号里已经没有这个标签了，已改走下一个渠道"
ASKS = "{why}。群发没有发出去：继续发就改走下一个渠道，不发了请取消这一次"
UNKNOWN_THERE = "微信说没有这次群发"
MASS_FAILED = "微信没有发出去，也没有说原因"

# What the platform says of a mass send that came to nothing (wechat-platform notes §3.5).
MASS: Mapping[str, str] = {
    "send fail": MASS_FAILED,
    "err(10001)": "微信认为内容涉嫌广告",
    "err(20001)": "微信认为内容涉嫌政治",
    "err(20002)": "微信认为内容涉嫌色情",
    "err(20004)": "微信认为内容涉嫌社会问题",
    "err(20006)": "微信认为内容涉嫌违法犯罪",
    "err(20008)": "微信认为内容涉嫌欺诈",
    "err(20013)": "微信认为内容涉嫌侵犯版权",
    "err(21000)": "微信认为内容涉嫌其他问题",
    "err(22000)": "微信认为内容涉嫌互相推广",
    "err(30001)": "原创校验出错，没有发",
    "err(30002)": "原创校验认为是转载，没有发",
    "err(30003)": "原创校验认为不能转载，没有发",
    "err(40001)": "公众号的管理员没有同意",
    "err(40002)": "公众号的管理员30分钟内没有确认",
}


ASKED = frozenset(MASS) - {"send fail", "err(40002)"}  # somebody has said no: an admin decides what comes next


def of_mass(status: str) -> str:
    """Why a mass send came to nothing."""
    return MASS.get(status, f"{MASS_FAILED}（{status[:32]}）")


def pause_of_mass(status: str) -> str:
    """Why the run of such a mass send rests; "" where its people go on another way by themselves."""
    return ASKS.format(why=of_mass(status)) if status in ASKED else ""


UNKNOWN_RULE = "不合微信的规则"

# What is wrong with a field that our own check refused, to be said after its name.
BROKEN: Mapping[str, str] = {
    Rule.EMPTY: "是空的",
    Rule.NO_TEXT: "是空的，或者不是文字",
    Rule.CONTROL: "里有不能显示的控制字符",
    Rule.LINE_BREAK: "里有换行或控制字符",
    Rule.CHARACTERS: "超过了{most}个字",
    Rule.BYTES: "超过了{most}字节（一个汉字占3字节）",
    Rule.NO_ADDRESS: "不是 http 或 https 开头的网址",
    Rule.MISSING: "没有写",
    Rule.NO_RID: "不是微信报错时给出的请求编号",
    Rule.ONE_OF: "只能是：{known}",
    Rule.NO_KIND: "不是微信认得的字段，可以用的类型有：{known}",
    Rule.NUMBER: "应当是数字，可以带小数，最多32位",
    Rule.LETTER: "只能是字母，最多32个",
    Rule.SYMBOL: "只能是符号，最多5个",
    Rule.CHARACTER_STRING: "只能是数字、字母或符号，最多32个",
    Rule.TIME: "应当是时间，例如 15:01 或 2026年11月23日 15:01；一段时间用 ~ 连接",
    Rule.DATE: "应当是日期，例如 2026年11月23日，可以带时间；一段日期用 ~ 连接",
    Rule.AMOUNT: "应当是金额：一个货币符号，最多10位数字，可以带小数",
    Rule.PHONE_NUMBER: "应当是电话号码，最多17位数字和符号",
    Rule.CAR_NUMBER: "应当是车牌号，最多8位",
    Rule.NAME: "应当是名字，最多10个汉字或20个字母",
    Rule.PHRASE: "只能是汉字，最多5个",
    Rule.LISTED: "只能是模板里列出的值",
    Rule.BUTTONS: "应当有1到{most}个按钮",
    Rule.SUB_BUTTONS: "最多{most}个",
    Rule.HOSTS: "里的链接最多通向{most}个域名",
    Rule.TYPE_ABOVE_SUBS: "有下级按钮，不能再有类型",
    Rule.SCENE: "应当是1到32个字母、数字或 = & 之类的符号",
    Rule.DAYS: "应当是1到{most}天",
    Rule.STATE: "应当是1到{most}个字母或数字",
    Rule.SCENE_ID: "应当是1到{most}的数字",
    Rule.SCENE_STR: "应当有1到{most}字节（一个汉字占3字节）",
    Rule.LASTS: "应当是1秒到{most}天，或不设期限",
    Rule.ARTICLES: "应当有1到{most}篇图文",
    Rule.PICTURES: "应当有1到{most}张图片",
    Rule.WIDTH: "超过了{most}个字母（一个汉字算两个）",
    Rule.OWN_PICTURES: "里有别处的图片，要先传到微信",
    Rule.FIELDS: "应当有{least}到{most}个字段，每个只用一次",
    Rule.CATEGORIES: "至少要有一个类目",
    Rule.LIST: "应当有{least}到{most}个收信人",
    Rule.SPEED: "应当是0到{most}的级别",
    Rule.SIZE: "超过了{most}字节",
    Rule.FORMAT: "（{kind}）只能是：{known}",
}


def of(error: WeChatError) -> str:
    """Why a run is paused, and what to do about it."""
    if isinstance(error, BadRequest) and error.rule:
        return f"“{error.field}”{_broken(error)}。{MEND}"
    about = "，".join(filter(None, _about(error)))
    what = (error.meaning or error.errmsg or UNEXPLAINED) + (f"（{about}）" if about else "")
    return f"{what}。{error.mend}" if error.mend else what


def of_doubt(error: WeChatError, minutes: int) -> str:
    """Why a run waits for some minutes: what the platform said may mean the day or the minute."""
    return DOUBTFUL.format(about="，".join(_about(error)), minutes=minutes)


def of_many_doubts(error: WeChatError, times: int) -> str:
    """Why a run waits for the next day though nobody said that the day's calls are spent."""
    return STILL_DOUBTFUL.format(why=of(error), times=times)


def of_delivery(state: str, error: str) -> str:
    """Why a delivery ended in a state that isn't `sent`, in words."""
    if error in OF_DELIVERIES:
        return OF_DELIVERIES[error]
    if error.lstrip("-").isdecimal():
        meaning = fact(int(error)).meaning
        return f"{meaning}（{error}）" if meaning else f"{UNEXPLAINED}（{error}）"
    return NOT_KNOWN if state == "unsure" else OTHERWISE.format(error=error or UNEXPLAINED)


def notice_fault(key: str, value: str) -> str:
    """What the platform has against the value of a notice's field, to be said after its name; "" for nothing."""
    try:
        check_notice({key: value})
    except BadRequest as error:
        return _broken(error)
    return ""


def _broken(error: BadRequest) -> str:
    return BROKEN.get(error.rule, UNKNOWN_RULE).format(**error.facts)


def _about(error: WeChatError) -> Iterator[str]:
    """What the platform says of it; its own people ask for the rid."""
    if isinstance(error, BadRequest) and error.field:
        yield f"字段 {error.field}"
    if error.errcode is not None:
        yield str(error.errcode)
    if isinstance(error, QuotaSpent) and error.allowed:
        yield CALLS.format(used=error.used, allowed=error.allowed)
    if error.rid:
        yield f"rid {error.rid}"
