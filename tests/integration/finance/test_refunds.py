"""F5: refunds on the real database: asked for, held, decided by somebody else, shown."""

from typing import Any

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.fixtures.finance import (
    DIRECTOR,
    MANAGER,
    MATE,
    REP,
    STRANGER,
    a_receipt_request,
    a_refund_request,
    an_allocation_request,
    json_money,
)


@pytest.fixture
def paid(bill: Any, send: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A settled receivable of 60 and the receipt of 100 that paid it."""
    (receivable,) = bill("60.00")
    receipt = send(REP, "record_receipt", a_receipt_request("100.00", (receivable, "60.00")))
    return receivable, receipt


def test_an_approved_refund_opens_the_receivable_again_F5(
    paid: Any, send: Any, events: Any
) -> None:
    receivable, receipt = paid
    refund = send(
        REP, "request_refund", a_refund_request(receipt, "25.00", receivable_id=receivable["id"])
    )
    assert (refund["status"], refund["created_by"]) == ("requested", REP)
    assert refund["number"].startswith("TK-")
    assert send(REP, "get_receivable", {"id": receivable["id"]})["status"] == "settled"

    approved = send(
        MANAGER, "approve_refund", {"id": refund["id"], "expected_version": 1, "note": "已核实"}
    )

    assert (approved["status"], approved["decided_by"]) == ("approved", MANAGER)
    after = send(REP, "get_receivable", {"id": receivable["id"]})
    assert (after["open"]["amount"], after["status"]) == ("25.00", "partial")
    shown = send(REP, "get_receipt", {"id": receipt["id"]})
    assert [shown[name]["amount"] for name in ("allocated", "unapplied", "refunded")] == [
        "35.00",
        "40.00",
        "25.00",
    ]
    assert [event["type"] for event in events()][-3:] == [
        "refund_requested",
        "refund_approved",
        "receivable_reopened",
    ]
    assert send(REP, "get_refund", {"id": refund["id"]}) == approved


def test_a_refund_of_credit_leaves_receivables_alone_F5(paid: Any, send: Any) -> None:
    receivable, receipt = paid
    refund = send(REP, "request_refund", a_refund_request(receipt, "40.00"))

    send(MANAGER, "approve_refund", {"id": refund["id"]})

    assert send(REP, "get_receipt", {"id": receipt["id"]})["unapplied"]["amount"] == "0.00"
    assert send(REP, "get_receivable", {"id": receivable["id"]})["status"] == "settled"


def test_a_pending_refund_holds_credit_against_allocation_F5(
    paid: Any, bill: Any, send: Any
) -> None:
    _, receipt = paid
    refund = send(REP, "request_refund", a_refund_request(receipt, "30.00"))
    (other,) = bill("40.00")
    allocation = an_allocation_request(receipt, (other, "10.01"))

    with pytest.raises(Refused, match="allocation_exceeds_receipt"):
        send(REP, "allocate_receipt", allocation)
    send(MANAGER, "reject_refund", {"id": refund["id"], "note": "凭证不全"})

    assert send(REP, "allocate_receipt", allocation)["unapplied"]["amount"] == "29.99"


def test_never_more_than_was_collected_less_what_is_refunded_or_held_F5(
    paid: Any, send: Any
) -> None:
    receivable, receipt = paid
    of_receivable = {"receivable_id": receivable["id"]}
    first = send(REP, "request_refund", a_refund_request(receipt, "50.00", **of_receivable))
    send(MANAGER, "approve_refund", {"id": first["id"]})
    send(REP, "request_refund", a_refund_request(receipt, "9.99", **of_receivable))

    with pytest.raises(Refused, match="refund_exceeds_collected") as refusal:
        send(REP, "request_refund", a_refund_request(receipt, "0.02", **of_receivable))
    assert refusal.value.details["refundable"] == "0.01"


def test_what_was_paid_back_can_be_paid_again_F5(paid: Any, send: Any) -> None:
    receivable, receipt = paid
    refund = send(
        REP, "request_refund", a_refund_request(receipt, "60.00", receivable_id=receivable["id"])
    )
    send(MANAGER, "approve_refund", {"id": refund["id"]})

    send(REP, "record_receipt", a_receipt_request("60.00", (receivable, "60.00")))

    assert send(REP, "get_receivable", {"id": receivable["id"]})["status"] == "settled"


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""},
        {"reason": None},
        {"reason_code": "because"},
        {"amount": json_money("0")},
        {"amount": json_money("1", "USD")},
    ],
)
def test_a_refund_without_a_sound_reason_or_amount_is_refused_F5(
    paid: Any, send: Any, fields: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        send(REP, "request_refund", a_refund_request(paid[1], "1.00", **fields))


def test_maker_is_not_checker_F5(paid: Any, send: Any) -> None:
    refund = send(MANAGER, "request_refund", a_refund_request(paid[1], "1.00"))

    with pytest.raises(Refused, match="approver_is_author"):
        send(MANAGER, "approve_refund", {"id": refund["id"]})
    with pytest.raises(Forbidden, match="missing_permission"):
        send(REP, "approve_refund", {"id": refund["id"]})

    assert send(DIRECTOR, "approve_refund", {"id": refund["id"]})["status"] == "approved"


def test_a_decision_is_made_once_and_on_the_version_that_was_seen_F5(paid: Any, send: Any) -> None:
    refund = send(REP, "request_refund", a_refund_request(paid[1], "1.00"))

    with pytest.raises(Conflict, match="stale_version"):
        send(MANAGER, "approve_refund", {"id": refund["id"], "expected_version": 7})
    send(MANAGER, "reject_refund", {"id": refund["id"], "note": "重复"})
    for method, more in (("approve_refund", {}), ("reject_refund", {"note": "n"})):
        with pytest.raises(Refused, match="refund_not_requested"):
            send(DIRECTOR, method, {"id": refund["id"], **more})


def test_refunds_are_seen_by_owner_and_team_X6(paid: Any, send: Any) -> None:
    refund = send(REP, "request_refund", a_refund_request(paid[1], "1.00"))

    seen = {
        person: [one["id"] for one in send(person, "list_refunds", {})["items"]]
        for person in (REP, MATE, STRANGER, DIRECTOR)
    }

    assert seen == {REP: [refund["id"]], MATE: [], STRANGER: [], DIRECTOR: [refund["id"]]}
    with pytest.raises(NotFound):
        send(STRANGER, "get_refund", {"id": refund["id"]})
    with pytest.raises(NotFound):
        send(MATE, "request_refund", a_refund_request(paid[1], "1.00"))
    out_of_team = {"roles": ("manager",), "team_path": "/cn/south/"}
    with pytest.raises(NotFound):
        send(STRANGER, "approve_refund", {"id": refund["id"]}, **out_of_team)
    query = {"filters": {"status": "requested", "reason_code": "goods_returned"}}
    assert len(send(REP, "list_refunds", query)["items"]) == 1


def test_a_reach_for_approval_that_is_narrower_than_for_reading_is_forbidden_X6(
    paid: Any, send: Any
) -> None:
    from chassis.actor import Level, define_roles

    define_roles({"auditor": {"refunds:read": Level.ALL, "refunds:approve": Level.OWN}})
    refund = send(REP, "request_refund", a_refund_request(paid[1], "1.00"))

    with pytest.raises(Forbidden, match="not_permitted"):
        send(STRANGER, "approve_refund", {"id": refund["id"]}, roles=("auditor",))


def test_a_repeated_approval_pays_once_Y1(paid: Any, answer: Any, sql: Any) -> None:
    refund = answer(REP, "request_refund", a_refund_request(paid[1], "5.00"), key="r").reply
    first = answer(MANAGER, "approve_refund", {"id": refund["id"]}, key="a")

    again = answer(MANAGER, "approve_refund", {"id": refund["id"]}, key="a")

    assert (again.reply, again.replayed) == (first.reply, True)
    assert sql("select count(*) from journal where kind = 'refunded'")[0][0] == 1
