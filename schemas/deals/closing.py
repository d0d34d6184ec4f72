"""How an opportunity ends and comes back."""

from chassis.validation import Choice, DateField, IdField, MoneyField, RequestSchema, Text, Whole

WIN_REASONS = (
    "price",
    "product",
    "service",
    "delivery",
    "relationship",
    "brand",
    "other",
)
LOSS_REASONS = (
    "price",
    "product",
    "service",
    "competitor",
    "no_budget",
    "no_decision",
    "timing",
    "lost_contact",
    "other",
)


class WinOpportunity(RequestSchema):
    """The customer said yes: why, when and for how much."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    reason = Choice(WIN_REASONS, required=True)
    reason_text = Text(
        maximum=1000,
        load_default=None,
        allow_none=True,
        metadata={"description": "Required for the reason other."},
    )
    closed_on = DateField(
        load_default=None, allow_none=True, metadata={"description": "Default: today."}
    )
    amount = MoneyField(
        load_default=None,
        allow_none=True,
        metadata={"description": "What was agreed; the known amount when absent."},
    )


class LoseOpportunity(RequestSchema):
    """The customer said no: why, when, and who got it if that is known."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    reason = Choice(LOSS_REASONS, required=True)
    reason_text = Text(
        maximum=1000,
        load_default=None,
        allow_none=True,
        metadata={"description": "Required for the reason other."},
    )
    closed_on = DateField(
        load_default=None, allow_none=True, metadata={"description": "Default: today."}
    )
    winner = Text(load_default=None, allow_none=True)


class ReopenOpportunity(RequestSchema):
    """Open a closed opportunity again, in the stage where it ended."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    reason = Text(maximum=500, load_default=None, allow_none=True)
