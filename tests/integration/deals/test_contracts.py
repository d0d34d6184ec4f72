"""D17, F2: contracts through the pipeline, on the real database."""

from typing import Any

import pytest

from chassis.errors import Forbidden, Invalid, NotFound, Refused
from tests.fixtures.deals import (
    CUSTOMER,
    MANAGER,
    MATE,
    OTHER_CUSTOMER,
    REP,
    STRANGER,
    json_money,
)

PLAN = [
    {"name": "首付款", "due_on": "2026-04-01", "percent": "33.33"},
    {"name": "到货款", "due_on": "2026-06-01", "percent": "33.33"},
    {"name": "尾款", "due_on": "2026-09-30", "percent": "33.34"},
]
FACTS = {
    "title": "水表采购合同",
    "customer_id": CUSTOMER,
    "total": json_money("1000.01"),
    "starts_on": "2026-03-01",
    "ends_on": "2027-02-28",
    "signatories": [{"party": "customer", "name": "赵敏", "job_title": "采购总监"}],
    "instalments": PLAN,
}


def test_a_draft_reads_back_with_its_computed_plan(send: Any, events: Any) -> None:
    made = send(REP, "create_contract", FACTS)

    assert made["number"].startswith("HT-20")
    assert (made["status"], made["created_by"], made["owner_id"]) == ("draft", REP, REP)
    assert [item["amount"]["amount"] for item in made["instalments"]] == [
        "333.30",
        "333.30",
        "333.41",
    ]
    assert [item["sequence"] for item in made["instalments"]] == [1, 2, 3]
    assert [item["percent"] for item in made["instalments"]] == ["33.33", "33.33", "33.34"]
    assert send(REP, "get_contract", {"id": made["id"]}) == made
    (event,) = events()
    assert (event["type"], event["customerid"]) == ("contract_created", CUSTOMER)
    assert event["data"]["after"] == made


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(
            {"instalments": [{"name": "a", "due_on": "2026-04-01", "percent": "99.99"}]},
            "percentages_not_hundred",
            id="shares do not sum",
        ),
        pytest.param(
            {
                "instalments": [
                    {"name": "a", "due_on": "2026-04-01", "amount": json_money("1000.00")}
                ]
            },
            "instalments_not_total",
            id="amounts do not sum",
        ),
        pytest.param(
            {"instalments": [{"name": "a", "due_on": "2026-04-01"}]},
            "percent_or_amount",
            id="neither share nor amount",
        ),
        pytest.param(
            {
                "instalments": [
                    {
                        "name": "a",
                        "due_on": "2026-04-01",
                        "percent": "100",
                        "amount": json_money("1000.01"),
                    }
                ]
            },
            "percent_or_amount",
            id="share and amount",
        ),
        pytest.param({"instalments": PLAN * 21}, "too_many", id="sixty-three instalments"),
        pytest.param({"ends_on": "2026-02-28"}, "ends_before_start", id="ends too soon"),
        pytest.param({"total": json_money("-1.00")}, "negative", id="negative total"),
    ],
)
def test_a_wrong_draft_is_refused(send: Any, payload: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        send(REP, "create_contract", {**FACTS, **payload})

    assert code in [error["code"] for error in caught.value.details["errors"]]


def test_an_edit_computes_the_plan_for_the_new_total(send: Any, events: Any) -> None:
    made = send(REP, "create_contract", FACTS)

    updated = send(
        REP,
        "update_contract",
        {"id": made["id"], "total": json_money("100", "JPY"), "ends_on": None},
    )

    assert [item["amount"] for item in updated["instalments"]] == [
        json_money("33", "JPY"),
        json_money("33", "JPY"),
        json_money("34", "JPY"),
    ]
    assert (updated["ends_on"], updated["version"]) == (None, 2)
    assert set(events("contract_updated")[0]["data"]["changes"]) == {
        "ends_on",
        "instalments",
        "total",
        "updated_at",
        "version",
    }


def test_a_document_in_approval_is_locked(send: Any) -> None:
    made = send(REP, "create_contract", FACTS)
    waiting = send(REP, "submit_contract", {"id": made["id"]})

    with pytest.raises(Refused) as caught:
        send(REP, "update_contract", {"id": made["id"], "title": "other"})

    assert caught.value.code == "contract_locked"
    assert send(REP, "get_contract", {"id": made["id"]}) == waiting


def test_a_contract_comes_from_a_visible_deal_of_the_same_customer(send: Any) -> None:
    opportunity = send(REP, "create_opportunity", {"name": "一期", "customer_id": CUSTOMER})
    linked = {**FACTS, "opportunity_id": opportunity["id"]}

    made = send(REP, "create_contract", linked)

    assert made["opportunity_id"] == opportunity["id"]
    with pytest.raises(Invalid) as unseen:
        send(MATE, "create_contract", linked)
    assert unseen.value.details["errors"] == [
        {"pointer": "#/opportunity_id", "code": "unknown_opportunity", "meta": {}}
    ]
    with pytest.raises(Invalid):
        send(REP, "create_contract", {**linked, "customer_id": OTHER_CUSTOMER})
    send(REP, "lose_opportunity", {"id": opportunity["id"], "reason": "price"})
    with pytest.raises(Refused):
        send(REP, "create_contract", linked)


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        pytest.param(REP, True, id="owner"),
        pytest.param(MATE, False, id="same team"),
        pytest.param(STRANGER, False, id="other team"),
        pytest.param(MANAGER, True, id="manager above"),
    ],
)
def test_visibility_is_the_same_on_read_and_list(send: Any, person: str, sees: bool) -> None:
    made = send(REP, "create_contract", FACTS)

    listed = send(person, "list_contracts", {})["items"]

    assert [item["id"] for item in listed] == ([made["id"]] if sees else [])
    if not sees:
        for method in ("get_contract", "update_contract", "submit_contract"):
            with pytest.raises(NotFound):
                send(person, method, {"id": made["id"]})


def test_contracts_are_made_for_active_people_within_reach(send: Any) -> None:
    assert send(MANAGER, "create_contract", {**FACTS, "owner_id": MATE})["owner_id"] == MATE
    with pytest.raises(Forbidden):
        send(MANAGER, "create_contract", {**FACTS, "owner_id": STRANGER})


def test_lists_filter_sort_and_search(send: Any) -> None:
    for total in ("100.00", "300.00", "200.00"):
        send(
            REP,
            "create_contract",
            {**FACTS, "title": f"合同 {total}", "total": json_money(total)},
        )

    def totals(**query: Any) -> list[str]:
        page = send(REP, "list_contracts", query)
        return [item["total"]["amount"] for item in page["items"]]

    assert totals(sort="-total") == ["300.00", "200.00", "100.00"]
    assert totals(filters={"total.gt": "100", "total.lte": "200"}) == ["200.00"]
    assert totals(filters={"approved_at.is_null": "false"}) == []
    assert totals(filters={"status": "draft", "customer_id": CUSTOMER}, sort="total") == [
        "100.00",
        "200.00",
        "300.00",
    ]
    assert totals(q="合同 300") == ["300.00"]
    assert len(totals(q="HT-")) == 3


def test_every_listed_filter_and_sort_is_bound_to_a_column(send: Any) -> None:
    from schemas.deals import CONTRACTS
    from tests.fixtures.filters import a_value_of

    for parameter, kind in CONTRACTS.parameters().items():
        send(REP, "list_contracts", {"filters": {parameter: a_value_of(kind)}})
    for sort in CONTRACTS.sorts:
        send(REP, "list_contracts", {"sort": sort})
