"""The list of leads: filters, order, search and the walk by cursor."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Invalid
from chassis.money import Money
from schemas.leads import LEADS
from services.leads.service import LeadsService
from tests.fixtures.filters import a_value_of
from tests.fixtures.leads import LIU, SUN, T0, a_lead, add_leads, admin, ask, he, liu

DAY = timedelta(days=1)


def _titles(service: LeadsService, actor: Any = admin, **query: Any) -> list[str]:
    return [item["title"] for item in ask(service.list_leads, query, actor)["items"]]


@pytest.fixture
def three(service: LeadsService) -> LeadsService:
    """Return the service with three leads that differ in everything."""
    add_leads(
        service,
        a_lead(company="甲公司", region="华东", created_at=T0, level="a", intent="high"),
        a_lead(
            company="乙公司",
            region="华北",
            created_at=T0 + DAY,
            owner_id=LIU,
            status="working",
            phone=None,
            phone_e164=None,
            email="yi@example.com",
            budget=Money.of("5000"),
            last_contact_at=T0 + DAY,
            next_contact_at=T0 + 3 * DAY,
        ),
        a_lead(
            company="Gamma Ltd",
            industry="retail",
            created_at=T0 + 2 * DAY,
            owner_id=SUN,
            status="working",
            budget=Money.of("90000"),
            next_contact_at=T0 + 2 * DAY,
            source_channel="web_form",
            source_campaign="双11",
        ),
    )
    return service


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "working"}, ["Gamma Ltd", "乙公司"]),
        ({"status": "new,working"}, ["Gamma Ltd", "乙公司", "甲公司"]),
        ({"source_channel": "web_form"}, ["Gamma Ltd"]),
        ({"source_campaign.contains": "11"}, ["Gamma Ltd"]),
        ({"region": "华东,华北"}, ["乙公司", "甲公司"]),
        ({"industry": "retail"}, ["Gamma Ltd"]),
        ({"owner_id": SUN}, ["Gamma Ltd"]),
        ({"owner_id.is_null": "true"}, ["甲公司"]),
        ({"level": "a", "intent": "high"}, ["甲公司"]),
        ({"has_phone": "false"}, ["乙公司"]),
        ({"has_email": "true"}, ["乙公司"]),
        ({"budget.gte": "5000", "budget.lt": "90000"}, ["乙公司"]),
        ({"created_at.gt": "2026-11-20T16:00:00+08:00"}, ["Gamma Ltd", "乙公司"]),
        ({"last_contact_at.is_null": "false"}, ["乙公司"]),
        ({"next_contact_at.lte": "2026-11-22T08:00:00Z"}, ["Gamma Ltd"]),
        ({"title.contains": "公司"}, ["乙公司", "甲公司"]),
    ],
    ids=str,
)
def test_each_filter_keeps_what_it_says(
    three: LeadsService, filters: dict[str, str], expected: list[str]
) -> None:
    assert _titles(three, filters=filters) == expected


def test_every_filter_and_sort_of_the_published_list_works(three: LeadsService) -> None:
    for parameter, kind in LEADS.parameters().items():
        ask(three.list_leads, {"filters": {parameter: a_value_of(kind)}}, admin)
    for sort in LEADS.sorts:
        assert len(_titles(three, sort=sort)) == 3
        assert _titles(three, sort=sort) == _titles(three, sort=f"-{sort}")[::-1]


def test_me_is_the_one_who_asks(three: LeadsService) -> None:
    assert _titles(three, he, filters={"owner_id": "me"}) == []
    assert _titles(three, liu, filters={"owner_id": "me"}) == ["乙公司"]


def test_a_lead_without_a_next_contact_comes_last(three: LeadsService) -> None:
    assert _titles(three, sort="next_contact_at") == ["Gamma Ltd", "乙公司", "甲公司"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("公司", ["乙公司", "甲公司"]),
        ("gamma", ["Gamma Ltd"]),
        ("ＧＡＭＭＡ ltd", ["Gamma Ltd"]),
        ("yi@example", ["乙公司"]),
        ("13800138", ["Gamma Ltd", "甲公司"]),
        ("丙", []),
    ],
)
def test_a_search_finds_parts_of_names_phones_and_addresses(
    three: LeadsService, words: str, expected: list[str]
) -> None:
    assert _titles(three, q=words) == expected


@pytest.mark.parametrize("sort", ["-created_at", "title", "next_contact_at", "-updated_at,title"])
def test_a_walk_by_cursor_meets_every_lead_once_while_others_come_in(
    service: LeadsService, sort: str
) -> None:
    old = [
        a_lead(company=f"c{n % 3}", created_at=T0 + (n % 4) * DAY, next_contact_at=None)
        for n in range(23)
    ]
    add_leads(service, *old)

    met: list[str] = []
    cursor = None
    while True:
        page = ask(service.list_leads, {"limit": 5, "sort": sort, "cursor": cursor}, admin)
        met += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
        add_leads(service, a_lead(company="c1", created_at=T0 + DAY))

    assert len(met) == len(set(met))
    assert {lead.id for lead in old} <= set(met)


def test_a_cursor_belongs_to_its_filter(three: LeadsService) -> None:
    page = ask(three.list_leads, {"limit": 1}, admin)
    with pytest.raises(Invalid) as refused:
        ask(
            three.list_leads,
            {"limit": 1, "cursor": page["next_cursor"], "filters": {"level": "a"}},
            admin,
        )

    assert refused.value.code == "cursor_mismatch"


def test_every_wrong_parameter_is_told_at_once(three: LeadsService) -> None:
    query = {"limit": 500, "sort": "colour", "filters": {"statos": "new", "budget.gte": "x"}}
    with pytest.raises(Invalid) as refused:
        ask(three.list_leads, query, admin)

    pointers = {error["pointer"] for error in refused.value.details["errors"]}
    assert pointers == {"query:limit", "query:sort", "query:statos", "query:budget.gte"}
