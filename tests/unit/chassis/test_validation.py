"""Requests: every wrong field is named by pointer, code and the facts of its rule."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields

from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.money import Money
from chassis.validation import (
    ById,
    Choice,
    DateField,
    DecimalText,
    IdField,
    InstantField,
    ListQuery,
    MoneyField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
    load,
)


class Line(RequestSchema):
    """A part."""

    name = Text(required=True)
    price = MoneyField(positive=True)


class Everything(RequestSchema):
    """One field of each kind."""

    text = Text(maximum=5)
    note = Text(minimum=0, maximum=5)
    id = IdField()
    kind = Choice(("small", "large"))
    count = Whole(minimum=1, maximum=9)
    rate = DecimalText(places=2, minimum=Decimal(0), maximum=Decimal(100))
    money = MoneyField()
    at = InstantField()
    on = DateField()
    lines = fields.List(fields.Nested(Line))


def errors(payload: Any, schema: Schema | None = None) -> list[dict[str, Any]]:
    with pytest.raises(Invalid) as refusal:
        load(schema or Everything(), payload)
    assert refusal.value.code == "invalid_request"
    found: list[dict[str, Any]] = refusal.value.details["errors"]
    return found


CNY = {"currency": "CNY"}


@pytest.mark.parametrize(
    ("field", "value", "code", "meta"),
    [
        ("text", "123456", "too_long", {"maximum": 5}),
        ("text", "", "too_short", {"minimum": 1}),
        ("text", "   ", "too_short", {"minimum": 1}),
        ("text", "a\0b", "control_character", {}),
        ("text", "a\x1b", "control_character", {}),
        ("text", "\ud800", "control_character", {}),
        ("text", 5, "invalid_field", {}),
        ("text", None, "not_null", {}),
        ("note", "123456", "too_long", {"maximum": 5}),
        ("id", "1", "not_an_id", {}),
        ("id", new_id().upper(), "not_an_id", {}),
        ("id", 5, "not_an_id", {}),
        ("kind", "smal", "not_a_choice",
         {"choices": ["small", "large"], "did_you_mean": "small"}),
        ("kind", "zzz", "not_a_choice", {"choices": ["small", "large"]}),
        ("kind", ["small"], "not_a_choice", None),
        ("count", 0, "out_of_range", {"minimum": 1, "maximum": 9}),
        ("count", 10, "out_of_range", {"minimum": 1, "maximum": 9}),
        ("count", "5", "not_a_whole_number", {}),
        ("count", 5.0, "not_a_whole_number", {}),
        ("count", True, "not_a_whole_number", {}),
        ("rate", 1.5, "not_a_decimal_string", {}),
        ("rate", "much", "not_a_decimal_string", {}),
        ("rate", "1e999999", "not_a_decimal_string", {}),
        ("rate", "0.001", "too_precise", {"decimals": 2}),
        ("rate", "NaN", "too_precise", None),
        ("rate", "100.01", "out_of_range", {"minimum": "0", "maximum": "100"}),
        ("rate", "-1", "out_of_range", None),
        ("money", "12.30", "not_money", {}),
        ("money", {"amount": "1"}, "not_money", {}),
        ("money", {"amount": "1", **CNY, "more": 1}, "not_money", {}),
        ("money", {"amount": 1.5, **CNY}, "amount_not_a_string", {}),
        ("money", {"amount": "x", **CNY}, "amount_malformed", {}),
        ("money", {"amount": "0.001", **CNY}, "amount_too_precise",
         {"currency": "CNY", "decimals": 2}),
        ("money", {"amount": "1e30", **CNY}, "amount_out_of_range", None),
        ("money", {"amount": "1", "currency": "KWD"}, "currency_not_supported",
         {"currency": "KWD", "decimals": 3}),
        ("money", {"amount": "1", "currency": "???"}, "currency_unknown", None),
        ("money", {"amount": "1", "currency": 5}, "currency_unknown", {}),
        ("money", {"amount": "-1", **CNY}, "negative", {}),
        ("at", "2026-11-20T08:00:00", "not_an_instant", {}),
        ("at", "yesterday", "not_an_instant", {}),
        ("at", 5, "not_an_instant", {}),
        ("on", "20.11.2026", "not_a_date", {}),
        ("on", "2026-02-30", "not_a_date", {}),
        ("on", 5, "not_a_date", {}),
        ("lines", "x", "invalid_field", {}),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_field_has_a_code_and_the_facts_of_its_rule(
    field: str, value: Any, code: str, meta: dict[str, Any] | None
) -> None:
    [error] = errors({field: value})

    assert (error["pointer"], error["code"]) == (f"#/{field}", code)
    assert meta is None or error["meta"] == meta


def test_errors_inside_lists_and_parts_name_their_place() -> None:
    found = errors(
        {"lines": [{"name": "a"}, {"nam": "b"}, {"name": "c", "price": {"amount": "0", **CNY}}, 5]}
    )

    assert sorted((each["pointer"], each["code"]) for each in found) == [
        ("#/lines/1/nam", "unknown_field"),
        ("#/lines/1/name", "required"),
        ("#/lines/2/price", "not_positive"),
        ("#/lines/3", "invalid_field"),
    ]
    [unknown] = [each for each in found if each["code"] == "unknown_field"]
    assert unknown["meta"] == {"did_you_mean": "name"}


def test_an_unknown_field_is_refused_with_the_nearest_name_if_there_is_one() -> None:
    assert errors({"cout": 5}) == [
        {"pointer": "#/cout", "code": "unknown_field", "meta": {"did_you_mean": "count"}}
    ]
    assert errors({"zzz": 5}) == [{"pointer": "#/zzz", "code": "unknown_field", "meta": {}}]


@pytest.mark.parametrize("payload", [None, [], "x", 5])
def test_a_payload_that_is_no_object_is_refused(payload: Any) -> None:
    assert [(each["pointer"], each["code"]) for each in errors(payload)] == [("#", "invalid_field")]


def test_what_is_right_is_loaded_in_its_own_type() -> None:
    identifier = new_id()
    loaded = load(
        Everything(),
        {
            "text": " 客户 \n", "note": "", "id": identifier, "kind": "large", "count": 9,
            "rate": "99.90", "money": {"amount": "12.3", **CNY}, "on": "2026-11-20",
            "at": "2026-11-20T08:00:00+08:00", "lines": [{"name": "a"}],
        },
    )  # fmt: skip

    assert loaded == {
        "text": "客户", "note": "", "id": identifier, "kind": "large", "count": 9,
        "rate": Decimal("99.90"), "money": Money.of("12.30"), "on": date(2026, 11, 20),
        "at": datetime(2026, 11, 20, 0, 0, tzinfo=UTC), "lines": [{"name": "a"}],
    }  # fmt: skip


def test_what_is_dumped_is_json_in_one_form() -> None:
    east = timezone(timedelta(hours=8))
    dumped = Everything().dump(
        {
            "rate": Decimal("1E+1"), "money": Money.of(1200, "JPY"), "on": date(2026, 11, 20),
            "at": datetime(2026, 11, 20, 8, 0, tzinfo=east),
        }
    )  # fmt: skip

    assert dumped == {
        "rate": "10", "money": {"amount": "1200", "currency": "JPY"}, "on": "2026-11-20",
        "at": "2026-11-20T00:00:00Z",
    }  # fmt: skip
    assert Everything().dump({"rate": None, "money": None, "at": None}) == {
        "rate": None, "money": None, "at": None,
    }  # fmt: skip


def test_a_reply_is_read_tolerantly() -> None:
    class Reply(ReplySchema):
        name = fields.String()

    assert Reply().load({"name": "x", "new_in_the_next_version": 1}) == {"name": "x"}


def test_a_list_may_be_asked_without_anything() -> None:
    assert load(ListQuery(), {}) == {
        "limit": 50, "cursor": None, "sort": None, "q": None, "count": None, "filters": {},
    }  # fmt: skip
    assert errors({"count": "all"}, ListQuery())[0]["code"] == "not_a_choice"
    assert errors({"filters": {"a": 1}}, ListQuery())[0]["pointer"].startswith("#/filters/a")


def test_a_read_needs_its_id() -> None:
    assert errors({}, ById()) == [{"pointer": "#/id", "code": "required", "meta": {}}]
