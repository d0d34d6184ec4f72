"""Aggregates of which some fields are sums over other rows: read with the row, never stored."""

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select

from chassis.aggregate import Aggregate
from chassis.errors import NotFound
from chassis.records import Records

if TYPE_CHECKING:
    from chassis.db import Tx

A = TypeVar("A", bound=Aggregate)


class DerivedRecords(Records[A]):
    """Writes the fields that have a column; reads from a select that brings the others."""

    def values(self, record: A) -> dict[str, Any]:
        """Return the column values of an aggregate, without what is derived."""
        values = super().values(record)
        return {name: value for name, value in values.items() if name in self.table.c}

    def one(self, tx: "Tx", statement: Select[Any], record_id: str) -> A:
        """Return the aggregate of one id, of those that a statement selects.

        Raises:
            NotFound: `not_found`.
        """
        row = tx.row(statement.where(self.table.c.id == record_id))
        if row is None:
            raise NotFound("not_found", resource=self.what, id=record_id)
        return self.build(row)
