"""D1: opportunities through the pipeline, on the real database."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chassis.entrypoints import Occurrence
from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.fixtures.deals import (
    CONTACT,
    CUSTOMER,
    DIRECTOR,
    GONE,
    MANAGER,
    MATE,
    OTHER_CUSTOMER,
    REP,
    STRANGER,
    actor_of,
    json_money,
)

LINE = {
    "product": "智能水表",
    "sku": "WM-20",
    "quantity": "3",
    "unit_price": json_money("33.33"),
    "discount_percent": "10",
}
FACTS = {"name": "华东水务一期", "customer_id": CUSTOMER}


def test_a_created_opportunity_reads_back_as_it_was_answered(send: Any, events: Any) -> None:
    made = send(
        REP,
        "create_opportunity",
        {**FACTS, "lines": [LINE], "contact_id": CONTACT, "expected_close_on": "2026-12-31"},
    )

    assert made["amount"] == json_money("89.99")
    assert made["lines"][0]["amount"] == json_money("89.99")
    assert made["number"].startswith("SJ-20")
    assert (made["stage"], made["probability"], made["owner_id"]) == ("prospect", 10, REP)
    assert send(REP, "get_opportunity", {"id": made["id"]}) == made
    (event,) = events()
    assert event["type"] == "opportunity_created"
    assert event["customerid"] == CUSTOMER
    assert event["data"] == {"changes": {}, "after": made}


def test_a_repeated_create_returns_the_first_answer(answer: Any, events: Any) -> None:
    first = answer(REP, "create_opportunity", FACTS, key="k1")
    second = answer(REP, "create_opportunity", FACTS, key="k1")

    assert second.replayed
    assert second.reply == first.reply
    assert len(events()) == 1
    with pytest.raises(Invalid) as caught:
        answer(REP, "create_opportunity", {**FACTS, "name": "other"}, key="k1")
    assert caught.value.code == "key_reused_with_other_payload"


@pytest.mark.parametrize(
    ("payload", "pointer", "code"),
    [
        pytest.param({"name": " "}, "#/name", "too_short", id="blank name"),
        pytest.param({"stage": "signing"}, "#/stage", "unknown_field", id="stage is given"),
        pytest.param(
            {"lines": [{**LINE, "quantity": "0"}]},
            "#/lines/0/quantity",
            "not_positive",
            id="nothing of a product",
        ),
        pytest.param(
            {"lines": [{**LINE, "discount_percent": "100.01"}]},
            "#/lines/0/discount_percent",
            "out_of_range",
            id="more than everything off",
        ),
        pytest.param({"lines": [LINE] * 201}, "#/lines", "too_many", id="too many lines"),
        pytest.param(
            {"amount": json_money("1.50", "JPY")},
            "#/amount",
            "amount_too_precise",
            id="half a yen",
        ),
        pytest.param(
            {"amount": {"amount": 12.5, "currency": "CNY"}},
            "#/amount",
            "amount_not_a_string",
            id="money as a float",
        ),
        pytest.param(
            {"lines": [LINE], "amount": json_money("1.00")},
            "#/amount_reason",
            "required",
            id="unexplained amount",
        ),
    ],
)
def test_a_wrong_request_names_its_field(
    send: Any, payload: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        send(REP, "create_opportunity", {**FACTS, **payload})

    found = [(error["pointer"], error["code"]) for error in caught.value.details["errors"]]
    assert (pointer, code) in found


def test_an_update_replaces_what_is_given_and_clears_what_is_null(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", {**FACTS, "lines": [LINE], "competitor": "Acme"})

    updated = send(
        REP,
        "update_opportunity",
        {
            "id": made["id"],
            "expected_version": 1,
            "competitor": None,
            "amount": json_money("80.00"),
            "amount_reason": "框架协议价",
        },
    )

    assert updated["competitor"] is None
    assert (updated["name"], updated["version"]) == (FACTS["name"], 2)
    assert updated["amount"] == json_money("80.00")
    changes = events("opportunity_updated")[0]["data"]["changes"]
    assert changes["competitor"] == ["Acme", None]
    assert changes["amount"] == [json_money("89.99"), json_money("80.00")]
    assert "name" not in changes


def test_an_update_of_an_old_version_is_refused_with_the_present_one(send: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    send(REP, "update_opportunity", {"id": made["id"], "name": "二期"})

    with pytest.raises(Conflict) as caught:
        send(REP, "update_opportunity", {"id": made["id"], "expected_version": 1, "name": "x"})

    assert caught.value.code == "stale_version"
    assert caught.value.details["current_version"] == 2


def test_an_update_without_a_change_is_no_event(send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)

    same = send(REP, "update_opportunity", {"id": made["id"], "name": FACTS["name"]})

    assert same == made
    assert len(events()) == 1


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        pytest.param(REP, True, id="owner"),
        pytest.param(MATE, False, id="same team"),
        pytest.param(STRANGER, False, id="other team"),
        pytest.param(MANAGER, True, id="manager above"),
    ],
)
def test_visibility_is_the_same_on_read_list_and_authorisation(
    send: Any, person: str, sees: bool
) -> None:
    """C20, M7: own for a rep, team for a manager."""
    made = send(REP, "create_opportunity", FACTS)

    listed = send(person, "list_opportunities", {"count": "exact"})

    assert [item["id"] for item in listed["items"]] == ([made["id"]] if sees else [])
    assert listed["total"] == int(sees)
    for method in ("get_opportunity", "get_stage_history", "authorize_subject"):
        if sees:
            assert send(person, method, {"id": made["id"]})
        else:
            with pytest.raises(NotFound):
                send(person, method, {"id": made["id"]})
    if not sees:
        with pytest.raises(NotFound):
            send(person, "update_opportunity", {"id": made["id"], "name": "mine"})


def test_what_is_seen_may_still_be_out_of_reach(send: Any, monkeypatch: Any) -> None:
    from chassis import actor

    made = send(REP, "create_opportunity", FACTS)
    monkeypatch.setitem(
        actor._ROLES,
        "reader",
        {"opportunities:read": actor.Level.ALL, "opportunities:update": actor.Level.OWN},
    )

    with pytest.raises(Forbidden) as caught:
        send(STRANGER, "update_opportunity", {"id": made["id"], "name": "x"}, roles=("reader",))

    assert caught.value.code == "not_permitted"


@pytest.mark.parametrize("owner", [STRANGER, GONE])
def test_a_record_is_made_for_active_people_within_reach(send: Any, owner: str) -> None:
    assert send(MANAGER, "create_opportunity", {**FACTS, "owner_id": MATE})["owner_id"] == MATE

    with pytest.raises(Forbidden) as caught:
        send(MANAGER, "create_opportunity", {**FACTS, "owner_id": owner})

    assert caught.value.code == "not_permitted"


def test_a_rep_makes_records_for_itself_only(send: Any) -> None:
    with pytest.raises(Forbidden):
        send(REP, "create_opportunity", {**FACTS, "owner_id": MATE})


def test_a_partner_has_no_opportunities(send: Any) -> None:
    with pytest.raises(Forbidden) as caught:
        send(REP, "list_opportunities", {}, roles=("partner",))

    assert caught.value.code == "missing_permission"


def test_lists_filter_sort_search_and_page(send: Any) -> None:
    amounts = ["300.00", None, "100.00", "200.00"]
    for index, amount in enumerate(amounts):
        send(
            REP,
            "create_opportunity",
            {
                "name": f"项目 {index} Phase",
                "customer_id": CUSTOMER if index else OTHER_CUSTOMER,
                "amount": json_money(amount) if amount else None,
                "expected_close_on": f"2026-0{index + 1}-15" if index != 2 else None,
            },
        )

    def names(**query: Any) -> list[str]:
        page = send(REP, "list_opportunities", query)
        return [item["name"].split()[1] for item in page["items"]]

    assert names(sort="-amount") == ["0", "3", "2", "1"]
    assert names(sort="expected_close_on") == ["0", "1", "3", "2"]
    assert names(filters={"amount.gte": "200"}, sort="amount") == ["3", "0"]
    assert names(filters={"amount.is_null": "true"}) == ["1"]
    assert names(filters={"customer_id": OTHER_CUSTOMER}) == ["0"]
    assert names(filters={"owner_id": "me", "status": "open,won"}, sort="number") == list("0123")
    assert names(filters={"status": "lost"}) == []
    assert names(q="phase 2") == ["2"]
    assert names(q="项目", sort="number") == list("0123")
    assert names(q="SJ-", sort="number") == list("0123")
    first = send(REP, "list_opportunities", {"limit": 3, "sort": "-amount"})
    rest = send(REP, "list_opportunities", {"sort": "-amount", "cursor": first["next_cursor"]})
    assert len(first["items"]) == 3
    assert first["has_more"]
    assert [item["name"].split()[1] for item in rest["items"]] == ["1"]


def test_every_listed_filter_and_sort_is_bound_to_a_column(send: Any) -> None:
    from schemas.deals import OPPORTUNITIES
    from tests.fixtures.filters import a_value_of

    for parameter, kind in OPPORTUNITIES.parameters().items():
        send(REP, "list_opportunities", {"filters": {parameter: a_value_of(kind)}})
    for sort in OPPORTUNITIES.sorts:
        send(REP, "list_opportunities", {"sort": sort})


def test_a_subject_is_vouched_for_with_its_customer(send: Any) -> None:
    """L16: customers trusts this answer."""
    made = send(REP, "create_opportunity", FACTS)

    vouched = send(REP, "authorize_subject", {"id": made["id"]})

    assert vouched == {"subject": f"opportunity/{made['id']}", "customer_id": CUSTOMER}


def test_only_the_gateway_asks_for_subjects(send: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)

    with pytest.raises(Forbidden) as caught:
        send(REP, "authorize_subject", {"id": made["id"]}, issuer="finance")

    assert caught.value.code == "caller_not_allowed"


def a_follow_up(opportunity_id: str, occurred_at: str, **after: Any) -> Occurrence:
    return Occurrence(
        {
            "id": "01900000-0000-7000-8000-000000000111",
            "type": "follow_up_recorded",
            "version": 1,
            "correlationid": "01900000-0000-7000-8000-000000000222",
            "data": {
                "changes": {},
                "after": {
                    "subject_type": "opportunity",
                    "subject_id": opportunity_id,
                    "occurred_at": occurred_at,
                    "next_contact_at": None,
                    **after,
                },
            },
        },
        "evt-customers-follow_up_recorded--deals.on_customers_follow_up_recorded",
    )


def test_a_follow_up_delivered_twice_is_one_change(service: Any, send: Any, events: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    occurrence = a_follow_up(
        made["id"], "2026-03-04T05:06:07Z", next_contact_at="2026-03-11T01:00:00Z"
    )

    effects = [service.on_customers_follow_up_recorded(occurrence) for _ in range(2)]

    noted = send(REP, "get_opportunity", {"id": made["id"]})
    assert effects == [True, False]
    assert noted["last_contact_at"] == "2026-03-04T05:06:07Z"
    assert noted["next_contact_at"] == "2026-03-11T01:00:00Z"
    (event,) = events("opportunity_updated")
    assert event["causationid"] == occurrence.envelope["id"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"subject_type": "lead"}, id="of a lead"),
        pytest.param({"subject_id": CUSTOMER}, id="of something unknown"),
    ],
)
def test_other_follow_ups_change_nothing(
    service: Any, send: Any, events: Any, change: dict[str, str]
) -> None:
    made = send(REP, "create_opportunity", FACTS)

    service.on_customers_follow_up_recorded(
        a_follow_up(made["id"], "2026-03-04T05:06:07Z", **change)
    )

    assert events("opportunity_updated") == []


def test_the_directory_is_copied(service: Any, send: Any) -> None:
    """A person who moves to another team takes the visibility of its records along."""
    made = send(STRANGER, "create_opportunity", FACTS)
    with pytest.raises(NotFound):
        send(MANAGER, "get_opportunity", {"id": made["id"]})
    moved = Occurrence(
        {
            "id": "01900000-0000-7000-8000-000000000333",
            "version": 2,
            "data": {
                "changes": {},
                "after": {
                    "id": STRANGER,
                    "name": "陈静",
                    "team_path": "/cn/east/sales/",
                    "manager_id": MANAGER,
                    "roles": ["rep"],
                    "active": True,
                },
            },
        },
        "evt-gateway-person_changed--deals.on_gateway_person_changed",
    )

    assert [service.on_gateway_person_changed(moved) for _ in range(2)] == [True, False]

    assert send(MANAGER, "get_opportunity", {"id": made["id"]}) == made


def test_a_plain_call_is_a_transaction_of_its_caller(service: Any, clean: None) -> None:
    with service.database.transaction(actor_of(DIRECTOR)) as tx:
        made = service.create_opportunity(tx, **FACTS)

    assert isinstance(made.created_at, datetime)
    assert replace(made, version=1) == made


def test_a_closed_opportunity_is_not_edited(send: Any) -> None:
    made = send(REP, "create_opportunity", FACTS)
    send(REP, "lose_opportunity", {"id": made["id"], "reason": "timing"})

    with pytest.raises(Refused) as caught:
        send(REP, "update_opportunity", {"id": made["id"], "name": "x"})

    assert caught.value.code == "opportunity_closed"
