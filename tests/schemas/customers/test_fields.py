"""C1, C2: codes, numbers and addresses are checked where they come in."""

from typing import Any

import pytest

from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.phones import e164
from chassis.validation import load
from schemas.customers import CreateContact, CreateCustomer, UpdateCustomer


def _errors(schema: Any, payload: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        load(schema, payload)
    return [(error["pointer"], error["code"]) for error in refusal.value.details["errors"]]


def _with(**fields: Any) -> dict[str, Any]:
    return {"kind": "organisation", "name": "云帆", **fields}


@pytest.mark.parametrize(
    "code",
    ["91110000600037341L", " 9111 0000 6000 3734 1l", "９１１１００００６０００３７３４１Ｌ"],
    ids=["plain", "spaced and small", "full width"],
)
def test_a_credit_code_is_kept_in_its_normal_form(code: str) -> None:
    assert load(CreateCustomer(), _with(credit_code=code))["credit_code"] == "91110000600037341L"


@pytest.mark.parametrize(
    "code",
    ["91110000600037341M", "9111000060003734", "A1110000600037341L", "91110000I00037341L", ""],
    ids=["check digit", "too short", "authority", "forbidden letter", "empty"],
)
def test_a_credit_code_that_does_not_check_is_refused(code: str) -> None:
    assert _errors(CreateCustomer(), _with(credit_code=code)) == [
        ("#/credit_code", "credit_code_malformed")
    ]


def test_all_wrong_fields_are_named_at_once() -> None:
    wrong = _with(
        phone="12", email="nobody", birth_date="1990-02-30", birth_month_day="02-30",
        gender="fem", hobbies=["x"] * 31, external_ids={"erp": 7}, nmae="x",
    )  # fmt: skip

    assert sorted(_errors(CreateCustomer(), wrong)) == [
        ("#/birth_date", "not_a_date"),
        ("#/birth_month_day", "not_a_month_and_day"),
        ("#/email", "email_malformed"),
        ("#/external_ids", "invalid_field"),
        ("#/gender", "not_a_choice"),
        ("#/hobbies", "too_many"),
        ("#/nmae", "unknown_field"),
        ("#/phone", "phone_malformed"),
    ]


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("021-58881234转801", "+862158881234"),
        ("０２１－５８８８１２３４", "+862158881234"),
        ("+1 650 253 0000", "+16502530000"),
        ("不详", None),
        ("", None),
    ],
    ids=["mobile", "extension", "full width", "abroad", "words", "nothing"],
)
def test_phone_numbers_have_one_comparable_form(typed: str, normal: str | None) -> None:
    assert e164(typed) == normal


def test_an_update_carries_only_what_changes_and_null_clears() -> None:
    loaded = load(UpdateCustomer(), {"id": new_id(), "region": None, "external_ids": {"erp": None}})

    assert set(loaded) == {"id", "expected_version", "region", "external_ids"}
    assert loaded["external_ids"] == {"erp": None}
    assert _errors(UpdateCustomer(), {"id": new_id(), "name": None}) == [("#/name", "not_null")]


def test_the_place_of_a_wrong_membership_is_named() -> None:
    wrong = {"name": "周瑜", "customers": [{"customer_id": new_id(), "role": "boss"}]}

    assert _errors(CreateContact(), wrong) == [("#/customers/0/role", "not_a_choice")]
