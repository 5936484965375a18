"""Surveys by every door: one ballot each, nothing that leads to whom, and results once, of five or more."""

import re
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from content.models import Option
from content.surveys import Asked, Survey
from handlers.survey import engine
from handlers.survey.service import Booth, HandedIn
from scheduler.postman import NotKept
from storage.leaves import NO_DAY
from storage.letterbox import letterbox
from storage.opinion import Opinions
from storage.people import Who
from storage.survey import IN_LETTERBOX, Slip, Surveys, survey_box, survey_leaves
from tests.content.builders import a_pack
from tests.handlers.appointment.test_appointment import console
from tests.handlers.opinion.world import ZONE
from tests.house import a_town, hashed_at_no_cost
from tests.storage.asked import asked_of_sql
from tests.storage.test_opinion import an_opinion

PASSWORD = "a password of the tests"
OPENS, CLOSES = date(2126, 11, 23), date(2126, 11, 30)  # far off: Redis drops what has ended by its own clock
FOOD = Survey(
    key="shitang",
    title="食堂",
    opens=OPENS,
    closes=CLOSES,
    questions=(
        Asked(id="hao", text="好吃吗", scale=("不好吃", "好吃")),
        Asked(id="gai", text="改什么", options=(Option(id="wei", text="味道"), Option(id="jia", text="价钱"))),
    ),
)


class Hall:
    """A booth, with a postman who comes whenever somebody hands in; what nobody waits for he takes when he is told."""

    def __init__(self, db, keys, redis):
        self.db = db
        self.day = OPENS
        self.pack = {FOOD.key: FOOD}
        self.left: list[Slip] = []
        self.has_room = True
        leaves = survey_box(db, keys)
        self.opinions = Opinions(db, keys, others={IN_LETTERBOX: leaves})
        self.surveys = Surveys(db, keys, redis, leaves=leaves, letterbox=self.opinions.letterbox)
        self.booth = Booth(
            surveys=self.surveys,
            pack=lambda: self.pack,
            post=self.post,
            leave=self.left.append,
            clock=lambda: datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=ZONE),
            zone=ZONE,
            none=lambda: "没有答",
        )

    def post(self, slip):
        if not self.has_room:
            raise NotKept
        return bool(self.opinions.carry([slip])[0])

    def marks_go(self):
        self.opinions.carry(self.left)
        self.left.clear()

    def votes(self, number, scale="5", option="wei", paper=""):
        return self.booth.hand_in(FOOD.key, voter(number), paper or self.surveys.paper(), {"hao": scale, "gai": option})

    def ends(self):
        self.marks_go()
        self.day = max(self.day, CLOSES + timedelta(days=1))
        self.booth.close()
        (result,) = self.booth.over()
        return result.told

    def rows(self):
        with self.db.read() as connection:
            return connection.execute(sa.select(survey_leaves)).all()


def voter(number: int, **known) -> Who:
    return Who(account="official", openid=f"oVoter{number}", person=f"{number:032x}", **known)


@pytest.fixture
def hall(db, keys, redis):
    return Hall(db, keys, redis)


# -- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([9, 6, 5], [("a", 9), ("b", 6), ("c", 5)]),
        ([9, 0, 5], [("a", 9), ("b", 0), ("c", 5)]),
        ([9, 3, 2], [("a", 9), ("bc", 5)]),
        ([9, 6, 1], [("a", 9), ("bc", 7)]),
        ([9, 0, 1], [("abc", 10)]),
        ([4, 4, 4], [("abc", 12)]),
        ([20, 3], [("ab", 23)]),
    ],
)
def test_what_fewer_than_five_chose_is_told_with_others(counts, told):
    found = engine.cells(dict(zip("abc", counts, strict=False)))

    assert [("".join(names), count) for names, count in found] == told


