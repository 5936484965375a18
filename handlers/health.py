"""For operators: /healthz says that this process lives, /readyz that it can work, /metrics how much it did."""

import hmac
import ipaddress
import os
from collections.abc import Callable, Mapping
from functools import cache

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

_OF_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """What is counted. With PROMETHEUS_MULTIPROC_DIR set, the workers of one machine are counted together."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._registry = CollectorRegistry()
        own = None if environ.get(SHARED_FOLDER) else self._registry
        if own is None:
            # The library chose when it was imported, before the fork that made a web worker of this process.
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call] # as below
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call] # the library's
        messages = Counter("zhibu_messages", "Requests at the webhook, by outcome.", ["outcome"], registry=own)
        self._messages = cache(messages.labels)

    def count_message(self, outcome: str) -> None:
        """Count a request at the webhook."""
        self._messages(outcome).inc()

    def shown(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)


def blueprint(*, parts: Mapping[str, Callable[[], bool]], metrics: Metrics, metrics_token: str) -> Blueprint:
    """Serve the three addresses; `parts` are asked by /readyz, which is 503 while any of them says no."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def alive() -> ResponseReturnValue:
        return {"alive": True}

    @health.get("/readyz")
    def ready() -> ResponseReturnValue:
        said = {name: ask() for name, ask in parts.items()}
        return said, 200 if all(said.values()) else 503

    @health.get("/metrics")
    def counted() -> ResponseReturnValue:
        if not _may_read(metrics_token):
            abort(403)
        return Response(metrics.shown(), content_type=CONTENT_TYPE_LATEST)

    return health


def _may_read(token: str) -> bool:
    """With a token, who has it; without one, this machine only: what a proxy of it passes on comes from elsewhere."""
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    is_passed_on = any(each in request.headers for each in _OF_PROXIES)
    return not is_passed_on and ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - nobody's address
