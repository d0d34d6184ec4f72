"""SIGKILL at every named point of a conversion, and at random (R1, R2, L18).

Afterwards a conversion is complete or undone, a repeat of the request gives the same ids, nothing
is an orphan, and what was not complete was never seen.
"""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from chassis.ids import new_id
from tests.fixtures.system import Caller, System, eventually

Round = tuple[str, ...]
"""Points that one conversion meets, each in another process."""


def both(*places: str) -> list[str]:
    return [f"{side}_{place}" for place in places for side in ("before", "after")]


LEADS = both(
    "commit--leads.convert_lead",
    "reply--leads.convert_lead",
    "ack--rpc-leads",
    "saga_call--conversion.make_customer",
    "commit--saga.conversion.make_customer",
    "saga_call--conversion.make_opportunity",
    "commit--saga.conversion.make_opportunity",
    "saga_call--conversion.confirm_customer",
    "commit--saga.conversion.confirm_customer",
    "saga_call--conversion.confirm_opportunity",
    "commit--saga.conversion.confirm_opportunity",
    "commit--saga.conversion.complete",
)
CUSTOMERS = both(
    "commit--customers.make_customer_for_conversion",
    "reply--customers.make_customer_for_conversion",
    "commit--customers.confirm_conversion",
    "reply--customers.confirm_conversion",
    "ack--rpc-customers",
)
DEALS = both(
    "commit--deals.make_opportunity_for_conversion",
    "reply--deals.make_opportunity_for_conversion",
    "commit--deals.confirm_conversion",
    "reply--deals.confirm_conversion",
    "ack--rpc-deals",
)
RELAY = both(
    "publish--relay.lead_conversion_started",
    "publish--relay.customer_created",
    "publish--relay.contact_created",
    "publish--relay.opportunity_created",
    "publish--relay.lead_converted",
    "mark--relay.leads",
    "mark--relay.customers",
    "mark--relay.deals",
)
WORKER = both("commit--evt-all--gateway-worker", "ack--evt-all--gateway-worker")
UNDO_LEADS = both(
    "saga_call--conversion.make_customer.undo",
    "commit--saga.conversion.make_customer.undo",
    "commit--saga.conversion.end.undo",
)
UNDO_CUSTOMERS = both("commit--customers.cancel_conversion", "reply--customers.cancel_conversion")


def rounds(*columns: Sequence[str]) -> list[Round]:
    """Return rounds in which each process is killed at most once."""
    length = max(len(column) for column in columns)
    return [
        tuple(column[turn] for column in columns if turn < len(column)) for turn in range(length)
    ]


ROUNDS = rounds(LEADS, CUSTOMERS, DEALS, RELAY, WORKER)
UNDONE = rounds(UNDO_LEADS, UNDO_CUSTOMERS)
DAILY = (0, 1, 4, 7, 9)
"""Rounds of every day: both sides of the first commit, the calls, the commits of the saga."""


def marked(all_rounds: list[Round], daily: Sequence[int]) -> list[Any]:
    return [
        pytest.param(one, id=one[0], marks=() if turn in daily else pytest.mark.audit)
        for turn, one in enumerate(all_rounds)
    ]


@pytest.fixture
def client(system: System) -> Caller:
    """Return a person with nothing but what its conversions make."""
    return system.person("rep", "/cn/south/sales/")


@contextlib.contextmanager
def armed(system: System, points: Round) -> Iterator[None]:
    for point in points:
        (system.crashes / point).write_text("0")
    try:
        yield
    finally:
        for point in points:
            (system.crashes / point).unlink(missing_ok=True)


def still_armed(system: System) -> set[str]:
    return {path.name for path in system.crashes.iterdir()}


def let_go(system: System) -> None:
    """Let the leases of processes end that were killed: they would run out by themselves."""
    system.rows("leads", "update sagas set lease_until = null where state <> 'completed'")


@contextlib.contextmanager
def watched(system: System, client: Caller) -> Iterator[list[str]]:
    """Look through the API all the while for records that are not complete."""
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            with contextlib.suppress(httpx.HTTPError):
                seen.extend(half_done(client))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def half_done(client: Caller) -> Iterator[str]:
    """Yield what is to be seen although its conversion has not passed the pivot."""
    shown = [
        (kind, record["id"])
        for kind in ("customers", "contacts", "opportunities")
        for record in items(client, f"/{kind}")
    ]
    if not shown:
        return
    leads = items(client, "/leads")
    if leads and not any(has_passed_the_pivot(client, lead) for lead in leads):
        yield f"{shown} without a conversion that is certain"


def items(client: Caller, path: str) -> list[dict[str, Any]]:
    answer = client.ask("GET", path, params={"limit": 200})
    return list(answer.json()["items"]) if answer.is_success else []


def has_passed_the_pivot(client: Caller, lead: dict[str, Any]) -> bool:
    if lead["status"] != "converting":
        return lead["status"] == "converted"
    answer = client.ask("GET", f"/conversions/{lead['conversion_id']}")
    if not answer.is_success:
        return True  # Nobody can tell now.
    steps = {step["step"]: step["state"] for step in answer.json()["steps"]}
    made = ("make_customer", "make_opportunity")
    return all(steps[name] in ("done", "skipped") for name in made)


