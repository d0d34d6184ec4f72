"""Health and metrics of a process, on a port of their own and off the worker pool.

/livez    the process' beat is young: only a blocked hub or loop fails it
/readyz   its checks pass: consumers attached, database, schema
/startupz it was ready once
/metrics  Prometheus text
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from chassis import clock
from chassis.wire_json import dumps

log = logging.getLogger(__name__)


class _Server(WSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        thread.start()

    def _serve(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # The prober went away.
        finally:
            self.shutdown_request(request)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""


class Health:
    """What a process says of itself.

    Args:
        checks: Name → function that returns whether it is fine; all must be for readiness.
        max_age: Seconds without a beat after which the process counts as stuck.
        registry: Makes the registry of a scrape; None for this process' own.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], bool]],
        max_age: float = 30.0,
        registry: Callable[[], CollectorRegistry] | None = None,
    ) -> None:
        self.checks = dict(checks)
        self.max_age = max_age
        self.draining = False
        self._registry = registry or (lambda: REGISTRY)
        self._beat = clock.monotonic()
        self._started = False
        self._server: _Server | None = None

    def beat(self) -> None:
        """Say that the hub or loop is alive."""
        self._beat = clock.monotonic()

    def ready(self) -> tuple[bool, dict[str, bool]]:
        """Return whether every check passes, and each one's result."""
        results = {}
        for name, check in self.checks.items():
            try:
                results[name] = bool(check())
            except Exception:
                log.exception("health_check_failed", extra={"check": name})
                results[name] = False
        fine = all(results.values()) and not self.draining
        self._started = self._started or fine
        return fine, results

    def serve(self, host: str, port: int) -> None:
        """Serve on a port in a thread (or greenlet) of its own; port 0 serves nothing."""
        if not port:
            return
        self._server = make_server(
            host, port, self._app, server_class=_Server, handler_class=_Quiet
        )
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def _app(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            start("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
            return [generate_latest(self._registry())]
        answer: Any
        if path == "/livez":
            age = clock.monotonic() - self._beat
            fine, answer = age <= self.max_age, {"beat_age_seconds": round(age, 3)}
        elif path == "/readyz":
            fine, checks = self.ready()
            answer = {"checks": checks, "draining": self.draining}
        elif path == "/startupz":
            fine = self._started or self.ready()[0]
            answer = {"started": fine}
        else:
            start("404 Not Found", [("Content-Type", "application/json")])
            return [b"{}"]
        status = "200 OK" if fine else "503 Service Unavailable"
        start(status, [("Content-Type", "application/json")])
        return [dumps({"status": "ok" if fine else "failing", **answer})]
