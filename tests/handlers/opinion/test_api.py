"""The opinion box by the API: what is taken, what is refused and why, and that a repeat is one."""

import re
from functools import partial
from time import sleep

import pytest
import sqlalchemy as sa

from handlers.opinion.engine import receipts
from storage.db import metadata
from storage.letterbox import letterbox
from storage.opinion import named_opinions
from tests.end_to_end.running import at_once
from tests.handlers.browsers import PATIENCE
from tests.handlers.opinion.attack import VOICE
from tests.handlers.opinion.test_jobs import a_photo
from tests.handlers.opinion.world import World

pytestmark = pytest.mark.variant

WORDS = "宿舍热水晚上九点就停"
NAMED = {"way": "named", "name": "张三"}


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys, anonymous_a_day=2)


@pytest.fixture
def mini(world):
    return world.member("o-noise").signs_in() and world.member("o-sender").signs_in()


def sends(mini, way="anonymous", *, key="", **changed):
    return mini.post("/opinion", {"way": way, "category": "生活困难", "words": WORDS, **changed}, key=key)


def kept(world, answer):
    return world.opinions.get(world.opinions.id_of(receipts.read(answer.body["receipt"])))


def rows(world, table):
    with world.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def everything_but(world, *tables):
    with world.db.read() as connection:
        return {
            table.name: connection.execute(sa.select(table)).all()
            for table in metadata.sorted_tables
            if table not in tables
        }


def test_the_form_says_what_there_is_to_fill_in(mini):
    form = mini.get("/opinion").body

    assert "生活困难" in form["categories"]
    assert (form["shortest"], form["longest"], form["pictures"], form["anonymous"]) == (5, 1000, 9, True)
    assert form["name"] == ""


def test_an_anonymous_opinion_is_in_the_letterbox_and_nothing_else_is_written(world, mini):
    before = everything_but(world, letterbox)
    sent = sends(mini)

    assert sent.status == 201
    assert len(world.kept(named=False)) == 1
    assert everything_but(world, letterbox) == before
    assert world.inbox.take_notes(now=world.clock()) == []


def test_the_receipt_leads_to_what_was_said_and_what_became_of_it(world, mini):
    sent = sends(mini)
    opinion = kept(world, sent)
    found = world.member("o-whoever").signs_in().post("/opinion/lookup", {"receipt": sent.body["receipt"].lower()})

    assert (opinion.words, opinion.named, opinion.person, opinion.name) == (WORDS, False, "", "")
    assert found.body == {
        "day": "2126-11-23",
        "category": "生活困难",
        "state": "received",
        "reply": "",
        "answered_on": None,
        "due": "2126-12-13",  # the fifteenth from a Saturday, Monday to Friday
        "overdue": False,
        "talk": [],
        "asks": "",
        "ticket": "",
        "measure": "",
        "lost": 0,
    }


def test_a_receipt_from_here_is_good_in_the_chat(world, mini):
    sent = sends(mini)

    assert "已收到" in world.member("o-other").says(f"查询 {sent.body['receipt']}")


@pytest.mark.parametrize("way", ["anonymous", "named"])
def test_a_repeat_has_the_same_receipt_and_is_kept_once(world, mini, way):
    name = {"name": "张三"} if way == "named" else {}
    first, again = (sends(mini, way, key="one-key-for-both", **name) for _ in range(2))

    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert len(world.kept(named=False) + world.kept(named=True)) == 1


def test_the_same_words_sent_on_purpose_are_another_opinion(world, mini):
    assert sends(mini).body != sends(mini).body
    assert len(world.kept(named=False)) == 2


def test_a_key_that_served_another_named_opinion_is_refused_and_nothing_is_lost(world, mini):
    sends(mini, "named", name="张三", key="one-key-for-both")
    refused = sends(mini, "named", name="张三", words="另一件事：食堂太远", key="one-key-for-both")

    assert (refused.status, refused.code) == (409, "sent_before")
    assert rows(world, named_opinions) == 1


def test_two_members_with_one_key_have_an_opinion_each(world, mini):
    other = world.member("o-other").signs_in()
    sent = [sends(who, "named", name=name, key="one-key-by-chance") for who, name in ((mini, "张三"), (other, "李四"))]

    assert [each.status for each in sent] == [201, 201]
    assert [kept(world, each).name for each in sent] == ["张三", "李四"]


def test_who_says_the_very_same_with_the_very_same_key_does_not_get_another_members_receipt(world, mini):
    other = world.member("o-other").signs_in()
    sends(mini, "named", name="张三", key="one-key-by-chance")

    assert sends(other, "named", name="张三", key="one-key-by-chance").code == "sent_before"


def test_a_named_opinion_hangs_on_its_sender(world, mini):
    opinion = kept(world, sends(mini, "named", name="张三"))

    assert (opinion.name, opinion.verified) == ("张三", False)
    assert opinion.person == world.people.find(account="official", openid="o-sender").person


