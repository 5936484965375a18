"""Trail: who looked at what and who changed what, shown to who audits, and to each member what is about them."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content.roles import Capacity
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, Sheet, words_beside
from handlers.trail import admin, engine, jobs
from handlers.trail.admin import Names
from handlers.trail.service import Watch
from scheduler.reminders import Tell
from scheduler.staff import Staff
from storage.audit import BY_COMMAND, Outcome
from storage.audit_walks import Walks

__all__ = ["Names", "feature"]


def feature(
    *,
    walks: Walks,
    say: Say,
    zone: ZoneInfo,
    called: Names,
    staff: Staff,
    clock: Callable[[], datetime],
    tell: Tell,
    write_erasures: Callable[[], None],
) -> Feature:
    """The trail. Those of the `staff` who audit are told where it doesn't hold."""
    words, audit = words_beside(__file__), walks.audit
    watch = Watch(walks=walks, staff=staff, clock=clock, zone=zone, words=words)

    def capacity(written: str, in_place_of: str = words["in_place_of"]) -> str:
        """As what somebody acted: what their roles are called, or whose duty they did."""
        if written == BY_COMMAND:
            return str(words["by_command"])
        found = Capacity.read(written)
        roles = "、".join(map(called.role, found.roles))
        return in_place_of.format(name=found.giver, roles=roles) if found.giver else roles

    def deeds_about(person: str) -> list[tuple[str, date]]:
        return [
            (
                capacity(each.role, words["in_anothers_place"]) if each.role else words["an_admin"],
                each.at.astimezone(zone).date(),
            )
            for each in audit.of(person)
            if each.outcome == Outcome.ALLOWED
        ]

    def export(person: str) -> list[Sheet]:
        return [Sheet.of(say("trail.looks_table"), [(day, role) for role, day in deeds_about(person)])]

    def show(person: str) -> list[str]:
        deeds = deeds_about(person)
        return [say("trail.kept", by_role=engine.by_role(deeds))] if deeds else []

    return Feature(
        name="trail",
        admin=admin.blueprint(
            admin.Reading(audit=audit, watch=watch, words=words, capacity=capacity, called=called, zone=zone)
        ),
        jobs=jobs.rounds(
            walks, auditors=watch.auditors, tell=tell, broken=words["broken"], write_erasures=write_erasures
        ),
        warns=watch.warns,
        keeps=Keeps(tables=("person_keys",), show=show, export=export, erase=audit.erase, unite=audit.unite),
    )
