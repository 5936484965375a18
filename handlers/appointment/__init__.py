"""谈心谈话: a member asks for a talk, chooses a person and a time, and that person alone sees it."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from content.talks import Host
from handlers.appointment import admin, chat, engine
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, words_beside
from scheduler.job import Job
from scheduler.workdays import Workdays
from storage.appointment import Appointment, Appointments

__all__ = ["feature"]


def feature(
    *,
    appointments: Appointments,
    hosts: Callable[[], Mapping[str, Host]],
    workdays: Workdays,
    admins: Callable[[], Mapping[str, str]],
    tell: Callable[[str, str, str], None],
    say: Say,
    zone: tzinfo,
) -> Feature:
    """Asking for talks; `admins` are the persons of the console's accounts. Who is told hears no more than that."""
    words = words_beside(__file__)

    def ring(host: Host, key: str) -> None:
        person = admins().get(host.admin)
        if person:
            tell(person, words["ring"], f"appointment:{key}")

    def answered(which: Appointment) -> None:
        tell(which.person, say("appointment.answered"), f"appointment:{which.id}:{which.state}")

    def show(person: str) -> list[str]:
        kept = appointments.of_person(person)
        return [say("appointment.kept", count=len(kept))] if kept else []

    def tidy(now: datetime) -> None:
        appointments.drop_before(now.astimezone(zone).date() - engine.KEPT_AFTER)

    keeper = chat.Doorkeeper(appointments=appointments, hosts=hosts, workdays=workdays, ring=ring, say=say, zone=zone)
    diary = admin.Diary(appointments=appointments, hosts=hosts, answered=answered, zone=zone)
    return Feature(
        name="appointment",
        chat=chat.routes(keeper),
        admin=admin.blueprint(diary),
        jobs=(Job(id="appointment.tidy", cron="50 3 * * *", run=tidy),),
        keeps=Keeps(tables=("appointments",), show=show, erase=appointments.erase, unite=appointments.unite),
    )
