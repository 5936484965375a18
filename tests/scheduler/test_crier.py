"""A run is said once in each of its groups, over HTTP, against a stand-in that keeps the platforms' own rules."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from scheduler import reasons
from scheduler.channels.groups import Group, robots
from scheduler.channels.groups.settings import GroupSettings
from scheduler.manners import Manners
from storage.states import RunState
from tests.scheduler.test_worker import a_worker, until
from tests.scheduler.world import DAILY, NOON, RUN, ZONE, Stage, World, write_pack
from tests.wechat.sandbox.stage import Clock, an_account, served
from wechat.sandbox.robots import SandboxGroup
from wechat.sandbox.server import create_app
from wechat.wire import Wire

SECRET = "SECexample0123456789"
HOOKS = {
    "企微群": ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-key-1", ""),
    "钉钉群": ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=robot-key-2", SECRET),
    "飞书群": ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/robot-key-3", SECRET),
}
KEYWORDS = {"飞书群": "要闻"}
ALL = tuple(HOOKS)
TOLD = {name: ["23日\n今天的要闻"] for name in HOOKS}
UNTOLD: dict[str, list[str]] = {name: [] for name in HOOKS}
MINUTE = timedelta(minutes=1)
EVERYBODY = DAILY.replace('template = "daily.j2"', f'template = "daily.j2"\ngroups = {list(ALL)}'.replace("'", '"'))
GROUPS_ALONE = EVERYBODY.replace('channels = ["notice", "customer_service", "next_visit"]', "channels = []")


class Street:
    """A stage with readers, whose groups hear it over HTTP from the three platforms' stand-ins."""

    def __init__(self, stage, clock, app, address):
        self.stage, self.clock, self.http, self.address = stage, clock, app.test_client(), address
        stage.groups.update(self.robots())

    def robots(self, **changed):
        """The groups of the configuration; `changed` gives one another webhook or another secret."""
        settings = {
            name: GroupSettings(kind=kind, webhook=hook, secret=secret, api_base=self.address)
            for name, (kind, hook, secret) in {**HOOKS, **changed}.items()
        }
        return robots.groups(settings, line=Wire)

    def said(self):
        """What each group has seen, the oldest first."""
        groups = self.http.get("/sandbox/groups").get_json()
        return {
            each["name"]: [one["words"] for one in reversed(each["messages"]) if not one["code"]] for each in groups
        }

    def breaks(self, effect, **more):
        self.http.post("/sandbox/knobs", json={"path": "/cgi-bin/webhook/send", "effect": effect, **more})

    def goes_on(self, **span):
        self.clock.goes_on(**span)
        self.stage.pass_time(**span)
        self.stage.desk.sweep(self.stage.now)

    def posts(self):
        return {post.name: post for post in self.stage.desk.status(RUN).posts}

    def states(self):
        return {name: post.state.value for name, post in self.posts().items()}


@contextmanager
def a_street(db, folder, **pack):
    clock = Clock()
    groups = [
        SandboxGroup(name=name, kind=kind, key=f"robot-key-{number}", secret=secret, keyword=KEYWORDS.get(name, ""))
        for number, (name, (kind, _, secret)) in enumerate(HOOKS.items(), start=1)
    ]
    app = create_app(folder, [an_account()], clock=clock, webhook_base="http://127.0.0.1:9", groups=groups)
    with served(app) as address:
        yield Street(Stage(db, write_pack(folder / "pack", **{"broadcasts": [EVERYBODY], **pack})), clock, app, address)
    app.extensions["sandbox"]()


@pytest.fixture
def street(db, tmp_path):
    with a_street(db, tmp_path) as street:
        yield street


def begun(street):
    street.stage.desk.send("daily-digest", NOON)
    street.stage.work()
    return street


def test_a_run_is_said_once_in_each_group_beside_its_people(street):
    who = street.stage.reader("o-1")

    begun(street)
    for _ in range(3):
        street.stage.work()
        street.goes_on(minutes=2)
    street.stage.desk.send_now("daily-digest", now=street.stage.now)
    street.stage.work()

    assert street.said() == TOLD
    assert street.stage.kept_for(who)[0].endswith("今天的要闻")
    assert street.stage.desk.status(RUN).run.state is RunState.DONE
    assert street.states() == dict.fromkeys(ALL, "sent")


