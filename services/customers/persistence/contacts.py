"""Contacts and their memberships at customers, in the database."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    false,
    func,
    insert,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.engine import Row
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine, UserDefinedType

from chassis.errors import NotFound
from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.records import Records
from schemas.customers import lists
from services.customers.domain.contacts import Contact, Membership
from services.customers.persistence.tables import contact_customers, contacts, customers

if TYPE_CHECKING:
    from chassis.db import Tx

_C = contacts.c
_L = contact_customers.c
_MEMBERSHIP = [field.name for field in fields(Membership)]
_REPORTING_LINES = 0x7265706F7274
"""Advisory lock: lines change one at a time, or two of them could close a circle."""


class _ContactRecords(Records[Contact]):
    """Contacts without and with their memberships, which live in a table of their own."""

    def __init__(self) -> None:
        super().__init__(contacts, Contact, what="contact")
        self._fields.remove("customers")

    def values(self, record: Contact) -> dict[str, Any]:
        return {
            **super().values(record),
            "grams": grams(record.name, record.phone, record.phone_e164, record.email),
        }

    def build(self, row: Row[Any]) -> Contact:
        contact = super().build(row)
        memberships = row._mapping.get("memberships") or []
        return replace(contact, customers=tuple(Membership(**item) for item in memberships))


RECORDS = _ContactRecords()


class _AtCustomer(TypeEngine.Comparator[str]):
    """Turns equality and membership into a look at the memberships."""

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        if op is operators.is_:  # No contact is without a customer.
            return false()
        if op is operators.is_not:
            return true()
        return _C.id.in_(select(_L.contact_id).where(op(_L.customer_id, *other)))


class _MemberOf(UserDefinedType[str]):
    """A contact's id, compared as the customers that it belongs to: the filter `customer_id`."""

    cache_ok = True
    comparator_factory = _AtCustomer


LISTING = Listing(
    lists.CONTACTS,
    columns={
        name: type_coerce(_C.id, _MemberOf()) if name == "customer_id" else _C[name]
        for name in lists.CONTACTS.fields
    },
    id_column=_C.id,
    search=lambda wanted: matches(
        _C.grams, wanted, _C.name, func.coalesce(_C.phone, ""),
        func.coalesce(_C.phone_e164, ""), func.coalesce(_C.email, ""),
    ),
)  # fmt: skip


def shown_membership(tx: "Tx", permission: str = "contacts:read") -> ColumnElement[bool]:
    """Return the condition that a membership is at a customer of the actor's reach."""
    at = select(customers.c.id).where(
        customers.c.id == _L.customer_id,
        customers.c.provisional_for.is_(None),
        tx.visible(permission, customers.c.owner_id),
    )
    return at.correlate(contact_customers).exists()


def shown(tx: "Tx", permission: str = "contacts:read") -> ColumnElement[bool]:
    """Return the condition that a contact exists for the actor: through one of its customers."""
    through = select(_L.contact_id).where(_L.contact_id == _C.id, shown_membership(tx, permission))
    return and_(_C.provisional_for.is_(None), through.correlate(contacts).exists())


def select_contacts(*where: ColumnElement[bool]) -> Select[Any]:
    """Return a select of contacts with those of their memberships that meet a condition."""
    members = func.jsonb_agg(
        aggregate_order_by(
            func.jsonb_build_object(*(part for name in _MEMBERSHIP for part in (name, _L[name]))),
            _L.position,
        ),
        type_=JSONB,
    )
    mine = select(members).where(_L.contact_id == _C.id, *where).correlate(contacts)
    return select(contacts, mine.scalar_subquery().label("memberships"))


def read_contact(tx: "Tx", contact_id: str) -> Contact:
    """Return a contact as the actor may see it: without customers out of its reach."""
    statement = select_contacts(shown_membership(tx)).where(_C.id == contact_id, shown(tx))
    row = tx.row(statement)
    if row is None:
        raise NotFound("not_found", resource="contact", id=contact_id)
    return RECORDS.build(row)


def find_contact(tx: "Tx", contact_id: str) -> Contact | None:
    """Return a visible contact with all its customers, or None."""
    row = tx.row(select_contacts().where(_C.id == contact_id, shown(tx)))
    return RECORDS.build(row) if row else None


def find_contacts_of(tx: "Tx", customer_id: str) -> list[Contact]:
    """Return all contacts of a customer, with all their customers."""
    here = select(_L.contact_id).where(_L.customer_id == customer_id)
    return RECORDS.find(tx, select_contacts().where(_C.id.in_(here), _C.provisional_for.is_(None)))


def page_contacts(tx: "Tx", query: Mapping[str, Any]) -> Page:
    statement = select_contacts(shown_membership(tx)).where(shown(tx))
    return LISTING.page(tx, statement, query, RECORDS.build)


