"""What the platform lets through, checked before anything is sent: every fault is a `BadRequest` that names its field.

The tables are wechat-platform.md §3.1 (customer-service messages), §3.4 (values of a notice), §4 (menu), §5 (tags) and
§8 (media). Where its sources disagree the narrower figure is taken.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from wechat.errors import BadRequest
from wechat.messages import Article, News, PictureArticle

TEXT_BYTES = 2048
URL_BYTES = 1024
CLIENT_MSG_ID_BYTES = 32
TAG_NAME_BYTES = 30
TAGS_OF_AN_ACCOUNT = 100
TAGS_OF_A_USER = 20
TAGGED_AT_ONCE = 50
USERS_AT_ONCE = 100
BLOCKED_AT_ONCE = 20
REMARK_BYTES = 29
LISTED_AT_ONCE = 20  # §3.6, §8: materials, drafts and what is published
THING_CHARS = 20
LEGACY_CHARS = 20


class Rule(StrEnum):
    """Every rule that is checked here, in an operator's words; an admin reads those of scheduler/reasons.py."""

    EMPTY = "empty"
    NO_TEXT = "empty, or not text"
    CONTROL = "a control character"
    LINE_BREAK = "a line break or a control character"
    CHARACTERS = "at most {most} characters"
    BYTES = "at most {most} bytes of UTF-8"
    NO_ADDRESS = "not an http or https address"
    MISSING = "missing"
    NO_RID = "not the rid of an error"
    ONE_OF = "one of {known}"
    # a notice's fields
    NO_KIND = "no such kind of field: {known}"
    NUMBER = "at most 32 digits, decimals allowed"
    LETTER = "at most 32 letters"
    SYMBOL = "at most 5 symbols"
    CHARACTER_STRING = "at most 32 digits, letters or symbols"
    TIME = "a time such as 15:01 or 2026年11月23日 15:01, or two with ~"
    DATE = "a date such as 2026年11月23日, with a time or not, or two with ~"
    AMOUNT = "one currency sign, at most 10 digits and decimals"
    PHONE_NUMBER = "at most 17 digits and symbols"
    CAR_NUMBER = "at most 8 letters, digits or hanzi"
    NAME = "at most 10 hanzi, or 20 letters"
    PHRASE = "at most 5 hanzi"
    LISTED = "one of the values the template lists"
    # a menu
    BUTTONS = "one to {most} buttons"
    SUB_BUTTONS = "at most {most}"
    HOSTS = "links to at most {most} hosts"
    TYPE_ABOVE_SUBS = "a button with sub-buttons has no type"
    # a mini-program
    SCENE = "1 to 32 letters, digits and signs such as = and &"
    DAYS = "1 to {most} days"
    # a QR code
    SCENE_ID = "a number from 1 to {most}"
    SCENE_STR = "1 to {most} bytes of UTF-8"
    LASTS = "1 second to {most} days, or for ever"
    # a page's address
    STATE = "1 to {most} letters and digits"
    # an article
    ARTICLES = "one to {most} articles"
    PICTURES = "one to {most} pictures"
    WIDTH = "at most {most} letters, a hanzi counting as two"
    OWN_PICTURES = "shows a picture from elsewhere: upload it first"
    # a template
    FIELDS = "{least} to {most} fields, each once"
    CATEGORIES = "at least one category"
    # a mass message
    LIST = "{least} to {most} openids"
    SPEED = "a level from 0 to {most}"
    # media
    SIZE = "at most {most} bytes"
    FORMAT = "{kind} takes {known}"


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^\s/]+\S*")

# -- values of a notice (§3.4) ------------------------------------------------------------------------------------

_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DAY = r"[0-9]{4}年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12][0-9]|3[01])日"
_HANZI = r"[\u3400-\u9fff]"


def _span(moment: str) -> str:
    return rf"{moment}(?:\s*[~～]\s*{moment})?"


