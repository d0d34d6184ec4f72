"""The leads section of the customer 360 view (C20)."""

from datetime import timedelta
from typing import Any

from chassis.actor import Actor
from chassis.ids import new_id
from chassis.money import Money
from services.leads.service import LeadsService
from tests.fixtures.leads import LIU, MA, SUN, T0, a_lead, add_leads, ask, he, liu

CUSTOMER = new_id()


def _section(service: LeadsService, actor: Any) -> dict[str, Any]:
    request = {"customer_id": CUSTOMER, "sections": ["leads"]}
    answer = ask(service.get_customer_sections, request, actor)
    assert answer["customer_id"] == CUSTOMER
    assert answer["partial"] is False
    section: dict[str, Any] = answer["sections"]["leads"]
    return section


def _converted(owner_id: str, **fields: Any) -> Any:
    base = {"status": "converted", "customer_id": CUSTOMER, "owner_id": owner_id}
    return a_lead(**{**base, "converted_at": T0, **fields})


def test_c20_a_section_holds_only_what_the_actor_sees(service: LeadsService) -> None:
    mine = _converted(LIU, budget=Money.of("9"), created_at=T0 + timedelta(days=1))
    mates, far = _converted(SUN), _converted(MA)
    add_leads(service, mine, mates, far, _converted(LIU, customer_id=new_id()))

    own, team = _section(service, liu), _section(service, he)

    assert (own["status"], own["data"]["total"]) == ("fresh", 1)
    assert [item["id"] for item in team["data"]["items"]] == [mine.id, mates.id]
    assert own["data"]["items"][0]["budget"] == {"amount": "9.00", "currency": "CNY"}
    assert own["data"]["items"][0]["created_at"] == "2026-11-21T08:00:00Z"


def test_c20_a_section_without_the_permission_is_hidden(service: LeadsService) -> None:
    add_leads(service, _converted(LIU))
    nobody = Actor(id=LIU, roles=(), client_id="test")

    section = _section(service, nobody)

    assert (section["status"], section["data"]) == ("hidden", None)


def test_c20_a_section_shows_the_newest_twenty_and_the_total(service: LeadsService) -> None:
    leads = [_converted(LIU, created_at=T0 + timedelta(hours=n)) for n in range(25)]
    add_leads(service, *leads)

    data = _section(service, liu)["data"]

    assert (data["total"], len(data["items"])) == (25, 20)
    assert data["items"][0]["id"] == leads[-1].id


def test_c20_the_version_changes_with_the_section(service: LeadsService) -> None:
    empty = _section(service, liu)
    add_leads(service, _converted(LIU))
    one, again = _section(service, liu), _section(service, liu)
    add_leads(service, _converted(LIU))

    assert empty["data"] == {"total": 0, "items": []}
    assert len({empty["version"], one["version"], _section(service, liu)["version"]}) == 3
    assert again["version"] == one["version"]


def test_other_sections_are_not_ours(service: LeadsService) -> None:
    request = {"customer_id": CUSTOMER, "sections": ["contracts"]}

    assert ask(service.get_customer_sections, request, liu)["sections"] == {}
