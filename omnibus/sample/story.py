"""Composes the plan: who sells what to whom, what is paid late, what is lost and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from omnibus.sample import cast, numbers, words
from omnibus.sample.deals import Sales
from omnibus.sample.facts import Draw, money
from omnibus.sample.plan import Contact, Customer, Facts, Lead, Plan
from omnibus.sample.words import Abroad, Place


@dataclass(frozen=True)
class Size:
    """How many records.

    Attributes:
        converted: Of the customers, how many were leads.
        leads: That come in one by one and stay leads.
        imported: Rows of the file.
    """

    customers: int
    converted: int
    leads: int
    imported: int


SIZES = {
    "tiny": Size(customers=4, converted=2, leads=8, imported=6),
    "small": Size(customers=60, converted=12, leads=80, imported=28),
}

HEADINGS = (
    "公司名称",
    "联系人",
    "手机",
    "邮箱",
    "地区",
    "行业",
    "来源",
    "意向产品",
    "预算",
    "备注",
)
_CHANNELS = ("web_form", "exhibition", "referral", "phone", "chat", "advertisement", "campaign")
_INTENTS = ("high", "medium", "medium", "low")


def compose(size: str, seed: int, today: date) -> Plan:
    """Return the plan of a size; equal arguments give an equal plan."""
    return _Story(SIZES[size], Draw(seed, today)).plan()


class _Story:
    def __init__(self, size: Size, draw: Draw) -> None:
        self.size = size
        self.draw = draw
        self.rng = draw.rng
        self.sales = Sales(draw)

    def plan(self) -> Plan:
        customers = [self._showcase()]
        while len(customers) < self.size.customers:
            customers.append(self._customer(converted=len(customers) < self.size.converted))
        if len(customers) > 10:
            companies = [one for one in customers[1:] if one.facts.get("credit_code")]
            customers[-1] = self._duplicate(companies[0])
        leads = [self._lead() for _ in range(self.size.leads - 2)]
        # The same prospects once more, from another source: that is how leads really come in.
        leads += [replace(lead, owner=None, follow_ups=()) for lead in map(self._again, leads[:2])]
        return Plan(tuple(customers), tuple(leads), tuple(self._file()))

    # Customers

    def _showcase(self) -> Customer:
        """Return a customer that was a partner's lead, bought, paid, and got money back."""
        place = words.PLACES[1]
        made = self._at_home(place, "organisation", owner="li_ming")
        facts = {
            **made.facts,
            "name": "杭州云帆精密机械有限公司",
            "industry": "智能制造",
            "email": "info@yunfan.example.com",
            "website": "https://www.yunfan.example.com",
        }
        return replace(
            made,
            facts=facts,
            contacts=tuple(self.draw.contact(facts) for _ in range(2)),
            follow_ups=tuple(
                self.draw.follow_up(days, english=False, plan=days == 4) for days in (90, 35, 4)
            ),
            deals=(
                self.sales.showcase(),
                self.sales.deal("CNY", "open"),
                self.sales.deal("CNY", "lost"),
            ),
            lead=self._before(facts, "li_ming", "partner_yunqiao"),
        )

    def _customer(self, *, converted: bool) -> Customer:
        chance = self.rng.random()
        if chance < 0.18:
            made = self._abroad(self.rng.choice(words.ABROAD))
        elif chance < 0.3:
            made = self._at_home(self.rng.choice(words.PLACES), "person")
        else:
            made = self._at_home(self.rng.choice(words.PLACES), "organisation")
        if not converted:
            return made
        author = self.rng.choice((*cast.PARTNERS, made.owner))
        deals = made.deals or (self.sales.deal("CNY", "open"),)
        return replace(made, lead=self._before(made.facts, made.owner, author), deals=deals)

    def _at_home(self, place: Place, kind: str, owner: str = "") -> Customer:
        facts = self.draw.company(place) if kind == "organisation" else self.draw.person(place)
        contacts = (
            [self.draw.contact(facts) for _ in range(self.rng.choice((1, 1, 1, 2)))]
            if kind == "organisation"
            else []
        )
        return self._with_business(facts, place.region, contacts, "CNY", owner)

    def _abroad(self, place: Abroad) -> Customer:
        facts = self.draw.company_abroad(place)
        contacts = [self.draw.contact(facts, place)]
        return self._with_business(facts, place.region, contacts, place.currency)

    def _with_business(
        self,
        facts: dict[str, Any],
        region: str,
        contacts: Sequence[Contact],
        currency: str,
        owner: str = "",
    ) -> Customer:
        ends = self.rng.choices(("won", "lost", "open"), weights=(50, 20, 30), k=2)
        english = currency != "CNY"
        facts["source"] = self.rng.choice(("官网", "展会", "老客户介绍", "Partner"))
        return Customer(
            owner=owner or self.rng.choice(cast.reps_of(region)),
            approver=cast.approver_of(region),
            facts=facts,
            contacts=tuple(contacts),
            follow_ups=tuple(
                self.draw.follow_up(self.rng.randrange(1, 120), english=english, plan=i == 0)
                for i in range(self.rng.randrange(0, 4))
            ),
            deals=tuple(
                self.sales.deal(currency, end)
                for end in ends[: self.rng.choices((0, 1, 2), weights=(8, 40, 52))[0]]
            ),
        )

    def _duplicate(self, known: Customer) -> Customer:
        """Return a customer that is on file already, under a slightly other name."""
        facts = {
            "kind": known.facts["kind"],
            "name": str(known.facts["name"]).replace("有限公司", "公司"),
            "phone": known.facts["phone"],
            "region": known.facts["region"],
            "notes": "疑似重复，待合并 Possibly a duplicate",
        }
        return Customer(known.owner, known.approver, facts)

    # Leads

    def _before(self, facts: Facts, owner: str, author: str) -> Lead:
        """Return the lead that a customer once was."""
        person = facts["kind"] == "person"
        name = facts["name"] if person else self.draw.chinese_name()[0]
        known = {
            "kind": facts["kind"],
            "name": name,
            "company": None if person else facts["name"],
            "phone": facts["phone"],
            "email": facts["email"],
            "region": facts["region"],
            "industry": facts.get("industry"),
            "product_interest": self.rng.choice(words.PRODUCTS)[0],
            "intent": "high",
        }
        return Lead(
            author,
            {**known, **self._source(author)},
            owner,
            (self.draw.follow_up(self.rng.randrange(150, 170), english=False),),
        )

    def _lead(self) -> Lead:
        place = self.rng.choice(words.PLACES)
        owner = self.rng.choice(cast.reps_of(place.region))
        author = self.rng.choices((owner, *cast.PARTNERS), weights=(70, 20, 10))[0]
        facts = self._prospect(place)
        held = self.rng.random() < 0.55
        follow_ups = [
            self.draw.follow_up(self.rng.randrange(1, 40), english=False, plan=i == 0)
            for i in range(self.rng.randrange(0, 3) if held else 0)
        ]
        return Lead(
            author, {**facts, **self._source(author)}, owner if held else None, tuple(follow_ups)
        )

    def _prospect(self, place: Place) -> dict[str, Any]:
        name, latin, _ = self.draw.chinese_name()
        facts: dict[str, Any] = {
            "name": name,
            "phone": numbers.mobile(self.rng),
            "region": place.region,
            "intent": self.rng.choice(_INTENTS),
            "level": self.rng.choice("abcd"),
            "product_interest": self.rng.choice(words.PRODUCTS)[0],
            "budget": money(self.rng.randrange(1, 40) * 10_000, "CNY"),
        }
        if self.rng.random() < 0.8:
            company = self.draw.company(place)
            facts |= {"company": company["name"], "industry": company["industry"]}
            facts |= {"email": f"{latin}@{company['email'].partition('@')[2]}"}
        return facts

    def _source(self, author: str) -> dict[str, Any]:
        if author not in cast.PARTNERS:
            channel = self.rng.choice(_CHANNELS)
            return {
                "source_channel": channel,
                "source_campaign": self.rng.choice(words.CAMPAIGNS)
                if channel in ("campaign", "exhibition")
                else None,
            }
        system = author.partition("_")[2]
        reference = f"{system[:2].upper()}-{self.rng.randrange(10**8):08d}"
        return {"source_channel": "partner", "source_system": system, "external_id": reference}

    def _again(self, lead: Lead) -> Lead:
        known = ("name", "company", "phone", "region")
        facts = {name: lead.facts[name] for name in known if name in lead.facts}
        return Lead(lead.owner or "li_ming", {**facts, "source_channel": "web_form"})

    def _file(self) -> list[tuple[str, ...]]:
        """Return a table as a colleague would send it: with a duplicate and a row that is none."""
        rows: list[tuple[str, ...]] = [HEADINGS]
        for number in range(self.size.imported):
            place = self.rng.choice(words.PLACES)
            facts = self._prospect(place)
            if number == 3:
                facts["phone"] = rows[1][HEADINGS.index("手机")]
            if number == 4:
                facts["phone"] = "待补充"
            budget = facts["budget"]["amount"]
            cells = [facts.get("company", ""), facts["name"], facts["phone"]]
            cells += [facts.get("email", ""), place.province, facts.get("industry", "")]
            cells += ["展会", facts["product_interest"], budget, f"{place.city}行业展名片"]
            rows.append(tuple(cells))
        return rows
