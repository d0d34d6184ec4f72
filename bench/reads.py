"""The 360 read: asked of all services, and answered from the cache."""

from typing import Any

from bench.cpu import Meter, Usage, per_request
from bench.load import Load, Request, Seen
from bench.system import System, hello_world
from omnibus.sample.bulk.records import identity

CONNECTIONS = 8
ROUNDS = 3


def uncached(system: System) -> dict[str, Any]:
    """Measure reads that ask every service, of customers all over the data."""
    step = max(system.counts.customers // 2000, 1)
    headers = {**system.auth, "Cache-Control": "no-cache"}
    requests = [_read(n, headers) for n in range(0, system.counts.customers, step)]
    _run(system, requests[:200], 2.0)
    seen, usage, foreign = _run(system, requests, 10.0)
    each = per_request(usage, seen.count)
    return {
        "cpu_ms": round(sum(each.values()), 2),
        "cpu_ms_by_role": each,
        "per_second": round(seen.per_second, 1),
        "p50_ms": round(seen.p50, 1),
        "p99_ms": round(seen.p99, 1),
        "p99_to_p50": round(seen.p99 / seen.p50, 2),
        "foreign_cores": foreign,
    }


def cached(system: System) -> dict[str, Any]:
    """Measure reads of a few customers, in turn with a hello-world on the same settings."""
    requests = [_read(n, system.auth) for n in range(50)]
    rounds = []
    with hello_world() as (address, pid):
        floor = Meter(lambda: {"hello": [pid]})
        for _ in range(ROUNDS):
            seen, usage, foreign = _run(system, requests, 3.0, warm=len(requests))
            load = Load(address, [Request("GET", "/", {})], connections=CONNECTIONS, seconds=3.0)
            floor.start()
            hello = load.run().expect(200)
            hello_ms = 1000 * floor.stop()["hello"] / hello.count
            each = per_request(usage, seen.count)
            ratio = seen.per_second / hello.per_second
            rounds.append((ratio, seen, each, hello, hello_ms, foreign))
    rounds.sort(key=lambda entry: entry[0])
    ratio, seen, each, hello, hello_ms, foreign = rounds[len(rounds) // 2]
    cpu = sum(each.values())
    return {
        "cpu_ms": round(cpu, 3),
        "cpu_ms_by_role": each,
        "to_hello": round(ratio, 3),
        "per_second": round(seen.per_second),
        "hello_per_second": round(hello.per_second),
        "hello_cpu_ms": round(hello_ms, 3),
        "to_hello_by_cpu": round(hello_ms / cpu, 3) if cpu else None,
        "p50_ms": round(seen.p50, 2),
        "p99_ms": round(seen.p99, 2),
        "foreign_cores": foreign,
    }


def _read(n: int, headers: dict[str, str]) -> Request:
    return Request("GET", f"/v1/customers/{identity('customer', n)}/360", headers)


def _run(
    system: System, requests: list[Request], seconds: float, warm: int = 0
) -> tuple[Seen, Usage, float]:
    """Return what the load saw, the CPU seconds by role, and the cores that others used."""
    load = Load(system.address, requests, connections=CONNECTIONS, seconds=seconds, warm=warm)
    meter = system.meter()
    meter.start()
    seen = load.run().expect(200)
    return seen, meter.stop(), meter.foreign
