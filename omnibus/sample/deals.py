"""Draws deals with their contracts, instalments and payments; some of the money comes late."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from omnibus.sample import words
from omnibus.sample.facts import Draw, money
from omnibus.sample.plan import Contract, Deal, Facts, Payment

_STAGES = ("contact", "needs", "proposal", "tender", "signing")
_WON = ("price", "product", "service", "relationship")
_LOST = ("price", "competitor", "no_budget", "timing", "no_decision", "lost_contact")
_PLANS = (
    (("100", "一次付清 In full", 30),),
    (("30", "预付款 Advance", 10), ("70", "验收款 On acceptance", 75)),
    (("30", "预付款 Advance", 10), ("50", "到货款 On delivery", 60),
     ("20", "质保金 Retention", 240)),
)  # fmt: skip
_METHODS = ("bank", "bank", "bank", "bank", "alipay", "wechat", "cheque", "cash")


class Sales:
    """Deals from one source of chance."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.rng = draw.rng
        self._references = self.rng.randrange(10**8)

    def deal(self, currency: str, end: str) -> Deal:
        """Return a deal that is won, lost or open."""
        lines = self.draw.lines(currency)
        english = currency != "CNY"
        facts: dict[str, Any] = {
            "name": str(lines[0]["product"]) + (" project" if english else "项目"),
            "lines": lines,
            "product_interest": lines[0]["product"],
            "expected_close_on": self.draw.day(-30, 90).isoformat(),
        }
        if end == "open":
            stage = self.rng.choice((None, *_STAGES))
            if self.rng.random() < 0.3:
                facts["competitor"] = self.rng.choice(words.COMPETITORS)
            plan = self.draw.follow_up(self.rng.randrange(1, 25), english=english, plan=True)
            follow_ups = (plan,) if self.rng.random() < 0.5 else ()
            return Deal(facts, stage, follow_ups=follow_ups)
        closed_on = self.draw.day(-300, -5)
        facts["expected_close_on"] = closed_on.isoformat()
        if end == "lost":
            return Deal(facts, self.rng.choice(_STAGES), ("lose", self._loss(closed_on)))
        contract = self._contract(facts, closed_on, currency, self.rng.choice(_PLANS))
        return Deal(facts, "signing", self._win(closed_on), contract)

    def showcase(self) -> Deal:
        """Return a won deal: one instalment settled, one half paid and late, one not due yet.

        More came than was due, and the surplus went back.
        """
        signed_on = self.draw.today - timedelta(days=150)
        lines = self.draw.lines("CNY")
        facts = {
            "name": "客户管理平台一期",
            "lines": lines,
            "product_interest": lines[0]["product"],
            "expected_close_on": signed_on.isoformat(),
        }
        first = self._payment(signed_on + timedelta(days=10), {1: 1.0})
        second = self._payment(self.draw.today - timedelta(days=30), {2: 0.5})
        refund = {"reason_code": "overpayment", "reason": "客户多付，退还差额 Overpaid"}
        contract = replace(
            self._contract(facts, signed_on, "CNY", _PLANS[-1]),
            end="approved",
            payments=(first, replace(second, excess=0.1, refund=refund)),
        )
        note = self.draw.follow_up(60, english=False)
        return Deal(facts, "signing", self._win(signed_on), contract, (note,))

    def _win(self, closed_on: date) -> tuple[str, Facts]:
        return "win", {"reason": self.rng.choice(_WON), "closed_on": closed_on.isoformat()}

    def _loss(self, closed_on: date) -> dict[str, Any]:
        reason = self.rng.choice(_LOST)
        loss = {"reason": reason, "closed_on": closed_on.isoformat()}
        if reason == "competitor":
            loss["winner"] = self.rng.choice(words.COMPETITORS)
        if reason == "price":
            loss["reason_text"] = "报价高于预算约 20% Over budget by a fifth"
        return loss

    def _contract(
        self,
        facts: dict[str, Any],
        signed_on: date,
        currency: str,
        shares: Sequence[tuple[str, str, int]],
    ) -> Contract:
        instalments = [
            {"name": name, "due_on": (signed_on + timedelta(days)).isoformat(), "percent": percent}
            for percent, name, days in shares
        ]
        end = self.rng.choices(
            ("approved", "in_approval", "draft", "rejected"), weights=(85, 6, 6, 3)
        )[0]
        details = {
            "title": f"{facts['name']} {'agreement' if currency != 'CNY' else '合同'}",
            "total": money(_total(facts["lines"]), currency),
            "starts_on": signed_on.isoformat(),
            "ends_on": (signed_on + timedelta(days=364)).isoformat(),
            "signatories": [{"party": "ours", "name": "王建国", "job_title": "销售总监"}],
            "instalments": instalments,
        }
        due = [signed_on + timedelta(days) for _, _, days in shares]
        return Contract(details, end, tuple(self._payments(due)) if end == "approved" else ())

    def _payments(self, due: Sequence[date]) -> list[Payment]:
        """Return what came in for the instalments that are due: all, a part, or nothing."""
        past = [number for number, day in enumerate(due, 1) if day < self.draw.today]
        if len(past) > 1 and self.rng.random() < 0.15:
            return [self._payment(due[past[1] - 1], {past[0]: 1.0, past[1]: 1.0})]
        payments = []
        for number in past:
            chance = self.rng.random()
            if chance > 0.75:
                continue  # Overdue, and nothing came.
            part = 1.0 if chance < 0.55 else self.rng.choice((0.3, 0.5, 0.8))
            payment = self._payment(due[number - 1], {number: part})
            payments.append(self._paid_twice(payment) if chance < 0.14 else payment)
        if len(past) < len(due) and self.rng.random() < 0.3:
            payments.append(self._payment(self.draw.today, {len(past) + 1: 0.5}))
        return payments

    def _paid_twice(self, payment: Payment) -> Payment:
        refund = {"reason_code": "duplicate_payment", "reason": "重复付款 Paid twice"}
        end = self.rng.choice(("approve", "approve", "reject", None))
        return replace(payment, excess=0.2, refund=refund, refund_end=end)

    def _payment(self, near: date, shares: dict[int, float]) -> Payment:
        method = self.rng.choice(_METHODS)
        received_on = min(near + timedelta(self.rng.randrange(-6, 25)), self.draw.today)
        self._references += self.rng.randrange(1, 900)
        reference = None if method == "cash" else f"{received_on:%Y%m%d}{self._references:010d}"
        return Payment(received_on, method, shares, reference)


def _total(lines: Sequence[dict[str, Any]]) -> Decimal:
    """Return the sum of the lines, each rounded as the service rounds it."""
    return sum(
        (
            Decimal(
                money(
                    Decimal(line["quantity"])
                    * Decimal(line["unit_price"]["amount"])
                    * (1 - Decimal(line["discount_percent"]) / 100),
                    line["unit_price"]["currency"],
                )["amount"]
            )
            for line in lines
        ),
        Decimal(0),
    )
