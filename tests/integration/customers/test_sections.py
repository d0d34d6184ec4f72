"""C20: the sections of the customer 360 view, and who gets the view at all."""

from dataclasses import replace
from typing import Any

import pytest

from chassis import clock
from chassis.actor import Actor, Level, define_roles
from chassis.errors import NotFound
from chassis.ids import new_id
from services.customers.service import CustomersService
from tests.fixtures.customers import (
    admin,
    ask,
    chen,
    counted_statements,
    customer_facts,
    li,
    partner,
    wang,
    zhao,
)

ALL = ["profile", "contacts", "activities"]


@pytest.fixture
def customer_id(service: CustomersService) -> str:
    """Return a customer of Li with two contacts and 22 follow-ups."""
    facts = {"kind": "person", "name": "张伟", "birth_date": "1990-01-01", "hobbies": ["围棋"]}
    one = str(ask(service.create_customer, facts, li)["id"])
    place = {"customer_id": one, "role": "decider", "influence": "high"}
    ask(service.create_contact, {"name": "周瑜", "customers": [{**place, "is_primary": True}]}, li)
    ask(service.create_contact, {"name": "黄盖", "customers": [place]}, li)
    for number in range(22):
        subject = {"subject_type": "customer", "subject_id": one}
        request = {"kind": "call", "body": f"第 {number} 次", **subject}
        ask(service.record_follow_up, request, li)
    return one


def _view(
    service: CustomersService, customer_id: str, actor: Actor, sections: list[str] | None = None
) -> dict[str, Any]:
    asked = {"customer_id": customer_id, "sections": sections or ALL}
    reply: dict[str, Any] = ask(service.get_customer_sections, asked, actor)
    return reply


def test_the_view_shows_profile_contacts_and_activities(
    service: CustomersService, customer_id: str
) -> None:
    view = _view(service, customer_id, li)

    assert view["customer_id"] == customer_id
    assert view["partial"] is False
    sections = view["sections"]
    assert [(name, part["status"]) for name, part in sections.items()] == [
        (name, "fresh") for name in ALL
    ]
    profile = sections["profile"]["data"]
    known = ask(service.get_customer, {"id": customer_id}, li)
    assert profile == known
    assert profile["age"] == clock.today().year - 1990
    contacts = sections["contacts"]["data"]
    assert contacts["total"] == 2
    first = contacts["items"][0]
    assert (first["name"], first["role"], first["is_primary"]) == ("周瑜", "decider", True)
    assert first["updated_at"].endswith("Z")
    activities = sections["activities"]["data"]
    assert (activities["total"], len(activities["items"])) == (22, 20)
    assert activities["items"][0]["body"] == "第 21 次"


def test_one_statement_answers_all_three_sections(
    service: CustomersService, customer_id: str
) -> None:
    with counted_statements(service) as seen:
        _view(service, customer_id, zhao)

    assert len(seen) == 1


def test_the_version_of_a_section_changes_with_its_data_alone(
    service: CustomersService, customer_id: str
) -> None:
    def versions() -> dict[str, str]:
        return {n: p["version"] for n, p in _view(service, customer_id, li)["sections"].items()}

    before = versions()
    assert versions() == before

    ask(service.update_customer, {"id": customer_id, "region": "华东"}, li)
    after = versions()
    assert after["profile"] != before["profile"]
    assert after["contacts"] == before["contacts"]

    ask(service.create_contact, {"name": "新", "customers": [{"customer_id": customer_id}]}, li)
    assert versions()["contacts"] != after["contacts"]
    assert versions()["profile"] == after["profile"]


def test_only_the_sections_asked_for_are_given(service: CustomersService, customer_id: str) -> None:
    view = _view(service, customer_id, li, ["contacts", "receivables"])

    assert list(view["sections"]) == ["contacts"]


def test_whoever_may_not_see_the_customer_gets_no_view(
    service: CustomersService, customer_id: str
) -> None:
    assert _view(service, customer_id, zhao)["sections"]["profile"]["status"] == "fresh"
    assert _view(service, customer_id, admin)["sections"]["profile"]["status"] == "fresh"
    nobody = Actor(id=li.id, roles=())
    for actor in (wang, chen, partner, nobody):
        with pytest.raises(NotFound):
            _view(service, customer_id, actor)
    with pytest.raises(NotFound):
        _view(service, new_id(), admin)
    with pytest.raises(NotFound):
        _view(service, customer_id, replace(li, scopes=("leads:read",)))


def test_sections_that_the_reader_may_not_see_say_hidden(
    service: CustomersService, customer_id: str
) -> None:
    define_roles({"test-greeter": {"customers:read": Level.ALL, "activities:read": Level.OWN}})
    greeter = Actor(id=new_id(), roles=("test-greeter",))

    sections = _view(service, customer_id, greeter)["sections"]

    assert sections["contacts"]["status"] == "hidden"
    assert sections["contacts"]["data"] is None
    assert sections["activities"]["data"] == {"total": 0, "items": []}
    narrow = replace(li, scopes=("customers:read",))
    assert _view(service, customer_id, narrow)["sections"]["activities"]["status"] == "hidden"


def test_a_customer_without_contacts_has_empty_lists(service: CustomersService) -> None:
    one = ask(service.create_customer, customer_facts(), li)["id"]

    sections = _view(service, one, li)["sections"]

    assert sections["contacts"]["data"] == {"total": 0, "items": []}
    assert sections["profile"]["data"]["birth_date"] is None
