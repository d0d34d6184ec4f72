"""Money is exact: nothing lost in splitting, nothing rounded on the way in or out."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.money import MAX_AMOUNT, Money, decimals, parse_amount, total

CURRENCIES = st.sampled_from(["CNY", "USD", "JPY"])


@st.composite
def monies(draw: st.DrawFn, currency: str | None = None) -> Money:
    """Return an amount that its currency allows."""
    chosen = currency or draw(CURRENCIES)
    units = draw(st.integers(-(10**16) + 1, 10**16 - 1))
    return Money(Decimal(units).scaleb(-decimals(chosen)), chosen)


SHARES = st.lists(
    st.decimals("0", "1000", places=3, allow_nan=False), min_size=1, max_size=40
).filter(lambda shares: sum(shares) > 0)


@given(money=monies(), shares=SHARES)
def test_the_parts_of_a_split_add_up_and_none_is_beyond_nothing(
    money: Money, shares: list[Decimal]
) -> None:
    """F2: no cent lost, none made, and no part of the other sign."""
    parts = money.split(shares)

    assert len(parts) == len(shares)
    assert total(parts, money.currency) == money
    assert all(part.amount * money.amount >= 0 for part in parts)
    assert all(part.text() == Money.of(part.text(), part.currency).text() for part in parts)


@given(money=monies(), shares=SHARES)
def test_each_part_but_the_last_is_within_half_a_unit_of_its_share_unless_the_money_is_used_up(
    money: Money, shares: list[Decimal]
) -> None:
    *parts, _last = money.split(shares)
    unit = Fraction(1, 10 ** decimals(money.currency))
    left = Fraction(money.amount)
    for part, share in zip(parts, shares, strict=False):
        exact = Fraction(money.amount) * Fraction(share) / Fraction(sum(shares))
        used_up = Fraction(part.amount) == left
        # Weights that do not divide evenly are known to 28 digits.
        assert used_up or abs(Fraction(part.amount) - exact) <= unit / 2 + Fraction(1, 10**9)
        left -= Fraction(part.amount)


@pytest.mark.parametrize(
    ("amount", "shares", "expected"),
    [
        ("100.00", "1 1 1", "33.33 33.33 33.34"),
        ("0.03", "1 1 1 1 1", "0.01 0.01 0.01 0.00 0.00"),
        ("-0.03", "1 1 1 1 1", "-0.01 -0.01 -0.01 0.00 0.00"),
        ("10.00", "30 30 40", "3.00 3.00 4.00"),
        ("10.00", "0 1", "0.00 10.00"),
        ("0.00", "1 2", "0.00 0.00"),
    ],
)
def test_a_split_gives_the_remainder_to_the_last(amount: str, shares: str, expected: str) -> None:
    parts = Money.of(amount).split(Decimal(share) for share in shares.split())

    assert " ".join(part.text() for part in parts) == expected


def test_a_currency_without_decimals_splits_into_whole_units() -> None:
    parts = Money.of(1000, "JPY").split([Decimal(1)] * 3)

    assert [part.text() for part in parts] == ["333", "333", "334"]


@pytest.mark.parametrize("shares", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_shares_that_are_none_are_refused(shares: list[Decimal]) -> None:
    with pytest.raises(Invalid, match="shares_malformed"):
        Money.of(1).split(shares)


@given(money=monies())
def test_text_and_back_is_the_same_money(money: Money) -> None:
    assert Money.of(money.text(), money.currency) == money
    assert Money(parse_amount(money.text(), money.currency), money.currency) == money


@given(st.data())
def test_money_adds_and_compares_as_its_amounts_do(data: st.DataObject) -> None:
    one, two = data.draw(monies("CNY")), data.draw(monies("CNY"))

    assert (one + two).amount == one.amount + two.amount
    assert one + two - two == one
    assert (one < two, one <= two) == (one.amount < two.amount, one.amount <= two.amount)


def test_nothing_is_summed_or_compared_across_currencies() -> None:
    yuan, dollars = Money.of(1), Money.of(1, "USD")
    for operation in (
        lambda: yuan + dollars,
        lambda: yuan - dollars,
        lambda: yuan < dollars,
        lambda: yuan <= dollars,
        lambda: total([yuan, dollars], "CNY"),
    ):
        with pytest.raises(Invalid, match="currency_mismatch") as refusal:
            operation()
        assert set(refusal.value.details) == {"expected", "got"}


def test_the_sum_of_nothing_is_nothing_in_the_currency() -> None:
    assert total([], "USD") == Money.zero("USD") == Money.of("0.00", "USD")


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        (12.3, "CNY", "amount_not_a_string"),
        (12, "CNY", "amount_not_a_string"),
        (None, "CNY", "amount_not_a_string"),
        ("", "CNY", "amount_malformed"),
        ("twelve", "CNY", "amount_malformed"),
        ("NaN", "CNY", "amount_malformed"),
        ("Infinity", "CNY", "amount_malformed"),
        ("1_000", "CNY", "amount_malformed"),
        ("１２", "CNY", "amount_malformed"),
        ("1,000.00", "CNY", "amount_malformed"),
        ("0.001", "CNY", "amount_too_precise"),
        ("1e-400", "CNY", "amount_too_precise"),
        ("1.50", "JPY", "amount_too_precise"),
        ("10000000000000000", "CNY", "amount_out_of_range"),
        ("-10000000000000000", "CNY", "amount_out_of_range"),
        ("1e400", "CNY", "amount_out_of_range"),
        ("1", "KWD", "currency_not_supported"),
        ("1", "XYZ", "currency_unknown"),
        ("1", "cny", "currency_unknown"),
        ("1", "", "currency_unknown"),
    ],
)
def test_what_is_no_amount_of_its_currency_is_refused_with_a_code(
    text: object, currency: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_amount(text, currency)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("12.3", "CNY", "12.30"), ("12.300", "CNY", "12.30"), ("1200", "JPY", "1200"),
        ("1200.00", "JPY", "1200"), ("-0", "CNY", "0.00"),
        (str(MAX_AMOUNT), "CNY", str(MAX_AMOUNT)),
    ],
)  # fmt: skip
def test_an_amount_is_written_in_the_precision_of_its_currency(
    text: str, currency: str, expected: str
) -> None:
    assert Money(parse_amount(text, currency), currency).text() == expected


@pytest.mark.parametrize("amount", [1.5, 1, "1"])
def test_an_amount_is_a_decimal_and_nothing_else(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "CNY")  # type: ignore[arg-type]


def test_a_float_is_refused_even_in_code() -> None:
    with pytest.raises(TypeError, match="not exact"):
        Money.of(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "factor", "expected"),
    [
        ("0.05", "CNY", "0.5", "0.03"), ("-0.05", "CNY", "0.5", "-0.03"),
        ("1", "JPY", "0.5", "1"), ("100", "CNY", "0.06", "6.00"), ("1", "CNY", "0.004", "0.00"),
    ],
)  # fmt: skip
def test_a_product_is_rounded_half_up_to_the_smallest_unit(
    amount: str, currency: str, factor: str, expected: str
) -> None:
    """F15."""
    assert Money.of(amount, currency).times(Decimal(factor)).text() == expected
