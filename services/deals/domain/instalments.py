"""The instalment plan of a contract: shares or fixed amounts that make up its total."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chassis.errors import Invalid
from chassis.money import Money, total

MAX_INSTALMENTS = 60
"""Five years of monthly payments."""
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Term:
    """One line of a plan as it is asked for: a share of the total or a fixed amount.

    Attributes:
        sequence: Place in the plan from 1; None is the place in the list.
        percent: Share of the total, such as 30 or 33.3333.
    """

    name: str
    due_on: date
    percent: Decimal | None = None
    amount: Money | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class Instalment:
    """One payment of a contract, with its computed amount.

    Attributes:
        sequence: 1 is the first; never changes once the contract is approved.
        percent: None in a plan of fixed amounts.
    """

    sequence: int
    name: str
    due_on: date
    percent: Decimal | None
    amount: Money


def plan(contract_total: Money, terms: Sequence[Term]) -> tuple[Instalment, ...]:
    """Return the instalments of a total; they sum to it to the smallest unit.

    Shares are rounded half-up, what rounding leaves goes to the last.

    Raises:
        Invalid: `too_many`; `sequence_malformed`; `instalment_kinds_mixed`;
            `percentages_not_hundred`; `instalments_not_total`; `currency_mismatch`;
            `instalment_without_amount` if a share is less than the smallest unit.

    Source: D17, F2.
    """
    if not terms:
        return ()
    if len(terms) > MAX_INSTALMENTS:
        raise Invalid.field("#/instalments", "too_many", maximum=MAX_INSTALMENTS)
    ordered = _in_sequence(terms)
    amounts = _amounts(contract_total, ordered)
    for index, amount in enumerate(amounts):
        if amount.amount <= 0:
            raise Invalid.field(f"#/instalments/{index}", "instalment_without_amount")
    return tuple(
        Instalment(number, term.name, term.due_on, term.percent, amount)
        for number, (term, amount) in enumerate(zip(ordered, amounts, strict=True), start=1)
    )


def as_terms(instalments: Sequence[Instalment]) -> tuple[Term, ...]:
    """Return the plan that was asked for, so that it can be computed for another total."""
    return tuple(
        Term(
            name=item.name,
            due_on=item.due_on,
            percent=item.percent,
            amount=item.amount if item.percent is None else None,
            sequence=item.sequence,
        )
        for item in instalments
    )


def _in_sequence(terms: Sequence[Term]) -> list[Term]:
    numbers = [term.sequence for term in terms]
    if all(number is None for number in numbers):
        return list(terms)
    given = [number for number in numbers if number is not None]
    if sorted(given) != list(range(1, len(terms) + 1)):
        raise Invalid.field("#/instalments", "sequence_malformed", expected=f"1..{len(terms)}")
    return sorted(terms, key=lambda term: term.sequence or 0)


def _amounts(contract_total: Money, terms: Sequence[Term]) -> list[Money]:
    shares = [term.percent for term in terms if term.percent is not None]
    fixed = [term.amount for term in terms if term.amount is not None]
    if len(shares) == len(terms) and not fixed:
        summed = sum(shares, Decimal(0))
        if summed != _HUNDRED:
            raise Invalid.field("#/instalments", "percentages_not_hundred", sum=f"{summed:f}")
        return contract_total.split(shares)
    if len(fixed) != len(terms) or shares:
        raise Invalid.field("#/instalments", "instalment_kinds_mixed")
    for index, amount in enumerate(fixed):
        if amount.currency != contract_total.currency:
            raise Invalid.field(
                f"#/instalments/{index}/amount",
                "currency_mismatch",
                expected=contract_total.currency,
            )
    summed_amount = total(fixed, contract_total.currency)
    if summed_amount != contract_total:
        raise Invalid.field(
            "#/instalments",
            "instalments_not_total",
            sum=summed_amount.text(),
            total=contract_total.text(),
        )
    return fixed
