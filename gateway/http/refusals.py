"""Refusals that only HTTP knows, and the status of every other kind.

Source: RFC 9110, RFC 6585 (428), RFC 9457 (the body, made in `problems`).
"""

from typing import Any

from chassis.errors import CRMError

_KINDS = {
    "Invalid": 422,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "Refused": 409,
    "Unavailable": 503,
}
_CODES = {"stale_version": 412, "merged": 410}
"""Codes whose status differs from that of their kind."""


class HttpRefusal(CRMError):
    """A request that no service ever sees: unreadable, not authenticated, unconditional.

    Attributes:
        status: One of 400, 401, 404, 405, 413, 415, 428.
    """

    def __init__(self, status: int, code: str, **details: Any) -> None:
        super().__init__(code, **details)
        self.status = status


def status_of(error: CRMError) -> int:
    """Return the HTTP status of a refusal."""
    if isinstance(error, HttpRefusal):
        return error.status
    return _CODES.get(error.code) or _KINDS.get(error.kind, 500)
