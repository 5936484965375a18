"""A receipt is a promise: what was shown one is kept, whenever the web part is killed."""

import random

from tests.end_to_end.receipts import Street, holds

MOMENTS = 3  # twenty are in the drill


def test_whoever_was_shown_a_receipt_finds_their_opinion_though_the_web_part_is_killed(fragile):
    street, dice = Street(fragile), random.Random()
    cut: list[int] = []
    with street.at_work():
        while sum(map(bool, cut)) < MOMENTS and len(cut) < 3 * MOMENTS:  # a moment at which nobody waits proves nothing
            cut.append(street.falls(dice, every=len(cut) % 3 != 1))

    holds(street)
    assert sum(map(bool, cut)) == MOMENTS, "hardly anybody waited for a receipt, so nothing was proven"
