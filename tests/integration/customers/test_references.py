"""What other services' records may name (C1, C5)."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.errors import Invalid
from chassis.ids import new_id
from services.customers.service import CustomersService
from tests.fixtures.customers import ask, chen, counted_statements, customer_facts, li, zhao


@pytest.fixture
def named(service: CustomersService) -> dict[str, str]:
    """Return a customer of Li's and its contact, as a write elsewhere names them."""
    customer = ask(service.create_customer, customer_facts(), li)
    facts = {"name": "周瑜", "phone": "138 0013 8001"}
    place = {"customers": [{"customer_id": customer["id"]}]}
    contact = ask(service.create_contact, {**facts, **place}, li)
    return {"customer_id": customer["id"], "contact_id": contact["id"]}


def _codes(service: CustomersService, question: dict[str, Any], actor: Any) -> list[Any]:
    try:
        assert ask(service.check_references, question, actor) == {}
    except Invalid as refusal:
        return [(error["pointer"], error["code"]) for error in refusal.details["errors"]]
    return []


def test_what_is_visible_may_be_named(service: CustomersService, named: dict[str, str]) -> None:
    assert _codes(service, named, li) == _codes(service, named, zhao) == []
    assert _codes(service, {"customer_id": named["customer_id"]}, li) == []
    assert _codes(service, {}, chen) == []


def test_what_is_absent_or_invisible_is_refused_alike_at_its_field(
    service: CustomersService, named: dict[str, str]
) -> None:
    nowhere = {"customer_id": new_id(), "contact_id": new_id()}
    both = [("#/customer_id", "unknown_customer"), ("#/contact_id", "unknown_contact")]

    assert _codes(service, nowhere, li) == both
    assert _codes(service, named, chen) == both
    assert _codes(service, {**named, "contact_id": new_id()}, li) == both[1:]


def test_a_key_for_receipts_alone_may_name_what_its_person_sees(
    service: CustomersService, named: dict[str, str]
) -> None:
    assert _codes(service, named, replace(li, scopes=("receipts:write",))) == []


def test_the_question_costs_a_statement_per_record(
    service: CustomersService, named: dict[str, str]
) -> None:
    with counted_statements(service) as statements:
        ask(service.check_references, named, zhao)

    assert len([one for one in statements if one.lower().startswith("select")]) == 2
