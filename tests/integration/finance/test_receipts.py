"""F3: receipts on the real database: allocated, kept as credit, refused, replayed."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from tests.fixtures.finance import (
    CUSTOMER,
    DIRECTOR,
    MANAGER,
    MATE,
    OTHER_CUSTOMER,
    PARTNER,
    REP,
    STRANGER,
    a_receipt_request,
    an_allocation_request,
    json_money,
)


def test_one_receipt_settles_several_receivables_and_the_rest_is_credit_F3(
    bill: Any, send: Any, events: Any
) -> None:
    first, second = bill("60.00", "50.00")

    receipt = send(
        REP, "record_receipt", a_receipt_request("120.00", (first, "60.00"), (second, "40.00"))
    )

    assert receipt["number"].startswith("SK-")
    assert receipt["allocated"] == json_money("100.00")
    assert receipt["unapplied"] == json_money("20.00")
    assert send(REP, "get_receipt", {"id": receipt["id"]}) == receipt
    statuses = [send(REP, "get_receivable", {"id": one["id"]})["status"] for one in (first, second)]
    assert statuses == ["settled", "partial"]
    assert [one["type"] for one in events()][-2:] == ["receipt_recorded", "receivable_settled"]
    assert {one["customerid"] for one in events()} == {CUSTOMER}


def test_several_receipts_settle_one_receivable_F3(bill: Any, send: Any, events: Any) -> None:
    (one,) = bill("100.00")

    for part in ("33.33", "33.33", "33.34"):
        send(REP, "record_receipt", a_receipt_request(part, (one, part)))

    found = send(REP, "get_receivable", {"id": one["id"]})
    assert (found["status"], found["open"]["amount"]) == ("settled", "0.00")
    assert len(events("receivable_settled")) == 1


def test_credit_is_allocated_later_F3(bill: Any, send: Any, events: Any) -> None:
    receipt = send(REP, "record_receipt", a_receipt_request("100.00"))
    (one,) = bill("80.00")
    payload = an_allocation_request(receipt, (one, "80.00"))

    after = send(REP, "allocate_receipt", {**payload, "expected_version": 1})

    assert (after["version"], after["unapplied"]["amount"]) == (2, "20.00")
    assert [event["type"] for event in events()][-2:] == [
        "receipt_allocated",
        "receivable_settled",
    ]
    with pytest.raises(Conflict, match="stale_version"):
        send(REP, "allocate_receipt", {**payload, "expected_version": 1})


def test_more_than_the_receipt_or_than_what_is_open_changes_nothing_F3(
    bill: Any, send: Any, sql: Any
) -> None:
    first, second = bill("60.00", "50.00")
    receipt = send(REP, "record_receipt", a_receipt_request("70.00"))
    before = sql("select id, version from receivables order by id"), sql("select * from journal")

    for share, code in (
        (("60.00", "10.01"), "allocation_exceeds_receipt"),
        (("60.01", "1.00"), "allocation_exceeds_open"),
    ):
        payload = an_allocation_request(receipt, *zip((first, second), share, strict=True))
        with pytest.raises(Refused, match=code):
            send(REP, "allocate_receipt", payload)

    after = sql("select id, version from receivables order by id"), sql("select * from journal")
    assert after == before


def test_the_same_bank_reference_twice_is_refused_F3(send: Any, sql: Any) -> None:
    send(REP, "record_receipt", a_receipt_request(bank_reference="icbc 0001"))

    with pytest.raises(Conflict, match="bank_reference_used"):
        send(REP, "record_receipt", a_receipt_request(bank_reference="ICBC ０００１"))

    send(REP, "record_receipt", a_receipt_request(bank_reference="ICBC0001", method="alipay"))
    send(REP, "record_receipt", a_receipt_request(bank_reference=None, method="cash"))
    send(REP, "record_receipt", a_receipt_request(bank_reference=None, method="cash"))
    assert sql("select count(*) from receipts")[0][0] == 4


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"amount": json_money("0")}, "#/amount"),
        ({"amount": json_money("-1")}, "#/amount"),
        ({"amount": json_money("1.001")}, "#/amount"),
        ({"amount": json_money("1.5", "JPY")}, "#/amount"),
        ({"amount": json_money("1.000", "KWD")}, "#/amount"),
        ({"amount": json_money("99999999999999999.00")}, "#/amount"),
        ({"amount": {"amount": 12.5, "currency": "CNY"}}, "#/amount"),
        ({"method": "barter"}, "#/method"),
        ({"bank_reference": None}, "#/bank_reference"),
        ({"payer": ""}, "#/payer"),
        ({"customer_id": "x"}, "#/customer_id"),
    ],
)
def test_what_is_no_receipt_is_refused_with_its_field_F3(
    send: Any, fields: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        send(REP, "record_receipt", a_receipt_request(**fields))

    assert [error["pointer"] for error in refusal.value.details["errors"]] == [pointer]


def test_money_of_the_future_is_refused_F3(send: Any) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(Invalid):
        send(REP, "record_receipt", a_receipt_request(received_on=tomorrow.isoformat()))


def test_another_customer_s_receivable_and_another_currency_are_refused_F3(
    bill: Any, send: Any
) -> None:
    (other,) = bill("10.00", customer_id=OTHER_CUSTOMER)
    (dollars,) = bill("10.00", currency="USD")

    for receivable in (other, dollars):
        with pytest.raises(Invalid):
            send(REP, "record_receipt", a_receipt_request("10.00", (receivable, "10.00")))


def test_a_receipt_belongs_to_the_owner_of_what_it_pays_F3(bill: Any, send: Any) -> None:
    (one,) = bill("10.00", owner_id=MATE)

    paid = send(MANAGER, "record_receipt", a_receipt_request("10.00", (one, "10.00")))
    given = send(MANAGER, "record_receipt", a_receipt_request(owner_id=REP))
    own = send(MANAGER, "record_receipt", a_receipt_request())

    assert [one["owner_id"] for one in (paid, given, own)] == [MATE, REP, MANAGER]


def test_a_receivable_out_of_sight_is_not_found_and_an_owner_out_of_reach_forbidden_X6(
    bill: Any, send: Any
) -> None:
    (one,) = bill("10.00", owner_id=STRANGER)

    for person in (REP, MANAGER):
        with pytest.raises(NotFound):
            send(person, "record_receipt", a_receipt_request("10.00", (one, "10.00")))
        with pytest.raises(Forbidden, match="not_permitted"):
            send(person, "record_receipt", a_receipt_request(owner_id=STRANGER))


def test_receipts_are_seen_by_owner_and_team_X6(send: Any) -> None:
    receipt = send(REP, "record_receipt", a_receipt_request())

    seen = {
        person: [one["id"] for one in send(person, "list_receipts", {})["items"]]
        for person in (REP, MATE, STRANGER, DIRECTOR)
    }
    assert seen == {REP: [receipt["id"]], MATE: [], STRANGER: [], DIRECTOR: [receipt["id"]]}
    with pytest.raises(NotFound):
        send(MATE, "get_receipt", {"id": receipt["id"]})
    with pytest.raises(NotFound):
        send(MATE, "allocate_receipt", an_allocation_request(receipt, ({"id": new_id()}, "1")))
    with pytest.raises(Forbidden):
        send(PARTNER, "list_receipts", {})


def test_receipts_are_found_by_payer_and_by_what_is_left_F3(bill: Any, send: Any) -> None:
    (one,) = bill("100.00")
    used = send(REP, "record_receipt", a_receipt_request("100.00", (one, "100.00")))
    free = send(REP, "record_receipt", a_receipt_request("5.00", payer="Acme Trading Ltd"))

    left = send(REP, "list_receipts", {"filters": {"unapplied.gt": "0"}})["items"]
    named = send(REP, "list_receipts", {"q": "水务"})["items"]
    largest = send(REP, "list_receipts", {"sort": "-amount", "count": "exact"})

    assert [item["id"] for item in left] == [free["id"]]
    assert [item["id"] for item in named] == [used["id"]]
    assert [item["id"] for item in largest["items"]] == [used["id"], free["id"]]
    assert largest["total"] == 2


def test_a_repeated_receipt_is_answered_with_the_first_and_books_nothing_Y1(
    bill: Any, answer: Any, sql: Any, events: Any
) -> None:
    (one,) = bill("100.00")
    payload = a_receipt_request("60.00", (one, "60.00"))

    first = answer(REP, "record_receipt", payload, key="k1")
    count = len(events())
    again = answer(REP, "record_receipt", payload, key="k1")

    assert (first.replayed, again.replayed) == (False, True)
    assert again.reply == first.reply
    assert sql("select count(*) from receipts")[0][0] == 1
    assert len(events()) == count
    assert sql("select keep_for_ever from idempotency") == [(True,)]
    with pytest.raises(Invalid, match="key_reused_with_other_payload"):
        answer(REP, "record_receipt", {**payload, "payer": "Other"}, key="k1")
