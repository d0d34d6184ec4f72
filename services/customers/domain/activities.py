"""Follow-ups: what was said and done, on any subject, and when the next contact is due (X1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.aggregate import Aggregate
from chassis.errors import Invalid

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours the clock of a phone may run."""


@dataclass(frozen=True, kw_only=True)
class Activity(Aggregate):
    """One follow-up.

    Attributes:
        subject_type: customer, contact, lead or opportunity.
        customer_id: Whose timeline it is on; None for a lead that is no customer yet.
        occurred_at: When it happened; `created_at` says when it was recorded.
    """

    kind: str
    subject_type: str
    subject_id: str
    customer_id: str | None
    contact_id: str | None
    body: str
    occurred_at: datetime
    next_contact_at: datetime | None
    owner_id: str

    @property
    def lead_id(self) -> str | None:
        """Return the lead that it is about, if it is about one."""
        return self.subject_id if self.subject_type == "lead" else None


@dataclass(frozen=True)
class FollowUpRecorded:
    """A follow-up was recorded."""

    after: Activity
    before: None = None


def record(activity: Activity, now: datetime) -> tuple[Activity, FollowUpRecorded]:
    """Return a follow-up and its event.

    Raises:
        Invalid: `in_the_future` (more than five minutes ahead), `before_occurred_at`.
    """
    if activity.occurred_at > now + CLOCK_SKEW:
        raise Invalid.field("#/occurred_at", "in_the_future")
    if activity.next_contact_at is not None and activity.next_contact_at <= activity.occurred_at:
        raise Invalid.field("#/next_contact_at", "before_occurred_at")
    return activity, FollowUpRecorded(activity)
