"""What this service has done for the conversions of leads."""

from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.deals.domain.conversion import Conversion
from services.deals.persistence.tables import CONVERSIONS

if TYPE_CHECKING:
    from chassis.db import Tx


def begin(tx: "Tx", conversion_id: str, state: str, opportunity_id: str | None) -> bool:
    """Insert a conversion; False if there is one already.

    The key makes equal steps wait for one another, whichever came first.
    """
    statement = (
        insert(CONVERSIONS)
        .values(
            id=conversion_id,
            state=state,
            opportunity_id=opportunity_id,
            created_at=tx.now,
            updated_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(CONVERSIONS.c.id)
    )
    return tx.value(statement) is not None


def lock(tx: "Tx", conversion_id: str) -> Conversion | None:
    """Return a conversion, locked, or None."""
    row = tx.row(select(CONVERSIONS).where(CONVERSIONS.c.id == conversion_id).with_for_update())
    return Conversion(row.id, row.state, row.opportunity_id) if row else None


def save(tx: "Tx", conversion: Conversion) -> None:
    """Write the state of a locked conversion."""
    tx.execute(
        update(CONVERSIONS)
        .where(CONVERSIONS.c.id == conversion.id)
        .values(
            state=conversion.state,
            opportunity_id=conversion.opportunity_id,
            updated_at=tx.now,
        )
    )
