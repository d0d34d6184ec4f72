"""A lead is converted once, completely or not at all (L18)."""

from typing import Any

import pytest
from sqlalchemy import select

from chassis.actor import Actor, Level, define_roles
from chassis.errors import Conflict, CRMError, Forbidden, Invalid, NotFound, Refused, Unavailable
from chassis.ids import new_id
from chassis.money import Money
from services.leads.domain.lead import Lead
from services.leads.persistence.tables import metadata
from services.leads.service import LeadsService
from tests.fixtures.leads import (
    LIU,
    Neighbours,
    a_lead,
    add_leads,
    admin,
    ask,
    call,
    he,
    liu,
    outbox,
    run_sagas,
    sun,
)
from tests.fixtures.races import together

MAKE_CUSTOMER = "customers.make_customer_for_conversion"
MAKE_OPPORTUNITY = "deals.make_opportunity_for_conversion"


@pytest.fixture
def lead(service: LeadsService) -> Lead:
    """Return an owned lead that is ready to be converted."""
    lead = a_lead(owner_id=LIU, status="working", name="周瑜", budget=Money.of("120000"))
    add_leads(service, lead)
    return lead


def _lead(service: LeadsService, lead: Lead) -> Any:
    return ask(service.get_lead, {"id": lead.id}, admin)


def _conversion(service: LeadsService, conversion: Any, actor: Any = liu) -> Any:
    return ask(service.get_conversion, {"id": conversion["id"]}, actor)


def _types(service: LeadsService) -> list[str]:
    return [event["type"] for event in outbox(service)]


def test_l18_a_conversion_makes_all_three_and_certifies_every_record(
    service: LeadsService, lead: Lead
) -> None:
    others = Neighbours()

    begun = ask(service.convert_lead, {"id": lead.id, "expected_version": 1}, liu)
    run_sagas(service, others)

    ended, after = _conversion(service, begun), _lead(service, lead)
    assert (begun["state"], begun["customer_id"], begun["records"]) == ("running", None, [])
    assert (ended["state"], ended["refusal"], ended["matched"]) == ("completed", None, False)
    assert {step["state"] for step in ended["steps"]} == {"done"}
    assert (after["status"], after["customer_id"]) == ("converted", others.customer_id)
    assert (after["contact_id"], after["opportunity_id"]) == (
        others.contact_id,
        others.opportunity_id,
    )
    assert [(r["service"], r["type"], r["id"], r["action"]) for r in ended["records"]] == [
        ("leads", "lead", lead.id, "updated"),
        ("customers", "customer", others.customer_id, "created"),
        ("customers", "contact", others.contact_id, "created"),
        ("deals", "opportunity", others.opportunity_id, "created"),
    ]
    assert _types(service) == ["lead_conversion_started", "lead_converted"]
    assert outbox(service)[-1]["customerid"] == others.customer_id


def test_l18_the_facts_of_the_lead_go_along(service: LeadsService, lead: Lead) -> None:
    others = Neighbours()
    wish = {"name": "一期", "expected_close_on": "2026-12-31"}

    begun = ask(service.convert_lead, {"id": lead.id, "opportunity": wish}, liu)
    run_sagas(service, others)

    customer = others.payloads[MAKE_CUSTOMER]
    assert customer["conversion_id"] == begun["id"]
    assert customer["customer"]["name"] == "苏州明远机械有限公司"
    assert customer["contact"]["name"] == "周瑜"
    deal = others.payloads[MAKE_OPPORTUNITY]
    assert (deal["customer_id"], deal["lead_id"]) == (others.customer_id, lead.id)
    assert deal["opportunity"] == {
        "name": "一期",
        "amount": {"amount": "120000.00", "currency": "CNY"},
        "owner_id": LIU,
        "expected_close_on": "2026-12-31",
        "product_interest": None,
    }
    assert all(len(keys) == 1 for keys in others.keys.values())


def test_l18_requests_of_the_steps_are_what_the_other_services_publish(
    service: LeadsService, lead: Lead
) -> None:
    import schemas.customers as customers
    import schemas.deals as deals

    others = Neighbours()
    ask(service.convert_lead, {"id": lead.id, "customer_id": new_id()}, liu)
    run_sagas(service, others)

    published = {
        MAKE_CUSTOMER: customers.MakeCustomerForConversion,
        MAKE_OPPORTUNITY: deals.MakeOpportunityForConversion,
        "deals.confirm_conversion": deals.ConfirmConversion,
    }
    for name, schema in published.items():
        assert schema().validate(others.payloads[name]) == {}


