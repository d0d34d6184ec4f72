"""F1, F2: an approved contract becomes receivables, once; their balance is read, never stored."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chassis import clock
from chassis.entrypoints import Occurrence
from chassis.errors import Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from tests.fixtures.finance import (
    CUSTOMER,
    DIRECTOR,
    MATE,
    OTHER_CUSTOMER,
    PARTNER,
    REP,
    STRANGER,
    actor_of,
    contract_approved,
    json_money,
)
from tests.fixtures.races import together

GOLDEN = Path(__file__).parents[2] / "schemas" / "golden" / "deals" / "contract_approved.json"


def pay(send: Any, receivable: dict[str, Any], amount: str, **fields: Any) -> Any:
    """Record cash that all goes to one receivable."""
    money = json_money(amount, receivable["amount"]["currency"])
    payload = {
        "payer": "现金客户",
        "customer_id": receivable["customer_id"],
        "received_on": clock.today().isoformat(),
        "method": "cash",
        "amount": money,
        "allocations": [{"receivable_id": receivable["id"], "amount": money}],
    }
    return send(REP, "record_receipt", {**payload, **fields}, roles=("admin",))


def test_the_event_that_deals_publishes_becomes_receivables_F1(
    service: Any, send: Any, clean: None
) -> None:
    published = {**json.loads(GOLDEN.read_text()), "id": new_id()}

    service.on_deals_contract_approved(Occurrence(published, "finance"))

    found = send(REP, "list_receivables", {"sort": "due_on"})["items"]
    assert [(one["name"], one["due_on"], one["amount"]["amount"]) for one in found] == [
        ("首付款", "2026-04-01", "500.01"),
        ("尾款 / balance", "2026-09-30", "500.00"),
    ]
    assert {one["contract_number"] for one in found} == {"HT-2026-000001"}


def test_receivables_sum_to_the_contract_and_are_published_F1(bill: Any, events: Any) -> None:
    made = bill("333.34", "333.33", "333.33")

    assert sum(Decimal(one["amount"]["amount"]) for one in made) == Decimal("1000.00")
    assert all(one["number"].startswith("YS-") for one in made)
    assert {(one["owner_id"], one["customer_id"], one["status"]) for one in made} == {
        (REP, CUSTOMER, "open")
    }
    published = events("receivable_created")
    assert [one["data"]["after"]["id"] for one in published] == [one["id"] for one in made]
    assert {one["customerid"] for one in published} == {CUSTOMER}


def test_the_same_event_delivered_twice_bills_once_F1(service: Any, sql: Any, events: Any) -> None:
    occurrence = contract_approved("10.00", "20.00")

    first = service.on_deals_contract_approved(occurrence)
    second = service.on_deals_contract_approved(occurrence)

    assert (first, second) == (True, False)
    assert sql("select count(*) from receivables")[0][0] == 2
    assert len(events()) == 2


def test_another_event_of_the_same_contract_version_bills_once_F1(
    service: Any, sql: Any, events: Any
) -> None:
    contract_id = new_id()

    for _ in range(2):
        occurrence = contract_approved("10.00", "20.00", contract_id=contract_id)
        assert service.on_deals_contract_approved(occurrence) is True

    assert sql("select count(*) from receivables")[0][0] == 2
    assert sql("select count(*) from journal")[0][0] == 2
    assert len(events()) == 2


def test_ten_deliveries_at_once_bill_once_F1(service: Any, sql: Any, clean: None) -> None:
    contract_id = new_id()
    same = contract_approved("10.00", "20.00", contract_id=contract_id)
    others = [contract_approved("10.00", "20.00", contract_id=contract_id) for _ in range(5)]

    together(
        [lambda one=one: service.on_deals_contract_approved(one) for one in [same] * 5 + others]
    )

    assert sql("select count(*), sum(amount) from journal")[0] == (2, Decimal("30.00"))


def test_another_version_of_a_billed_contract_is_left_to_a_person_F1(
    service: Any, sql: Any, clean: None
) -> None:
    contract_id = new_id()
    service.on_deals_contract_approved(contract_approved("10.00", contract_id=contract_id))

    with pytest.raises(Refused, match="contract_already_billed"):
        service.on_deals_contract_approved(
            contract_approved("10.00", contract_id=contract_id, version=9)
        )
    assert sql("select count(*) from receivables")[0][0] == 1


def test_a_plan_that_does_not_sum_to_the_total_bills_nothing_F1(
    service: Any, sql: Any, clean: None
) -> None:
    with pytest.raises(Invalid):
        service.on_deals_contract_approved(contract_approved("10.00", "20.00", total="30.01"))

    assert sql("select count(*) from receivables")[0][0] == 0


def test_a_contract_of_nothing_is_received_without_receivables(
    service: Any, sql: Any, clean: None
) -> None:
    assert service.on_deals_contract_approved(contract_approved()) is True
    assert sql("select count(*) from receivables")[0][0] == 0


def test_a_receivable_shows_the_movements_of_its_balance_F3(bill: Any, send: Any) -> None:
    (one,) = bill("100.00")
    pay(send, one, "30.00")
    pay(send, one, "20.50")

    found = send(REP, "get_receivable", {"id": one["id"]})

    assert found["collected"] == json_money("50.50")
    assert found["open"] == json_money("49.50")
    assert (found["status"], found["version"]) == ("partial", 3)
    assert [(line["kind"], line["amount"]["amount"]) for line in found["movements"]] == [
        ("billed", "100.00"),
        ("allocated", "30.00"),
        ("allocated", "20.50"),
    ]


def test_no_table_stores_a_balance_F1(sql: Any) -> None:
    columns = sql(
        "select column_name from information_schema.columns"
        " where table_name in ('receivables', 'receipts')"
        " and (column_name similar to '%(open|collected|balance|unapplied|allocated)%')"
    )

    assert columns == []


def test_the_list_filters_and_sorts_by_derived_values_F1(bill: Any, send: Any) -> None:
    """The rule of the status is written twice, in Python and in SQL: they agree on every row."""
    today = clock.today()
    past, future = today - timedelta(days=1), today + timedelta(days=1)
    made = bill(*("100.00",) * 7, due_on=[past, past, past, today, future, future, future])
    for receivable, amount in zip(made, ("0", "1", "100", "40", "0", "99.99", "100"), strict=True):
        if amount != "0":
            pay(send, receivable, amount)

    expected = ["overdue", "overdue", "settled", "partial", "open", "partial", "settled"]
    found = send(REP, "list_receivables", {"sort": "number"})["items"]
    assert [one["status"] for one in found] == expected
    for status in set(expected):
        query = {"filters": {"status": status}, "count": "exact"}
        page = send(REP, "list_receivables", query)
        assert {one["status"] for one in page["items"]} == {status}
        assert page["total"] == expected.count(status)
    query = {"filters": {"open.gt": "0", "due_on.lte": today.isoformat()}, "sort": "-open"}
    owed = send(REP, "list_receivables", query)["items"]
    assert [one["open"]["amount"] for one in owed] == ["100.00", "99.00", "60.00"]


def test_pages_of_a_derived_sort_are_complete(bill: Any, send: Any) -> None:
    made = bill(*("10.00",) * 5)
    pay(send, made[2], "4.00")
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        query = {"sort": "-open", "limit": 2, "cursor": cursor}
        page = send(REP, "list_receivables", query)
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]

    assert cursor is None
    assert sorted(seen) == sorted(one["id"] for one in made)
    assert seen[-1] == made[2]["id"]


def test_yen_have_no_decimals_F15(bill: Any, send: Any) -> None:
    (one,) = bill("1200", currency="JPY")
    pay(send, one, "200")

    assert send(REP, "get_receivable", {"id": one["id"]})["open"] == json_money("1000", "JPY")
    with pytest.raises(Invalid):
        pay(send, one, "0.50")


@pytest.mark.parametrize(
    ("person", "sees"), [(REP, True), (MATE, False), (STRANGER, False), (DIRECTOR, True)]
)
def test_receivables_are_seen_by_owner_and_team_X6(
    bill: Any, send: Any, person: str, sees: bool
) -> None:
    (one,) = bill("10.00")

    listed = send(person, "list_receivables", {})["items"]

    assert [item["id"] for item in listed] == ([one["id"]] if sees else [])
    if sees:
        assert send(person, "get_receivable", {"id": one["id"]})["id"] == one["id"]
    else:
        with pytest.raises(NotFound):
            send(person, "get_receivable", {"id": one["id"]})


def test_a_partner_reads_no_receivables_X6(send: Any) -> None:
    with pytest.raises(Forbidden):
        send(PARTNER, "list_receivables", {})


def test_a_use_case_is_a_plain_method(service: Any, bill: Any) -> None:
    (one,) = bill("10.00", customer_id=OTHER_CUSTOMER)

    with service.database.transaction(actor_of(REP)) as tx:
        found = service.get_receivable(tx, id=one["id"])

    assert found.open.text() == "10.00"


def test_visibility_follows_a_person_who_changes_team_X6(
    service: Any, bill: Any, send: Any
) -> None:
    (one,) = bill("10.00")
    assert send(DIRECTOR, "get_receivable", {"id": one["id"]})
    moved = {"id": REP, "name": "李娜", "team_path": "/cn/south/", "roles": ["rep"], "active": True}
    event = {"id": new_id(), "version": 2, "data": {"after": moved}}

    service.on_gateway_person_changed(Occurrence(event, "finance"))

    with pytest.raises(NotFound):
        send(DIRECTOR, "get_receivable", {"id": one["id"]})
