"""Golden files of every event that customers publishes; they change only by adding fields."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.events import type_name
from schemas.customers import EVENTS
from services.customers.domain.activities import FollowUpRecorded
from services.customers.domain.contacts import ContactCreated, ContactUpdated, Membership
from services.customers.domain.customers import CustomerCreated, CustomerUpdated
from tests.fixtures.customers import T0, WANG, a_contact, a_customer, an_activity

GOLDEN = Path(__file__).parents[1] / "golden" / "customers"
ONE = "01930000-0000-7000-8000-00000000c001"
TWO = "01930000-0000-7000-8000-00000000c002"
ZHOU = "01930000-0000-7000-8000-00000000c003"
CALL = "01930000-0000-7000-8000-00000000c004"
LEAD = "01930000-0000-7000-8000-00000000c005"

_organisation = a_customer(
    id=ONE, credit_code="91110000600037341L", legal_representative="马超", phone="021-58881234",
    phone_e164="+862158881234", email="info@yunfan.example", region="华东", industry="软件",
    address="上海市浦东新区", website="https://yunfan.example", level="A", source="展会",
    external_ids={"erp": "C-77"}, notes="重点客户",
)  # fmt: skip
_person = replace(
    a_customer(id=TWO, number="KH-2026-000002", kind="person", name="张伟"),
    gender="male", birth_date=date(1990, 1, 2), occupation="工程师", marital_status="married",
    hobbies=("围棋", "登山"), risk_attitude="neutral",
)  # fmt: skip
_contact = a_contact(
    id=ZHOU, phone="13800138001", phone_e164="+8613800138001", email="zhou@yunfan.example",
    job_title="采购经理", department="采购部", office="上海二部", attitude="supportive",
    customers=(
        Membership(customer_id=ONE, role="purchaser", influence="high", is_primary=True),
        Membership(customer_id=TWO),
    ),
)  # fmt: skip
_later = T0 + timedelta(hours=1)

EVENT_CASES = [
    CustomerCreated(_organisation),
    CustomerUpdated(
        _person, _person.changed(by=WANG, now=_later, region="华南", last_contact_at=T0)
    ),
    ContactCreated(_contact),
    ContactUpdated(_contact, _contact.changed(by=WANG, now=_later, attitude="neutral")),
    FollowUpRecorded(
        an_activity(
            id=CALL, subject_type="lead", subject_id=LEAD, customer_id=ONE, contact_id=ZHOU,
            next_contact_at=_later,
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENT_CASES, ids=type_name)
def test_an_event_looks_like_its_golden_file(event: Any) -> None:
    envelope = EVENTS.envelope(
        event,
        now="2026-11-20T08:00:00Z",
        actor=event.after.updated_by,
        correlation="01930000-0000-7000-8000-00000000f001",
        causation="",
    )
    del envelope["id"]

    golden = json.loads((GOLDEN / f"{type_name(event)}.json").read_text())

    assert envelope == golden


def test_every_event_of_the_catalogue_has_a_golden_file() -> None:
    assert {type_name(event) for event in EVENT_CASES} == set(EVENTS.types)
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EVENTS.types)
