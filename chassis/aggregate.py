"""What every aggregate has: identity, a version, and who touched it when.

Pure Python, so the domain may build on it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from chassis.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """Base of the frozen dataclasses that the domain decides on.

    Attributes:
        version: 1 at creation, one more with every change; the optimistic lock and the ETag.
        created_at, updated_at: Aware UTC instants.
        created_by, updated_by: Ids of actors.
    """

    id: str
    version: int = 1
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    def changed(self, *, by: str, now: datetime, **fields: Any) -> Self:
        """Return the next version with some fields replaced."""
        return replace(self, version=self.version + 1, updated_at=now, updated_by=by, **fields)

    def expect(self, version: int | None) -> Self:
        """Return self if the caller knew this version; None means that it did not say.

        Raises:
            Conflict: `stale_version` with `current_version`.
        """
        if version is not None and version != self.version:
            raise Conflict("stale_version", current_version=self.version)
        return self
