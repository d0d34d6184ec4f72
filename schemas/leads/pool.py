"""Requests of the public pool."""

from chassis.validation import IdField, RequestSchema, Whole


class ClaimLead(RequestSchema):
    """Take a lead from its pool."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
