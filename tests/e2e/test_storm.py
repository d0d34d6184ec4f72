"""SIGKILL at random (R1): nothing is lost, doubled or half done."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fixtures.conversions import assert_whole
from tests.fixtures.system import Caller, System

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