@pytest.mark.parametrize("seed", range(60))
def test_no_number_is_of_fewer_than_five_or_gives_so_few_away(seed):
    """What several share is of five or more, whatever of the others is taken from the whole; none is left out."""
    counts = {name: (seed * 7 + at * at * 3 + seed // 5) % 9 for at, name in enumerate("abcde")}
    found = engine.cells(counts)

    if sum(counts.values()) >= engine.FEWEST:
        assert all(count == 0 or count >= engine.FEWEST for _, count in found)
    assert sum(count for _, count in found) == sum(counts.values())
    assert sorted(name for names, _ in found for name in names) == sorted(counts)


@pytest.mark.parametrize(("said", "at"), [("1", 1), ("选2", 2), ("0", 0), ("3分", 3), ("4", None), ("好", None)])
def test_a_number_of_what_is_offered(said, at):
    assert engine.chosen(said, 3) == at


# -- handing in ------------------------------------------------------------------------------------------------------


def test_what_five_and_more_chose_is_told_when_it_is_over(hall):
    became = [hall.votes(number, "5", "wei" if number < 6 else "jia") for number in range(12)]
    hall.votes(12, "1", "")
    told = hall.ends()

    assert set(became) == {HandedIn.KEPT}
    assert told["count"] == 13
    assert told["questions"][0]["rows"] == [[["1 不好吃", "2", "3", "4", "5 好吃", "没有答"], 13]]
    assert told["questions"][1]["rows"] == [[["味道"], 6], [["价钱", "没有答"], 7]]


def test_each_option_that_five_chose_has_its_number(hall):
    for number in range(15):
        hall.votes(number, "5" if number < 7 else "1", "wei" if number % 2 else "made up")

    told = hall.ends()["questions"]
    assert told[0]["rows"] == [
        [[name], count] for name, count in [("1 不好吃", 8), ("2", 0), ("3", 0), ("4", 0), ("5 好吃", 7), ("没有答", 0)]
    ]
    assert told[1]["rows"] == [[["味道"], 7], [["价钱"], 0], [["没有答"], 8]]


def test_of_four_nothing_is_told(hall):
    for number in range(4):
        hall.votes(number)
    told = hall.ends()

    assert (told["count"], told["questions"]) == (None, [])


def test_a_survey_is_told_of_once_and_never_asked_again(hall):
    for number in range(5):
        hall.votes(number)
    first = hall.ends()
    left = hall.rows()
    hall.pack = {FOOD.key: replace(FOOD, closes=CLOSES + timedelta(days=9))}
    asked = hall.booth.asked_of(voter(9))
    hall.votes(9)
    hall.day += timedelta(days=20)

    assert left == []
    assert asked == []
    assert hall.ends() == first


def test_nobody_takes_part_twice(hall):
    first, second = hall.votes(1, "5"), hall.votes(1, "1")

    assert (first, second) == (HandedIn.KEPT, HandedIn.BEFORE)
    assert hall.booth.asked_of(voter(1)) == []
    assert hall.booth.asked_of(voter(2)) == [FOOD]


@pytest.mark.parametrize("moved", [False, True])
def test_who_took_part_is_known_without_redis_too(hall, redis, moved):
    hall.votes(1)
    hall.marks_go()
    redis.flushdb()
    if moved:
        hall.opinions.move(before=OPENS + timedelta(days=1))

    assert hall.booth.asked_of(voter(1)) == []
    assert hall.booth.asked_of(voter(2)) == [FOOD]


def test_the_same_paper_is_one_ballot_also_after_a_crash(hall, redis):
    """The ballot was kept and its worker killed: nothing else was written."""
    for _ in range(2):
        assert hall.votes(1, paper="f" * 24) is HandedIn.KEPT
        redis.flushdb()
    for number in range(2, 6):
        hall.votes(number)

    assert hall.ends()["count"] == 5


def test_two_doors_at_once_keep_one_ballot(hall):
    inside, go, found = threading.Event(), threading.Event(), []
    post = hall.post

    def slowly(slip):
        inside.set()
        go.wait(5)
        return post(slip)

    first = threading.Thread(target=lambda: found.append(slow.hand_in(FOOD.key, voter(1), "a" * 24, {})))
    slow = replace(hall.booth, post=slowly)
    first.start()
    inside.wait(5)
    found.append(hall.votes(1))
    go.set()
    first.join()

    assert found == [HandedIn.LATER, HandedIn.KEPT]


def test_what_can_t_be_said_to_be_kept_may_be_handed_in_again(hall):
    hall.has_room = False
    late = hall.votes(1)
    hall.has_room = True

    assert (late, hall.votes(1)) == (HandedIn.LATER, HandedIn.KEPT)
    assert len(hall.left) == 1


def test_what_is_for_members_is_asked_of_nobody_else(hall):
    hall.pack = {FOOD.key: replace(FOOD, members_only=True)}

    assert hall.booth.asked_of(voter(1)) == []
    assert hall.votes(1) is HandedIn.OVER
    assert [each.key for each in hall.booth.asked_of(voter(1, verified=True))] == [FOOD.key]


# -- what lies there -------------------------------------------------------------------------------------------------


def test_ballots_and_marks_are_rows_of_one_heap_that_look_alike(hall):
    for number in range(3):
        hall.votes(number)
    hall.marks_go()
    hall.day += timedelta(days=1)
    hall.opinions.move(before=hall.day)
    rows = hall.rows()

    assert len(rows) == 6
    assert {row.day for row in rows} == {NO_DAY}
    assert len({len(row.sealed) for row in rows}) == 1
    assert len({row.generation for row in rows}) == 1


def test_a_ballot_and_a_mark_are_as_long_as_each_other_whatever_was_chosen(hall):
    few, many = (hall.surveys.ballot(FOOD.key, "p", said, today=OPENS) for said in ({}, {"hao": "5", "gai": "wei"}))
    mark = hall.surveys.mark("a-survey-with-a-long-name", "somebody", today=OPENS)

    assert len({(len(each.id), len(each.content)) for each in (few, many, mark)}) == 1


def test_nothing_of_a_ballot_is_an_opinion(hall):
    hall.votes(1)
    hall.opinions.carry([an_opinion(hall.opinions, "a code", day=OPENS)])
    waiting = hall.opinions.days(most=9), len(hall.opinions.of_days([OPENS])), len(hall.opinions.with_heard([OPENS]))
    hall.opinions.move(before=CLOSES)

    assert waiting == ([OPENS], 1, 1)
    assert len(hall.opinions.of_days([OPENS])) == 1
    assert hall.opinions.days(most=9) == [OPENS]


def test_handing_in_asks_sql_for_nothing(hall):
    """Beyond the round that comes anyway, which other statements than these would tell apart."""
    hall.votes(1)
    round_alone = asked_of_sql(lambda: hall.opinions.carry([]))

    assert asked_of_sql(lambda: hall.votes(2)) == round_alone
    assert letterbox.name in round_alone[-1]


def test_nothing_in_redis_names_anybody(hall, redis):
    hall.votes(1)
    keys = redis.keys("*")

    assert len(keys) == 1
    assert b"oVoter1" not in keys[0]
    assert f"{1:032x}".encode() not in keys[0]
    assert redis.expiretime(keys[0]) == int(datetime(2126, 12, 1, tzinfo=ZONE).timestamp())


# -- the doors -------------------------------------------------------------------------------------------------------

FILE = """
title = "食堂"
about = "两道题。"
opens = 2026-11-23
closes = 2126-11-30
public = true

[[question]]
id = "hao"
text = "好吃吗"
scale = ["不好吃", "好吃"]

[[question]]
id = "gai"
text = "改什么"
options = [{ id = "wei", text = "味道" }, { id = "jia", text = "价钱" }]
"""
RESULTS, BOARD = "/p/survey/results", "/admin/survey/"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"surveys/shitang.toml": FILE})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    yield town
    town.house.close()


