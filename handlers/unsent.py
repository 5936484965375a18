"""What was written when a session ended: it comes back after the sign-in (0084)."""

from dataclasses import dataclass
from typing import Self

from flask import render_template, request

from handlers.access import ACCOUNT, INSIDE, is_in


@dataclass(frozen=True, slots=True)
class Unsent:
    """What was sent from a page after its session was over: whoever wrote it reads it, and sends it again.

    Until then it lies in their browser alone. Files don't come along.
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool = False

    @classmethod
    def of_request(cls) -> Self | None:
        """What this request brought from a page of ours; None for what another site may have made up."""
        site = request.headers.get("Sec-Fetch-Site") or request.headers.get("Origin")
        is_ours = site in {"same-origin", request.host_url.rstrip("/")}
        if not is_ours or request.method != "POST" or request.blueprint in {"signin", ACCOUNT}:  # which have passwords
            return None
        fields = ((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
        had_files = any(each.filename for _, each in request.files.items(multi=True))
        return cls(request.full_path.rstrip("?"), tuple(fields), had_files)

    @classmethod
    def of_sign_in(cls) -> Self | None:
        """What the sign-in's form carried along."""
        path, names, values = request.form.get("path", ""), request.form.getlist("field"), request.form.getlist("value")
        return cls(path, tuple(zip(names, values, strict=False))) if path.startswith(INSIDE) else None

    @property
    def words(self) -> list[str]:
        """What of it somebody typed, as far as that can be told."""
        return [value for _, value in self.fields if not value.isascii()]

    def page(self) -> str:
        """To be sent once more, or the sign-in before that."""
        if is_in():
            return render_template("console/again.html", unsent=self)
        return render_template("console/login.html", unsent=self)
