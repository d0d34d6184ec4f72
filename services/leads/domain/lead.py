"""The lead: somebody who may become a customer, its source, and who holds it."""

from dataclasses import dataclass
from datetime import datetime

from chassis.aggregate import Aggregate
from chassis.errors import Refused
from chassis.money import Money

NEW, WORKING, CONVERTING, CONVERTED, CLOSED = (
    "new",
    "working",
    "converting",
    "converted",
    "closed",
)

OPEN = (NEW, WORKING, CONVERTING)
"""States in which a lead counts toward its owner's capacity."""


@dataclass(frozen=True, kw_only=True)
class Lead(Aggregate):
    """One lead.

    Exactly one of `owner_id` and `pool_id` is set: a lead is held by one person or lies in one
    public pool. The `source_*` fields and the external id never change after creation.

    Attributes:
        kind: `organisation` or `person`: what the lead becomes when it is converted.
        name: The person's name; company: the organisation's. At least one is set.
        phone: As it was typed; phone_e164: the same in comparable form.
        source_channel: How the lead came; campaign and referrer say it more closely.
        source_system: The sender's system; external_id: its own reference there.
        budget: What the lead means to spend, never negative.
        former_pool_id: The pool it was claimed from; its members may know that it is taken.
        conversion_id: The conversion that runs or has completed.
    """

    kind: str
    name: str | None = None
    company: str | None = None
    job_title: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    email: str | None = None
    chat_id: str | None = None
    region: str | None = None
    industry: str | None = None
    source_channel: str
    source_campaign: str | None = None
    source_referrer: str | None = None
    source_system: str | None = None
    external_id: str | None = None
    product_interest: str | None = None
    budget: Money | None = None
    intent: str | None = None
    level: str | None = None
    notes: str | None = None
    status: str = NEW
    owner_id: str | None = None
    pool_id: str | None = None
    former_pool_id: str | None = None
    claimed_at: datetime | None = None
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None
    converted_at: datetime | None = None
    conversion_id: str | None = None
    customer_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None

    @property
    def title(self) -> str:
        """Return what the lead is called in a list: the company, else the person."""
        return self.company or self.name or ""

    def expect_open(self) -> None:
        """Refuse a lead that has come to its end.

        Raises:
            Refused: `lead_closed` with `status`.
        """
        if self.status in (CONVERTED, CLOSED):
            raise Refused("lead_closed", status=self.status)

    def expect_no_conversion(self) -> None:
        """Refuse a lead whose conversion is under way.

        Raises:
            Refused: `lead_in_conversion` with `conversion_id`.
        """
        if self.status == CONVERTING:
            raise Refused("lead_in_conversion", conversion_id=self.conversion_id)


@dataclass(frozen=True)
class LeadCreated:
    """A lead came in."""

    before: None
    after: Lead


@dataclass(frozen=True)
class LeadUpdated:
    """What is known about a lead changed."""

    before: Lead
    after: Lead


@dataclass(frozen=True)
class LeadClaimed:
    """A person took a lead from a pool."""

    before: Lead
    after: Lead


@dataclass(frozen=True)
class LeadContacted:
    """A follow-up moved a lead's last or next contact."""

    before: Lead
    after: Lead


@dataclass(frozen=True)
class LeadConversionStarted:
    """A lead is being made into a customer."""

    before: Lead
    after: Lead


@dataclass(frozen=True)
class LeadConverted:
    """A lead has become a customer."""

    before: Lead
    after: Lead


@dataclass(frozen=True)
class LeadConversionUndone:
    """A conversion was refused on its way and everything it made was taken back."""

    before: Lead
    after: Lead