def _bare(page: str) -> str:
    return re.sub(r'(?<=name="csrf_token" value=")[^"]+', "", page)


def ends(town):
    town.house.postman.stop()
    town.clock.at = datetime(2126, 12, 1, 1, tzinfo=ZONE)
    next(job for job in town.house.jobs if job.id == "survey.close").run(town.clock())


def test_an_admin_reads_what_is_asked(town):
    page = console(town, "admin").get(BOARD).text

    assert "<li>改什么<br>" in page
    assert "味道 · 价钱</span>" in page


def test_a_member_answers_by_numbers_and_hands_in(town):
    phone = town.phone()
    first, second = phone.says("问卷"), phone.says("5")
    back, again = phone.says("返回"), phone.says("4")
    looked_at = phone.says("0")
    done, after = phone.says("1"), phone.says("问卷")

    assert "食堂\n两道题。\n自愿、匿名" in first
    assert "（1/2）好吃吗\n1 不好吃\n2\n3\n4\n5 好吃\n回复编号" in first
    assert "（2/2）改什么\n1. 味道\n2. 价钱\n" in second == again
    assert "（1/2）好吃吗" in back
    assert "1. 好吃吗 4\n2. 改什么 （不答）\n" in looked_at
    assert done.startswith("交上了，谢谢您")
    assert after.startswith("现在没有要填的问卷")


