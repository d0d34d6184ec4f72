"""What a lead must have, and how it changes (L1)."""

from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.leads.domain import intake
from services.leads.domain.pool import DEFAULT_POOL_ID
from tests.fixtures.leads import LIU, T0, a_lead


def _created(facts: dict[str, Any], owner_id: str | None = None) -> Any:
    where = {"pool_id": DEFAULT_POOL_ID, "owner_id": owner_id}
    return intake.create(facts, id="1", **where, by=LIU, now=T0)


@pytest.mark.parametrize(
    ("facts", "pointer", "code"),
    [
        ({"phone": "1", "name": None, "company": None}, "#/name", "name_required"),
        ({"company": "明远"}, "#/phone", "contact_method_required"),
        ({"company": "明远", "phone": ""}, "#/phone", "contact_method_required"),
        ({"name": "周", "email": "a@b.cn", "external_id": "7"}, "#/source_system", "required"),
        ({"name": "周", "email": "a@b.cn", "source_system": "x"}, "#/external_id", "required"),
    ],
    ids=["nobody", "unreachable", "blank phone", "id without system", "system without id"],
)
def test_facts_that_make_no_lead_are_refused_by_field(
    facts: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _created({"source_channel": "api", **facts})

    assert [(e["pointer"], e["code"]) for e in refused.value.details["errors"]] == [(pointer, code)]


@pytest.mark.parametrize("method", intake.CONTACT_METHODS)
def test_any_one_contact_method_is_enough(method: str) -> None:
    assert intake.missing({"name": "周瑜", method: "x"}) == []


def test_both_omissions_are_told_at_once() -> None:
    codes = [error["code"] for error in intake.missing({})]

    assert codes == ["name_required", "contact_method_required"]


def test_a_new_lead_lies_in_the_pool_and_has_no_claim_time() -> None:
    lead, event = _created({"name": "周瑜", "chat_id": "zy", "source_channel": "chat"})

    assert (lead.pool_id, lead.owner_id, lead.claimed_at) == (DEFAULT_POOL_ID, None, None)
    assert (lead.status, lead.version, lead.kind, lead.title) == ("new", 1, "person", "周瑜")
    assert (event.before, event.after) == (None, lead)


def test_a_new_lead_with_an_owner_is_in_no_pool() -> None:
    lead, _ = _created({"company": "明远", "phone": "1", "source_channel": "api"}, owner_id=LIU)

    assert (lead.pool_id, lead.owner_id, lead.claimed_at) == (None, LIU, T0)
    assert (lead.kind, lead.title) == ("organisation", "明远")


def test_a_kind_that_was_given_is_kept() -> None:
    facts = {"company": "明远", "name": "周", "phone": "1", "source_channel": "api"}

    lead, _ = _created({**facts, "kind": "person"})

    assert lead.kind == "person"


def test_a_change_makes_the_next_version_and_clears_with_none() -> None:
    lead = a_lead(region="华东", budget=Money.of("10"))

    after, event = intake.update(lead, {"region": None, "level": "a"}, by="x", now=T0)

    assert (after.region, after.level, after.version, after.updated_by) == (None, "a", 2, "x")
    assert event is not None
    assert event.before is lead


def test_a_change_to_the_same_value_is_none() -> None:
    lead = a_lead(region="华东")

    after, event = intake.update(lead, {"region": "华东"}, by="x", now=T0)

    assert after is lead
    assert event is None


def test_the_last_contact_method_can_not_be_cleared() -> None:
    with pytest.raises(Invalid):
        intake.update(a_lead(), {"phone": None}, by="x", now=T0)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("converted", "lead_closed"),
        ("closed", "lead_closed"),
        ("converting", "lead_in_conversion"),
    ],
)
def test_a_lead_that_is_not_open_does_not_change(status: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        intake.update(a_lead(status=status, owner_id=LIU), {"region": "x"}, by="x", now=T0)

    assert refused.value.code == code
