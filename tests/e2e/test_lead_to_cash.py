"""From a file of leads to money in the bank and the whole customer on one page, over HTTP."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from chassis.clock import today
from chassis.ids import new_id
from tests.fixtures.system import Caller, System, a_lead, eventually

CUSTOMER_SECTIONS = {
    "profile", "contacts", "activities", "leads", "opportunities", "contracts", "receivables",
    "receipts", "refunds", "timeline",
}  # fmt: skip


@pytest.fixture(scope="module")
def manager(system: System) -> Caller:
    return system.person("manager", "/cn/east/")


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


# A file of leads


def a_file() -> bytes:
    """Return a file as a Chinese spreadsheet program saves it, of which one row is wrong."""
    good = [a_lead() for _ in range(4)]
    lines = ["公司名称,联系人,手机号,来源渠道,预算,地区"]
    lines += [
        f'{lead["company"]},{lead["name"]},{lead["phone"]},展会,"120,000.00",华东' for lead in good
    ]
    lines.append(f"{good[0]['company']},{good[0]['name']},{good[0]['phone']},展会,,华东")
    lines.append("无联系方式有限公司,张三,,展会,,华东")
    return "\r\n".join(lines).encode("gb18030")


def imported(caller: Caller, file: bytes, dry_run: str) -> dict[str, Any]:
    answer = caller.ask(
        "POST",
        "/imports",
        expect=202,
        files={"file": ("展会名单.csv", file, "text/csv")},
        data={"dry_run": dry_run},
    )
    place = answer.headers["Location"].removeprefix("/v1")

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = caller.get(place)
        return job if job["state"] not in ("queued", "running") else None

    return eventually(ended, "the end of the import")


def verdicts(caller: Caller, job: dict[str, Any]) -> list[tuple[int, str]]:
    rows = caller.get(f"/jobs/{job['id']}/rows")["items"]
    return [(row["row"], row["verdict"]) for row in rows]


def test_a_file_of_leads_is_tried_then_imported_and_never_twice(
    system: System, rep: Caller
) -> None:
    """L16."""
    file = a_file()
    judged = [
        *[(row, "created") for row in range(2, 6)],
        (6, "duplicate"),
        (7, "invalid"),
    ]

    tried = imported(rep, file, dry_run="true")
    assert tried["dry_run"]
    assert system.value("leads", "select count(*) from leads where region = '华东'") == 0
    assert verdicts(rep, tried) == judged

    done = imported(rep, file, dry_run="false")
    assert done["state"] == "partially_succeeded"
    assert done["progress"]["done"] == 6
    assert verdicts(rep, done) == judged
    (wrong,) = rep.get(f"/jobs/{done['id']}/rows", verdict="invalid")["items"]
    assert wrong["errors"][0]["code"]

    again = imported(rep, file, dry_run="false")
    assert [verdict for _, verdict in verdicts(rep, again)] == ["duplicate"] * 5 + ["invalid"]
    found = rep.get("/leads", region="华东", count="exact")
    assert found["total"] == 4
    assert {lead["budget"]["amount"] for lead in found["items"]} == {"120000.00"}
    assert {lead["source_channel"] for lead in found["items"]} == {"exhibition"}


# A lead


def test_a_claimed_lead_remembers_its_last_and_next_contact(rep: Caller) -> None:
    """L4, X1: the follow-up lives in customers, leads hears of it."""
    lead = rep.post("/leads", a_lead())
    assert lead["owner_id"] is None
    claimed = rep.post(f"/leads/{lead['id']}/claim", expect=200)
    assert claimed["owner_id"] == rep.id

    follow_up = {
        "kind": "call",
        "body": "对方需要报价 Wants a quotation.",
        "occurred_at": "2026-11-02T02:00:00Z",
        "next_contact_at": "2030-01-05T02:00:00Z",
    }
    rep.post(f"/leads/{lead['id']}/follow-ups", follow_up)

    def contacted() -> bool:
        now = rep.get(f"/leads/{lead['id']}")
        days = [(now[name] or "")[:10] for name in ("last_contact_at", "next_contact_at")]
        return days == ["2026-11-02", "2030-01-05"]

    assert eventually(contacted, "last and next contact")


def test_a_lead_is_converted_once_and_the_certificate_names_every_record(
    system: System, rep: Caller
) -> None:
    """L18."""
    lead = system.lead(rep)
    path = f"/leads/{lead['id']}/convert"

    started = rep.ask("POST", path, expect=202, json={})
    place = started.headers["Location"]
    assert re.fullmatch(r"/v1/conversions/[0-9a-f-]{36}", place)
    held = rep.ask("POST", path, expect=200, json={}, headers={"Prefer": "wait=5"})

    assert held.headers["Location"] == place
    assert held.headers["Preference-Applied"] == "wait=5"
    done = held.json()
    assert done["state"] == "completed"
    assert rep.get(place.removeprefix("/v1")) == done
    assert {step["state"] for step in done["steps"]} == {"done"}
    records = {(record["service"], record["type"]): record for record in done["records"]}
    assert {key: record["action"] for key, record in records.items()} == {
        ("leads", "lead"): "updated",
        ("customers", "customer"): "created",
        ("customers", "contact"): "created",
        ("deals", "opportunity"): "created",
    }
    for kind, resource in (
        ("customer", "customers"),
        ("contact", "contacts"),
        ("opportunity", "opportunities"),
    ):
        assert rep.get(f"/{resource}/{done[f'{kind}_id']}")["id"] == done[f"{kind}_id"]
    turned = rep.get(f"/leads/{lead['id']}")
    assert [turned["status"], turned["customer_id"]] == ["converted", done["customer_id"]]
    assert rep.refusal("POST", path, 409, json={"create_opportunity": False}) == (
        "conversion_differs"
    )


# Money


def test_a_lead_becomes_cash_and_the_whole_customer_stands_on_one_page(
    system: System, rep: Caller, manager: Caller
) -> None:
    """L18, D1, D17, F1, F3, F5, C20: the thin road through all four services."""
    made = system.converted(rep)
    customer, opportunity = made["customer_id"], made["opportunity_id"]

    rep.post(
        f"/customers/{customer}/follow-ups", {"kind": "visit", "body": "签约拜访 Signing visit"}
    )
    won = rep.post(
        f"/opportunities/{opportunity}/win",
        {"reason": "service", "amount": yuan("100000.00")},
        expect=200,
    )
    assert won["status"] == "won"
    contract = approved_contract(rep, manager, customer, opportunity)
    receivables = eventually(
        lambda: of_customer(rep, "receivables", customer), "receivables of the contract"
    )
    assert [(one["sequence"], one["amount"]["amount"]) for one in receivables] == [
        (1, "30000.00"),
        (2, "70000.00"),
    ]
    assert {one["contract_id"] for one in receivables} == {contract["id"]}

    receipt = paid(rep, customer, receivables)
    assert (receipt["allocated"], receipt["unapplied"]) == (yuan("100000.00"), yuan("5000.00"))
    assert {one["status"] for one in of_customer(rep, "receivables", customer)} == {"settled"}
    refund(rep, manager, receipt, receivables[1])

    system.settle()
    assert_page(system, rep, customer)
    assert_timeline(rep, customer)
    # The event that approved the contract was delivered at least once: it had one effect.
    assert len(of_customer(rep, "receivables", customer)) == 2
    assert system.parked() == []


def approved_contract(
    rep: Caller, manager: Caller, customer: str, opportunity: str
) -> dict[str, Any]:
    due = today().isoformat()
    contract = rep.post(
        "/contracts",
        {
            "title": "年度服务合同 Annual service",
            "customer_id": customer,
            "opportunity_id": opportunity,
            "total": yuan("100000.00"),
            "instalments": [
                {"name": "首付款 Deposit", "due_on": due, "percent": "30"},
                {"name": "尾款 Balance", "due_on": due, "percent": "70"},
            ],
        },
    )
    assert re.fullmatch(r"HT-\d{4}-\d{6}", contract["number"])
    path = f"/contracts/{contract['id']}"
    rep.post(f"{path}/submit", expect=200)
    assert rep.refusal("POST", f"{path}/approve", 403, json={}) == "missing_permission"
    return dict(manager.post(f"{path}/approve", expect=200))


def test_nobody_approves_the_contract_that_he_wrote(system: System, manager: Caller) -> None:
    """D17: the role that may approve is no excuse."""
    customer = manager.post("/customers", {"kind": "organisation", "name": "自批测试有限公司"})
    contract = manager.post(
        "/contracts",
        {
            "title": "自己写自己批 Own work",
            "customer_id": customer["id"],
            "total": yuan("10.00"),
            "instalments": [{"name": "全款", "due_on": today().isoformat(), "percent": "100"}],
        },
    )
    path = f"/contracts/{contract['id']}"
    manager.post(f"{path}/submit", expect=200)

    assert manager.refusal("POST", f"{path}/approve", 409, json={}) == "approver_is_author"


def paid(rep: Caller, customer: str, receivables: list[dict[str, Any]]) -> dict[str, Any]:
    body = {
        "payer": "某某科技有限公司",
        "customer_id": customer,
        "received_on": today().isoformat(),
        "method": "bank",
        "bank_reference": f"BANK-{customer}",
        "amount": yuan("105000.00"),
        "allocations": [
            {"receivable_id": one["id"], "amount": one["amount"]} for one in receivables
        ],
    }
    assert rep.refusal("POST", "/receipts", 400, json=body) == "idempotency_key_required"
    key = new_id()
    first = rep.ask("POST", "/receipts", expect=201, key=key, json=body)
    repeated = rep.ask("POST", "/receipts", expect=201, key=key, json=body)
    assert repeated.json() == first.json()
    assert repeated.headers["Idempotent-Replayed"] == "true"
    return dict(first.json())


def refund(
    rep: Caller, manager: Caller, receipt: dict[str, Any], receivable: dict[str, Any]
) -> None:
    asked = rep.post(
        "/refunds",
        {
            "receipt_id": receipt["id"],
            "receivable_id": receivable["id"],
            "amount": yuan("1000.00"),
            "reason_code": "price_adjustment",
            "reason": "价格调整 Price adjusted",
        },
    )
    path = f"/refunds/{asked['id']}/approve"
    assert rep.refusal("POST", path, 403, key=new_id(), json={}) == "missing_permission"
    assert manager.post(path, expect=200)["status"] == "approved"


def of_customer(caller: Caller, resource: str, customer: str) -> list[dict[str, Any]]:
    items = caller.get(f"/{resource}", customer_id=customer)["items"]
    return sorted(items, key=lambda item: item.get("sequence", 0))


# The page


def assert_page(system: System, rep: Caller, customer: str) -> None:
    page = view(rep, customer, {"Cache-Control": "no-cache"})
    sections = page.json()["sections"]
    assert set(sections) == CUSTOMER_SECTIONS
    assert {name: one["status"] for name, one in sections.items()} == dict.fromkeys(
        CUSTOMER_SECTIONS, "fresh"
    )
    assert not page.json()["partial"]
    assert_equal_totals(rep, customer, sections)
    assert len(sections["leads"]["data"]["items"]) == 1
    assert sections["contacts"]["data"]["total"] == 1
    assert sections["activities"]["data"]["total"] == 1

    tag = {"If-None-Match": page.headers["ETag"]}
    assert view(rep, customer, tag, expect=304).content == b""
    # Written past the API, so that no event tells the cache: only no-cache sees it.
    written = "update customers set region = %s where id = %s"
    assert view(rep, customer).json()["sections"]["profile"]["data"]["region"] is None
    system.rows("customers", written, "华北", customer)
    assert view(rep, customer).json()["sections"]["profile"]["data"]["region"] is None
    seen = view(rep, customer, {"Cache-Control": "no-cache"})
    assert seen.json()["sections"]["profile"]["data"]["region"] == "华北"


def view(
    caller: Caller, customer: str, headers: dict[str, str] | None = None, expect: int = 200
) -> httpx.Response:
    return caller.ask("GET", f"/customers/{customer}/360", expect=expect, headers=headers)


def assert_equal_totals(rep: Caller, customer: str, sections: dict[str, Any]) -> None:
    """The page says what finance's own lists say, to the cent."""
    receivables = of_customer(rep, "receivables", customer)
    receipts = of_customer(rep, "receipts", customer)
    owed, received = sections["receivables"]["data"], sections["receipts"]["data"]
    for shown, parts in (
        (owed["billed"], [one["amount"] for one in receivables]),
        (owed["collected"], [one["collected"] for one in receivables]),
        (owed["open"], [one["open"] for one in receivables]),
        (received["received"], [one["amount"] for one in receipts]),
        (received["unapplied"], [one["unapplied"] for one in receipts]),
        (received["refunded"], [one["refunded"] for one in receipts]),
    ):
        assert shown == [yuan(str(sum(Decimal(part["amount"]) for part in parts)))]
    assert owed["collected"] == [yuan("99000.00")]
    assert owed["open"] == [yuan("1000.00")]
    assert sections["refunds"]["data"]["by_status"]["approved"]["count"] == 1


def assert_timeline(rep: Caller, customer: str) -> None:
    """Newest first; what depends on something comes after it."""
    page = rep.get(f"/customers/{customer}/timeline", limit=200)
    assert [entry["seq"] for entry in page["items"]] == sorted(
        (entry["seq"] for entry in page["items"]), reverse=True
    )
    happened = [entry["type"] for entry in reversed(page["items"])]
    assert happened.index("lead_created") < happened.index("lead_converted")
    for earlier, later in (
        ("customer_created", "opportunity_won"),
        ("opportunity_created", "opportunity_won"),
        ("contract_created", "contract_submitted"),
        ("contract_submitted", "contract_approved"),
        ("contract_approved", "receivable_created"),
        ("receivable_created", "receipt_recorded"),
        ("receipt_recorded", "refund_requested"),
        ("refund_requested", "refund_approved"),
    ):
        assert happened.index(earlier) < happened.index(later), (earlier, later)
    assert happened.count("receivable_created") == 2
    assert happened.count("customer_created") == 1
