"""How a contract is submitted and decided."""

from chassis.validation import IdField, RequestSchema, Text, Whole


class SubmitContract(RequestSchema):
    """Hand a draft in for approval; nobody edits it until it is decided."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)


class ApproveContract(RequestSchema):
    """Approve a contract that somebody else wrote."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)


class RejectContract(RequestSchema):
    """Send a contract back to draft."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    reason = Text(maximum=1000, required=True)
