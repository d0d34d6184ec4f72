"""Y2: the database refuses on its own what the service would never ask for."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, exc

from chassis.ids import new_id
from tests.fixtures.finance import (
    MANAGER,
    OTHER_CUSTOMER,
    REP,
    a_receipt_request,
    a_refund_request,
)
from tests.fixtures.races import together

_LINE = (
    "insert into journal (kind, debit, credit, amount, currency, receivable_id, receipt_id,"
    " refund_id, recorded_at, recorded_by) values (:kind, :debit, :credit, :amount, :currency,"
    " :receivable_id, :receipt_id, :refund_id, now(), 'test')"
)

Line = Callable[..., Any]


@pytest.fixture
def books(bill: Any, send: Any) -> dict[str, Any]:
    """A receivable of 60 of which 40 is paid by a receipt of 100."""
    (receivable,) = bill("60.00")
    request = a_receipt_request("100.00", (receivable, "40.00"))
    return {"receivable": receivable, "receipt": send(REP, "record_receipt", request)}


@pytest.fixture
def line(sql: Any, books: dict[str, Any]) -> Line:
    """Insert a line around the service; by default 10 more of the receipt to the receivable."""

    def insert(**fields: Any) -> Any:
        values = {
            "kind": "allocated",
            "debit": "credit",
            "credit": "receivable",
            "amount": "10.00",
            "currency": "CNY",
            "receivable_id": books["receivable"]["id"],
            "receipt_id": books["receipt"]["id"],
            "refund_id": None,
        }
        return sql(_LINE, **{**values, **fields})

    return insert


def refusal_of(attempt: Callable[[], Any]) -> str:
    """Return the SQLSTATE with which the database refused."""
    with pytest.raises(exc.DBAPIError) as refusal:
        attempt()
    return str(getattr(refusal.value.orig, "sqlstate", ""))


def test_a_sound_line_is_taken_so_that_the_others_fail_for_their_own_reason_Y2(
    line: Line,
) -> None:
    assert line() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update journal set amount = amount + 1",
        "delete from journal",
        "truncate journal",
        "delete from receivables",
        "delete from receipts",
        "delete from refunds",
    ],
)
def test_the_application_has_no_right_to_change_history_Y2(
    sql: Any, line: Line, statement: str
) -> None:
    assert refusal_of(lambda: sql(statement)) == "42501"


@pytest.mark.parametrize("statement", ["update journal set amount = 1", "delete from journal"])
def test_not_even_the_owner_of_the_schema_changes_the_journal_Y2(
    owner: Engine, line: Line, statement: str
) -> None:
    def attempt() -> None:
        with owner.begin() as connection:
            connection.exec_driver_sql(statement)

    assert refusal_of(attempt) == "23514"


@pytest.mark.parametrize("table", ["receivables", "receipts"])
def test_amounts_of_documents_are_final_Y2(sql: Any, line: Line, table: str) -> None:
    for change in ("amount_amount = amount_amount + 1", "currency = 'USD'"):
        assert refusal_of(lambda c=change: sql(f"update {table} set {c}")) == "23514"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        pytest.param({"amount": "-10.00"}, "23514", id="negative"),
        pytest.param({"amount": "0"}, "23514", id="zero"),
        pytest.param({"amount": "20.01"}, "23514", id="more than the receivable has open"),
        pytest.param({"amount": "99999999999999999.00"}, "22003", id="beyond the range"),
        pytest.param({"currency": "USD"}, "23503", id="another currency"),
        pytest.param({"credit": "credit"}, "23514", id="unbalanced"),
        pytest.param({"debit": None}, "23502", id="one-sided"),
        pytest.param({"kind": "gift"}, "23514", id="unknown kind"),
        pytest.param({"receipt_id": None}, "23514", id="without its receipt"),
        pytest.param({"receivable_id": None}, "23514", id="without its receivable"),
        pytest.param({"receipt_id": new_id()}, "23503", id="of no receipt"),
        pytest.param(
            {"kind": "billed", "debit": "receivable", "credit": "revenue", "receipt_id": None},
            "23505",
            id="billed twice",
        ),
        pytest.param(
            {"kind": "received", "debit": "bank", "receivable_id": None, "credit": "credit"},
            "23505",
            id="received twice",
        ),
    ],
)
def test_a_line_that_breaks_the_books_is_refused_Y2(
    line: Line, fields: dict[str, Any], state: str
) -> None:
    assert refusal_of(lambda: line(**fields)) == state


def test_a_line_beyond_the_receipt_is_refused_Y2(line: Line, bill: Any) -> None:
    (large,) = bill("500.00")

    assert refusal_of(lambda: line(receivable_id=large["id"], amount="60.01")) == "23514"
    assert line(receivable_id=large["id"], amount="60.00") == 1


def test_a_line_between_two_customers_is_refused_Y2(line: Line, bill: Any) -> None:
    (other,) = bill("10.00", customer_id=OTHER_CUSTOMER)

    assert refusal_of(lambda: line(receivable_id=other["id"])) == "23514"


def test_a_payout_needs_an_approved_refund_of_its_amount_Y2(
    line: Line, books: dict[str, Any], send: Any, sql: Any
) -> None:
    request = a_refund_request(books["receipt"], "5.00")
    refund = send(REP, "request_refund", request)
    payout = {
        "kind": "refunded",
        "debit": "credit",
        "credit": "bank",
        "receivable_id": None,
        "refund_id": refund["id"],
        "amount": "5.00",
    }

    assert refusal_of(lambda: line(**payout)) == "23514"
    send(MANAGER, "approve_refund", {"id": refund["id"]})
    assert refusal_of(lambda: line(**payout)) == "23505"
    assert refusal_of(lambda: sql("update refunds set status = 'rejected'")) == "23514"


def test_who_asked_for_a_refund_can_not_be_who_decided_Y2(
    books: dict[str, Any], send: Any, sql: Any
) -> None:
    send(REP, "request_refund", a_refund_request(books["receipt"], "5.00"))

    statement = (
        "update refunds set status = 'approved', decided_at = now(), decided_by = created_by"
    )
    assert refusal_of(lambda: sql(statement)) == "23514"


def test_a_second_idempotency_record_of_a_key_is_refused_Y2(sql: Any) -> None:
    statement = (
        "insert into idempotency (client, method, key, fingerprint, keep_for_ever)"
        " values ('c', 'record_receipt', 'k', 'f', true)"
    )
    sql(statement)

    assert refusal_of(lambda: sql(statement)) == "23505"


def test_lines_inserted_at_once_around_the_service_stay_within_bounds_Y2(
    line: Line, books: dict[str, Any], sql: Any
) -> None:
    def attempt() -> str:
        try:
            return str(line(amount="6.00"))
        except exc.DBAPIError as refusal:
            return str(getattr(refusal.orig, "sqlstate", ""))

    results = together([attempt] * 8)

    assert sorted(results) == ["1"] * 3 + ["23514"] * 5
    assert sql("select sum(amount) from journal where kind = 'allocated'")[0][0] == 58
