"""A lead becomes a customer: this service's part of the conversion (L18).

made → confirmed, or → cancelled. A cancellation that comes before its make leaves a tombstone.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from chassis.aggregate import Aggregate
from chassis.errors import NotFound, Refused
from services.customers.domain.contacts import Contact
from services.customers.domain.identity import email_key, match_keys

A = TypeVar("A", bound=Aggregate)

FILLED = ("credit_code", "phone", "phone_e164", "email", "region", "industry", "source")
"""Fields of a matched customer that a lead may fill when they are empty."""
FILLED_CONTACT = ("phone", "phone_e164", "email", "job_title")
"""The same of a matched contact."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What one conversion did here.

    Attributes:
        matched, contact_matched: An existing record was taken rather than a new one made.
        fill, contact_fill: Facts of the lead for the empty fields of a matched record.
        records: What was touched: `{type, id, action}`; known once confirmed.
    """

    id: str
    state: str
    customer_id: str | None = None
    contact_id: str | None = None
    matched: bool = False
    contact_matched: bool = False
    fill: Mapping[str, Any] = field(default_factory=dict)
    contact_fill: Mapping[str, Any] = field(default_factory=dict)
    records: tuple[Mapping[str, Any], ...] = ()


def cancelled(conversion: Conversion) -> Conversion:
    """Return the conversion taken back.

    Raises:
        Refused: `conversion_confirmed` when it is too late.
    """
    if conversion.state == "confirmed":
        raise Refused("conversion_confirmed", conversion_id=conversion.id)
    return replace(conversion, state="cancelled")


def check_not_cancelled(conversion: Conversion) -> None:
    """Check that a conversion may go on.

    Raises:
        Refused: `conversion_cancelled`.
    """
    if conversion.state == "cancelled":
        raise Refused("conversion_cancelled", conversion_id=conversion.id)


def check_made(conversion: Conversion | None, conversion_id: str) -> Conversion:
    """Return a conversion that can be confirmed or was.

    Raises:
        NotFound: `not_found` if its make never came.
        Refused: `conversion_cancelled`.
    """
    if conversion is None:
        raise NotFound("not_found", resource="conversion", id=conversion_id)
    check_not_cancelled(conversion)
    return conversion


def fill_empty(record: A, facts: Mapping[str, Any], *, by: str, now: datetime) -> A:
    """Return a record with its empty fields filled; the same one if there is nothing to fill.

    A phone number travels with its normal form, so both are filled or neither.
    """
    wanted = {name: value for name, value in facts.items() if value and not getattr(record, name)}
    if "phone" not in wanted:
        wanted.pop("phone_e164", None)
    return record.changed(by=by, now=now, **wanted) if wanted else record


def keys_of(fill: Mapping[str, Any]) -> list[str]:
    """Return the match keys that filling empty fields may give a customer."""
    return match_keys(
        credit_code=fill.get("credit_code"),
        phone_e164=fill.get("phone_e164"),
        email=fill.get("email"),
    )


def same_contact(
    known: Iterable[Contact], *, name: str, phone_e164: str | None, email: str | None
) -> Contact | None:
    """Return which contact of a customer a lead's person is.

    By phone, then by e-mail; by name only if neither number nor address says otherwise.
    """
    people = sorted(known, key=lambda contact: contact.id)
    for person in people:
        if phone_e164 and person.phone_e164 == phone_e164:
            return person
    for person in people:
        if email and email_key(person.email) == email_key(email):
            return person
    folded = _fold(name)
    for person in people:
        other_phone = phone_e164 and person.phone_e164
        other_email = email and person.email
        if _fold(person.name) == folded and not other_phone and not other_email:
            return person
    return None


def _fold(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