def test_nothing_is_said_before_its_time_nor_in_quiet_hours(db, tmp_path):
    with a_street(db, tmp_path) as street:
        night = Manners(zone=ZONE, quiet_from=NOON.time(), quiet_until=NOON.replace(hour=13).time())
        stage = Stage(db, tmp_path / "pack", manners=night)
        stage.groups.update(street.robots())
        stage.desk.plan("daily-digest", NOON)
        stage.desk.sweep(NOON)
        stage.work()
        early = street.said()
        stage.now = NOON + 60 * MINUTE
        stage.desk.sweep(stage.now)
        street.clock.goes_on(minutes=60)
        stage.work()

        assert early == UNTOLD
        assert street.said() == TOLD


def test_who_is_misconfigured_is_told_why_keeps_nobody_else_waiting_and_is_told_once_mended(street):
    wrong = {"钉钉群": ("dingtalk", HOOKS["钉钉群"][1], "SECwrong"), "企微群": ("wecom", HOOKS["企微群"][1] + "x", "")}
    street.stage.groups.update(street.robots(**wrong))
    begun(street)
    failed = street.posts()

    assert street.states() == {"企微群": "failed", "钉钉群": "failed", "飞书群": "sent"}
    assert (failed["企微群"].error, failed["钉钉群"].error) == ("93000", "310000")
    assert "webhook 不对" in failed["企微群"].reason
    assert "secret" in failed["钉钉群"].reason
    assert street.stage.desk.status(RUN).run.state is RunState.DONE

    street.stage.groups.update(street.robots())
    assert street.stage.desk.forecast(RUN, NOON, at_once=True).groups == ("企微群", "钉钉群")
    street.stage.desk.send_now("daily-digest", now=NOON)
    street.stage.work()

    assert street.said() == TOLD
    assert street.posts()["企微群"].reason == ""


def test_a_keyword_that_is_missing_is_said_in_words(db, tmp_path):
    digest = {"a": ("今天的新闻", "yaowen", "2026-11-23T08:00:00+08:00")}
    with a_street(db, tmp_path, digests=digest) as street:
        begun(street)

        assert street.states() == {"企微群": "sent", "钉钉群": "sent", "飞书群": "failed"}
        assert "关键词" in street.posts()["飞书群"].reason


def test_who_is_too_fast_waits_and_is_tried_again(street):
    street.breaks("fail", value=45009)
    begun(street)
    waiting = street.stage.desk.status(RUN)
    street.goes_on(seconds=59)
    street.stage.work()
    early = street.said()["企微群"]
    street.goes_on(seconds=2)
    street.stage.work()

    assert (waiting.run.state, early) == (RunState.SENDING, [])
    assert street.said() == TOLD
    assert street.stage.desk.status(RUN).run.state is RunState.DONE


def test_the_sweep_wakes_nobody_while_a_post_is_in_hand(street):
    street.stage.desk.send("daily-digest", NOON)
    woken = len(street.stage.woken)
    post = street.stage.store.posts.take(RUN, "企微群", batch="b", paces=[], now=NOON, lost_at=NOON + MINUTE)
    street.stage.desk.sweep(NOON)

    assert post
    assert len(street.stage.woken) == woken

    street.stage.desk.sweep(NOON + MINUTE)

    assert len(street.stage.woken) == woken + 1


def test_a_platform_that_is_away_is_tried_again_until_the_run_is_over(street):
    gone = robots.groups(
        {"企微群": GroupSettings(kind="wecom", webhook=HOOKS["企微群"][1], api_base="http://127.0.0.1:9")}, line=Wire
    )
    street.stage.groups.update(gone)
    begun(street)
    waiting = street.posts()["企微群"]
    street.goes_on(hours=12, seconds=1)

    assert (waiting.state, waiting.error) == ("due", "unreached")
    assert "网络" in waiting.reason
    assert (street.posts()["企微群"].state, street.posts()["企微群"].error) == ("failed", "expired")
    assert street.posts()["企微群"].reason == reasons.EXPIRED
    assert street.stage.desk.status(RUN).run.state is RunState.DONE


