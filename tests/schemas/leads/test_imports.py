"""A row of a file is read as the request of one lead would be, only faster (L16)."""

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.money import Money
from chassis.validation import load
from schemas.contact_points import email
from schemas.leads import IMPORT_FIELDS, CreateLead, read_row
from schemas.leads.vocabulary import CHANNELS

SAMPLES: dict[str, list[Any]] = {
    "name": ["周瑜", " Zhou ", "x" * 121, "a\x07b", 7, "one\ntwo"],
    "company": ["明远", "x" * 201],
    "phone": ["138 0013 8000", "+1 (415) 555-0100", "keine", "1" * 41, "１３８００１３８０００"],
    "email": ["A.b@Example.COM", "a@b", "周@例子.中国", "a@x.test", "a..b@x.com"],
    "source_channel": ["web_form", "telex", 5],
    "level": ["a", "z"],
    "intent": ["high", "hihg"],
    "next_contact_at": ["2026-12-01T08:00:00+08:00", "tomorrow"],
    "notes": ["多行\n备注", "x" * 5001, "\ud800"],
}


def _by_schema(row: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    try:
        return load(CreateLead(), row), []
    except Invalid as refusal:
        return {}, refusal.details["errors"]


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in SAMPLES.items() for value in values],
    ids=lambda item: ascii(item)[:24],
)
def test_each_value_is_judged_as_the_schema_judges_it(field: str, value: Any) -> None:
    row = {"source_channel": "api", field: value}

    facts, errors = read_row(row)
    expected, expected_errors = _by_schema(row)

    assert errors == expected_errors
    if not errors:
        assert facts == expected


def test_every_wrong_field_of_a_row_is_told() -> None:
    row = {"phone": "keine", "email": "a@b", "colour": "red", "budget": "12,5,0x"}

    _, errors = read_row(row)

    assert {(error["pointer"], error["code"]) for error in errors} == {
        ("#/phone", "phone_malformed"),
        ("#/email", "email_malformed"),
        ("#/colour", "unknown_field"),
        ("#/budget", "amount_malformed"),
    }


def test_an_unknown_column_names_the_nearest_known_one() -> None:
    _, [error] = read_row({"compani": "x"})

    assert error["meta"] == {"did_you_mean": "company"}


@pytest.mark.parametrize("blank", [None, "", "  ", "\t"])
def test_a_blank_cell_is_no_value(blank: str | None) -> None:
    facts, errors = read_row(dict.fromkeys(IMPORT_FIELDS, blank))

    assert (facts, errors) == ({"source_channel": "file_import"}, [])


@pytest.mark.parametrize("channel", CHANNELS)
def test_words_may_be_written_as_their_labels(channel: str) -> None:
    for label in (channel, *CHANNELS[channel], CHANNELS[channel][1].upper()):
        assert read_row({"source_channel": label})[0]["source_channel"] == channel


@pytest.mark.parametrize(
    ("cells", "money"),
    [
        ({"budget": "12,000.5"}, Money.of("12000.50")),
        ({"budget": " 7 ", "currency": "usd"}, Money.of("7", "USD")),
        ({"budget": "7", "currency": ""}, Money.of("7")),
    ],
    ids=["thousands", "currency", "blank currency"],
)
def test_a_budget_is_an_amount_and_a_currency(cells: dict[str, str], money: Money) -> None:
    assert read_row(cells)[0]["budget"] == money


def test_a_currency_without_an_amount_is_nothing() -> None:
    assert read_row({"currency": "USD"}) == ({"source_channel": "file_import"}, [])


@given(
    local=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}", fullmatch=True),
    host=st.from_regex(r"[A-Za-z0-9-]{1,12}(\.[A-Za-z0-9-]{1,6}){0,2}", fullmatch=True),
    end=st.sampled_from(["com", "cn", "com.cn", "test", "local", "co", ""]),
)
def test_the_quick_way_to_read_an_address_agrees_with_the_library(
    local: str, host: str, end: str
) -> None:
    address = f"{local}@{host}.{end}"
    try:
        expected = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        expected = None

    assert email(address) == expected