def test_whoever_is_bound_sends_under_the_name_they_are_bound_to(world, mini):
    person = world.people.find(account="official", openid="o-sender").person
    world.people.rename(person, name="阿依古丽", verified=True)
    opinion = kept(world, sends(mini, "named", name="别人"))

    assert mini.get("/opinion").body["name"] == "阿依古丽"
    assert (opinion.name, opinion.verified) == ("阿依古丽", True)


def test_guesses_at_receipts_are_few_a_minute_and_a_right_one_is_slowed_too(world, mini):
    right = sends(mini).body["receipt"]
    world.clock.passes(seconds=60 - world.clock().second)
    wrong = [mini.post("/opinion/lookup", {"receipt": "4F7K-2MXP-90TD"}).status for _ in range(20)]
    slowed = mini.post("/opinion/lookup", {"receipt": right})
    other = world.member("o-other").signs_in().post("/opinion/lookup", {"receipt": right})
    world.clock.passes(seconds=60)

    assert wrong == [422] * 20
    assert (slowed.status, slowed.code, 0 < int(slowed.headers["Retry-After"]) <= 60) == (429, "too_fast", True)
    assert other.status == 200
    assert mini.post("/opinion/lookup", {"receipt": right}).status == 200


def test_after_todays_anonymous_ones_another_has_to_wait_and_a_repeat_has_not(world, mini):
    sends(mini)
    second = sends(mini, key="one-key-for-both")
    third, repeat = sends(mini), sends(mini, key="one-key-for-both")
    form = mini.get("/opinion").body

    assert (third.status, third.code) == (429, "quota_spent")
    assert repeat.body == second.body
    assert not form["anonymous"]
    assert sends(mini, "named", name="张三").status == 201


def test_of_many_anonymous_ones_at_once_only_the_days_are_kept(world):
    devices = [world.member("o-sender").signs_in() for _ in range(5)]

    def late_round():
        sleep(PATIENCE)
        world.postman.round()

    world.next_round = late_round
    answers = at_once([partial(sends, each) for each in devices])

    assert sorted(each.status for each in answers) == [201, 201, 429, 429, 429]
    assert len(world.kept(named=False)) == 2


def test_what_was_not_kept_is_not_counted(world, mini):
    world.postman.most = 0
    refused = [sends(mini).status for _ in range(3)]
    world.postman.most = 8

    assert refused == [503] * 3
    assert [sends(mini).status for _ in range(3)] == [201, 201, 429]


def test_what_no_round_carried_is_not_said_to_be_kept_and_may_be_sent_again(world, mini):
    world.postman.most = 0
    refused = sends(mini, key="one-key-for-both")
    world.postman.most = 8
    again = sends(mini, key="one-key-for-both")

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "not_kept_yet", "2")
    assert again.status == 201
    assert len(world.kept(named=False)) == 1


def test_the_days_anonymous_ones_are_counted_together_with_the_chats(world, mini):
    member = world.member("o-sender")
    for _ in range(2):
        member.says("意见", "1", "4", WORDS, "好了", "1")

    assert sends(mini).code == "quota_spent"


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"words": "太短"}, "too_short", "words"),
        ({"words": "！？ \u200b" * 300}, "too_short", "words"),
        ({"words": "长" * 1001}, "too_long", "words"),
        ({"words": "长" * 4001}, "invalid", "words"),
        ({"category": "不在其中"}, "invalid", "category"),
        ({"way": "whispered"}, "invalid", "way"),
        ({"way": "named"}, "not_a_name", "name"),
        ({"way": "named", "name": "1234"}, "not_a_name", "name"),
        ({"pictures": ["0" * 24], **NAMED}, "no_such_picture", "pictures"),
        ({"pictures": ["不是编号"], **NAMED}, "no_such_picture", "pictures"),
        ({"pictures": [str(n) for n in range(10)], **NAMED}, "too_many_pictures", "pictures"),
        ({"pictures": ["0" * 24]}, "pictures_need_a_name", "pictures"),
    ],
)
def test_what_is_not_taken_says_why_and_where(world, mini, changed, code, field):
    refused = sends(mini, **changed)

    assert (refused.status, refused.code, refused.body["field"]) == (422, code, field)
    assert world.kept(named=False) == world.kept(named=True) == []


def test_words_that_hold_a_receipt_are_not_taken(world, mini):
    receipt = sends(mini).body["receipt"]

    assert sends(mini, words=f"我的回执码是 {receipt} 请帮忙看看").code == "has_code"


@pytest.mark.parametrize(
    ("receipt", "status", "code"),
    [("4F7K-2MXP-90TD", 422, "not_a_code"), ("随便写的", 422, "not_a_code"), ("", 422, "invalid")],
)
def test_a_receipt_with_a_slip_says_so(mini, receipt, status, code):
    refused = mini.post("/opinion/lookup", {"receipt": receipt})

    assert (refused.status, refused.code, refused.body["field"]) == (status, code, "receipt")


def test_a_receipt_that_was_never_given_leads_nowhere(mini):
    unknown = receipts.drawn(lambda below: 7 % below)

    assert mini.post("/opinion/lookup", {"receipt": unknown}).code == "no_such_code"


