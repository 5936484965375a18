"""Duels: the same questions for two, each when they like, and what both came to is told to these two alone."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from content.models import Question, QuestionType
from handlers.quiz import jobs
from handlers.quiz.engine import duels as rules
from storage.duels import Duels, duels, sides
from storage.quiz import answers
from storage.sealing import Keys
from storage.vault import Vault
from tests.content.builders import a_question
from tests.end_to_end.running import at_once
from tests.handlers.quiz.small import letter, rows
from tests.handlers.quiz.test_api import answered, right_of, wrong_of
from tests.handlers.quiz.test_modes import newest, through
from tests.handlers.quiz.test_pages import asked, goes_on

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path, small):
    """Rounds of three questions."""
    small.begins_anew(tmp_path, questions_a_round=3)
    return small


def code_of(reply):
    return re.findall(r"^对战 ([2-9A-HJKMNP-Z]{6})$", reply, re.MULTILINE)[0]


def clock(ring, job="quiz.duel_results"):
    next(each for each in ring.town.house.jobs if each.id == job).run(ring.town.clock())


def both_done(ring, *, hosts=0, others=0, host="", other=""):
    """Two who are done, with so many mistakes each; their phones, and what the second one was told."""
    one, two = ring.town.phone(host), ring.town.phone(other)
    begun = one.says("对战")
    through(one, begun, mistakes=hosts)
    _, told = through(two, two.says(f"对战 {code_of(begun)}"), mistakes=others)
    return one, two, told


# -- in the chat -----------------------------------------------------------------------------------------------------


def test_two_answer_the_same_questions_in_the_same_order_and_each_learns_what_both_came_to(ring):
    one, two = ring.town.phone(), ring.town.phone()
    begun = one.says("对战")
    stems, waits = through(one, begun, mistakes=1)
    taken = two.says(f"对战 {code_of(begun)}")
    others, told = through(two, taken)
    quiet = one.says("帮助")
    clock(ring)
    heard, after = one.says("帮助"), one.says("帮助")

    assert "两个人各自答同样的 3 题" in begun
    assert "11月30日前有效" in begun
    assert "3 题答对 2 题。还没有人应战" in waits
    assert code_of(waits) == code_of(begun)
    assert "和对方答同样的 3 题" in taken
    assert others == stems
    assert "对战结果：3 题，您答对 3 题，对方答对 2 题，您多 1 题。" in told
    assert "对战有结果了" not in quiet
    assert "对战有结果了：3 题，您答对 2 题，对方答对 3 题，对方多 1 题。" in heard
    assert "对战有结果了" not in after


def test_who_waits_is_told_whichever_of_the_two_is_done_first(ring):
    one, two = ring.town.phone(), ring.town.phone()
    begun = one.says("对战")
    _, waits = through(two, two.says(f"应战{code_of(begun)}"), mistakes=3)
    _, told = through(one, begun)
    clock(ring)

    assert "3 题答对 0 题。对方还没答完" in waits
    assert "您答对 3 题，对方答对 0 题，您多 3 题" in told
    assert "您答对 0 题，对方答对 3 题，对方多 3 题" in two.says("帮助")
    assert "对战有结果了" not in one.says("帮助")


def test_options_stand_in_an_order_of_ones_own(small):
    one, two = small.town.phone(), small.town.phone()
    reply = one.says("对战")
    other = two.says(f"对战 {code_of(reply)}")
    seen = []
    while "【" in reply:
        seen.append((letter(reply), letter(other)))
        reply, other = one.says(letter(reply)), two.says(letter(other))

    assert len(seen) == 7
    assert any(mine != theirs for mine, theirs in seen)


@pytest.mark.parametrize(
    "says",
    ["应战 {0}", "对战{0}", "对战邀请码：{0}", "应战码 {1}", "对战 {2}", "应战 {3}"],
    ids=["another word", "no space", "with its name", "small letters", "a dash", "wide letters"],
)
def test_a_code_is_read_however_it_is_typed(ring, says):
    code = code_of(ring.town.phone().says("对战"))
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)

    said = says.format(code, code.lower(), f"{code[:3]}-{code[3:]}", wide)
    assert "【1/3】" in ring.town.phone().says(said)


def test_a_code_may_follow_when_it_is_asked_for(ring):
    code = code_of(ring.town.phone().says("对战"))
    phone = ring.town.phone()
    wanted, again, begun = phone.says("应战"), phone.says("什么"), phone.says(code)

    assert "6 个字母或数字" in wanted
    assert again == f"这个不像邀请码。\n\n{wanted}"
    assert "【1/3】" in begun


def test_who_has_not_answered_yet_finds_the_code_on_the_page_of_duels(ring):
    code = code_of(ring.town.phone("o-host").says("对战"))
    page = ring.town.reader("o-host").get("/p/quiz/duels").text

    assert f"您还没答完，还没有人应战，邀请码 <strong>{code}</strong>" in page


def test_a_question_that_is_open_does_not_take_a_code_for_an_answer(ring):
    code = code_of(ring.town.phone().says("对战"))
    phone = ring.town.phone()
    phone.says("答题")

    assert "和对方答同样的 3 题" in phone.says(f"对战 {code}")
    assert rows(ring, answers) == []


def test_a_code_is_for_one_and_nobody_learns_that_it_was_taken(ring):
    code = code_of(ring.town.phone().says("对战"))
    two, third = ring.town.phone(), ring.town.phone()
    first = two.says(f"对战 {code}")
    late, never = third.says(f"对战 {code}"), third.says("对战 222222")

    assert late == never
    assert "没有这个邀请码" in late
    assert newest(two.says(f"对战 {code}")) == newest(first)
    assert len(rows(ring, sides)) == 2


def test_ones_own_code_leads_to_ones_own_questions(ring):
    phone = ring.town.phone()
    begun = phone.says("对战")

    assert phone.says(f"对战 {code_of(begun)}") == begun
    assert len(rows(ring, sides)) == 1


def test_codes_can_not_be_guessed_at_for_long(ring):
    code = code_of(ring.town.phone().says("对战"))
    phone = ring.town.phone()
    tried = [phone.says(f"对战 22222{each}") for each in "23456789AB"]
    refused = phone.says(f"对战 {code}")
    ring.town.clock.forward(days=1)

    assert all("没有这个邀请码" in each for each in tried)
    assert "今天试的邀请码太多了" in refused
    assert "【1/3】" in phone.says(f"对战 {code}")


def test_a_duel_that_is_open_goes_on_for_days_with_the_same_question(ring, redis):
    phone = ring.town.phone()
    begun = phone.says("对战")
    second = phone.says(letter(begun))
    left = phone.says("退出")
    ring.town.clock.forward(days=3)
    redis.flushdb()
    again = phone.says("对战")

    assert "先放下" in left
    assert code_of(again) == code_of(begun)
    assert newest(again) == newest(second)
    assert "【2/3】" in again


def test_a_duel_nobody_takes_up_ends_quietly(ring):
    phone = ring.town.phone()
    begun = phone.says("对战")
    through(phone, begun)
    ring.town.clock.forward(days=7)
    clock(ring)
    quiet, refused = phone.says("帮助"), ring.town.phone().says(f"对战 {code_of(begun)}")
    clock(ring, "quiz.drop_duels")

    assert "对战有结果" not in quiet
    assert "没有这个邀请码" in refused
    assert rows(ring, duels) == rows(ring, sides) == []
    assert len(rows(ring, answers)) == 3
    assert code_of(phone.says("对战")) != code_of(begun)


def test_a_duel_that_one_of_the_two_never_ends_has_no_result(ring):
    one, two = ring.town.phone(), ring.town.phone()
    begun = one.says("对战")
    through(one, begun)
    reply = two.says(f"对战 {code_of(begun)}")
    with ring.town.house.db.begin() as connection:  # a talk lives a day, a duel seven
        connection.execute(duels.update().values(ends_at=ring.town.clock()))
    _, told = through(two, reply)
    clock(ring)

    assert "3 题答对 3 题。这次对战已经结束，没有结果。" in told
    assert "对战有结果" not in one.says("帮助")


def test_after_a_duel_another_one_begins_and_what_it_came_to_can_be_read_for_a_week(ring):
    one, _, _ = both_done(ring, hosts=1)
    ring.town.clock.forward(days=6)
    mine = one.says("对战结果")
    begun = one.says("对战")
    ring.town.clock.forward(days=2)

    assert "1. 您答对 2 题，对方答对 3 题，对方多 1 题（保留到11月30日）" in mine
    assert "【1/3】" in begun
    assert "您答对 2 题" not in one.says("对战结果")


def test_who_has_looked_is_not_told_again(ring):
    one, _, _ = both_done(ring, host="o-host")
    mini = ring.town.mini("o-host", account="official")
    found = mini.get("/quiz/duels").body["items"][0]
    seen = mini.post("/quiz/rounds", {"of": "duel", "id": found["code"]}).body["duel"]
    clock(ring)

    assert seen["ahead"] == 0
    assert "对战有结果" not in one.says("帮助")


def test_an_end_that_was_cut_off_is_written_down_at_the_next_look(ring):
    phone = ring.town.phone()
    through(phone, phone.says("对战"))
    with ring.town.house.db.begin() as connection:
        connection.execute(sides.update().values(right=None))

    assert "还没有人应战" in phone.says("对战")
    assert [each.right for each in rows(ring, sides)] == [3]


def test_mistakes_of_a_duel_are_gone_through_again(ring):
    one, _, told = both_done(ring, hosts=2, others=0)

    assert "错题" not in told
    assert "【1/2】" in one.says("错题")


def test_a_pack_without_questions_has_no_duel(ring):
    ring.holds(a_question("q1", effective_to="2026-01-01"))

    assert "今天还没有可做的题" in ring.town.phone().says("对战")
    assert rows(ring, duels) == []


def test_a_menu_key_begins_one(ring):
    assert "【1/3】" in ring.town.phone().taps("quiz.duel")


# -- who is told what ------------------------------------------------------------------------------------------------


def named(ring, phone, name):
    phone.says("帮助")
    person = ring.town.house.people.find(account="official", openid=phone.openid).person
    ring.town.house.people.rename(person, name=name, verified=True)


def test_nobody_is_named_unless_they_say_so(ring):
    one, two = ring.town.phone(), ring.town.phone()
    named(ring, one, "王海棠")
    named(ring, two, "李石榴")
    begun = one.says("对战")
    taken = two.says(f"应战 {code_of(begun)} 署名")
    _, told = through(two, taken)
    through(one, begun)
    mine = one.says("对战结果")

    assert "对方看不到您是谁，想署名请回复“对战署名”" in begun
    assert "对方会看到您的姓名" in taken
    assert "王海棠" not in taken + told + two.says("对战结果")
    assert "李石榴答对 3 题" in mine


def test_a_name_can_be_given_later_and_goes_with_ones_data(ring):
    one, two = ring.town.phone(), ring.town.phone()
    named(ring, one, "王海棠")
    begun = one.says("对战")
    again = one.says("对战署名")
    taken = two.says(f"对战 {code_of(begun)}")
    one.says("删除我的数据")
    one.says("确认删除")

    assert newest(again) == newest(begun)
    assert "和王海棠答同样的 3 题" in taken
    assert "王海棠" not in through(two, taken)[1] + two.says("对战结果")


@pytest.mark.parametrize("says", ["对战署名", "应战 222222 署名"])
def test_who_is_not_bound_can_not_be_named(ring, says):
    assert "还没有绑定姓名" in ring.town.phone().says(says)
    assert rows(ring, sides) == []


def test_what_is_kept_for_the_next_word_names_nobody(ring):
    one, two = ring.town.phone(), ring.town.phone()
    named(ring, two, "李石榴")
    begun = one.says("对战")
    through(one, begun)
    through(two, two.says(f"应战 {code_of(begun)} 署名"))
    clock(ring)
    heard = one.says("帮助")

    assert "对战有结果了" in heard
    assert "李石榴" not in heard


def test_erasing_one_leaves_the_others_result(ring):
    one, two, _ = both_done(ring, hosts=1)
    two.says("删除我的数据")
    two.says("确认删除")
    clock(ring)

    assert "您答对 2 题，对方答对 3 题" in one.says("帮助")
    assert "您答对 2 题，对方答对 3 题" in one.says("对战结果")
    assert len(rows(ring, sides)) == 1


def test_with_the_last_of_the_two_the_duel_goes_and_its_code(ring):
    one, two, _ = both_done(ring)
    for phone in (one, two):
        phone.says("删除我的数据")
        phone.says("确认删除")

    assert rows(ring, duels) == []


def test_ones_data_says_that_there_is_a_duel(ring):
    phone = ring.town.phone()
    phone.says("对战")

    assert "对战：1 次" in phone.says("我的数据")


def test_a_line_is_said_to_who_waits_and_once(ring):
    both_done(ring)
    said = []
    kept = Duels(ring.town.house.db, Vault(ring.town.house.db, ring.town.settings.keys))
    tell_results = jobs.rounds(
        kept, close_ran_out=lambda _: None, say=ring.town.house.shelf.say, tell=lambda *line: said.append(line)
    )[0]
    for _ in range(2):
        tell_results.run(ring.town.clock())
    host = next(each.person for each in rows(ring, sides) if each.hosts)

    assert [(person, key.partition(":")[0]) for person, _, key in said] == [(host, "duel")]


# -- by the API ------------------------------------------------------------------------------------------------------


def plays(ring, mini, going, *, right, claims=None):
    """Answer all of a round, the first ones right; the round as it is then."""
    while going.body["question"]:
        chosen = right_of(ring.town, going) if right > 0 else wrong_of(ring.town, going)
        answered(mini, going, chosen, claims=claims or {})
        going, right = mini.get(f"/quiz/rounds/{going.body['id']}"), right - 1
    return going


def begins(mini, **wanted):
    return mini.post("/quiz/rounds", {"of": "duel", **wanted})


def test_the_api_tells_each_what_both_came_to_and_only_then(ring):
    one, two = ring.town.mini(), ring.town.mini()
    begun = begins(one)
    host = plays(ring, one, begun, right=2)
    taken = begins(two, id=begun.body["duel"]["code"].lower())
    before = taken.body["duel"]
    guest = plays(ring, two, taken, right=1)
    told = one.get("/quiz/duels").body["items"]

    assert (begun.status, begun.body["of"], begun.body["total"]) == (200, "duel", 3)
    assert begun.body["question"]["stem"] == taken.body["question"]["stem"]
    assert (host.body["duel"]["right"], host.body["duel"]["theirs"], host.body["duel"]["ahead"]) == (2, None, None)
    assert (before["right"], before["theirs"]) == (None, None)
    assert (guest.body["duel"]["right"], guest.body["duel"]["theirs"], guest.body["duel"]["ahead"]) == (1, 2, -1)
    assert [(each["right"], each["theirs"], each["ahead"], each["name"]) for each in told] == [(2, 1, 1, "")]


@pytest.mark.parametrize(
    "claims",
    [
        {"right": True, "score": 100},
        {"duel": {"right": 3, "theirs": 0, "ahead": 3}},
        {"round": {"right": 3}, "answered": 3, "theirs": 0},
    ],
    ids=["right", "a duel", "a round"],
)
def test_what_a_client_claims_of_a_duel_is_not_looked_at(ring, claims):
    one, two = ring.town.mini(), ring.town.mini()
    begun = begins(one)
    plays(ring, one, begun, right=3)
    liar = plays(ring, two, begins(two, id=begun.body["duel"]["code"]), right=0, claims=claims)

    assert (liar.body["duel"]["right"], liar.body["duel"]["theirs"], liar.body["duel"]["ahead"]) == (0, 3, -3)
    assert one.get("/quiz/duels").body["items"][0]["theirs"] == 0


def test_a_question_of_a_duel_is_answered_once(ring):
    mini = ring.town.mini()
    begun = begins(mini)
    answered(mini, begun, wrong_of(ring.town, begun))
    again = answered(mini, begun, right_of(ring.town, begun))

    assert again.code == "answered"
    assert mini.get(f"/quiz/rounds/{begun.body['id']}").body["right"] == 0


def test_a_third_one_sees_nothing_of_a_duel(ring):
    one, two, third = ring.town.mini(), ring.town.mini(), ring.town.mini()
    begun = begins(one)
    code = begun.body["duel"]["code"]
    begins(two, id=code)
    refused, looked = begins(third, id=code), third.get(f"/quiz/rounds/{begun.body['id']}")

    assert (refused.status, refused.code, refused.body["field"]) == (404, "no_such_duel", "id")
    assert looked.code == "no_such_round"
    assert two.get(f"/quiz/rounds/{begun.body['id']}").code == "no_such_round"
    assert third.get("/quiz/duels").body == {"items": []}


def test_the_api_and_the_chat_count_the_tries_together(ring):
    code = code_of(ring.town.phone().says("对战"))
    phone, mini = ring.town.phone("o-both"), ring.town.mini("o-both", account="official")
    for each in "23456":
        phone.says(f"对战 22222{each}")
    tried = [begins(mini, id=f"33333{each}").code for each in "23456"]
    refused = begins(mini, id=code)

    assert tried == ["no_such_duel"] * 5
    assert (refused.status, refused.code) == (429, "too_many_codes")


@pytest.mark.parametrize("said", ["x", "0O1IL2", "' OR 1=1", "%", "2" * 64, "对战"])
def test_what_is_no_code_is_said_so_and_counts_as_no_try(ring, said):
    mini = ring.town.mini()
    told = [begins(mini, id=said).code for _ in range(rules.CODES_A_DAY + 1)]

    assert set(told) == {"no_such_duel"}


def test_the_api_names_who_wants_it_and_has_a_name(ring):
    one, two = ring.town.mini("o-named", account="official"), ring.town.mini()
    nameless = begins(one, named=True)
    person = ring.town.house.people.find(account="official", openid="o-named").person
    ring.town.house.people.rename(person, name="王海棠", verified=True)
    code = begins(one, named=True).body["duel"]["code"]

    assert (nameless.status, nameless.code, nameless.body["field"]) == (409, "nameless", "named")
    assert begins(two, id=code).body["duel"]["name"] == "王海棠"
    assert one.get("/quiz/duels").body["items"][0]["name"] == ""


def test_a_duel_goes_on_at_every_door(ring):
    phone, mini = ring.town.phone("o-both"), ring.town.mini("o-both", account="official")
    reader = ring.town.reader("o-both")
    begun = phone.says("对战")
    phone.says(letter(begun))
    here = begins(mini)
    page = reader.get("/p/quiz/duels").text
    there = reader.post("/p/quiz/duels").headers["Location"]

    assert here.body["answered"] == 1
    assert here.body["duel"]["code"] == code_of(begun)
    assert "接着答" in page
    assert there == f"/p/quiz/{here.body['id']}"


# -- on pages --------------------------------------------------------------------------------------------------------


def test_a_duel_on_pages_goes_from_the_code_to_what_both_came_to(ring):
    one, two = ring.town.reader(), ring.town.reader()
    one.get("/p/quiz/duels")
    question = asked(ring.town, one, one.post("/p/quiz/duels").headers["Location"])
    code = re.findall("<strong>([2-9A-Z]{6})</strong>", question.page)[0]
    for _ in range(3):
        question = goes_on(ring.town, one, question, right=True)
    waits = question.page
    two.get("/p/quiz/duels")
    taken = asked(ring.town, two, two.post("/p/quiz/duels", {"code": f" {code.lower()} "}).headers["Location"])
    for _ in range(3):
        taken = goes_on(ring.town, two, taken, right=False)

    assert "还没有人应战" in waits
    assert code in waits
    assert "对战结果：您答对 0 题，对方答对 3 题，对方多 3 题。" in taken.page
    assert "您答对 3 题，对方答对 0 题，您多 3 题" in one.get("/p/quiz/duels").text


@pytest.mark.parametrize("said", ["", "222222", "x" * 5000, "<b>"])
def test_a_code_that_leads_nowhere_is_said_so_on_the_page(ring, said):
    reader = ring.town.reader()
    reader.get("/p/quiz/duels")
    told = reader.post("/p/quiz/duels", {"code": said})

    assert told.status_code == 422
    assert "没有这个邀请码" in told.text
    assert "<b>" not in told.text
    assert rows(ring, duels) == []


def test_the_page_offers_a_name_to_who_has_one(ring):
    reader, nameless = ring.town.reader("o-named"), ring.town.reader()
    person = ring.town.house.people.find(account="official", openid="o-named").person
    ring.town.house.people.rename(person, name="王海棠", verified=True)
    reader.get("/p/quiz/duels")
    reader.post("/p/quiz/duels", {"named": "1"})
    forged = nameless.get("/p/quiz/duels").text
    nameless.post("/p/quiz/duels", {"named": "1"})

    assert "署名" in reader.get("/p/quiz/duels").text
    assert "署名" not in forged
    assert sorted(each.named for each in rows(ring, sides)) == [False, True]


# -- rules and rows --------------------------------------------------------------------------------------------------


def test_what_its_reader_judges_is_not_asked_in_a_duel():
    asked_of: dict[str, bool | tuple[str, ...]] = {"q1": True, "q2": ("要点",), "q3": False, "q4": ("要点",)}
    pool = [
        Question(
            id=id_,
            type=QuestionType.JUDGE if isinstance(answer, bool) else QuestionType.SHORT,
            stem="？",
            answer=answer,
        )
        for id_, answer in asked_of.items()
    ]

    assert sorted(rules.drawn(pool, seed="a", count=4)) == ["q1", "q3"]


def opened(kept, person="host"):
    until = NOON + timedelta(days=7)
    return kept.open(person, questions=["q1", "q2"], letters=6, named=False, ends_at=until)


def closed(kept, person, duel, right):
    return kept.close(person, duel=duel.id, right=right, ends_at=NOON + timedelta(days=7), now=NOON)


def taken(kept, person, duel):
    return kept.take(duel.code, person, named=False, ends_at=NOON + timedelta(days=7), now=NOON)


def test_of_many_who_take_a_code_at_once_one_is_in(db):
    kept = Duels(db, Vault(db, Keys("a secret of these tests")))
    opened(kept, "noise")
    duel = opened(kept)
    found = at_once([partial(taken, kept, person, duel) for person in "abcd"])

    assert sum(each is not None for each in found) == 1


def test_two_who_are_done_at_once_both_learn_it(db):
    kept = Duels(db, Vault(db, Keys("a secret of these tests")))
    for _ in range(8):
        duel = opened(kept)
        taken(kept, "other", duel)
        at_once([partial(closed, kept, "host", duel, 2), partial(closed, kept, "other", duel, 1)])
        host, other = (kept.find(person, duel=duel.id, now=NOON) for person in ("host", "other"))

        assert host
        assert other
        assert (host.ahead, other.ahead) == (1, -1)
        assert host.told or other.told


def test_what_one_came_to_is_written_once(db):
    kept = Duels(db, Vault(db, Keys("a secret of these tests")))
    duel = opened(kept)
    taken(kept, "other", duel)
    closed(kept, "host", duel, 1)
    closed(kept, "host", duel, 2)
    end = closed(kept, "other", duel, 0)

    assert end is not None
    assert (end.right, end.theirs) == (0, 1)


def test_of_two_who_become_one_each_duel_has_one_side(db):
    kept = Duels(db, Vault(db, Keys("a secret of these tests")))
    with_each_other, with_third = opened(kept, "gone"), opened(kept, "gone")
    taken(kept, "into", with_each_other)
    taken(kept, "third", with_third)
    with db.begin() as connection:
        kept.unite(connection, "gone", "into")

    hosts = {each.id: each.hosts for each in kept.of("into", now=NOON)}
    assert hosts == {with_each_other.id: False, with_third.id: True}
    assert kept.of("gone", now=NOON) == []


def test_a_code_has_no_letters_that_look_alike(db):
    kept = Duels(db, Vault(db, Keys("a secret of these tests")))
    codes = {opened(kept).code for _ in range(30)}

    assert len(codes) == 30
    assert all(rules.code_in(code) == code for code in codes)
    assert not set("01ILO") & set("".join(codes))
