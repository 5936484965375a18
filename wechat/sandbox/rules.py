"""The platform's numbers, one table a subject; the section of wechat-platform.md stands beside each."""

import re
from typing import NamedTuple

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

TOKEN_LIVES = 2 * HOUR  # §2.1
TICKET_LIVES = 2 * HOUR  # §7
OLD_TOKEN_LIVES = 5 * MINUTE  # §2.1: how long a replaced token still works
FORCED_REFRESH_APART = 30  # §2.1: seconds; a closer call changes nothing
FORCED_REFRESH_A_DAY = 20  # §2.1
CLEAR_QUOTA_A_MONTH = 10  # §2.3
CLEAR_PATH_A_MONTH = 50  # §2.3
RID_LIVES = 7 * DAY  # §2.3
CALLBACK_CHECKS = {"dns": ("dns",), "ping": ("ping",), "all": ("dns", "ping")}  # §1.4
CALLBACK_OPERATORS = {"CHINANET", "UNICOM", "CAP", "DEFAULT"}  # §1.4
SAME_CLIENT_MSG_ID = 10 * MINUTE  # §3.2
MEDIA_LIVES = 3 * DAY  # §8
TYPING_AFTER_CONTACT = 30  # §3.1
TYPING_LASTS = 15  # seconds; not documented
TEXT_BYTES = 2048  # sdk-notes.md §2
URL_BYTES = 1024  # §4
LEGACY_FIELD_CHARS = 20  # §3.2: more is cut silently
FOLLOWER_PAGE = 10_000  # §5
BATCH_INFO = 100  # §5
BLOCKED_PAGE = 1_000  # §5
BLOCK_BATCH = 20  # §5
REMARK_BYTES = 30  # C: the page says less than thirty bytes, and ten hanzi are taken; more is 40092
TAGS = 100  # §5
TAG_NAME_BYTES = 30  # §5
TAGS_A_MEMBER = 20  # §5
TAG_STAYS_WITH = 100_000  # §5: bearers; it must be taken off some of them first (45057)
TAG_BATCH = 50  # §5
FIRST_TAG = 100  # §5: 0 to 2 are the system's
CODE_SECONDS = 60  # A1 api_createqrcode: of a QR code without `expire_seconds`; older pages say 30
LONGEST_CODE_SECONDS = 30 * DAY  # A1; a longer one may be cut instead of refused, the page does not say
CODES_FOR_EVER = 100_000  # A1
CODE_LIVES = 5 * MINUTE  # §6, §7
LOGINS_A_MINUTE = 100  # §6: of one member
CHECK_AFTER_USE = 2 * HOUR  # §6: words and media of whoever was in the mini-program
CHECKED_CHARS = 2500  # §6
SCENE = r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}"  # §6
QUERY = r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]*"  # §6
QUERY_CHARS = 1024  # §6
LINK_DAYS = 30  # §6
MINI_NOTICE = {  # §3.4: what a tap on a notice opens, and in which language; the first is meant where nothing is said
    "miniprogram_state": ("formal", "trial", "developer"),
    "lang": ("zh_CN", "en_US", "zh_HK", "zh_TW"),
}
CHECKED_BYTES = 10 * 1024 * 1024  # §6
WORDS_TO_TRY: dict[str, tuple[str, int]] = {  # what the stand-in says of words; labels are §6's
    "违规内容示例": ("risky", 20006),
    "广告内容示例": ("risky", 10001),
    "时政内容示例": ("review", 20001),
}
UNLISTED_QUOTA = 10_000_000


class Window(NamedTuple):
    """What one action of a member allows: so many customer-service messages for so many seconds."""

    messages: int
    seconds: int


WINDOWS: dict[str, Window] = {  # §3.1
    "message": Window(5, 48 * HOUR),
    "click": Window(3, MINUTE),
    "follow": Window(3, MINUTE),
    "scan": Window(3, MINUTE),
    "enter": Window(2, MINUTE),  # a mini-program's user_enter_tempsession
}


class CodeKind(NamedTuple):
    """A kind of QR code: where its scene stands, the largest number or most bytes of it, and whether it lasts."""

    field: str
    most: int
    for_ever: bool


CODES: dict[str, CodeKind] = {  # A1 api_createqrcode
    "QR_SCENE": CodeKind("scene_id", 2**32 - 1, for_ever=False),
    "QR_STR_SCENE": CodeKind("scene_str", 64, for_ever=False),
    "QR_LIMIT_SCENE": CodeKind("scene_id", 100_000, for_ever=True),
    "QR_LIMIT_STR_SCENE": CodeKind("scene_str", 64, for_ever=True),
}

