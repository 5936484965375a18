"""What breaks the platform's rules is named here and never sent."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat import limits
from wechat.errors import BadRequest
from wechat.messages import News


def the_fault(check: Callable[..., object], *args: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        check(*args)
    return caught.value


# wechat-platform.md §3.4, one line a kind of value: what fits to the last character, and what is just beyond.
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "二十个字" * 5),
        ("thing12", "a"),
        ("number2", "1" * 32),
        ("number2", "-3.14"),
        ("letter3", "Z" * 32),
        ("symbol4", "!?#%&"),
        ("character_string5", "A1-" + "x" * 29),
        ("time6", "15:01"),
        ("time6", "2026年11月23日 15:01"),
        ("time6", "09:00~17:30"),
        ("date7", "2026年11月23日"),
        ("date7", "2026年1月3日 08:00"),
        ("date7", "2026年11月1日~2026年11月30日"),
        ("amount8", "¥1234567890.55"),
        ("amount8", "30元"),
        ("phone_number9", "+86-0766-66888866"),
        ("car_number10", "粤A8Z888挂"),
        ("name11", "欧阳" * 5),
        ("name11", "Alexander von Humbol"),
        ("phrase12", "已经通过了"),
        ("enum13", "已办理"),
        ("const14", "已办理"),
    ],
)
def test_a_value_that_keeps_its_rule_may_go(key, value):
    limits.check_notice({key: value})


BROKEN_VALUES = [
    ("thing1", "二十个字" * 5 + "多"),
    ("thing1", ""),
    ("thing1", "  "),
    ("thing1", "第一行\n第二行"),
    ("thing1", "响\x07铃"),
    ("thing1", "半个\ud83d"),
    ("number2", "1" * 33),
    ("number2", "1." + "5" * 32),
    ("number2", "３"),
    ("number2", "三"),
    ("letter3", "Z" * 33),
    ("letter3", "Z1"),
    ("symbol4", "!!!!!!"),
    ("symbol4", "好"),
    ("character_string5", "x" * 33),
    ("character_string5", "汉字"),
    ("time6", "25:00"),
    ("time6", "下午三点"),
    ("date7", "2026-11-23"),
    ("date7", "2026年13月1日"),
    ("amount8", "12345678901"),
    ("amount8", "$$3"),
    ("phone_number9", "+86-0766-668888667"),
    ("phone_number9", "call me"),
    ("car_number10", "粤A8Z888888"),
    ("name11", "欧阳" * 5 + "修"),
    ("name11", "a" * 21),
    ("phrase12", "已经通过了吗"),
    ("phrase12", "ok"),
    ("enum13", ""),
    ("headline1", "no such kind"),
    ("thing", "a key without its number"),
    ("keyword1", "only a template has these"),
]


@pytest.mark.parametrize(("key", "value"), BROKEN_VALUES)
def test_a_value_that_breaks_its_rule_is_named(key, value):
    fault = the_fault(limits.check_notice, {"thing9": "好", key: value})

    assert fault.field == key
    assert fault.errcode is None


def test_the_fault_does_not_repeat_the_words():
    assert "秘密" not in str(the_fault(limits.check_notice, {"thing1": "秘密" * 20}))


def test_a_notice_without_values_is_refused():
    assert the_fault(limits.check_notice, {}).field == "data"
    assert the_fault(limits.check_template, {}).field == "data"


def test_a_template_may_be_an_old_one_but_keeps_to_twenty_characters():
    limits.check_template({"first": "您好", "keyword1": "二十个字" * 5, "thing2": "好"})

    assert the_fault(limits.check_template, {"keyword1": "二十个字" * 5 + "多"}).field == "keyword1"
    assert the_fault(limits.check_template, {"phrase2": "ok"}).field == "phrase2"


@given(st.text(min_size=1).filter(lambda text: limits.fit("thing1", text)))
def test_a_thing_that_was_fitted_may_always_go(text):
    limits.check_notice({"thing1": limits.fit("thing1", text)})


def test_a_long_thing_ends_in_an_ellipsis():
    assert limits.fit("thing1", "一二三四五" * 5) == "一二三四五" * 3 + "一二三四…"


def test_a_fitting_thing_stays_as_it_is():
    assert limits.fit("thing1", "今日\n要闻") == "今日 要闻"


@pytest.mark.parametrize("key", ["time1", "amount2", "name3", "keyword1"])
def test_only_a_thing_is_cut(key):
    assert limits.fit(key, "x" * 40) == "x" * 40


def test_words_fit_to_the_last_byte():
    limits.check_text("党" * 682 + "ok")  # 682 × 3 + 2 = 2 048

    assert the_fault(limits.check_text, "党" * 682 + "okk").field == "content"


@pytest.mark.parametrize("text", ["", " \n", "a\x00b", "\x1d", "\ud800"])
def test_words_nobody_can_read_are_not_sent(text):
    assert the_fault(limits.check_text, text).field == "content"


def test_words_may_have_lines_and_faces():
    limits.check_text("第一行\n\t第二行 👍🏽")


@pytest.mark.parametrize(
    ("news", "field"),
    [
        (News("", "", "https://a.example/"), "title"),
        (News("题", "", ""), "url"),
        (News("题", "", "javascript:alert(1)"), "url"),
        (News("题", "", "https://a.example/" + "x" * 1007), "url"),
        (News("题", "", "https://a.example/", "pic.jpg"), "picture_url"),
    ],
)
def test_a_card_names_what_it_lacks(news, field):
    assert the_fault(limits.check_news, news).field == field


def test_a_whole_card_may_go():
    limits.check_news(News("题", "", "https://a.example/", "https://a.example/p.jpg"))


@pytest.mark.parametrize("key", ["", "k" * 33, "党" * 11])
def test_a_key_against_doubles_is_short(key):
    limits.check_client_msg_id("k" * 32)

    assert the_fault(limits.check_client_msg_id, key).field == "client_msg_id"


def a_button(**fields: object) -> dict[str, object]:
    return {"name": "答题", "type": "click", "key": "quiz", **fields}


def test_a_menu_may_be_full():
    subs = [a_button(name="二" * 20, key="k" * 128)] * 5

    limits.check_menu({"button": [{"name": "学习天地啊", "sub_button": subs}, a_button(), a_button(sub_button=[])]})


@pytest.mark.parametrize(
    ("menu", "field"),
    [
        ({}, "button"),
        ({"button": []}, "button"),
        ({"button": [a_button()] * 4}, "button"),
        ({"button": [a_button(name="学习天地啊啊")]}, "button[0].name"),
        ({"button": [a_button(name="")]}, "button[0].name"),
        ({"button": [a_button(), a_button(key="k" * 129)]}, "button[1].key"),
        ({"button": [a_button(key="")]}, "button[0].key"),
        ({"button": [a_button(type="dance")]}, "button[0].type"),
        ({"button": [a_button(type="view")]}, "button[0].url"),
        ({"button": [a_button(type="view", url="https://a.example/" + "x" * 1024)]}, "button[0].url"),
        ({"button": [a_button(type="miniprogram", url="https://a.example/", appid="wx1")]}, "button[0].pagepath"),
        ({"button": [a_button(sub_button=[a_button()])]}, "button[0].type"),
        ({"button": [{"name": "学习", "sub_button": [a_button()] * 6}]}, "button[0].sub_button"),
        ({"button": [{"name": "学习", "sub_button": [a_button(name="二" * 21)]}]}, "button[0].sub_button[0].name"),
        ({"button": [{"name": "学习", "sub_button": [{"name": "空"}]}]}, "button[0].sub_button[0].type"),
    ],
)
def test_a_menu_names_the_button_that_breaks_a_rule(menu, field):
    assert the_fault(limits.check_menu, menu).field == field


@pytest.mark.parametrize("name", ["", "  ", "党" * 11, "a" * 31, "两\n行"])
def test_a_tag_is_a_short_name_on_one_line(name):
    limits.check_tag_name("党" * 10)

    assert the_fault(limits.check_tag_name, name).field == "name"


JPG = b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    ("kind", "content", "suffix"),
    [
        ("image", JPG, "jpg"),
        ("image", b"\x89PNG\r\n\x1a\n", "png"),
        ("image", b"GIF89a", "gif"),
        ("voice", b"#!AMR\n", "amr"),
        ("voice", b"ID3\x04", "mp3"),
        ("voice", b"\xff\xfb\x90", "mp3"),
        ("video", b"\x00\x00\x00\x18ftypmp42", "mp4"),
        ("thumb", JPG + bytes(64 * 1024 - 4), "jpg"),
    ],
)
def test_media_are_known_by_their_first_bytes(kind, content, suffix):
    assert limits.check_media(kind, content).suffix == suffix


@pytest.mark.parametrize(
    ("kind", "content", "suffix"),
    [
        ("image", b"BM", "bmp"),
        ("image", b"GIF89a", "gif"),
        ("voice", b"0&\xb2u", "wma"),
        ("voice", b"RIFF\x00\x00\x00\x00WAVE", "wav"),
        ("voice", b"#!AMR\n", "amr"),
    ],
)
def test_the_library_takes_more_formats(kind, content, suffix):
    assert limits.check_material(kind, content).suffix == suffix


def test_an_article_takes_pictures_under_one_megabyte():
    assert limits.check_picture(JPG + bytes(1024 * 1024 - 5)).suffix == "jpg"
    assert the_fault(limits.check_picture, JPG + bytes(1024 * 1024 - 4)).field == "media"


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("image", b"", "media"),
        ("image", b"BM", "media"),
        ("voice", b"0&\xb2u", "media"),
        ("image", b"<svg/>", "media"),
        ("image", b"#!AMR\n", "media"),
        ("thumb", b"\x89PNG\r\n\x1a\n", "media"),
        ("thumb", JPG + bytes(64 * 1024), "media"),
        ("image", JPG + bytes(10 * 1024 * 1024), "media"),
        ("voice", b"ID3" + bytes(2 * 1024 * 1024), "media"),
        ("scroll", JPG, "type"),
    ],
)
def test_media_the_platform_would_not_take_are_refused(kind, content, field):
    assert the_fault(limits.check_media, kind, content).field == field
