"""Events: from the commit in one service to the commit of the effect in another, unloaded."""

import time
from typing import Any

import httpx

from bench.system import System
from omnibus.sample.bulk.records import identity

SAMPLES = 200
_PAUSE = 0.05
_COMMITTED = "select id::text, extract(epoch from pg_xact_commit_timestamp(xmin)) from {} where {}"


def measure(system: System) -> dict[str, Any]:
    """Record follow-ups on leads: customers commits them, leads keeps the time of contact."""
    first = system.counts.converted
    leads = [
        identity("lead", n)
        for n in range(first, system.counts.leads)
        if n % 3  # The others lie in the pool.
    ][: SAMPLES + 10]
    recorded: dict[str, str] = {}
    with httpx.Client(
        base_url=system.house.api_url(), headers=system.auth, trust_env=False
    ) as client:
        for lead_id in leads:
            answer = client.post(
                f"/v1/leads/{lead_id}/follow-ups", json={"kind": "call", "body": "回访"}
            )
            recorded[lead_id] = answer.raise_for_status().json()["id"]
            time.sleep(_PAUSE)
    time.sleep(1.0)
    causes = _commit_times(system, "customers", "activities", "id", list(recorded.values()))
    effects = _commit_times(
        system, "leads", "leads", "id", list(recorded), "and last_contact_at is not null"
    )
    # The first ones pay for connections and statements that are made at first use.
    times = sorted(
        1000 * (effects[lead_id] - causes[activity_id])
        for lead_id, activity_id in list(recorded.items())[10:]
    )
    return {
        "p50_ms": round(times[len(times) // 2], 2),
        "p99_ms": round(times[len(times) * 99 // 100], 2),
        "samples": len(times),
    }


def _commit_times(
    system: System, database: str, table: str, column: str, ids: list[str], more: str = ""
) -> dict[str, float]:
    statement = _COMMITTED.format(table, f"{column} = any(%s::uuid[]) {more}")
    with system.connect(database) as connection:
        rows = connection.execute(statement, (ids,)).fetchall()
    if len(rows) != len(ids):
        raise SystemExit(f"{len(ids) - len(rows)} effects of events are missing in {database}.")
    return {row[0]: float(row[1]) for row in rows}
