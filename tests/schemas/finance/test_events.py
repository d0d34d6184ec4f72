"""Golden files: the events of finance as they cross the bus; changed only by adding fields."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.events import type_name
from schemas.finance import EVENTS
from services.finance.domain.receipts import Share, allocate
from services.finance.domain.receivables import ReceivableCreated
from services.finance.domain.refunds import RefundRequested, approve, reject
from tests.fixtures.finance import (
    MANAGER,
    REP,
    T0,
    a_receipt,
    a_receivable,
    a_refund,
    cny,
    recorded,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "finance"
LATER = T0 + timedelta(hours=4, microseconds=1)


def every_event() -> list[Any]:
    """Return one event of each type of the catalogue, always the same."""
    first = a_receivable()
    second = a_receivable(
        id="01900000-0000-7000-8000-00000000e002", number="YS-2026-000002", sequence=2
    )
    settlement = recorded([first, second], ["500.00", "120.00"], notes="首付 + 部分尾款")
    was_recorded, was_settled = settlement.events
    later = allocate(
        a_receipt(), {first.id: first}, [Share(first.id, cny("80.00"))], by=REP, now=LATER
    )
    refund, held = a_refund(settlement.receipt, "20.00", receivable_id=first.id)
    payout = approve(refund, held, settlement.receivables[0], note="已核实", by=MANAGER, now=LATER)
    was_approved, was_reopened = payout.events
    return [
        ReceivableCreated(None, first),
        was_settled,
        was_reopened,
        was_recorded,
        later.events[0],
        RefundRequested(None, refund),
        was_approved,
        reject(refund, held, note="凭证不全 / no proof", by=MANAGER, now=LATER)[2],
    ]


def envelope(event: Any) -> dict[str, Any]:
    """Return the envelope of an event without its id, which is new each time."""
    made = EVENTS.envelope(
        event, now="2026-03-02T05:30:00Z", actor=REP, correlation="c1", causation=""
    )
    del made["id"]
    return made


def test_every_type_of_the_catalogue_has_its_golden_file() -> None:
    names = {type_name(event) for event in every_event()}

    assert names == set(EVENTS.types)
    assert names == {file.stem for file in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("event", every_event(), ids=type_name)
def test_an_event_looks_as_its_golden_file(event: Any) -> None:
    golden = json.loads((GOLDEN / f"{type_name(event)}.json").read_text())

    assert json.loads(json.dumps(envelope(event))) == golden


def test_every_event_carries_its_customer_M7() -> None:
    assert {envelope(event)["customerid"] for event in every_event()} == {
        a_receivable().customer_id
    }
