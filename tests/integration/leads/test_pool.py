"""Claims hold under simultaneity: one winner per lead, no person above the limit (L3, L4, L5)."""

import pytest
from sqlalchemy import exc, func, insert, select

from chassis.actor import Actor
from chassis.errors import Conflict, CRMError, Forbidden, NotFound, Refused
from chassis.ids import new_id
from services.leads.persistence.leads import RECORDS
from services.leads.persistence.tables import LEADS
from services.leads.service import LeadsService
from tests.fixtures.leads import (
    LIU,
    SUN,
    a_lead,
    add_leads,
    add_pool,
    admin,
    ask,
    he,
    liu,
    ma,
    outbox,
    partner,
    sun,
)
from tests.fixtures.races import together


def test_l4_a_claim_gives_the_lead_to_the_claimant(service: LeadsService) -> None:
    lead = a_lead()
    add_leads(service, lead)

    claimed = ask(service.claim_lead, {"id": lead.id, "expected_version": 1}, liu)

    assert (claimed["owner_id"], claimed["pool_id"], claimed["status"]) == (LIU, None, "working")
    assert claimed["claimed_at"] == claimed["updated_at"]
    [event] = outbox(service)
    assert event["type"] == "lead_claimed"
    assert event["data"]["changes"]["owner_id"] == [None, LIU]
    assert ask(service.get_lead, {"id": lead.id}, liu) == claimed


def test_l4_of_fifty_claimants_of_one_lead_one_wins(service: LeadsService) -> None:
    lead = a_lead()
    add_leads(service, lead)
    claimants = [
        Actor(id=new_id(), roles=("rep",), team_path="/cn/east/", client_id=str(n))
        for n in range(50)
    ]

    # Ten connections serve fifty claimants, so they come in five waves of ten at once.
    found = [
        answer
        for wave in range(0, 50, 10)
        for answer in together(
            [
                lambda actor=actor: ask(service.claim_lead, {"id": lead.id}, actor)
                for actor in claimants[wave : wave + 10]
            ]
        )
    ]

    winners = [item for item in found if not isinstance(item, CRMError)]
    losers = [item for item in found if isinstance(item, CRMError)]
    assert len(winners) == 1
    assert [item.code for item in losers] == ["lead_already_owned"] * 49
    assert len(outbox(service)) == 1


def test_l5_one_claimant_with_limit_three_gets_three_of_twenty(service: LeadsService) -> None:
    pool = add_pool(service, capacity=3)
    leads = [a_lead(pool_id=pool) for _ in range(20)]
    add_leads(service, *leads)

    calls = [lambda lead=lead: ask(service.claim_lead, {"id": lead.id}, liu) for lead in leads]
    found = together(calls[:10]) + together(calls[10:])

    refusals = [item for item in found if isinstance(item, CRMError)]
    assert [item.code for item in refusals] == ["owner_at_capacity"] * 17
    assert refusals[0].details == {"limit": 3, "held": 3}
    with service.database.transaction(admin) as tx:
        held = select(func.count()).where(LEADS.c.owner_id == LIU)
        assert tx.value(held) == 3


def test_l5_leads_at_their_end_do_not_count(service: LeadsService) -> None:
    pool = add_pool(service, capacity=1)
    waiting = a_lead(pool_id=pool)
    ended = [
        a_lead(owner_id=LIU, status="converted", customer_id=new_id()),
        a_lead(owner_id=LIU, status="closed"),
    ]
    add_leads(service, waiting, *ended)

    assert ask(service.claim_lead, {"id": waiting.id}, liu)["owner_id"] == LIU


def test_l4_the_loser_is_told_who_holds_it_only_if_it_may_see_the_lead(
    service: LeadsService,
) -> None:
    lead = a_lead()
    add_leads(service, lead)
    ask(service.claim_lead, {"id": lead.id}, liu)

    with pytest.raises(Conflict) as peer:
        ask(service.claim_lead, {"id": lead.id}, sun)
    with pytest.raises(Conflict) as boss:
        ask(service.claim_lead, {"id": lead.id}, he)

    assert (peer.value.code, peer.value.details) == ("lead_already_owned", {})
    assert boss.value.details == {"holder_id": LIU, "holder_name": "刘洋"}


def test_l3_a_pool_of_another_team_is_not_there(service: LeadsService) -> None:
    lead = a_lead(pool_id=add_pool(service, "/cn/north/"))
    add_leads(service, lead)
    with pytest.raises(NotFound):
        ask(service.claim_lead, {"id": lead.id}, liu)

    assert ask(service.claim_lead, {"id": lead.id}, ma)["status"] == "working"


def test_a_lead_that_was_never_pooled_here_is_not_there(service: LeadsService) -> None:
    lead = a_lead(owner_id=SUN, status="working")
    add_leads(service, lead)
    with pytest.raises(NotFound):
        ask(service.claim_lead, {"id": lead.id}, liu)


@pytest.mark.parametrize("status", ["converted", "closed"])
def test_l4_a_lead_at_its_end_can_not_be_claimed(service: LeadsService, status: str) -> None:
    customer = new_id() if status == "converted" else None
    lead = a_lead(owner_id=LIU, status=status, customer_id=customer)
    add_leads(service, lead)
    with pytest.raises(Refused) as refused:
        ask(service.claim_lead, {"id": lead.id}, he)

    assert (refused.value.code, refused.value.details) == ("lead_closed", {"status": status})


def test_a_stale_claim_is_refused_and_a_partner_claims_nothing(service: LeadsService) -> None:
    lead = a_lead(created_by=partner.id)
    add_leads(service, lead)
    with pytest.raises(Conflict) as stale:
        ask(service.claim_lead, {"id": lead.id, "expected_version": 9}, liu)
    with pytest.raises(Forbidden):
        ask(service.claim_lead, {"id": lead.id}, partner)

    assert stale.value.code == "stale_version"


@pytest.mark.parametrize(
    "places",
    [{"owner_id": LIU, "pool_id": "01900000-0000-7000-8000-000000000001"},
     {"owner_id": None, "pool_id": None}],
    ids=["both", "neither"],
)  # fmt: skip
def test_l3_the_database_itself_keeps_a_lead_in_one_place(
    service: LeadsService, places: dict[str, str | None]
) -> None:
    values = {**RECORDS.values(a_lead()), **places}
    with (
        pytest.raises(exc.IntegrityError, match="held_or_pooled"),
        service.database.transaction(admin) as tx,
    ):
        tx.execute(insert(LEADS).values(values))
