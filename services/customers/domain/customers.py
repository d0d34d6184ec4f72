"""The customer archive: one record per organisation or person (C1, C2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Invalid

ORGANISATION_FIELDS = ("credit_code", "legal_representative")
PERSON_FIELDS = (
    "gender",
    "birth_date",
    "birth_month_day",
    "occupation",
    "marital_status",
    "hobbies",
    "risk_attitude",
)


@dataclass(frozen=True, kw_only=True)
class Customer(Aggregate):
    """An organisation or a person we do, did or may do business with.

    Attributes:
        birth_month_day: `MM-DD`, when the year of birth is unknown; else None.
        external_ids: System → the record's id there; unique per system.
        last_contact_at, next_contact_at: Kept from follow-ups.
        provisional_for: Conversion that made the record and has not ended; nobody sees it then.
    """

    number: str
    kind: str
    name: str
    owner_id: str
    credit_code: str | None = None
    legal_representative: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    email: str | None = None
    region: str | None = None
    industry: str | None = None
    address: str | None = None
    website: str | None = None
    level: str | None = None
    gender: str | None = None
    birth_date: date | None = None
    birth_month_day: str | None = None
    occupation: str | None = None
    marital_status: str | None = None
    hobbies: tuple[str, ...] = ()
    risk_attitude: str | None = None
    source: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None
    notes: str | None = None
    provisional_for: str | None = None


@dataclass(frozen=True)
class CustomerCreated:
    """A customer entered the archive."""

    after: Customer
    before: None = None


@dataclass(frozen=True)
class CustomerUpdated:
    """Fields of a customer changed."""

    before: Customer
    after: Customer


def age(birth_date: date | None, today: date) -> int | None:
    """Return full years of life; None when the birth date is not known in full."""
    if birth_date is None:
        return None
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1)


def seen_on(customer: Customer, today: date) -> dict[str, Any]:
    """Return what a reader gets on a day: the record and the age it has then."""
    return {**vars(customer), "age": age(customer.birth_date, today)}


def check(customer: Customer, today: date) -> Customer:
    """Return the customer if its fields go together.

    Raises:
        Invalid: `only_for_organisations`, `only_for_persons`, `in_the_future`, or
            `birth_date_known` (a month and day beside a full birth date), per field.
    """
    errors = list(_contradictions(customer, today))
    if errors:
        raise Invalid.fields(errors)
    return customer


def _contradictions(customer: Customer, today: date) -> Iterator[dict[str, Any]]:
    foreign, code = (
        (ORGANISATION_FIELDS, "only_for_organisations")
        if customer.kind == "person"
        else (PERSON_FIELDS, "only_for_persons")
    )
    for name in foreign:
        if getattr(customer, name):
            yield {"pointer": f"#/{name}", "code": code, "meta": {}}
    if customer.birth_date and customer.birth_date > today:
        yield {"pointer": "#/birth_date", "code": "in_the_future", "meta": {}}
    if customer.birth_date and customer.birth_month_day:
        yield {"pointer": "#/birth_month_day", "code": "birth_date_known", "meta": {}}


def register(customer: Customer, today: date) -> tuple[Customer, CustomerCreated]:
    """Return a new customer and its event.

    Raises:
        Invalid: As `check`.
    """
    check(customer, today)
    return customer, CustomerCreated(customer)


def revise(
    customer: Customer, changes: Mapping[str, Any], *, by: str, now: datetime, today: date
) -> tuple[Customer, CustomerUpdated | None]:
    """Return the customer with fields changed; no event when nothing is different.

    Args:
        changes: Field → new value; None clears. `external_ids` is merged: a None inside removes.

    Raises:
        Invalid: As `check`.
    """
    wanted = dict(changes)
    if "external_ids" in wanted:
        merged = {**customer.external_ids, **(wanted["external_ids"] or {})}
        if wanted["external_ids"] is None:
            merged = {}
        wanted["external_ids"] = {key: value for key, value in merged.items() if value is not None}
    if all(getattr(customer, name) == value for name, value in wanted.items()):
        return customer, None
    after = check(customer.changed(by=by, now=now, **wanted), today)
    return after, CustomerUpdated(customer, after)


def note_contact(
    customer: Customer,
    *,
    occurred_at: datetime,
    next_contact_at: datetime | None,
    by: str,
    now: datetime,
) -> tuple[Customer, CustomerUpdated | None]:
    """Return the customer with last and next contact kept from a follow-up.

    A follow-up recorded late never moves them back. A plan that the follow-up does not replace
    stands while it lies after it.
    """
    last = customer.last_contact_at
    if last is not None and occurred_at < last:
        return customer, None
    plan = next_contact_at or customer.next_contact_at
    if plan is not None and plan <= occurred_at:
        plan = None
    if (last, customer.next_contact_at) == (occurred_at, plan):
        return customer, None
    after = customer.changed(by=by, now=now, last_contact_at=occurred_at, next_contact_at=plan)
    return after, CustomerUpdated(customer, after)