# key without its number: what a value looks like, and the rule that says so
_VALUES: Mapping[str, tuple[re.Pattern[str], Rule]] = {
    prefix: (re.compile(shape), rule)
    for prefix, shape, rule in (
        ("thing", rf".{{1,{THING_CHARS}}}", Rule.CHARACTERS),
        ("number", r"(?!(?:\.?[0-9]){33})-?[0-9]+(?:\.[0-9]+)?", Rule.NUMBER),
        ("letter", r"[A-Za-z]{1,32}", Rule.LETTER),
        ("symbol", r"[^\w\s]{1,5}", Rule.SYMBOL),
        ("character_string", r"[\x21-\x7e]{1,32}", Rule.CHARACTER_STRING),
        ("time", _span(rf"(?:{_DAY}\s*)?{_CLOCK}"), Rule.TIME),
        ("date", _span(rf"{_DAY}(?:\s*{_CLOCK})?"), Rule.DATE),
        ("amount", r"[¥￥$€£]?[0-9]{1,10}(?:\.[0-9]+)?元?", Rule.AMOUNT),
        ("phone_number", r"[0-9+\-*#() ]{1,17}", Rule.PHONE_NUMBER),
        ("car_number", rf"(?:{_HANZI}|[A-Za-z0-9·]){{1,8}}", Rule.CAR_NUMBER),
        ("name", r".{1,10}|[A-Za-z .'\-]{1,20}", Rule.NAME),
        ("phrase", rf"{_HANZI}{{1,5}}", Rule.PHRASE),
        ("enum", r".+", Rule.LISTED),
        ("const", r".+", Rule.LISTED),
    )
}
_KEY = re.compile(r"([a-z_]+?)\d+", re.ASCII)
_LEGACY_KEY = re.compile(r"first|remark|keyword\d+", re.ASCII)


def check_notice(data: Mapping[str, str]) -> None:
    """Refuse values that the platform would answer with 47003; only it knows which keys the template has."""
    _some(data, "data")
    for key, value in data.items():
        (_check_again if isinstance(value, str) else _check_value)(key, value)


def check_template(data: Mapping[str, str]) -> None:
    """As `check_notice`, also for a legacy template's keys (`first keyword1 remark`), which would be cut silently."""
    _some(data, "data")
    for key, value in data.items():
        if _LEGACY_KEY.fullmatch(key):
            _one_line(key, value)
            _chars(key, value, LEGACY_CHARS)
        else:
            _check_value(key, value)


def fit(key: str, value: str) -> str:
    """Put `value` on one line and, where `key` is a `thing`, cut it with … to what the field holds.

    Only a `thing` may be cut: half a time, a sum or a name says something else.
    """
    line = _SPACE.sub(" ", _CONTROL.sub(" ", value)).strip()
    if _prefix(key) != "thing" or len(line) <= THING_CHARS:
        return line
    return line[: THING_CHARS - 1].rstrip() + "…"


def _check_value(key: str, value: str) -> None:
    prefix = _prefix(key)
    _refuse(prefix not in _VALUES, key, Rule.NO_KIND, known=", ".join(_VALUES))
    _one_line(key, value)
    shape, rule = _VALUES[prefix]
    _refuse(not shape.fullmatch(value), key, rule, most=THING_CHARS)


_check_again = lru_cache(maxsize=64)(_check_value)  # a run says the same to thousands


def _prefix(key: str) -> str:
    found = _KEY.fullmatch(key)
    return found[1] if found else ""


# -- templates (§3.3) ---------------------------------------------------------------------------------------------

TEMPLATE_FIELDS = range(2, 6)
TEMPLATE_SCENE_CHARS = 15
TITLES_AT_ONCE = 30


def check_new_template(keywords: Sequence[int], scene: str) -> None:
    """Refuse too few fields, too many or one twice, and no or too long words of what it is for."""
    fits = len(keywords) in TEMPLATE_FIELDS and len(set(keywords)) == len(keywords)
    _refuse(not fits, "kidList", Rule.FIELDS, least=TEMPLATE_FIELDS[0], most=TEMPLATE_FIELDS[-1])
    _one_line("sceneDesc", scene)
    _chars("sceneDesc", scene, TEMPLATE_SCENE_CHARS)


