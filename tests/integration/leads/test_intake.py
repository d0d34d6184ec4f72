"""Leads come in once, are seen by whom they concern, and are corrected (L1, L2)."""

from typing import Any

import pytest

from chassis.actor import Actor
from chassis.errors import Conflict, CRMError, Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from services.leads.domain.pool import DEFAULT_POOL_ID
from services.leads.service import LeadsService
from tests.fixtures.leads import (
    LIU,
    MA,
    SUN,
    a_lead,
    add_leads,
    add_pool,
    admin,
    ask,
    call,
    count_leads,
    he,
    lead_facts,
    liu,
    ma,
    outbox,
    partner,
    sun,
)
from tests.fixtures.races import together


def test_l1_a_lead_gets_an_id_and_goes_to_the_pool(service: LeadsService) -> None:
    facts = lead_facts(
        budget={"amount": "1200.50", "currency": "CNY"}, source_campaign="春季展", level="a"
    )

    lead = ask(service.create_lead, facts, liu)

    assert (lead["pool_id"], lead["owner_id"], lead["status"]) == (DEFAULT_POOL_ID, None, "new")
    assert (lead["phone"], lead["phone_e164"]) == ("138 0013 8000", "+8613800138000")
    assert lead["budget"] == {"amount": "1200.50", "currency": "CNY"}
    assert (lead["created_by"], lead["version"]) == (LIU, 1)
    assert ask(service.get_lead, {"id": lead["id"]}, liu) == lead
    [event] = outbox(service)
    assert (event["type"], event["subject"]) == ("lead_created", f"lead/{lead['id']}")
    assert event["leadid"] == lead["id"]
    assert event["data"] == {"changes": {}, "after": lead}


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"source_channel": None}, "#/source_channel", "not_null"),
        ({"source_channel": "telex"}, "#/source_channel", "not_a_choice"),
        ({"phone": "keine"}, "#/phone", "phone_malformed"),
        ({"email": "a@b"}, "#/email", "email_malformed"),
        ({"phone": None}, "#/phone", "contact_method_required"),
        ({"company": None}, "#/name", "name_required"),
        ({"colour": "red"}, "#/colour", "unknown_field"),
        ({"external_id": "7"}, "#/source_system", "required"),
        ({"budget": {"amount": 5, "currency": "CNY"}}, "#/budget", "amount_not_a_string"),
    ],
    ids=str,
)
def test_l1_a_wrong_lead_is_refused_by_field(
    service: LeadsService, fields: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(service.create_lead, lead_facts(**fields), liu)

    assert (pointer, code) in [
        (error["pointer"], error["code"]) for error in refused.value.details["errors"]
    ]
    assert count_leads(service) == 0


def test_l2_twenty_equal_calls_with_one_key_make_one_lead(service: LeadsService) -> None:
    calls = [lambda: call(service.create_lead, lead_facts(), liu, key="k-1")] * 20

    answers = together(calls)

    assert len({answer.reply["id"] for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert all(answer.reply == answers[0].reply for answer in answers)
    assert (count_leads(service), len(outbox(service))) == (1, 1)


def test_l2_one_key_with_another_body_is_refused(service: LeadsService) -> None:
    call(service.create_lead, lead_facts(), liu, key="k-1")
    with pytest.raises(Invalid) as refused:
        call(service.create_lead, lead_facts(region="华东"), liu, key="k-1")

    assert refused.value.code == "key_reused_with_other_payload"
    assert count_leads(service) == 1


def test_l2_the_same_external_id_returns_the_first_lead(service: LeadsService) -> None:
    facts = lead_facts(source_system="erp", external_id="A-7")

    first = ask(service.create_lead, facts, partner)
    again = ask(service.create_lead, {**facts, "region": None}, partner)

    assert again == first
    assert (count_leads(service), len(outbox(service))) == (1, 1)


def test_l2_the_same_external_id_with_another_body_is_a_conflict(service: LeadsService) -> None:
    facts = lead_facts(source_system="erp", external_id="A-7")
    first = ask(service.create_lead, facts, partner)
    with pytest.raises(Conflict) as refused:
        ask(service.create_lead, {**facts, "region": "华东"}, partner)

    assert refused.value.code == "external_id_conflict"
    assert refused.value.details == {"lead_id": first["id"]}
    assert count_leads(service) == 1


def test_l2_an_external_id_of_another_sender_is_a_conflict_that_tells_nothing(
    service: LeadsService,
) -> None:
    stranger = Actor(id=new_id(), roles=("partner",), client_id="stranger")
    facts = lead_facts(source_system="erp", external_id="A-7")
    ask(service.create_lead, facts, partner)
    with pytest.raises(Conflict) as refused:
        ask(service.create_lead, facts, stranger)

    assert refused.value.details == {}


def test_l2_twenty_equal_external_ids_at_once_make_one_lead(service: LeadsService) -> None:
    facts = lead_facts(source_system="erp", external_id="A-7")

    found = together([lambda: ask(service.create_lead, facts, partner)] * 20)

    assert len({lead["id"] for lead in found}) == 1
    assert count_leads(service) == 1


def test_l2_two_bodies_race_for_an_external_id_and_one_wins(service: LeadsService) -> None:
    bodies = [
        lead_facts(source_system="erp", external_id="A-7", region=f"region {n}") for n in range(10)
    ]

    found = together([lambda body=body: ask(service.create_lead, body, partner) for body in bodies])

    refusals = [item.code for item in found if isinstance(item, CRMError)]
    assert refusals == ["external_id_conflict"] * 9
    assert count_leads(service) == 1


def test_a_person_may_hold_a_new_lead_at_once(service: LeadsService) -> None:
    own = ask(service.create_lead, lead_facts(owner_id=LIU), liu)
    given = ask(service.create_lead, lead_facts(owner_id=SUN), he)

    assert (own["owner_id"], own["pool_id"]) == (LIU, None)
    assert (given["owner_id"], given["claimed_at"]) == (SUN, given["created_at"])


def test_who_may_not_give_leads_to_a_person_is_refused(service: LeadsService) -> None:
    attempts = [
        (liu, SUN, Forbidden("not_permitted")),
        (partner, LIU, Forbidden("not_permitted")),
        (admin, MA, Invalid("invalid_request")),
        (admin, new_id(), Invalid("invalid_request")),
    ]

    for actor, owner, expected in attempts:
        with pytest.raises(type(expected)) as refused:
            ask(service.create_lead, lead_facts(owner_id=owner), actor)
        assert refused.value.code == expected.code
    assert count_leads(service) == 0


def test_owner_and_pool_together_are_refused(service: LeadsService) -> None:
    with pytest.raises(Invalid) as refused:
        ask(service.create_lead, lead_facts(owner_id=LIU, pool_id=DEFAULT_POOL_ID), liu)

    assert refused.value.details["errors"][0]["code"] == "owner_or_pool"


def test_l5_a_full_person_gets_no_new_lead(service: LeadsService) -> None:
    add_leads(service, *(a_lead(owner_id=LIU, status="working") for _ in range(100)))
    with pytest.raises(Refused) as refused:
        ask(service.create_lead, lead_facts(owner_id=LIU), liu)

    assert refused.value.code == "owner_at_capacity"
    assert refused.value.details == {"limit": 100, "held": 100}


def test_a_pool_of_another_team_takes_no_leads(service: LeadsService) -> None:
    north = add_pool(service, "/cn/north/")
    with pytest.raises(NotFound):
        ask(service.create_lead, lead_facts(pool_id=north), liu)

    assert ask(service.create_lead, lead_facts(pool_id=north), ma)["pool_id"] == north


def test_who_sees_which_lead(service: LeadsService) -> None:
    north = add_pool(service, "/cn/north/")
    mine = a_lead(owner_id=LIU, status="working")
    mates = a_lead(owner_id=SUN, status="working")
    far = a_lead(owner_id=MA, status="working")
    pooled, northern = a_lead(), a_lead(pool_id=north)
    handed_in = a_lead(owner_id=MA, status="working", created_by=partner.id)
    every = {"mine": mine, "mates": mates, "far": far, "pooled": pooled}
    every |= {"northern": northern, "handed_in": handed_in}
    add_leads(service, *every.values())

    seen = {}
    for name, actor in (("liu", liu), ("he", he), ("ma", ma), ("partner", partner)):
        page = ask(service.list_leads, {"count": "exact"}, actor)
        ids = {item["id"] for item in page["items"]}
        assert page["total"] == len(ids)
        seen[name] = {word for word, lead in every.items() if lead.id in ids}
        for lead in every.values():
            if lead.id in ids:
                assert ask(service.get_lead, {"id": lead.id}, actor)["id"] == lead.id
            else:
                with pytest.raises(NotFound):
                    ask(service.get_lead, {"id": lead.id}, actor)

    assert seen == {
        "liu": {"mine", "pooled"},
        "he": {"mine", "mates", "pooled"},
        "ma": {"far", "northern", "pooled", "handed_in"},
        "partner": {"handed_in"},
    }


def test_an_update_changes_facts_and_tells_what_changed(service: LeadsService) -> None:
    lead = a_lead(owner_id=LIU, status="working", region="华东")
    add_leads(service, lead)
    changes = {"id": lead.id, "expected_version": 1, "phone": "010-8888 6666", "region": None}

    after = ask(service.update_lead, changes, liu)

    assert (after["phone_e164"], after["region"], after["version"]) == ("+861088886666", None, 2)
    [event] = outbox(service)
    assert event["type"] == "lead_updated"
    assert event["data"]["changes"]["region"] == ["华东", None]
    assert ask(service.get_lead, {"id": lead.id}, liu) == after


def test_an_update_that_changes_nothing_leaves_the_version(service: LeadsService) -> None:
    lead = a_lead(owner_id=LIU, status="working", region="华东")
    add_leads(service, lead)

    after = ask(service.update_lead, {"id": lead.id, "region": "华东"}, liu)

    assert (after["version"], outbox(service)) == (1, [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source_channel": "api"}, "immutable_field"),
        ({"external_id": "7"}, "immutable_field"),
        ({"owner_id": LIU}, "unknown_field"),
        ({"phone": None}, "contact_method_required"),
    ],
    ids=str,
)
def test_l1_source_never_changes_and_a_lead_stays_reachable(
    service: LeadsService, changes: dict[str, Any], code: str
) -> None:
    lead = a_lead(owner_id=LIU, status="working")
    add_leads(service, lead)
    with pytest.raises(Invalid) as refused:
        ask(service.update_lead, {"id": lead.id, **changes}, liu)

    assert refused.value.details["errors"][0]["code"] == code


def test_a_stale_update_is_refused(service: LeadsService) -> None:
    lead = a_lead(owner_id=LIU, status="working", version=4)
    add_leads(service, lead)
    with pytest.raises(Conflict) as refused:
        ask(service.update_lead, {"id": lead.id, "expected_version": 3, "region": "x"}, liu)

    assert (refused.value.code, refused.value.details) == (
        "stale_version",
        {"current_version": 4},
    )


def test_who_updates_which_lead(service: LeadsService) -> None:
    pooled, mates = a_lead(), a_lead(owner_id=SUN, status="working")
    handed_in = a_lead(created_by=partner.id)
    add_leads(service, pooled, mates, handed_in)

    with pytest.raises(Forbidden):
        ask(service.update_lead, {"id": pooled.id, "region": "x"}, liu)
    with pytest.raises(NotFound):
        ask(service.update_lead, {"id": mates.id, "region": "x"}, liu)
    for actor, lead in ((he, pooled), (he, mates), (partner, handed_in)):
        assert ask(service.update_lead, {"id": lead.id, "region": "x"}, actor)["version"] == 2


def test_a_subject_is_authorized_for_whom_it_concerns(service: LeadsService) -> None:
    customer = new_id()
    mine = a_lead(owner_id=LIU, status="converted", customer_id=customer)
    pooled = a_lead()
    add_leads(service, mine, pooled)
    write = "activities:create"

    answer = ask(service.authorize_subject, {"id": mine.id, "permission": write}, liu)
    looked = ask(service.authorize_subject, {"id": pooled.id}, liu)

    assert answer == {"subject": f"lead/{mine.id}", "customer_id": customer}
    assert looked == {"subject": f"lead/{pooled.id}", "customer_id": None}
    with pytest.raises(Forbidden):
        ask(service.authorize_subject, {"id": pooled.id, "permission": write}, liu)
    with pytest.raises(NotFound):
        ask(service.authorize_subject, {"id": mine.id, "permission": write}, sun)


def test_a_reader_without_the_permission_is_refused(service: LeadsService) -> None:
    nobody = Actor(id=new_id(), roles=(), client_id="test")
    for method in (service.create_lead, service.list_leads):
        with pytest.raises(Forbidden) as refused:
            ask(method, {}, nobody)
        assert refused.value.code == "missing_permission"
