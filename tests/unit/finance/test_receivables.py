"""F1, F2: what an approved contract makes, and what is still open of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.finance.domain.receivables import (
    ApprovedContract,
    Instalment,
    ReceivableReopened,
    ReceivableSettled,
    bill,
    billed,
    check_billed,
    collect,
    give_back,
)
from tests.fixtures.finance import CONTRACT, CUSTOMER, MANAGER, REP, T0, TODAY, a_receivable, cny

LATER = T0 + timedelta(hours=1)


def a_contract(*amounts: str, total: str, currency: str = "CNY") -> ApprovedContract:
    return ApprovedContract(
        id=CONTRACT,
        number="HT-2026-000001",
        version=3,
        customer_id=CUSTOMER,
        owner_id=REP,
        total=Money.of(total, currency),
        instalments=tuple(
            Instalment(n, f"第{n}期", date(2026, 3 + n, 1), Money.of(amount, currency))
            for n, amount in enumerate(amounts, start=1)
        ),
    )


def bill_it(contract: ApprovedContract) -> tuple:
    names = ((f"id-{n}", f"YS-{n}") for n in range(1, 100))
    return bill(contract, names, by="system", now=T0, today=TODAY)


def test_every_instalment_becomes_one_receivable_and_they_sum_to_the_total_F1() -> None:
    made = bill_it(a_contract("333.34", "333.33", "333.33", total="1000.00"))

    assert [one.sequence for one in made] == [1, 2, 3]
    assert [one.number for one in made] == ["YS-1", "YS-2", "YS-3"]
    assert sum(one.amount.amount for one in made) == Decimal("1000.00")
    assert {(one.customer_id, one.owner_id, one.contract_version) for one in made} == {
        (CUSTOMER, REP, 3)
    }
    assert all(one.open == one.amount and one.status == "open" for one in made)


def test_instalments_that_do_not_sum_to_the_contract_make_nothing_F1() -> None:
    with pytest.raises(Invalid) as refusal:
        bill_it(a_contract("333.33", "333.33", "333.33", total="1000.00"))

    assert refusal.value.details["errors"][0]["code"] == "instalments_not_total"


def test_an_instalment_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        bill_it(a_contract("0", "10", total="10"))

    assert refusal.value.details["errors"][0]["code"] == "not_positive"


def test_a_contract_of_nothing_has_no_receivables() -> None:
    assert bill_it(a_contract(total="0")) == ()


def test_a_new_receivable_is_a_balanced_line_of_the_journal() -> None:
    entry = billed(a_receivable())

    assert (entry.kind, entry.debit, entry.credit) == ("billed", "receivable", "revenue")
    assert entry.amount == cny("500.00")


def test_the_same_contract_version_again_is_accepted_and_another_is_not_F1() -> None:
    contract = a_contract("10", total="10")

    check_billed(contract, [a_receivable(contract_version=3)])
    with pytest.raises(Refused, match="contract_already_billed"):
        check_billed(contract, [a_receivable(contract_version=2)])


@pytest.mark.parametrize(
    ("collected", "due_on", "status"),
    [
        ("0", TODAY + timedelta(days=1), "open"),
        ("0.01", TODAY + timedelta(days=1), "partial"),
        ("499.99", TODAY, "partial"),
        ("0", TODAY, "open"),
        ("0", TODAY - timedelta(days=1), "overdue"),
        ("499.99", TODAY - timedelta(days=1), "overdue"),
        ("500.00", TODAY - timedelta(days=90), "settled"),
    ],
)
def test_the_status_follows_from_sums_and_the_business_day_F1(
    collected: str, due_on: date, status: str
) -> None:
    assert a_receivable(collected=cny(collected), due_on=due_on).status == status


def test_collecting_part_of_it_leaves_the_rest_open_F3() -> None:
    paid, event = collect(a_receivable(), cny("200.00"), by=REP, now=LATER)

    assert (paid.open, paid.status, paid.version) == (cny("300.00"), "partial", 2)
    assert event is None


def test_collecting_the_last_cent_settles_it_F3() -> None:
    before = a_receivable(collected=cny("499.99"))

    paid, event = collect(before, cny("0.01"), by=REP, now=LATER)

    assert paid.status == "settled"
    assert event == ReceivableSettled(before, paid)


def test_collecting_a_cent_too_much_is_refused_F3() -> None:
    with pytest.raises(Refused, match="allocation_exceeds_open") as refusal:
        collect(a_receivable(), cny("500.01"), by=REP, now=LATER)

    assert refusal.value.details["open"] == "500.00"


def test_giving_back_opens_a_settled_receivable_again_F5() -> None:
    settled = a_receivable(collected=cny("500.00"))

    back, event = give_back(settled, cny("80.00"), by=MANAGER, now=LATER)

    assert (back.open, back.status) == (cny("80.00"), "partial")
    assert event == ReceivableReopened(settled, back)
    assert give_back(back, cny("20.00"), by=MANAGER, now=LATER)[1] is None