@pytest.mark.parametrize(("broken", "heard"), [("drop_after", TOLD["企微群"]), ("drop_before", [])])
def test_what_may_have_been_said_is_never_said_again(street, broken, heard):
    street.breaks(broken)
    begun(street)
    street.stage.desk.send_now("daily-digest", now=NOON)
    street.stage.work()
    street.goes_on(minutes=5)

    assert street.states()["企微群"] == "unsure"
    assert "到群里看一眼" in street.posts()["企微群"].reason
    assert street.said()["企微群"] == heard


def test_a_paused_run_says_nothing_more(street):
    street.stage.desk.send("daily-digest", NOON)
    street.stage.desk.pause(RUN)
    street.stage.work()
    silent = street.said()
    street.stage.desk.resume(RUN, now=NOON)
    street.stage.work()

    assert silent == UNTOLD
    assert street.said() == TOLD


def test_a_group_that_left_the_configuration_is_told_of(street):
    del street.stage.groups["企微群"]
    begun(street)

    assert (street.posts()["企微群"].state, street.posts()["企微群"].error) == ("failed", "no_group")
    assert "没有群“企微群”" in street.posts()["企微群"].reason


def test_a_crier_that_breaks_keeps_no_person_waiting(street):
    class Broken:
        def call(self, *_, **__):
            raise ZeroDivisionError

    who = street.stage.reader("o-1")
    street.stage.groups["企微群"] = Group(robot=street.stage.groups["企微群"].robot, line=Broken())
    begun(street)
    street.goes_on(minutes=1)

    assert street.stage.kept_for(who)
    assert street.states()["企微群"] == "unsure"


def test_a_group_can_be_tried_out_beside_every_run(street):
    tried = street.stage.crier.try_out("企微群")

    assert tried.came == "sent"
    assert "测试" in street.said()["企微群"][0]


# -- what is said --------------------------------------------------------------------------------------------------


def test_a_broadcast_may_be_for_groups_alone(db, tmp_path):
    with a_street(db, tmp_path, broadcasts=[GROUPS_ALONE]) as street:
        street.stage.reader("o-1")
        ahead = street.stage.desk.forecast("daily-digest", NOON)
        begun(street)
        status = street.stage.desk.status(RUN)
        assert street.stage.woken == [RUN]

        assert (dict(ahead.channels), ahead.groups) == ({}, ALL)
        assert (status.people, status.run.state) == (0, RunState.DONE)
        assert street.said() == TOLD


def test_a_group_has_a_template_of_its_own_where_one_is_named(db, tmp_path):
    pack = [EVERYBODY.replace('template = "daily.j2"', 'template = "daily.j2"\ngroup_template = "reminder.j2"')]
    with a_street(db, tmp_path, broadcasts=pack) as street:
        begun(street)

        assert street.said()["企微群"] == ["五道题准备好了"]


def test_a_template_for_groups_may_be_all_the_words_there_are(db, tmp_path):
    pack = [GROUPS_ALONE.replace('template = "daily.j2"', 'group_template = "daily.j2"')]
    with a_street(db, tmp_path, broadcasts=pack) as street:
        begun(street)
        first = street.said()
        street.goes_on(days=1)
        street.stage.work(street.stage.desk.status("daily-digest").run.key)

        assert (first, street.said()) == (TOLD, TOLD)
        assert street.stage.desk.status("daily-digest").run.reason == reasons.NOTHING_NEW


def test_what_a_template_for_groups_alone_has_no_room_for_is_said_the_next_time(db, tmp_path):
    pack = [GROUPS_ALONE.replace('template = "daily.j2"', 'group_template = "first.j2"')]
    digests = {slug: (f"要闻{slug}", "yaowen", f"2026-11-23T0{hour}:00:00+08:00") for hour, slug in enumerate("ab", 7)}
    write_pack(tmp_path / "pack", broadcasts=pack, digests=digests)
    (tmp_path / "pack" / "templates" / "first.j2").write_text("{{ digests[0].title }}", "utf-8")
    desk = Stage(db, tmp_path / "pack").desk

    today, tomorrow = (desk.send("daily-digest", NOON + timedelta(days=days)).content for days in (0, 1))

    assert (today.group_text, tomorrow.group_text) == ("要闻b", "要闻a")


