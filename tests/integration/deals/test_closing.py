"""D5: deals end once, with a reason, and can come back."""

from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from tests.fixtures.deals import CUSTOMER, REP, json_money
from tests.fixtures.races import together

FACTS = {"name": "华东水务一期", "customer_id": CUSTOMER, "amount": json_money("500.00")}


def test_twenty_racing_wins_have_one_winner(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)

    results = together(
        [
            lambda number=number: send(
                REP,
                "win_opportunity",
                {
                    "id": made["id"],
                    "reason": "product",
                    "amount": json_money(f"{500 + number}.00"),
                },
            )
            for number in range(20)
        ]
    )

    winners = [result for result in results if isinstance(result, dict)]
    refusals = [result for result in results if isinstance(result, Refused)]
    assert len(winners) == 1
    assert len(refusals) == 19
    assert {refusal.code for refusal in refusals} == {"opportunity_closed"}
    assert len(events("opportunity_won")) == 1
    assert send(REP, "get_opportunity", {"id": made["id"]}) == winners[0]


def test_a_lost_deal_names_its_winner_and_comes_back_to_its_stage(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    send(REP, "advance_opportunity", {"id": made["id"], "stage": "tender"})
    lost = send(
        REP,
        "lose_opportunity",
        {
            "id": made["id"],
            "reason": "competitor",
            "winner": "Acme 水务",
            "closed_on": "2026-01-31",
        },
    )
    again = send(REP, "reopen_opportunity", {"id": made["id"], "reason": "对手弃标"})

    assert (lost["status"], lost["stage"], lost["probability"]) == ("lost", "tender", 0)
    assert (lost["winner"], lost["closed_on"]) == ("Acme 水务", "2026-01-31")
    assert (again["status"], again["stage"], again["probability"]) == ("open", "tender", 75)
    assert (again["close_reason"], again["closed_on"]) == (None, None)
    stays = send(REP, "get_stage_history", {"id": made["id"]})["items"]
    assert [(stay["stage"], stay["left_at"] is None) for stay in stays] == [
        ("prospect", False),
        ("tender", False),
        ("tender", True),
    ]
    assert stays[-1]["reason"] == "对手弃标"
    assert [event["type"] for event in events()] == [
        "opportunity_created",
        "opportunity_advanced",
        "opportunity_lost",
        "opportunity_reopened",
    ]


def test_a_win_is_dated_today_and_keeps_the_amount_unless_told(send: Any) -> None:
    from chassis import clock

    made = send(REP, "create_opportunity", FACTS)

    won = send(REP, "win_opportunity", {"id": made["id"], "reason": "brand"})

    assert won["closed_on"] <= clock.today().isoformat()
    assert (won["amount"], won["probability"]) == (json_money("500.00"), 100)


@pytest.mark.parametrize(
    ("method", "payload", "pointer"),
    [
        pytest.param("win_opportunity", {"reason": "weather"}, "#/reason", id="unlisted reason"),
        pytest.param("win_opportunity", {"reason": "other"}, "#/reason_text", id="no words"),
        pytest.param("lose_opportunity", {}, "#/reason", id="no reason"),
        pytest.param(
            "lose_opportunity",
            {"reason": "price", "closed_on": "2999-01-01"},
            "#/closed_on",
            id="in the future",
        ),
    ],
)
def test_a_close_without_its_facts_is_refused(
    send: Any, method: str, payload: dict[str, Any], pointer: str
) -> None:
    made = send(REP, "create_opportunity", FACTS)

    with pytest.raises(Invalid) as caught:
        send(REP, method, {"id": made["id"], **payload})

    assert caught.value.details["errors"][0]["pointer"] == pointer


def test_an_open_deal_can_not_be_reopened(send: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)

    with pytest.raises(Refused):
        send(REP, "reopen_opportunity", {"id": made["id"]})
