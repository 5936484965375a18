"""What goes back is well-formed whatever it holds, and what the platform would refuse never leaves."""

from datetime import UTC, datetime

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from wechat.messages import (
    Image,
    Kind,
    Later,
    Message,
    Music,
    News,
    Reply,
    Silence,
    Text,
    Transfer,
    Video,
    Voice,
)
from wechat.outbound import BadReply, render

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HEAD = {"ToUserName": "oMember", "FromUserName": "gh_ours", "CreateTime": "1795426200"}


def a_message(**changes) -> Message:
    fields = {
        "id": "1",
        "account": "official",
        "openid": "oMember",
        "kind": Kind.TEXT,
        "sent_at": NOW,
        "raw": {"FromUserName": "oMember", "ToUserName": "gh_ours"},
    }
    return Message(**{**fields, **changes})


def rendered(reply: Reply, to: Message | None = None) -> dict[str, object]:
    return tree(fromstring(render(reply, to or a_message(), now=NOW)))


def tree(element) -> dict[str, object]:
    return {child.tag: tree(child) if len(child) else child.text or "" for child in element}


class TestEachReply:
    def test_text(self):
        assert rendered(Text("你好")) == {**HEAD, "MsgType": "text", "Content": "你好"}

    def test_image(self):
        assert rendered(Image("m1")) == {**HEAD, "MsgType": "image", "Image": {"MediaId": "m1"}}

    def test_voice(self):
        assert rendered(Voice("m1")) == {**HEAD, "MsgType": "voice", "Voice": {"MediaId": "m1"}}

    def test_video(self):
        inside = {"MediaId": "m1", "Title": "题", "Description": "述"}

        assert rendered(Video("m1", "题", "述")) == {**HEAD, "MsgType": "video", "Video": inside}

    def test_music(self):
        inside = {
            "Title": "题",
            "Description": "述",
            "MusicUrl": "https://m",
            "HQMusicUrl": "https://h",
            "ThumbMediaId": "t",
        }

        assert rendered(Music("题", "述", "https://m", "https://h", "t")) == {
            **HEAD,
            "MsgType": "music",
            "Music": inside,
        }

    def test_news_is_one_article(self):
        item = {"Title": "题", "Description": "述", "PicUrl": "https://p", "Url": "https://u"}

        assert rendered(News("题", "述", "https://u", "https://p")) == {
            **HEAD,
            "MsgType": "news",
            "ArticleCount": "1",
            "Articles": {"item": item},
        }

    def test_a_transfer_to_anyone(self):
        assert rendered(Transfer()) == {**HEAD, "MsgType": "transfer_customer_service"}

    def test_a_transfer_to_one_agent(self):
        assert rendered(Transfer("a@t")) == {
            **HEAD,
            "MsgType": "transfer_customer_service",
            "TransInfo": {"KfAccount": "a@t"},
        }

    @pytest.mark.parametrize("reply", [Silence(), Later(lambda: "never called here")])
    def test_nothing_to_say_is_a_bare_success(self, reply):
        assert render(reply, a_message(), now=NOW) == b"success"

    def test_later_says_first_what_there_is_to_say_now(self):
        assert rendered(Later(lambda: "", now="请稍候"))["Content"] == "请稍候"


class TestHead:
    def test_the_platform_as_sender_gets_its_answer_back(self):
        to = a_message(openid="oMember", raw={"FromUserName": "oPlatform", "ToUserName": "gh_ours"})

        assert rendered(Text("x"), to)["ToUserName"] == "oPlatform"

    def test_hostile_names_close_nothing(self):
        to = a_message(raw={"FromUserName": "x]]></ToUserName><a>", "ToUserName": "<b>"})

        assert rendered(Text("x"), to)["ToUserName"] == "x]]></ToUserName><a>"
        assert rendered(Text("x"), to)["FromUserName"] == "<b>"


class TestMiniProgram:
    """A mini-program's server may hand over or say nothing."""

    @pytest.mark.parametrize("reply", [Text("x"), Text("x" * 3000), Image(""), Silence(), Later(lambda: "", now="x")])
    def test_words_are_left_to_the_caller(self, reply):
        assert render(reply, a_message(miniprogram=True), now=NOW) == b"success"

    def test_a_transfer_is_xml_and_names_no_agent(self):
        assert rendered(Transfer("a@t"), a_message(miniprogram=True)) == {
            **HEAD,
            "MsgType": "transfer_customer_service",
        }