def test_a_picture_goes_with_its_opinion_redrawn(world, mini):
    handed_in = mini.sends_picture(a_photo())
    opinion = kept(world, sends(mini, pictures=[handed_in.body["id"]] * 2, **NAMED))

    assert handed_in.status == 201
    assert opinion.pictures == (handed_in.body["id"],)
    assert (world.pictures.get(handed_in.body["id"]) or b"").startswith(b"\xff\xd8\xff")


def test_words_without_a_name_are_not_tied_to_the_minute_in_which_a_picture_came(world, mini):
    handed_in = mini.sends_picture(a_photo())
    refused = sends(mini, pictures=[handed_in.body["id"]])

    assert (refused.status, refused.code) == (422, "pictures_need_a_name")
    assert sends(mini).status == 201


def test_a_picture_hangs_on_nobody(world, mini):
    before = everything_but(world, metadata.tables["pictures"])
    mini.sends_picture(a_photo())

    assert everything_but(world, metadata.tables["pictures"]) == before


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"<svg/>", 422, "not_a_picture"),
        (b"", 422, "not_a_picture"),
        (b"\xff" * (4 * 1024 * 1024 + 1), 413, "too_large"),
        (b"\xff" * (8 * 1024 * 1024), 413, "too_large"),
    ],
    ids=["no picture", "nothing", "a byte too many", "far too large"],
)
def test_what_is_no_picture_is_not_taken(world, mini, file, status, code):
    refused = mini.sends_picture(file)

    assert (refused.status, refused.code) == (status, code)
    assert rows(world, metadata.tables["pictures"]) == 0


def test_a_voice_and_a_place_go_with_their_named_opinion(world, mini):
    voice = mini.sends_voice(VOICE + b"<script>").body["id"]
    place = {"latitude": 31.2304166, "longitude": 121.4737, "label": "人民广场"}
    sent = sends(mini, **NAMED, words="", voices=[voice], place=place)
    opinion = kept(world, sent)

    assert sent.status == 201
    assert (opinion.words, opinion.voices, opinion.place) == ("", (voice,), "人民广场（31.23042, 121.47370）")
    assert world.pictures.get(voice) == VOICE


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"voices": True}, "voices_need_a_name", "voices"),
        ({"place": {"latitude": 31, "longitude": 121}}, "no_place_without_name", "place"),
        ({**NAMED, "voices": ["0" * 24]}, "no_such_voice", "voices"),
        ({**NAMED, "voices": ["1", "2", "3", "4"]}, "too_many_voices", "voices"),
        ({**NAMED, "pictures": True}, "no_such_picture", "pictures"),
        ({**NAMED, "words": ""}, "too_short", "words"),
        ({**NAMED, "place": {"latitude": 131, "longitude": 121}}, "invalid", "place.latitude"),
    ],
)
def test_voices_and_places_that_are_not_taken(world, mini, said, code, field):
    voice = mini.sends_voice(VOICE).body["id"]
    said = {name: [voice] if value is True else value for name, value in said.items()}
    refused = sends(mini, **said)

    assert (refused.code, refused.body["field"]) == (code, field)
    assert not world.kept(named=True)
    assert not world.kept(named=False)


@pytest.mark.parametrize(
    ("file", "status", "code"), [(b"RIFF____WAVE", 422, "not_a_voice"), (VOICE[:6] + bytes(3 << 20), 413, "too_large")]
)
def test_what_is_no_voice_is_not_taken(world, mini, file, status, code):
    refused = mini.sends_voice(file)

    assert (refused.status, refused.code) == (status, code)
    assert rows(world, metadata.tables["pictures"]) == 0


def test_a_voice_hangs_on_nobody(world, mini):
    before = everything_but(world, metadata.tables["pictures"])
    mini.sends_voice(VOICE)

    assert everything_but(world, metadata.tables["pictures"]) == before


@pytest.mark.on_servers
@pytest.mark.parametrize(
    "file",
    [
        "../../../../etc/cron.d/p.jpg",
        "/etc/p.jpg",
        "..\\..\\p.jpg",
        "p.php",
        "p.jpg%00.html",
        "%2e%2e%2fp.svg",
        "x" * 300,
    ],
)
def test_what_a_file_is_called_is_of_no_effect(world, mini, tmp_path, monkeypatch, file):
    """It becomes a sealed row under an id of our own, and no file at all."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    sent = mini.sends_picture(a_photo(), file=file)
    with world.db.read() as connection:
        (row,) = connection.execute(sa.select(metadata.tables["pictures"])).all()

    assert sent.status == 201
    assert re.fullmatch("[0-9a-f]{24}", sent.body["id"])
    assert sent.body["id"] not in repr(row)
    assert file[:20] not in repr(row)
    assert [*here.iterdir()] == []


def test_without_a_file_the_field_is_named(mini):
    refused = mini.sends_picture(a_photo(), field="other")

    assert (refused.status, refused.code, refused.body["field"]) == (422, "invalid", "picture")
