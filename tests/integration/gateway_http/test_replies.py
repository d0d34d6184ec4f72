"""What the services really answer is what the API's document says of it.

Records are made twice: with nothing but what is required, so that all that can be null is, and with
the longest texts that are taken. Every answer on the way is compared with its schema.
"""

import io
import re
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chassis.entrypoints import Occurrence
from chassis.ids import new_id
from gateway import uploads
from gateway.persistence import jobs
from gateway.service import GatewayService
from services.customers.service import CustomersService
from services.deals.service import DealsService
from services.finance.service import FinanceService
from services.leads.service import LeadsService
from tests.fixtures.gateway_http import KEY, Door, a_door

CNY = {"amount": "10.00", "currency": "CNY"}
INVALID = {
    "row": 3,
    "verdict": "invalid",
    "errors": [{"pointer": "#/phone", "code": "phone_malformed", "meta": {}}],
}


@dataclass
class Reader:
    """Reads and writes through the door; an answer that its schema refuses fails the test."""

    door: Door
    document: dict[str, Any]

    def get(self, path: str) -> Any:
        """Return the body of a read."""
        return self._checked(self.door.get(path), "get", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Return the body of a write."""
        response = self.door.post(path, body or {}, Idempotency_Key=new_id())
        return self._checked(response, "post", path)

    def both(self, path: str, body: Any) -> Any:
        """Make a record, read it and its list; returns what the reading gave."""
        made = self.post(path, body)
        self.get(f"{path}?limit=3")
        return self.get(f"{path}/{made['id']}")

    def _checked(self, response: Any, verb: str, path: str) -> Any:
        assert response.status_code in (200, 201, 202), response.text
        route = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", path.partition("?")[0])
        described = self.document["paths"][route][verb]["responses"][str(response.status_code)]
        schema = described["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**self.document, **schema})
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(
            response.json
        )]  # fmt: skip
        assert wrong == [], f"{verb.upper()} {route}"
        return response.json


@pytest.fixture
def reader() -> Reader:
    """Return a reader of the real services."""
    services = (
        LeadsService(), CustomersService(), DealsService(), FinanceService(), GatewayService(),
    )  # fmt: skip
    door = a_door({service.name: service for service in services})
    return Reader(door, door.client.get("/openapi.json").json)


def _customer(reader: Reader) -> str:
    return str(reader.post("/v1/customers", {"kind": "organisation", "name": "云帆"})["id"])


def test_leads_in_the_pool_held_and_in_conversion(reader: Reader) -> None:
    person = {"name": "李娜", "phone": "138 0013 8000", "source_channel": "api"}
    firm = {"company": "云帆", "email": "li@example.com", "source_channel": "api"}
    wordy = {**person, "notes": "长" * 2000, "name": "长" * 100}

    lead = reader.both("/v1/leads", person)
    for facts in (firm, wordy):
        reader.both("/v1/leads", facts)
    path = f"/v1/leads/{lead['id']}"
    reader.post(f"{path}/claim")
    conversion = reader.post(f"{path}/convert")

    reader.get(f"/v1/conversions/{conversion['id']}")
    reader.get(path)


@pytest.mark.parametrize("kind", ["organisation", "person"])
def test_customers_and_what_was_done_with_them(reader: Reader, kind: str) -> None:
    customer = reader.both("/v1/customers", {"kind": kind, "name": "云帆"})
    reader.both("/v1/customers", {"kind": kind, "name": "云帆", "notes": "长" * 4000})
    place = {"customers": [{"customer_id": customer["id"]}]}
    reader.both("/v1/contacts", {"name": "周瑜", **place})
    reader.both("/v1/contacts", {"name": "周瑜", "notes": "长" * 4000, **place})
    lead = {"name": "李娜", "phone": "138 0013 8000", "source_channel": "api"}

    for subject, made in (("customer", customer), ("lead", reader.post("/v1/leads", lead))):
        about = {"subject_type": subject, "subject_id": made["id"]}
        reader.both("/v1/activities", {"kind": "call", "body": "x", **about})
        reader.post(f"/v1/{subject}s/{made['id']}/follow-ups", {"kind": "call", "body": "x" * 4000})


def test_opportunities_open_and_lost_and_contracts(reader: Reader) -> None:
    customer = _customer(reader)

    made = reader.both("/v1/opportunities", {"name": "一期", "customer_id": customer})
    line = {"product": "水表", "quantity": "1", "unit_price": CNY}
    reader.both("/v1/opportunities", {"name": "二", "customer_id": customer, "lines": [line]})
    reader.post(f"/v1/opportunities/{made['id']}/lose", {"reason": "price"})
    reader.both("/v1/contracts", {"title": "合同", "customer_id": customer, "total": CNY})
    plan = {
        "signatories": [{"party": "customer", "name": "赵敏"}],
        "instalments": [{"sequence": 1, "name": "全款", "due_on": "2027-01-31", "amount": CNY}],
    }
    drafted = reader.both(
        "/v1/contracts", {"title": "合同", "customer_id": customer, "total": CNY, **plan}
    )
    path = f"/v1/contracts/{drafted['id']}"
    reader.post(f"{path}/submit")


def test_receivables_receipts_and_refunds(reader: Reader) -> None:
    customer = _customer(reader)
    contract = {
        "id": new_id(), "version": 1, "number": f"HT-{new_id()}", "customer_id": customer,
        "owner_id": new_id(), "total": CNY,
        "instalments": [{"sequence": 1, "name": "全款", "due_on": "2027-01-31", "amount": CNY}],
    }  # fmt: skip
    event = {"id": new_id(), "version": 1, "actor": new_id(), "data": {"after": contract}}
    finance = reader.door.rpc.services["finance"]
    finance.on_deals_contract_approved(Occurrence(event, "evt"))
    came = {
        "payer": "云帆", "customer_id": customer, "received_on": "2026-01-05", "method": "cash",
        "amount": CNY,
    }  # fmt: skip
    asked = {"amount": {**CNY, "amount": "1.00"}, "reason_code": "other"}

    [open_one] = reader.get(f"/v1/receivables?contract_id={contract['id']}")["items"]
    reader.get(f"/v1/receivables/{open_one['id']}")
    receipt = reader.both("/v1/receipts", came)
    reader.both("/v1/receipts", {**came, "notes": ""})
    part = {"receivable_id": open_one["id"], "amount": CNY}
    paid = {**came, "payer": "长" * 200, "notes": "长" * 2000, "allocations": [part]}
    reader.both("/v1/receipts", paid)
    reader.get(f"/v1/receivables/{open_one['id']}")
    for reason in ("多付", "长" * 1000):
        reader.both("/v1/refunds", {"receipt_id": receipt["id"], "reason": reason, **asked})


def test_people_and_their_keys(reader: Reader) -> None:
    person = reader.both("/v1/people", {"name": "李娜", "roles": ["rep"]})

    reader.post("/v1/api-keys", {"person_id": person["id"], "name": "ERP"})
    reader.get("/v1/api-keys?limit=3")


def test_jobs_queued_and_the_rows_of_an_import(reader: Reader) -> None:
    actor = reader.door.keys.keys[KEY].actor
    upload_id = uploads.store(actor, "线索.csv", io.BytesIO(f"姓名\n{new_id()}\n".encode()))

    job = reader.post("/v1/imports", {"upload_id": upload_id})
    verdicts = [{"row": 2, "verdict": "created"}, INVALID]
    gateway = reader.door.rpc.services["gateway"]
    gateway.database.run(lambda tx: jobs.add_chunk(tx, job["id"], 0, verdicts), actor)

    reader.get("/v1/jobs?limit=3")
    reader.get(f"/v1/jobs/{job['id']}")
    assert len(reader.get(f"/v1/jobs/{job['id']}/rows")["items"]) == 2
    reader.post(f"/v1/jobs/{job['id']}/cancel")


def _nullable(schema: dict[str, Any]) -> bool:
    return "null" in schema.get("type", ()) or "anyOf" in schema


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Opportunity", ["amount", "close_text", "winner", "next_contact_at"]),
        ("Contract", ["rejected_at", "rejection_reason"]),
        ("Refund", ["receivable_id", "note"]),
        ("Lead", ["budget", "owner_id", "converted_at"]),
    ],
)
def test_the_document_says_what_can_be_null(reader: Reader, name: str, fields: list[str]) -> None:
    properties = reader.document["components"]["schemas"][name]["properties"]

    assert [field for field in fields if not _nullable(properties[field])] == []
