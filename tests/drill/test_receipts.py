"""The web part is killed at twenty moments, and nobody who was shown a receipt has lost their words."""

import random

import pytest

from tests.end_to_end.receipts import Street, holds
from tests.end_to_end.running import a_program

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

MOMENTS = 20


def test_nothing_that_was_shown_a_receipt_is_lost_in_twenty_falls(tmp_path, servers):
    with a_program(tmp_path, servers) as program:
        program.start()
        street, dice = Street(program), random.Random()
        with street.at_work():
            street.falls_in_work(dice, times=MOMENTS)

        holds(street)
        program.stop()