def assert_whole(system: System, client: Caller, done: Sequence[dict[str, Any]]) -> None:
    """Everything that the client has is complete, and everything complete is the client's."""
    for database, table in (
        ("customers", "customers"),
        ("customers", "contacts"),
        ("deals", "opportunities"),
    ):
        hidden = f"select count(*) from {table} where provisional_for is not null"
        assert system.value(database, hidden) == 0, f"provisional {table}"
        kind = {"customers": "customer_id", "contacts": "contact_id"}.get(table, "opportunity_id")
        mine = "owner_id" if table != "contacts" else "created_by"
        there = system.rows(database, f"select id from {table} where {mine} = %s", client.id)
        found = sorted(str(row["id"]) for row in there)
        assert found == sorted(one[kind] for one in done), f"orphans or losses among {table}"
    turned = system.rows(
        "leads",
        "select id, customer_id, contact_id, opportunity_id from leads"
        " where owner_id = %s and status = 'converted'",
        client.id,
    )
    expected = {one["lead_id"]: one for one in done}
    assert {str(row["id"]) for row in turned} == set(expected)
    for row in turned:
        made = expected[str(row["id"])]
        for kind in ("customer_id", "contact_id", "opportunity_id"):
            assert str(row[kind]) == made[kind]
    for one in done:
        for subject, kind in (
            (f"lead/{one['lead_id']}", "lead_converted"),
            (f"customer/{one['customer_id']}", "customer_created"),
            (f"contact/{one['contact_id']}", "contact_created"),
            (f"opportunity/{one['opportunity_id']}", "opportunity_created"),
        ):
            assert system.happened(subject, kind) == 1, (subject, kind)
    assert system.parked() == []


@pytest.mark.parametrize("points", marked(ROUNDS, DAILY))
def test_a_conversion_survives_a_kill_at_every_point(
    system: System, client: Caller, points: Round
) -> None:
    """R2: the client asks again with the same key and gets the same ids, nothing is left over."""
    lead, key = system.lead(client), new_id()
    system.settle()
    system.await_ready()
    with watched(system, client) as seen, armed(system, points):
        first = client.persist("POST", f"/leads/{lead['id']}/convert", key=key, json={})
        assert first.status_code in (200, 202), first.text

        def all_hit() -> bool:
            let_go(system)
            return not still_armed(system)

        eventually(all_hit, f"a kill at each of {points}, of which some are left", 60)
        done = eventually(lambda: ended(system, client, first.json()["id"]), "its end", 60)
        system.settle()

    again = system.convert(client, lead["id"], key=key)
    assert done["state"] == "completed", done
    assert again["id"] == first.json()["id"]
    assert again == done
    assert_whole(system, client, [done])
    assert seen == []


@pytest.mark.parametrize("points", marked(UNDONE, (2,)))
def test_an_undone_conversion_survives_a_kill_at_every_point(
    system: System, client: Caller, points: Round
) -> None:
    """R2: refused by customers, it is taken back whole, and the lead is its owner's as before."""
    lead, key = system.lead(client), new_id()
    nobody = {"customer_id": new_id()}
    system.settle()
    system.await_ready()
    with watched(system, client) as seen, armed(system, points):
        path = f"/leads/{lead['id']}/convert"
        first = client.persist("POST", path, key=key, json=nobody)
        assert first.status_code in (200, 202), first.text

        def all_hit() -> bool:
            let_go(system)
            return not still_armed(system)

        eventually(all_hit, f"a kill at each of {points}", 60)
        done = eventually(lambda: ended(system, client, first.json()["id"]), "its end", 60)
        system.settle()

    assert done["state"] == "compensated"
    assert done["refusal"]["code"] == "not_found"
    assert client.get(f"/leads/{lead['id']}")["status"] == lead["status"]
    assert_whole(system, client, [])
    assert seen == []
    assert system.convert(client, lead["id"])["state"] == "completed"


def ended(system: System, client: Caller, conversion_id: str) -> dict[str, Any] | None:
    let_go(system)
    answer = client.persist("GET", f"/conversions/{conversion_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found if found["state"] in ("completed", "compensated") else None


# At random

VICTIMS = ("gateway", "gateway-worker", "leads", "customers", "deals", "finance", "relay")


@contextlib.contextmanager
def storm(system: System, seed: int, kills: int) -> Iterator[list[str]]:
    """Kill random processes, one about every 1.5 s, so many times."""
    dice = random.Random(seed)
    over = threading.Event()
    killed: list[str] = []

    def kill() -> None:
        while len(killed) < kills and not over.wait(dice.expovariate(1 / 1.5)):
            role = dice.choice(VICTIMS)
            pids = system.house.pids(role)
            # Of the gateway it is mostly a worker that dies, now and then all of it.
            pids = pids[1:] if role == "gateway" and dice.random() < 0.7 else pids
            if pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(dice.choice(pids), signal.SIGKILL)
                    killed.append(role)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("count", "clients", "kills"),
    [
        pytest.param(40, 4, 12, id="small"),
        pytest.param(300, 8, 50, id="full", marks=pytest.mark.audit),
    ],
)
def test_nothing_is_lost_doubled_or_half_done_in_a_storm_of_kills(
    system: System, client: Caller, count: int, clients: int, kills: int
) -> None:
    """R1: every process dies again and again; every conversion comes to its end once."""
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
    print(f"seed {seed}: CHAOS_SEED={seed} repeats it")
    leads = [system.lead(client)["id"] for _ in range(count)]
    system.await_ready()

    with storm(system, seed, kills) as killed, ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(lambda lead: system.convert(client, lead), leads))
    system.await_ready()
    system.settle()
    print(f"killed: {', '.join(killed)}")

    assert len(killed) >= kills // 2
    assert len({one["id"] for one in done}) == count
    assert {one["state"] for one in done} == {"completed"}
    assert_whole(system, client, done)
