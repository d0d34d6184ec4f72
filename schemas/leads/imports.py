"""The request of a chunk of an import, and how one row of a file is read.

A row's values are text as it stands in a file; blank means absent. The fields and their rules are
those of `CreateLead`; words of closed lists may be written as their Chinese or English labels.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from chassis.phones import e164
from chassis.validation import (
    IdField,
    Problem,
    RequestSchema,
    Text,
    Whole,
    field_errors,
)
from schemas.contact_points import EmailField, PhoneField, email
from schemas.leads.intake import CreateLead
from schemas.leads.vocabulary import CHANNELS, INTENTS, KINDS, LEVELS, by_label

MAX_ROWS = 500
DEFAULT_CHANNEL = "file_import"
DEFAULT_CURRENCY = "CNY"

_SCHEMA = CreateLead()
_LABELS = {
    "kind": by_label(KINDS),
    "source_channel": by_label(CHANNELS),
    "intent": by_label(INTENTS),
    "level": by_label(LEVELS),
}
_FIELDS: dict[str, Any] = {
    name: field
    for name, field in _SCHEMA.fields.items()
    if name not in ("pool_id", "owner_id", "budget")
}
_PLAIN = {
    name: field.metadata["maxLength"]
    for name, field in _FIELDS.items()
    if isinstance(field, Text) and not isinstance(field, (PhoneField, EmailField))
}

IMPORT_FIELDS = (*_FIELDS, "budget", "currency")
"""Every field that a row may carry."""


class Rows(fields.Field[list[tuple[int, dict[str, Any]]]]):
    """Up to 500 of `{"row": 2, "lead": {field: text}}`; row numbers differ."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_ROWS:
            raise Problem("rows_malformed", minimum=1, maximum=MAX_ROWS)
        rows = [
            (item.get("row"), item.get("lead"))
            for item in value
            if isinstance(item, dict) and set(item) == {"row", "lead"}
        ]
        sound = all(type(row) is int and isinstance(lead, dict) for row, lead in rows)
        if not sound or len(rows) != len(value) or len({row for row, _ in rows}) != len(rows):
            raise Problem("rows_malformed", minimum=1, maximum=MAX_ROWS)
        return rows


class ImportRows(RequestSchema):
    """One chunk of a file of leads; sent again it gives the same verdicts."""

    job_id = IdField(required=True)
    chunk = Whole(load_default=0)
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    pool_id = IdField(load_default=None, allow_none=True)
    owner_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Who holds all leads at once; default: they go to the pool."},
    )
    rows = Rows(required=True)


def read_row(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the facts of a row and its field errors, the same as `CreateLead` would give."""
    facts: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name, value in row.items():
        if value is None or value == "":
            continue
        limit = _PLAIN.get(name)
        if limit is not None and isinstance(value, str):
            # PERF: most values are short printable text; the field itself would take much longer.
            text = value.strip()
            if text.isprintable() and len(text) <= limit:
                if text:
                    facts[name] = text
                continue
        _read(name, value, facts, errors)
    if "budget" in facts or "currency" in facts:
        _read_budget(facts, errors)
    channel = row.get("source_channel")
    if "source_channel" not in facts and (channel is None or str(channel).strip() == ""):
        facts["source_channel"] = DEFAULT_CHANNEL
    return facts, errors


def _read(name: str, value: Any, facts: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Read one value by the field of the schema."""
    if isinstance(value, str) and not value.strip():
        return
    if name in ("budget", "currency"):
        facts[name] = value
        return
    field = _FIELDS.get(name)
    if field is None:
        unknown = field_errors({name: ["Unknown field."]}, "#", _FORM)
        errors.extend(unknown)
        return
    if isinstance(value, str):
        quick = _quick(name, value.strip())
        if quick is not None:
            facts[name] = quick
            return
    try:
        facts[name] = field.deserialize(value, name, None)
    except ValidationError as error:
        errors.extend(field_errors({name: error.messages}, "#", _SCHEMA))


def _quick(name: str, text: str) -> str | None:
    """Return what the field would make of a sound value; None leaves it to the field."""
    if name in _LABELS:
        return _LABELS[name].get(text.casefold())
    if name == "phone":
        return text if len(text) <= 40 and text.isprintable() and e164(text) else None
    return email(text) if name == "email" and text.isprintable() else None


def _read_budget(facts: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Make the two columns budget and currency into money."""
    amount, currency = (
        facts.pop("budget", None),
        facts.pop("currency", DEFAULT_CURRENCY),
    )
    if amount is None:
        return
    if isinstance(amount, str):
        amount = amount.strip().replace(",", "").replace("，", "")
    if isinstance(currency, str):
        currency = currency.strip().upper()
    try:
        facts["budget"] = _SCHEMA.fields["budget"].deserialize(
            {"amount": amount, "currency": currency}, "budget", None
        )
    except ValidationError as error:
        errors.extend(field_errors({"budget": error.messages}, "#", _SCHEMA))


class _Form(CreateLead):
    """What a row may carry, for the nearest known name."""

    class Meta:
        exclude = ("pool_id", "owner_id")

    currency = fields.String()


_FORM = _Form()
