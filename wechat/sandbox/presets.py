"""The troubles that the panel offers, one a line of a table: what each is, where it is described, what may be set."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wechat.sandbox.knobs import HOLD_SECONDS, WEBHOOK, Knob

TIMES, AFTER, PATH = ("times", "次数"), ("after", "先放过几次"), ("path", "接口")


class Preset(NamedTuple):
    """A trouble as a person thinks of it: the knob it turns, and those of its values that may be set, with labels."""

    id: str
    group: str
    title: str
    says: str
    source: str
    knob: Knob
    asks: tuple[tuple[str, str], ...]

    def shown(self) -> dict[str, Any]:
        """As the panel reads it."""
        asks = [{"name": name, "label": label, "value": getattr(self.knob, name)} for name, label in self.asks]
        about = {"id": self.id, "group": self.group, "title": self.title, "says": self.says, "source": self.source}
        return {**about, "asks": asks}


def _value(label: str) -> tuple[str, str]:
    return "value", label


def _knob(path: str, effect: str, value: float = 0, **more: Any) -> Knob:
    return Knob(path=path, effect=effect, value=value, **more)


KF, TEMPLATE, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/message/template/send", "/cgi-bin/stable_token"
MASS = "/cgi-bin/message/mass/sendall"
PUBLISH = "/cgi-bin/freepublish/submit"
MEDIA_CHECK = "/wxa/media_check_async"
ANY = "*"

_CALLS, _PUSHES, _ACCOUNT, _RESULTS = "接口调用", "消息推送", "令牌与额度", "送达结果"

_ROWS: tuple[Preset, ...] = (
    Preset(
        "busy",
        _CALLS,
        "系统繁忙",
        "接下来的调用一连几次答 -1。",
        "§2.4",
        _knob(ANY, "fail", -1, times=3),
        (PATH, TIMES, AFTER),
    ),
    Preset(
        "slow",
        _CALLS,
        "应答很慢",
        "每次调用先等几秒再答；次数填 0 为一直如此。",
        "§12 行 12",
        _knob(ANY, "delay", 3, times=0),
        (PATH, _value("秒"), TIMES),
    ),
    Preset(
        "lost_before",
        _CALLS,
        "没做就断线",
        "连接断开，事情没有做。",
        "§12 行 12",
        _knob(ANY, "drop_before"),
        (PATH, TIMES, AFTER),
    ),
    Preset(
        "lost_after",
        _CALLS,
        "做完才断线",
        "事情做了，应答只到一半。",
        "§12 行 12",
        _knob(ANY, "drop_after"),
        (PATH, TIMES, AFTER),
    ),
    Preset(
        "refused",
        _CALLS,
        "答一个错误码",
        "不做事，只答这个错误码。",
        "§2.4",
        _knob(KF, "fail", 40003),
        (PATH, _value("错误码"), TIMES, AFTER),
    ),
    Preset(
        "push_slow",
        _PUSHES,
        "推送迟到",
        "推送先在路上走几秒。",
        "§1.4",
        _knob(WEBHOOK, "delay", 3),
        (_value("秒"), TIMES),
    ),
    Preset(
        "push_lost",
        _PUSHES,
        "推送丢失",
        "推送没有到；平台会再推，共三次。",
        "§1.4",
        _knob(WEBHOOK, "drop_before"),
        (TIMES, AFTER),
    ),
    Preset(
        "push_unanswered",
        _PUSHES,
        "应答丢失",
        "推送到了，应答没有回来；平台会再推同一条。",
        "§1.4",
        _knob(WEBHOOK, "drop_after"),
        (TIMES, AFTER),
    ),
    Preset(
        "push_twice",
        _PUSHES,
        "重复推送",
        "同一条推送两次，MsgId 相同。",
        "§1.4",
        _knob(WEBHOOK, "repeat"),
        (TIMES, AFTER),
    ),
    Preset(
        "push_overtaken",
        _PUSHES,
        "推送乱序",
        "压住这一条，等同一成员的下一条先到；没有下一条就等满几秒。",
        "§12 行 12",
        _knob(WEBHOOK, "hold", HOLD_SECONDS),
        (_value("最多几秒"), TIMES, AFTER),
    ),
    Preset(
        "token_dies",
        _ACCOUNT,
        "令牌中途失效",
        "放过几次之后令牌作废（40001），要到新令牌才好。",
        "§2.1",
        _knob(ANY, "revoke", after=5),
        (PATH, AFTER),
    ),
    Preset(
        "token_stays_bad",
        _ACCOUNT,
        "令牌总是无效",
        "换了新令牌也答 40001，像是别处在抢着换令牌。",
        "§2.4",
        _knob(KF, "fail", 40001, times=0),
        (PATH, TIMES, AFTER),
    ),
    Preset(
        "whitelist",
        _ACCOUNT,
        "IP 不在白名单",
        "取令牌时答 40164。",
        "§2.2",
        _knob(TOKEN, "fail", 40164, words="127.0.0.1, not in whitelist", times=0),
        (PATH, TIMES),
    ),
    Preset(
        "frozen",
        _ACCOUNT,
        "密钥被冻结",
        "取令牌时答 40243。",
        "§2.2",
        _knob(TOKEN, "fail", 40243, times=0),
        (PATH, TIMES),
    ),
    Preset(
        "quota",
        _ACCOUNT,
        "当日额度",
        "把接口的每日额度改成这个数，用完答 45009。",
        "§2.3",
        _knob(KF, "quota", 10),
        (PATH, _value("每日额度")),
    ),
    Preset(
        "mass_confirm",
        _ACCOUNT,
        "群发须管理员确认",
        "发给全部用户的群发先等管理员点头（在左边）；拒绝，或三十分钟不理，群发失败。",
        "§3.5",
        _knob(MASS, "confirm", times=0),
        (TIMES, AFTER),
    ),
    Preset(
        "second",
        _ACCOUNT,
        "每秒超限",
        "答 44990，一秒后可再试。",
        "§2.4",
        _knob(KF, "fail", 44990),
        (PATH, TIMES, AFTER),
    ),
    Preset(
        "minute",
        _ACCOUNT,
        "每分钟超限",
        "答 45011，一分钟后可再试；也可能是 44991。",
        "§2.4",
        _knob(KF, "fail", 45011),
        (PATH, _value("错误码"), TIMES, AFTER),
    ),
    Preset(
        "freq",
        _RESULTS,
        "模板消息被限频",
        "发送被受理，结果事件却说 failed:freq limit。",
        "§3.2",
        _knob(TEMPLATE, "undelivered", words="failed:freq limit"),
        (TIMES, AFTER),
    ),
    Preset(
        "mass_failed",
        _RESULTS,
        "群发没有通过",
        "群发被受理，结果事件却说 err(20013)，一个人也没有收到。",
        "§3.5",
        _knob(MASS, "undelivered", words="err(20013)"),
        (TIMES, AFTER),
    ),
    Preset(
        "publish_refused",
        _RESULTS,
        "发布未通过审核",
        "发布被受理，结果事件却说平台审核不通过（4）。",
        "§3.6",
        _knob(PUBLISH, "undelivered", words="4"),
        (TIMES, AFTER),
    ),
    Preset(
        "publish_runs",
        _RESULTS,
        "发布一直在进行",
        "发布被受理，状态停在“发布中”（1），没有结果事件。",
        "§3.6",
        _knob(PUBLISH, "undelivered", words="1"),
        (TIMES, AFTER),
    ),
    Preset(
        "media_risky",
        _RESULTS,
        "图片有风险",
        "小程序的图片送检，结果事件说 risky。",
        "§6",
        _knob(MEDIA_CHECK, "undelivered", words="risky"),
        (TIMES, AFTER),
    ),
    Preset(
        "media_review",
        _RESULTS,
        "图片拿不准",
        "小程序的图片送检，结果事件说 review：要人看。",
        "§6",
        _knob(MEDIA_CHECK, "undelivered", words="review"),
        (TIMES, AFTER),
    ),
    Preset(
        "media_not_fetched",
        _RESULTS,
        "图片取不到",
        "小程序的图片送检，结果事件说 -1008：按地址下载不了。",
        "§6",
        _knob(MEDIA_CHECK, "undelivered", words="-1008"),
        (TIMES, AFTER),
    ),
    Preset(
        "media_lost",
        _RESULTS,
        "图片没有结论",
        "小程序的图片送检被受理，结果事件一直没有来。",
        "§6",
        _knob(MEDIA_CHECK, "undelivered", words="lost"),
        (TIMES, AFTER),
    ),
    Preset(
        "system",
        _RESULTS,
        "模板消息没送到",
        "发送被受理，结果事件却说 failed: system failed。",
        "§3.2",
        _knob(TEMPLATE, "undelivered", words="failed: system failed"),
        (TIMES, AFTER),
    ),
)
PRESETS: Mapping[str, Preset] = {row.id: row for row in _ROWS}
