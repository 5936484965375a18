"""A push to a thousand: each process of the house falls once in its middle, and everyone still gets it once.

And one to five thousand in a storm, in which something falls at twenty moments that nobody knows before.
"""

import random
import secrets
import subprocess
from collections.abc import Callable, Iterator
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from tests.end_to_end.pushing import IN_FLIGHT, Crowd, Push, add_broadcast
from tests.end_to_end.running import ZHIBU, Program, a_program, within
from tests.servers import Servers

pytestmark = [pytest.mark.drill, pytest.mark.timeout(400)]

PEOPLE = 1000
EACH_TAKES_SECONDS = 0.25
MIDDLE = 300
BACK_SECONDS = 15.0
SWEPT_SECONDS = 180.0  # a minute until what was in hand counts as lost, another until the clock sweeps, and some air
REPLACED_SECONDS = 15.0
CROWD, BY_NOTICE, MOMENTS = 5000, 1500, 20
STRETCHES = 4  # that a worker has room for

FALLS: dict[str, Callable[[Program], list[int]]] = {
    "web worker": lambda program: program.workers()[:1],
    "clock": lambda program: program.parts("clock"),
    "worker": lambda program: program.parts("worker"),
    "valkey": lambda program: program.parts("valkey-server"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Program]:
    with a_program(tmp_path_factory.mktemp("drill"), servers, memory="embedded") as program:
        for victim in (*FALLS, "sandbox", "run", "house"):
            add_broadcast(program, key_of(victim))
        add_broadcast(program, "storm", by_notice=True)
        program.start()
        yield program
        program.stop()


@pytest.fixture(scope="module")
def everyone(program: Program) -> Crowd:
    return Crowd(program, PEOPLE)


@pytest.fixture
def crowd(everyone: Crowd) -> Crowd:
    """All of them, having spoken just now."""
    everyone.speaks()
    return everyone


def key_of(victim: str) -> str:
    return f"falling-{victim.replace(' ', '-')}"


def comes_to_its_end(push: Push, crowd: Crowd) -> None:
    """The program itself decides on what was lost, in its own time."""
    push.goes_out(120)
    assert within(SWEPT_SECONDS, lambda: push.states()["in_hand"] == 0), push.states()
    push.holds(crowd)


@pytest.mark.parametrize("victim", FALLS)
def test_a_part_falls_in_the_middle_and_comes_back(program, crowd, victim):
    push = Push(program, key_of(victim))
    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=MIDDLE):
        fallen = FALLS[victim](program)
        for process in fallen:
            program.kill(process)

    comes_to_its_end(push, crowd)
    assert within(BACK_SECONDS, lambda: program.is_ready() and not program.processes().keys() & {*fallen})


def test_the_platform_falls_in_the_middle_and_comes_back(program, crowd):
    push = Push(program, key_of("sandbox"))
    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=MIDDLE, frozen=False):
        for process in program.parts("sandbox"):
            program.kill(process)
    push.goes_out(120)
    unsure = push.states()["unsure"]
    push.in_flight = {openid for openid, state in push.rows().items() if state == "unsure"}

    assert 0 < unsure <= IN_FLIGHT, "the worker saw it fall, so it knows who was in flight"
    push.holds(crowd)


def test_the_parent_falls_and_takes_all_with_it(program, crowd):
    push = Push(program, key_of("run"))
    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=MIDDLE):
        program.kill(program.parts("run")[0])
    program.wait()
    assert within(5, lambda: program.processes() == {}), program.processes()
    program.start()

    comes_to_its_end(push, crowd)


def test_the_whole_house_falls_at_once(program, crowd):
    push = Push(program, key_of("house"))
    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=MIDDLE):
        program.fall()
    program.start()

    comes_to_its_end(push, crowd)
    assert push.states()["unsure"] > 0, "nothing was lost, so nothing was proven"


@pytest.mark.timeout(900)
def test_five_thousand_in_a_storm_and_something_falls_at_twenty_moments(program):
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    moments = sorted(dice.sample(range(100, CROWD - 300, 60), MOMENTS))
    victims = [*FALLS] * (MOMENTS // len(FALLS))
    dice.shuffle(victims)
    crowd = Crowd.written(program, CROWD, with_credit=BY_NOTICE)
    push = Push(program, "storm")
    program.folder.joinpath("seed").write_text(f"{seed}\n")

    push.storms(every=100)
    push.begin(each_takes=EACH_TAKES_SECONDS)
    for number, (moment, victim) in enumerate(zip(moments, victims, strict=True)):
        with push.falls(after=moment, stretches=STRETCHES):
            for process in FALLS[victim](program):
                program.kill(process)
        if number == MOMENTS // 2:
            assert push.has_stormed()
            push.storms(every=100)
    push.goes_out(300)
    assert within(SWEPT_SECONDS, lambda: push.states()["in_hand"] == 0), push.states()

    push.holds(crowd)
    assert push.states()["unsure"] > 0, "nothing was lost, so nothing was proven"
    assert within(SWEPT_SECONDS, push.is_over), "the run did not end"


def test_a_second_run_is_refused_and_harms_nothing(program):
    before = set(program.processes())
    second = program.zhibu("run")

    assert second.returncode == 1
    assert "already at work" in second.stderr
    assert set(program.processes()) == before
    assert program.is_ready()


def test_of_two_clocks_one_leads_and_the_other_takes_over(program, tmp_path):
    first = program.parts("clock")[0]
    with (tmp_path / "second").open("wb") as said:
        second = subprocess.Popen([ZHIBU, "--config", program.config, "clock"], stderr=said, env=program.environment())
    try:
        idle = not within(5, lambda: leads(tmp_path))
        program.kill(first, SIGSTOP)
        took_over = within(REPLACED_SECONDS, lambda: leads(tmp_path))
        before = program.said().count('"follows"')
        program.kill(first, SIGCONT)
        gave_way = within(10, lambda: program.said().count('"follows"') > before)
    finally:
        second.send_signal(SIGKILL)
        second.wait()

    assert idle
    assert took_over
    assert gave_way


def leads(folder) -> bool:
    return '"leads"' in (folder / "second").read_text()
