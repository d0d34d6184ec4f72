"""Makes the plan true through the API: people first, then customers, at last the money."""

import csv
import io
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from omnibus.problem import Problem
from omnibus.sample import cast
from omnibus.sample.api import Api
from omnibus.sample.cast import CAST
from omnibus.sample.facts import money
from omnibus.sample.plan import Contract, Customer, Deal, Lead, Payment, Plan

Progress = Callable[[int, int, str], None]
THREADS = 8
_BOUND = 30.0
"""Seconds to wait for what services tell one another."""


class Steps:
    """Counts what is done, from any thread."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._done, self._total, self._progress = 0, total, progress
        self._lock = threading.Lock()

    def done(self, what: str) -> None:
        """Count one more record."""
        with self._lock:
            self._done += 1
            self._progress(self._done, self._total, what)


class Seeding:
    """One run of a plan.

    Attributes:
        customer_ids: What was made, in the order of the plan.
    """

    def __init__(self, admin: Api, plan: Plan, progress: Progress) -> None:
        self._admin = admin
        self._plan = plan
        self._steps = Steps(plan.steps() + len(CAST), progress)
        self._as: dict[str, Api] = {}

    def run(self) -> list[str]:
        """Make everything; returns the customers' ids in the order of the plan."""
        self._people()
        with ThreadPoolExecutor(THREADS) as pool:
            work = [pool.submit(self._customer, customer) for customer in self._plan.customers]
            rest = [pool.submit(self._lead, lead) for lead in self._plan.leads]
            file = pool.submit(self._import)
            made = [task.result() for task in work]
            for task in rest:
                task.result()
            file.result()
            contracts = [
                (customer, contract_id, contract)
                for customer, (_, signed) in zip(self._plan.customers, made, strict=True)
                for contract_id, contract in signed
            ]
            for paid in [pool.submit(self._collect, *entry) for entry in contracts]:
                paid.result()
        return [customer_id for customer_id, _ in made]

    # People

    def _people(self) -> None:
        known = {
            person["email"]: person["id"]
            for person in self._admin.get("/v1/people", limit=200)["items"]
        }
        ids: dict[str, str] = {}
        for member in CAST:
            person_id = known.get(member.email)
            if person_id is None:
                facts = {
                    "name": member.name,
                    "email": member.email,
                    "locale": member.locale,
                    "team_path": member.team_path,
                    "roles": [member.role],
                    "manager_id": ids[member.manager] if member.manager else None,
                }
                person_id = self._admin.post("/v1/people", facts)["id"]
            ids[member.key] = person_id
        with ThreadPoolExecutor(THREADS) as pool:
            for task in [pool.submit(self._key, key, person) for key, person in ids.items()]:
                task.result()

    def _key(self, member: str, person_id: str) -> None:
        wanted = {"person_id": person_id, "name": "Sample data 示例数据", "expires_in_days": 2}
        self._as[member] = self._admin.of(self._admin.post("/v1/api-keys", wanted)["key"])
        self._steps.done("people 人员")

    # Leads

    def _lead(self, lead: Lead) -> str:
        lead_id = str(self._as[lead.author].post("/v1/leads", lead.facts)["id"])
        self._steps.done("leads 线索")
        if lead.owner:
            self._as[lead.owner].post(f"/v1/leads/{lead_id}/claim", {})
            self._steps.done("leads 线索")
            self._follow_ups(lead.owner, f"/v1/leads/{lead_id}", lead.follow_ups)
        return lead_id

    def _follow_ups(self, owner: str, subject: str, notes: Iterable[Mapping[str, Any]]) -> None:
        for note in notes:
            self._as[owner].post(f"{subject}/follow-ups", note)
            self._steps.done("follow-ups 跟进")

    def _import(self) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(self._plan.file)
        # As a Chinese spreadsheet program saves it.
        file = text.getvalue().encode("gb18030")
        api = self._as[cast.approver_of("华东")]
        job = api.upload("/v1/imports", "展会线索.csv", file)
        until = time.monotonic() + _BOUND
        while job["finished_at"] is None:
            if time.monotonic() > until:
                raise Problem(f"The import of sample leads is still {job['state']}.")
            time.sleep(0.3)
            job = api.get(f"/v1/jobs/{job['id']}")
        self._steps.done("import 导入")

    # Customers

    def _customer(self, customer: Customer) -> tuple[str, list[tuple[str, Contract]]]:
        """Make a customer; returns its id and its approved contracts."""
        api = self._as[customer.owner]
        deals = list(customer.deals)
        signed: list[tuple[str, Contract]] = []
        if customer.lead:
            customer_id, opportunity_id = self._convert(customer, customer.lead, deals[0])
            first = deals.pop(0)
            details = {key: first.facts[key] for key in ("lines", "expected_close_on")}
            api.patch(f"/v1/opportunities/{opportunity_id}", details)
            signed += self._deal(customer, customer_id, opportunity_id, first)
        else:
            customer_id = api.post("/v1/customers", customer.facts)["id"]
            self._steps.done("customers 客户")
        for number, contact in enumerate(customer.contacts):
            place = {
                "customer_id": customer_id,
                "role": contact.role,
                "is_primary": number == 0 and customer.lead is None,
            }
            api.post("/v1/contacts", {**contact.facts, "customers": [place]})
            self._steps.done("contacts 联系人")
        self._follow_ups(customer.owner, f"/v1/customers/{customer_id}", customer.follow_ups)
        for deal in deals:
            made = api.post("/v1/opportunities", {**deal.facts, "customer_id": customer_id})
            signed += self._deal(customer, customer_id, made["id"], deal)
        return customer_id, signed

    def _convert(self, customer: Customer, lead: Lead, deal: Deal) -> tuple[str, str]:
        """Return the customer and the opportunity that a lead has become."""
        api = self._as[customer.owner]
        lead_id = self._lead(lead)
        wish = {"opportunity": {"name": deal.facts["name"]}}
        conversion = api.post(f"/v1/leads/{lead_id}/convert", wish, wait=5)
        until = time.monotonic() + _BOUND
        while conversion["state"] in ("running", "compensating"):
            if time.monotonic() > until:
                raise Problem(f"The conversion {conversion['id']} is still on its way.")
            time.sleep(0.3)
            conversion = api.get(f"/v1/conversions/{conversion['id']}")
        if conversion["state"] != "completed":
            raise Problem(f"The conversion {conversion['id']} ended {conversion['state']}.")
        customer_id = str(conversion["customer_id"])
        facts = {name: value for name, value in customer.facts.items() if name != "kind"}
        api.patch(f"/v1/customers/{customer_id}", facts)
        self._steps.done("customers 客户")
        return customer_id, str(conversion["opportunity_id"])

    # Deals

    def _deal(
        self, customer: Customer, customer_id: str, opportunity_id: str, deal: Deal
    ) -> list[tuple[str, Contract]]:
        api, path = self._as[customer.owner], f"/v1/opportunities/{opportunity_id}"
        if deal.stage:
            api.post(f"{path}/advance", {"stage": deal.stage})
        self._follow_ups(customer.owner, path, deal.follow_ups)
        if deal.end:
            verb, facts = deal.end
            api.post(f"{path}/{verb}", facts)
        self._steps.done("deals 商机")
        if deal.contract is None:
            return []
        related = {"customer_id": customer_id, "opportunity_id": opportunity_id}
        contract_id = self._contract(customer, {**deal.contract.facts, **related}, deal.contract)
        return [(contract_id, deal.contract)] if deal.contract.end == "approved" else []

    def _contract(self, customer: Customer, facts: Mapping[str, Any], contract: Contract) -> str:
        api, boss = self._as[customer.owner], self._as[customer.approver]
        contract_id = str(api.post("/v1/contracts", facts)["id"])
        path = f"/v1/contracts/{contract_id}"
        if contract.end != "draft":
            api.post(f"{path}/submit", {})
        # Whether the approver may see it is known to deals once it has heard of the people.
        if contract.end == "approved":
            boss.post(f"{path}/approve", {}, patient=True)
        elif contract.end == "rejected":
            reason = "折扣超出权限，请调整 Discount beyond what you may give"
            boss.post(f"{path}/reject", {"reason": reason}, patient=True)
        self._steps.done("contracts 合同")
        return contract_id

    # Money

    def _collect(self, customer: Customer, contract_id: str, contract: Contract) -> None:
        finance = self._as[cast.FINANCE]
        wanted = len(contract.facts["instalments"])
        owed = self._receivables(finance, contract_id, wanted)
        for payment in contract.payments:
            self._pay(customer, finance, owed, payment)
            self._steps.done("receipts 收款")

    def _receivables(self, finance: Api, contract_id: str, wanted: int) -> list[dict[str, Any]]:
        """Return the receivables of a contract, in order, once finance has made them."""
        until = time.monotonic() + _BOUND
        while True:
            page = finance.get("/v1/receivables", contract_id=contract_id, limit=60)
            if len(page["items"]) == wanted:
                return sorted(page["items"], key=lambda item: int(item["sequence"]))
            if time.monotonic() > until:
                raise Problem(f"The receivables of contract {contract_id} did not appear.")
            time.sleep(0.2)

    def _pay(
        self,
        customer: Customer,
        finance: Api,
        owed: Sequence[Mapping[str, Any]],
        payment: Payment,
    ) -> None:
        currency = owed[0]["amount"]["currency"]
        parts = [
            {
                "receivable_id": owed[number - 1]["id"],
                "amount": money(
                    Decimal(owed[number - 1]["amount"]["amount"]) * Decimal(str(part)), currency
                ),
            }
            for number, part in payment.shares.items()
        ]
        due = sum((Decimal(part["amount"]["amount"]) for part in parts), Decimal(0))
        surplus = money(due * Decimal(str(payment.excess)), currency)
        receipt = finance.post(
            "/v1/receipts",
            {
                "payer": customer.facts["name"],
                "customer_id": owed[0]["customer_id"],
                "received_on": payment.received_on.isoformat(),
                "method": payment.method,
                "bank_reference": payment.reference,
                "amount": money(due + Decimal(surplus["amount"]), currency),
                "allocations": parts,
            },
        )
        if payment.refund:
            wish = {**payment.refund, "receipt_id": receipt["id"], "amount": surplus}
            refund = self._as[customer.owner].post("/v1/refunds", wish)
            path, boss = f"/v1/refunds/{refund['id']}", self._as[customer.approver]
            if payment.refund_end == "approve":
                boss.post(f"{path}/approve", {}, patient=True)
            elif payment.refund_end == "reject":
                note = {"note": "请先核对流水 Check the statement first"}
                boss.post(f"{path}/reject", note, patient=True)
