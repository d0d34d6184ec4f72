"""F3: one receipt pays several receivables, several receipts pay one; never more than there is."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.finance.domain.receipts import (
    ReceiptAllocated,
    ReceiptRecorded,
    Share,
    allocate,
    reference_of,
)
from services.finance.domain.receivables import ReceivableSettled
from tests.fixtures.finance import (
    OTHER_CUSTOMER,
    REP,
    T0,
    TODAY,
    a_receipt,
    a_receivable,
    a_refund,
    cny,
    recorded,
)

FIRST = a_receivable()
SECOND = a_receivable(
    id="01900000-0000-7000-8000-00000000e002", number="YS-2026-000002", sequence=2
)


def code_of(refusal: Any) -> str:
    return str(refusal.value.details["errors"][0]["code"])


def use(receipt: Any, *shares: tuple[Any, str]) -> Any:
    return allocate(
        receipt,
        {receivable.id: receivable for receivable, _ in shares},
        [Share(receivable.id, cny(amount)) for receivable, amount in shares],
        by=REP,
        now=T0,
    )


def test_a_receipt_settles_one_and_pays_part_of_another_F3() -> None:
    settlement = recorded([FIRST, SECOND], ["500.00", "250.00"])

    receipt = settlement.receipt
    first, second = settlement.receivables
    assert (receipt.allocated, receipt.unapplied) == (cny("750.00"), cny("50.00"))
    assert (first.status, second.status, second.open) == ("settled", "partial", cny("250.00"))
    assert [type(event) for event in settlement.events] == [ReceiptRecorded, ReceivableSettled]


def test_every_movement_is_one_balanced_line_of_the_journal_M7() -> None:
    settlement = recorded([FIRST, SECOND], ["500.00", "250.00"])

    assert [(e.kind, e.debit, e.credit, e.amount.text()) for e in settlement.entries] == [
        ("received", "bank", "credit", "800.00"),
        ("allocated", "credit", "receivable", "500.00"),
        ("allocated", "credit", "receivable", "250.00"),
    ]


def test_what_is_not_allocated_stays_as_credit_and_can_be_used_later_F3() -> None:
    receipt = a_receipt()
    assert receipt.unapplied == cny("800.00")

    settlement = use(receipt, (FIRST, "300.00"))

    after = settlement.receipt
    assert (after.version, after.unapplied) == (2, cny("500.00"))
    assert settlement.events == (ReceiptAllocated(receipt, after),)


def test_a_second_share_for_the_same_receivable_adds_to_the_first_F3() -> None:
    once = use(a_receipt(), (FIRST, "100.00"))

    twice = use(once.receipt, (once.receivables[0], "50.00"))

    assert [(a.receivable_id, a.amount) for a in twice.receipt.allocations] == [
        (FIRST.id, cny("150.00"))
    ]


def test_shares_beyond_the_receipt_are_refused_F3() -> None:
    with pytest.raises(Refused, match="allocation_exceeds_receipt") as refusal:
        recorded([FIRST, SECOND], ["500.00", "300.01"])

    assert refusal.value.details["available"] == "800.00"


def test_a_share_beyond_what_is_open_is_refused_F3() -> None:
    with pytest.raises(Refused, match="allocation_exceeds_open"):
        recorded([FIRST], ["500.01"])


def test_credit_that_a_refund_holds_can_not_be_allocated_F5() -> None:
    _, held = a_refund(a_receipt(), "400.00")

    assert (held.unapplied, held.available) == (cny("800.00"), cny("400.00"))
    with pytest.raises(Refused, match="allocation_exceeds_receipt"):
        use(held, (FIRST, "400.01"))


def test_a_receivable_of_another_customer_is_refused_F3() -> None:
    with pytest.raises(Invalid) as refusal:
        recorded([a_receivable(customer_id=OTHER_CUSTOMER)], ["1.00"])

    assert code_of(refusal) == "receivable_of_other_customer"


def test_currencies_are_never_mixed_F15() -> None:
    dollars = a_receivable(amount=Money.of("500.00", "USD"), collected=Money.zero("USD"))

    with pytest.raises(Invalid) as refusal:
        recorded([dollars], ["1.00"])
    assert code_of(refusal) == "currency_mismatch"

    with pytest.raises(Invalid) as refusal:
        recorded([FIRST], ["1.00"], amount=Money.of("800", "JPY"))
    assert code_of(refusal) == "currency_mismatch"


def test_one_receivable_named_twice_in_a_request_is_refused_F3() -> None:
    with pytest.raises(Invalid) as refusal:
        use(a_receipt(), (FIRST, "1.00"), (FIRST, "2.00"))

    assert code_of(refusal) == "duplicate"


def test_money_that_comes_tomorrow_is_not_recorded_today_F3() -> None:
    with pytest.raises(Invalid) as refusal:
        a_receipt(received_on=TODAY + timedelta(days=1))

    assert code_of(refusal) == "in_the_future"


@pytest.mark.parametrize("method", ["bank", "cheque", "alipay", "wechat"])
@pytest.mark.parametrize("reference", [None, "  "])
def test_money_through_a_bank_needs_its_reference_F3(method: str, reference: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        a_receipt(method=method, bank_reference=reference)

    assert code_of(refusal) == "required"


def test_cash_has_no_reference_F3() -> None:
    assert a_receipt(method="cash", bank_reference=None).bank_reference is None


def test_references_are_compared_without_case_width_and_spaces_F3() -> None:
    assert reference_of("icbc ２０２６-01 x") == "ICBC2026-01X"
    assert reference_of(None) is None
