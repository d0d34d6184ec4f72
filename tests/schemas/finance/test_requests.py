"""What the requests of finance take and what they refuse."""

from typing import Any

import pytest
from marshmallow import Schema

from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.money import Money
from chassis.validation import load
from schemas.finance import MAX_ALLOCATIONS, AllocateReceipt, RecordReceipt, RequestRefund
from tests.fixtures.finance import a_receipt_request, a_refund_request, json_money


def codes(schema: Schema, payload: Any) -> dict[str, str]:
    """Return the code of each field that is refused."""
    with pytest.raises(Invalid) as refusal:
        load(schema, payload)
    return {error["pointer"]: error["code"] for error in refusal.value.details["errors"]}


def test_an_amount_keeps_every_cent_Y3() -> None:
    loaded = load(RecordReceipt(), a_receipt_request("9999999999999999.99"))

    assert loaded["amount"] == Money.of("9999999999999999.99")
    assert loaded["allocations"] == []


def test_every_wrong_field_is_named_at_once_F3() -> None:
    line = {"receivable_id": "x", "amount": json_money("0")}

    found = codes(RecordReceipt(), a_receipt_request("-1", method="iou", allocations=[line]))

    assert found == {
        "#/method": "not_a_choice",
        "#/amount": "not_positive",
        "#/allocations/0/receivable_id": "not_an_id",
        "#/allocations/0/amount": "not_positive",
    }


def test_an_allocation_names_one_to_a_hundred_receivables_F3() -> None:
    line = {"receivable_id": new_id(), "amount": json_money("1.00")}

    none = codes(AllocateReceipt(), {"id": new_id(), "allocations": []})
    many = codes(AllocateReceipt(), {"id": new_id(), "allocations": [line] * (MAX_ALLOCATIONS + 1)})

    assert (none, many) == ({"#/allocations": "too_few"}, {"#/allocations": "too_many"})


def test_a_refund_says_why_F5() -> None:
    request = a_refund_request({"id": new_id()}, "1.00")
    del request["reason"], request["reason_code"]

    assert codes(RequestRefund(), request) == {
        "#/reason": "required",
        "#/reason_code": "required",
    }