CLASSES = {  # who may call what: §5 "Rights matrix"; (kind, verified)
    "everyone": {(kind, verified) for kind in ("service", "subscription", "miniprogram") for verified in (True, False)},
    "menu": {("service", True), ("service", False), ("subscription", True)},
    "conditional menu": {("service", True), ("subscription", True)},
    # Material: §5's old matrix has verified accounts only, §3.6 no such note beside drafts, which need its pictures.
    "people": {("service", True), ("subscription", True)},
    "pages with the JS-SDK": {(kind, verified) for kind in ("service", "subscription") for verified in (True, False)},
    "material": {(kind, verified) for kind in ("service", "subscription") for verified in (True, False)},
    "publish": {("service", True), ("subscription", True)},  # §3.6: since July 2025 nobody else
    "mass": {("service", True), ("subscription", True)},  # §3.5
    "mass to a list": {("service", True)},  # §3.5
    "codes": {("service", True)},
    "talk": {("service", True), ("subscription", True), ("miniprogram", True)},
    "notice": {("service", True)},
    "template list": {("service", True), ("miniprogram", True)},
    "mini notice": {("miniprogram", True), ("miniprogram", False)},
    "mini-program": {("miniprogram", True), ("miniprogram", False)},
    "mini-program of an entity": {("miniprogram", True)},
    "pages": {("service", True)},
}

DAILY: dict[str, int] = {  # §2.3
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/menu/addconditional": 2_000,  # §4
    "/cgi-bin/menu/delconditional": 2_000,  # §4
    "/cgi-bin/menu/trymatch": 20_000,  # §4
    "/cgi-bin/tags/create": 1_000,
    "/cgi-bin/tags/members/batchtagging": 100_000,
    "/cgi-bin/ticket/getticket": 1_000_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/draft/add": 1_000,
    "/cgi-bin/draft/get": 500,
    "/cgi-bin/draft/update": 1_000,
    "/cgi-bin/draft/delete": 1_000,
    "/cgi-bin/draft/count": 1_000,
    "/cgi-bin/draft/batchget": 1_000,
    "/cgi-bin/freepublish/submit": 100,
    "/cgi-bin/freepublish/get": 100,
    "/cgi-bin/freepublish/getarticle": 100,
    "/cgi-bin/freepublish/batchget": 100,
    "/cgi-bin/freepublish/delete": 10,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/message/mass/send": 100,
    "/cgi-bin/message/mass/preview": 100,  # §3.5
    "/cgi-bin/message/mass/delete": 10,  # §3.5; M
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/bizsend": 100_000,  # no page says (?): as a template message
    "/cgi-bin/message/subscribe/send": 10_000_000,  # §3.4
    "/cgi-bin/user/info/updateremark": 10_000,
    "/wxa/msg_sec_check": 2_000_000,  # §6
    "/wxa/media_check_async": 200_000,  # §6
    "/wxa/generate_urllink": 500_000,  # §6
    "/wxa/generatescheme": 500_000,  # §6
    "/cgi-bin/user/get": 500,
    "/cgi-bin/user/info": 5_000_000,
}


class MenuLevel(NamedTuple):
    """The bounds of one level of a menu and the code for breaking each."""

    most: int
    name_bytes: int
    many: int
    type: int
    name: int
    key: int
    url: int
    domain: int


TOP_LEVEL = MenuLevel(3, 16, many=40016, type=40017, name=40018, key=40019, url=40020, domain=40055)  # §4
SUB_LEVEL = MenuLevel(5, 60, many=40023, type=40024, name=40025, key=40026, url=40027, domain=40054)  # §4
MENU_RULES = {"tag_id", "client_platform_type"}  # §4: what a conditional menu may go by
PRIVATE_RULES = {"sex", "country", "province", "city", "language"}  # §4: and what no longer, 65320
OUTSIDE_DOMAINS = 3  # §4: of a conditional menu
FIRST_CONDITIONAL_MENU = 400_000_000
MENU_KEY_BYTES = 128  # §4
MENU_URL_BYTES = 1024  # §4
MENU_TYPES: dict[str, tuple[str, ...]] = {  # §4: a type and the fields it needs
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("url", "appid", "pagepath"),
}


class MediaKind(NamedTuple):
    """The most bytes of a kind of temporary media, and the code for more."""

    most: int
    code: int


MEDIA: dict[str, MediaKind] = {  # §8
    "image": MediaKind(10 * 1024 * 1024, 40009),
    "voice": MediaKind(2 * 1024 * 1024, 40010),
    "video": MediaKind(10 * 1024 * 1024, 40011),
    "thumb": MediaKind(64 * 1024, 40012),
}

MATERIALS: dict[str, MediaKind] = MEDIA  # §8: as large as temporary ones
# §8, api_getmaterialcount: images and articles together, the rest together; a caller was answered 45034 then (C).
MATERIAL_CAPS: tuple[tuple[frozenset[str], int], ...] = (
    (frozenset({"image"}), 100_000),
    (frozenset({"voice", "video", "thumb"}), 1_000),
)
PICTURES = {"article": MediaKind(1024 * 1024 - 1, 40009)}  # §8: "under 1 MB"
PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # §8: JPG and PNG, anything else 40005
PICTURE_HOST = "http://mmbiz.qpic.cn"  # C: where the platform's pictures lie
LISTED_MATERIALS = ("image", "voice", "video", "news")  # §8
LISTED = 20  # §3.6, §8: at most on a page