def test_whoever_looks_for_a_vote_or_taps_the_menu_finds_what_is_asked(town):
    asked = {"word": town.phone().says("投票"), "key": town.phone().taps("survey.start")}

    assert all("（1/2）好吃吗" in each for each in asked.values()), asked


def test_a_number_that_is_none_of_the_choices_is_said_not_to_be_understood(town):
    phone = town.phone()
    first = phone.says("问卷")

    assert phone.says("9") == f"没看懂选的是哪一个，请只回复一个编号。\n{first}"


def test_a_choice_may_be_said_in_its_own_words(town):
    phone = town.phone()
    phone.says("问卷")
    phone.says("5")

    assert "2. 改什么 价钱\n" in phone.says("价钱。")


def test_who_leaves_has_handed_in_nothing_and_may_begin_anew(town):
    phone = town.phone()
    phone.says("问卷")
    phone.says("1")
    left = phone.says("退出")

    assert left.startswith("好的，没有交")
    assert "（1/2）" in phone.says("问卷")


def test_what_was_chosen_is_gone_half_an_hour_later(town):
    phone = town.phone()
    phone.says("问卷")
    phone.says("1")
    town.clock.forward(minutes=31)

    assert "已经清掉了" in phone.says("1")


def test_an_opinion_that_is_being_written_comes_first(town):
    phone = town.phone()
    phone.says("意见")
    phone.says("1")

    assert "回复“继续”接着写" in phone.says("问卷")
    assert "匿名" in phone.says("继续")


def test_a_browser_hands_in_once(town):
    reader, other = town.reader(), town.reader()
    listed = reader.get("/p/survey").text
    form = reader.post("/p/survey").text
    empty = reader.post("/p/survey", {"q-hao": "", "q-gai": ""})
    done = reader.post("/p/survey", {"q-hao": "5", "q-gai": "wei"})
    again = reader.post("/p/survey", {"survey": "shitang"}).text
    other.get("/p/survey")
    other.post("/p/survey")
    forged = other.post("/p/survey", {"form": "made up"})

    assert "食堂" in listed
    assert form.count('type="radio"') == 9
    assert (empty.status_code, "一题都没有选" in empty.text) == (422, True)
    assert "交上了" in done.text
    assert "谁都看得到" in done.text
    assert "您都填过了" in again
    assert forged.status_code == 400


ONE = """
title = "表决"
opens = 2026-11-23
closes = 2126-11-30

[[question]]
id = "gai"
text = "同意改时间吗"
options = [{ id = "ty", text = "同意" }, { id = "bty", text = "不同意" }]
carried_by = "ty"
"""


def test_of_a_single_question_nothing_is_said_of_others(tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"surveys/biaojue.toml": ONE})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    reader = town.reader("o-member")
    town.house.people.rename(
        town.house.people.find(account="official", openid="o-member").person, name="会员", verified=True
    )
    reader.get("/p/survey")
    form = reader.post("/p/survey", {"survey": "biaojue"}).text
    empty = reader.post("/p/survey", {"q-gai": ""}).text
    handed_in = reader.post("/p/survey", {"q-gai": "ty"}).text
    town.house.close()

    assert "<legend>同意改时间吗</legend>" in form
    assert "只给支部看，不在这里公布" in handed_in
    assert "还没有选。请选好再交" in empty
    assert "一题" not in empty
    assert "空着" not in form


def test_the_console_tells_nothing_before_the_end(town):
    browser = console(town, "admin")
    before = browser.get(BOARD).text
    phone = town.phone()
    for said in ("问卷", "5", "1", "1"):
        phone.says(said)

    assert _bare(browser.get(BOARD).text) == _bare(before)
    assert "在填" in before
    assert town.client.get(RESULTS).text.count("<h2>") == 0


