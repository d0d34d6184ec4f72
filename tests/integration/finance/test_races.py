"""Y5: twenty at once never allocate or refund more than there is; exactly the right number win."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from chassis.errors import Refused
from tests.fixtures.finance import (
    CUSTOMER,
    DIRECTOR,
    MANAGER,
    REP,
    a_receipt_request,
    a_refund_request,
    an_allocation_request,
)
from tests.fixtures.races import together


def wins(results: Sequence[Any], code: str) -> int:
    """Return how many succeeded; the others were refused with the code."""
    refusals = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, Refused) and one.code == code for one in refusals), refusals
    return len(results) - len(refusals)


def test_twenty_receipts_for_one_receivable_pay_it_exactly_Y5(
    bill: Any, send: Any, events: Any
) -> None:
    (one,) = bill("100.00")
    requests = [a_receipt_request("30.00", (one, "30.00")) for _ in range(20)]

    results = together([lambda r=r: send(REP, "record_receipt", r) for r in requests])

    assert wins(results, "allocation_exceeds_open") == 3
    found = send(REP, "get_receivable", {"id": one["id"]})
    assert (found["collected"]["amount"], found["version"]) == ("90.00", 4)
    assert len(events("receipt_recorded")) == 3


def test_twenty_allocations_of_one_receipt_use_it_exactly_Y5(bill: Any, send: Any) -> None:
    receipt = send(REP, "record_receipt", a_receipt_request("100.00"))
    made = bill(*["30.00"] * 20)

    results = together(
        [
            lambda one=one: send(
                REP, "allocate_receipt", an_allocation_request(receipt, (one, "30.00"))
            )
            for one in made
        ]
    )

    assert wins(results, "allocation_exceeds_receipt") == 3
    found = send(REP, "get_receipt", {"id": receipt["id"]})
    assert (found["unapplied"]["amount"], found["version"]) == ("10.00", 4)


def test_twenty_refunds_of_one_receipt_hold_it_exactly_Y5(bill: Any, send: Any) -> None:
    (one,) = bill("100.00")
    receipt = send(REP, "record_receipt", a_receipt_request("100.00", (one, "100.00")))
    request = a_refund_request(receipt, "30.00", receivable_id=one["id"])

    results = together([lambda: send(REP, "request_refund", request)] * 20)

    assert wins(results, "refund_exceeds_collected") == 3
    assert send(REP, "get_receipt", {"id": receipt["id"]})["reserved"]["amount"] == "90.00"


def test_twenty_decisions_about_one_refund_are_one_Y5(send: Any, sql: Any) -> None:
    receipt = send(REP, "record_receipt", a_receipt_request("100.00"))
    refund = send(REP, "request_refund", a_refund_request(receipt, "40.00"))
    approve = lambda: send(MANAGER, "approve_refund", {"id": refund["id"]})  # noqa: E731
    reject = lambda: send(DIRECTOR, "reject_refund", {"id": refund["id"], "note": "n"})  # noqa: E731

    results = together([approve, reject] * 10)

    assert wins(results, "refund_not_requested") == 1
    paid = sql("select coalesce(sum(amount), 0) from journal where kind = 'refunded'")[0][0]
    found = send(REP, "get_refund", {"id": refund["id"]})
    assert paid == (Decimal("40.00") if found["status"] == "approved" else 0)


def test_receipts_that_pay_the_same_receivables_in_any_order_do_not_deadlock_Y5(
    bill: Any, send: Any, sql: Any
) -> None:
    made = bill("200.00", "200.00", "200.00")
    requests = [
        a_receipt_request("30.00", *((one, "10.00") for one in order))
        for order in [made, made[::-1], [made[1], made[2], made[0]], made[::-1]] * 5
    ]

    results = together([lambda r=r: send(REP, "record_receipt", r) for r in requests])

    assert wins(results, "none") == 20
    assert [one["collected"]["amount"] for one in bill_again(send)] == ["200.00"] * 3
    assert sql("select sum(amount) from journal where kind = 'allocated'")[0][0] == 600


def bill_again(send: Any) -> list[dict[str, Any]]:
    """Return all receivables of the customer."""
    query = {"filters": {"customer_id": CUSTOMER}}
    return list(send(REP, "list_receivables", query)["items"])


def test_twenty_equal_receipts_with_one_key_are_one_Y5(bill: Any, answer: Any, sql: Any) -> None:
    (one,) = bill("100.00")
    request = a_receipt_request("60.00", (one, "60.00"))

    answers = together([lambda: answer(REP, "record_receipt", request, key="same")] * 20)

    assert all(one.reply == answers[0].reply for one in answers)
    assert [one.replayed for one in answers].count(False) == 1
    assert sql("select count(*) from receipts")[0][0] == 1
