"""Metrics of the HTTP side; labels are route templates, never paths.

The gateway runs several worker processes: every gauge names how the workers' values are combined.
"""

from flask import Request
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


def observe(request: Request, status: int, seconds: float) -> None:
    """Count one answered request."""
    rule = request.url_rule
    route = rule.rule if rule is not None else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    DURATION.labels(route, method).observe(seconds)
