"""Contracts: rows, locks and lists."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.money import Money
from chassis.numbers import next_number
from chassis.records import Records
from schemas.deals.lists import CONTRACTS as SPEC
from services.deals.domain.contracts import Contract, Signatory
from services.deals.domain.instalments import Instalment
from services.deals.persistence import reach
from services.deals.persistence.tables import CONTRACTS

if TYPE_CHECKING:
    from chassis.db import Tx

_READ = "contracts:read"
_table = CONTRACTS.c


def _plan_to_json(instalments: tuple[Instalment, ...]) -> list[dict[str, Any]]:
    return [
        {
            "sequence": item.sequence,
            "name": item.name,
            "due_on": item.due_on.isoformat(),
            "percent": item.percent,
            "amount": item.amount.amount,
            "currency": item.amount.currency,
        }
        for item in instalments
    ]


def _plan_from_json(stored: list[dict[str, Any]]) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(
            sequence=item["sequence"],
            name=item["name"],
            due_on=date.fromisoformat(item["due_on"]),
            percent=None if item["percent"] is None else Decimal(item["percent"]),
            amount=Money(Decimal(item["amount"]), item["currency"]),
        )
        for item in stored
    )


class _Contracts(Records[Contract]):
    def values(self, record: Contract) -> dict[str, Any]:
        found = grams(record.title, record.number)
        return {**super().values(record), "grams": found}


RECORDS = _Contracts(
    CONTRACTS,
    Contract,
    what="contract",
    money=("total",),
    codecs={
        "signatories": (
            lambda signatories: [asdict(item) for item in signatories],
            lambda stored: tuple(Signatory(**item) for item in stored),
        ),
        "instalments": (_plan_to_json, _plan_from_json),
    },
)

_LISTING = Listing(
    SPEC,
    columns={
        **{name: _table[name] for name in SPEC.fields if name in _table},
        "total": _table.total_amount,
    },
    id_column=_table.id,
    search=lambda wanted: matches(_table.grams, wanted, _table.title, _table.number),
)


def new_number(tx: "Tx") -> str:
    """Return the next number of a contract."""
    return next_number(tx, "HT", "contract_numbers")


def read(tx: "Tx", contract_id: str) -> Contract:
    """Return one contract that the actor may see."""
    return RECORDS.read(tx, contract_id, tx.visible(_READ, _table.owner_id))


def lock(tx: "Tx", contract_id: str, permission: str) -> Contract:
    """Return one contract, locked, that the actor may see and touch."""
    return reach.lock(tx, RECORDS, contract_id, _READ, permission)


def page(tx: "Tx", query: Mapping[str, Any]) -> Page:
    """Return one page of what the actor may see."""
    statement = select(CONTRACTS).where(tx.visible(_READ, _table.owner_id))
    return _LISTING.page(tx, statement, query, RECORDS.build)
