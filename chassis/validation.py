"""Schemas of the published language: strict, and with codes in place of sentences.

A field error is a code with its rule (`too_long`, maximum 255); the gateway turns codes into
Chinese and English. Unknown fields are refused with the nearest known name.
"""

import difflib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from chassis.errors import Invalid
from chassis.ids import is_id
from chassis.money import Money, parse_amount

fields.Field.default_error_messages = {
    "required": "required",
    "null": "not_null",
    "validator_failed": "invalid_field",
}


class Problem(ValidationError):
    """A field error with a code and the facts of its rule."""

    def __init__(self, code: str, **meta: Any) -> None:
        super().__init__([{"code": code, "meta": meta}])


class RequestSchema(Schema):
    """Base of every request: unknown fields are refused."""

    class Meta:
        unknown = RAISE


class ReplySchema(Schema):
    """Base of every reply and of the public view in an event: a tolerant reader."""

    class Meta:
        unknown = EXCLUDE


def length(minimum: int = 0, maximum: int = 255) -> validate.Validator:
    """Return a validator of text length, in characters."""

    class _Length(validate.Validator):
        def __init__(self) -> None:
            self.min, self.max, self.equal = minimum, maximum, None

        def __call__(self, value: str) -> str:
            if len(value) < minimum:
                raise Problem("too_short", minimum=minimum)
            if len(value) > maximum:
                raise Problem("too_long", maximum=maximum)
            return value

    return _Length()


class Text(fields.String):
    """Trimmed text without control characters; empty is refused unless `minimum` is 0."""

    def __init__(self, *, maximum: int = 255, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=length(minimum, maximum), **kwargs)
        self.metadata = {**self.metadata, **dict(minLength=minimum, maxLength=maximum)}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if any(ord(char) < 32 and char not in "\n\t\r" for char in text) or _surrogate(text):
            raise Problem("control_character")
        return text.strip()


def _surrogate(text: str) -> bool:
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text)


class IdField(fields.String):
    """A UUID in canonical text form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"format": "uuid", **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not is_id(value):
            raise Problem("not_an_id")
        return str(value)


class Choice(fields.String):
    """One of a closed list of words."""

    def __init__(self, choices: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices
        self.metadata = {"enum": list(choices), **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self.choices:
            near = difflib.get_close_matches(str(value), self.choices, 1)
            meta: dict[str, Any] = {"choices": list(self.choices)}
            if near:
                meta["did_you_mean"] = near[0]
            raise Problem("not_a_choice", **meta)
        return str(value)


class Whole(fields.Integer):
    """A whole number within bounds; booleans, text and fractions are refused."""

    def __init__(self, *, minimum: int = 0, maximum: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)
        self.minimum, self.maximum = minimum, maximum
        self.metadata = {**self.metadata, **dict(minimum=minimum, maximum=maximum)}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem("not_a_whole_number")
        if not self.minimum <= value <= self.maximum:
            raise Problem("out_of_range", minimum=self.minimum, maximum=self.maximum)
        return value


class DecimalText(fields.Field[Decimal]):
    """A decimal as a string, such as a quantity or a percentage; floats are refused."""

    def __init__(
        self,
        *,
        places: int = 4,
        minimum: Decimal | None = None,
        maximum: Decimal | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.places, self.minimum, self.maximum = places, minimum, maximum
        self.metadata = {**self.metadata, **dict(type="string", format="decimal")}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format(value, "f")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if not isinstance(value, str):
            raise Problem("not_a_decimal_string")
        try:
            number = Decimal(value)
            sound = number.is_finite() and number == round(number, self.places)
        except ArithmeticError:
            raise Problem("not_a_decimal_string") from None
        if not sound:
            raise Problem("too_precise", decimals=self.places)
        low, high = self.minimum, self.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            raise Problem("out_of_range", minimum=str(low), maximum=str(high))
        return number


class MoneyField(fields.Field[Money]):
    """`{"amount": "12.30", "currency": "CNY"}`; the amount is always a string."""

    def __init__(self, *, positive: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positive = positive
        self.metadata = {
            **self.metadata,
            **dict(
                type="object",
                properties={
                    "amount": {"type": "string", "format": "decimal"},
                    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
                },
                required=["amount", "currency"],
                additionalProperties=False,
            ),
        }

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        return {"amount": value.text(), "currency": value.currency}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Money:
        if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
            raise Problem("not_money")
        if not isinstance(value["currency"], str):
            raise Problem("currency_unknown")
        try:
            amount = parse_amount(value["amount"], value["currency"])
        except Invalid as refusal:
            raise Problem(refusal.code, **refusal.details) from None
        if amount < 0 or (self.positive and amount == 0):
            raise Problem("not_positive" if self.positive else "negative")
        return Money(amount, value["currency"])


class InstantField(fields.AwareDateTime):
    """An instant, RFC 3339 with a zone; dumped in UTC with `Z`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise Problem("not_an_instant") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        from chassis.wire_json import instant

        return None if value is None else instant(value)


class DateField(fields.Date):
    """A business date, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise Problem("not_a_date") from None


def load(schema: Schema, payload: Any) -> dict[str, Any]:
    """Return the loaded request.

    Raises:
        Invalid: `invalid_request`; `errors` names every wrong field by JSON pointer and code.
    """
    try:
        loaded: dict[str, Any] = schema.load(payload)
    except ValidationError as error:
        raise Invalid.fields(list(field_errors(error.messages, "#", schema))) from None
    return loaded


def field_errors(messages: Any, pointer: str, schema: Any = None) -> list[dict[str, Any]]:
    """Return marshmallow's nested messages as flat field errors."""
    if isinstance(messages, Mapping) and set(messages) != {"code", "meta"}:
        found = []
        for key, inner in messages.items():
            place = pointer if key == "_schema" else f"{pointer}/{key}"
            found.extend(field_errors(inner, place, _inner(schema, key)))
            if inner == ["Unknown field."] or inner == "Unknown field.":
                found[-1] = _unknown(place, str(key), schema)
        return found
    if isinstance(messages, list):
        return [error for item in messages for error in field_errors(item, pointer, schema)]
    if isinstance(messages, Mapping):
        return [{"pointer": pointer, **messages}]
    code = str(messages)
    known = code if code.replace("_", "").isalpha() and code.islower() else "invalid_field"
    return [{"pointer": pointer, "code": known, "meta": {}}]


def _inner(schema: Any, key: Any) -> Any:
    if isinstance(key, int):
        return schema
    field = getattr(schema, "fields", {}).get(key)
    field = getattr(field, "inner", field)
    return getattr(field, "schema", None)


def _unknown(pointer: str, key: str, schema: Any) -> dict[str, Any]:
    known = list(getattr(schema, "fields", {}))
    near = difflib.get_close_matches(key, known, 1)
    meta = {"did_you_mean": near[0]} if near else {}
    return {"pointer": pointer, "code": "unknown_field", "meta": meta}


class ListQuery(RequestSchema):
    """The query of every list; `filters` is parameter → text, checked by the list's own spec."""

    limit = fields.Integer(load_default=50)
    cursor = fields.String(load_default=None, allow_none=True)
    sort = fields.String(load_default=None, allow_none=True)
    q = fields.String(load_default=None, allow_none=True)
    count = Choice(("exact",), load_default=None, allow_none=True)
    filters = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class ById(RequestSchema):
    """The request of every read of one record."""

    id = IdField(required=True)