def test_a_link_stands_below_the_words_for_groups_too(db, tmp_path):
    pack = [EVERYBODY.replace('template = "daily.j2"', 'template = "daily.j2"\nlink = "https://example.org/a"')]
    with a_street(db, tmp_path, broadcasts=pack) as street:
        begun(street)

        assert street.said()["企微群"] == ["23日\n今天的要闻\nhttps://example.org/a"]


def test_a_link_to_what_is_for_an_organisation_is_said_in_no_group(db, tmp_path):
    link = "https://example.org/{{ digests[0].slug }}"
    inside = EVERYBODY.replace("[audience]", f'link = "{link}"\n[audience]\norganisations = ["zhibu-1"]')
    digests = {slug: (slug, "yaowen", f"2026-11-23T0{hour}:00:00+08:00") for hour, slug in enumerate("ab", 7)}
    write_pack(tmp_path / "pack", broadcasts=[inside], digests=digests)
    restricted(tmp_path, "b")
    content = Stage(db, tmp_path / "pack").desk.forecast("daily-digest", NOON).content

    assert content
    assert (content.link, content.group_text) == ("https://example.org/b", "23日\na\nhttps://example.org/a")


@pytest.mark.parametrize("pack", [EVERYBODY, GROUPS_ALONE], ids=["beside people", "alone"])
def test_groups_hear_nothing_before_two_admins_have_agreed(db, tmp_path, pack):
    with a_street(db, tmp_path, broadcasts=[f"four_eyes = true\n{pack}"]) as street:
        stage = street.stage
        waits = stage.desk.plan("daily-digest", NOON - timedelta(hours=6))
        heard = []
        for admin in ("甲", "乙"):
            street.goes_on(minutes=1)
            stage.work()
            heard.append(street.said())
            content = stage.store.run(RUN).content
            assert stage.desk.approve(RUN, by=admin, content=content, now=stage.now)
        stage.work()

        assert (waits.state, waits.content.groups) == (RunState.PLANNED, ALL)
        assert heard == [UNTOLD, UNTOLD]
        assert street.said() == TOLD


def restricted(folder, slug):
    file = folder / "pack" / "digests" / f"{slug}.md"
    file.write_text(file.read_text("utf-8").replace("summary:", "audience: [zhibu-1]\nsummary:"), "utf-8")


def test_what_is_written_for_an_organisation_is_said_in_no_group(db, tmp_path):
    inside = EVERYBODY.replace("[audience]", '[audience]\norganisations = ["zhibu-1"]')
    news = {
        "a": ("公开要闻", "yaowen", "2026-11-23T08:00:00+08:00"),
        "b": ("内部", "yaowen", "2026-11-23T07:00:00+08:00"),
    }
    for digests, heard in ((news, ["23日\n公开要闻"]), ({"b": news["b"]}, [])):
        folder = tmp_path / str(len(digests))
        folder.mkdir()
        write_pack(folder / "pack", broadcasts=[inside], digests=digests)
        restricted(folder, "b")
        content = Stage(db, folder / "pack").desk.forecast("daily-digest", NOON).content

        assert content
        assert "内部" in content.text
        assert ([content.group_text] if content.groups else []) == heard


@pytest.mark.parametrize(("slugs", "link"), [("a", "/p/digest/a"), ("ab", "/p/digest")])
def test_what_a_robot_has_no_room_for_leads_to_the_page(db, tmp_path, slugs, link):
    digests = {slug: (f"要闻{slug}" + "长" * 400, "yaowen", "2026-11-23T08:00:00+08:00") for slug in slugs}
    with a_street(db, tmp_path, digests=digests) as street:
        (tmp_path / "pack" / "templates" / "daily.j2").write_text(
            "{% for digest in digests %}{{ digest.title }}{{ digest.summary }}{% endfor %}", "utf-8"
        )
        stage = Stage(db, tmp_path / "pack")
        stage.groups.update(street.robots())
        stage.desk.send("daily-digest", NOON)
        stage.work()
        said = street.said()

        assert said["企微群"][0].endswith(f"全文见 https://wx.example.org{link}")
        assert len(said["企微群"][0].encode()) <= 2048
        assert "wx.example.org" not in said["钉钉群"][0]


