"""The accounts of the console, for who looks after them, and the pauses, for who may end them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty, shipped
from handlers import access, passwords
from handlers.entrance import Entrance
from handlers.session import private
from scheduler.staff import is_still
from storage.admins import Admin, AdminExists

APART = (Duty.GRANTS, Duty.AUDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """账号: whoever looks after accounts can't become who grants or who audits, whose passwords the operator gives."""

    entrance: Entrance
    words: Mapping[str, Any]

    def listed(self) -> ResponseReturnValue:
        """Every account, and a form for another."""
        return self._page()

    def create(self) -> ResponseReturnValue:
        """A new account: its first password is shown this once, and changed by whom it is for."""
        try:
            name = access.fitting(request.form.get("name", "").strip())
        except access.UnfitName:
            return self._page(fault="name"), 422
        given = passwords.first()
        try:
            self.entrance.admins.add(name=name, password_hash=passwords.hashed(given), is_first=True, grants=())
        except AdminExists:
            return self._page(fault="exists"), 422
        return self._given(name, given, is_new=True)

    def reset(self, which: str) -> ResponseReturnValue:
        """Another first password; all their browsers are out."""
        admin, given = self._find(which), passwords.first()
        self.entrance.admins.change_password(name=admin.name, password_hash=passwords.hashed(given), is_first=True)
        self.entrance.tries.unlock(admin.name)
        return self._given(admin.name, given)

    def disable(self, which: str) -> ResponseReturnValue:
        """Let nobody sign in with it."""
        admin, me = self._find(which), access.who_is_in()
        while_ = partial(is_still, Duty.ACCOUNTS, me)  # of two who disable each other one stays
        return self._done("disabled", self.entrance.admins.disable(name=admin.name, while_=while_))

    def enable(self, which: str) -> ResponseReturnValue:
        """Let it sign in again."""
        return self._done("enabled", self.entrance.admins.enable(name=self._find(which).name))

    def end(self, which: str) -> ResponseReturnValue:
        """Sign all their browsers out."""
        return self._done("ended", self.entrance.admins.end_sessions(name=self._find(which).name))

    def forget(self, which: str) -> ResponseReturnValue:
        """Let it sign in without a code: its authenticator is lost. Whoever has it is out."""
        admin = self._find(which)
        self.entrance.admins.end_sessions(name=admin.name)
        return self._done("forgotten", self.entrance.factors.forget(admin.id))

    def waiting(self) -> ResponseReturnValue:
        """Whose sign-in has to wait."""
        admins, now = {each.name: each for each in self.entrance.admins.all()}, self.entrance.clock()
        until = self.entrance.tries.waiting(admins, now=now)
        waits = [(admin, until[name] - now) for name, admin in admins.items() if name in until]
        return render_template("account/waiting.html", waits=waits)

    def unlock(self, which: str) -> ResponseReturnValue:
        """Let it wait no longer."""
        admin = self.entrance.admins.found(which) or abort(404)
        self.entrance.tries.unlock(admin.name)
        flash(self.words["said"]["unlocked"].format(name=admin.name))
        return redirect(url_for("account.waiting"), 303)

    # -- what they share -----------------------------------------------------------------------------------------

    def _find(self, which: str) -> Admin:
        """An account that may be looked after here: not one's own, and not who is kept apart."""
        admin = self.entrance.admins.found(which) or abort(404)
        return abort(403) if self._why_not(admin) else admin

    def _why_not(self, admin: Admin) -> str:
        if admin.id == access.admin().id:
            return "own"
        apart = {role.id for role in shipped().separated if role.duty in APART}
        return "apart" if apart & {role for role, _ in admin.roles} else ""

    def _done(self, what: str, changed: bool) -> ResponseReturnValue:  # noqa: FBT001 - what the store says
        flash(self.words["said"][f"other_{what}" if changed else "nothing"])
        return redirect(url_for("account.listed"), 303)

    def _given(self, name: str, given: str, *, is_new: bool = False) -> ResponseReturnValue:
        return private(make_response(render_template("account/given.html", name=name, given=given, is_new=is_new)))

    def _page(self, *, fault: str = "") -> str:
        admins, now = self.entrance.admins.all(), self.entrance.clock()
        on, numbers = self.entrance.factors.on([each.id for each in admins]), self.entrance.sessions.numbers(now=now)
        rows = [
            {
                "admin": each,
                "has_factor": each.id in on,
                "sessions": 0 if each.disabled else numbers.get((each.id, each.stamp), 0),
                "why_not": self._why_not(each),
            }
            for each in admins
        ]
        return render_template(
            "account/list.html", rows=rows, fault=fault, typed=request.form.get("name", ""), longest=access.LONGEST_NAME
        )
