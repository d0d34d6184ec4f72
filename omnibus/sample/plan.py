"""What the sample data will consist of, before anything is made: plain facts, no ids yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Facts = Mapping[str, Any]
"""The body of a request, as the API takes it."""


@dataclass(frozen=True)
class Lead:
    """A lead that comes in one by one.

    Attributes:
        author: Who sends it in.
        owner: Who claims it from the pool; None leaves it there.
    """

    author: str
    facts: Facts
    owner: str | None = None
    follow_ups: tuple[Facts, ...] = ()


@dataclass(frozen=True)
class Payment:
    """One receipt.

    Attributes:
        shares: Instalment → part of it that is paid, up to 1.
        excess: More money than the instalments take, as a part of what is paid.
        refund: Asked for afterwards, of the excess.
        refund_end: `approve`, `reject`, or None while it waits.
    """

    received_on: date
    method: str
    shares: Mapping[int, float]
    reference: str | None
    excess: float = 0.0
    refund: Facts | None = None
    refund_end: str | None = "approve"


@dataclass(frozen=True)
class Contract:
    """A contract; `end` is draft, in_approval, rejected or approved."""

    facts: Facts
    end: str
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True)
class Deal:
    """An opportunity and what becomes of it.

    Attributes:
        stage: How far it comes; None stays in the first stage.
        end: `win` or `lose` with its facts; None is still open.
    """

    facts: Facts
    stage: str | None = None
    end: tuple[str, Facts] | None = None
    contract: Contract | None = None
    follow_ups: tuple[Facts, ...] = ()


@dataclass(frozen=True)
class Contact:
    """Somebody at a customer, and the part that they play in buying."""

    facts: Facts
    role: str


@dataclass(frozen=True)
class Customer:
    """A customer with everything that belongs to it.

    Attributes:
        lead: What it was before; then the first deal is the lead's.
    """

    owner: str
    approver: str
    facts: Facts
    contacts: tuple[Contact, ...] = ()
    follow_ups: tuple[Facts, ...] = ()
    deals: tuple[Deal, ...] = ()
    lead: Lead | None = None


@dataclass(frozen=True)
class Plan:
    """Everything; the first customer has something in every section of its 360 view.

    Attributes:
        file: A table of leads to import, with headings.
    """

    customers: tuple[Customer, ...]
    leads: tuple[Lead, ...]
    file: tuple[tuple[str, ...], ...]

    def steps(self) -> int:
        """Return how many records there are to make, for the progress bar."""
        leads = [*self.leads, *(c.lead for c in self.customers if c.lead)]
        return (
            sum(1 + bool(lead.owner) + len(lead.follow_ups) for lead in leads)
            + sum(1 + len(c.contacts) + len(c.follow_ups) for c in self.customers)
            + sum(1 + len(deal.follow_ups) for _, deal in self.deals())
            + sum(1 + len(deal.contract.payments) for _, deal in self.deals() if deal.contract)
            + 1  # The file.
        )

    def deals(self) -> Iterator[tuple[Customer, Deal]]:
        """Yield every deal with its customer."""
        for customer in self.customers:
            for deal in customer.deals:
                yield customer, deal
