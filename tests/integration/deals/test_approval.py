"""D17, F1: a contract binds when somebody else than its author approves it, once."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from chassis.errors import Conflict, Forbidden, NotFound, Refused
from tests.fixtures.deals import (
    CUSTOMER,
    DIRECTOR,
    MANAGER,
    MATE,
    REP,
    STRANGER,
    json_money,
)
from tests.fixtures.races import together

FACTS = {
    "title": "水表采购合同",
    "customer_id": CUSTOMER,
    "total": json_money("1000.00"),
    "instalments": [
        {"name": "首付款", "due_on": "2026-04-01", "percent": "30"},
        {"name": "尾款", "due_on": "2026-09-30", "percent": "70"},
    ],
}


@pytest.fixture
def waiting(send: Any) -> dict[str, Any]:
    made = send(REP, "create_contract", FACTS)
    return send(REP, "submit_contract", {"id": made["id"], "expected_version": 1})


def test_an_approval_publishes_the_plan_that_receivables_are_made_from(
    send: Any, events: Any, waiting: dict[str, Any]
) -> None:
    approved = send(MANAGER, "approve_contract", {"id": waiting["id"]})

    assert (approved["status"], approved["approved_by"]) == ("approved", MANAGER)
    (event,) = events("contract_approved")
    after = event["data"]["after"]
    assert after == approved
    assert after["instalments"] == [
        {
            "sequence": 1,
            "name": "首付款",
            "due_on": "2026-04-01",
            "percent": "30",
            "amount": json_money("300.00"),
        },
        {
            "sequence": 2,
            "name": "尾款",
            "due_on": "2026-09-30",
            "percent": "70",
            "amount": json_money("700.00"),
        },
    ]
    assert {"id", "version", "number", "title", "customer_id", "opportunity_id"} <= set(after)


def test_two_approvers_at_once_are_one_approval(
    send: Any, events: Any, waiting: dict[str, Any]
) -> None:
    results = together(
        [
            lambda person=person: send(person, "approve_contract", {"id": waiting["id"]})
            for person in (MANAGER, DIRECTOR) * 4
        ]
    )

    refusals = [result for result in results if isinstance(result, Refused)]
    assert len(refusals) == len(results) - 1
    assert {refusal.code for refusal in refusals} == {"contract_not_in_approval"}
    assert len(events("contract_approved")) == 1


def test_approval_and_rejection_at_once_have_one_outcome(
    send: Any, events: Any, waiting: dict[str, Any]
) -> None:
    together(
        [
            lambda: send(MANAGER, "approve_contract", {"id": waiting["id"]}),
            lambda: send(DIRECTOR, "reject_contract", {"id": waiting["id"], "reason": "no"}),
        ]
    )

    decided = events("contract_approved") + events("contract_rejected")
    assert len(decided) == 1


def test_the_author_may_not_approve_even_as_a_manager(send: Any, events: Any) -> None:
    made = send(MANAGER, "create_contract", FACTS)
    send(MANAGER, "submit_contract", {"id": made["id"]})

    with pytest.raises(Refused) as caught:
        send(MANAGER, "approve_contract", {"id": made["id"]})

    assert caught.value.code == "approver_is_author"
    assert events("contract_approved") == []


@pytest.mark.parametrize("person", [REP, MATE])
def test_a_rep_has_no_say(send: Any, waiting: dict[str, Any], person: str) -> None:
    with pytest.raises(Forbidden) as caught:
        send(person, "approve_contract", {"id": waiting["id"]})

    assert caught.value.code == "missing_permission"


def test_a_manager_of_another_team_does_not_know_of_it(send: Any, waiting: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        send(STRANGER, "approve_contract", {"id": waiting["id"]}, roles=("manager",))


def test_an_approver_decides_on_the_version_it_has_read(send: Any, waiting: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as caught:
        send(MANAGER, "approve_contract", {"id": waiting["id"], "expected_version": 1})

    assert caught.value.code == "stale_version"


def test_a_rejected_contract_can_be_corrected_and_handed_in_again(
    send: Any, events: Any, waiting: dict[str, Any]
) -> None:
    rejected = send(MANAGER, "reject_contract", {"id": waiting["id"], "reason": "首付比例太低"})
    send(REP, "update_contract", {"id": waiting["id"], "title": "水表采购合同(修订)"})
    send(REP, "submit_contract", {"id": waiting["id"]})
    approved = send(MANAGER, "approve_contract", {"id": waiting["id"]})

    assert (rejected["status"], rejected["rejection_reason"]) == ("draft", "首付比例太低")
    assert (approved["status"], approved["rejection_reason"]) == ("approved", None)
    assert [event["type"] for event in events()] == [
        "contract_created",
        "contract_submitted",
        "contract_rejected",
        "contract_updated",
        "contract_submitted",
        "contract_approved",
    ]


def test_a_repeated_approval_with_its_key_returns_the_first_answer(
    answer: Any, waiting: dict[str, Any]
) -> None:
    first = answer(MANAGER, "approve_contract", {"id": waiting["id"]}, key="a1")
    second = answer(MANAGER, "approve_contract", {"id": waiting["id"]}, key="a1")

    assert second.replayed
    assert second.reply == first.reply


def test_the_database_refuses_an_approval_by_the_author_by_itself(
    sql: Any, waiting: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        sql(
            "update contracts set status = 'approved', approved_at = now(), approved_by = :by"
            " where id = :id",
            by=REP,
            id=waiting["id"],
        )

    assert "approver_is_not_author" in str(caught.value)


def test_a_contract_without_a_plan_is_not_submitted(send: Any) -> None:
    made = send(REP, "create_contract", {**FACTS, "instalments": []})

    with pytest.raises(Refused) as caught:
        send(REP, "submit_contract", {"id": made["id"]})

    assert caught.value.code == "instalment_plan_missing"