def check_categories(categories: Sequence[int]) -> None:
    """Refuse to look under none."""
    _refuse(not categories, "ids", Rule.CATEGORIES)


# -- customer-service messages (§3.1) -----------------------------------------------------------------------------


def check_text(text: str, field: str = "content") -> None:
    """Refuse empty words, more than 2 048 bytes of them, and characters no phone shows."""
    _refuse(not text.strip(), field, Rule.EMPTY)
    _refuse(bool(_CONTROL_IN_TEXT.search(text)), field, Rule.CONTROL)
    _bytes(field, text, TEXT_BYTES)


def check_news(news: News) -> None:
    """Refuse a card without a title or a link."""
    _one_line("title", news.title)
    check_url("url", news.url)
    if news.picture_url:
        check_url("picture_url", news.picture_url)


def check_url(field: str, url: str) -> None:
    """Refuse what is no web address or longer than 1 024 bytes."""
    _refuse(not _WEB.fullmatch(url), field, Rule.NO_ADDRESS)
    _bytes(field, url, URL_BYTES)


def check_client_msg_id(client_msg_id: str) -> None:
    """Refuse an empty key against doubles and one over 32 bytes (older pages say 64)."""
    _one_line("client_msg_id", client_msg_id)
    _bytes("client_msg_id", client_msg_id, CLIENT_MSG_ID_BYTES)


# -- the account itself (§2.3) ------------------------------------------------------------------------------------

_RID = re.compile(r"[0-9a-f]{1,16}(?:-[0-9a-f]{1,16}){2}", re.ASCII)


def check_rid(rid: str) -> None:
    """Refuse what can't be the number of a call."""
    _refuse(not _RID.fullmatch(rid), "rid", Rule.NO_RID)


# -- a mini-program's own API (§6) --------------------------------------------------------------------------------

CHECKED_CHARS = 2500
LINK_DAYS = 30
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}", re.ASCII)


def check_checked(words: str) -> None:
    """Refuse what can't be judged at once: nothing, or more than 2 500 characters."""
    _refuse(not words, "content", Rule.EMPTY)
    _chars("content", words, CHECKED_CHARS)


def check_scene(scene: str) -> None:
    """Refuse what the code of a page can't carry."""
    _refuse(not _SCENE.fullmatch(scene), "scene", Rule.SCENE)


def check_link_days(days: int) -> None:
    """Refuse a link that never begins, or lives longer than the platform lets it."""
    _refuse(not 1 <= days <= LINK_DAYS, "expire_interval", Rule.DAYS, most=LINK_DAYS)


# -- pages that know their reader (§7) ------------------------------------------------------------------------------

STATE_BYTES = 128
_STATE = re.compile(rf"[A-Za-z0-9]{{1,{STATE_BYTES}}}", re.ASCII)


def check_state(state: str) -> None:
    """Refuse a state that would not come back as it was."""
    _refuse(not _STATE.fullmatch(state), "state", Rule.STATE, most=STATE_BYTES)


# -- QR codes with a scene (A1 `qrcode/qrcodes/api_createqrcode`) -----------------------------------------------

CODE_DAYS = 30
LARGEST_SCENE_ID = 2**32 - 1
LARGEST_SCENE_ID_FOR_EVER = 100_000
SCENE_BYTES = 64  # the page says "1 to 64" and not of what: bytes are the narrower reading


def check_code(scene: int | str, lasts: timedelta | None) -> None:
    """Refuse a scene that no code can tell, and a code that would live too long; None is for ever."""
    if isinstance(scene, int):
        most = LARGEST_SCENE_ID_FOR_EVER if lasts is None else LARGEST_SCENE_ID
        _refuse(not 1 <= scene <= most, "scene_id", Rule.SCENE_ID, most=most)
    else:
        _refuse(not 1 <= _size(scene) <= SCENE_BYTES, "scene_str", Rule.SCENE_STR, most=SCENE_BYTES)
    fits = lasts is None or timedelta(seconds=1) <= lasts <= timedelta(days=CODE_DAYS)
    _refuse(not fits, "expire_seconds", Rule.LASTS, most=CODE_DAYS)


