"""What the robots' platforms answer, as tables, with words for an admin.

WeCom: developer.work.weixin.qq.com/document/path/91770
DingTalk: open.dingtalk.com/document/robots/custom-robot-access
Feishu: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
Weibo: open.weibo.com/wiki/Error_code
Codes that these pages lack are from programs that met them. All but Weibo answer 200 to what they refuse. A code that
no table names is `REFUSED`: repeating might never end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Came(StrEnum):
    """What came of a post."""

    SENT = "sent"
    AGAIN = "again"  # nothing was said; it may be tried again after a while
    REFUSED = "refused"  # nothing was said, and nothing will be until somebody mends it
    UNSURE = "unsure"  # no answer that can be read: it may have been said, and is never repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer means; `code` is the platform's or a short word of ours, `reason` is in an admin's words."""

    came: Came
    code: str = ""
    reason: str = ""
    after_seconds: float = 0.0


SENT = Verdict(came=Came.SENT)


@dataclass(frozen=True, slots=True)
class Means:
    """What a code means; a code with several causes is told by a word in the platform's own message."""

    came: Came
    reason: str
    after_seconds: float = 0.0
    word: str = ""


def _again(reason: str, seconds: float) -> Means:
    return Means(Came.AGAIN, reason, seconds)


def _refused(reason: str, word: str = "") -> Means:
    return Means(Came.REFUSED, reason, word=word)


BUSY_SECONDS = 30.0
UNREACHED = Verdict(
    came=Came.AGAIN, code="unreached", reason="连不上机器人的平台，请检查服务器的网络", after_seconds=BUSY_SECONDS
)
UNANSWERED = "发出去了，没有等到能看懂的回音：群里可能有，也可能没有。请到群里看一眼，程序不会再发"
TOO_FAST = "发得太快，平台要求慢一些"
BUSY = "平台繁忙"
WRONG_ADDRESS = "平台没有认出这个地址（HTTP {status}）。请核对配置里的 webhook"
UNNAMED = "平台拒绝了（{code}）。请对照平台的错误码说明；改好以后点“现在就发”，没发成的群会再发一次"
GONE = "配置里已经没有群“{name}”。请把它加回来，或从推送文件的 groups 里去掉"

_KEY = "webhook 不对，或者机器人已经被移出群。请在群设置里重新复制 webhook，改进配置"
_SIGNED = "签名没有通过。请核对配置里的 secret，并检查服务器的时间准不准"
_LATE = "签名的时间差得太多。请校准服务器的时间"
_KEYWORD = "机器人设了关键词，而要发的话里没有。请把关键词写进模板，或在群里改机器人的安全设置"
_ADDRESS = "机器人只接受名单上的 IP。请把服务器的出口 IP 加进机器人的安全设置"
_EXPIRED = "微博的授权已过期或无效。请用本单位的微博账号重新授权，把新的 access_token 写进配置的 webhook"
_UNAPPROVED = "微博没有批准这个应用发微博。请在微博开放平台查看应用的审核状态和接口权限"
_REPEATED = "微博说和刚发过的内容一样。请到微博上看一眼，改了内容再发"
_CONTENT = "微博没有接受这些内容。请检查文字，以及链接是不是在应用的“安全域名”下面"
_STOPPED = "机器人已被停用，或群已解散。请在群设置里查看"
_SHAPE = "平台说请求的格式不对。这是程序的错误，请把错误码交给维护人员"
_LONG = "平台说内容太长。请缩短模板"

# A code with several rows takes the first whose word is in the platform's message; a row without one fits any.
WECOM: Mapping[int, tuple[Means, ...]] = {
    -1: (_again(BUSY, BUSY_SECONDS),),
    45009: (_again(TOO_FAST, 60),),  # more than 20 a minute
    40058: (_refused(_LONG, "exceed max length"), _refused(_SHAPE)),
    44004: (_refused("要发的话是空的。请检查模板"),),
    93000: (_refused(_LONG, "exceed max length"), _refused(_KEY)),
}
DINGTALK: Mapping[int, tuple[Means, ...]] = {
    -1: (_again(BUSY, BUSY_SECONDS),),
    130101: (_again(TOO_FAST, 600),),  # more than 20 a minute: it hears nothing for ten
    410100: (_again(TOO_FAST, 600),),
    310000: (
        _refused(_KEYWORD, "keyword"),
        _refused(_LATE, "timestamp"),
        _refused(_ADDRESS, "whitelist"),
        _refused(_SIGNED),
    ),
    40035: (_refused(_KEY),),
    300001: (_refused(_KEY),),
    300005: (_refused(_KEY),),
    400101: (_refused(_KEY),),
    400106: (_refused(_KEY),),
    400013: (_refused(_STOPPED),),
    400102: (_refused(_STOPPED),),
    43004: (_refused(_SHAPE),),
    400105: (_refused(_SHAPE),),
    460101: (_refused(_LONG),),
}
FEISHU: Mapping[int, tuple[Means, ...]] = {
    11232: (_again(TOO_FAST, 60),),  # more than 100 a minute or 5 a second
    19001: (_refused(_KEY),),
    19021: (_refused(_SIGNED),),
    19022: (_refused(_ADDRESS),),
    19024: (_refused(_KEYWORD),),
    9499: (Means(Came.AGAIN, TOO_FAST, 60, "too many"), _refused(_SHAPE)),
}
WEIBO: Mapping[int, tuple[Means, ...]] = {
    10001: (_again(BUSY, BUSY_SECONDS),),
    10002: (_again(BUSY, BUSY_SECONDS),),
    10009: (_again(BUSY, BUSY_SECONDS),),
    10022: (_again(TOO_FAST, 3600),),  # the platform counts by the hour
    10023: (_again(TOO_FAST, 3600),),
    10024: (_again(TOO_FAST, 3600),),
    20016: (_again(TOO_FAST, 3600),),
    10004: (_refused("微博不接受服务器的 IP。请在微博开放平台查看应用的 IP 白名单"),),
    10005: (_refused(_UNAPPROVED),),
    10014: (_refused(_UNAPPROVED),),
    10016: (_refused(_SHAPE),),
    10017: (_refused(_CONTENT),),
    20012: (_refused(_LONG),),
    20017: (_refused(_REPEATED),),
    20019: (_refused(_REPEATED),),
    20111: (_refused(_REPEATED),),
    20020: (_refused(_CONTENT),),
    20021: (_refused(_CONTENT),),
    21602: (_refused(_CONTENT),),
    21315: (_refused(_EXPIRED),),
    21316: (_refused(_EXPIRED),),
    21317: (_refused(_EXPIRED),),
    21319: (_refused(_EXPIRED),),
    21327: (_refused(_EXPIRED),),
    21332: (_refused(_EXPIRED),),
}


def of(table: Mapping[int, tuple[Means, ...]], code: object, message: object) -> Verdict:
    """What a platform's code means; 0 is that the words were said, and no number is an answer that says nothing."""
    if not isinstance(code, int) or isinstance(code, bool):
        return Verdict(came=Came.UNSURE, code="unreadable", reason=UNANSWERED)
    if code == 0:
        return SENT
    said = str(message).lower()
    for means in table.get(code, ()):
        if means.word in said:
            return Verdict(
                came=means.came,
                code=str(code),
                reason=f"{means.reason}（{code}）",
                after_seconds=means.after_seconds,
            )
    return Verdict(came=Came.REFUSED, code=str(code)[:32], reason=UNNAMED.format(code=code))
