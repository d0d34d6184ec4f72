"""SIGKILL at every named point of a conversion (R2, L18).

Afterwards a conversion is complete or undone, a repeat of the request gives the same ids, nothing
is an orphan, and what was not complete was never seen.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import httpx
import pytest

from chassis.ids import new_id
from services.leads.use_cases.conversion import CONVERSION
from tests.fixtures.conversions import assert_whole
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
)
UNDO_CUSTOMERS = both("commit--customers.cancel_conversion", "reply--customers.cancel_conversion")

UNDO_OPPORTUNITY = both(
    "saga_call--conversion.make_opportunity.undo",
    "commit--saga.conversion.make_opportunity.undo",
)
UNDO_DEALS = both("commit--deals.cancel_conversion", "reply--deals.cancel_conversion")


def rounds(*columns: Sequence[str]) -> list[Round]:
    """Return rounds in which each process is killed at most once."""
    length = max(len(column) for column in columns)
    return [
        tuple(column[turn] for column in columns if turn < len(column)) for turn in range(length)
    ]


ROUNDS = rounds(LEADS, CUSTOMERS, DEALS, RELAY, WORKER)
UNDONE = rounds(UNDO_LEADS, UNDO_CUSTOMERS)
GIVEN_UP = rounds(UNDO_OPPORTUNITY, UNDO_DEALS)
DAILY = (0, 4, 9)
"""Rounds of every day: the first commit, an acknowledgement, a record of the saga."""


def marked(all_rounds: list[Round], daily: Sequence[int]) -> list[Any]:
    return [
        pytest.param(one, id=one[0], marks=() if turn in daily else pytest.mark.audit)
        for turn, one in enumerate(all_rounds)
    ]


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
        return bool(lead["status"] == "converted")
    answer = client.ask("GET", f"/conversions/{lead['conversion_id']}")
    if not answer.is_success:
        return True  # Nobody can tell now.
    steps: dict[str, str] = {step["step"]: step["state"] for step in answer.json()["steps"]}
    made = ("make_customer", "make_opportunity")
    return all(steps[name] in ("done", "skipped") for name in made)


def test_every_step_of_the_conversion_is_killed_at() -> None:
    """R2: a step that is added to the conversion must be added here."""
    named = {*LEADS, *CUSTOMERS, *DEALS}
    for step in CONVERSION.steps:
        places = [f"commit--saga.conversion.{step.name}"]
        if step.service:
            places += [
                f"saga_call--conversion.{step.name}",
                f"commit--{step.service}.{step.method}",
                f"reply--{step.service}.{step.method}",
            ]
        assert set(both(*places)) <= named


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


@pytest.mark.parametrize("points", marked(UNDONE, (3,)))
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


@pytest.mark.audit
@pytest.mark.parametrize("points", GIVEN_UP, ids=[one[0] for one in GIVEN_UP])
def test_a_conversion_that_deals_does_not_answer_is_undone_in_both_services(
    system: System, client: Caller, points: Round
) -> None:
    """R2, L18: the customer that was made meanwhile goes too, whoever is killed on the way."""
    lead = system.lead(client)
    system.settle()
    system.await_ready()
    with watched(system, client) as seen, armed(system, points):
        with system.without("deals"):
            path = f"/leads/{lead['id']}/convert"
            begun = client.persist("POST", path, key=new_id(), json={}).json()
            where = "select step, state from sagas where id = %s"

            def is_at(step: int, state: str) -> bool:
                return system.rows("leads", where, begun["id"]) == [{"step": step, "state": state}]

            eventually(partial(is_at, 1, "running"), "the call of deals")
            # As if deals had been away for minutes.
            aged = "update sagas set created_at = now() - interval '1 hour' where id = %s"
            system.rows("leads", aged, begun["id"])
            let_go(system)

            def is_given_up() -> bool:
                let_go(system)
                return is_at(1, "compensating")

            eventually(is_given_up, "that it is given up")

        def all_hit() -> bool:
            let_go(system)
            return not still_armed(system)

        eventually(all_hit, f"a kill at each of {points}", 60)
        done = eventually(lambda: ended(system, client, begun["id"]), "its end", 60)
        system.settle()

    assert done["state"] == "compensated"
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
