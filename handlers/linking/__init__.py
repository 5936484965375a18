"""Linking: one person in the official account and in the mini-program, by the platform's word or a code's."""

from collections.abc import Callable, Mapping
from datetime import datetime

from content.shelf import Shelf
from handlers.feature import Feature
from handlers.guessing import Guesses
from handlers.linking import api, chat, jobs
from handlers.linking.jobs import Asks
from storage.linking import Linking
from storage.paces import Paces

__all__ = ["Asks", "feature"]


def feature(
    *,
    linking: Linking,
    shelf: Shelf,
    paces: Paces,
    clock: Callable[[], datetime],
    accounts: Mapping[str, Asks],
    has_mini_program: bool,
) -> Feature:
    """Linking, ready to be opened; `accounts` are the official accounts that can say who is known elsewhere.

    Where there is no mini-program there is nothing to link, and nothing is said of it.
    """
    return Feature(
        name="linking",
        chat=chat.routes(chat.Links(linking=linking, shelf=shelf, guesses=Guesses(kind="link code", paces=paces)))
        if has_mini_program
        else None,
        api=api.blueprint(api.Links(linking=linking, clock=clock), shelf.say),
        jobs=jobs.rounds(linking, accounts if has_mini_program else {}),
    )