# -- pages with the JS-SDK (§7) -----------------------------------------------------------------------------------


def check_page(url: str, nonce: str) -> None:
    """Refuse a page that has no address, and an empty nonce."""
    check_url("url", url)
    _one_line("nonceStr", nonce)


# -- menu (§4) ----------------------------------------------------------------------------------------------------

BUTTONS = 3
SUB_BUTTONS = 5
NAME_BYTES = 16
SUB_NAME_BYTES = 60
KEY_BYTES = 128
HOSTS_OF_A_CONDITIONAL_MENU = 3

_NEEDS: Mapping[str, tuple[str, ...]] = {
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


def check_menu(menu: Mapping[str, Any]) -> None:
    """Refuse a menu the platform would not take; `menu` is the body of menu/create."""
    buttons = menu.get("button")
    if not isinstance(buttons, Sequence) or not 1 <= len(buttons) <= BUTTONS:
        raise BadRequest.of("button", Rule.BUTTONS, most=BUTTONS)
    for place, button in enumerate(buttons):
        _check_button(f"button[{place}]", button)


def check_conditional_menu(menu: Mapping[str, Any]) -> None:
    """As `check_menu`; a menu for some may lead to three hosts at most."""
    check_menu(menu)
    leaves = [leaf for button in menu["button"] for leaf in button.get("sub_button") or [button]]
    hosts = {urlsplit(leaf["url"]).hostname for leaf in leaves if leaf["type"] == "view"}
    _refuse(len(hosts) > HOSTS_OF_A_CONDITIONAL_MENU, "button", Rule.HOSTS, most=HOSTS_OF_A_CONDITIONAL_MENU)


def _check_button(place: str, button: Mapping[str, Any]) -> None:
    _name(f"{place}.name", button.get("name"), NAME_BYTES)
    subs = button.get("sub_button")
    if not subs:
        _check_action(place, button)
        return
    _refuse("type" in button, f"{place}.type", Rule.TYPE_ABOVE_SUBS)
    _refuse(len(subs) > SUB_BUTTONS, f"{place}.sub_button", Rule.SUB_BUTTONS, most=SUB_BUTTONS)
    for number, sub in enumerate(subs):
        _name(f"{place}.sub_button[{number}].name", sub.get("name"), SUB_NAME_BYTES)
        _check_action(f"{place}.sub_button[{number}]", sub)


def _check_action(place: str, button: Mapping[str, Any]) -> None:
    needs = _NEEDS.get(button.get("type", ""))
    if needs is None:
        raise BadRequest.of(f"{place}.type", Rule.ONE_OF, known=", ".join(_NEEDS))
    for field in needs:
        _refuse(not button.get(field), f"{place}.{field}", Rule.MISSING)
    _bytes(f"{place}.key", button.get("key", ""), KEY_BYTES)
    if "url" in needs:
        check_url(f"{place}.url", button["url"])


def _name(field: str, name: object, most: int) -> None:
    _one_line(field, name)
    _bytes(field, str(name), most)


# -- articles (§3.6) ----------------------------------------------------------------------------------------------

ARTICLES = 8  # C: what the console takes
TITLE_CHARS, TITLE_BYTES = 32, 64  # the pages of 2026 say 32 characters, older ones 64 bytes: both hold here
AUTHOR_WIDTH = 16  # the page says 16; programs report 45110 from the ninth hanzi on (C)
DIGEST_CHARS = 120
CONTENT_CHARS = 20_000
CONTENT_BYTES = 1024 * 1024
PICTURES = 20
_IMAGE = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]*)""", re.IGNORECASE)
_OWN_HOST = "qpic.cn"  # where `uploadimg` puts pictures (C)


def fit_title(title: str) -> str:
    """Put an article's title on one line, and cut it with … to what a draft takes."""
    line = _SPACE.sub(" ", _CONTROL.sub(" ", title)).strip()
    while len(line) > TITLE_CHARS or _size(line) > TITLE_BYTES:
        line = line.rstrip("…")[:-1].rstrip() + "…"
    return line


