"""What conversions made here: one row each, kept for ever."""

from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.customers.domain.conversion import Conversion
from services.customers.persistence.tables import conversions

if TYPE_CHECKING:
    from chassis.db import Tx

_C = conversions.c
_FIELDS = [field.name for field in fields(Conversion)]


def begin_conversion(tx: "Tx", conversion_id: str) -> Conversion:
    """Return a conversion, locked; a new one is `begun`.

    An equal call in flight is waited for by the insert, whose row the select then finds.
    """
    tx.execute(
        insert(conversions)
        .values(
            id=conversion_id, state="begun", matched=False, contact_matched=False, fill={},
            contact_fill={}, records=[], created_at=tx.now, updated_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )  # fmt: skip
    found = lock_conversion(tx, conversion_id)
    if found is None:
        raise RuntimeError("a conversion row vanished; they are kept for ever")
    return found


def lock_conversion(tx: "Tx", conversion_id: str) -> Conversion | None:
    row = tx.row(select(conversions).where(_C.id == conversion_id).with_for_update())
    if row is None:
        return None
    values = {name: row._mapping[name] for name in _FIELDS}
    return Conversion(**{**values, "records": tuple(values["records"])})


def save_conversion(tx: "Tx", conversion: Conversion) -> None:
    values = {**vars(conversion), "records": list(conversion.records), "updated_at": tx.now}
    tx.execute(update(conversions).where(_C.id == conversion.id).values(values))
