"""Record n of every kind, as its columns; the same whoever asks, so five databases agree.

Ids, owners and links are computed from n: nothing has to be remembered or passed around.
"""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from omnibus.sample import numbers, words
from omnibus.sample.bulk.counts import INSTALMENTS, Counts

Row = dict[str, Any]

TEAMS = ("east", "north", "northwest", "south", "central", "southwest")
REPS = 48
MANAGERS = len(TEAMS)
PIPELINE = "01900000-0000-7000-8000-000000000001"
"""The pipeline and the pool that the first migrations make."""
POOL = PIPELINE
_KINDS = ("person", "lead", "customer", "contact", "deal", "contract", "activity")
_KINDS_OF_MONEY = ("receivable", "receipt")
_NUMBERED = {kind: number for number, kind in enumerate((*_KINDS, *_KINDS_OF_MONEY, "event"), 1)}
_SPAN = timedelta(days=700)
_AMOUNTS = tuple(Decimal(value) for value in (26_800, 54_300, 98_000, 187_650, 420_000))
_SHARES = (Decimal("0.3"), Decimal("0.5"), Decimal("0.2"))
_STEPS = ("预付款", "到货款", "质保金")
_STAGES = (("prospect", 10), ("contact", 20), ("needs", 35), ("proposal", 55), ("tender", 75))
_CHANNELS = ("web_form", "exhibition", "referral", "phone", "partner", "campaign")