class LibraryKeyword(NamedTuple):
    """A field that a title offers: the kind of its values (§3.4) begins its key."""

    name: str
    example: str
    rule: str


class LibraryTemplate(NamedTuple):
    """A title of the platform's library: `type` 2 is one-time, 3 long-term."""

    title: str
    type: int
    category: int
    keywords: dict[int, LibraryKeyword]


TEMPLATES = 25  # §3.2, §3.3: of one kind in an account
TEMPLATE_FIELDS = range(2, 6)  # §3.3: of a template
TEMPLATE_SCENE_CHARS = 15  # §3.3
LISTED_TITLES = 30  # §3.3
# The library is the stand-in's own, in the shape of the platform's: titles, numbers and fields there are others.
TEMPLATE_CATEGORIES = {101: "政务民生", 102: "教育"}
_A_THING, _A_TIME = (
    LibraryKeyword("内容", "三月主题党日", "thing"),
    LibraryKeyword("时间", "2026年11月23日 09:00", "time"),
)
TEMPLATE_LIBRARY: dict[int, LibraryTemplate] = {
    1001: LibraryTemplate(
        "会议通知",
        2,
        101,
        {
            1: LibraryKeyword("会议主题", "第三季度党员大会", "thing"),
            2: LibraryKeyword("会议时间", "2026年11月23日 09:00", "time"),
            3: LibraryKeyword("会议地点", "三楼会议室", "thing"),
            4: LibraryKeyword("召集人", "支部委员会", "thing"),
            5: LibraryKeyword("应到人数", "25", "number"),
            6: LibraryKeyword("状态", "待参加", "phrase"),
        },
    ),
    1002: LibraryTemplate(
        "办理进度通知", 3, 101, {1: _A_THING, 2: _A_TIME, 3: LibraryKeyword("状态", "已受理", "phrase")}
    ),
    1003: LibraryTemplate("学习提醒", 2, 102, {1: _A_THING, 2: _A_TIME}),
}


class MassQuota(NamedTuple):
    """The jobs of an account a day, and the messages that each of its followers may get in a month."""

    jobs_a_day: int
    a_month_each: int


MASS: dict[str, MassQuota] = {  # §3.5, by the account's kind; a service account's calls a day are in DAILY
    "service": MassQuota(100, 4),
    "subscription": MassQuota(1, 31),
}
MASS_LIST = range(2, 10_001)  # §3.5: openids of `mass/send`
MASS_A_MINUTE = 60  # §3.5
MASS_CLIENT_MSG_ID_BYTES = 32  # §3.5: now; older pages say 64
MASS_SAME_CLIENT_MSG_ID = DAY  # §3.5
MASS_CONFIRM = 30 * MINUTE  # §3.5: how long an admin may take
MASS_SPEEDS = {0: 80, 1: 60, 2: 45, 3: 30, 4: 10}  # §3.5: ten thousands a minute
FIRST_MASS_ID = 3_147_483_648
ARTICLES = 8  # C: articles in one draft
ARTICLE_PICTURES = 20  # §3.6: of a newspic
DIGEST_OF_CONTENT = 54  # §3.6: characters taken where there is no digest
FIRST_PUBLISH_ID = 100_000_000
ARTICLE_HOST = "http://mp.weixin.qq.com"
OWN_LINKS = ("mp.weixin.qq.com",)  # §3.6: other links are stripped
OWN_PICTURES = ("mmbiz.qpic.cn",)  # §3.6: other pictures are stripped


class ArticleField(NamedTuple):
    """The most characters of a field, whether it must be there, and the code for either fault."""

    most: int
    needed: bool
    code: int


_OF_ALL_ARTICLES = {
    "title": ArticleField(32, needed=True, code=45003),
    "content": ArticleField(19_999, needed=True, code=45002),
}
ARTICLE_FIELDS: dict[str, dict[str, ArticleField]] = {  # §3.6, by article_type; the page names no codes: §2.4's, C
    "news": {
        **_OF_ALL_ARTICLES,
        "author": ArticleField(16, needed=False, code=45110),
        "digest": ArticleField(120, needed=False, code=45004),
        "content_source_url": ArticleField(1024, needed=False, code=45005),
    },
    "newspic": _OF_ALL_ARTICLES,
}

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DATE = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})"
_TIME = rf"({_DATE} )?{_CLOCK}"
_DAY = rf"{_DATE}( {_CLOCK})?"

FIELDS: dict[str, re.Pattern[str]] = {  # §3.4: the value of a template's field, by the letters its key begins with
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"(?=(\D*\d){1,32}\D*$)-?\d+(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": re.compile(rf"{_TIME}(~{_TIME})?"),
    "date": re.compile(rf"{_DAY}(~{_DAY})?"),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(\.\d+)?元?"),
    "phone_number": re.compile(r"[\d!-/:-@\[-`{-~ ]{1,17}"),
    "car_number": re.compile(r"[0-9A-Za-z一-鿿]{1,8}"),
    "name": re.compile(r"[一-鿿·]{1,10}|[A-Za-z .·'-]{1,20}"),
    "phrase": re.compile(r"[一-鿿]{1,5}"),
}
