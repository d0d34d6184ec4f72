"""Follow-ups on customers, contacts, and subjects of other services (X1)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import schemas.customers as schemas
from chassis.entrypoints import command, query
from chassis.errors import Forbidden, Invalid
from chassis.ids import new_id
from chassis.validation import ById, ListQuery
from services.customers.domain import activities as domain
from services.customers.domain.activities import Activity
from services.customers.domain.customers import Customer, note_contact
from services.customers.persistence import activities, contacts, customers

if TYPE_CHECKING:
    from chassis.db import Tx

_ALLOW = "activities:create"


def _customer_of_contact(tx: "Tx", contact_id: str, customer_id: str | None) -> str:
    """Return on which customer's timeline a follow-up on a contact is.

    Raises:
        NotFound: `not_found`.
        Invalid: `required` if it has several customers and none is named, `unknown_customer`.
    """
    known = contacts.read_contact(tx, contact_id).customer_ids
    if customer_id is None:
        if len(known) > 1:
            raise Invalid.field("#/customer_id", "required")
        return known[0]
    if customer_id not in known:
        raise Invalid.field("#/customer_id", "unknown_customer")
    return customer_id


def _lock_subject(
    tx: "Tx", subject_type: str, subject_id: str, customer_id: str | None
) -> tuple[str | None, Customer | None]:
    """Return the customer of a subject, locked, once it is sure that the actor may write there.

    A subject of another service stands in the signed context, because its owner let the actor
    touch it; nothing about it is decided here.

    Raises:
        NotFound: `not_found`.
        Forbidden: `not_permitted`, `subject_not_authorized`.
        Invalid: As `_customer_of_contact`; `unknown_customer` for one that is not the subject's.
    """
    if subject_type == "contact":
        customer_id = _customer_of_contact(tx, subject_id, customer_id)
        return customer_id, customers.lock_customer(tx, customer_id, _ALLOW)
    customer: Customer | None
    if subject_type == "customer":
        found, customer = subject_id, customers.lock_customer(tx, subject_id, _ALLOW)
    elif tx.actor.subject == f"{subject_type}/{subject_id}":
        found = tx.actor.subject_customer_id
        customer = customers.lock_confirmed(tx, found) if found else None
    else:
        raise Forbidden("subject_not_authorized", subject=f"{subject_type}/{subject_id}")
    if customer_id not in (None, found):
        raise Invalid.field("#/customer_id", "unknown_customer")
    return found or None, customer


class Activities:
    """What was said and done, with whom, and when to come back."""

    @command(request=schemas.RecordFollowUp, reply=schemas.Activity, allow=_ALLOW)
    def record_follow_up(
        self,
        tx: "Tx",
        kind: str,
        subject_type: str,
        subject_id: str,
        body: str,
        occurred_at: datetime | None = None,
        next_contact_at: datetime | None = None,
        contact_id: str | None = None,
        customer_id: str | None = None,
    ) -> Activity:
        """Record a follow-up and keep the customer's last and next contact.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`, `subject_not_authorized` if the context does not name it.
            Invalid: `in_the_future`, `before_occurred_at`, `unknown_contact`,
                `unknown_customer`, `required`.
        """
        customer_id, customer = _lock_subject(tx, subject_type, subject_id, customer_id)
        if subject_type == "contact":
            contact_id = contact_id or subject_id
        if contact_id and not (customer_id and contacts.belongs_to(tx, contact_id, customer_id)):
            raise Invalid.field("#/contact_id", "unknown_contact")
        activity, recorded = domain.record(
            Activity(
                id=new_id(),
                created_at=tx.now,
                created_by=tx.actor.id,
                updated_at=tx.now,
                updated_by=tx.actor.id,
                kind=kind,
                subject_type=subject_type,
                subject_id=subject_id,
                customer_id=customer_id,
                contact_id=contact_id,
                body=body,
                occurred_at=occurred_at or tx.now,
                next_contact_at=next_contact_at,
                owner_id=tx.actor.id,
            ),
            tx.now,
        )
        activities.RECORDS.add(tx, activity)
        tx.publish(recorded)
        if customer is not None:
            self._keep_contact_times(tx, customer, activity)
        return activity

    @staticmethod
    def _keep_contact_times(tx: "Tx", customer: Customer, activity: Activity) -> None:
        after, updated = note_contact(
            customer,
            occurred_at=activity.occurred_at,
            next_contact_at=activity.next_contact_at,
            by=tx.actor.id,
            now=tx.now,
        )
        if updated is not None:
            customers.save_customer(tx, after, customer)
            tx.publish(updated)

    @query(request=ById, reply=schemas.Activity, allow="activities:read")
    def get_activity(self, tx: "Tx", id: str) -> Activity:
        """Return one follow-up. Raises NotFound `not_found`."""
        return activities.read_activity(tx, id)

    @query(request=ListQuery, reply=None, allow="activities:read")
    def list_activities(self, tx: "Tx", **asked: Any) -> dict[str, Any]:
        """Return a page of follow-ups that the actor recorded or whose customer it may see."""
        page = activities.page_activities(tx, asked)
        return page.dump(schemas.Activity(many=True).dump(page.items))
