"""Roles as the security administrator gives them, and duties as everybody lends their own: all of it is noted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.library import Library
from content.roles import Casting, Duty, DutyFacts, Powers, facts
from handlers import access, guards, noting
from handlers.guards import needs
from scheduler.staff import Staff, is_still
from storage.admins import Admin, Admins, Grant
from storage.audit import Act, Outcome
from storage.loans import Loan, Loans

MOST_DAYS = 92  # that a duty is lent at once


class Asked(NamedTuple):
    """What a form asks for."""

    name: str
    role: str
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where roles are given and taken, and duties lent."""

    admins: Admins
    loans: Loans
    staff: Staff
    library: Callable[[], Library]
    today: Callable[[], date]
    words: Mapping[str, Any]

    # -- roles -----------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """Every account with its roles."""
        return self._list()

    def grant(self) -> ResponseReturnValue:
        """Give an account a role in an organisation, where it may have it."""
        asked = _asked()
        if why := self._unfit(asked, self._accounts()):
            self._noted(f"grant {asked.role}", asked, Outcome.REFUSED)
            return self._list(fault=why, at=asked), 422
        self._noted(f"grant {asked.role}", asked)
        new, me = Grant(asked.role, asked.organisation, self.today()), access.who_is_in()

        def while_(accounts: Mapping[str, Admin]) -> bool:
            return is_still(Duty.GRANTS, me, accounts) and not self._unfit(asked, accounts)

        if not self.admins.grant(asked.name, new, while_=while_):  # somebody was quicker, with something else
            return self._list(fault=self._unfit(asked, self._accounts()), at=asked), 422
        return self._back("granted", asked)

    def revoke(self) -> ResponseReturnValue:
        """Take a role from an account."""
        asked = _asked()
        if asked.name == access.who_is_in():
            return self._list(fault="self", at=asked), 422
        self._noted(f"revoke {asked.role}", asked)
        while_ = partial(is_still, Duty.GRANTS, access.who_is_in())  # of two who take it from each other one keeps it
        self.admins.revoke(asked.name, Grant(asked.role, asked.organisation), while_=while_)
        return self._back("revoked", asked)

    def member(self) -> ResponseReturnValue:
        """Note whether an account is a party member's."""
        asked, is_member = _asked(), request.form.get("member") == "yes"
        if asked.name == access.who_is_in():
            return self._list(fault="self", at=asked), 422
        self._noted("member" if is_member else "no member", asked)
        self.admins.say_member(asked.name, party_member=is_member)
        return self._back("member" if is_member else "no_member", asked)

    def _accounts(self) -> Mapping[str, Admin]:
        return {each.name: each for each in self.admins.all()}

    def _unfit(self, asked: Asked, accounts: Mapping[str, Admin]) -> str:
        """Why it can't be granted, "" where it can."""
        account = accounts.get(asked.name)
        if account is None:
            return "account"
        if account.name == access.who_is_in():
            return "self"
        held = [role for role, _ in account.roles]
        member = account.party_member
        return self._casting.unfit(asked.role, asked.organisation, held=held, party_member=member) or ""

    def _noted(self, what: str, asked: Asked, outcome: Outcome = Outcome.ALLOWED) -> None:
        """Before it is done: an account's name and its role, and nothing of a member."""
        about = " ".join(filter(None, (what, asked.name, asked.organisation)))
        noting.note(Act.GRANT, "grant", about=about, outcome=outcome)

    def _back(self, said: str, asked: Asked) -> ResponseReturnValue:
        where = self._casting.organisations.get(asked.organisation, asked.organisation) or self.words["said"]["house"]
        role = self._casting.name(asked.role)
        flash(self.words["said"][said].format(name=asked.name, role=role, where=where))
        return redirect(url_for("grant_admin.listed"), 303)

    def _list(self, *, fault: str = "", at: Asked | None = None) -> str:
        casting = self._casting
        return render_template(
            "grant/list.html",
            accounts=self.admins.all(),
            casting=casting,
            duty_name=lambda duty: facts(duty).name,
            idle=self._idle(casting),
            loans=self._lent(),
            today=self.today(),
            me=access.who_is_in(),
            fault=self.words["unfit"].get(fault, ""),
            at=at,
        )

    def _idle(self, casting: Casting) -> set[tuple[str, str]]:
        """Roles that give an account nothing, since they are for party members."""
        return {
            (each.name, role)
            for each in self.admins.all()
            for role, _ in each.roles
            if casting.is_for_members(role) and not each.party_member
        }

    # -- what is lent ----------------------------------------------------------------------------------------------

    def lent(self) -> ResponseReturnValue:
        """What the admin of this request lends and is lent, and a form."""
        return self._loans()

    def lend(self) -> ResponseReturnValue:
        """Lend some of one's own duties for some days."""
        to, said = request.form.get("to", ""), request.form.getlist("duty")
        since, until = _day("since") or date.min, _day("until") or date.min
        duties = [each for each in Duty if each in said]
        if why := self._unlendable(to, duties, since, until):
            about = f"lend {' '.join(duties)} to {to}"[:128]
            noting.note(Act.GRANT, "grant", about=about, outcome=Outcome.REFUSED)
            return self._loans(fault=why), 422
        noting.note(Act.GRANT, "grant", about=f"lend {' '.join(duties)} to {to} until {until}"[:128])
        for duty in duties:
            self.loans.add(giver=access.who_is_in(), taker=to, duty=duty, since=since, until=until)
        named = "".join(f"“{facts(each).name}”" for each in duties)
        flash(self.words["said"]["lent"].format(name=to, duties=named, until=until))
        return redirect(url_for("grant_admin.lent"), 303)

    def end(self, loan: str) -> ResponseReturnValue:
        """End what one lends or is lent; the security administrator ends any."""
        found = next((each for each in self.loans.current(self.today()) if each.id == loan), None)
        may_grant = guards.may(Duty.GRANTS)
        if found and (may_grant or access.who_is_in() in {found.giver, found.taker}):
            noting.note(Act.GRANT, "grant", about=f"end {found.duty} lent to {found.taker}")
            self.loans.end(loan)
            duty = facts(Duty(found.duty)).name
            flash(self.words["said"]["ended"].format(giver=found.giver, taker=found.taker, duty=duty))
        return redirect(url_for("grant_admin.listed" if may_grant else "grant_admin.lent"), 303)

    def _unlendable(self, to: str, duties: list[Duty], since: date, until: date) -> str:
        """Why they can't be lent so, in words; "" where they can."""
        words, me = self.words["unlendable"], access.who_is_in()
        taker = next((each for each in self.admins.all() if each.name == to and self._is_near(each)), None)
        if why := self._unlendable_to(duties, held=(), party_member=True):  # whoever has it
            return why
        if not duties or taker is None or to == me:
            return str(words["duties" if not duties else "account" if taker is None else "self"])
        if not self.today() <= since <= until <= since + timedelta(days=MOST_DAYS - 1):
            return str(words["days"]).format(most=MOST_DAYS)
        return self._unlendable_to(duties, held=[role for role, _ in taker.roles], party_member=taker.party_member)

    def _unlendable_to(self, duties: Sequence[Duty], *, held: Sequence[str], party_member: bool) -> str:
        casting, own = self._casting, self._own()
        for duty in duties:
            if why := casting.unlendable(duty, own, taker=held, party_member=party_member):
                return str(self.words["unlendable"][why]).format(duty=facts(duty).name)
        return ""

    def _own(self) -> Powers:
        """What the admin of this request may do by roles of their own: what is lent isn't lent on."""
        mine = self.admins.named(access.who_is_in())
        return self._casting.powers(mine.roles, party_member=mine.party_member) if mine else Powers()

    def _loans(self, *, fault: str = "") -> str:
        own, me = self._own(), access.who_is_in()
        held = [facts(each) for each in Duty if each in own.reaches]
        return render_template(
            "grant/loans.html",
            lendable=[each for each in held if not each.non_delegable],
            kept=[each for each in held if each.non_delegable],
            others=self._takers(me),
            loans=[(each, duty) for each, duty in self._lent() if me in {each.giver, each.taker}],
            me=me,
            today=self.today(),
            most=MOST_DAYS,
            fault=fault,
            typed=request.form,
        )

    def _takers(self, me: str) -> list[Admin]:
        apart = self._casting.separated.keys()
        others = (each for each in self.admins.all() if each.name != me and self._is_near(each))
        return [each for each in others if not apart & {role for role, _ in each.roles}]

    def _is_near(self, other: Admin) -> bool:
        """Whether an account has no role yet, or one somewhere where the admin of this request has one."""
        own, theirs = self._own(), self._casting.powers(other.roles, party_member=other.party_member)
        reaches = [reach for duty, reach in own.reaches.items() if duty is not Duty.OWN]
        return not other.roles or any(mine.meets(each) for mine in reaches for each in theirs.reaches.values())

    def _lent(self) -> list[tuple[Loan, DutyFacts]]:
        return [(each, facts(Duty(each.duty))) for each in self.loans.current(self.today())]

    @property
    def _casting(self) -> Casting:
        return self.library().casting


def _asked() -> Asked:
    return Asked(*(request.form.get(key, "")[:64] for key in ("name", "role", "organisation")))


def _day(key: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(key, ""))
    except ValueError:
        return None


def blueprint(office: Office) -> Blueprint:
    """The pages under /admin/grant."""
    pages = Blueprint("grant_admin", __name__, url_prefix="/admin/grant", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.GRANTS, office.listed))
    for act, view in {"grant": office.grant, "revoke": office.revoke, "member": office.member}.items():
        pages.add_url_rule(f"/{act}", act, needs(Duty.GRANTS, view, notes=True), methods=["POST"])
    pages.add_url_rule("/lent", "lent", needs(Duty.OWN, office.lent))
    pages.add_url_rule("/lent", "lend", needs(Duty.OWN, office.lend, notes=True), methods=["POST"])
    pages.add_url_rule("/lent/<loan>/end", "end", needs(Duty.OWN, office.end, notes=True), methods=["POST"])
    return pages
