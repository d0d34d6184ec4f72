"""Creating leads: one by one through the API, and ten thousand from a file."""

import csv
import io
import json
import time
from typing import Any

import httpx

from bench.cpu import Usage, per_request
from bench.load import Load, Request, Seen
from bench.system import System
from chassis.ids import new_id

CONNECTIONS = 8
_LAST_COMMIT = (
    "select count(*), extract(epoch from max(pg_xact_commit_timestamp(xmin)))"
    " from leads where source_campaign = %s"
)


def create_lead(system: System, count: int = 1500) -> dict[str, Any]:
    """Measure creations, each with an idempotency key, until what they cause has settled."""
    _create(system, 100, "warm")
    seen, usage, foreign = _create(system, count, "bench")
    each = per_request(usage, seen.count)
    return {
        "cpu_ms": round(sum(each.values()), 2),
        "cpu_ms_by_role": each,
        "per_second": round(seen.per_second, 1),
        "p50_ms": round(seen.p50, 1),
        "p99_ms": round(seen.p99, 1),
        "foreign_cores": foreign,
    }


def import_leads(system: System, rows: int = 10_000) -> dict[str, Any]:
    """Measure an import, from sending the file to the commit of the last row."""
    mark = f"import {new_id()}"
    file = _file(rows, mark)
    meter = system.meter()
    meter.start()
    started = time.time()
    with httpx.Client(base_url=system.house.api_url(), trust_env=False, timeout=60) as client:
        sent = client.post(
            "/v1/imports", headers=system.auth, files={"file": ("leads.csv", file, "text/csv")}
        )
        job = sent.raise_for_status().json()
        while job["finished_at"] is None:
            time.sleep(0.1)
            answer = client.get(f"/v1/jobs/{job['id']}", headers=system.auth)
            job = answer.raise_for_status().json()
    reported = time.time() - started
    with system.connect("leads") as connection:
        found = connection.execute(_LAST_COMMIT, (mark,)).fetchone()
    assert found is not None
    if job["state"] != "succeeded" or found[0] != rows:
        raise SystemExit(f"The import ended {job['state']} with {found[0]} of {rows} rows.")
    seconds = float(found[1]) - started
    time.sleep(3.0)  # What the events cause belongs to the cost, not to the time.
    usage = meter.stop()
    return {
        "rows_per_second": round(rows / seconds),
        "seconds": round(seconds, 2),
        "seconds_until_reported": round(reported, 2),
        "cpu_ms_per_row": round(1000 * sum(usage.values()) / rows, 3),
        "foreign_cores": meter.foreign,
        "cpu_seconds_by_role": {role: round(value, 2) for role, value in usage.items()},
    }


def _create(system: System, count: int, campaign: str) -> tuple[Seen, Usage, float]:
    requests = []
    for number in range(count):
        body = {
            "name": "张伟",
            "company": f"基准测试 {campaign} {number} 有限公司",
            "phone": f"138{number:08d}",
            "email": f"{campaign}.{number}@example.com",
            "region": "华东",
            "industry": "信息技术",
            "source_channel": "web_form",
            "source_campaign": campaign,
            "budget": {"amount": "120000.00", "currency": "CNY"},
            "intent": "high",
        }
        headers = {**system.auth, "Idempotency-Key": new_id()}
        requests.append(Request("POST", "/v1/leads", headers, json.dumps(body)))
    load = Load(system.address, requests, connections=CONNECTIONS)
    meter = system.meter()
    meter.start()
    seen = load.run().expect(201)
    time.sleep(1.0)  # The events are on their way still; their cost belongs to the creation.
    return seen, meter.stop(), meter.foreign


def _file(rows: int, mark: str) -> bytes:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("姓名", "公司", "手机", "邮箱", "地区", "行业", "来源", "活动", "预算", "备注"))
    for number in range(rows):
        table.writerow(
            (
                "王芳", f"导入测试 {number} 有限公司", f"139{number:08d}",
                f"import.{number}@example.com", "华北", "零售连锁", "展会", mark, "86000.00",
                "展会名片",
            )
        )  # fmt: skip
    return text.getvalue().encode()
