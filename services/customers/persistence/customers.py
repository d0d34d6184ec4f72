"""Customers in the database: mapping, locks, lists and the search for a match."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, or_, select, text, update

from chassis.directory import is_active
from chassis.errors import Forbidden, Invalid
from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.numbers import next_number
from chassis.records import Records
from schemas.customers import lists
from services.customers.domain.customers import Customer
from services.customers.domain.identity import Prospect, email_key, name_key
from services.customers.persistence.tables import CUSTOMER_NUMBERS, customers, external_ids

if TYPE_CHECKING:
    from chassis.db import Tx

_C = customers.c
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SOME_DAY = datetime(9999, 1, 1, tzinfo=UTC)
_MOST_CANDIDATES = 100


class _CustomerRecords(Records[Customer]):
    """Adds the derived columns to every write."""

    def values(self, record: Customer) -> dict[str, Any]:
        return {
            **super().values(record),
            "name_key": name_key(record.name),
            "email_key": email_key(record.email),
            "grams": grams(
                record.name, record.number, record.credit_code, record.phone, record.phone_e164
            ),
        }


RECORDS = _CustomerRecords(
    customers,
    Customer,
    what="customer",
    codecs={"hobbies": (list, tuple), "external_ids": (dict, dict)},
)

LISTING = Listing(
    lists.CUSTOMERS,
    columns={name: _C[name] for name in lists.CUSTOMERS.fields},
    sort_columns={
        "last_contact_at": func.coalesce(_C.last_contact_at, literal(_NEVER)),
        "next_contact_at": func.coalesce(_C.next_contact_at, literal(_SOME_DAY)),
    },
    id_column=_C.id,
    search=lambda wanted: matches(
        _C.grams, wanted, _C.name, _C.number, func.coalesce(_C.credit_code, ""),
        func.coalesce(_C.phone, ""), func.coalesce(_C.phone_e164, ""),
    ),
)  # fmt: skip


def shown(tx: "Tx", permission: str = "customers:read") -> ColumnElement[bool]:
    """Return the condition that a customer exists for the actor."""
    return and_(_C.provisional_for.is_(None), tx.visible(permission, _C.owner_id))


def read_customer(tx: "Tx", customer_id: str) -> Customer:
    """Return a customer that the actor may see."""
    return RECORDS.read(tx, customer_id, shown(tx))


def is_shown(tx: "Tx", customer_id: str) -> bool:
    """Return whether a customer exists for the actor."""
    return tx.row(select(_C.id).where(_C.id == customer_id, shown(tx))) is not None


def page_customers(tx: "Tx", query: Mapping[str, Any]) -> Page:
    return LISTING.page(tx, select(customers).where(shown(tx)), query, RECORDS.build)


def lock_customer(tx: "Tx", customer_id: str, permission: str) -> Customer:
    """Return a customer that the actor may see and do this to, locked."""
    customer = RECORDS.lock(tx, customer_id, shown(tx))
    check_permitted(tx, customer_id, permission)
    return customer


def check_permitted(tx: "Tx", customer_id: str, permission: str) -> None:
    """Refuse what the actor may not do to a customer that it may see."""
    if tx.level(permission) >= tx.level("customers:read"):
        return
    if tx.row(select(_C.id).where(_C.id == customer_id, shown(tx, permission))) is None:
        raise Forbidden("not_permitted", permission=permission)


def lock_confirmed(tx: "Tx", customer_id: str) -> Customer | None:
    """Return a customer whoever may see it, locked; for what an owner elsewhere has allowed."""
    statement = select(customers).where(_C.id == customer_id, _C.provisional_for.is_(None))
    row = tx.row(statement.with_for_update())
    return RECORDS.build(row) if row else None


def lock_customers(tx: "Tx", customer_ids: Iterable[str]) -> list[Customer]:
    """Return visible customers, locked in the order of their ids: nobody waits in a circle."""
    statement = (
        select(customers)
        .where(_C.id.in_(sorted(set(customer_ids))), shown(tx))
        .order_by(_C.id)
        .with_for_update(of=customers)
    )
    return RECORDS.find(tx, statement)


def check_new_owner(tx: "Tx", owner_id: str, permission: str) -> None:
    """Check that the actor may put a person in charge.

    Raises:
        Invalid: `unknown_person` if there is no such active person.
        Forbidden: `not_permitted` if the person is outside the actor's reach.
    """
    if owner_id == tx.actor.id:
        return
    if not is_active(tx, owner_id):
        raise Invalid.field("#/owner_id", "unknown_person")
    if not tx.value(select(tx.visible(permission, literal(owner_id)))):
        raise Forbidden("not_permitted", permission=permission)


def new_number(tx: "Tx") -> str:
    return next_number(tx, "KH", CUSTOMER_NUMBERS.name)


def add_customer(tx: "Tx", customer: Customer) -> None:
    RECORDS.add(tx, customer)
    _register_external_ids(tx, customer)


def save_customer(tx: "Tx", customer: Customer, before: Customer) -> None:
    RECORDS.save(tx, customer)
    if customer.external_ids != before.external_ids:
        tx.execute(delete(external_ids).where(external_ids.c.customer_id == customer.id))
        _register_external_ids(tx, customer)


def _register_external_ids(tx: "Tx", customer: Customer) -> None:
    rows = [
        {"system": system, "external_id": external_id, "customer_id": customer.id}
        for system, external_id in customer.external_ids.items()
    ]
    if rows:
        tx.execute(insert(external_ids), rows)


def lock_keys(tx: "Tx", keys: Iterable[str]) -> None:
    """Hold match keys until the transaction ends, so that one customer is made only once.

    Taken before any row lock, in one order for everybody.
    """
    numbers = sorted(
        int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), signed=True)
        for key in keys
    )
    if numbers:
        tx.execute(
            text("select pg_advisory_xact_lock(k) from unnest(cast(:keys as bigint[])) as k"),
            {"keys": numbers},
        )


def find_candidates(tx: "Tx", prospect: Prospect) -> list[Customer]:
    """Return customers that share a match key, provisional ones too."""
    same: list[ColumnElement[bool]] = [_C.name_key == name_key(prospect.name)]
    if prospect.credit_code:
        same.append(_C.credit_code == prospect.credit_code)
    if prospect.phone_e164:
        same.append(_C.phone_e164 == prospect.phone_e164)
    if prospect.email:
        same.append(_C.email_key == email_key(prospect.email))
    statement = select(customers).where(_C.kind == prospect.kind, or_(*same))
    return RECORDS.find(tx, statement.order_by(_C.id).limit(_MOST_CANDIDATES))


def is_credit_code_taken(tx: "Tx", credit_code: str) -> bool:
    return tx.row(select(_C.id).where(_C.credit_code == credit_code)) is not None


def reveal_customer(tx: "Tx", conversion_id: str) -> None:
    """Make a conversion's customer visible; it stays at version 1, as nobody saw it before."""
    tx.execute(
        update(customers)
        .where(_C.provisional_for == conversion_id)
        .values(provisional_for=None, updated_at=tx.now)
    )


def remove_provisional_customer(tx: "Tx", conversion_id: str) -> None:
    tx.execute(delete(customers).where(_C.provisional_for == conversion_id))
