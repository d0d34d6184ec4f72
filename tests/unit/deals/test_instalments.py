"""F2, D17: the plan of a contract sums to its total."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.money import Money, decimals
from services.deals.domain.instalments import MAX_INSTALMENTS, Term, as_terms, plan
from tests.fixtures.deals import a_term, cny, halves


@st.composite
def shares_of_hundred(draw: st.DrawFn) -> list[Decimal]:
    count = draw(st.integers(1, MAX_INSTALMENTS))
    cuts = draw(
        st.lists(st.integers(1, 999_999), min_size=count - 1, max_size=count - 1, unique=True)
    )
    bounds = [0, *sorted(cuts), 1_000_000]
    return [Decimal(high - low) / 10_000 for low, high in pairwise(bounds)]


@st.composite
def totals(draw: st.DrawFn) -> Money:
    currency = draw(st.sampled_from(["CNY", "USD", "JPY"]))
    places = decimals(currency)
    return Money(draw(st.decimals(1, 9_999_999_999, places=places)), currency)


@given(totals(), shares_of_hundred())
def test_shares_of_hundred_make_up_the_total_to_the_smallest_unit(
    total: Money, shares: list[Decimal]
) -> None:
    """F2: Σ instalments = total, whatever is rounded."""
    terms = [a_term(percent=share) for share in shares]

    # With fewer smallest units than payments, or nearly so, somebody would owe nothing.
    step = Decimal(1).scaleb(-decimals(total.currency))
    if total.amount * min(shares) < 100 * step * len(shares):
        return

    instalments = plan(total, terms)

    assert sum(item.amount.amount for item in instalments) == total.amount
    assert all(item.amount.amount > 0 for item in instalments)
    assert all(item.amount.amount % step == 0 for item in instalments)
    assert [item.sequence for item in instalments] == list(range(1, len(terms) + 1))
    for item, share in list(zip(instalments, shares, strict=True))[:-1]:
        assert abs(item.amount.amount - total.amount * share / 100) <= step / 2


@given(totals(), shares_of_hundred())
def test_a_plan_sums_to_the_total_or_is_refused(total: Money, shares: list[Decimal]) -> None:
    try:
        instalments = plan(total, [a_term(percent=share) for share in shares])
    except Invalid as refusal:
        codes = [error["code"] for error in refusal.details["errors"]]
    else:
        codes = ["instalment_without_amount"]
        assert sum(item.amount.amount for item in instalments) == total.amount
        assert all(item.amount.amount > 0 for item in instalments)

    assert codes == ["instalment_without_amount"]


@given(st.lists(st.decimals("0.01", 1_000_000, places=2), min_size=1, max_size=MAX_INSTALMENTS))
def test_fixed_amounts_are_kept_as_they_are(amounts: list[Decimal]) -> None:
    total = Money(sum(amounts, Decimal(0)), "CNY")

    instalments = plan(total, [a_term(amount=Money(amount, "CNY")) for amount in amounts])

    assert [item.amount.amount for item in instalments] == amounts


@given(totals(), shares_of_hundred(), totals())
def test_a_plan_of_shares_follows_another_total(
    first: Money, shares: list[Decimal], second: Money
) -> None:
    try:
        planned = plan(first, [a_term(percent=share) for share in shares])
        again = plan(second, as_terms(planned))
    except Invalid:
        return

    assert sum(item.amount.amount for item in again) == second.amount


@pytest.mark.parametrize(
    ("total", "shares", "amounts"),
    [
        pytest.param(cny("100"), ["33.33", "33.33", "33.34"], ["33.33", "33.33", "33.34"]),
        pytest.param(cny("1000.01"), ["50", "50"], ["500.01", "500.00"], id="half cent"),
        pytest.param(Money.of("100", "JPY"), ["33.3", "33.3", "33.4"], ["33", "33", "34"]),
        pytest.param(Money.of("5", "JPY"), ["50", "50"], ["3", "2"], id="half yen"),
        pytest.param(cny("0.01"), ["100"], ["0.01"], id="one cent"),
    ],
)
def test_the_remainder_goes_to_the_last(
    total: Money, shares: list[str], amounts: list[str]
) -> None:
    instalments = plan(total, [a_term(percent=Decimal(share)) for share in shares])

    assert [item.amount.text() for item in instalments] == amounts


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        pytest.param([a_term(percent=Decimal("99.99"))], "percentages_not_hundred", id="short"),
        pytest.param([a_term(percent=Decimal("100.0001"))], "percentages_not_hundred", id="beyond"),
        pytest.param(
            [a_term(amount=cny("999.99"))], "instalments_not_total", id="amounts too small"
        ),
        pytest.param(
            [a_term(percent=Decimal(50)), a_term(amount=cny("500.00"))],
            "instalment_kinds_mixed",
            id="mixed",
        ),
        pytest.param(
            [a_term(amount=Money.of("1000", "USD"))], "currency_mismatch", id="other currency"
        ),
        pytest.param(
            [a_term(percent=Decimal(50), sequence=1), a_term(percent=Decimal(50), sequence=1)],
            "sequence_malformed",
            id="a place twice",
        ),
        pytest.param(
            [a_term(percent=Decimal(50), sequence=2), a_term(percent=Decimal(50))],
            "sequence_malformed",
            id="some places only",
        ),
        pytest.param(
            [a_term(percent=Decimal("0.0001")), a_term(percent=Decimal("99.9999"))],
            "instalment_without_amount",
            id="a share of nothing",
        ),
        pytest.param([a_term(amount=cny("1"))] * (MAX_INSTALMENTS + 1), "too_many", id="sixty-one"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(terms: list[Term], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        plan(cny("1000.00"), terms)

    assert caught.value.details["errors"][0]["code"] == code


def test_sequence_decides_the_order() -> None:
    later = a_term("later", date(2026, 9, 1), percent=Decimal(40), sequence=2)
    sooner = a_term("sooner", date(2026, 4, 1), percent=Decimal(60), sequence=1)

    instalments = plan(cny("10.00"), [later, sooner])

    assert [(item.sequence, item.name) for item in instalments] == [(1, "sooner"), (2, "later")]


def test_no_terms_are_no_plan() -> None:
    assert plan(cny("0.00"), []) == ()


def test_nothing_can_not_be_paid_in_instalments() -> None:
    with pytest.raises(Invalid):
        plan(cny("0.00"), halves())
