"""D17: writing a contract."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from services.deals.domain.approval import submit
from services.deals.domain.contracts import Contract, edit
from tests.fixtures.deals import (
    OTHER_CUSTOMER,
    REP,
    T0,
    a_contract,
    a_term,
    an_opportunity,
    cny,
)


def edited(contract: Contract, **changes: Any) -> Contract:
    return edit(contract, changes, by=REP, now=T0)[0]


def test_a_draft_computes_its_instalments() -> None:
    contract = a_contract()

    assert contract.status == "draft"
    assert [item.amount.text() for item in contract.instalments] == ["500.01", "500.00"]


def test_a_plan_of_shares_follows_a_new_total() -> None:
    contract = edited(a_contract(), total=cny("10.00"))

    assert [item.amount.text() for item in contract.instalments] == ["5.00", "5.00"]


def test_a_plan_of_fixed_amounts_must_come_with_a_new_total() -> None:
    contract = a_contract(total=cny("10.00"), instalments=[a_term(amount=cny("10.00"))])

    with pytest.raises(Invalid):
        edited(contract, total=cny("11.00"))

    changed = edited(contract, total=cny("11.00"), instalments=(a_term(amount=cny("11.00")),))
    assert changed.instalments[0].amount == cny("11.00")


def test_an_edit_that_changes_nothing_is_no_event() -> None:
    contract = a_contract()

    assert edit(contract, {"title": contract.title}, by=REP, now=T0) == (contract, None)


def test_a_document_in_approval_is_locked() -> None:
    contract, _ = submit(a_contract(), by=REP, now=T0)

    with pytest.raises(Refused) as caught:
        edited(contract, title="other")

    assert caught.value.code == "contract_locked"


def test_a_term_does_not_end_before_it_starts() -> None:
    with pytest.raises(Invalid):
        a_contract(starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 31))
    with pytest.raises(Invalid):
        edited(a_contract(), ends_on=date(2020, 1, 1))


def test_a_contract_comes_from_a_deal_of_the_same_customer() -> None:
    opportunity = an_opportunity()

    assert a_contract(opportunity=opportunity).opportunity_id == opportunity.id
    with pytest.raises(Invalid) as caught:
        a_contract(opportunity=opportunity, customer_id=OTHER_CUSTOMER)
    assert caught.value.details["errors"][0]["code"] == "opportunity_of_other_customer"


def test_no_contract_comes_from_a_lost_deal() -> None:
    with pytest.raises(Refused) as caught:
        a_contract(opportunity=replace(an_opportunity(), status="lost"))

    assert caught.value.code == "opportunity_lost"
