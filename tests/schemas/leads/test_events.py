"""Golden files: the events of leads as they cross the bus; changed only by adding fields."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.events import type_name
from chassis.money import Money
from schemas.leads import EVENTS, VIEW, Lead
from services.leads.domain import conversion, intake, nurture, pool
from services.leads.domain.lead import LeadCreated
from services.leads.domain.pool import Allowance
from tests.fixtures.leads import LIU, T0, a_lead

GOLDEN = Path(__file__).parents[1] / "golden" / "leads"
LATER = T0 + timedelta(hours=4, microseconds=1)
MADE = {
    "customer_id": "01930000-0000-7000-8000-00000000c001",
    "contact_id": "01930000-0000-7000-8000-00000000c002",
    "opportunity_id": "01930000-0000-7000-8000-00000000c003",
}


def full_lead() -> Any:
    """Return a lead with every fact that can be known before it is claimed."""
    return a_lead(
        id="01930000-0000-7000-8000-00000000c000",
        name="周瑜",
        job_title="采购经理",
        email="zhou@example.com",
        chat_id="zhouyu",
        region="华东",
        industry="机械",
        source_campaign="2026 春季展",
        source_referrer="Li Lei",
        source_system="erp",
        external_id="A-7",
        product_interest="CRM 企业版",
        budget=Money.of("120000.50"),
        intent="high",
        level="a",
        notes="需要报价\nneeds a quote",
    )


def every_event() -> list[Any]:
    """Return one event of each type of the catalogue, always the same."""
    at = {"by": LIU, "now": LATER}
    lead = full_lead()
    claimed, was_claimed = pool.claim(lead, claimant=LIU, allowance=Allowance(0, 1), now=LATER)
    contacted, was_contacted = nurture.contact(claimed, occurred_at=T0, next_contact_at=LATER, **at)
    converting, was_started = conversion.start(
        contacted, conversion_id="01930000-0000-7000-8000-00000000c004", **at
    )
    return [
        LeadCreated(None, lead),
        intake.update(lead, {"region": None, "level": "b"}, **at)[1],
        was_claimed,
        was_contacted,
        was_started,
        conversion.complete(converting, **MADE, **at)[1],
        conversion.undo(converting, former_status="working", **at)[1],
    ]


def envelope(event: Any) -> dict[str, Any]:
    """Return the envelope of an event without its id, which is new each time."""
    made = EVENTS.envelope(
        event, now="2026-11-20T12:00:00Z", actor=LIU, correlation="c1", causation=""
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


@pytest.mark.parametrize(
    "lead", [event.after for event in every_event()] + [a_lead()], ids=lambda lead: lead.status
)
def test_the_quick_view_is_what_the_schema_dumps(lead: Any) -> None:
    assert VIEW.dump(lead) == Lead().dump(lead)
