"""The platform's error codes: what its answer says, and which part of wechat-platform.md it comes from.

What is not on that page has a source of its own and the page's grade of certainty: B a copy of the platform's
全局返回码, C an answer that somebody has shown in its community or in a program's notes, M memory.
"""

from typing import Any, NamedTuple


class Fault(NamedTuple):
    """The `errmsg` of a code and its source."""

    message: str
    source: str


ERRORS: dict[int, Fault] = {
    -1: Fault("system error", "§2.4"),
    40001: Fault("invalid credential, access_token is invalid or not latest", "§2.4"),
    40002: Fault("invalid grant_type", "§2.2"),
    40003: Fault("invalid openid", "§2.4"),
    40004: Fault("invalid media type", "§2.4"),
    40005: Fault("invalid file type", "§8"),
    40007: Fault("invalid media_id", "§2.4, §8"),
    40008: Fault("invalid message type", "§2.4"),
    40009: Fault("invalid image size", "§2.4, §8"),
    40010: Fault("invalid voice size", "§2.4, §8"),
    40011: Fault("invalid video size", "§2.4, §8"),
    40012: Fault("invalid thumb size", "§2.4, §8"),
    40013: Fault("invalid appid", "§2.2"),
    40014: Fault("invalid access_token", "§2.4"),
    40015: Fault("invalid menu type", "§2.4, §4"),
    40016: Fault("invalid button size", "§2.4, §4"),
    40017: Fault("invalid button type", "§2.4, §4"),
    40018: Fault("invalid button name size", "§2.4, §4"),
    40019: Fault("invalid button key size", "§2.4, §4"),
    40020: Fault("invalid button url size", "§2.4, §4"),
    40022: Fault("invalid sub button level", "§2.4, §4"),
    40023: Fault("invalid sub button size", "§2.4, §4"),
    40024: Fault("invalid sub button type", "§2.4, §4"),
    40025: Fault("invalid sub button name size", "§2.4, §4"),
    40026: Fault("invalid sub button key size", "§2.4, §4"),
    40027: Fault("invalid sub button url size", "§2.4, §4"),
    40029: Fault("invalid code", "§6, §7"),
    40031: Fault("invalid openid list", "§2.4"),
    40032: Fault("invalid openid list size", "§2.4"),
    40033: Fault("invalid charset. please check your request, if include \\uxxxx will create fail!", "§2.4, §4"),
    40037: Fault("invalid template_id", "§2.4"),
    40039: Fault("invalid url size", "§2.4"),
    40052: Fault("invalid action name", "C: threads on qrcode/create"),
    40053: Fault("invalid action info, please check document", "C: threads on qrcode/create"),
    40054: Fault("invalid sub button url domain", "§2.4"),
    40055: Fault("invalid button url domain", "§2.4"),
    40059: Fault("invalid msg id", "C: threads on mass/delete and mass/get"),
    40060: Fault("invalid article idx", "B: 全局返回码; its words C: a thread on mass/delete"),
    40066: Fault("invalid url", "M"),
    40092: Fault("invalid remark name", "C: threads on updateremark"),
    40097: Fault("invalid args", "M"),
    40125: Fault("invalid appsecret", "§2.2"),
    40201: Fault("invalid url", "§1.4"),
    40202: Fault("invalid action", "§1.4"),
    40203: Fault("invalid check_operator", "§1.4"),
    40129: Fault("invalid scene", "§6"),
    40130: Fault("invalid openid list size, at least two openid", "§2.4, §3.5"),
    40132: Fault("invalid username", "B: 全局返回码; its words M"),
    40152: Fault("invalid tag id", "§2.4"),
    40163: Fault("code been used", "§2.4, §7"),
    40165: Fault("invalid path", "§6"),
    40212: Fault("invalid query", "§6"),
    40226: Fault("code blocked", "§6"),
    41001: Fault("access_token missing", "§2.4"),
    41002: Fault("appid missing", "§2.2"),
    41004: Fault("appsecret missing", "§2.2"),
    41005: Fault("media data missing", "M"),
    41030: Fault("invalid page", "§6"),
    42001: Fault("access_token expired", "§2.4"),
    42010: Fault("mass send too fast", "§2.4"),
    43001: Fault("require GET method", "M"),
    43002: Fault("require POST method", "§2.4"),
    43004: Fault("require subscribe", "§2.4"),
    43019: Fault("user in blacklist, remove from blacklist first", "§2.4"),
    43101: Fault("user refuse to accept the msg", "§2.4, §3.3"),
    44002: Fault("empty post data", "§2.4"),
    44004: Fault("empty content", "§2.4"),
    45002: Fault("content size out of limit", "§2.4"),
    45003: Fault("title size out of limit", "§2.4"),
    45004: Fault("description size out of limit", "§2.4"),
    45005: Fault("url size out of limit", "§2.4"),
    45008: Fault("article size out of limit", "§2.4"),
    45009: Fault("reach max api daily quota limit", "§2.3"),
    45011: Fault("api minute-quota reach limit", "§6"),
    45015: Fault("response out of time limit or subscription is canceled", "§3.1"),
    45028: Fault("has no masssend quota", "§2.4, §3.5"),
    45029: Fault("qrcode count out of limit", "C: threads on qrcode/create"),
    45034: Fault("media file count is out of limit", "C: a thread on the page of add_material"),
    45047: Fault("out of response count limit", "§3.1"),
    45056: Fault("tag count out of limit", "§5"),
    45057: Fault("can't delete the tag that has too many fans", "§5; its words M"),
    45058: Fault("can't modify sys tag", "§5"),
    45059: Fault("can't add too many tags to a user", "§5"),
    45065: Fault("clientmsgid exist", "§2.4, §3.5"),
    45066: Fault("same clientmsgid retry too fast", "§2.4"),
    45067: Fault("clientmsgid too long", "§2.4"),
    45072: Fault("invalid typing command", "§3.1"),
    45080: Fault("no interaction in 30 seconds", "§3.1"),
    45081: Fault("already typing", "§3.1"),
    45083: Fault("invalid mass speed", "§2.4"),
    45084: Fault("mass speed missing", "§2.4"),
    45110: Fault("author size out of limit", "C: notes of programs that call draft/add"),
    45157: Fault("invalid tag name", "§5"),
    45158: Fault("tag name too long", "§5"),
    45159: Fault("invalid tag id", "§5"),
    45171: Fault("some openids failed", "§2.4"),
    46003: Fault("menu no exist", "§4"),
    47001: Fault("data format error", "§2.4"),
    47003: Fault("argument invalid!", "§2.4, §3.4"),
    48001: Fault("api unauthorized", "§2.4"),
    48002: Fault("user refuse to receive message", "§2.4"),
    48006: Fault("forbid to clear quota because of reaching the limit", "§2.3"),
    53600: Fault("Article ID is invalid", "C: a thread on menus with article_id; its number M"),
    65301: Fault("no such conditional menu", "B: 全局返回码; its words M"),
    65302: Fault("no such user", "B: 全局返回码; its words M"),
    65303: Fault(
        "there is no selfmenu, please create selfmenu first",
        "§4, B: 全局返回码; its words C: a thread on addconditional",
    ),
    65304: Fault("match rule empty", "§4; its words C: threads on addconditional"),
    65316: Fault("too many outside domains in the menu", "§4, B: 全局返回码; its words M"),
    65320: Fault("match rule includes privacy fields", "§4"),
    76001: Fault("rid not found", "§2.3"),
    76002: Fault("rid is invalid", "§2.3"),
    76003: Fault("rid does not belong to this account", "§2.3"),
    76004: Fault("rid is expired", "§2.3"),
    76021: Fault("cgi_path not found", "§2.3"),
    76022: Fault("no permission to this cgi_path", "§2.3"),
    61010: Fault("code is expired", "§6"),
    200012: Fault("the number of templates has reached its limit", "§2.4, §3.3"),
    200014: Fault("tid does not exist", "§2.4, §3.3"),
    200016: Fault("invalid start", "§2.4, §3.3"),
    200017: Fault("invalid limit", "§2.4, §3.3"),
    200018: Fault("ids missing", "§2.4, §3.3"),
    200019: Fault("invalid ids", "§2.4, §3.3"),
    200020: Fault("invalid kidList", "§2.4, §3.3"),
    200021: Fault("invalid sceneDesc", "§2.4, §3.3"),
    85401: Fault("expire_time invalid", "§6"),
    87007: Fault("session_key is not existed or expired", "§6"),
    87008: Fault("invalid sig_method", "§6"),
    87009: Fault("invalid signature", "§6"),
}


class ApiError(Exception):
    """A refusal by the platform; `detail` follows the message, `more` adds fields to the answer."""

    def __init__(self, code: int, detail: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more

    def answer(self, rid: str) -> dict[str, Any]:
        """The JSON body: `errcode`, `errmsg` ending in the request's `rid` (§2.3), and what else there is."""
        words = [ERRORS[self.code].message if self.code in ERRORS else "error", self.detail, f"rid: {rid}"]
        return {"errcode": self.code, "errmsg": " ".join(filter(None, words)), **self.more}
