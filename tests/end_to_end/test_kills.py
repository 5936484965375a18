"""A push in a storm, and its house falls in its middle: each person once, or it is known that nobody knows."""

import pytest

from tests.end_to_end.pushing import Crowd, Push

PEOPLE = 5000  # for three moments; in the drill there are twenty, drawn by lot
BY_NOTICE = 1500
EACH_TAKES_SECONDS = 0.1
STRETCHES = 4  # that a worker has room for


@pytest.mark.timeout(300)
def test_a_push_in_a_storm_survives_the_end_of_every_part(fragile, memory):
    crowd = Crowd.written(fragile, PEOPLE, with_credit=BY_NOTICE)
    push = Push(fragile, "falling")

    push.storms(every=20)
    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=50, stretches=STRETCHES):
        fragile.kill(fragile.parts("worker")[0])
    with push.falls(after=1600, stretches=STRETCHES):
        memory.die()
        for part in (*fragile.workers(), *fragile.parts("clock")):
            fragile.kill(part)
        memory.start()
    with push.falls(after=3000, stretches=STRETCHES):
        stormed = push.has_stormed()
        fragile.fall()
    fragile.start()
    push.goes_out(120)
    push.sweep()

    push.holds(crowd)
    assert stormed
    assert push.is_over()
    assert push.states()["unsure"] > 0, "nothing was lost, so nothing was proven"
