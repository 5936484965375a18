"""A push that is killed in its middle: each person once, or it is known that nobody knows."""

from tests.end_to_end.pushing import Crowd, Push

PEOPLE = 150
EACH_TAKES_SECONDS = 0.6


def test_a_push_survives_the_end_of_its_worker_and_of_the_whole_house(fragile):
    crowd = Crowd(fragile, PEOPLE)
    push = Push(fragile, "falling")

    push.begin(each_takes=EACH_TAKES_SECONDS)
    with push.falls(after=1):
        fragile.kill(fragile.parts("worker")[0])
    with push.falls(after=40, stretches=2):  # a new worker begins one, and RabbitMQ brings it the dead one's
        fragile.fall()
    fragile.start()
    push.goes_out(20)
    push.sweep()

    push.holds(crowd)
    assert push.states()["unsure"] > 0, "nothing was lost, so nothing was proven"
