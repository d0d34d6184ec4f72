"""Metrics of the HTTP side; labels are route templates, never paths.

The gateway runs several worker processes: every gauge names how the workers' values are combined.
"""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import SECONDS

REQUESTS = Counter("crm_http_requests", "HTTP requests answered", ["route", "method", "code"])
DURATION = Histogram(
    "crm_http_request_duration_seconds",
    "Time to answer an HTTP request",
    ["route", "method"],
    buckets=SECONDS,
)
IN_FLIGHT = Gauge(
    "crm_http_inflight_requests",
    "HTTP requests being served",
    multiprocess_mode="livesum",
)
SHED = Counter("crm_http_shed", "HTTP requests refused with 503", ["reason"])
AUTH_FAILURES = Counter("crm_auth_failures", "Requests without a good credential", ["reason"])
RPC_READY = Gauge(
    "crm_gateway_rpc_connected",
    "Worker processes whose RPC client is connected",
    multiprocess_mode="livesum",
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request; `route` is a template, never a path."""
    if method not in _METHODS:
        method = "other"
    requests, duration = _children(route, method, status)
    requests.inc()
    duration.observe(seconds)


@cache
def _children(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """Return the labelled series; remembered, because finding them costs more than counting."""
    return REQUESTS.labels(route, method, str(status)), DURATION.labels(route, method)
