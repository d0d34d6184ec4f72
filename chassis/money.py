"""Exact money: a Decimal with its currency, never a float, never summed across currencies.

Source: F15. Currencies with 0 or 2 decimals are accepted; three-decimal ones (KWD …) are refused
because the columns hold two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from chassis.errors import Invalid

MAX_AMOUNT = Decimal("9999999999999999.99")
"""Largest absolute amount: NUMERIC(18, 2)."""


@cache
def decimals(currency: str) -> int:
    """Return the number of decimals of an ISO 4217 currency, 0 or 2.

    Raises:
        Invalid: `currency_unknown` or `currency_not_supported` (three decimals).
    """
    from babel.numbers import get_currency_precision, list_currencies

    if currency not in list_currencies():
        raise Invalid("currency_unknown", currency=currency)
    digits = int(get_currency_precision(currency))
    if digits not in (0, 2):
        raise Invalid("currency_not_supported", currency=currency, decimals=digits)
    return digits


def parse_amount(text: object, currency: str) -> Decimal:
    """Return the amount that a decimal string names, in the currency's unit.

    Raises:
        Invalid: `amount_not_a_string`, `amount_malformed`, `amount_too_precise`,
            `amount_out_of_range`.
    """
    if not isinstance(text, str):
        raise Invalid("amount_not_a_string")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Invalid("amount_malformed") from None
    if not amount.is_finite() or not text.isascii() or "_" in text:
        raise Invalid("amount_malformed")
    places = decimals(currency)
    if abs(amount) > MAX_AMOUNT:
        raise Invalid("amount_out_of_range", maximum=str(MAX_AMOUNT))
    if amount != amount.quantize(Decimal(1).scaleb(-places)):
        raise Invalid("amount_too_precise", currency=currency, decimals=places)
    return amount.quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; `amount` always carries two decimals."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("money amounts are Decimal")
        # Plus nothing: what rounds to minus nothing is nothing.
        object.__setattr__(self, "amount", self.amount.quantize(Decimal("0.01")) + 0)

    @classmethod
    def of(cls, amount: str | int, currency: str = "CNY") -> "Money":
        """Return the money that a decimal string or whole number names; for code and tests."""
        if isinstance(amount, float):
            raise TypeError("a float is not exact: give a string")
        return cls(parse_amount(str(amount), currency), currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Return nothing, in a currency."""
        return cls(Decimal("0.00"), currency)

    def text(self) -> str:
        """Return the decimal string in the currency's own precision: `12.30`, `1200` (JPY)."""
        return f"{self.amount:.{decimals(self.currency)}f}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise Invalid("currency_mismatch", expected=self.currency, got=other.currency)

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def times(self, factor: Decimal) -> "Money":
        """Return the product, rounded half-up to the currency's smallest unit (F15)."""
        step = Decimal(1).scaleb(-decimals(self.currency))
        return Money((self.amount * factor).quantize(step, ROUND_HALF_UP), self.currency)

    def split(self, shares: Iterable[Decimal]) -> list["Money"]:
        """Return parts in proportion to the shares; the rounding remainder goes to the last (F2).

        Args:
            shares: Positive weights; they need not sum to one or to a hundred.

        Raises:
            Invalid: `shares_malformed`.
        """
        weights = list(shares)
        total = sum(weights, Decimal(0))
        if not weights or total <= 0 or any(weight < 0 for weight in weights):
            raise Invalid("shares_malformed")
        parts, left = [], self
        for weight in weights[:-1]:
            part = self.times(weight / total)
            # Many parts of a few cents: rounding up each would leave less than nothing to the last.
            parts.append(part if abs(part.amount) <= abs(left.amount) else left)
            left = left - parts[-1]
        return [*parts, left]


def total(parts: Iterable[Money], currency: str) -> Money:
    """Return the sum of amounts of one currency; zero when there is none."""
    result = Money.zero(currency)
    for part in parts:
        result = result + part
    return result
