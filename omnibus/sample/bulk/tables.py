"""Rows of the four services' tables, in the order in which foreign keys want them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chassis.grams import grams
from omnibus.sample.bulk.records import MANAGERS, REPS, Bulk, Row
from services.customers.domain.identity import email_key, name_key


@dataclass(frozen=True)
class Filling:
    """Rows for one table; all have the same columns."""

    table: str
    rows: Callable[[], Iterable[Row]]


def people(bulk: Bulk) -> Filling:
    """Return the replica of people, which every database has."""
    columns = ("id", "version", "name", "team_path", "manager_id", "roles", "active")

    def rows() -> Iterator[Row]:
        for n in range(REPS + MANAGERS):
            person = bulk.person(n)
            yield {name: person[name] for name in columns}

    return Filling("people", rows)


def leads(bulk: Bulk) -> list[Filling]:
    """Return the tables of leads."""

    def rows() -> Iterator[Row]:
        for n in range(bulk.counts.leads):
            row = bulk.lead(n)
            row["email_key"] = row["email"]
            row["grams"] = grams(row["name"], row["company"], row["phone_e164"], row["email"])
            yield row

    return [people(bulk), Filling("leads", rows)]


def customers(bulk: Bulk) -> list[Filling]:
    """Return the tables of customers."""
    counts = bulk.counts

    def archive() -> Iterator[Row]:
        for n in range(counts.customers):
            row = bulk.customer(n)
            row["name_key"] = name_key(row["name"])
            row["email_key"] = email_key(row["email"])
            row["grams"] = grams(
                row["name"], row["number"], row["credit_code"], row["phone"], row["phone_e164"]
            )
            yield row

    def contacts() -> Iterator[Row]:
        for n in range(counts.contacts):
            row = _own(bulk.contact(n))
            row["grams"] = grams(row["name"], row["phone"], row["phone_e164"], row["email"])
            yield row

    def places() -> Iterator[Row]:
        for n in range(counts.contacts):
            contact = bulk.contact(n)
            yield {
                "contact_id": contact["id"],
                "customer_id": contact["_customer_id"],
                "position": 0,
                "role": contact["_role"],
                "influence": "medium",
                "is_primary": contact["_is_primary"],
            }

    def activities() -> Iterator[Row]:
        return (bulk.activity(n) for n in range(counts.activities))

    return [
        people(bulk),
        Filling("customers", archive),
        Filling("contacts", contacts),
        Filling("contact_customers", places),
        Filling("activities", activities),
    ]


def deals(bulk: Bulk) -> list[Filling]:
    """Return the tables of deals."""
    counts = bulk.counts

    def opportunities() -> Iterator[Row]:
        for n in range(counts.deals):
            row = bulk.deal(n)
            yield row | {"grams": grams(row["name"], row["number"])}

    def stays() -> Iterator[Row]:
        for n in range(counts.deals):
            deal = bulk.deal(n)
            closed = deal["status"] != "open"
            yield {
                "opportunity_id": deal["id"],
                "stage": deal["stage"],
                "entered_at": deal["created_at"],
                "entered_by": deal["created_by"],
                "left_at": deal["updated_at"] if closed else None,
                "left_by": deal["created_by"] if closed else None,
            }

    def contracts() -> Iterator[Row]:
        for n in range(counts.contracts):
            row = bulk.contract(n)
            yield row | {"grams": grams(row["title"], row["number"])}

    return [
        people(bulk),
        Filling("opportunities", opportunities),
        Filling("stage_stays", stays),
        Filling("contracts", contracts),
    ]


def finance(bulk: Bulk) -> list[Filling]:
    """Return the tables of finance; its own triggers check every line of the journal."""
    count = bulk.counts.contracts * 3

    def receivables() -> Iterator[Row]:
        return (bulk.receivable(n) for n in range(count))

    def receipts() -> Iterator[Row]:
        for n in range(count):
            if bulk.paid(n):
                row = bulk.receipt(n)
                yield row | {"grams": grams(row["payer"], row["number"], row["bank_reference"])}

    def journal() -> Iterator[Row]:
        for n in range(count):
            owed = bulk.receivable(n)
            yield _line("billed", "receivable", "revenue", owed, owed["amount_amount"], owed["id"])
            paid = bulk.paid(n)
            if paid:
                came = bulk.receipt(n)
                yield _line("received", "bank", "credit", came, paid, None, came["id"])
                yield _line("allocated", "credit", "receivable", came, paid, owed["id"], came["id"])

    return [
        people(bulk),
        Filling("receivables", receivables),
        Filling("receipts", receipts),
        Filling("journal", journal),
    ]


def _line(
    kind: str,
    debit: str,
    credit: str,
    document: Row,
    amount: object,
    receivable_id: str | None,
    receipt_id: str | None = None,
) -> Row:
    return {
        "kind": kind,
        "debit": debit,
        "credit": credit,
        "amount": amount,
        "currency": document["currency"],
        "receivable_id": receivable_id,
        "receipt_id": receipt_id,
        "recorded_at": document["created_at"],
        "recorded_by": document["created_by"],
    }


def _own(row: Row) -> Row:
    """Return a record without what belongs into another table."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