def test_l18_without_an_opportunity_deals_has_no_part(service: LeadsService, lead: Lead) -> None:
    others = Neighbours()

    begun = ask(service.convert_lead, {"id": lead.id, "create_opportunity": False}, liu)
    run_sagas(service, others)

    ended = _conversion(service, begun)
    assert others.asked == [MAKE_CUSTOMER, "customers.confirm_conversion"]
    assert (ended["state"], ended["opportunity_id"]) == ("completed", None)
    states = {step["step"]: step["state"] for step in ended["steps"]}
    assert (states["make_opportunity"], states["confirm_opportunity"]) == ("skipped", "skipped")


def test_l18_nothing_is_told_of_what_is_still_provisional(
    service: LeadsService, lead: Lead
) -> None:
    others = Neighbours()
    others.failures["deals.confirm_conversion"] = [Unavailable("database_busy")]

    begun = ask(service.convert_lead, {"id": lead.id}, liu)
    run_sagas(service, others)

    midway = _conversion(service, begun)
    assert (midway["state"], midway["customer_id"], midway["records"]) == ("running", None, [])
    assert midway["steps"][3]["state"] == "waiting"
    assert _lead(service, lead)["customer_id"] is None


def test_l18_a_refusal_takes_everything_back(service: LeadsService, lead: Lead) -> None:
    others = Neighbours()
    others.failures[MAKE_OPPORTUNITY] = [Refused("owner_at_capacity", limit=3)]

    begun = ask(service.convert_lead, {"id": lead.id}, liu)
    run_sagas(service, others)

    ended, after = _conversion(service, begun), _lead(service, lead)
    assert others.asked[2:] == ["deals.cancel_conversion", "customers.cancel_conversion"]
    assert ended["state"] == "compensated"
    assert ended["refusal"] == {
        "kind": "Refused",
        "code": "owner_at_capacity",
        "details": {"limit": 3},
    }
    assert (ended["customer_id"], ended["records"]) == (None, [])
    assert [step["state"] for step in ended["steps"]][:2] == ["undone", "refused"]
    assert (after["status"], after["conversion_id"], after["owner_id"]) == ("working", None, LIU)
    assert _types(service) == ["lead_conversion_started", "lead_conversion_undone"]


def test_l18_a_lead_can_be_converted_after_an_undone_attempt(
    service: LeadsService, lead: Lead
) -> None:
    others = Neighbours()
    others.failures[MAKE_CUSTOMER] = [Refused("nope")]
    first = ask(service.convert_lead, {"id": lead.id}, liu)
    run_sagas(service, others)

    second = ask(service.convert_lead, {"id": lead.id}, liu)
    run_sagas(service, others)

    assert second["id"] != first["id"]
    assert _conversion(service, first)["state"] == "compensated"
    assert _conversion(service, second)["state"] == "completed"


def test_l18_a_service_that_is_away_is_waited_for(service: LeadsService, lead: Lead) -> None:
    others = Neighbours()
    others.failures[MAKE_CUSTOMER] = [Unavailable("conversion_in_progress")] * 2
    others.failures["customers.confirm_conversion"] = [Unavailable("database_unavailable")]

    begun = ask(service.convert_lead, {"id": lead.id}, liu)
    for _ in range(4):
        run_sagas(service, others)

    assert _conversion(service, begun)["state"] == "completed"
    assert others.asked.count(MAKE_CUSTOMER) == 3
    assert others.keys[MAKE_CUSTOMER] == {f"{begun['id']}:make_customer"}
    assert _types(service).count("lead_converted") == 1


def test_l18_a_refusal_after_the_pivot_is_repeated_and_nothing_is_undone(
    service: LeadsService, lead: Lead
) -> None:
    others = Neighbours()
    others.failures["customers.confirm_conversion"] = [Refused("odd")]

    begun = ask(service.convert_lead, {"id": lead.id}, liu)
    run_sagas(service, others)
    run_sagas(service, others)

    assert "customers.cancel_conversion" not in others.asked
    assert _conversion(service, begun)["state"] == "completed"


