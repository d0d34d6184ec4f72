"""People at customers: who they are, their part in buying, and whom they report to (C5)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Invalid, Refused


@dataclass(frozen=True, kw_only=True)
class Membership:
    """A contact's place at one customer.

    Attributes:
        role: Part in buying: decider, influencer, purchaser, user or gatekeeper.
        influence: high, medium or low.
        is_primary: Whether this is the customer's first address; one contact at most is.
    """

    customer_id: str
    role: str | None = None
    influence: str | None = None
    is_primary: bool = False


@dataclass(frozen=True, kw_only=True)
class Contact(Aggregate):
    """A person to talk to; may belong to several customers.

    Attributes:
        customers: In the order they were given; the first one's timeline carries its events.
        attitude: supportive, neutral or opposed.
        provisional_for: Conversion that made the record and has not ended; nobody sees it then.
    """

    name: str
    phone: str | None = None
    phone_e164: str | None = None
    email: str | None = None
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    attitude: str | None = None
    reports_to_id: str | None = None
    notes: str | None = None
    provisional_for: str | None = None
    customers: tuple[Membership, ...] = ()

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Return the customers it belongs to."""
        return tuple(membership.customer_id for membership in self.customers)

    @property
    def customer_id(self) -> str | None:
        """Return the customer whose timeline carries its events."""
        return self.customers[0].customer_id if self.customers else None


@dataclass(frozen=True)
class ContactCreated:
    """A contact entered the archive."""

    after: Contact
    before: None = None


@dataclass(frozen=True)
class ContactUpdated:
    """Fields or memberships of a contact changed."""

    before: Contact
    after: Contact


def members(
    given: Sequence[Membership], hidden: Sequence[Membership] = ()
) -> tuple[Membership, ...]:
    """Return the memberships that a request leaves a contact with.

    Args:
        hidden: Memberships at customers that the actor may not see; they are kept.

    Raises:
        Invalid: `required` if none is left, `repeated` if a customer is named twice.
    """
    seen: set[str] = {membership.customer_id for membership in hidden}
    for place, membership in enumerate(given):
        if membership.customer_id in seen:
            raise Invalid.field(f"#/customers/{place}/customer_id", "repeated")
        seen.add(membership.customer_id)
    if not seen:
        raise Invalid.field("#/customers", "required")
    return (*given, *hidden)


def revise(
    contact: Contact, changes: Mapping[str, Any], *, by: str, now: datetime
) -> tuple[Contact, ContactUpdated | None]:
    """Return the contact with fields changed; no event when nothing is different."""
    if all(getattr(contact, name) == value for name, value in changes.items()):
        return contact, None
    after = contact.changed(by=by, now=now, **changes)
    return after, ContactUpdated(contact, after)


def step_down(
    contact: Contact, customer_ids: Collection[str], *, by: str, now: datetime
) -> tuple[Contact, ContactUpdated | None]:
    """Return the contact without being primary at some customers, because another one is."""
    customers = tuple(
        replace(membership, is_primary=False)
        if membership.customer_id in customer_ids
        else membership
        for membership in contact.customers
    )
    return revise(contact, {"customers": customers}, by=by, now=now)


def check_line(contact: Contact, boss: Contact | None, above: Collection[str]) -> None:
    """Check that a contact may report to another.

    Args:
        boss: Whom `contact.reports_to_id` names; None if the actor sees no such contact.
        above: Ids of everybody the boss reports to, directly or not.

    Raises:
        Invalid: `unknown_contact`.
        Refused: `reporting_cycle`, or `reports_to_other_customer` if they share no customer.
    """
    if contact.reports_to_id is None:
        return
    if boss is None:
        raise Invalid.field("#/reports_to_id", "unknown_contact")
    if boss.id == contact.id or contact.id in above:
        raise Refused("reporting_cycle", reports_to_id=boss.id)
    if not set(contact.customer_ids) & set(boss.customer_ids):
        raise Refused("reports_to_other_customer", reports_to_id=boss.id)