def check_articles(articles: Sequence[Article | PictureArticle]) -> None:
    """Refuse what the drafts would not take; pictures from elsewhere would be left out without a word."""
    _refuse(not 1 <= len(articles) <= ARTICLES, "articles", Rule.ARTICLES, most=ARTICLES)
    for place, article in enumerate(articles):
        _check_article(f"articles[{place}]", article)


def _check_article(place: str, article: Article | PictureArticle) -> None:
    _one_line(f"{place}.title", article.title)
    _chars(f"{place}.title", article.title, TITLE_CHARS)
    _bytes(f"{place}.title", article.title, TITLE_BYTES)
    _refuse(not article.content.strip(), f"{place}.content", Rule.EMPTY)
    _chars(f"{place}.content", article.content, CONTENT_CHARS - 1)
    _bytes(f"{place}.content", article.content, CONTENT_BYTES - 1)
    if isinstance(article, PictureArticle):
        _refuse(not 1 <= len(article.media_ids) <= PICTURES, f"{place}.image_info", Rule.PICTURES, most=PICTURES)
        return
    _refuse(not article.thumb_media_id, f"{place}.thumb_media_id", Rule.MISSING)
    wide = sum(2 if ord(char) > _LAST_NARROW else 1 for char in article.author)
    _refuse(wide > AUTHOR_WIDTH, f"{place}.author", Rule.WIDTH, most=AUTHOR_WIDTH)
    _chars(f"{place}.digest", article.digest, DIGEST_CHARS)
    if article.source_url:
        check_url(f"{place}.content_source_url", article.source_url)
    foreign = [src for src in _IMAGE.findall(article.content) if not _is_ours(src)]
    _refuse(bool(foreign), f"{place}.content", Rule.OWN_PICTURES)


_LAST_NARROW = 0x2E7F  # what follows are hanzi and their punctuation


def _is_ours(src: str) -> bool:
    host = urlsplit(src).hostname or ""
    return host == _OWN_HOST or host.endswith(f".{_OWN_HOST}")


# -- mass messages (§3.5) -----------------------------------------------------------------------------------------

MASS_LIST = range(2, 10_001)
SLOWEST = 4


def check_mass_list(openids: Sequence[str]) -> None:
    """Refuse a list of fewer than two, or of more than ten thousand."""
    least, most = MASS_LIST[0], MASS_LIST[-1]
    _refuse(len(openids) not in MASS_LIST, "touser", Rule.LIST, least=least, most=most)


def check_mass_pictures(media_ids: Sequence[str]) -> None:
    """Refuse none, and more than twenty."""
    _refuse(not 1 <= len(media_ids) <= PICTURES, "images", Rule.PICTURES, most=PICTURES)


def check_mass_speed(level: int) -> None:
    """Refuse a level that is none."""
    _refuse(not 0 <= level <= SLOWEST, "speed", Rule.SPEED, most=SLOWEST)


# -- tags (§5) ----------------------------------------------------------------------------------------------------


def check_tag_name(name: str) -> None:
    """Refuse an empty name and one over 30 bytes (10 hanzi)."""
    _name("name", name, TAG_NAME_BYTES)


def check_remark(remark: str) -> None:
    """Refuse one of thirty bytes and more, as the platform's page says (C); an empty one takes the remark away."""
    _refuse(bool(_CONTROL.search(remark)), "remark", Rule.LINE_BREAK)
    _bytes("remark", remark, REMARK_BYTES)


# -- media and material (§8) ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: the suffix and media type it is uploaded with."""

    suffix: str
    mime: str


