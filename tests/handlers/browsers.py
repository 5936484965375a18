"""Admins who press at the same moment, each in a browser of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import sqlalchemy as sa
from werkzeug.test import TestResponse

from storage.admins import Grant
from tests.house import PASSWORD, Town, hashed_at_no_cost

PATIENCE = 0.5  # seconds: all are let in meanwhile, and wait with what they change


class Browser:
    """An admin's own browser."""

    def __init__(self, town: Town, name: str, *grants: Grant) -> None:
        if town.house.admins.named(name) is None:
            word = hashed_at_no_cost(PASSWORD)
            town.house.admins.add(name=name, password_hash=word, party_member=True, grants=grants)
        town.house.limiter.reset()
        self.client = town.client.application.test_client()
        self.client.post("/admin/login", data={"name": name, "password": PASSWORD})

    def presses(self, path: str, **said: str) -> Callable[[], TestResponse]:
        return lambda: self.client.post(path, data=said)


def at_once(town: Town, table: sa.Table, *acts: Callable[[], TestResponse]) -> list[TestResponse]:
    """Do them all in the same moment: each waits, after it was let in, for its turn to change that table."""
    with ThreadPoolExecutor(len(acts)) as threads:
        with town.house.db.by_turns(table):
            doing = [threads.submit(act) for act in acts]
            sleep(PATIENCE)
        return [each.result() for each in doing]
