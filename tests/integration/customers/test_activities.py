"""X1: follow-ups on every subject, through the pipeline."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import new_id
from chassis.wire_json import instant
from services.customers.service import CustomersService
from tests.fixtures.customers import (
    admin,
    answer,
    ask,
    chen,
    customer_facts,
    li,
    outbox,
    wang,
    zhao,
)


def _customer(service: CustomersService, actor: Any = li) -> str:
    return str(ask(service.create_customer, customer_facts(), actor)["id"])


def _contact(service: CustomersService, *customer_ids: str, actor: Any = li) -> str:
    places = [{"customer_id": customer_id} for customer_id in customer_ids]
    return str(ask(service.create_contact, {"name": "周瑜", "customers": places}, actor)["id"])


def _follow_up(subject_type: str, subject_id: str, **fields: Any) -> dict[str, Any]:
    subject = {"subject_type": subject_type, "subject_id": subject_id}
    return {"kind": "call", "body": "电话沟通需求", **subject, **fields}


def test_a_follow_up_keeps_the_last_and_next_contact(service: CustomersService) -> None:
    one = _customer(service)
    now = clock.now()
    tomorrow = instant(now + timedelta(days=1))
    request = _follow_up("customer", one, occurred_at=instant(now), next_contact_at=tomorrow)

    made = ask(service.record_follow_up, request, li)

    customer = ask(service.get_customer, {"id": one}, li)
    assert made["customer_id"] == one
    assert customer["last_contact_at"] == made["occurred_at"] == instant(now)
    assert customer["next_contact_at"] == tomorrow
    recorded, updated = outbox(service)[-2:]
    assert (recorded["type"], recorded["customerid"]) == ("follow_up_recorded", one)
    assert recorded["subject"] == f"activity/{made['id']}"
    assert updated["type"] == "customer_updated"
    assert set(updated["data"]["changes"]) >= {"last_contact_at", "next_contact_at"}
    assert ask(service.get_activity, {"id": made["id"]}, li) == made


def test_a_late_follow_up_moves_nothing_back(service: CustomersService) -> None:
    one = _customer(service)
    ask(service.record_follow_up, _follow_up("customer", one), li)
    before = ask(service.get_customer, {"id": one}, li)
    last_week = instant(clock.now() - timedelta(days=7))

    late = ask(service.record_follow_up, _follow_up("customer", one, occurred_at=last_week), li)

    assert late["occurred_at"] == last_week
    assert late["created_at"] > last_week
    assert ask(service.get_customer, {"id": one}, li) == before
    assert outbox(service)[-1]["type"] == "follow_up_recorded"


def test_a_repeated_key_records_once(service: CustomersService) -> None:
    request = _follow_up("customer", _customer(service))
    first = answer(service.record_follow_up, request, li, key="k1")

    again = answer(service.record_follow_up, request, li, key="k1")

    assert again.replayed
    assert again.reply == first.reply
    assert len(ask(service.list_activities, {}, li)["items"]) == 1


def test_a_customer_out_of_sight_can_not_be_followed_up(service: CustomersService) -> None:
    one = _customer(service)

    with pytest.raises(NotFound):
        ask(service.record_follow_up, _follow_up("customer", one), chen)


def test_a_lead_is_followed_up_only_with_its_owner_s_word(service: CustomersService) -> None:
    lead = new_id()
    request = _follow_up("lead", lead)

    with pytest.raises(Forbidden, match="subject_not_authorized"):
        ask(service.record_follow_up, request, li)
    with pytest.raises(Forbidden, match="subject_not_authorized"):
        ask(service.record_follow_up, request, replace(li, subject=f"lead/{new_id()}"))
    with pytest.raises(Forbidden, match="subject_not_authorized"):
        ask(service.record_follow_up, request, replace(li, subject=f"opportunity/{lead}"))

    made = ask(service.record_follow_up, request, replace(li, subject=f"lead/{lead}"))
    assert made["customer_id"] is None
    event = outbox(service)[-1]
    assert event["leadid"] == lead
    assert "customerid" not in event


def test_a_deal_s_follow_up_is_on_its_customer_s_timeline(service: CustomersService) -> None:
    """The owner of the deal has allowed it; who sees the customer does not matter then."""
    chens, deal = _customer(service, chen), new_id()
    allowed = replace(li, subject=f"opportunity/{deal}", subject_customer_id=chens)

    made = ask(service.record_follow_up, _follow_up("opportunity", deal), allowed)

    assert made["customer_id"] == chens
    customer = ask(service.get_customer, {"id": chens}, chen)
    assert customer["last_contact_at"] == made["occurred_at"]


def test_a_contact_s_follow_up_names_its_customer(service: CustomersService) -> None:
    one, two = _customer(service), _customer(service)
    single, double = _contact(service, one), _contact(service, one, two)

    made = ask(service.record_follow_up, _follow_up("contact", single), li)
    chosen = ask(service.record_follow_up, _follow_up("contact", double, customer_id=two), li)

    assert (made["customer_id"], made["contact_id"]) == (one, single)
    assert chosen["customer_id"] == two
    for request, code in (
        (_follow_up("contact", double), "required"),
        (_follow_up("contact", single, customer_id=two), "unknown_customer"),
        (_follow_up("customer", one, customer_id=two), "unknown_customer"),
        (_follow_up("customer", two, contact_id=single), "unknown_contact"),
    ):
        with pytest.raises(Invalid) as refusal:
            ask(service.record_follow_up, request, li)
        assert refusal.value.details["errors"][0]["code"] == code
    with pytest.raises(NotFound):
        ask(service.record_follow_up, _follow_up("contact", single), chen)


def test_everybody_sees_their_own_and_the_manager_all(service: CustomersService) -> None:
    """C9: sellers follow up different contacts of one customer."""
    one = _customer(service)
    ask(service.record_follow_up, _follow_up("customer", one, body="李的"), li)
    colleague = replace(wang, subject=f"opportunity/{new_id()}", subject_customer_id=one)
    request = _follow_up("opportunity", colleague.subject.partition("/")[2], body="王的")
    ask(service.record_follow_up, request, colleague)

    def listed(actor: Any) -> list[str]:
        reply = ask(service.list_activities, {"filters": {"customer_id": one}}, actor)
        return sorted(item["body"] for item in reply["items"])

    assert listed(wang) == ["王的"]
    assert listed(li) == ["李的", "王的"]
    assert listed(zhao) == ["李的", "王的"]
    assert listed(chen) == []


def test_nothing_is_hidden_from_a_successor(service: CustomersService) -> None:
    """C8."""
    one = _customer(service)
    made = ask(service.record_follow_up, _follow_up("customer", one), li)

    ask(service.update_customer, {"id": one, "owner_id": chen.id}, admin)

    assert ask(service.get_activity, {"id": made["id"]}, chen)["body"] == made["body"]


def test_the_owner_of_a_lead_sees_what_others_recorded_on_it(service: CustomersService) -> None:
    lead = new_id()
    ask(service.record_follow_up, _follow_up("lead", lead), replace(li, subject=f"lead/{lead}"))
    query = {"filters": {"subject_type": "lead", "subject_id": lead}}

    allowed = ask(service.list_activities, query, replace(chen, subject=f"lead/{lead}"))
    without = ask(service.list_activities, query, chen)

    assert len(allowed["items"]) == 1
    assert without["items"] == []


def test_activities_are_listed_as_they_happened(service: CustomersService) -> None:
    one = _customer(service)
    now = clock.now()
    for days in (1, 3, 2):
        at = instant(now - timedelta(days=days))
        ask(
            service.record_follow_up,
            _follow_up("customer", one, body=str(days), occurred_at=at),
            li,
        )

    first = ask(service.list_activities, {"limit": 2}, li)
    rest = ask(service.list_activities, {"limit": 2, "cursor": first["next_cursor"]}, li)

    assert [item["body"] for item in first["items"] + rest["items"]] == ["1", "2", "3"]
