"""Words to and fro: asked and answered, ended, judged and reopened, by the receipt; kept like words without a name."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from handlers.opinion.engine import State, receipts
from handlers.opinion.engine.thread import Asks
from storage.boxed import place
from storage.leaves import Leaf
from storage.letterbox import letterbox
from storage.opinion import Heard, anonymous_opinions
from storage.opinion_notes import INTERNAL, Note, opinion_notes
from tests.handlers.opinion.test_admin import browser, links, the_page
from tests.handlers.opinion.test_api import everything_but
from tests.handlers.opinion.world import World, receipt
from tests.storage.asked import asked_of_sql
from tests.storage.test_opinion import GARBLED, garble_named

__all__ = ["browser"]

WORDS = "宿舍热水晚上九点就停"
SECRET = "内部备注不外传"


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


@pytest.fixture(params=["1", "2"], ids=["anonymous", "named"])
def code(world, request):
    """The receipt of an opinion, of the member who sent it."""
    way = ("1",) if request.param == "1" else ("2", "张三")
    return receipt(world.member().says("意见", *way, "4", WORDS, "好了", "1"))


@pytest.fixture
def anonymous(world):
    return receipt(world.member().says("意见", "1", "4", WORDS, "好了", "1"))


def acts(browser, act: str, **fields: str):
    return browser.post(f"{the_page(browser)}/{act}", data=fields)


def asks(world: World, code: str, *said: str) -> str:
    """Somebody with the receipt, whoever they are, looks it up and says this and that."""
    return world.member("o-with-the-receipt").says(f"查询 {code}", *said)


def kept(world, code: str):
    return world.promise.current(world.opinions.get(world.opinions.id_of(code.replace("-", ""))))


def over_midnight(world) -> None:
    world.clock.now = (world.clock.now + timedelta(days=1)).replace(hour=0, minute=7)
    world.runs("opinion.stir")


# -- what lies there and can't be read -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["letterbox", "leaves", "named"])
def test_who_has_the_receipt_of_what_cannot_be_read_hears_that_it_is_there_and_nobody_else_does(world, keys, way):
    if way == "named":
        code = receipt(world.member().says("意见", "2", "张三", "4", WORDS, "好了", "1"))
        garble_named(world.db, keys, world.opinions.id_of(code.replace("-", "")))
    else:
        drawn = receipts.drawn(world.opinions.secret_numbers("some", "words"))
        code = receipts.shown(drawn)
        world.opinions.carry([Leaf(world.opinions.id_of(drawn), world.clock().date(), GARBLED)])
    if way == "leaves":
        world.opinions.move(before=date.max)
    said = asks(world, code)
    other = asks(world, receipts.shown(receipts.drawn(world.opinions.secret_numbers("other", "words"))))
    by_api = world.member("o-whoever").signs_in().post("/opinion/lookup", {"receipt": code})
    page = looks(world.member("o-whoever").opens_pages(), code)

    assert "这条意见在" in said
    assert "没有找到" in other
    assert (by_api.status, by_api.code) == (503, "cannot_be_read")
    assert page.status_code == 503
    assert "这条意见在" in page.text


def test_a_note_that_cannot_be_read_takes_no_page_along(world, browser, keys, anonymous):
    acts(browser, "note", note="问过后勤处")
    acts(browser, "note", note="这一条要坏")
    acts(browser, "ask", question="是哪一栋？")
    for content in (b'{"words":"\xff"}', b"[]", b'{"turn":1}', b'{"day":1}', b""):
        (row,) = (each for each in rows(world, opinion_notes) if each.number == 2)
        sealed = keys.box("opinion:notes").seal(content, bound_to=place(row.opinion, row.number))
        with world.db.begin() as connection:
            connection.execute(opinion_notes.update().where(opinion_notes.c.number == 2).values(sealed=sealed))
        page = browser.get(the_page(browser))

        assert page.status_code == 200
        assert page.text.count("一条备注或者答复读不出来") == 1
        assert "问过后勤处" in page.text
        assert "是哪一栋？" in page.text
    assert "是哪一栋？" in asks(world, anonymous)


# -- asked back ------------------------------------------------------------------------------------------------------


def test_a_question_is_answered_by_the_receipt_and_the_clock_stands_still_meanwhile(world, browser, code):
    promised = kept(world, code).due
    over_midnight(world)
    acts(browser, "ask", question="是哪一栋？")
    world.clock.passes(days=7)
    waiting = kept(world, code)
    asked = asks(world, code)
    seen = asks(world, code, "三号楼的一层和二层")
    thanks = asks(world, code, "三号楼的一层和二层", "1")
    after = kept(world, code)
    page = browser.get(the_page(browser)).text

    assert (waiting.state, promised, after.due) == ("asked", date(2126, 12, 13), date(2126, 12, 20))
    assert "承办人问（11月24日）：\n是哪一栋？" in asked
    assert "交了就不能改：\n三号楼的一层和二层" in seen
    assert "您的回答已经交给承办人，办理的时间接着算" in thanks
    assert after.state == "in_hand"
    assert "三号楼的一层和二层" in page
    assert "要回答，请直接写" not in asks(world, code)
    assert "您回答（12月1日）：\n三号楼的一层和二层" in asks(world, code)


def test_a_named_sender_is_told_of_a_question_and_of_the_reason_for_an_end(world, browser):
    world.member().says("意见", "2", "张三", "4", WORDS, "好了", "1")
    for _ in range(2):
        acts(browser, "ask", question="是哪一栋？")
    acts(browser, "close", reason="不归我们管，已经转给后勤处。")
    world.runs("opinion.answers")

    assert [line for _, line, _ in world.told] == [
        "您11月23日提的“生活困难”，承办人想问：\n是哪一栋？\n回复“查询”加回执码，就能回答。",
        "您11月23日提的“生活困难”办结了：\n不归我们管，已经转给后勤处。\n不满意的话，回复“查询”加回执码，可以要求重新办理。",
    ]


def test_an_anonymous_sender_is_told_nothing_and_finds_the_question(world, browser, anonymous):
    acts(browser, "ask", question="是哪一栋？")
    world.runs("opinion.answers")

    assert world.told == []
    assert "是哪一栋？" in asks(world, anonymous)


def test_a_question_is_answered_once_and_the_first_answer_stands(world, browser, anonymous):
    acts(browser, "ask", question="是哪一栋？")
    first, second = world.member("o-1"), world.member("o-2")
    for member, words in ((first, "三号楼"), (second, "四号楼")):
        member.says(f"查询 {anonymous}", words)
    answers = [member.says("1") for member in (first, second)]

    assert answers[1] == "这一次您已经说过了，以先说的为准。再查一次就能看到。"
    assert [each.words for each in kept(world, anonymous).heard] == ["三号楼"]


def test_a_second_question_has_an_answer_of_its_own(world, browser, anonymous):
    for number, question in enumerate(("是哪一栋？", "是哪一层？")):
        acts(browser, "ask", question=question)
        asks(world, anonymous, f"答{number}：看得见的地方", "1")
        over_midnight(world)
    talk = [line.strip() for line in asks(world, anonymous).splitlines() if line.strip()]

    assert [line for line in talk if line.endswith(("？", "方"))] == [
        "是哪一栋？",
        "答0：看得见的地方",
        "是哪一层？",
        "答1：看得见的地方",
    ]


def test_only_a_question_that_was_asked_is_answered(world, browser, anonymous):
    assert "要回答" not in asks(world, anonymous)
    assert "三号楼的一层和二层" not in asks(world, anonymous, "三号楼的一层和二层")
    assert kept(world, anonymous).heard == ()


@pytest.mark.parametrize(
    ("said", "again"), [(("1",), "1"), (("3", "好了"), "好了"), (("3", "周末还是九点就停了", "1"), "1")]
)
def test_what_could_not_be_said_to_be_kept_is_said_again_and_kept_once(world, browser, anonymous, said, again):
    acts(browser, "answer", reply="改到十一点。")
    world.next_round = lambda: None
    doubtful = asks(world, anonymous, *said)
    world.next_round = world.postman.round
    kept_now = world.member("o-with-the-receipt").says(again)

    assert doubtful.startswith("刚才没能确认这一条存好了没有，还替您留着。")
    assert kept_now.startswith("收到了，谢谢您。")
    assert len(kept(world, anonymous).heard) == 1


# -- ended, judged and reopened --------------------------------------------------------------------------------------


def test_what_is_ended_needs_a_reason_which_the_sender_reads(world, browser, code):
    refused = acts(browser, "close", reason=" ")
    acts(browser, "close", reason="已经转给后勤处。")

    assert refused.status_code == 422
    assert "没有办结：请写明原因" in refused.text
    assert "办结说明（11月23日）：\n已经转给后勤处。" in asks(world, code)


@pytest.mark.parametrize(
    ("outcome", "state", "said"), [("answered", "answered", "已答复。"), ("partly", "partly", "已答复，部分解决。")]
)
def test_an_answer_may_solve_a_part(world, browser, code, outcome, state, said):
    acts(browser, "answer", reply="先改到十点。", outcome=outcome)

    assert kept(world, code).state == state
    assert said in asks(world, code)
    assert len(links(browser.get(f"/admin/opinion/?state={state}").text)) == 1


def test_who_is_not_satisfied_reopens_it_with_words_and_it_is_promised_anew(world, browser, code):
    acts(browser, "answer", reply="改到十一点。")
    over_midnight(world)
    why = asks(world, code, "3")
    done = asks(world, code, "3", "周末还是九点就停了", "1")
    after = kept(world, code)

    assert "哪里没解决？" in why
    assert "这件事会重新办理" in done
    assert (after.state, after.due) == ("reopened", date(2126, 12, 13))
    assert "您说没解决，要求重新办理（11月24日）：\n周末还是九点就停了" in asks(world, code)
    assert len(links(browser.get("/admin/opinion/?state=reopened").text)) == 1
    assert acts(browser, "answer", reply="周末也改了。").status_code == 303
    assert kept(world, code).state == "answered"
    assert "这件事解决了吗" in asks(world, code)


@pytest.mark.parametrize(
    ("said", "solved", "state"),
    [(("1",), "yes", "answered"), (("2", "好了"), "partly", "answered"), (("3", "好了"), "no", "answered")],
)
def test_a_verdict_without_words_reopens_nothing_and_is_asked_for_once(world, browser, code, said, solved, state):
    acts(browser, "answer", reply="改到十一点。")
    thanks = asks(world, code, *said)
    after = kept(world, code)

    assert thanks == "收到了，谢谢您。您的评价已经记下了。"
    assert (after.state, [each.solved for each in after.heard]) == (state, [solved])
    assert "这件事解决了吗" not in asks(world, code)


def test_words_that_come_where_a_yes_is_asked_for_are_added_or_said_not_to_be(world, browser, code):
    acts(browser, "ask", question="是哪一栋？")
    added = asks(world, code, "三号楼", "就是东侧楼梯旁边的那几间")
    aside = asks(world, code, "三号楼", "嗯")

    assert "交了就不能改：\n三号楼\n就是东侧楼梯旁边的那几间\n" in added
    assert aside.startswith("还没有交，刚才这一句也没有算进去。\n请看一遍")
    assert "三号楼\n\n" in aside


def test_leaving_hands_nothing_in(world, browser, code):
    acts(browser, "answer", reply="改到十一点。")

    assert asks(world, code, "3", "退出") == "好的，先不说了，没有留下。想说的时候再“查询”一次。"
    assert kept(world, code).heard == ()


def test_what_was_half_said_is_cleared_and_said_to_be(world, browser, anonymous):
    acts(browser, "ask", question="是哪一栋？")
    asks(world, anonymous, "三号楼的一层和二层")
    world.clock.passes(minutes=31)

    assert world.member("o-with-the-receipt").says("1").startswith("刚才说给承办人的还没交")
    assert kept(world, anonymous).heard == ()


# -- by the page and the API -----------------------------------------------------------------------------------------


@pytest.fixture
def reader(world):
    return world.member("o-with-the-receipt").opens_pages()


def looks(reader, code):
    reader.get("/p/opinion/receipt")
    return reader.post("/p/opinion/receipt", {"receipt": code})


def says(reader, **fields):
    return reader.post("/p/opinion/receipt/said", fields)


def test_on_the_page_a_question_is_answered_and_an_answer_judged(world, browser, reader, code):
    acts(browser, "ask", question="是哪一栋？")
    asked = looks(reader, code)
    empty, thanks = says(reader, words=" "), says(reader, words="三号楼的一层")
    acts(browser, "answer", reply="改到十一点。")
    answered = looks(reader, code)
    wordless = says(reader, solved="no", reopen="1", words="")
    reopened = says(reader, solved="no", reopen="1", words="周末还是九点就停了")
    after = looks(reader, code)

    assert "是哪一栋？" in asked.text
    assert (empty.status_code, wordless.status_code) == (422, 422)
    assert "还太短" in wordless.text
    assert "您的回答已经交给承办人" in thanks.text
    assert "三号楼的一层" in answered.text
    assert "这件事会重新办理" in reopened.text
    assert "正在重新办理" in after.text
    assert "您说没解决，要求重新办理" in after.text
    assert "<textarea" not in after.text
    assert "no-store" in reopened.headers["Cache-Control"]


def test_by_the_api_a_question_is_answered_and_an_answer_judged(world, browser, code):
    mini = world.member("o-with-the-receipt").signs_in()

    def look():
        return mini.post("/opinion/lookup", {"receipt": code}).body

    acts(browser, "ask", question="是哪一栋？")
    ticket = look()["ticket"]
    answers = [mini.post("/opinion/said", {"ticket": ticket, "words": "三号楼的一层"}) for _ in range(2)]
    acts(browser, "answer", reply="改到十一点。")
    asked = look()
    refused = [
        mini.post("/opinion/said", {"ticket": asked["ticket"], **said})
        for said in (
            {},
            {"solved": "no", "reopen": True},
            {"solved": "yes", "reopen": True, "words": "周末还是九点就停了"},
        )
    ]
    judged = mini.post("/opinion/said", {"ticket": asked["ticket"], "solved": "yes"})

    assert [(each.status, each.code) for each in answers] == [(201, ""), (409, "said_before")]
    assert [each.code for each in refused] == ["not_a_verdict", "too_short", "not_a_verdict"]
    assert judged.status == 201
    assert [(line["ours"], line["kind"], line["words"], line["solved"]) for line in look()["talk"]] == [
        (True, "asked", "是哪一栋？", ""),
        (False, "question", "三号楼的一层", ""),
        (True, "answered", "改到十一点。", ""),
        (False, "verdict", "", "yes"),
    ]


def test_a_ticket_is_good_for_its_day_and_for_nothing_that_was_made_up(world, browser, anonymous):
    mini = world.member("o-with-the-receipt").signs_in()
    acts(browser, "ask", question="是哪一栋？")
    ticket = mini.post("/opinion/lookup", {"receipt": anonymous}).body["ticket"]
    made_up = mini.post("/opinion/said", {"ticket": ticket[:-8] + "AAAAAAA=", "words": "三号楼"})
    over_midnight(world)
    late = mini.post("/opinion/said", {"ticket": ticket, "words": "三号楼"})

    assert (made_up.code, late.code) == ("not_asked", "not_asked")
    assert kept(world, anonymous).heard == ()


# -- handling --------------------------------------------------------------------------------------------------------


def test_who_writes_on_a_page_that_is_old_loses_nothing_and_says_nothing_twice(world, browser, anonymous):
    acts(browser, "answer", reply="改到十一点。", turn="0")
    again = acts(browser, "answer", reply="改到十一点。", turn="0")
    other = acts(browser, "answer", reply="不归我们管。", turn="0")

    assert (again.status_code, other.status_code) == (303, 409)
    assert "有人已经说了别的" in other.text
    assert "不归我们管。</textarea>" in other.text
    assert kept(world, anonymous).reply == "改到十一点。"


def test_nothing_internal_is_shown_outside(world, browser, code):
    """Every view that anybody outside the console has, in every state that comes with words."""
    mini, reader = world.member("o-with-the-receipt").signs_in(), world.member("o-with-the-receipt").opens_pages()
    acts(browser, "note", note=SECRET)
    seen: list[str] = []
    for act in ({"question": "是哪一栋？"}, {"reply": "改到十一点。"}, {"reason": "改好了。"}):
        (field,) = act
        acts(browser, {"question": "ask", "reply": "answer", "reason": "close"}[field], **act)
        acts(browser, "note", note=f"{SECRET}，第二条")
        seen += [asks(world, code), looks(reader, code).text, str(mini.post("/opinion/lookup", {"receipt": code}).body)]
    world.runs("opinion.answers")
    world.admins = {"甲": "person-1"}
    world.clock.passes(days=30)
    world.runs("opinion.reminder")
    seen += [line for _, line, _ in world.told]
    seen += world.feature.keeps.show(world.member().person)

    assert browser.get(the_page(browser)).text.count(SECRET) == 4
    assert "承办人甲" in browser.get(the_page(browser)).text
    assert all(seen)
    assert [each for each in seen if SECRET in each or "承办人甲" in each] == []


# -- kept like words without a name ----------------------------------------------------------------------------------


def test_what_a_sender_says_is_in_the_letterbox_and_nothing_else_is_written(world, browser, code, redis):
    acts(browser, "ask", question="是哪一栋？")
    member = world.member("o-with-the-receipt")
    member.says(f"查询 {code}", f"{SECRET}三号楼")
    before, remembered = everything_but(world, letterbox), set(redis.scan_iter())
    member.says("1")

    assert everything_but(world, letterbox) == before
    assert {key.split(b":")[1] for key in set(redis.scan_iter()) - remembered} <= {b"turn"}
    assert world.inbox.take_notes(now=world.clock()) == []
    assert world.later == []


def test_the_turn_that_hands_it_in_asks_the_stores_what_one_that_sends_an_opinion_asks(world, browser, anonymous):
    acts(browser, "ask", question="是哪一栋？")
    writes, answers = world.member("o-1"), world.member("o-2")
    writes.says("意见", "1", "4", "走廊的灯坏了三天", "好了")
    answers.says(f"查询 {anonymous}", "三号楼的一层")

    assert asked_of_sql(lambda: answers.says("1")) == asked_of_sql(lambda: writes.says("1")) != []


def test_the_next_day_it_is_a_row_like_all_others_and_the_opinion_s_own_row_was_not_touched(world, browser, anonymous):
    over_midnight(world)
    acts(browser, "ask", question="是哪一栋？")
    before = rows(world, anonymous_opinions)
    asks(world, anonymous, f"{SECRET}三号楼", "1")
    over_midnight(world)
    after = rows(world, anonymous_opinions)
    new = [row for row in after if row.day == date(2126, 11, 24)]

    assert len(after) == len(before) + 1
    assert len(new) == 1
    assert len({len(row.sealed) for row in after}) == 1
    assert SECRET.encode() not in b"".join(row.sealed for row in after)
    assert [each.words for each in kept(world, anonymous).heard] == [f"{SECRET}三号楼"]


def test_a_note_leads_to_its_opinion_by_no_name_that_lies_elsewhere(world, browser, anonymous):
    over_midnight(world)
    acts(browser, "note", note="字" * 500)
    acts(browser, "ask", question="是哪一栋？")
    notes = rows(world, opinion_notes)
    opinion = world.opinions.id_of(anonymous.replace("-", ""))
    marks = {row.mark for row in rows(world, anonymous_opinions)}

    assert len({len(row.sealed) for row in notes}) == 1
    assert {row.opinion for row in notes}.isdisjoint(marks | {opinion})
    assert "是哪一栋".encode() not in b"".join(row.sealed for row in notes)


def rows(world, table):
    with world.db.read() as connection:
        return connection.execute(sa.select(table)).all()


def test_a_note_of_an_opinion_is_not_one_of_another_and_one_that_was_moved_is_not_read(world, anonymous):
    note = Note(turn=1, kind=INTERNAL, words="字" * 500, day=date(2126, 11, 23), author="甲" * 64)
    world.opinions.notes.add("one", note)
    world.opinions.notes.add("one", replace(note, words="第二条"))
    world.opinions.notes.add("other", note)
    with world.db.begin() as connection:
        connection.execute(opinion_notes.update().where(opinion_notes.c.number == 2).values(number=3))

    assert world.opinions.notes.of("one") == [note]
    assert world.opinions.notes.of("other") == [note]
    assert world.opinions.notes.of("third") == []


def test_the_longest_word_of_a_sender_is_as_long_as_any(world):
    long = Heard(
        id=world.opinions.heard_id("a" * 24, 1),
        day=date(2126, 11, 22),
        turn=1,
        words="𠮷" * 500,
        solved="no",
        reopen=True,
    )
    world.opinions.carry([long, replace(long, id=world.opinions.heard_id("a" * 24, 2), words="")])
    world.opinions.move(before=date.max)

    assert len({len(row.sealed) for row in rows(world, anonymous_opinions)}) == 1
    assert [Asks.QUESTION, Asks.VERDICT, State.REOPENED] == ["question", "verdict", "reopened"]
