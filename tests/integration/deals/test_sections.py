"""C20: the deals sections of the customer 360 view."""

from typing import Any

import pytest

from tests.fixtures.deals import (
    CUSTOMER,
    MANAGER,
    MATE,
    OTHER_CUSTOMER,
    REP,
    STRANGER,
    json_money,
)

BOTH = {"customer_id": CUSTOMER, "sections": ["opportunities", "contracts", "receivables"]}


@pytest.fixture
def busy(send: Any) -> None:
    """Make a customer with deals in two currencies, of two owners, and one of another."""
    for owner, amount, currency in (
        (REP, "100.10", "CNY"),
        (REP, "200.20", "CNY"),
        (MATE, "5000", "JPY"),
    ):
        send(
            owner,
            "create_opportunity",
            {
                "name": "一期",
                "customer_id": CUSTOMER,
                "amount": json_money(amount, currency),
            },
        )
    unknown = send(REP, "create_opportunity", {"name": "二期", "customer_id": CUSTOMER})
    send(REP, "lose_opportunity", {"id": unknown["id"], "reason": "no_budget"})
    send(REP, "create_opportunity", {"name": "其他", "customer_id": OTHER_CUSTOMER})
    send(
        REP,
        "create_contract",
        {"title": "合同", "customer_id": CUSTOMER, "total": json_money("9999999999999999.99")},
    )


def sections(send: Any, person: str = MANAGER, **options: Any) -> dict[str, Any]:
    return send(person, "get_customer_sections", BOTH, **options)["sections"]


def test_counts_and_sums_are_per_status_and_currency(send: Any, busy: None) -> None:
    found = sections(send)

    assert set(found) == {"opportunities", "contracts"}
    assert found["opportunities"]["status"] == "fresh"
    data = found["opportunities"]["data"]
    assert data["count"] == 4
    assert data["by_status"] == {
        "open": {
            "count": 3,
            "amounts": [json_money("300.30"), json_money("5000", "JPY")],
        },
        "won": {"count": 0, "amounts": []},
        "lost": {"count": 1, "amounts": []},
    }
    assert [item["amount"] for item in data["recent"]] == [
        None,
        json_money("5000", "JPY"),
        json_money("200.20"),
        json_money("100.10"),
    ]
    contracts = found["contracts"]["data"]
    assert contracts["by_status"]["draft"] == {
        "count": 1,
        "amounts": [json_money("9999999999999999.99")],
    }


def test_the_rows_of_a_section_say_the_same_as_the_record(send: Any, busy: None) -> None:
    shown = sections(send)["opportunities"]["data"]["recent"][0]

    record = send(MANAGER, "get_opportunity", {"id": shown["id"]})

    assert {name: record[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("person", "count"),
    [
        pytest.param(REP, 3, id="own"),
        pytest.param(MATE, 1, id="own of a team mate"),
        pytest.param(STRANGER, 0, id="none of a stranger's"),
        pytest.param(MANAGER, 4, id="team"),
    ],
)
def test_a_section_is_cut_to_what_the_actor_may_see(
    send: Any, busy: None, person: str, count: int
) -> None:
    data = sections(send, person)["opportunities"]["data"]

    assert data["count"] == count
    assert len(data["recent"]) == count


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"roles": ("partner",)}, id="role without the permission"),
        pytest.param({"scopes": ("customers:read",)}, id="key without the scope"),
    ],
)
def test_a_section_that_may_not_be_read_is_hidden(
    send: Any, busy: None, limits: dict[str, Any]
) -> None:
    found = sections(send, REP, **limits)

    assert {(section["status"], section["data"]) for section in found.values()} == {
        ("hidden", None)
    }


def test_one_section_may_be_hidden_and_the_other_not(send: Any, busy: None) -> None:
    found = sections(send, REP, scopes=("contracts:read",))

    assert found["opportunities"]["status"] == "hidden"
    assert found["contracts"]["status"] == "fresh"


def test_the_version_changes_with_the_section_and_only_then(send: Any, busy: None) -> None:
    before = sections(send)
    again = sections(send)
    opportunity_id = before["opportunities"]["data"]["recent"][1]["id"]
    send(MATE, "update_opportunity", {"id": opportunity_id, "name": "改名"})
    after = sections(send)

    assert again["opportunities"]["version"] == before["opportunities"]["version"]
    assert after["opportunities"]["version"] != before["opportunities"]["version"]
    assert after["contracts"]["version"] == before["contracts"]["version"]


def test_only_the_latest_twenty_are_listed_but_all_are_counted(send: Any) -> None:
    for number in range(22):
        send(REP, "create_opportunity", {"name": f"{number}", "customer_id": CUSTOMER})

    data = sections(send)["opportunities"]["data"]

    assert data["count"] == 22
    assert [item["name"] for item in data["recent"]] == [str(n) for n in range(21, 1, -1)]


def test_a_customer_without_deals_has_empty_sections(send: Any) -> None:
    found = sections(send)

    assert found["opportunities"]["data"]["count"] == 0
    assert found["opportunities"]["data"]["recent"] == []
    assert found["contracts"]["status"] == "fresh"


def test_sections_of_others_are_left_out(send: Any) -> None:
    answer = send(
        MANAGER, "get_customer_sections", {"customer_id": CUSTOMER, "sections": ["profile"]}
    )

    assert answer["sections"] == {}
    assert (answer["customer_id"], answer["partial"]) == (CUSTOMER, False)
