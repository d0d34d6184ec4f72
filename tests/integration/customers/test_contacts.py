"""C5: contacts on the real database, through the pipeline."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from chassis.errors import Conflict, CRMError, Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from services.customers.persistence.tables import contact_customers
from services.customers.service import CustomersService
from tests.fixtures.customers import admin, ask, chen, customer_facts, li, outbox, partner, zhao


def _customer(service: CustomersService, actor: Any = li, name: str = "云帆") -> str:
    return str(ask(service.create_customer, customer_facts(name=name), actor)["id"])


def _create(
    service: CustomersService, *customer_ids: str, actor: Any = li, **fields: Any
) -> dict[str, Any]:
    places = [{"customer_id": customer_id} for customer_id in customer_ids]
    request = {"name": "周瑜", "customers": places, **fields}
    reply: dict[str, Any] = ask(service.create_contact, request, actor)
    return reply


def _primaries(service: CustomersService, customer_id: str) -> int:
    with service.database.transaction(admin) as tx:
        return int(
            tx.value(
                select(func.count())
                .select_from(contact_customers)
                .where(contact_customers.c.customer_id == customer_id)
                .where(contact_customers.c.is_primary)
            )
        )


def test_a_contact_has_a_part_in_buying_at_each_of_its_customers(
    service: CustomersService,
) -> None:
    one, two = _customer(service), _customer(service, name="拓海")
    places = [
        {"customer_id": one, "role": "decider", "influence": "high", "is_primary": True},
        {"customer_id": two, "role": "influencer"},
    ]

    made = _create(service, customers=places, phone="13800138001", office="上海二部")

    assert made["customer_id"] == one
    assert [place["role"] for place in made["customers"]] == ["decider", "influencer"]
    assert made["phone_e164"] == "+8613800138001"
    assert ask(service.get_contact, {"id": made["id"]}, li) == made
    event = outbox(service)[-1]
    assert (event["type"], event["customerid"]) == ("contact_created", one)
    assert event["subject"] == f"contact/{made['id']}"


def test_a_new_primary_takes_the_place_of_the_one_before(service: CustomersService) -> None:
    one = _customer(service)
    place = [{"customer_id": one, "is_primary": True}]
    first = _create(service, customers=place)

    second = _create(service, name="黄盖", customers=place)

    stepped_down = ask(service.get_contact, {"id": first["id"]}, li)
    assert stepped_down["customers"][0]["is_primary"] is False
    assert stepped_down["version"] == 2
    assert second["customers"][0]["is_primary"] is True
    assert [event["type"] for event in outbox(service)[-2:]] == [
        "contact_updated",
        "contact_created",
    ]


def test_of_twenty_primaries_at_once_one_stays(service: CustomersService) -> None:
    one = _customer(service)
    contacts = [_create(service, one, name=f"联系人 {number}") for number in range(20)]
    barrier = Barrier(20)

    def promote(contact: dict[str, Any]) -> str:
        barrier.wait()
        place = [{"customer_id": one, "is_primary": True}]
        try:
            ask(service.update_contact, {"id": contact["id"], "customers": place}, li)
        except CRMError as refusal:
            return refusal.code
        return "promoted"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(promote, contacts))

    assert "promoted" in outcomes
    assert set(outcomes) <= {"promoted", "database_busy"}
    assert _primaries(service, one) == 1


def test_contacts_are_seen_through_their_customers(service: CustomersService) -> None:
    lis, chens = _customer(service), _customer(service, chen, "拓海")
    mine = _create(service, lis)
    shared = _create(service, lis, chens, actor=admin, name="黄盖")

    def listed(actor: Any) -> list[str]:
        reply = ask(service.list_contacts, {"sort": "name"}, actor)
        return [item["name"] for item in reply["items"]]

    assert sorted(listed(li)) == ["周瑜", "黄盖"]
    assert listed(chen) == ["黄盖"]
    assert sorted(listed(zhao)) == ["周瑜", "黄盖"]
    with pytest.raises(NotFound):
        ask(service.get_contact, {"id": mine["id"]}, chen)
    with pytest.raises(Forbidden, match="missing_permission"):
        ask(service.list_contacts, {}, partner)
    seen = ask(service.get_contact, {"id": shared["id"]}, chen)
    assert [place["customer_id"] for place in seen["customers"]] == [chens]
    assert seen["customer_id"] == chens


def test_places_out_of_sight_survive_an_update(service: CustomersService) -> None:
    lis, other, chens = _customer(service), _customer(service), _customer(service, chen, "拓海")
    shared = _create(service, lis, chens, actor=admin)

    changed = ask(
        service.update_contact, {"id": shared["id"], "customers": [{"customer_id": other}]}, li
    )

    assert [place["customer_id"] for place in changed["customers"]] == [other]
    everywhere = ask(service.get_contact, {"id": shared["id"]}, admin)
    assert {place["customer_id"] for place in everywhere["customers"]} == {other, chens}


def test_a_customer_out_of_sight_is_unknown(service: CustomersService) -> None:
    chens = _customer(service, chen)

    for customer_id in (chens, new_id()):
        with pytest.raises(Invalid) as refusal:
            _create(service, customer_id)
        assert refusal.value.details["errors"] == [
            {"pointer": "#/customers/0/customer_id", "code": "unknown_customer", "meta": {}}
        ]


def test_filters_and_search_find_contacts(service: CustomersService) -> None:
    """C7: the e-mail of customer Y, our contact at Y."""
    one, two = _customer(service), _customer(service)
    _create(service, one, name="周瑜", email="zhou@yunfan.com", department="采购部")
    _create(service, one, two, name="黄盖", phone="13800138002")
    _create(service, two, name="Lu Su")

    def names(query: dict[str, Any]) -> list[str]:
        reply = ask(service.list_contacts, {"sort": "name", "count": "exact", **query}, li)
        assert reply["total"] == len(reply["items"])
        return sorted(item["name"] for item in reply["items"])

    assert names({"filters": {"customer_id": one}}) == ["周瑜", "黄盖"]
    assert names({"filters": {"customer_id": f"{one},{two}"}}) == ["Lu Su", "周瑜", "黄盖"]
    assert names({"filters": {"customer_id.is_null": "true"}}) == []
    assert len(names({"filters": {"customer_id.is_null": "false"}})) == 3
    assert names({"filters": {"customer_id": two, "name.contains": "su"}}) == ["Lu Su"]
    assert names({"filters": {"department": "采购部"}}) == ["周瑜"]
    assert names({"q": "8002"}) == ["黄盖"]
    assert names({"q": "yunfan"}) == ["周瑜"]
    with pytest.raises(Invalid):
        names({"filters": {"customer_id": "x"}})


def test_reporting_lines_are_a_tree_within_a_customer(service: CustomersService) -> None:
    one, two = _customer(service), _customer(service)
    boss = _create(service, one, name="孙权")
    middle = _create(service, one, name="周瑜", reports_to_id=boss["id"])
    low = _create(service, one, name="黄盖", reports_to_id=middle["id"])
    elsewhere = _create(service, two, name="曹操")

    def report(contact: dict[str, Any], to: str | None) -> Any:
        return ask(service.update_contact, {"id": contact["id"], "reports_to_id": to}, li)

    for to in (low, middle, boss):
        with pytest.raises(Refused, match="reporting_cycle"):
            report(boss, to["id"])
    with pytest.raises(Refused, match="reports_to_other_customer"):
        report(boss, elsewhere["id"])
    with pytest.raises(Invalid):
        report(boss, new_id())
    assert report(low, None)["reports_to_id"] is None
    assert report(boss, low["id"])["reports_to_id"] == low["id"]


def test_two_lines_at_once_never_close_a_circle(service: CustomersService) -> None:
    one = _customer(service)
    pair = [_create(service, one, name="甲"), _create(service, one, name="乙")]
    barrier = Barrier(2)

    def report(first: int) -> str:
        barrier.wait()
        request = {"id": pair[first]["id"], "reports_to_id": pair[1 - first]["id"]}
        try:
            ask(service.update_contact, request, li)
        except CRMError as refusal:
            return refusal.code
        return "reports"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(report, range(2)))

    assert outcomes == ["reporting_cycle", "reports"]


def test_a_version_that_has_passed_is_refused(service: CustomersService) -> None:
    made = _create(service, _customer(service))
    ask(service.update_contact, {"id": made["id"], "name": "小周"}, li)

    with pytest.raises(Conflict, match="stale_version"):
        ask(service.update_contact, {"id": made["id"], "expected_version": 1, "notes": "x"}, li)


def test_a_contact_stays_when_the_customer_changes_hands(service: CustomersService) -> None:
    """C8."""
    one = _customer(service)
    made = _create(service, one)

    ask(service.update_customer, {"id": one, "owner_id": chen.id}, admin)

    assert ask(service.get_contact, {"id": made["id"]}, chen)["id"] == made["id"]
    with pytest.raises(NotFound):
        ask(service.get_contact, {"id": made["id"]}, li)
