"""The question whether records that another service is about to name exist for the actor."""

from chassis.validation import IdField, RequestSchema


class CheckReferences(RequestSchema):
    """What a write elsewhere names; the fields are called as in that write."""

    customer_id = IdField(load_default=None, allow_none=True)
    contact_id = IdField(load_default=None, allow_none=True)