class TestHostileWords:
    """The edge cases of sdk-notes.md §2 that concern what goes out."""

    def test_words_that_close_cdata_stay_words(self):
        words = "x]]></Content><MsgType>news</MsgType><Content>"
        body = render(Text(words), a_message(), now=NOW)

        assert len(fromstring(body).findall("MsgType")) == 1
        assert fromstring(body).findtext("Content") == words

    @pytest.mark.parametrize("words", ["]]>", "]]]]>>", "]]]]>", "]]>]]>", "a]]", "]]>" * 99])
    def test_any_mixture_of_brackets_comes_through(self, words):
        assert rendered(Text(words))["Content"] == words

    @pytest.mark.parametrize("character", ["\x00", "\x1d", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
    def test_what_xml_forbids_is_dropped(self, character):
        assert rendered(Text(f"a{character}b"))["Content"] == "ab"

    def test_what_closes_cdata_once_something_is_dropped_stays_words(self):
        assert rendered(Text("]]\x00>"))["Content"] == "]]>"

    def test_half_a_character_is_replaced(self):
        assert rendered(Text("a\ud800b"))["Content"] == "a\ufffdb"

    def test_a_joined_emoji_stays_whole(self):
        assert rendered(Text("👨‍👩‍👧"))["Content"] == "👨‍👩‍👧"

    def test_tabs_and_line_breaks_stay(self):
        assert rendered(Text("a\tb\nc"))["Content"] == "a\tb\nc"


class TestLimits:
    @pytest.mark.parametrize("words", ["x" * 2048, "支" * 682 + "xx", "\x00" * 99 + "x" * 2048])
    def test_a_text_may_have_2048_bytes(self, words):
        assert rendered(Text(words))["Content"] == words.replace("\x00", "")

    @pytest.mark.parametrize("words", ["x" * 2049, "支" * 683])
    def test_a_longer_text_is_refused_by_name(self, words):
        with pytest.raises(BadReply, match="Content is longer than 2048 bytes"):
            render(Text(words), a_message(), now=NOW)

    def test_what_is_said_before_later_has_the_same_limit(self):
        with pytest.raises(BadReply, match="Content"):
            render(Later(lambda: "", now="x" * 2049), a_message(), now=NOW)

    @pytest.mark.parametrize(
        ("reply", "field"),
        [
            (Text(""), "Content"),
            (Text("\x00"), "Content"),
            (Image(""), "MediaId"),
            (Voice(""), "MediaId"),
            (Video(""), "MediaId"),
            (Music(url="https://m"), "ThumbMediaId"),
            (News("", "述", "https://u"), "Title"),
            (News("题", "述", ""), "Url"),
        ],
    )
    def test_a_field_that_may_not_be_empty_is_named(self, reply, field):
        with pytest.raises(BadReply, match=f"^{field} is empty$"):
            render(reply, a_message(), now=NOW)

    def test_the_words_are_not_repeated(self):
        with pytest.raises(BadReply) as raised:
            render(Text("秘密" * 2000), a_message(), now=NOW)

        assert "秘密" not in str(raised.value)


WORDS = st.text(max_size=600)
REPLIES = st.one_of(
    st.builds(Text, WORDS),
    st.builds(News, WORDS, WORDS, WORDS, WORDS),
    st.builds(Image, WORDS),
    st.builds(Video, WORDS, WORDS, WORDS),
    st.builds(Music, WORDS, WORDS, WORDS, WORDS, WORDS),
    st.builds(Transfer, WORDS),
    st.builds(Later, st.just(lambda: ""), WORDS),
)


class TestProperties:
    @given(REPLIES, WORDS, WORDS)
    def test_whatever_is_answered_is_well_formed_or_refused_by_name(self, reply, openid, ours):
        to = a_message(raw={"FromUserName": openid, "ToUserName": ours})
        try:
            body = render(reply, to, now=NOW)
        except BadReply:
            return

        assert body == b"success" or [child.tag for child in fromstring(body)][:4] == [*HEAD, "MsgType"]

    @given(
        st.text(
            alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufffe\uffff", min_codepoint=32),
            min_size=1,
            max_size=500,
        )
    )
    def test_whatever_is_said_arrives_as_it_was_said(self, said):
        assert rendered(Text(said))["Content"] == said
