"""C20: what finance adds to the customer 360 view."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
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
    a_refund_request,
    json_money,
)

ALL = ["receivables", "receipts", "refunds"]


def read(send: Any, person: str = REP, customer_id: str = CUSTOMER, **options: Any) -> Any:
    """Return the sections of a customer."""
    payload = {"customer_id": customer_id, "sections": ALL}
    return send(person, "get_customer_sections", payload, **options)["sections"]


def test_sums_are_per_currency_and_overdue_and_next_due_are_told_apart_C20(
    bill: Any, send: Any
) -> None:
    today = clock.today()
    days = [today - timedelta(days=3), today + timedelta(days=9), today + timedelta(days=5)]
    late, _, soon = bill("100.00", "200.00", "50.00", due_on=days)
    bill("1200", currency="JPY", due_on=[today + timedelta(days=40)])
    bill("7.00", customer_id=OTHER_CUSTOMER)
    receipt = send(REP, "record_receipt", a_receipt_request("90.00", (late, "40.00")))
    refund = send(REP, "request_refund", a_refund_request(receipt, "15.00"))
    send(MANAGER, "approve_refund", {"id": refund["id"]})

    found = read(send)

    owed = found["receivables"]["data"]
    assert (owed["count"], owed["overdue_count"]) == (4, 1)
    assert owed["billed"] == [json_money("350.00"), json_money("1200", "JPY")]
    assert owed["collected"] == [json_money("40.00"), json_money("0", "JPY")]
    assert owed["open"] == [json_money("310.00"), json_money("1200", "JPY")]
    assert owed["overdue"] == [json_money("60.00")]
    assert (owed["next_due"]["id"], owed["next_due"]["open"]) == (soon["id"], json_money("50.00"))
    assert [item["status"] for item in owed["recent"]] == ["overdue", "open", "open", "open"]
    came = found["receipts"]["data"]
    assert (came["count"], came["received"]) == (1, [json_money("90.00")])
    assert (came["unapplied"], came["refunded"]) == ([json_money("35.00")], [json_money("15.00")])
    back = found["refunds"]["data"]
    assert back["by_status"]["approved"] == {"count": 1, "amounts": [json_money("15.00")]}
    assert {section["status"] for section in found.values()} == {"fresh"}


def test_a_customer_without_money_has_empty_sections_C20(send: Any) -> None:
    found = read(send, customer_id=new_id())

    assert found["receivables"]["data"]["count"] == 0
    assert found["receivables"]["data"]["next_due"] is None
    assert found["receipts"]["data"]["received"] == []


def test_the_version_changes_with_the_section_and_only_then_C20(bill: Any, send: Any) -> None:
    def versions() -> dict[str, str]:
        return {name: section["version"] for name, section in read(send).items()}

    (one,) = bill("100.00")
    first = versions()
    assert versions() == first

    receipt = send(REP, "record_receipt", a_receipt_request("90.00", (one, "40.00")))
    second = versions()
    assert second["receivables"] != first["receivables"]
    assert second["receipts"] != first["receipts"]
    assert second["refunds"] == first["refunds"]

    send(REP, "request_refund", a_refund_request(receipt, "15.00"))
    assert versions()["refunds"] != second["refunds"]


def test_a_section_lists_twenty_and_counts_all_C20(bill: Any, send: Any) -> None:
    bill(*["1.00"] * 25)

    owed = read(send)["receivables"]["data"]

    assert (owed["count"], len(owed["recent"])) == (25, 20)
    assert owed["billed"] == [json_money("25.00")]


@pytest.mark.parametrize(("person", "count"), [(REP, 1), (MATE, 0), (STRANGER, 0), (DIRECTOR, 1)])
def test_sections_hold_what_the_actor_may_see_X6(
    bill: Any, send: Any, person: str, count: int
) -> None:
    bill("100.00")
    send(REP, "record_receipt", a_receipt_request())

    found = read(send, person)

    assert [found[name]["data"]["count"] for name in ALL] == [count, count, 0]


def test_sections_without_permission_or_scope_are_hidden_X6(bill: Any, send: Any) -> None:
    bill("100.00")

    hidden = {"status": "hidden", "version": "", "data": None}
    for section in read(send, PARTNER).values():
        assert hidden.items() <= section.items()
    scoped = read(send, REP, scopes=("receipts:read",))
    assert [scoped[name]["status"] for name in ALL] == ["hidden", "fresh", "hidden"]


def test_sections_of_other_services_are_left_out_C20(send: Any) -> None:
    payload = {"customer_id": CUSTOMER, "sections": ["profile", "receipts"]}

    found = send(REP, "get_customer_sections", payload)

    assert list(found["sections"]) == ["receipts"]
    assert (found["customer_id"], found["partial"]) == (CUSTOMER, False)