_JPG = Format("jpg", "image/jpeg")
_PNG = Format("png", "image/png")
_GIF = Format("gif", "image/gif")
_AMR = Format("amr", "audio/amr")
_MP3 = Format("mp3", "audio/mpeg")
_MP4 = Format("mp4", "video/mp4")
_BMP = Format("bmp", "image/bmp")
_WMA = Format("wma", "audio/x-ms-wma")
_WAV = Format("wav", "audio/wav")

_STARTS: tuple[tuple[re.Pattern[bytes], Format], ...] = (
    (re.compile(rb"\xff\xd8\xff"), _JPG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _PNG),
    (re.compile(rb"GIF8[79]a"), _GIF),
    (re.compile(rb"#!AMR"), _AMR),
    (re.compile(rb"ID3|\xff[\xe2-\xff]"), _MP3),
    (re.compile(rb".{4}ftyp", re.DOTALL), _MP4),
    (re.compile(rb"BM"), _BMP),
    (re.compile(rb"\x30\x26\xb2\x75"), _WMA),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), _WAV),
)
_Kinds = Mapping[str, tuple[int, tuple[Format, ...]]]
_MEDIA: _Kinds = {
    "image": (10 * 1024 * 1024, (_JPG, _PNG, _GIF)),
    "voice": (2 * 1024 * 1024, (_AMR, _MP3)),
    "video": (10 * 1024 * 1024, (_MP4,)),
    "thumb": (64 * 1024, (_JPG,)),
}


_MATERIALS: _Kinds = {
    "image": (10 * 1024 * 1024, (_BMP, _PNG, _JPG, _GIF)),
    "voice": (2 * 1024 * 1024, (_MP3, _WMA, _WAV, _AMR)),
    "video": (10 * 1024 * 1024, (_MP4,)),
    "thumb": (64 * 1024, (_JPG,)),
}
_PICTURES: _Kinds = {"image": (1024 * 1024 - 1, (_JPG, _PNG))}


def check_media(kind: str, content: bytes) -> Format:
    """Tell the format of `content` by its first bytes; refuse one that `kind` (image voice video thumb) hasn't."""
    return _format(_MEDIA, kind, content)


def check_material(kind: str, content: bytes) -> Format:
    """As `check_media`, for a file that is kept for good."""
    return _format(_MATERIALS, kind, content)


def check_picture(content: bytes) -> Format:
    """As `check_media`, for a picture inside an article: JPG or PNG of less than 1 MB."""
    return _format(_PICTURES, "image", content)


def check_video(title: str) -> None:
    """Refuse a video without a title."""
    _one_line("title", title)


def _format(kinds: _Kinds, kind: str, content: bytes) -> Format:
    if kind not in kinds:
        raise BadRequest.of("type", Rule.ONE_OF, known=", ".join(kinds))
    most, formats = kinds[kind]
    _refuse(len(content) > most, "media", Rule.SIZE, most=most)
    found = next((form for start, form in _STARTS if start.match(content)), None)
    if found is None or found not in formats:
        raise BadRequest.of("media", Rule.FORMAT, kind=kind, known=", ".join(form.suffix for form in formats))
    return found


# -- small change -------------------------------------------------------------------------------------------------


def _refuse(broken: bool, field: str, rule: Rule, **facts: object) -> None:  # noqa: FBT001 — reads as "refuse if …"
    if broken:
        raise BadRequest.of(field, rule, **facts)


def _some(data: Mapping[str, str], field: str) -> None:
    _refuse(not data, field, Rule.EMPTY)


def _one_line(field: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise BadRequest.of(field, Rule.NO_TEXT)
    _refuse(bool(_CONTROL.search(value)), field, Rule.LINE_BREAK)


def _bytes(field: str, value: str, most: int) -> None:
    _refuse(_size(value) > most, field, Rule.BYTES, most=most)


def _chars(field: str, value: str, most: int) -> None:
    _refuse(len(value) > most, field, Rule.CHARACTERS, most=most)


def _size(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))
