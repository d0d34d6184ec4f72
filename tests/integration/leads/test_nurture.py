"""Follow-ups recorded by customers move last and next contact of a lead (L10)."""

import pytest

from chassis.entrypoints import Occurrence
from chassis.errors import NotFound
from chassis.ids import new_id
from services.leads.service import LeadsService
from tests.fixtures.leads import LIU, a_follow_up, a_lead, add_leads, admin, ask, outbox

EARLY, LATE = "2026-11-18T02:00:00Z", "2026-11-19T02:00:00Z"


def test_l10_a_redelivered_follow_up_has_one_effect(service: LeadsService) -> None:
    lead = a_lead(owner_id=LIU, status="working")
    add_leads(service, lead)
    event = a_follow_up(lead.id, LATE, next_contact_at="2026-11-25T02:00:00Z")

    effects = [service.on_customers_follow_up_recorded(event) for _ in range(2)]

    after = ask(service.get_lead, {"id": lead.id}, admin)
    assert effects == [True, False]
    assert (after["last_contact_at"], after["version"]) == (LATE, 2)
    assert (after["next_contact_at"], after["updated_by"]) == ("2026-11-25T02:00:00Z", LIU)
    assert [item["type"] for item in outbox(service)] == ["lead_contacted"]


def test_l10_a_late_event_moves_nothing_back(service: LeadsService) -> None:
    lead = a_lead(owner_id=LIU, status="working")
    add_leads(service, lead)

    service.on_customers_follow_up_recorded(a_follow_up(lead.id, LATE))
    service.on_customers_follow_up_recorded(a_follow_up(lead.id, EARLY, next_contact_at=EARLY))

    after = ask(service.get_lead, {"id": lead.id}, admin)
    assert (after["last_contact_at"], after["next_contact_at"]) == (LATE, None)
    assert after["version"] == 2


def test_follow_ups_on_other_subjects_are_none_of_our_business(service: LeadsService) -> None:
    event = a_follow_up(new_id(), LATE, subject_type="opportunity")

    assert service.on_customers_follow_up_recorded(event)
    assert outbox(service) == []


def test_a_follow_up_on_an_unknown_lead_is_a_fault(service: LeadsService) -> None:
    with pytest.raises(NotFound):
        service.on_customers_follow_up_recorded(a_follow_up(new_id(), LATE))


def test_a_person_is_copied_from_the_directory_once(service: LeadsService) -> None:
    person = {"id": LIU, "name": "刘洋洋", "team_path": "/cn/", "roles": ["rep"], "active": True}
    envelope = {"id": new_id(), "version": 2, "data": {"after": person}}
    event = Occurrence(envelope, "evt-gateway-person_changed--leads.on_gateway_person_changed")

    assert service.on_gateway_person_changed(event)
    assert not service.on_gateway_person_changed(event)
