"""Who sees what: own, team and all, alike on every way to a record; keys that lose their power."""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.ids import new_id
from tests.fixtures.system import Caller, System, a_lead, eventually

WITHIN = 5.0
"""Seconds in which a revocation or a change of role holds everywhere. Source: S8."""


@dataclass
class Cast:
    """Two teams; the first rep's customer is the one that is asked for."""

    manager: Caller
    rep: Caller
    colleague: Caller
    stranger: Caller
    partner: Caller
    lead: str
    customer: str
    name: str


@pytest.fixture(scope="module")
def cast(system: System) -> Cast:
    rep = system.person("rep", "/us/west/sales/")
    lead = system.lead(rep, region="West")
    made = system.convert(rep, lead["id"])
    cast = Cast(
        manager=system.person("manager", "/us/west/"),
        rep=rep,
        colleague=system.person("rep", "/us/west/sales/"),
        stranger=system.person("manager", "/us/east/"),
        partner=system.person("partner", ""),
        lead=lead["id"],
        customer=made["customer_id"],
        name=lead["company"],
    )
    system.settle()
    return cast


def ways(caller: Caller, cast: Cast) -> dict[str, bool]:
    """Return on which ways a caller gets to the customer."""
    path = f"/customers/{cast.customer}"
    listed = caller.get("/customers", limit=200)["items"]
    searched = caller.get("/customers", q=cast.name[:4])["items"]
    statuses = {
        "read": caller.ask("GET", path, expect=(200, 404)),
        "360": caller.ask("GET", f"{path}/360", expect=(200, 404)),
        "timeline": caller.ask("GET", f"{path}/timeline", expect=(200, 404)),
    }
    return {
        "list": any(one["id"] == cast.customer for one in listed),
        "search": any(one["id"] == cast.customer for one in searched),
        **{way: answer.status_code == 200 for way, answer in statuses.items()},
    }


ALL_WAYS = ("list", "search", "read", "360", "timeline")


@pytest.mark.parametrize(
    ("who", "sees"),
    [("admin", True), ("manager", True), ("rep", True), ("colleague", False),
     ("stranger", False), ("partner", False)],
)  # fmt: skip
def test_own_team_and_all_are_the_same_on_every_way_to_a_record(
    system: System, cast: Cast, who: str, sees: bool
) -> None:
    """S1: who may not see it is told that there is no such customer, on every way alike."""
    caller = system.admin if who == "admin" else getattr(cast, who)

    assert ways(caller, cast) == dict.fromkeys(ALL_WAYS, sees)


def test_what_is_not_visible_is_not_found_and_what_is_not_allowed_is_forbidden(
    cast: Cast,
) -> None:
    """S1: a record that may not be seen does not betray that it is there."""
    path = f"/customers/{cast.customer}"
    change: dict[str, Any] = {"json": {"region": "x"}, "headers": {"If-Match": "*"}}
    nothing = f"/customers/{new_id()}"

    hidden = cast.colleague.ask("PATCH", path, expect=404, **change).json()
    absent = cast.colleague.ask("PATCH", nothing, expect=404, **change).json()
    for body in (hidden, absent):
        for one_of_a_kind in ("request_id", "trace_id", "instance", "id"):
            body.pop(one_of_a_kind, None)
    assert hidden == absent
    assert cast.partner.refusal("PATCH", path, 403, **change) == "missing_permission"


def test_a_partner_follows_its_own_leads_and_nobody_elses(cast: Cast) -> None:
    """S1: partner keys are principals with a level of their own."""
    own = cast.partner.post("/leads", a_lead())

    seen = cast.partner.get("/leads", limit=200)["items"]

    assert [lead["id"] for lead in seen] == [own["id"]]
    assert cast.partner.refusal("GET", f"/leads/{cast.lead}", 404) == "not_found"


def test_a_key_can_do_less_than_its_person(system: System, cast: Cast) -> None:
    """S1: a missing scope is named."""
    narrow = system.key_of(cast.rep.id, scopes=["leads:read"])

    assert narrow.get(f"/leads/{cast.lead}")["id"] == cast.lead
    assert narrow.refusal("POST", "/leads", 403, json=a_lead()) == "missing_scope"
    assert narrow.refusal("GET", f"/customers/{cast.customer}/360", 403) == "missing_scope"


def test_sections_that_a_key_may_not_read_are_hidden_not_empty(system: System, cast: Cast) -> None:
    """C20."""
    narrow = system.key_of(cast.rep.id, scopes=["customers:read", "contacts:read"])

    sections = narrow.get(f"/customers/{cast.customer}/360")["sections"]

    statuses = {name: one["status"] for name, one in sections.items()}
    shown = {name for name, status in statuses.items() if status == "fresh"}
    assert shown == {"profile", "contacts", "timeline"}
    assert set(statuses.values()) == {"fresh", "hidden"}
    assert sections["receivables"]["data"] is None
    kinds = {entry["subject"].split("/")[0] for entry in sections["timeline"]["data"]["items"]}
    assert kinds == {"customer", "contact"}


def test_a_revoked_key_is_refused_within_five_seconds_by_every_worker(
    system: System, cast: Cast
) -> None:
    """S8."""
    key = system.key_of(cast.rep.id)
    for _ in range(10):
        key.get("/leads", limit=1)  # All workers of the gateway remember the key now.

    system.admin.post(f"/api-keys/{key.key_id}/revoke", expect=200)
    revoked = time.monotonic()

    def refused() -> bool:
        codes = {fresh_ask(key) for _ in range(10)}
        return codes == {"key_revoked"}

    eventually(refused, "a refusal by all workers", WITHIN + 2)
    assert time.monotonic() - revoked < WITHIN + 2


def fresh_ask(caller: Caller) -> str:
    """Ask over a new connection, which any worker may take."""
    answer = caller.ask("GET", "/leads", params={"limit": 1}, headers={"Connection": "close"})
    return "" if answer.is_success else str(answer.json()["code"])


def test_a_change_of_role_and_team_holds_in_all_services_within_five_seconds(
    system: System,
) -> None:
    """S8, X6: gateway and services learn of it without a restart."""
    mover = system.person("rep", "/us/south/sales/")
    boss = system.person("manager", "/us/south/")
    lead = system.converted(mover)
    path = f"/customers/{lead['customer_id']}"
    ways_there = (path, f"{path}/360", f"/opportunities/{lead['opportunity_id']}")
    system.settle()
    for way in ways_there:
        boss.get(way)

    person = system.admin.get(f"/people/{mover.id}")
    changed = {"team_path": "/us/north/sales/", "roles": ["partner"]}
    tag = {"If-Match": f'"{person["version"]}"'}
    system.admin.ask("PATCH", f"/people/{mover.id}", expect=200, json=changed, headers=tag)
    moved = time.monotonic()

    eventually(
        lambda: all(boss.ask("GET", way).status_code == 404 for way in ways_there),
        "the team is another one for all services",
        WITHIN + 2,
    )
    eventually(
        lambda: mover.ask("GET", "/opportunities").status_code == 403,
        "the role is another one",
        WITHIN + 2,
    )
    assert time.monotonic() - moved < WITHIN + 2
