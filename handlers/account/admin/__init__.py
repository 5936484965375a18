"""The pages of accounts: everybody's own, all of them for who looks after them, and the pauses for who may end them."""

from flask import Blueprint

from content.roles import Duty
from handlers.account.admin.others import Others
from handlers.account.admin.own import Own
from handlers.guards import View, needs

__all__ = ["Others", "Own", "blueprint"]


def blueprint(own: Own, others: Others) -> Blueprint:
    """Serve /admin/account, /admin/accounts and /admin/unlock."""
    pages = Blueprint("account", __name__, url_prefix="/admin", template_folder="../../templates")
    pages.add_url_rule("/account/", "own", needs(Duty.OWN, own.show))
    pages.add_url_rule("/account/scan", "scan", needs(Duty.OWN, own.scan))
    acts_on_own: dict[str, View] = {
        "change_password": own.change_password,
        "end_others": own.end_others,
        "prepare": own.prepare,
        "turn_on": own.turn_on,
        "turn_off": own.turn_off,
        "renew_codes": own.renew_codes,
    }
    for name, act in acts_on_own.items():
        pages.add_url_rule(f"/account/{name}", name, needs(Duty.OWN, act), methods=["POST"])
    pages.add_url_rule("/account/end/<which>", "end", needs(Duty.OWN, own.end), methods=["POST"])
    pages.add_url_rule("/accounts/", "listed", needs(Duty.ACCOUNTS, others.listed))
    pages.add_url_rule("/accounts/", "create", needs(Duty.ACCOUNTS, others.create), methods=["POST"])
    acts_on_others: dict[str, View] = {
        "reset": others.reset,
        "disable": others.disable,
        "enable": others.enable,
        "end": others.end,
        "forget": others.forget,
    }
    for name, act in acts_on_others.items():
        pages.add_url_rule(f"/accounts/<which>/{name}", f"other_{name}", needs(Duty.ACCOUNTS, act), methods=["POST"])
    pages.add_url_rule("/unlock/", "waiting", needs(Duty.GRANTS, others.waiting))
    pages.add_url_rule("/unlock/<which>", "unlock", needs(Duty.GRANTS, others.unlock), methods=["POST"])
    return pages
