"""Every refusal has a class that says what to do, and its text gives nothing away."""

import pickle
from collections.abc import Iterator

import pytest

from wechat import errors
from wechat.errors import (
    AlreadyDone,
    BadRequest,
    Misconfigured,
    QuotaSpent,
    RecipientGone,
    Retryable,
    StaleToken,
    Unsure,
    WeChatError,
    Why,
)

# Typed from wechat-platform.md §2.4: one line a row, its codes and the letter of its action; ".." joins the ends of a
# span. Where the page has no letter: "re-authorise" and "reject" are the sender's to mend (F), "ignore" is a success.
PAGE = """
-1                                          R
40001                                       T
40014 42001                                 T
40002 40013 40125 41002 41004               S
40164 61004 89503 89506 89507               S
40243 50004 50007                           S
41001                                       F
40003                                       U
40007 40004..40012                          F
40008                                       F
40029 40163                                 F
40226                                       U
40030 42002 42003                           F
40031 40032 40130                           F
40033                                       F
40036 40037                                 S
40039 40048 40054 40055                     F
40015..40027 40152                          F
40249 43116                                 S
42007                                       U
42010                                       R
43002 43003                                 F
43004                                       U
43019                                       U
43100                                       D
43101                                       U
43104                                       F
43107                                       S
43108                                       R
44002 44004                                 F
44990                                       R
44991                                       R
44993                                       D
45002 45003 45004 45005 45006 45007 45008   F
45009                                       D
45011                                       R
45015                                       U
45028                                       D
45047                                       U
45056..45059                                F
45064                                       F
45065                                       OK
45066                                       R
45067                                       F
45072 45080 45081                           OK
45083 45084                                 F
45157 45158 45159                           F
45168                                       S
45169 45171                                 R
46003                                       F
46004                                       U
47001                                       F
47003                                       F
48001                                       S
48002                                       U
48003                                       S
48004 48005 48006                           S
48008 48021 48022                           S
50001 50002 50005                           U
61007                                       S
61010                                       U
61450                                       R
61451                                       F
65304 65320                                 F
65400..65417                                S
87014                                       F
89002                                       S
89504 89505                                 R
200011..200022 200100                       F
53404..53406 53503..53505                   S
"""

# The same for codes that stand in other sections of the page.
ELSEWHERE = """
89501                                       S
40201 40202 40203                           F
76001..76004 76021 76022                    F
40052 40053 40059 40060 40092 40132         F
45110 53600                                 F
45029 45034                                 S
65301 65303 65316                           F
65302                                       U
"""

ACTIONS = {
    "R": Retryable,
    "T": StaleToken,
    "S": Misconfigured,
    "U": RecipientGone,
    "F": BadRequest,
    "D": QuotaSpent,
    "OK": AlreadyDone,
}


def codes_of_the_page() -> Iterator[tuple[int, type[WeChatError]]]:
    yield from codes_in(PAGE + ELSEWHERE)


def codes_in(table: str) -> Iterator[tuple[int, type[WeChatError]]]:
    for line in table.split("\n"):
        *codes, action = line.split() or ("",)
        for code in codes:
            first, _, last = code.partition("..")
            for one in range(int(first), int(last or first) + 1):
                yield one, ACTIONS[action]


@pytest.mark.parametrize(("errcode", "kind"), list(codes_of_the_page()))
def test_a_code_does_what_the_page_says(errcode, kind):
    error = errors.from_code(errcode, "words")

    assert type(error) is kind
    assert error.errcode == errcode
    assert error.meaning


BEYOND = {40097, 40129, 40165, 40212, 41030, 85401, 87007, 87008, 87009}  # §6


def test_the_table_names_no_code_twice_and_few_beyond_the_page():
    listed = list(errors.listed())

    assert len(listed) == len(set(listed))
    assert set(listed) - {code for code, _ in codes_of_the_page()} == BEYOND


@pytest.mark.parametrize("errcode", [45010, 999999, -1000, 20001])
def test_an_unknown_code_pauses_the_job_and_tells_an_admin(errcode):
    error = errors.from_code(errcode, "what is this")

    assert type(error) is Misconfigured
    assert error.mend


