"""The six kinds of refusal, shared by every process.

CRMError
  Invalid       422  wrong in any state: a field breaks a rule
  Forbidden     403  visible, but the actor may not do this
  NotFound      404  absent, or not visible to the actor
  Conflict      409  somebody was first: the state moved (`stale_version` becomes 412)
  Refused       409  a business rule says no in this state
  Unavailable   503  try again later; nothing was done

A kind travels over the bus as `exc_type`, with `exc_args = [code, details]`. Programs branch on the
code; people read the text that the gateway makes from it. This module imports nothing of ours, so
the domain may raise from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class CRMError(Exception):
    """A refusal with a stable code.

    Attributes:
        code: Snake-case state of affairs, such as `owner_at_capacity`.
        details: JSON-ready facts that help the caller: limits, current version, field errors.
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details: dict[str, Any] = details

    @property
    def kind(self) -> str:
        """Return the class name, which is the kind on the wire."""
        return type(self).__name__


class Invalid(CRMError):
    """The request is wrong whatever the state; `details["errors"]` lists every field."""

    @classmethod
    def fields(cls, errors: Sequence[Mapping[str, Any]]) -> "Invalid":
        """Return the refusal that names each wrong field.

        Args:
            errors: `{"pointer": "#/phone", "code": "required", "meta": {…}}`, one per field.
        """
        return cls("invalid_request", errors=[dict(error) for error in errors])

    @classmethod
    def field(cls, pointer: str, code: str, **meta: Any) -> "Invalid":
        """Return the refusal of one field; `pointer` is a JSON pointer such as `#/amount`."""
        return cls.fields([{"pointer": pointer, "code": code, "meta": meta}])


class Forbidden(CRMError):
    """The actor may not do this."""


class NotFound(CRMError):
    """There is no such record, or the actor may not know of it."""


class Conflict(CRMError):
    """Somebody else was first."""


class Refused(CRMError):
    """A business rule says no in the present state."""


class Unavailable(CRMError):
    """Nothing was done; the same request may succeed later."""


KINDS: dict[str, type[CRMError]] = {
    kind.__name__: kind for kind in (Invalid, Forbidden, NotFound, Conflict, Refused, Unavailable)
}


def from_wire(kind: str, code: str, details: Mapping[str, Any]) -> CRMError:
    """Return the error that a peer sent; an unknown kind becomes an `InternalError`."""
    known = KINDS.get(kind)
    if known is None:
        return InternalError(code)
    error = known(code)
    error.details = dict(details)
    return error


class InternalError(CRMError):
    """A peer failed in a way it did not foresee; its text is in its own log."""

    def __init__(self, code: str = "internal_error", **details: Any) -> None:
        super().__init__(code, **details)
