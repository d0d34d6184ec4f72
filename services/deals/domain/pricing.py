"""What a deal is worth: the sum of its lines, unless somebody says why it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from chassis.errors import Invalid
from chassis.money import MAX_AMOUNT, Money, total

# A unit price of 18 digits times a quantity of 13 times a discount of 6 must not be rounded
# before the one rounding that is meant.
_DIGITS = 60


@dataclass(frozen=True)
class Line:
    """One product of a deal.

    Attributes:
        sku: Code of the product, if it has one.
        quantity: Greater than zero, up to four decimals.
        unit_price: Before the discount.
        discount_percent: 0 to 100.
    """

    product: str
    sku: str | None
    quantity: Decimal
    unit_price: Money
    discount_percent: Decimal = Decimal(0)

    @property
    def amount(self) -> Money:
        """Return quantity times price less the discount, rounded half-up once.

        Raises:
            Invalid: `amount_out_of_range`.

        Source: D1, F15.
        """
        with localcontext(prec=_DIGITS):
            factor = self.quantity * (1 - self.discount_percent / 100)
            return _in_range(self.unit_price.times(factor))


def lines_total(lines: Sequence[Line]) -> Money | None:
    """Return the sum of the rounded lines; None when there are none.

    Raises:
        Invalid: `currency_mismatch` (a deal has one currency), `amount_out_of_range`.
    """
    if not lines:
        return None
    currency = lines[0].unit_price.currency
    for index, line in enumerate(lines):
        if line.unit_price.currency != currency:
            raise Invalid.field(
                f"#/lines/{index}/unit_price", "currency_mismatch", expected=currency
            )
    return _in_range(total((line.amount for line in lines), currency))


def price(
    lines: Sequence[Line], amount: Money | None, reason: str | None
) -> tuple[Money | None, str | None]:
    """Return the amount of a deal and why it differs from its lines, if it does.

    Args:
        amount: What somebody says the deal is worth; None takes the sum of the lines.
        reason: Why the amount is not that sum; forgotten when it is.

    Raises:
        Invalid: `required` at `amount_reason` for an unexplained difference;
            `currency_mismatch`, `amount_out_of_range`.

    Source: D1.
    """
    computed = lines_total(lines)
    if computed is None or amount is None or amount == computed:
        return amount if computed is None else computed, None
    if amount.currency != computed.currency:
        raise Invalid.field("#/amount", "currency_mismatch", expected=computed.currency)
    if not reason:
        raise Invalid.field("#/amount_reason", "required", lines_total=computed.text())
    return amount, reason


def _in_range(money: Money) -> Money:
    if money.amount > MAX_AMOUNT:
        raise Invalid.field("#/lines", "amount_out_of_range", maximum=str(MAX_AMOUNT))
    return money
