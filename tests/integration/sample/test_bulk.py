"""Bulk data in the real databases: every constraint and trigger of theirs has seen it."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from chassis.actor import Actor
from chassis.entrypoints import Call
from omnibus.problem import Problem
from omnibus.sample.bulk import Counts, bulk
from omnibus.sample.bulk.records import MANAGERS, REPS, identity
from schemas.sections import SECTIONS
from services.customers.service import CustomersService
from services.deals.service import DealsService
from services.finance.service import FinanceService
from services.leads.service import LeadsService

COUNTS = Counts(customers=20, contacts=60, deals=60, activities=100, receivables=60, leads=20)
SERVICES = {
    "leads": LeadsService,
    "customers": CustomersService,
    "deals": DealsService,
    "finance": FinanceService,
}
TABLES = {
    "leads": "leads, people",
    "customers": "customers, contacts, contact_customers, activities, people",
    "deals": "opportunities, stage_stays, contracts, people",
    "finance": "receivables, receipts, refunds, journal, people",
    "gateway": "event_log, log_subjects, log_counters, converted_leads, people, persons",
}
FAR = 2**53
ADMIN = Actor(id="admin", roles=("admin",), team_path="/", client_id="test")


def _actor(person: int, role: str, team: str) -> Actor:
    return Actor(id=identity("person", person), roles=(role,), team_path=team, client_id="test")


def url_of(name: str) -> str:
    owner = os.environ.get(f"{name.upper()}_MIGRATE_URL")
    return (owner or os.environ[f"{name.upper()}_DATABASE_URL"]).replace("+psycopg", "")


def empty() -> None:
    for name, tables in TABLES.items():
        with psycopg.connect(url_of(name)) as connection:
            connection.execute(f"truncate {tables} cascade")


@pytest.fixture(scope="module")
def filled() -> Iterator[None]:
    empty()
    bulk({name: url_of(name) for name in TABLES}, COUNTS)
    yield
    empty()


def count(name: str, query: str) -> int:
    with psycopg.connect(url_of(name)) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("database", "table", "rows"),
    [
        ("leads", "leads", 20),
        ("customers", "customers", 20),
        ("customers", "contacts", 60),
        ("customers", "activities", 100),
        ("deals", "opportunities", 60),
        ("deals", "contracts", 20),
        ("finance", "receivables", 60),
        ("gateway", "persons", REPS + MANAGERS),
    ],
)
def test_every_table_holds_what_was_asked_for(
    filled: None, database: str, table: str, rows: int
) -> None:
    assert count(database, f"select count(*) from {table}") == rows


def test_the_event_log_has_no_gaps_and_its_counters_go_on_from_there(filled: None) -> None:
    rows = count("gateway", "select count(*) from event_log")
    assert rows > 300
    assert count("gateway", "select max(seq) from event_log") == rows
    assert count("gateway", "select value from log_counters where scope = ''") == rows
    gaps = """select count(*) from log_counters c where scope <> '' and value <>
        (select max(customer_seq) from event_log e where e.customer_id = c.scope)"""
    assert count("gateway", gaps) == 0


@pytest.mark.parametrize("number", [0, 7, 19])
def test_the_services_show_all_their_sections_of_a_customer(filled: None, number: int) -> None:
    """C20: bulk data reads through the services like data that they wrote themselves."""
    customer = identity("customer", number)
    for name, kind in SERVICES.items():
        payload = {"customer_id": customer, "sections": list(SECTIONS[name])}
        answer = kind().get_customer_sections(Call(payload, ADMIN, deadline_ms=FAR))
        assert answer.reply["customer_id"] == customer
        sections = answer.reply["sections"]
        assert {section["status"] for section in sections.values()} == {"fresh"}
        assert set(sections) == set(SECTIONS[name])


def test_the_teams_of_the_bulk_people_decide_what_they_see(filled: None) -> None:
    """Own, team and all: visibility follows the replica of people that came with the data."""
    rep = _actor(0, "rep", "/bulk/east/sales/")
    boss = _actor(REPS, "manager", "/bulk/east/")
    totals = []
    for actor in (rep, boss, ADMIN):
        payload = {"count": "exact", "limit": 1}
        answer = CustomersService().list_customers(Call(payload, actor, deadline_ms=FAR))
        totals.append(answer.reply["total"])
    assert totals == [1, 4, 20]


def test_bulk_data_is_not_written_twice(filled: None) -> None:
    with pytest.raises(Problem, match="bulk data already"):
        bulk({name: url_of(name) for name in TABLES}, COUNTS)
