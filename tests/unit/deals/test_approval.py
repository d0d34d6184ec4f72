"""D17, D19: a contract binds when somebody else than its author says so."""

from typing import Any

import pytest

from chassis.errors import Forbidden, Refused
from services.deals.domain.approval import approve, reject, submit
from services.deals.domain.contracts import Contract
from tests.fixtures.deals import MANAGER, MATE, REP, T0, a_contract, cny


def in_approval(**fields: object) -> Contract:
    return submit(a_contract(**fields), by=REP, now=T0)[0]


def test_an_approved_contract_says_who_and_when() -> None:
    contract, event = approve(in_approval(), by=MANAGER, now=T0)

    assert (contract.status, contract.approved_by, contract.approved_at) == (
        "approved",
        MANAGER,
        T0,
    )
    assert event.after == contract


@pytest.mark.parametrize(
    "decide", [approve, lambda contract, **who: reject(contract, "no", **who)], ids=["yes", "no"]
)
def test_the_author_does_not_decide(decide: Any) -> None:
    contract = in_approval()

    with pytest.raises(Refused) as caught:
        decide(contract, by=REP, now=T0)

    assert caught.value.code == "approver_is_author"


def test_who_submitted_does_not_decide_either() -> None:
    contract, _ = submit(a_contract(by=MATE), by=REP, now=T0)

    with pytest.raises(Refused):
        approve(contract, by=REP, now=T0)


def test_only_author_and_owner_submit() -> None:
    with pytest.raises(Forbidden):
        submit(a_contract(), by=MANAGER, now=T0)

    assert submit(a_contract(by=MATE), by=MATE, now=T0)[0].submitted_by == MATE


def test_a_plan_is_needed_unless_nothing_is_to_be_paid() -> None:
    """F1: receivables must sum to the total."""
    with pytest.raises(Refused) as caught:
        in_approval(instalments=())

    assert caught.value.code == "instalment_plan_missing"
    assert in_approval(total=cny("0.00"), instalments=()).status == "in_approval"


def test_a_rejected_contract_is_a_draft_with_the_reason_until_it_is_handed_in_again() -> None:
    rejected, _ = reject(in_approval(), "付款条件", by=MANAGER, now=T0)
    again, _ = submit(rejected, by=REP, now=T0)

    assert (rejected.status, rejected.rejection_reason) == ("draft", "付款条件")
    assert rejected.rejected_by == MANAGER
    assert (again.status, again.rejection_reason) == ("in_approval", None)


def test_each_step_happens_in_its_state_only() -> None:
    draft, waiting = a_contract(), in_approval()
    done, _ = approve(waiting, by=MANAGER, now=T0)

    for contract in (draft, done):
        with pytest.raises(Refused) as caught:
            approve(contract, by=MANAGER, now=T0)
        assert caught.value.code == "contract_not_in_approval"
        with pytest.raises(Refused):
            reject(contract, "late", by=MANAGER, now=T0)
    for contract in (waiting, done):
        with pytest.raises(Refused) as caught:
            submit(contract, by=REP, now=T0)
        assert caught.value.code == "contract_not_draft"
