"""L16, L18: the steps of a conversion, each of them twice, late, or in the wrong order."""

from typing import Any

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.fixtures.deals import CONTACT, CUSTOMER, LEAD, MANAGER, REP, json_money
from tests.fixtures.races import together

CONVERSION = "01900000-0000-7000-8000-0000000000aa"
MAKE = {
    "conversion_id": CONVERSION,
    "customer_id": CUSTOMER,
    "contact_id": CONTACT,
    "lead_id": LEAD,
    "opportunity": {
        "name": "展会线索",
        "owner_id": REP,
        "amount": json_money("500.00"),
        "product_interest": "智能水表",
    },
}
STEP = {"conversion_id": CONVERSION}


@pytest.fixture
def step(send: Any) -> Any:
    """Send a step as the saga of leads does, on behalf of a person."""
    return lambda method, payload=STEP: send(REP, method, payload, issuer="leads")


def test_what_is_made_is_nowhere_until_it_is_confirmed(step: Any, send: Any, events: Any) -> None:
    made = step("make_opportunity_for_conversion", MAKE)["opportunity_id"]

    for person in (REP, MANAGER):
        listed = send(person, "list_opportunities", {"count": "exact"})
        assert (listed["items"], listed["total"]) == ([], 0)
        for method in (
            "get_opportunity",
            "get_stage_history",
            "authorize_subject",
            "advance_opportunity",
            "update_opportunity",
            "reopen_opportunity",
        ):
            with pytest.raises(NotFound):
                send(person, method, {"id": made})
        sections = send(
            person,
            "get_customer_sections",
            {"customer_id": CUSTOMER, "sections": ["opportunities"]},
        )["sections"]
        assert sections["opportunities"]["data"]["count"] == 0
    with pytest.raises(Invalid) as unseen:
        send(
            REP,
            "create_contract",
            {
                "title": "x",
                "customer_id": CUSTOMER,
                "opportunity_id": made,
                "total": json_money("1.00"),
            },
        )
    assert unseen.value.details["errors"][0]["code"] == "unknown_opportunity"
    assert events() == []


def test_confirmed_it_is_there_and_its_creation_is_told_once(
    step: Any, send: Any, events: Any
) -> None:
    made = step("make_opportunity_for_conversion", MAKE)["opportunity_id"]

    answers = [step("confirm_conversion") for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0] == {
        "opportunity_id": made,
        "records": [{"type": "opportunity", "id": made, "action": "created"}],
    }
    shown = send(REP, "get_opportunity", {"id": made})
    assert (shown["lead_id"], shown["contact_id"], shown["version"]) == (LEAD, CONTACT, 1)
    (event,) = events()
    assert (event["type"], event["leadid"]) == ("opportunity_created", LEAD)
    assert event["data"]["after"] == shown
    assert "provisional_for" not in shown
    assert send(REP, "advance_opportunity", {"id": made})["version"] == 2


def test_a_repeated_make_returns_the_same_opportunity(step: Any, sql: Any) -> None:
    answers = together([lambda: step("make_opportunity_for_conversion", MAKE)] * 8)

    assert len({answer["opportunity_id"] for answer in answers}) == 1
    assert sql("select count(*) from opportunities")[0][0] == 1


def test_a_cancellation_leaves_nothing_and_can_be_repeated(
    step: Any, sql: Any, events: Any
) -> None:
    step("make_opportunity_for_conversion", MAKE)

    assert [step("cancel_conversion") for _ in range(2)] == [{}, {}]

    assert sql("select count(*) from opportunities")[0][0] == 0
    assert sql("select count(*) from stage_stays")[0][0] == 0
    assert events() == []


def test_a_make_that_comes_after_its_cancellation_is_refused(step: Any, sql: Any) -> None:
    step("cancel_conversion")

    for method, payload in (
        ("make_opportunity_for_conversion", MAKE),
        ("confirm_conversion", STEP),
    ):
        with pytest.raises(Refused) as caught:
            step(method, payload)
        assert caught.value.code == "conversion_cancelled"
    assert sql("select count(*) from opportunities")[0][0] == 0


def test_make_and_cancellation_at_once_leave_nothing(step: Any, sql: Any) -> None:
    together(
        [
            lambda: step("make_opportunity_for_conversion", MAKE),
            lambda: step("cancel_conversion"),
        ]
    )

    assert sql("select count(*) from opportunities")[0][0] == 0
    assert sql("select state from conversions")[0][0] == "cancelled"


def test_what_is_confirmed_is_not_taken_back(step: Any, send: Any) -> None:
    made = step("make_opportunity_for_conversion", MAKE)["opportunity_id"]
    step("confirm_conversion")

    with pytest.raises(Conflict) as caught:
        step("cancel_conversion")

    assert caught.value.code == "conversion_confirmed"
    assert send(REP, "get_opportunity", {"id": made})["id"] == made


def test_a_confirmation_of_nothing_is_refused(step: Any) -> None:
    with pytest.raises(NotFound):
        step("confirm_conversion")


@pytest.mark.parametrize("issuer", ["gateway", "customers"])
def test_only_the_saga_of_leads_takes_these_steps(send: Any, issuer: str) -> None:
    for method, payload in (
        ("make_opportunity_for_conversion", MAKE),
        ("confirm_conversion", STEP),
        ("cancel_conversion", STEP),
    ):
        with pytest.raises(Forbidden) as caught:
            send(MANAGER, method, payload, issuer=issuer)
        assert caught.value.code == "caller_not_allowed"