def test_weibo_is_told_as_a_group_is_with_a_way_to_the_page(db, tmp_path):
    clock = Clock()
    there = [SandboxGroup(name="微博", kind="weibo", key="token-1")]
    app = create_app(tmp_path, [an_account()], clock=clock, webhook_base="http://127.0.0.1:9", groups=there)
    pack = write_pack(
        tmp_path / "pack", broadcasts=[GROUPS_ALONE.replace(", ".join(f'"{name}"' for name in ALL), '"微博"')]
    )
    with served(app) as address:
        stage = Stage(db, pack)
        hook = "https://api.weibo.com/2/statuses/share.json?access_token=token-1"
        settings = GroupSettings(kind="weibo", webhook=hook, rip="203.0.113.7", api_base=address)
        stage.groups.update(robots.groups({"微博": settings}, line=Wire))
        stage.desk.send("daily-digest", NOON)
        stage.work()
    [seen] = app.test_client().get("/sandbox/groups").get_json()
    app.extensions["sandbox"]()

    assert [post.state for post in stage.desk.status(RUN).posts] == ["sent"]
    assert seen["messages"][0]["words"].startswith("23日\n今天的要闻\n")
    assert "https://wx.example.org/p/digest/a" in seen["messages"][0]["words"]


# -- nothing leaks, nothing is doubled -----------------------------------------------------------------------------


def test_no_log_has_a_key_a_secret_or_the_words(street):
    street.stage.groups.update(street.robots(企微群=("wecom", HOOKS["企微群"][1] + "x", "")))
    street.breaks("drop_after")
    with capture_logs() as logs:
        begun(street)

    shown = str(logs)
    assert "企微群" in shown
    assert not any(hidden in shown for hidden in ("robot-key", SECRET, "今天的要闻", "127.0.0.1"))


class Hanging:
    """A platform that takes a post and doesn't answer until it is let go."""

    def __init__(self):
        self.posted = []
        self.let_go = threading.Event()

    @contextmanager
    def serving(self):
        platform = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                platform.posted.append(self.path.partition("?")[0])
                platform.let_go.wait(60)
                self.wfile.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"errcode": 0}')

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a killed caller hangs up
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        self.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_worker_that_is_killed_while_a_group_is_told_leaves_it_unsure_and_said_once(db, line):
    world, platform, now = World(db), Hanging(), datetime.now(UTC)
    world.run(RUN, expires_at=now + timedelta(hours=1), groups=ALL, group_text="大家好")
    world.store.posts.add(RUN, ["企微群"], now=NOON)
    with platform.serving() as address:
        settings = {name: {"kind": HOOKS[name][0], "webhook": HOOKS[name][1], "api_base": address} for name in ALL[:2]}
        told = {"database": db.url, "broker": line.url, "queue": line.name, "unfinished": [RUN]}
        told |= {"in_flight": 4, "stretch": 1, "platform": address, "groups": settings}
        with a_worker(**told) as first:
            until(lambda: platform.posted)
            first.kill()
            first.wait()
        in_hand = world.store.posts.of(RUN)
        platform.let_go.set()
        world.store.posts.add(RUN, ["钉钉群"], now=NOON)
        with a_worker(**told):
            until(lambda: "sent" in [post.state for post in world.store.posts.of(RUN)])
        lost = world.store.posts.sweep(RUN, reason="", now=now + timedelta(minutes=5))

    assert [post.state for post in in_hand] == ["in_hand"]
    assert platform.posted == ["/cgi-bin/webhook/send", "/robot/send"]
    assert lost == 1
    assert {post.name: post.state.value for post in world.store.posts.of(RUN)} == {"企微群": "unsure", "钉钉群": "sent"}
