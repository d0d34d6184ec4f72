"""How a person takes a lead from a pool (L3, L4, L5)."""

import pytest

from chassis.errors import Conflict, CRMError, Refused
from services.leads.domain import pool
from services.leads.domain.pool import DEFAULT_POOL_ID, Allowance, Holder
from tests.fixtures.leads import LIU, SUN, T0, a_lead


def test_a_claim_changes_owner_state_and_time_together() -> None:
    lead = a_lead()

    claimed, event = pool.claim(lead, claimant=LIU, allowance=Allowance(2, 3), now=T0)

    assert (claimed.owner_id, claimed.pool_id, claimed.status) == (LIU, None, "working")
    assert (claimed.claimed_at, claimed.version) == (T0, 2)
    assert claimed.former_pool_id == DEFAULT_POOL_ID
    assert (event.before, event.after) == (lead, claimed)


def test_a_claim_is_refused_when_the_owner_is_at_capacity() -> None:
    with pytest.raises(Refused) as refused:
        pool.claim(a_lead(), claimant=LIU, allowance=Allowance(3, 3), now=T0)

    assert refused.value.code == "owner_at_capacity"
    assert refused.value.details == {"limit": 3, "held": 3}


def test_a_batch_that_exceeds_the_limit_is_refused_whole() -> None:
    Allowance(held=7, limit=10).expect_room(3)
    with pytest.raises(Refused):
        Allowance(held=7, limit=10).expect_room(4)


@pytest.mark.parametrize("status", ["converted", "closed"])
def test_a_lead_at_its_end_can_not_be_claimed(status: str) -> None:
    with pytest.raises(CRMError) as refused:
        pool.expect_free(a_lead(status=status, owner_id=SUN), Holder())

    assert (refused.value.kind, refused.value.code) == ("Refused", "lead_closed")


def test_the_holder_is_told_only_when_it_may_be_known() -> None:
    taken = a_lead(owner_id=SUN, status="working")
    with pytest.raises(Conflict) as silent:
        pool.expect_free(taken, Holder())
    with pytest.raises(Conflict) as told:
        pool.expect_free(taken, Holder(SUN, "孙丽"))

    assert (silent.value.code, silent.value.details) == ("lead_already_owned", {})
    assert told.value.details == {"holder_id": SUN, "holder_name": "孙丽"}
