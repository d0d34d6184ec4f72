"""Follow-ups in the database."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select

from chassis.listing import Listing, Page
from chassis.records import Records
from schemas.customers import lists
from services.customers.domain.activities import Activity
from services.customers.persistence.tables import activities, customers

if TYPE_CHECKING:
    from chassis.db import Tx

_C = activities.c

RECORDS = Records(activities, Activity, what="activity")

LISTING = Listing(
    lists.ACTIVITIES, columns={name: _C[name] for name in lists.ACTIVITIES.fields}, id_column=_C.id
)


def shown(tx: "Tx") -> ColumnElement[bool]:
    """Return the condition that a follow-up exists for the actor.

    Whoever recorded it sees it, and whoever has the customer now: nothing is hidden from a
    successor (C8, C9). The signed context opens one more subject, as its owner has allowed.
    """
    theirs = select(customers.c.id).where(
        customers.c.id == _C.customer_id, tx.visible("activities:read", customers.c.owner_id)
    )
    allowed = [tx.visible("activities:read", _C.owner_id), theirs.correlate(activities).exists()]
    subject_type, _, subject_id = tx.actor.subject.partition("/")
    if subject_id:
        allowed.append(and_(_C.subject_type == subject_type, _C.subject_id == subject_id))
    return or_(*allowed)


def page_activities(tx: "Tx", query: Mapping[str, Any]) -> Page:
    return LISTING.page(tx, select(activities).where(shown(tx)), query, RECORDS.build)


def read_activity(tx: "Tx", activity_id: str) -> Activity:
    return RECORDS.read(tx, activity_id, shown(tx))
