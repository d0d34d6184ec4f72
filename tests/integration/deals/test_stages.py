"""D2, D3, D4: stages and their history."""

from itertools import pairwise
from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from tests.fixtures.deals import CUSTOMER, MANAGER, REP
from tests.fixtures.races import together

FACTS = {"name": "华东水务一期", "customer_id": CUSTOMER}


def test_the_reference_pipeline_is_there(send: Any) -> None:
    (pipeline,) = send(REP, "list_pipelines", {})["items"]

    assert [stage["name_zh"] for stage in pipeline["stages"]] == [
        "潜在客户",
        "建立联系",
        "需求沟通",
        "商务报价",
        "招投标",
        "签署合作",
    ]
    assert [stage["probability"] for stage in pipeline["stages"]] == [10, 20, 35, 55, 75, 90]


def test_the_history_tells_every_stay_with_its_author(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    send(REP, "advance_opportunity", {"id": made["id"]})
    send(REP, "advance_opportunity", {"id": made["id"], "stage": "tender"})
    send(
        MANAGER,
        "advance_opportunity",
        {"id": made["id"], "stage": "needs", "reason": "重新确认需求"},
    )

    stays = send(REP, "get_stage_history", {"id": made["id"]})["items"]

    assert [stay["stage"] for stay in stays] == ["prospect", "contact", "tender", "needs"]
    assert [stay["entered_by"] for stay in stays] == [REP, REP, REP, MANAGER]
    for before, after in pairwise(stays):
        assert before["left_at"] == after["entered_at"]
        assert before["left_by"] == after["entered_by"]
    assert (stays[-1]["left_at"], stays[-1]["reason"]) == (None, "重新确认需求")
    changes = [event["data"]["changes"]["stage"] for event in events("opportunity_advanced")]
    assert changes == [["prospect", "contact"], ["contact", "tender"], ["tender", "needs"]]


def test_back_without_a_reason_moves_nothing(send: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    ahead = send(REP, "advance_opportunity", {"id": made["id"], "stage": "signing"})

    with pytest.raises(Invalid):
        send(REP, "advance_opportunity", {"id": made["id"], "stage": "contact"})

    assert send(REP, "get_opportunity", {"id": made["id"]}) == ahead


def test_racing_advances_to_one_stage_move_it_once(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)

    results = together(
        [
            lambda: send(REP, "advance_opportunity", {"id": made["id"], "stage": "needs"})
            for _ in range(8)
        ]
    )

    refusals = [result for result in results if isinstance(result, Refused)]
    assert len(refusals) == 7
    assert {refusal.code for refusal in refusals} == {"already_in_stage"}
    assert len(events("opportunity_advanced")) == 1
    assert len(send(REP, "get_stage_history", {"id": made["id"]})["items"]) == 2
