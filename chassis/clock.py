"""The only place that reads a clock."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from chassis.settings import settings


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def today(at: datetime | None = None) -> date:
    """Return the business date of an instant in `BUSINESS_TIMEZONE`."""
    return (at or now()).astimezone(ZoneInfo(settings().business_timezone)).date()


def epoch_ms() -> int:
    """Return milliseconds since 1970, the unit of `nameko.deadline`."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Return seconds of a clock that never jumps; for durations only."""
    return time.monotonic()


def parse_instant(text: object) -> datetime | None:
    """Return the instant that RFC 3339 text names, or None."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
