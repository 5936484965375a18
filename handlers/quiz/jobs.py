"""By the clock: who waits for the end of a duel is told of it, what is over is marked, or forgotten."""

from collections.abc import Callable
from datetime import datetime

from handlers.conversation import Say
from scheduler.job import Job
from storage.duels import Duels


def rounds(
    duels: Duels, *, close_ran_out: Callable[[datetime], None], say: Say, tell: Callable[[str, str, str], None]
) -> tuple[Job, ...]:
    """The jobs of the quiz: `tell` says a line to a person once for each key. Nobody's phone rings for it by night."""

    def results(now: datetime) -> None:
        for person, duel in duels.to_tell(now=now):
            tell(person, say("quiz.duel_told", duel=duel), f"duel:{duel.id}")
            duels.told(person, duel=duel.id)

    def drop(now: datetime) -> None:
        duels.drop_ended(now=now)

    return (
        Job(id="quiz.duel_results", cron="*/5 8-20 * * *", run=results),
        Job(id="quiz.close_sittings", cron="*/5 * * * *", run=close_ran_out),
        Job(id="quiz.drop_duels", cron="35 3 * * *", run=drop),
    )
