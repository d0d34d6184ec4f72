"""Both sections of the customer 360 view in one statement."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, ScalarSelect, Select, Text, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.actor import Actor, Level
from chassis.directory import visible
from chassis.errors import Forbidden
from chassis.money import Money
from chassis.tables import Id
from chassis.wire_json import instant
from services.deals.persistence.tables import CONTRACTS, OPPORTUNITIES, metadata

if TYPE_CHECKING:
    from chassis.db import Tx

RECENT = 20
"""How many records a section lists; its counts and sums are over all."""

_INSTANTS = frozenset({"created_at", "updated_at", "approved_at"})
_SHOWN: dict[str, tuple[str, ...]] = {
    "opportunities": (
        "id",
        "version",
        "number",
        "name",
        "stage",
        "probability",
        "status",
        "owner_id",
        "expected_close_on",
        "closed_on",
        "close_reason",
        "created_at",
        "updated_at",
    ),
    "contracts": (
        "id",
        "version",
        "number",
        "title",
        "status",
        "opportunity_id",
        "owner_id",
        "starts_on",
        "ends_on",
        "approved_at",
        "created_at",
        "updated_at",
    ),
}
_MONEY = {
    "opportunities": ("amount", OPPORTUNITIES.c.amount_amount),
    "contracts": ("total", CONTRACTS.c.total_amount),
}
_TABLES = {"opportunities": OPPORTUNITIES, "contracts": CONTRACTS}
_STATUSES = {
    "opportunities": ("open", "won", "lost"),
    "contracts": ("draft", "in_approval", "approved"),
}


def read(tx: "Tx", customer_id: str, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the sections of a customer by name: `status`, `version` and `data`."""
    wanted = [name for name in _TABLES if name in set(names)]
    shown = [(name, tx.level(f"{name}:read")) for name in wanted if _may_read(tx, name)]
    found: dict[str, dict[str, Any]] = {
        name: {"status": "hidden", "version": "", "data": None} for name in wanted
    }
    if not shown:
        return found
    row = tx.row(_statement(tuple(shown), tx.actor), customer=customer_id)
    assert row is not None
    for index, (name, _) in enumerate(shown):
        recent, sums, mark = row[3 * index : 3 * index + 3]
        found[name] = {
            "status": "fresh",
            "version": mark or "empty",
            "data": _data(name, recent or [], sums or []),
        }
    return found


def _may_read(tx: "Tx", name: str) -> bool:
    try:
        tx.actor.check(f"{name}:read")
    except Forbidden:
        return False
    return True


@lru_cache(maxsize=128)
def _statement(shown: tuple[tuple[str, Level], ...], actor: Actor) -> Select[Any]:
    """Return the statement for one actor; building it costs more than running it, so it is kept.

    Everything the predicate of visibility depends on is in the key: sections, levels, actor.
    """
    columns: list[ScalarSelect[Any]] = []
    for name, _ in shown:
        rows = _rows(name, actor)
        columns += [_recent(rows, name), _sums(rows), _mark(rows)]
    return select(*(column.label(f"c{index}") for index, column in enumerate(columns)))


def _rows(name: str, actor: Actor) -> CTE:
    """Return what an actor may see of a customer."""
    table = _TABLES[name]
    _, money = _MONEY[name]
    conditions = [
        table.c.customer_id == bindparam("customer", type_=Id),
        visible(actor, f"{name}:read", table.c.owner_id, metadata.tables["people"]),
    ]
    if name == "opportunities":
        conditions.append(table.c.provisional_for.is_(None))
    shown = (table.c[column] for column in _SHOWN[name])
    return select(*shown, money.label("money"), table.c.currency).where(*conditions).cte(name)


def _recent(rows: CTE, name: str) -> ScalarSelect[Any]:
    latest = (
        select(
            *(rows.c[column] for column in _SHOWN[name]),
            cast(rows.c.money, Text).label("money"),  # As text, so that no float touches it.
            rows.c.currency,
        )
        .order_by(rows.c.created_at.desc(), rows.c.id.desc())
        .limit(RECENT)
        .subquery()
    )
    # The order of the subquery is the order of the list: json_agg keeps that of its input.
    return select(func.json_agg(latest.table_valued())).select_from(latest).scalar_subquery()


def _sums(rows: CTE) -> ScalarSelect[Any]:
    groups = (
        select(
            rows.c.status,
            rows.c.currency,
            func.count().label("count"),
            cast(func.sum(rows.c.money), Text).label("money"),
        )
        .group_by(rows.c.status, rows.c.currency)
        .order_by(rows.c.currency)
        .subquery()
    )
    return select(func.json_agg(groups.table_valued())).select_from(groups).scalar_subquery()


def _mark(rows: CTE) -> ScalarSelect[Any]:
    """Return a digest over ids and versions, which changes with every change of the section."""
    parts = func.concat(rows.c.id, ":", rows.c.version)
    joined = func.string_agg(parts, aggregate_order_by(literal(","), rows.c.id))
    return select(func.md5(joined)).scalar_subquery()


def _data(name: str, recent: list[dict[str, Any]], sums: list[dict[str, Any]]) -> dict[str, Any]:
    field, _ = _MONEY[name]
    by_status: dict[str, dict[str, Any]] = {
        status: {"count": 0, "amounts": []} for status in _STATUSES[name]
    }
    for group in sums:
        entry = by_status[group["status"]]
        entry["count"] += group["count"]
        money = _money(group)
        if money is not None:
            entry["amounts"].append(money)
    return {
        "count": sum(entry["count"] for entry in by_status.values()),
        "by_status": by_status,
        "recent": [_item(row, field) for row in recent],
    }


def _item(row: dict[str, Any], field: str) -> dict[str, Any]:
    item = {
        name: instant(datetime.fromisoformat(value)) if name in _INSTANTS and value else value
        for name, value in row.items()
        if name not in ("money", "currency")
    }
    item[field] = _money(row)
    return item


def _money(row: dict[str, Any]) -> dict[str, str] | None:
    if row["money"] is None:
        return None
    money = Money(Decimal(row["money"]), row["currency"])
    return {"amount": money.text(), "currency": money.currency}