@pytest.mark.parametrize("crashed_after", range(1, 5))
def test_l18_a_runner_that_dies_leaves_the_rest_to_the_next(
    service: LeadsService, lead: Lead, crashed_after: int
) -> None:
    class Dying(Neighbours):
        def call(self, *arguments: Any, **options: Any) -> Any:
            reply = super().call(*arguments, **options)
            if len(self.asked) == crashed_after:
                raise RuntimeError("the process is gone before it notes the reply")
            return reply

    begun = ask(service.convert_lead, {"id": lead.id}, liu)
    others = Dying()
    run_sagas(service, others)
    run_sagas(service, others)

    assert _conversion(service, begun)["state"] == "completed"
    assert len(others.asked) == 5
    assert all(len(keys) == 1 for keys in others.keys.values())


def test_l18_twenty_calls_at_once_start_one_conversion(service: LeadsService, lead: Lead) -> None:
    plain = [lambda: ask(service.convert_lead, {"id": lead.id}, liu)] * 10
    keyed = [lambda: call(service.convert_lead, {"id": lead.id}, liu, key="k").reply] * 10

    found = together([*plain, *keyed])

    assert len({conversion["id"] for conversion in found}) == 1
    sagas = metadata.tables["sagas"]
    with service.database.transaction(admin) as tx:
        assert len(tx.rows(select(sagas.c.id))) == 1


def test_l18_a_converted_lead_answers_with_the_conversion_there_is(
    service: LeadsService, lead: Lead
) -> None:
    begun = ask(service.convert_lead, {"id": lead.id, "expected_version": 1}, liu)
    run_sagas(service, Neighbours())

    again = ask(service.convert_lead, {"id": lead.id, "expected_version": 1}, liu)
    with pytest.raises(Conflict) as other:
        ask(service.convert_lead, {"id": lead.id, "create_opportunity": False}, liu)

    assert (again["id"], again["state"]) == (begun["id"], "completed")
    assert (other.value.code, other.value.details) == (
        "conversion_differs",
        {"conversion_id": begun["id"]},
    )


@pytest.mark.parametrize(
    ("fields", "request_", "refusal"),
    [
        ({}, {}, Refused("lead_not_owned")),
        ({"owner_id": LIU, "status": "closed"}, {}, Refused("lead_closed")),
        (
            {"owner_id": LIU, "status": "working"},
            {"expected_version": 5},
            Conflict("stale_version"),
        ),
        (
            {"owner_id": LIU, "status": "working"},
            {"create_opportunity": False, "opportunity": {"name": "x"}},
            Invalid("invalid_request"),
        ),
    ],
    ids=["pooled", "closed", "stale", "contradiction"],
)
def test_l18_a_conversion_is_refused(
    service: LeadsService, fields: dict[str, Any], request_: dict[str, Any], refusal: CRMError
) -> None:
    lead = a_lead(**fields)
    add_leads(service, lead)
    with pytest.raises(type(refusal)) as refused:
        ask(service.convert_lead, {"id": lead.id, **request_}, liu)

    assert refused.value.code == refusal.code
    assert outbox(service) == []


def test_who_may_convert_and_who_may_follow_it(service: LeadsService, lead: Lead) -> None:
    with pytest.raises(NotFound):
        ask(service.convert_lead, {"id": lead.id}, sun)
    begun = ask(service.convert_lead, {"id": lead.id}, he)

    assert _conversion(service, begun, he)["id"] == begun["id"]
    with pytest.raises(NotFound) as refused:
        _conversion(service, begun, sun)
    assert refused.value.details["resource"] == "conversion"
    with pytest.raises(NotFound):
        _conversion(service, {"id": new_id()}, he)


def test_a_lead_in_conversion_is_held_still(service: LeadsService, lead: Lead) -> None:
    ask(service.convert_lead, {"id": lead.id}, liu)
    with pytest.raises(Refused) as refused:
        ask(service.update_lead, {"id": lead.id, "region": "x"}, liu)

    assert refused.value.code == "lead_in_conversion"


def test_who_sees_a_lead_but_may_not_convert_it_is_told_so(
    service: LeadsService, lead: Lead
) -> None:
    define_roles({"auditor": {"leads:read": Level.ALL, "leads:convert": Level.OWN}})
    auditor = Actor(id=new_id(), roles=("auditor",), client_id="test")
    with pytest.raises(Forbidden) as refused:
        ask(service.convert_lead, {"id": lead.id}, auditor)

    assert refused.value.code == "not_permitted"
