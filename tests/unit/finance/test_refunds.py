"""F5: money goes back with a reason, decided by somebody else, never more than was collected."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.finance.domain.receivables import ReceivableReopened
from services.finance.domain.refunds import (
    RefundApproved,
    RefundRejected,
    approve,
    reject,
    request,
)
from tests.fixtures.finance import (
    DIRECTOR,
    MANAGER,
    REP,
    T0,
    a_receipt,
    a_receivable,
    a_refund,
    cny,
    recorded,
)

LATER = T0 + timedelta(days=1)
BY_MANAGER: dict[str, Any] = {"note": None, "by": MANAGER, "now": LATER}


def test_a_request_holds_the_amount_and_moves_nothing_F5() -> None:
    refund, held = a_refund(a_receipt(), "300.00")

    assert refund.status == "requested"
    assert (held.reserved, held.refunded, held.unapplied) == (
        cny("300.00"),
        cny("0"),
        cny("800.00"),
    )
    assert held.version == 2


def test_pending_refunds_count_against_the_next_one_F5() -> None:
    _, held = a_refund(a_receipt(), "500.00")

    with pytest.raises(Refused, match="refund_exceeds_collected") as refusal:
        a_refund(held, "300.01")
    assert refusal.value.details["refundable"] == "300.00"


def test_a_refund_of_a_receivable_is_bounded_by_what_this_receipt_paid_of_it_F5() -> None:
    receivable = a_receivable(collected=cny("100.00"))  # Another receipt paid these.
    receipt = recorded([receivable], ["200.00"]).receipt

    a_refund(receipt, "200.00", receivable_id=receivable.id)
    with pytest.raises(Refused, match="refund_exceeds_collected") as refusal:
        a_refund(receipt, "200.01", receivable_id=receivable.id)
    assert refusal.value.details["refundable"] == "200.00"


def test_a_receivable_that_the_receipt_never_paid_gives_nothing_back_F5() -> None:
    with pytest.raises(Refused, match="refund_exceeds_collected") as refusal:
        a_refund(a_receipt(), "0.01", receivable_id=a_receivable().id)

    assert refusal.value.details["refundable"] == "0.00"


def test_a_refund_without_receivable_comes_from_credit_alone_F5() -> None:
    receipt = recorded([a_receivable()], ["500.00"]).receipt

    with pytest.raises(Refused, match="refund_exceeds_collected") as refusal:
        a_refund(receipt, "300.01")
    assert refusal.value.details["refundable"] == "300.00"


def test_a_refund_has_the_currency_of_its_receipt_F15() -> None:
    with pytest.raises(Invalid) as refusal:
        request(
            a_receipt(),
            id="01900000-0000-7000-8000-00000000d009",
            number="TK-2026-000009",
            receivable_id=None,
            amount=Money.of("1.00", "USD"),
            reason_code="other",
            reason="外币",
            by=REP,
            now=T0,
        )

    assert refusal.value.details["errors"][0]["code"] == "currency_mismatch"


def test_approval_pays_out_of_credit_F5() -> None:
    refund, held = a_refund(a_receipt(), "300.00")

    payout = approve(refund, held, None, note="同意", by=MANAGER, now=LATER)

    assert (payout.refund.status, payout.refund.decided_by) == ("approved", MANAGER)
    assert (payout.receipt.unapplied, payout.receipt.reserved) == (cny("500.00"), cny("0"))
    assert payout.receipt.refunded == cny("300.00")
    assert (payout.entry.debit, payout.entry.credit) == ("credit", "bank")
    assert payout.events == (RefundApproved(refund, payout.refund),)


def test_approval_opens_the_receivable_again_F5() -> None:
    settlement = recorded([a_receivable()], ["500.00"])
    settled = settlement.receivables[0]
    refund, held = a_refund(settlement.receipt, "120.00", receivable_id=settled.id)

    payout = approve(refund, held, settled, **BY_MANAGER)

    assert payout.receivable is not None
    assert payout.receivable.open == cny("120.00")
    assert (payout.entry.debit, payout.entry.credit) == ("receivable", "bank")
    assert [type(event) for event in payout.events] == [RefundApproved, ReceivableReopened]
    receipt = payout.receipt
    assert receipt.amount == receipt.allocated + receipt.unapplied + receipt.refunded


def test_rejection_frees_the_amount_F5() -> None:
    receipt = a_receipt()
    refund, held = a_refund(receipt, "800.00")

    rejected, free, event = reject(refund, held, note="凭证不全", by=MANAGER, now=LATER)

    assert (rejected.status, rejected.note) == ("rejected", "凭证不全")
    assert (free.available, free.reserved) == (receipt.amount, cny("0"))
    assert event == RefundRejected(refund, rejected)


def test_who_asked_does_not_decide_F5() -> None:
    refund, held = a_refund(a_receipt(), by=MANAGER)

    with pytest.raises(Refused, match="approver_is_author"):
        approve(refund, held, None, **BY_MANAGER)
    with pytest.raises(Refused, match="approver_is_author"):
        reject(refund, held, **{**BY_MANAGER, "note": "no"})


def test_a_refund_is_decided_once_F5() -> None:
    refund, held = a_refund(a_receipt())
    payout = approve(refund, held, None, **BY_MANAGER)

    again = {"note": "n", "by": DIRECTOR, "now": LATER}
    with pytest.raises(Refused, match="refund_not_requested"):
        approve(payout.refund, payout.receipt, None, **again)
    with pytest.raises(Refused, match="refund_not_requested"):
        reject(payout.refund, payout.receipt, **again)
