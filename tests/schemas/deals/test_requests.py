"""What the requests of deals accept, before any rule of the domain."""

from typing import Any

import pytest
from marshmallow import Schema

from chassis.errors import Invalid
from chassis.validation import load
from schemas import deals as schemas
from tests.fixtures.deals import CUSTOMER, json_money


@pytest.mark.parametrize(
    ("schema", "payload", "pointer", "code"),
    [
        pytest.param(
            schemas.CreateOpportunity(),
            {"name": "a", "customer": CUSTOMER},
            "#/customer",
            "unknown_field",
            id="misspelt field",
        ),
        pytest.param(
            schemas.CreateOpportunity(), {"name": "a"}, "#/customer_id", "required", id="missing"
        ),
        pytest.param(
            schemas.UpdateOpportunity(),
            {"id": CUSTOMER, "name": None},
            "#/name",
            "not_null",
            id="a name can not be cleared",
        ),
        pytest.param(
            schemas.UpdateOpportunity(),
            {"id": CUSTOMER, "owner_id": CUSTOMER},
            "#/owner_id",
            "unknown_field",
            id="an owner is not edited",
        ),
        pytest.param(
            schemas.AdvanceOpportunity(), {"id": "7"}, "#/id", "not_an_id", id="not an id"
        ),
        pytest.param(
            schemas.WinOpportunity(),
            {"id": CUSTOMER, "reason": "prise"},
            "#/reason",
            "not_a_choice",
            id="reason off the list",
        ),
        pytest.param(
            schemas.CreateContract(),
            {"title": "a", "customer_id": CUSTOMER, "total": "5"},
            "#/total",
            "not_money",
            id="a number is no money",
        ),
        pytest.param(
            schemas.CreateContract(),
            {
                "title": "a",
                "customer_id": CUSTOMER,
                "total": json_money("5.00"),
                "instalments": [{"name": "a", "due_on": "1.4.2026", "percent": "100"}],
            },
            "#/instalments/0/due_on",
            "not_a_date",
            id="a date is ISO 8601",
        ),
        pytest.param(
            schemas.RejectContract(),
            {"id": CUSTOMER, "reason": "  "},
            "#/reason",
            "too_short",
            id="a rejection says why",
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_code(
    schema: Schema, payload: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        load(schema, payload)

    found = [(error["pointer"], error["code"]) for error in caught.value.details["errors"]]
    assert (pointer, code) in found


def test_what_an_update_leaves_out_is_not_loaded() -> None:
    loaded = load(schemas.UpdateOpportunity(), {"id": CUSTOMER, "competitor": None})

    assert loaded == {"id": CUSTOMER, "expected_version": None, "competitor": None}


def test_limits_of_the_schema_and_of_the_rule_are_the_same() -> None:
    from schemas.deals.contracts import MAX_INSTALMENTS
    from services.deals.domain import instalments

    assert instalments.MAX_INSTALMENTS == MAX_INSTALMENTS
