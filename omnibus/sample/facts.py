"""Draws the facts of single records: companies, people, follow-ups, lines, addresses."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from omnibus.sample import numbers, words
from omnibus.sample.plan import Contact
from omnibus.sample.words import Abroad, Place

_LEVELS = ("A", "B", "B", "C", "C", "D")


def money(amount: Decimal | int | str, currency: str) -> dict[str, str]:
    """Return an amount as the API takes it: rounded to what the currency has."""
    unit = Decimal(1) if currency == "JPY" else Decimal("0.01")
    rounded = Decimal(amount).quantize(unit, ROUND_HALF_UP)
    return {"amount": f"{rounded:f}", "currency": currency}


class Draw:
    """Facts from one seeded source of chance; equal seed and day give equal facts."""

    def __init__(self, seed: int, today: date) -> None:
        self.rng = random.Random(seed)
        self.today = today
        self._companies = self.rng.randrange(numbers.COMPANIES // 2)
        self._names: set[str] = set()
        self._phones = 0

    # Whom

    def company(self, place: Place) -> dict[str, Any]:
        """Return an organisation in China."""
        brand, latin, trade, word = self._fresh_name(place.city)
        self._companies += 1
        domain = f"{latin}{self._companies % 9973}.example.com"
        number = self.rng.randrange(1, 990)
        return {
            "kind": "organisation",
            "name": f"{place.city}{brand}{word}有限公司",
            "credit_code": numbers.credit_code(place, self._companies),
            "legal_representative": self.chinese_name()[0],
            "phone": numbers.landline(self.rng, place),
            "email": f"info@{domain}",
            "website": f"https://www.{domain}",
            "region": place.region,
            "industry": trade,
            "address": f"{_city(place)}{place.street}{number}号",
            "level": self.rng.choice(_LEVELS),
        }

    def company_abroad(self, place: Abroad) -> dict[str, Any]:
        """Return an organisation outside China."""
        suffix = words.ENGLISH_SUFFIXES[words.ABROAD.index(place)]
        trade = self.rng.choice(words.TRADES)[2]
        brand = self.rng.choice(words.ENGLISH_BRANDS)
        while f"{brand} {trade} {suffix}" in self._names:
            brand = f"{brand} {self.rng.choice(words.ENGLISH_BRANDS)}"
        name = f"{brand} {trade} {suffix}"
        self._names.add(name)
        domain = "".join(filter(str.isalpha, brand.lower())) + ".example.com"
        return {
            "kind": "organisation",
            "name": name,
            "phone": self._phone_abroad(place),
            "email": f"office@{domain}",
            "website": f"https://{domain}",
            "region": place.region,
            "industry": trade,
            "address": f"{self.rng.randrange(1, 200)} {place.street}, {place.city}",
            "level": self.rng.choice(_LEVELS),
        }

    def person(self, place: Place) -> dict[str, Any]:
        """Return a person as a customer."""
        name, latin, gender = self.chinese_name()
        facts: dict[str, Any] = {
            "kind": "person",
            "name": name,
            "phone": numbers.mobile(self.rng),
            "email": f"{latin}{self.rng.randrange(10, 9999)}@mail.example.com",
            "region": place.region,
            "address": f"{_city(place)}{place.street}",
            "gender": gender,
            "occupation": self.rng.choice(words.OCCUPATIONS),
            "hobbies": self.rng.sample(words.HOBBIES, 2),
            "level": self.rng.choice(_LEVELS),
        }
        if self.rng.random() < 0.7:
            facts["birth_date"] = self.day(-22_000, -8_000).isoformat()
        else:
            facts["birth_month_day"] = f"{self.rng.randrange(1, 13):02d}-15"
        return facts

    def contact(self, company: dict[str, Any], abroad: Abroad | None = None) -> Contact:
        """Return somebody who works at a company."""
        job, english_job, role, department = self.rng.choice(words.JOBS)
        host = str(company.get("email", "x@mail.example.com")).partition("@")[2]
        facts: dict[str, Any]
        if abroad:
            first, last = self.rng.choice(words.ENGLISH_NAMES)
            facts = {"name": f"{first} {last}", "job_title": english_job}
            facts |= {"phone": self._phone_abroad(abroad)}
            facts |= {"email": f"{first}.{last}@{host}".lower()}
        else:
            name, latin, _ = self.chinese_name()
            facts = {"name": name, "job_title": job, "department": department}
            facts |= {"phone": numbers.mobile(self.rng), "email": f"{latin}@{host}"}
        return Contact(facts, role)

    def chinese_name(self) -> tuple[str, str, str]:
        """Return a name, the same in Latin letters, and the gender."""
        surname, latin_surname = self.rng.choice(words.SURNAMES)
        given, latin_given, gender = self.rng.choice(words.GIVEN_NAMES)
        return surname + given, f"{latin_given}.{latin_surname}", gender

    # What

    def lines(self, currency: str) -> list[dict[str, Any]]:
        """Return one to three lines of a deal."""
        chosen = self.rng.sample(words.PRODUCTS, self.rng.randrange(1, 4))
        lines = []
        for name, sku, price in chosen:
            local = Decimal(price) / Decimal(str(words.RATES[currency]))
            product = name if currency == "CNY" else words.ENGLISH_PRODUCTS[sku]
            lines.append(
                {
                    "product": product,
                    "sku": sku,
                    "quantity": str(self.rng.choice((1, 1, 2, 5, 10))),
                    "unit_price": money(local.quantize(Decimal(1)), currency),
                    "discount_percent": self.rng.choice(("0", "0", "5", "10", "12.5")),
                }
            )
        return lines

    def follow_up(self, days_ago: int, *, english: bool, plan: bool = False) -> dict[str, Any]:
        """Return a follow-up that happened some days ago; a plan names the next contact."""
        kind, chinese, text = self.rng.choice(words.FOLLOW_UPS)
        facts = {
            "kind": kind,
            "body": text if english else chinese,
            "occurred_at": self.instant(-days_ago),
        }
        if plan:
            facts["next_contact_at"] = self.instant(self.rng.randrange(1, 21))
        return facts

    # When

    def day(self, first: int, last: int) -> date:
        """Return a day between two distances from today."""
        return self.today + timedelta(days=self.rng.randrange(first, last))

    def instant(self, days: int) -> str:
        """Return a time in working hours, some days from today."""
        at = time(self.rng.randrange(1, 9), self.rng.randrange(60), tzinfo=UTC)
        return datetime.combine(self.today + timedelta(days=days), at).isoformat()

    def _fresh_name(self, city: str) -> tuple[str, str, str, str]:
        """Return brand, the brand in Latin letters, industry and its word: not used here yet."""
        brand, latin = self.rng.choice(words.BRANDS)
        trade, word, _ = self.rng.choice(words.TRADES)
        while f"{city}{brand}{word}" in self._names:
            more, more_latin = self.rng.choice(words.BRANDS)
            brand, latin = brand + more, latin + more_latin
        self._names.add(f"{city}{brand}{word}")
        return brand, latin, trade, word

    def _phone_abroad(self, place: Abroad) -> str:
        self._phones += 1
        return place.phone.format(n=self._phones % 1000)


def _city(place: Place) -> str:
    """Return province and city; four cities are provinces themselves."""
    city = f"{place.city}市"
    return city if city == place.province else place.province + city
