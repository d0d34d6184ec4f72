"""Requests and replies of the customer archive (C1, C2)."""

from typing import Any

from marshmallow import fields

from chassis.validation import (
    Choice,
    DateField,
    IdField,
    InstantField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.contact_points import EmailField, PhoneField
from schemas.customers.fields import CreditCodeField, ExternalIds, MonthDayField

KINDS = ("organisation", "person")
GENDERS = ("female", "male", "other")
MARITAL_STATUSES = ("single", "married", "divorced", "widowed")
RISK_ATTITUDES = ("averse", "neutral", "seeking")
MAX_HOBBIES = 30


def _described(text: str) -> dict[str, Any]:
    return {"description": text}


def _few(hobbies: list[str]) -> None:
    if len(hobbies) > MAX_HOBBIES:
        raise Problem("too_many", maximum=MAX_HOBBIES)


class CustomerFacts(RequestSchema):
    """What a person may write on a customer, except its kind and name; null clears."""

    owner_id = IdField(metadata=_described("The person in charge; the writer if absent."))
    credit_code = CreditCodeField(
        allow_none=True, metadata=_described("Unified social credit code; organisations only.")
    )
    legal_representative = Text(
        maximum=120, allow_none=True, metadata=_described("Organisations only.")
    )
    phone = PhoneField(allow_none=True)
    email = EmailField(allow_none=True)
    region = Text(maximum=80, allow_none=True)
    industry = Text(maximum=80, allow_none=True)
    address = Text(maximum=400, allow_none=True)
    website = Text(maximum=255, allow_none=True)
    level = Text(maximum=20, allow_none=True, metadata=_described("The house's own grade."))
    gender = Choice(GENDERS, allow_none=True, metadata=_described("Persons only."))
    birth_date = DateField(
        allow_none=True, metadata=_described("Persons only; the age follows from it.")
    )
    birth_month_day = MonthDayField(
        allow_none=True, metadata=_described("Persons whose year of birth is unknown, MM-DD.")
    )
    occupation = Text(maximum=120, allow_none=True, metadata=_described("Persons only."))
    marital_status = Choice(MARITAL_STATUSES, allow_none=True, metadata=_described("Persons only."))
    hobbies = fields.List(
        Text(maximum=60), validate=_few, metadata=_described("Persons only; at most 30.")
    )
    risk_attitude = Choice(RISK_ATTITUDES, allow_none=True, metadata=_described("Persons only."))
    source = Text(maximum=120, allow_none=True, metadata=_described("Where it came from."))
    notes = Text(maximum=4000, minimum=0, allow_none=True)


class CreateCustomer(CustomerFacts):
    """A new customer."""

    kind = Choice(KINDS, required=True)
    name = Text(required=True)
    external_ids = ExternalIds(metadata=_described("System → id there; unique per system."))


class UpdateCustomer(CustomerFacts):
    """Changed fields of a customer; what is absent stays, null clears."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    name = Text()
    external_ids = ExternalIds(
        removable=True,
        allow_none=True,
        metadata=_described("Merged: null inside removes one system's id."),
    )


class CustomerState(ReplySchema):
    """The public view of a customer, as events carry it."""

    id = IdField()
    version = fields.Integer()
    number = fields.String(metadata=_described("KH-2026-000123."))
    kind = Choice(KINDS)
    name = fields.String()
    owner_id = fields.String()
    credit_code = fields.String(allow_none=True)
    legal_representative = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    phone_e164 = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    website = fields.String(allow_none=True)
    level = fields.String(allow_none=True)
    gender = Choice(GENDERS, allow_none=True)
    birth_date = DateField(allow_none=True)
    birth_month_day = fields.String(allow_none=True)
    occupation = fields.String(allow_none=True)
    marital_status = Choice(MARITAL_STATUSES, allow_none=True)
    hobbies = fields.List(fields.String())
    risk_attitude = Choice(RISK_ATTITUDES, allow_none=True)
    source = fields.String(allow_none=True)
    external_ids = fields.Dict(keys=fields.String(), values=fields.String())
    last_contact_at = InstantField(allow_none=True)
    next_contact_at = InstantField(allow_none=True)
    notes = fields.String(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()


class Customer(CustomerState):
    """A customer as a reader gets it today."""

    age = fields.Integer(
        allow_none=True, metadata=_described("Full years today; derived, never stored.")
    )


class AuthorizeSubject(RequestSchema):
    """Whether the actor may touch a record."""

    id = IdField(required=True)
    permission = fields.String(load_default="customers:read")
