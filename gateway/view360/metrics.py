"""Figures of the 360 view: how complete the answers are, and how long the sections take."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from chassis.metrics import SECONDS
from gateway.view360.reach import ORDER

STATUSES = ("fresh", "stale", "unavailable", "hidden")

_SECTIONS = Counter(
    "crm_customer360_section", "Sections answered, by what they were", ["section", "status"]
)
_RESPONSES = Counter("crm_customer360_responses", "Views answered", ["completeness"])
_DURATION = Histogram(
    "crm_customer360_section_duration_seconds",
    "Time until a section was there; cached ones are not counted",
    ["section"],
    buckets=SECONDS,
)
# Resolved once: looking labels up costs more than counting.
_BY_NAME = {
    (section, status): _SECTIONS.labels(section, status) for section in ORDER for status in STATUSES
}
_TIMES = {section: _DURATION.labels(section) for section in ORDER}
_FULL, _PARTIAL = _RESPONSES.labels("full"), _RESPONSES.labels("partial")


def count(statuses: Iterable[tuple[str, str]]) -> None:
    """Count an answer and its sections."""
    partial = False
    for pair in statuses:
        _BY_NAME[pair].inc()
        partial = partial or pair[1] in ("stale", "unavailable")
    (_PARTIAL if partial else _FULL).inc()


def observe(sections: Iterable[str], seconds: float) -> None:
    """Note how long sections took that were asked for."""
    for section in sections:
        _TIMES[section].observe(seconds)
