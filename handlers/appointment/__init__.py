"""谈心谈话: a member asks for a talk, chooses a person and a time, and that person alone sees it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial

from content.models import Account
from content.roles import Duty
from content.talks import Host
from handlers.appointment import admin, api, chat, engine, pages
from handlers.appointment.service import Reception
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, Queued, Sheet, Waiting, words_beside
from handlers.openapi import Effect
from scheduler.job import Job
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.appointment import Appointment, Appointments

__all__ = ["Outside", "feature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world around talks: persons of the console's accounts, how one is told and an effect named, whose pages."""

    admins: Callable[[], Mapping[str, str]]
    staff: Staff
    tell: Callable[[str, str, str], None]
    account: Callable[[], Account]
    clock: Callable[[], datetime]
    effect: Effect


def feature(
    *,
    appointments: Appointments,
    hosts: Callable[[], Mapping[str, Host]],
    workdays: Workdays,
    outside: Outside,
    say: Say,
    zone: tzinfo,
) -> Feature:
    """Asking for talks. Who is told hears no more than that there is something to look at."""
    tell, account, clock, effect = outside.tell, outside.account, outside.clock, outside.effect
    words = words_beside(__file__)

    def ring(host: Host, key: str) -> None:
        person = outside.admins().get(host.admin)
        if person:
            tell(person, words["ring"], f"appointment:{key}")

    def answered(which: Appointment) -> None:
        tell(which.person, say("appointment.answered"), f"appointment:{which.id}:{which.state}")

    def show(person: str) -> list[str]:
        kept = appointments.of_person(person)
        return [say("appointment.kept", count=len(kept))] if kept else []

    def export(person: str) -> list[Sheet]:
        rows = [(each.at, each.words, each.answer) for each in appointments.of_person(person)]
        return [Sheet.of(say("appointment.talks_table"), rows)]

    def waits(name: str) -> list[Waiting]:
        theirs = frozenset(each.id for each in hosts().values() if each.admin == name)
        asked = [
            each for each in appointments.of_hosts(theirs) if each.state == engine.State.ASKED and each.at > clock()
        ]
        said = words["waiting"].format(len(asked))
        return [Waiting(count=len(asked), said=said, link="/admin/appointment/")] if asked else []

    def tidy(now: datetime) -> None:
        appointments.drop_before(now.astimezone(zone).date() - engine.KEPT_AFTER)

    reception = Reception(appointments=appointments, hosts=hosts, workdays=workdays, ring=ring, zone=zone)
    keeper = chat.Doorkeeper(reception=reception, say=say, zone=zone)
    window = api.Window(reception=reception, say=say, clock=clock, zone=zone, effect=effect)
    booking = pages.Booking(reception=reception, say=say, account=account, clock=clock, zone=zone, effect=effect)
    diary = admin.Diary(appointments=appointments, hosts=hosts, answered=answered, said=words["said"], zone=zone)
    return Feature(
        name="appointment",
        chat=chat.routes(keeper),
        api=api.blueprint(window),
        pages=pages.blueprint(booking),
        admin=admin.blueprint(diary),
        jobs=(Job(id="appointment.tidy", cron="50 3 * * *", run=tidy),),
        waits=waits,
        queue=partial(_queue, appointments, hosts, outside),
        keeps=Keeps(
            tables=("appointments",), show=show, export=export, erase=appointments.erase, unite=appointments.unite
        ),
    )


def _queue(appointments: Appointments, hosts: Callable[[], Mapping[str, Host]], outside: Outside) -> Iterator[Queued]:
    """The talks that were asked for and are to come; each waits for its host alone."""
    talkers, known = outside.staff.reaches(Duty.TALKS), hosts()
    for each in appointments.of_hosts(frozenset(known)):
        if each.state == engine.State.ASKED and each.at > outside.clock():
            host = known[each.host].admin
            yield Queued(duty=Duty.TALKS, who=[host] if host in talkers else [], named=host)
