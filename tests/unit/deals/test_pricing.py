"""D1: the amount of a deal is the sum of its lines unless somebody says why not."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.money import Money, decimals
from services.deals.domain.pricing import lines_total, price
from tests.fixtures.deals import a_line, cny

currencies = st.sampled_from(["CNY", "USD", "JPY"])


@st.composite
def some_lines(draw: st.DrawFn) -> list:
    currency = draw(currencies)
    places = decimals(currency)
    return [
        a_line(
            quantity=str(draw(st.decimals("0.0001", "100000", places=4))),
            unit_price=Money(draw(st.decimals(0, 10_000_000, places=places)), currency),
            discount_percent=str(draw(st.decimals(0, 100, places=2))),
        )
        for _ in range(draw(st.integers(1, 12)))
    ]


@given(some_lines())
def test_the_amount_is_the_sum_of_lines_each_rounded_half_up_once(lines: list) -> None:
    """D1, F15."""
    step = Decimal(1).scaleb(-decimals(lines[0].unit_price.currency))

    amount = lines_total(lines)

    expected = sum(
        (line.unit_price.amount * line.quantity * (100 - line.discount_percent) / 100).quantize(
            step, ROUND_HALF_UP
        )
        for line in lines
    )
    assert amount is not None
    assert amount.amount == expected
    assert amount.amount == amount.amount.quantize(step)


@pytest.mark.parametrize(
    ("quantity", "unit_price", "discount", "expected"),
    [
        pytest.param("1", cny("0.01"), "50", "0.01", id="half a cent goes up"),
        pytest.param("3", cny("33.33"), "0", "99.99", id="no discount"),
        pytest.param("1", cny("99.99"), "100", "0.00", id="given away"),
        pytest.param("0.5", Money.of("333", "JPY"), "0", "167", id="yen have no decimals"),
        pytest.param(
            "1.0000", cny("9999999999999999.99"), "0", "9999999999999999.99", id="largest"
        ),
        pytest.param(
            "1000000000.0001", cny("12345.67"), "0", "12345670000001.23", id="many digits"
        ),
    ],
)
def test_a_line_is_quantity_times_price_less_discount(
    quantity: str, unit_price: Money, discount: str, expected: str
) -> None:
    line = a_line(quantity=quantity, unit_price=unit_price, discount_percent=discount)

    assert line.amount.text() == expected


def test_lines_of_two_currencies_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        lines_total([a_line(), a_line(unit_price=Money.of("5", "USD"))])

    assert caught.value.details["errors"][0]["code"] == "currency_mismatch"
    assert caught.value.details["errors"][0]["pointer"] == "#/lines/1/unit_price"


@pytest.mark.parametrize("quantity", ["2", "1000000000"])
def test_an_amount_beyond_the_column_is_refused(quantity: str) -> None:
    with pytest.raises(Invalid) as caught:
        lines_total([a_line(quantity=quantity, unit_price=cny("9999999999999999.99"))])

    assert caught.value.details["errors"][0]["code"] == "amount_out_of_range"


def test_lines_that_are_in_range_alone_may_not_sum_beyond_it() -> None:
    largest = a_line(quantity="1", unit_price=cny("9999999999999999.99"))

    with pytest.raises(Invalid):
        lines_total([largest, largest])


def test_without_lines_the_amount_is_what_was_said() -> None:
    assert price((), cny("5.00"), "a guess") == (cny("5.00"), None)
    assert price((), None, None) == (None, None)


def test_with_lines_the_amount_is_their_sum() -> None:
    assert price((a_line(),), None, None) == (cny("200.00"), None)
    assert price((a_line(),), cny("200.00"), "not needed") == (cny("200.00"), None)


def test_another_amount_than_the_sum_needs_a_reason() -> None:
    with pytest.raises(Invalid) as caught:
        price((a_line(),), cny("180.00"), None)

    assert caught.value.details["errors"][0]["pointer"] == "#/amount_reason"
    assert price((a_line(),), cny("180.00"), "framework") == (cny("180.00"), "framework")


def test_another_amount_has_the_currency_of_the_lines() -> None:
    with pytest.raises(Invalid) as caught:
        price((a_line(),), Money.of("180", "USD"), "export")

    assert caught.value.details["errors"][0]["code"] == "currency_mismatch"
