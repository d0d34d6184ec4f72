"""The replica of people in customers."""

from typing import Any

from sqlalchemy import select

from chassis.entrypoints import Occurrence
from chassis.ids import new_id
from services.customers.persistence.tables import metadata
from services.customers.service import CustomersService
from tests.fixtures.customers import LI, admin, ask, customer_facts, li, zhao

CONSUMER = "customers.on_gateway_person_changed"


def _moved(version: int, team_path: str) -> Occurrence:
    after = {
        "id": LI, "name": "李静", "team_path": team_path, "manager_id": None, "roles": ["rep"],
        "active": True, "email": "li@omnibus.example", "locale": "zh",
    }  # fmt: skip
    envelope: dict[str, Any] = {"id": new_id(), "version": version, "data": {"after": after}}
    return Occurrence(envelope, CONSUMER)


def test_records_follow_their_owner_to_another_team(service: CustomersService) -> None:
    ask(service.create_customer, customer_facts(), li)
    assert len(ask(service.list_customers, {}, zhao)["items"]) == 1

    assert service.on_gateway_person_changed(_moved(2, "/cn/north/")) is True

    assert ask(service.list_customers, {}, zhao)["items"] == []


def test_a_redelivered_change_of_a_person_has_one_effect(service: CustomersService) -> None:
    change = _moved(3, "/cn/north/")

    assert service.on_gateway_person_changed(change) is True
    assert service.on_gateway_person_changed(change) is False
    service.on_gateway_person_changed(_moved(2, "/cn/east/"))

    people = metadata.tables["people"]
    with service.database.transaction(admin) as tx:
        row = tx.row(select(people).where(people.c.id == LI))
    assert row is not None
    assert (row.version, row.team_path) == (3, "/cn/north/")
