"""SIGKILL at random (R1): nothing is lost, doubled or half done."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.ids import new_id
from tests.fixtures.conversions import assert_whole
from tests.fixtures.system import Caller, System, a_lead

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
    system.await_ready()

    with storm(system, seed, kills) as killed, ThreadPoolExecutor(clients) as pool:
        shares = [
            pool.submit(keep_converting, system, client, -(-count // clients), killed, kills)
            for _ in range(clients)
        ]
        done = [conversion for share in shares for conversion in share.result()]
    system.await_ready()
    system.settle()
    print(f"{len(done)} conversions, killed: {', '.join(killed)}")

    assert len(killed) == kills
    assert len(done) >= count
    assert len({one["id"] for one in done}) == len(done)
    assert {one["state"] for one in done} == {"completed"}
    assert_whole(system, client, done)


def keep_converting(
    system: System, client: Caller, share: int, killed: Sequence[str], kills: int
) -> list[dict[str, Any]]:
    """Convert new leads, so many at least, until the storm is over."""
    done: list[dict[str, Any]] = []
    while len(done) < share or len(killed) < kills:
        body = a_lead(owner_id=client.id)
        made = client.persist("POST", "/leads", key=new_id(), json=body, seconds=120)
        assert made.status_code == 201, made.text
        done.append(system.convert(client, made.json()["id"]))
    return done