def lock_contact(tx: "Tx", contact_id: str) -> Contact:
    """Return a visible contact, locked, with all its customers.

    The memberships are read after the lock: a statement that waited for the lock would still see
    those from before.
    """
    contact = RECORDS.lock(tx, contact_id, shown(tx))
    return replace(contact, customers=_memberships(tx, contact_id))


def lock_confirmed(tx: "Tx", contact_id: str) -> Contact | None:
    """Return a contact whoever may see it, locked, with all its customers."""
    statement = select(contacts).where(_C.id == contact_id, _C.provisional_for.is_(None))
    row = tx.row(statement.with_for_update())
    if row is None:
        return None
    return replace(RECORDS.build(row), customers=_memberships(tx, contact_id))


def _memberships(tx: "Tx", contact_id: str) -> tuple[Membership, ...]:
    statement = select(*(_L[name] for name in _MEMBERSHIP)).where(_L.contact_id == contact_id)
    rows = tx.rows(statement.order_by(_L.position))
    return tuple(Membership(**row._mapping) for row in rows)


def is_within(tx: "Tx", contact_id: str, permission: str) -> bool:
    """Return whether a permission reaches one of a contact's customers."""
    return tx.row(select(_C.id).where(_C.id == contact_id, shown(tx, permission))) is not None


def find_hidden_customers(tx: "Tx", contact_id: str) -> set[str]:
    """Return the customers of a contact that the actor may not see."""
    statement = select(_L.customer_id).where(_L.contact_id == contact_id, ~shown_membership(tx))
    return {row.customer_id for row in tx.rows(statement)}


def lock_primaries(tx: "Tx", customer_ids: Collection[str], but: str) -> list[Contact]:
    """Return the primary contacts of customers, locked; the customers are locked already.

    Args:
        but: Id of a contact that is left out.
    """
    primary = select(_L.contact_id).where(
        _L.customer_id.in_(list(customer_ids)), _L.is_primary, _L.contact_id != but
    )
    ids = sorted({row.contact_id for row in tx.rows(primary)})
    found = (lock_confirmed(tx, contact_id) for contact_id in ids)
    return [contact for contact in found if contact is not None]


def has_primary(tx: "Tx", customer_id: str) -> bool:
    statement = select(_L.contact_id).where(_L.customer_id == customer_id, _L.is_primary)
    return tx.row(statement) is not None


def lock_reporting_lines(tx: "Tx") -> None:
    """Hold the reporting lines of all contacts until the transaction ends."""
    tx.execute(select(func.pg_advisory_xact_lock(_REPORTING_LINES)))


def find_above(tx: "Tx", contact_id: str) -> list[str]:
    """Return the ids of everybody a contact reports to, the next one first."""
    statement = text(
        "with recursive line (id, up, depth) as ("
        " select id, reports_to_id, 0 from contacts where id = :id"
        " union all"
        " select c.id, c.reports_to_id, depth + 1 from contacts c join line on c.id = line.up"
        " where depth < 1000) "
        "select cast(id as text) as id from line where depth > 0 order by depth"
    )
    return [row.id for row in tx.rows(statement, id=contact_id)]


def add_contact(tx: "Tx", contact: Contact) -> None:
    RECORDS.add(tx, contact)
    _write_memberships(tx, contact)


def save_contact(tx: "Tx", contact: Contact, before: Contact) -> None:
    RECORDS.save(tx, contact)
    if contact.customers != before.customers:
        tx.execute(delete(contact_customers).where(_L.contact_id == contact.id))
        _write_memberships(tx, contact)


def _write_memberships(tx: "Tx", contact: Contact) -> None:
    rows = [
        {"contact_id": contact.id, "position": place, **vars(membership)}
        for place, membership in enumerate(contact.customers)
    ]
    if rows:
        tx.execute(insert(contact_customers), rows)


def reveal_contact(tx: "Tx", conversion_id: str, *, is_primary: bool) -> Contact | None:
    """Make a conversion's contact visible, as primary or not; None if it made none.

    It is never primary before: a contact that nobody sees must not stand in another's way.
    """
    made = tx.value(
        update(contacts)
        .where(_C.provisional_for == conversion_id)
        .values(provisional_for=None, updated_at=tx.now)
        .returning(_C.id)
    )
    if made is None:
        return None
    tx.execute(update(contact_customers).where(_L.contact_id == made).values(is_primary=is_primary))
    return lock_confirmed(tx, made)


def remove_provisional_contact(tx: "Tx", conversion_id: str) -> None:
    tx.execute(delete(contacts).where(_C.provisional_for == conversion_id))


def belongs_to(tx: "Tx", contact_id: str, customer_id: str) -> bool:
    """Return whether a contact is one of a customer's."""
    statement = select(_C.id).where(
        _C.id == contact_id,
        _C.provisional_for.is_(None),
        _C.id.in_(select(_L.contact_id).where(_L.customer_id == customer_id)),
    )
    return tx.row(statement) is not None
