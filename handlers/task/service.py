"""Tasks follow from the roles that accounts have: nothing is made when one is granted, and nothing can be missed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from content.roles import Casting, Duty, Role, Step
from handlers.feature import Waiting
from handlers.task import engine
from scheduler.reminders import Pending
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.admins import Admin, Grant
from storage.task import Done, Tasks, Which

PAGE = "/admin/task/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an account has to do for a role, by a day; `done` once it is."""

    which: Which
    title: str
    source: str
    role: str
    organisation: str
    due: date
    done: Done | None

    def is_late(self, today: date) -> bool:
        """Whether its day is over and it isn't done."""
        return self.done is None and self.due < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All tasks of all accounts, as they follow from the roles that these hold since a day."""

    accounts: Callable[[], Iterable[Admin]]
    tasks: Tasks
    staff: Staff
    casting: Callable[[], Casting]
    workdays: Workdays
    today: Callable[[], date]
    words: Mapping[str, str]

    def all(self) -> list[Task]:
        """Every one: what isn't done first, and of that what is due first."""
        casting, done = self.casting(), self.tasks.done()
        found = (each for admin in self.accounts() for each in self._of(admin, casting, done))
        return sorted(found, key=lambda each: (each.done is not None, each.due, each.which))

    def _of(self, admin: Admin, casting: Casting, done: Mapping[Which, Done]) -> Iterator[Task]:
        for grant in admin.grants:
            role = casting.roles.get(grant.role)
            if role and grant.since and (admin.party_member or not casting.is_for_members(role.id)):
                yield from (self._task(admin, grant, role, step, casting, done) for step in role.path)

    def _task(
        self, admin: Admin, grant: Grant, role: Role, step: Step, casting: Casting, done: Mapping[Which, Done]
    ) -> Task:
        since = grant.since or self.today()
        which = Which(admin.name, role.id, grant.organisation, step.id, since)
        return Task(
            which=which,
            title=step.title,
            source=step.source,
            role=role.name,
            organisation=casting.organisations.get(grant.organisation, grant.organisation),
            due=self._due(since, step),
            done=done.get(which),
        )

    def _due(self, since: date, step: Step) -> date:
        return engine.in_months(since, step.months) if step.months else self.workdays.after(since, step.workdays or 1)

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account."""
        today = self.today()
        own = [each for each in self.all() if each.which.admin == name and each.done is None]
        late = sum(each.is_late(today) for each in own)
        counts = {"overdue": late, "open": len(own) - late}
        return [
            Waiting(count=count, said=self.words[kind].format(count), link=PAGE, is_late=kind == "overdue")
            for kind, count in counts.items()
            if count
        ]

    def pending(self) -> list[Pending]:
        """What there is to remind of: an account's own; what is late is told above to those who see the board."""
        boards = self.staff.reaches(Duty.TASKS)

        def known_to(task: Task) -> Callable[[str], bool]:
            place = task.which.organisation
            return lambda name: name == task.which.admin or (name in boards and boards[name].covers(place))

        return [
            Pending(
                day=each.which.since,
                due=each.due,
                by=each.which.admin,
                known_to=known_to(each),
                organisation=each.which.organisation,
            )
            for each in self.all()
            if each.done is None
        ]
