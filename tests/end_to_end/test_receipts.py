"""A receipt is a promise: what was shown one is kept, whenever the web part is killed."""

import random

from tests.end_to_end.receipts import Street, holds

MOMENTS = 3  # twenty are in the drill


def test_whoever_was_shown_a_receipt_finds_their_opinion_though_the_web_part_is_killed(fragile):
    street, dice = Street(fragile), random.Random()
    with street.at_work():
        cut = [street.falls(dice, every=moment != 1) for moment in range(MOMENTS)]

    holds(street)
    assert min(cut) > 0, "nobody waited for a receipt, so nothing was proven"
