"""Rows and frozen dataclasses: one mapping for every aggregate, with the optimistic lock in it.

A `Money` field `price` is stored as `price_amount` beside the record's one `currency` column.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, insert, select, update
from sqlalchemy.engine import Row

from chassis.aggregate import Aggregate
from chassis.errors import Conflict, NotFound
from chassis.money import Money

if TYPE_CHECKING:
    from chassis.db import Tx

A = TypeVar("A", bound=Aggregate)
Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]


class Records(Generic[A]):
    """All rows of one table as aggregates of one class.

    Args:
        table: Has a column per field of the class (see the module for money).
        cls: A frozen dataclass derived from `Aggregate`.
        money: Names of the fields that hold `Money | None`.
        codecs: Field → (to column value, from column value), for values kept as jsonb.
        what: Singular name for the refusal `not_found`.
    """

    def __init__(
        self,
        table: Table,
        cls: type[A],
        *,
        what: str,
        money: Iterable[str] = (),
        codecs: Mapping[str, Codec] | None = None,
    ) -> None:
        self.table = table
        self.cls = cls
        self.what = what
        self._money = tuple(money)
        self._codecs = dict(codecs or {})
        self._fields = [field.name for field in dataclasses.fields(cls)]

    def values(self, record: A) -> dict[str, Any]:
        """Return the column values of an aggregate."""
        # Set even when there is no money: rows of one bulk insert must have the same columns.
        values: dict[str, Any] = {"currency": None} if self._money else {}
        for name in self._fields:
            value = getattr(record, name)
            if name in self._money:
                values[f"{name}_amount"] = None if value is None else value.amount
                if value is not None:
                    values["currency"] = value.currency
            elif name in self._codecs:
                values[name] = None if value is None else self._codecs[name][0](value)
            else:
                values[name] = value
        return values

    def build(self, row: Row[Any]) -> A:
        """Return the aggregate of a row that holds all columns of the table."""
        columns = row._mapping
        fields: dict[str, Any] = {}
        for name in self._fields:
            if name in self._money:
                amount = columns[f"{name}_amount"]
                fields[name] = None if amount is None else Money(amount, columns["currency"])
            elif name in self._codecs:
                stored = columns[name]
                fields[name] = None if stored is None else self._codecs[name][1](stored)
            else:
                fields[name] = columns[name]
        return self.cls(**fields)

    def get(self, tx: "Tx", *where: ColumnElement[bool]) -> A | None:
        """Return the only aggregate that meets all conditions, or None."""
        row = tx.row(select(self.table).where(*where))
        return self.build(row) if row else None

    def find(self, tx: "Tx", statement: Select[Any]) -> list[A]:
        """Return the aggregates of a select over all columns of the table."""
        return [self.build(row) for row in tx.rows(statement)]

    def read(self, tx: "Tx", record_id: str, *where: ColumnElement[bool]) -> A:
        """Return one aggregate.

        Raises:
            NotFound: `not_found` if it is absent or a further condition (visibility) hides it.
        """
        return self._one(tx, select(self.table), record_id, where)

    def lock(self, tx: "Tx", record_id: str, *where: ColumnElement[bool]) -> A:
        """Return one aggregate, its row locked until the transaction ends.

        Raises:
            NotFound: `not_found`.
        """
        return self._one(tx, select(self.table).with_for_update(of=self.table), record_id, where)

    def _one(
        self,
        tx: "Tx",
        statement: Select[Any],
        record_id: str,
        where: tuple[ColumnElement[bool], ...],
    ) -> A:
        row = tx.row(statement.where(self.table.c.id == record_id, *where))
        if row is None:
            raise NotFound("not_found", resource=self.what, id=record_id)
        return self.build(row)

    def add(self, tx: "Tx", *records: A) -> None:
        """Insert new aggregates in one statement."""
        if records:
            tx.execute(insert(self.table), [self.values(record) for record in records])

    def save(self, tx: "Tx", record: A) -> None:
        """Write an aggregate whose version is one ahead of its row.

        Raises:
            Conflict: `stale_version` if the row has moved on since it was read.
        """
        values = self.values(record)
        statement = (
            update(self.table)
            .where(self.table.c.id == record.id, self.table.c.version == record.version - 1)
            .values(values)
        )
        if tx.execute(statement).rowcount != 1:
            current = tx.value(select(self.table.c.version).where(self.table.c.id == record.id))
            raise Conflict("stale_version", current_version=current)
