"""Other words for some of them, words about named digests, and where a tap leads."""

from datetime import timedelta

from content import library
from storage.people import Window
from storage.states import RunState
from tests.scheduler.world import NOON, TEMPLATE, ZONE, Stage, write_pack
from wechat.messages import News

HEAD = f"""
key = "word"
title = "一句话"
schedule = "0 9 * * *"
channels = ["notice", "customer_service", "next_visit"]
notice_template_id = "{TEMPLATE}"
"""
MAIN = 'template = "plain.j2"\n'
EVERYONE = "[audience]\neveryone = true\n[fields]\nthing1 = '大家'\ntime2 = '09:00'\nthing3 = '请看'\n"
FOR_SECRETARIES = """
[[variant]]
audience = { roles = ["书记"] }
template = "secretary.j2"
fields = { thing1 = "书记" }
"""
FOR_VISITS = """
[[variant]]
channels = ["next_visit"]
template = "visit.j2"
"""
WORDS = {
    "plain": "大家好",
    "secretary": "书记您好",
    "visit": "欢迎回来",
    "named": "{{ digests | map(attribute='title') | join('、') }}",
}


def a_pack(folder, *text, **words):
    write_pack(folder, broadcasts=["".join(text)])
    for name, said in {**WORDS, **words}.items():
        (folder / "templates" / f"{name}.j2").write_text(said, "utf-8")
    return folder


def member(stage, name, *, role="", **more):
    who = stage.reader(f"o-{name}", **more)
    stage.people.rename(who.person, name=name, verified=True, role=role)
    return who


def sends(stage, now=NOON):
    run = stage.desk.send_now("word", now=now)
    stage.work(run.key)
    return run


def shown(stage, name):
    return stage.wechat.shown_to(f"o-{name}")


# -- who reads what --------------------------------------------------------------------------------------------


def test_each_reads_the_first_variant_that_is_for_them_and_their_channel(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, FOR_SECRETARIES, FOR_VISITS))
    member(stage, "甲", role="书记", window=True)
    member(stage, "乙", window=True)
    visitors = member(stage, "丙", role="书记"), member(stage, "丁")
    member(stage, "戊", role="书记", credit=TEMPLATE)
    member(stage, "己", credit=TEMPLATE)

    sends(stage)

    assert (shown(stage, "甲"), shown(stage, "乙")) == (["书记您好"], ["大家好"])
    assert [stage.kept_for(who) for who in visitors] == [["【一句话】\n书记您好"], ["【一句话】\n欢迎回来"]]
    notices = [shown(stage, name)[0].data for name in "戊己"]
    assert [(each["thing1"], each["thing3"]) for each in notices] == [("书记", "请看"), ("大家", "请看")]


def test_whose_channel_turns_out_closed_reads_the_variant_of_the_next_one(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, FOR_VISITS))
    who = member(stage, "甲")
    stage.people.open_windows({who.contact: Window(NOON + timedelta(hours=1), 5)})

    run = sends(stage, stage.pass_time(minutes=2))  # the platform's own window is over
    stage.work(run.key)

    assert shown(stage, "甲") == []
    assert stage.kept_for(who) == ["【一句话】\n欢迎回来"]


def test_a_variant_by_a_group_within_a_group_is_asked_of_each_page(db, tmp_path):
    group = (
        '\n[[variant]]\naudience = { any = [{ roles = ["书记"] }, { topics = ["zhengce"] }] }\ntemplate = "secretary"\n'
    )
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, group), piece=1)
    member(stage, "甲", role="书记", window=True)
    stage.subscribers.add(member(stage, "乙", window=True).person, ["zhengce"])
    member(stage, "丙", window=True)

    sends(stage)

    assert [shown(stage, name) for name in "甲乙丙"] == [["书记您好"], ["书记您好"], ["大家好"]]


def test_a_later_edit_changes_nothing_of_a_run_s_variants(db, tmp_path):
    folder = a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, FOR_SECRETARIES)
    stage = Stage(db, folder)
    member(stage, "甲", role="书记", window=True)
    run = stage.desk.send_now("word", now=NOON)
    a_pack(folder, HEAD, MAIN, EVERYONE, secretary="改了")
    stage.library = library.load(folder, zone=ZONE)

    stage.work(run.key)

    assert shown(stage, "甲") == ["书记您好"]


