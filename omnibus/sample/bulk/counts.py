"""How much there is in bulk data."""

from dataclasses import dataclass

from omnibus.problem import Problem

INSTALMENTS = 3
"""Receivables of one contract."""


@dataclass(frozen=True)
class Counts:
    """How many records of each kind; receivables come from a third as many contracts.

    Attributes:
        leads: Half as many as there are customers became customers, if there are so many.
    """

    customers: int
    contacts: int
    deals: int
    activities: int
    receivables: int
    leads: int

    def __post_init__(self) -> None:
        """Refuse what does not go together.

        Raises:
            Problem: More contracts than deals that they come from.
        """
        if self.customers < 1 or self.contracts > self.deals:
            raise Problem("Bulk data needs a customer, and a deal for every three receivables.")

    @property
    def contracts(self) -> int:
        """Return how many approved contracts there are."""
        return self.receivables // INSTALMENTS

    @property
    def converted(self) -> int:
        """Return how many leads became customers: lead n became customer n."""
        return min(self.leads, self.customers // 2)


SIZES = {
    "small": Counts(1_000, 3_000, 3_000, 5_000, 3_000, 1_000),
    "medium": Counts(5_000, 15_000, 15_000, 25_000, 15_000, 5_000),
    "full": Counts(20_000, 60_000, 60_000, 100_000, 60_000, 20_000),
}
