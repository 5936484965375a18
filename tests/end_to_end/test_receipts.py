"""A receipt is a promise: what was shown one is kept, whenever the web part is killed."""

import random

from tests.end_to_end.receipts import Street, holds

MOMENTS = 3  # twenty are in the drill


def test_whoever_was_shown_a_receipt_finds_their_opinion_though_the_web_part_is_killed(fragile):
    street, dice = Street(fragile), random.Random()
    with street.at_work():
        street.falls_in_work(dice, times=MOMENTS)

    holds(street)