def test_variants_for_every_channel_need_no_other_words(db, tmp_path):
    head = HEAD.replace('"notice", "customer_service", ', "")
    stage = Stage(db, a_pack(tmp_path / "pack", head, EVERYONE, FOR_VISITS))
    who = member(stage, "甲")

    sends(stage)

    assert stage.kept_for(who) == ["【一句话】\n欢迎回来"]


# -- digests that are named ------------------------------------------------------------------------------------

DIGESTS = {
    "a": ("第一篇", "yaowen", "2026-01-01T08:00:00+08:00"),
    "b": ("第二篇", "zhengce", "2026-02-01T08:00:00+08:00"),
    "later": ("还没到", "yaowen", "2026-12-01T08:00:00+08:00"),
}
NAMED = 'digests = ["b", "later", "a"]\ntemplate = "named"\n'


def with_digests(db, folder, text):
    a_pack(folder, HEAD, text, EVERYONE)
    write_pack(folder, broadcasts=[HEAD + text + EVERYONE], digests=DIGESTS)
    return Stage(db, folder)


def test_named_digests_are_said_in_their_order_however_old_and_however_often(db, tmp_path):
    stage = with_digests(db, tmp_path / "pack", NAMED)
    member(stage, "甲", window=True)

    sends(stage)
    stage.desk.sweep(stage.pass_time(days=1))
    (newest, *_) = stage.store.runs()
    stage.work(newest.key)

    assert shown(stage, "甲") == ["第二篇、第一篇"] * 2
    assert newest.content.digests == ("b", "a")


def test_where_no_named_digest_is_out_nobody_is_bothered(db, tmp_path):
    stage = with_digests(db, tmp_path / "pack", NAMED.replace('"b", ', "").replace(', "a"', ""))
    member(stage, "甲", window=True)

    run = stage.desk.send("word", NOON)

    assert (run.state, shown(stage, "甲")) == (RunState.DONE, [])


# -- where a tap leads -----------------------------------------------------------------------------------------

LINK = 'template = "plain.j2"\nlink = "https://example.org/a"\n'
PICTURE = 'picture = "https://example.org/a.png"\n'
MINI = 'template = "plain.j2"\nmini_page = "pages/digest/digest"\nmini_appid = "wxmini"\n'


def test_a_link_is_opened_by_a_notice_and_stands_below_the_words(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, LINK, EVERYONE))
    member(stage, "甲", credit=TEMPLATE)
    member(stage, "乙", window=True)
    who = member(stage, "丙")

    sends(stage)

    assert shown(stage, "甲")[0].page == "https://example.org/a"
    assert shown(stage, "乙") == ["大家好\nhttps://example.org/a"]
    assert stage.kept_for(who) == ["【一句话】\n大家好\nhttps://example.org/a"]


def test_a_picture_comes_as_a_card_where_there_can_be_one(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, LINK, PICTURE, EVERYONE))
    member(stage, "乙", window=True)
    who = member(stage, "丙")

    sends(stage)

    card = News("一句话", "大家好", url="https://example.org/a", picture_url="https://example.org/a.png")
    assert shown(stage, "乙") == [card]
    assert stage.kept_for(who) == ["【一句话】\n大家好\nhttps://example.org/a"]


def test_a_notice_opens_the_mini_program_that_is_named(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, MINI, EVERYONE))
    member(stage, "甲", credit=TEMPLATE)

    sends(stage)

    (notice,) = shown(stage, "甲")
    assert (notice.miniprogram_appid, notice.miniprogram_path) == ("wxmini", "pages/digest/digest")


def test_a_link_that_was_filled_with_no_address_leads_nowhere(db, tmp_path):
    """A digest need not have an address of its source."""
    link = "template = 'named'\nlink = '{{ digests[0].source_url }}'\ndigests = ['a']\n"
    stage = with_digests(db, tmp_path / "pack", link)
    member(stage, "乙", window=True)

    sends(stage)

    assert shown(stage, "乙") == ["第一篇"]
