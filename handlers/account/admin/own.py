"""An admin's own account: the password, the second factor, and where it is signed in."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import segno
from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from handlers import access, passwords
from handlers.entrance import Entrance, Outcome, Tried
from handlers.session import private

Said = tuple[str, str]  # at which of the page's forms, and which fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """我的账号."""

    entrance: Entrance
    site: Callable[[], str]
    zone: tzinfo
    words: Mapping[str, Any]

    def show(self) -> ResponseReturnValue:
        """The page."""
        return self._page()

    def change_password(self) -> ResponseReturnValue:
        """Another password, where the old one is known: whoever else is signed in with this account is out."""
        me, old, new = access.admin(), request.form.get("old", ""), request.form.get("new", "")
        if new != request.form.get("again", ""):
            return self._page(fault=("password", "differs"))
        try:
            made = passwords.fitting(new, names=[me.name, self.site()])
        except passwords.UnfitPassword as unfit:
            return self._page(fault=("password", unfit.fault))
        tried = self.entrance.again(me, old, access.whence())
        if tried.outcome is not Outcome.IN:
            return self._page(fault=("password", tried.outcome), tried=tried)
        if new == old:
            return self._page(fault=("password", passwords.Fault.SAME))
        changed = self.entrance.admins.renew(me, password_hash=made, first_password=False)
        if changed is None:
            return self._out()
        access.let_in(self.entrance, changed)
        return self._done("password")

    def end(self, which: str) -> ResponseReturnValue:
        """Sign one of the browsers out."""
        self.entrance.sessions.end(which, admin=access.admin().id)
        return self._done("ended")

    def end_others(self) -> ResponseReturnValue:
        """Sign all out but this one."""
        if not self.entrance.stay_alone(access.admin(), access.session_id()):
            return self._out()
        return self._done("ended_others")

    # -- the second factor ----------------------------------------------------------------------------------------

    def prepare(self) -> ResponseReturnValue:
        """A new secret to scan."""
        self.entrance.factors.prepare(access.admin().id)
        return redirect(url_for("account.scan"), 303)

    def scan(self) -> ResponseReturnValue:
        """The secret, to be scanned or typed, and asked for its first code."""
        return self._scan()

    def turn_on(self) -> ResponseReturnValue:
        """Sign in with codes from now on; the other browsers came without one, so they are out."""
        me = access.admin()
        codes = self.entrance.factors.turn_on(me.id, request.form.get("code", "").strip(), now=self.entrance.clock())
        if codes is None:
            return self._scan(fault="wrong")
        if not self.entrance.stay_alone(me, access.session_id()):
            return self._out()
        return self._codes(codes, is_new=True)

    def renew_codes(self) -> ResponseReturnValue:
        """Other recovery codes."""
        tried = self._asked()
        if tried.outcome is not Outcome.IN:
            return self._page(fault=("codes", tried.outcome), tried=tried)
        return self._codes(self.entrance.factors.renew_codes(access.admin().id))

    def turn_off(self) -> ResponseReturnValue:
        """Sign in without codes again, where that is allowed."""
        if self.entrance.needs_factor:
            return self._page(fault=("off", "needed"))
        tried = self._asked()
        if tried.outcome is not Outcome.IN:
            return self._page(fault=("off", tried.outcome), tried=tried)
        self.entrance.factors.forget(access.admin().id)
        return self._done("off")

    # -- what they share -----------------------------------------------------------------------------------------

    def _asked(self) -> Tried:
        return self.entrance.again(access.admin(), request.form.get("password", ""), access.whence())

    def _out(self) -> ResponseReturnValue:
        """Somebody else has changed the account meanwhile: it is signed in to anew."""
        return redirect(url_for("account.own"), 303)

    def _done(self, what: str) -> ResponseReturnValue:
        flash(self.words["said"][what])
        return redirect(url_for("account.own"), 303)

    def _codes(self, codes: Sequence[str], *, is_new: bool = False) -> ResponseReturnValue:
        return private(make_response(render_template("account/codes.html", codes=codes, is_new=is_new)))

    def _scan(self, *, fault: str = "") -> ResponseReturnValue:
        shared = self.entrance.factors.prepared(access.admin().id)
        if shared is None:
            return redirect(url_for("account.own"))
        address = shared.address(name=access.admin().name, site=self.site())
        drawn = segno.make(address, micro=False).svg_data_uri(scale=5, border=2, light="#fff")
        page = render_template("account/scan.html", drawn=drawn, typed=shared.typed, fault=fault)
        return private(make_response(page, 422 if fault else 200))

    def _page(self, *, fault: Said = ("", ""), tried: Tried | None = None) -> ResponseReturnValue:
        me, entrance = access.admin(), self.entrance
        page = render_template(
            "account/own.html",
            at=fault[0],
            fault=fault[1],
            minutes=minutes(tried) if tried else 0,
            me=me,
            debt=entrance.debt(me),
            is_on=entrance.factors.is_on(me.id),
            codes_left=entrance.factors.codes_left(me.id),
            needs_factor=entrance.needs_factor,
            sessions=[
                (each.id == access.session_id(), each, self._here(each.since), self._here(each.seen_at))
                for each in entrance.sessions.of(me.id, stamp=me.stamp, now=entrance.clock())
            ],
            shortest=passwords.SHORTEST,
            longest=passwords.LONGEST,
        )
        return make_response(page, 422 if fault[1] else 200)

    def _here(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%m-%d %H:%M")


def minutes(tried: Tried) -> int:
    """How long to wait, in whole minutes."""
    return math.ceil(tried.wait.total_seconds() / 60)