def test_when_it_is_over_the_console_and_everybody_see_it(town):
    for number in range(5):
        phone = town.phone(f"o-{number}")
        for said in ("问卷", "5", "1", "1"):
            phone.says(said)
    ends(town)
    public = town.client.get(RESULTS).text
    board = console(town, "admin").get(BOARD).text

    for page in (public, board):
        assert "5 人填了" in page
        assert "<dt>5 好吃</dt><dd>5 人</dd>" in page
        assert "<dt>价钱</dt><dd>0 人</dd>" in page
    assert "o-1" not in public + board


# -- votes -----------------------------------------------------------------------------------------------------------

MOTION = Asked(
    id="gai",
    text="同意改时间吗",
    options=(Option(id="ty", text="同意"), Option(id="bty", text="不同意"), Option(id="qq", text="弃权")),
    carried_by="ty",
)
VOTE = Survey(
    key="biaojue", title="学习时间", opens=OPENS, closes=CLOSES, organisations=("zhibu-1",), questions=(MOTION,)
)


@pytest.mark.parametrize(
    ("count", "half", "two_thirds"), [(9, 5, 6), (10, 6, 7), (12, 7, 8), (13, 7, 9), (15, 8, 10), (30, 16, 20)]
)
def test_how_many_carry_it(count, half, two_thirds):
    assert engine.needed(count, two_thirds=False) == half
    assert engine.needed(count, two_thirds=True) == two_thirds


@pytest.mark.parametrize("two_thirds", [False, True])
def test_it_is_told_where_either_end_would_tell_of_five_or_more_whatever_was_chosen(two_thirds):
    question = engine.Question(text="", options={"for": "f", "against": "a"}, carried_by="f", two_thirds=two_thirds)
    told: dict[int, set[bool | None]] = {}
    for count in range(1, 40):
        for those in range(count + 1):
            ballots = [frozenset("f")] * those + [frozenset("a")] * (count - those)
            told.setdefault(count, set()).add(engine.carried(ballots, question))
            if engine.carried(ballots, question) is not None:
                least = min(each for each in range(count + 1) if each >= engine.needed(count, two_thirds=two_thirds))
                assert min(least, count - least + 1) >= engine.FEWEST

    first = 12 if two_thirds else 9
    assert all(told[count] == ({True, False} if count >= first else {None}) for count in told)


def elector(number: int, organisation: str = "zhibu-1", *, verified: bool = True) -> Who:
    return replace(voter(number), verified=verified, organisation=organisation)


def test_who_may_vote_votes_once_and_it_is_told_at_the_end(hall):
    hall.pack = {VOTE.key: VOTE}
    paper = hall.surveys.paper
    kept = [
        hall.booth.hand_in(VOTE.key, elector(each), paper(), {"gai": "ty" if each < 8 else "bty"}) for each in range(11)
    ]
    hall.marks_go()
    again = hall.booth.hand_in(VOTE.key, elector(1), paper(), {"gai": "bty"})
    others = [elector(30, "zhibu-2"), elector(31, verified=False), elector(32, "")]
    strangers = [hall.booth.hand_in(VOTE.key, each, paper(), {"gai": "bty"}) for each in others]
    open_to = [bool(hall.booth.asked_of(each)) for each in (elector(40), *others)]
    before = hall.booth.over()
    told = hall.ends()

    assert set(kept) == {HandedIn.KEPT}
    assert again is HandedIn.BEFORE
    assert set(strangers) == {HandedIn.OVER}
    assert (open_to, before) == ([True, False, False, False], [])
    assert told["count"] == 11
    assert told["questions"][0]["carried"] is True
    assert all(count == 0 or count >= engine.FEWEST for _, count in told["questions"][0]["rows"])


def test_of_a_small_electorate_nothing_is_told(hall):
    hall.pack = {VOTE.key: VOTE}
    for each in range(8):
        hall.booth.hand_in(VOTE.key, elector(each), hall.surveys.paper(), {"gai": "ty"})
    (question,) = hall.ends()["questions"]

    assert question["carried"] is None
