"""The lead's own part of a conversion, and what a reader is told of it (L18)."""

from typing import Any

import pytest

from chassis.errors import Refused
from chassis.money import Money
from services.leads.domain import conversion
from services.leads.domain.conversion import Wish
from tests.fixtures.leads import LIU, T0, a_lead

STEPS = ["make_customer", "make_opportunity", "confirm_customer", "complete"]


def _entry(step: str, outcome: str = "done", undo: bool = False) -> dict[str, Any]:
    return {"step": step, "outcome": outcome, "undo": undo, "at": "2026-11-20T08:00:00Z"}


def _states(log: list[dict[str, Any]], state: str) -> list[str]:
    return [step["state"] for step in conversion.progress(STEPS, log, state)]


def test_a_conversion_starts_from_an_owned_lead_and_keeps_its_id() -> None:
    lead = a_lead(owner_id=LIU, status="working")

    after, event = conversion.start(lead, conversion_id="c", by=LIU, now=T0)

    assert (after.status, after.conversion_id) == ("converting", "c")
    assert (event.before, event.after) == (lead, after)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "lead_not_owned"),
        ({"owner_id": LIU, "status": "converted"}, "lead_closed"),
        ({"owner_id": LIU, "status": "closed"}, "lead_closed"),
        ({"owner_id": LIU, "status": "converting"}, "lead_in_conversion"),
    ],
    ids=["pooled", "converted", "closed", "converting"],
)
def test_a_conversion_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        conversion.start(a_lead(**fields), conversion_id="c", by=LIU, now=T0)

    assert refused.value.code == code


def test_a_completed_conversion_leaves_the_ids_on_the_lead() -> None:
    lead = a_lead(owner_id=LIU, status="converting", conversion_id="c")
    made = {"customer_id": "1", "contact_id": "2", "opportunity_id": None}

    after, _ = conversion.complete(lead, **made, by=LIU, now=T0)

    assert (after.status, after.customer_id, after.contact_id) == ("converted", "1", "2")
    assert (after.opportunity_id, after.converted_at) == (None, T0)


def test_an_undone_conversion_leaves_the_lead_as_it_was() -> None:
    lead = a_lead(owner_id=LIU, status="converting", conversion_id="c")

    after, _ = conversion.undo(lead, former_status="working", by=LIU, now=T0)

    assert (after.status, after.conversion_id, after.owner_id) == ("working", None, LIU)


def test_an_organisation_becomes_a_customer_with_a_contact() -> None:
    lead = a_lead(owner_id=LIU, name="周瑜", job_title="采购经理", email="zy@example.com")

    customer, contact = conversion.customer_of(lead), conversion.contact_of(lead)

    assert (customer["kind"], customer["name"]) == ("organisation", "苏州明远机械有限公司")
    assert (customer["owner_id"], customer["source"]) == (LIU, "exhibition")
    assert contact is not None
    assert (contact["name"], contact["job_title"]) == ("周瑜", "采购经理")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"kind": "person", "name": "周瑜"}, "周瑜"),
        ({"kind": "person", "name": None}, "苏州明远机械有限公司"),
        ({"kind": "organisation", "name": "周瑜", "company": None}, "周瑜"),
        ({"kind": "organisation", "name": None}, "苏州明远机械有限公司"),
    ],
    ids=["person", "nameless person", "nameless organisation", "nobody named"],
)
def test_a_customer_always_has_a_name_and_a_lone_person_is_no_contact(
    fields: dict[str, Any], name: str
) -> None:
    lead = a_lead(**fields)

    assert conversion.customer_of(lead)["name"] == name
    assert conversion.contact_of(lead) is None


def test_an_opportunity_is_filled_up_from_the_lead() -> None:
    lead = a_lead(owner_id=LIU, budget=Money.of("120000"), product_interest="CRM")

    found = conversion.opportunity_of(lead, Wish(opportunity=True))

    assert found == {
        "name": "苏州明远机械有限公司",
        "amount": {"amount": "120000.00", "currency": "CNY"},
        "owner_id": LIU,
        "expected_close_on": None,
        "product_interest": "CRM",
    }


def test_what_is_wished_wins_over_the_lead_and_no_wish_makes_none() -> None:
    lead = a_lead(budget=Money.of("1"))
    wish = Wish(True, name="二期", amount=Money.of("5", "USD"), expected_close_on="2026-12-31")

    found = conversion.opportunity_of(lead, wish)

    assert found is not None
    assert found["amount"] == {"amount": "5.00", "currency": "USD"}
    assert (found["name"], found["expected_close_on"]) == ("二期", "2026-12-31")
    assert conversion.opportunity_of(lead, Wish(False)) is None
    plain = conversion.opportunity_of(a_lead(), Wish(True))
    assert plain is not None
    assert plain["amount"] is None


def test_progress_tells_done_skipped_waiting_and_pending_apart() -> None:
    log = [_entry("make_customer"), _entry("make_opportunity", "skipped")]
    waiting = [*log, _entry("confirm_customer", "database_busy")]

    assert _states(waiting, "running") == ["done", "skipped", "waiting", "pending"]
    assert _states([*waiting, _entry("confirm_customer"), _entry("complete")], "completed") == [
        "done",
        "skipped",
        "done",
        "done",
    ]


def test_progress_tells_the_refused_step_from_those_undone() -> None:
    refused = [_entry("make_customer"), _entry("make_opportunity", "owner_inactive")]
    undone = [
        *refused,
        _entry("make_opportunity", undo=True),
        _entry("make_customer", "database_busy", undo=True),
        _entry("make_customer", undo=True),
        _entry("elsewhere"),
    ]

    assert _states(refused, "compensating")[:2] == ["done", "refused"]
    assert _states(undone, "compensated") == ["undone", "refused", "pending", "pending"]


def test_the_certificate_lists_every_record_with_its_service() -> None:
    reply = {"records": [{"type": "customer", "id": "1", "action": "created"}]}

    records = conversion.certificate(a_lead(id="L"), [("customers", reply), ("deals", None)])

    assert records == [
        {"service": "leads", "type": "lead", "id": "L", "action": "updated"},
        {"service": "customers", "type": "customer", "id": "1", "action": "created"},
    ]
