"""One log line per request, in the form of all logs."""

import logging
import sys
from typing import Any

from chassis import clock, tracing, wire_json
from chassis.settings import settings

log = logging.getLogger("gateway.http")


def write(
    *, method: str, route: str, status: int, seconds: float, request_id: str, client: str
) -> None:
    """Write the line of one answered request.

    PERF: the way through the logging library costs a third of a cached 360 read, so JSON lines are
    written directly.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "request_id": request_id,
        "client": client,
    }
    if settings().log_format != "json":
        log.info("http_request", extra=facts)
        return
    line = {
        "event": "http_request",
        "process": "gateway",
        "level": "info",
        "logger": log.name,
        "timestamp": clock.now(),
        **facts,
        "trace_id": tracing.current_trace_id(),
    }
    sys.stdout.write(wire_json.dumps(line).decode() + "\n")
    sys.stdout.flush()
