"""JSON as it crosses the bus and enters jsonb: plain, exact, and nothing but JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def dumps(value: Any) -> bytes:
    """Return JSON bytes; Decimals as strings, instants in UTC with `Z`."""
    return orjson.dumps(value, default=_default, option=_OPTIONS)


def dumps_text(value: Any) -> str:
    """Return JSON text, for jsonb columns."""
    return dumps(value).decode()


loads = orjson.loads


def instant(value: datetime) -> str:
    """Return an aware instant as RFC 3339 text in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