@pytest.mark.parametrize(
    ("errcode", "seconds"), [(-1, 1), (43108, 1), (44990, 1), (44991, 60), (45011, 60), (45066, 60), (89504, 1800)]
)
def test_a_retryable_says_when(errcode, seconds):
    error = errors.from_code(errcode)

    assert isinstance(error, Retryable)
    assert error.after_seconds == seconds


@pytest.mark.parametrize(
    ("errcode", "why"),
    [
        (40003, Why.UNKNOWN),
        (43004, Why.UNFOLLOWED),
        (50005, Why.UNFOLLOWED),
        (43019, Why.BLOCKED),
        (48002, Why.BLOCKED),
        (43101, Why.NO_CREDIT),
        (45015, Why.WINDOW),
        (45047, Why.WINDOW),
    ],
)
def test_one_who_is_gone_is_gone_for_a_reason(errcode, why):
    error = errors.from_code(errcode)

    assert isinstance(error, RecipientGone)
    assert error.why == why


def test_a_token_that_stays_refused_stops_the_job_like_any_wrong_setting():
    assert issubclass(StaleToken, Misconfigured)


def test_what_was_done_before_gives_its_first_id():
    error = errors.from_code(45065, "clientmsgid exist", original="3147483650")

    assert isinstance(error, AlreadyDone)
    assert error.original == "3147483650"


def test_a_refused_template_value_is_named():
    error = errors.from_code(47003, "argument invalid! data.thing1.value is empty rid: 5f05-1a-2b")

    assert isinstance(error, BadRequest)
    assert error.field == "thing1"


@pytest.mark.parametrize(
    ("errmsg", "rid", "words"),
    [
        ("invalid openid rid: 66a1b2c3-0a1b2c3d-4e5f6071", "66a1b2c3-0a1b2c3d-4e5f6071", "invalid openid"),
        ("invalid credential, hint: [Ks0xPa0543age9]", "Ks0xPa0543age9", "invalid credential"),
        ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 6-a-b", "6-a-b", "not in whitelist"),
        ("system error", "", "system error"),
    ],
    ids=["rid", "old hint", "address kept", "neither"],
)
def test_the_rid_is_kept_apart_from_the_words(errmsg, rid, words):
    error = errors.from_code(40164, errmsg)

    assert error.rid == rid
    assert words in error.errmsg
    assert "rid" not in error.errmsg
    assert rid in str(error)


OPENID = "oABCD1234567890abcdefGHIJKLM"
TOKEN = "88_" + "aZ09-_" * 25
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("spoken", [OPENID, TOKEN, SECRET], ids=["openid", "token", "secret"])
@pytest.mark.parametrize("shape", ["{}", "access_token={}&x=1", "bad [{}] rid: 1-2-3", "hint: [{}]", "rid: {}"])
def test_no_text_of_an_error_gives_a_secret_away(shape, spoken):
    error = errors.from_code(40001, shape.format(spoken))

    for text in (str(error), repr(error), error.rid, error.errmsg):
        assert spoken not in text


def test_short_words_of_the_call_are_hidden_when_they_are_named():
    assert "o-short" not in repr(errors.from_code(40003, "no such user o-short", hide=("o-short", "")))


def test_a_very_long_answer_becomes_a_short_error():
    assert len(str(errors.from_code(-1, "busy " * 10_000))) < 250


def test_an_error_crosses_a_process_boundary_whole():
    error = pickle.loads(pickle.dumps(errors.from_code(45047, "out of response count limit rid: 1-2-3")))  # noqa: S301 — our own bytes

    assert (error.errcode, error.rid, error.why) == (45047, "1-2-3", Why.WINDOW)


def test_our_own_checks_name_the_field():
    error = BadRequest.of("thing1", "longer than 20 characters")

    assert (error.field, str(error)) == ("thing1", "thing1: longer than 20 characters")


def test_an_error_without_words_still_says_its_name():
    assert str(Unsure()) == "Unsure"
    assert (WeChatError().meaning, WeChatError().mend) == ("", "")
