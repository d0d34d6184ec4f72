"""Contacts: people at customers, their part in buying, whom they report to (C5)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import schemas.customers as schemas
from chassis.entrypoints import command, query
from chassis.errors import Forbidden, Invalid
from chassis.ids import new_id
from chassis.phones import e164
from chassis.validation import ById, ListQuery
from services.customers.domain import contacts as domain
from services.customers.domain.contacts import Contact, Membership
from services.customers.persistence import contacts, customers

if TYPE_CHECKING:
    from chassis.db import Tx


def _normal(facts: dict[str, Any]) -> dict[str, Any]:
    kept = dict(facts)
    if "phone" in kept:
        kept["phone_e164"] = e164(kept["phone"] or "")
    return kept


def _lock_customers(tx: "Tx", given: Sequence[Membership], permission: str) -> None:
    """Lock the customers that a request names, before any contact.

    Raises:
        Invalid: `unknown_customer` for one that the actor may not see.
        Forbidden: `not_permitted`.
    """
    found = {
        customer.id
        for customer in customers.lock_customers(tx, [place.customer_id for place in given])
    }
    errors = [
        {"pointer": f"#/customers/{index}/customer_id", "code": "unknown_customer", "meta": {}}
        for index, place in enumerate(given)
        if place.customer_id not in found
    ]
    if errors:
        raise Invalid.fields(errors)
    for customer_id in sorted(found):
        customers.check_permitted(tx, customer_id, permission)


def _check_line(tx: "Tx", contact: Contact) -> None:
    boss = contacts.find_contact(tx, contact.reports_to_id) if contact.reports_to_id else None
    domain.check_line(contact, boss, contacts.find_above(tx, boss.id) if boss else [])


def _step_down(tx: "Tx", contact: Contact) -> None:
    """Take primacy from whoever has it at the customers where this contact is primary now."""
    primary_at = [place.customer_id for place in contact.customers if place.is_primary]
    if not primary_at:
        return
    for other in contacts.lock_primaries(tx, primary_at, but=contact.id):
        after, updated = domain.step_down(other, primary_at, by=tx.actor.id, now=tx.now)
        if updated is not None:
            contacts.save_contact(tx, after, other)
            tx.publish(updated)


class Contacts:
    """Who is to be talked to, at which customers."""

    @command(request=schemas.CreateContact, reply=schemas.Contact, allow="contacts:create")
    def create_contact(self, tx: "Tx", customers: list[dict[str, Any]], **facts: Any) -> Contact:
        """Add a contact to customers; a new primary contact takes the place of the one before.

        Raises:
            Invalid: `required`, `repeated`, `unknown_customer`, `unknown_contact`.
            Forbidden: `not_permitted`.
            Refused: `reports_to_other_customer`.
        """
        given = [Membership(**place) for place in customers]
        contact = Contact(
            id=new_id(),
            created_at=tx.now,
            created_by=tx.actor.id,
            updated_at=tx.now,
            updated_by=tx.actor.id,
            customers=domain.members(given),
            **_normal(facts),
        )
        _lock_customers(tx, given, "contacts:create")
        _check_line(tx, contact)
        _step_down(tx, contact)
        contacts.add_contact(tx, contact)
        tx.publish(domain.ContactCreated(contact))
        return contact

    @command(request=schemas.UpdateContact, reply=schemas.Contact, allow="contacts:update")
    def update_contact(
        self,
        tx: "Tx",
        id: str,
        expected_version: int | None = None,
        customers: list[dict[str, Any]] | None = None,
        **changes: Any,
    ) -> Contact:
        """Change a contact; its places at customers that the actor may not see stay.

        Locks customers first, then contacts, then nobody waits in a circle.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Invalid: `required`, `repeated`, `unknown_customer`, `unknown_contact`.
            Refused: `reporting_cycle`, `reports_to_other_customer`.
        """
        kept = _normal(changes)
        given = [Membership(**place) for place in customers or []]
        if customers is not None:
            _lock_customers(tx, given, "contacts:update")
        if "reports_to_id" in kept or customers is not None:
            contacts.lock_reporting_lines(tx)
        before = contacts.lock_contact(tx, id).expect(expected_version)
        if not contacts.is_within(tx, id, "contacts:update"):
            raise Forbidden("not_permitted", permission="contacts:update")
        if customers is not None:
            hidden = contacts.find_hidden_customers(tx, id)
            kept["customers"] = domain.members(
                given, [place for place in before.customers if place.customer_id in hidden]
            )
        after, updated = domain.revise(before, kept, by=tx.actor.id, now=tx.now)
        if updated is not None:
            if "reports_to_id" in kept or "customers" in kept:
                _check_line(tx, after)
            if "customers" in kept:
                _step_down(tx, after)
            contacts.save_contact(tx, after, before)
            tx.publish(updated)
        return contacts.read_contact(tx, id)

    @query(request=ById, reply=schemas.Contact, allow="contacts:read")
    def get_contact(self, tx: "Tx", id: str) -> Contact:
        """Return one contact with those of its customers that the actor may see."""
        return contacts.read_contact(tx, id)

    @query(request=ListQuery, reply=None, allow="contacts:read")
    def list_contacts(self, tx: "Tx", **asked: Any) -> dict[str, Any]:
        """Return a page of the contacts at customers within the actor's reach."""
        page = contacts.page_contacts(tx, asked)
        return page.dump(schemas.Contact(many=True).dump(page.items))