class Bulk:
    """All records of one set of counts.

    Args:
        today: The newest records are from the day before.
    """

    def __init__(self, counts: Counts, today: date) -> None:
        self.counts = counts
        self.today = today
        self._newest = datetime(today.year, today.month, today.day, tzinfo=UTC)
        rng = random.Random(7)
        # Drawn once and combined by number: drawing anew for each record takes most of the time.
        self._phones = [numbers.mobile(rng).replace(" ", "")[-11:] for _ in range(9973)]
        self._people = [
            (surname + given, f"{latin}.{surname_latin}")
            for surname, surname_latin in words.SURNAMES
            for given, latin, _ in words.GIVEN_NAMES
        ]

    # People

    def person(self, n: int) -> Row:
        """Return a rep, or behind the last rep a manager of a team."""
        manager = n >= REPS
        team = TEAMS[n % len(TEAMS)]
        return self._aggregate("person", n, REPS + MANAGERS, "system") | {
            "name": f"{self._people[n % len(self._people)][0]}（{team} {n}）",
            "email": f"bulk.{n}@omnibus.example",
            "locale": "zh",
            "team_path": f"/bulk/{team}/" + ("" if manager else "sales/"),
            "manager_id": None if manager else identity("person", REPS + n % len(TEAMS)),
            "roles": ["manager" if manager else "rep"],
            "active": True,
        }

    def owner_of(self, customer: int) -> str:
        """Return who is in charge of a customer and of all that belongs to it."""
        return identity("person", customer % REPS)

    # Leads

    def lead(self, n: int) -> Row:
        """Return lead n; the first ones became customers."""
        converted = n < self.counts.converted
        pooled = not converted and n % 3 == 0
        name, latin = self._people[n * 7 % len(self._people)]
        owner = self.owner_of(n)
        row = self._aggregate("lead", n, self.counts.leads, owner)
        company = self.customer_name(n) if converted else self._company_name(n + 500_000)
        return row | {
            "version": 4 if converted else 1,
            "kind": "organisation",
            "name": name,
            "company": company,
            "title": company,
            "phone": self._phones[n % 9973],
            "phone_e164": f"+86{self._phones[n % 9973]}",
            "email": f"{latin}{n}@leads.example.com",
            "region": words.PLACES[n % len(words.PLACES)].region,
            "industry": words.TRADES[n % len(words.TRADES)][0],
            "source_channel": _CHANNELS[n % len(_CHANNELS)],
            "product_interest": words.PRODUCTS[n % len(words.PRODUCTS)][0],
            "budget_amount": _AMOUNTS[n % 5],
            "currency": "CNY",
            "intent": ("high", "medium", "low")[n % 3],
            "level": "abcd"[n % 4],
            "status": "converted" if converted else "new" if pooled else "working",
            "owner_id": None if pooled else owner,
            "pool_id": POOL if pooled else None,
            "claimed_at": None if pooled else row["created_at"],
            "last_contact_at": row["updated_at"] if converted else None,
            "converted_at": row["updated_at"] if converted else None,
            "customer_id": identity("customer", n) if converted else None,
        }

    # Customers

    def customer_name(self, n: int) -> str:
        """Return the name of customer n; no two have the same."""
        return self._company_name(n)

    def customer(self, n: int) -> Row:
        """Return customer n."""
        place, owner = words.PLACES[n % len(words.PLACES)], self.owner_of(n)
        row = self._aggregate("customer", n, self.counts.customers, owner)
        phone = f"{place.area_code}-6{n % 1_000_000:06d}"
        return row | {
            "version": 2,
            "number": f"KH-2025-{n + 1:06d}",
            "kind": "organisation",
            "name": self.customer_name(n),
            "owner_id": owner,
            "credit_code": numbers.credit_code(place, numbers.COMPANIES // 2 + n),
            "legal_representative": self._people[n % len(self._people)][0],
            "phone": phone,
            "phone_e164": "+86" + phone.lstrip("0").replace("-", ""),
            "email": f"info@c{n}.example.com",
            "region": place.region,
            "industry": words.TRADES[n % len(words.TRADES)][0],
            "address": f"{place.province}{place.city}市{place.street}{n % 990 + 1}号",
            "website": f"https://www.c{n}.example.com",
            "level": "ABCD"[n % 4],
            "hobbies": [],
            "source": "官网",
            "external_ids": {},
            "last_contact_at": row["updated_at"],
            "next_contact_at": self._newest + timedelta(days=n % 30),
        }

    def contact(self, n: int) -> Row:
        """Return contact n, who works at customer n modulo the customers."""
        customer = n % self.counts.customers
        name, latin = self._people[n % len(self._people)]
        job, _, role, department = words.JOBS[n % len(words.JOBS)]
        row = self._aggregate("contact", n, self.counts.contacts, self.owner_of(customer))
        phone = self._phones[n % 9973]
        return row | {
            "name": name,
            "phone": phone,
            "phone_e164": f"+86{phone}",
            "email": f"{latin}{n}@c{customer}.example.com",
            "job_title": job,
            "department": department,
            "_customer_id": identity("customer", customer),
            "_role": role,
            "_is_primary": n < self.counts.customers,
        }

    def activity(self, n: int) -> Row:
        """Return follow-up n; every third is on an opportunity of the customer."""
        customer = n % self.counts.customers
        kind, body, _ = words.FOLLOW_UPS[n % len(words.FOLLOW_UPS)]
        on_deal = n % 3 == 2 and customer < self.counts.deals
        row = self._aggregate("activity", n, self.counts.activities, self.owner_of(customer))
        return row | {
            "kind": kind,
            "subject_type": "opportunity" if on_deal else "customer",
            "subject_id": identity("deal" if on_deal else "customer", customer),
            "customer_id": identity("customer", customer),
            "body": body,
            "occurred_at": row["created_at"] - timedelta(hours=n % 20),
            "owner_id": self.owner_of(customer),
        }

    # Deals

    def amount(self, n: int) -> Decimal:
        """Return what deal n is worth, and the contract that comes from it."""
        return _AMOUNTS[n % 5] + n % 1000

    def deal(self, n: int) -> Row:
        """Return opportunity n; the first ones are won, one for each contract."""
        customer = n % self.counts.customers
        won = n < self.counts.contracts
        lost = not won and (n + n // self.counts.customers) % 4 == 1
        stage, probability = ("signing", 100) if won else _STAGES[n % len(_STAGES)]
        product, sku, _ = words.PRODUCTS[n % len(words.PRODUCTS)]
        row = self._aggregate("deal", n, self.counts.deals, self.owner_of(customer))
        line = {"product": product, "sku": sku, "quantity": "1", "unit_price": str(self.amount(n))}
        return row | {
            "version": 3 if won or lost else 1,
            "number": f"SJ-2025-{n + 1:06d}",
            "name": f"{product}项目 {n}",
            "customer_id": identity("customer", customer),
            "lead_id": identity("lead", n) if n < self.counts.converted else None,
            "owner_id": self.owner_of(customer),
            "pipeline_id": PIPELINE,
            "stage": stage,
            "probability": 0 if lost else probability,
            "status": "won" if won else "lost" if lost else "open",
            "lines": [{**line, "discount_percent": "0", "currency": "CNY"}],
            "amount_amount": self.amount(n),
            "currency": "CNY",
            "expected_close_on": row["updated_at"].date() + timedelta(days=30),
            "product_interest": product,
            "closed_on": row["updated_at"].date() if won or lost else None,
            "close_reason": "price" if won or lost else None,
        }

    def shares(self, n: int) -> tuple[Decimal, ...]:
        """Return the amounts of the instalments of contract n; they sum to its total."""
        total = self.amount(n)
        first, second = total * _SHARES[0], total * _SHARES[1]
        return first, second, total - first - second

    def contract(self, n: int) -> Row:
        """Return approved contract n, which comes from deal n."""
        customer, deal = n % self.counts.customers, self.deal(n)
        owner, boss = self.owner_of(customer), identity("person", REPS + customer % len(TEAMS))
        row = self._aggregate("contract", n, self.counts.contracts, owner)
        signed = row["created_at"].date()
        return row | {
            "version": 3,
            "number": f"HT-2025-{n + 1:06d}",
            "title": f"{deal['name']} 合同",
            "customer_id": identity("customer", customer),
            "opportunity_id": deal["id"],
            "owner_id": owner,
            "status": "approved",
            "total_amount": self.amount(n),
            "currency": "CNY",
            "starts_on": signed,
            "ends_on": signed + timedelta(days=364),
            "signatories": [],
            "instalments": [
                {
                    "sequence": number + 1,
                    "name": _STEPS[number],
                    "due_on": self._due_on(signed, number).isoformat(),
                    "percent": str(_SHARES[number] * 100),
                    "amount": f"{share:.2f}",
                    "currency": "CNY",
                }
                for number, share in enumerate(self.shares(n))
            ],
            "submitted_at": row["updated_at"],
            "submitted_by": owner,
            "approved_at": row["updated_at"],
            "approved_by": boss,
        }

    # Money

    def receivable(self, n: int) -> Row:
        """Return receivable n: an instalment of contract n // 3."""
        contract, sequence = divmod(n, INSTALMENTS)
        customer = contract % self.counts.customers
        row = self._aggregate("receivable", n, self.counts.receivables, "system")
        signed = self._at(contract, self.counts.contracts).date()
        return row | {
            "version": 1 if self.paid(n) == 0 else 2,
            "number": f"YS-2025-{n + 1:06d}",
            "contract_id": identity("contract", contract),
            "contract_number": f"HT-2025-{contract + 1:06d}",
            "contract_version": 3,
            "sequence": sequence + 1,
            "name": _STEPS[sequence],
            "customer_id": identity("customer", customer),
            "owner_id": self.owner_of(customer),
            "due_on": self._due_on(signed, sequence),
            "amount_amount": self.shares(contract)[sequence],
            "currency": "CNY",
        }

    def paid(self, n: int) -> Decimal:
        """Return how much of receivable n came in: the first of three all, some of the second."""
        contract, sequence = divmod(n, INSTALMENTS)
        share = self.shares(contract)[sequence]
        if sequence == 0:
            return share
        return (share / 2).quantize(Decimal("0.01")) if sequence == 1 and n % 2 else Decimal(0)

    def receipt(self, n: int) -> Row:
        """Return the receipt that paid receivable n."""
        contract = n // INSTALMENTS
        customer = contract % self.counts.customers
        row = self._aggregate("receipt", n, self.counts.receivables, self.owner_of(customer))
        return row | {
            "number": f"SK-2025-{n + 1:06d}",
            "payer": self.customer_name(customer),
            "customer_id": identity("customer", customer),
            "owner_id": self.owner_of(customer),
            "received_on": row["created_at"].date(),
            "method": "bank",
            "bank_reference": f"BULK{n:012d}",
            "amount_amount": self.paid(n),
            "currency": "CNY",
        }

    def _aggregate(self, kind: str, n: int, count: int, by: str) -> Row:
        at = self._at(n, count)
        return {
            "id": identity(kind, n),
            "version": 1,
            "created_at": at,
            "created_by": by,
            "updated_at": min(at + timedelta(days=n % 20), self._newest),
            "updated_by": by,
        }

    def _at(self, n: int, count: int) -> datetime:
        """Return when record n of so many came: evenly over two years, the last one yesterday."""
        return self._newest - timedelta(days=1) - _SPAN * (1 - (n + 1) / count)

    @staticmethod
    def _due_on(signed: date, number: int) -> date:
        return signed + timedelta(days=(10, 60, 240)[number])

    @lru_cache(maxsize=4096)  # noqa: B019 (a handful of these live as long as the process)
    def _company_name(self, n: int) -> str:
        place = words.PLACES[n % len(words.PLACES)]
        brand = words.BRANDS[n // 20 % 24][0] + words.BRANDS[n // 480 % 24][0]
        word = words.TRADES[n // 11_520 % 12][1]
        serial = n // 138_240
        return f"{place.city}{brand}{word}{f'（{serial}部）' if serial else ''}有限公司"


def identity(kind: str, n: int) -> str:
    """Return the UUIDv7 of record n of a kind: n is in the place of the time, so they sort by n."""
    stamp = f"{0x0190_0000_0000 + n:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7b0{_NUMBERED[kind]:x}-8000-{n:012x}"
