"""Many at once: one claims, nobody gets more than allowed, nothing is made twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from chassis.ids import new_id
from tests.fixtures.system import Caller, System, a_lead


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def codes(answers: Sequence[httpx.Response]) -> Counter[str]:
    return Counter(
        answer.json().get("code", "") if answer.is_error else str(answer.status_code)
        for answer in answers
    )


def test_of_fifty_claimants_of_one_lead_exactly_one_gets_it(system: System) -> None:
    """L4: the others are told who was first."""
    callers = [system.person("rep", "/cn/north/sales/") for _ in range(5)]
    lead = system.admin.post("/leads", a_lead())
    path = f"/leads/{lead['id']}/claim"

    answers = at_once(
        [partial(caller.persist, "POST", path, key=new_id(), json={}) for caller in callers * 10]
    )

    assert codes(answers) == {"200": 1, "lead_already_owned": 49}
    (winner,) = [answer.json()["owner_id"] for answer in answers if answer.is_success]
    assert system.admin.get(f"/leads/{lead['id']}")["owner_id"] == winner
    system.settle()
    assert system.happened(f"lead/{lead['id']}", "lead_claimed") == 1


def test_one_claimant_at_twenty_leads_gets_as_many_as_allowed(system: System) -> None:
    """L5: the limit holds however many claims are in flight."""
    pool = new_id()
    system.rows(
        "leads",
        "insert into pools (id, version, created_at, created_by, updated_at, updated_by, name,"
        " team_path, capacity) values (%s, 1, now(), 'test', now(), 'test', 'Small', '/', 3)",
        pool,
    )
    claimant = system.person("rep", "/cn/north/sales/")
    leads = [system.admin.post("/leads", a_lead(pool_id=pool)) for _ in range(20)]

    answers = at_once(
        [
            partial(claimant.persist, "POST", f"/leads/{lead['id']}/claim", key=new_id(), json={})
            for lead in leads
        ]
    )

    assert codes(answers) == {"200": 3, "owner_at_capacity": 17}
    assert len(claimant.get("/leads", owner_id=claimant.id)["items"]) == 3


def test_twenty_equal_creates_with_one_key_make_one_lead(system: System, rep: Caller) -> None:
    """L1: all of them are answered with the same lead."""
    key, body = new_id(), a_lead()

    answers = at_once(
        [lambda: rep.persist("POST", "/leads", key=key, json=body) for _ in range(20)]
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert count(system, body["phone"]) == 1
    assert rep.refusal("POST", "/leads", 422, key=key, json=a_lead()) == (
        "key_reused_with_other_payload"
    )


def test_sixty_identical_posts_of_which_some_are_cut_make_one_lead(
    system: System, rep: Caller
) -> None:
    """M1, small: whoever was cut off asks again and gets the same lead."""
    body = a_lead(source_system="erp", external_id=new_id())

    def post(number: int) -> httpx.Response:
        if number % 4 == 0:
            # Long enough to be on its way, too short for the answer.
            cut = httpx.Timeout(30, read=0.005 * (number % 16))
            try:
                return rep.ask("POST", "/leads", json=body, timeout=cut)
            except httpx.TransportError:
                time.sleep(0.05)
        return rep.persist("POST", "/leads", json=body)

    answers = at_once([partial(post, number) for number in range(60)])

    assert {answer.status_code for answer in answers} <= {200, 201}, codes(answers)
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert count(system, body["phone"]) == 1


def count(system: System, phone: str) -> int:
    found = system.value("leads", "select count(*) from leads where phone = %s", phone)
    assert isinstance(found, int)
    return found
