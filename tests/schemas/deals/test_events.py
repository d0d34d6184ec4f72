"""Golden files: the events of deals as they cross the bus; changed only by adding fields."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.events import type_name
from schemas.deals import EVENTS
from services.deals.domain.advancing import advance
from services.deals.domain.approval import approve, reject, submit
from services.deals.domain.closing import lose, reopen, win
from services.deals.domain.contracts import ContractCreated
from services.deals.domain.contracts import edit as edit_contract
from services.deals.domain.opportunities import OpportunityCreated
from services.deals.domain.opportunities import edit as edit_opportunity
from tests.fixtures.deals import (
    CONTACT,
    LEAD,
    MANAGER,
    REP,
    T0,
    TODAY,
    a_contract,
    a_line,
    a_pipeline,
    an_opportunity,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "deals"
LATER = T0 + timedelta(hours=4, microseconds=1)


def every_event() -> list[Any]:
    """Return one event of each type of the catalogue, always the same."""
    at = {"by": REP, "now": LATER}
    opportunity = an_opportunity(
        lead_id=LEAD,
        contact_id=CONTACT,
        lines=(a_line(), a_line("安装 / installation", "1.5", sku=None, discount_percent="12.5")),
        expected_close_on=TODAY,
        product_interest="智能水表",
        competitor="Acme 水务",
    )
    close = {"text": "老板换人", "closed_on": TODAY, "today": TODAY, **at}
    lost, was_lost = lose(opportunity, reason="other", winner="Acme 水务", **close)
    contract = a_contract(opportunity=opportunity)
    waiting, was_submitted = submit(contract, **at)
    decided = {"by": MANAGER, "now": LATER}
    return [
        OpportunityCreated(None, opportunity),
        edit_opportunity(opportunity, {"name": "二期"}, **at)[1],
        advance(opportunity, a_pipeline(), "signing", None, **at)[1],
        win(opportunity, reason="price", amount=None, **close)[1],
        was_lost,
        reopen(lost, a_pipeline(), **at)[1],
        ContractCreated(None, contract),
        edit_contract(contract, {"title": "修订稿"}, **at)[1],
        was_submitted,
        approve(waiting, **decided)[1],
        reject(waiting, "付款条件", **decided)[1],
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
