"""M7, Y1: money that can not leak, whatever is asked in whatever order.

Hypothesis makes up histories of contracts, receipts, allocations and refunds, sound and not,
repeats earlier commands and sends two at once. After every step what the service shows equals a
model that shares no code with it, and both equal the replay of the journal, to the last cent.
"""

import functools
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from chassis import clock
from chassis.db import Tx
from chassis.entrypoints import Call
from chassis.errors import CRMError
from chassis.ids import new_id
from services.finance.service import FinanceService
from tests.fixtures.finance import DIRECTOR, MANAGER, REP, actor_of, contract_approved
from tests.fixtures.finance_model import Back, Came, Owed, Shares, refusal_of_shares, replay, take
from tests.fixtures.finance_model import decide as apply_decision
from tests.fixtures.races import together

CURRENCIES = ("CNY", "JPY")
ENOUGH = 6
"""Receivables, after which a history goes on with what there is."""

SIZES = st.sampled_from(("cent", "half", "exact", "over"))
_JOURNAL = text(
    "select debit, credit, (amount * 100)::bigint, currency, receivable_id::text, receipt_id::text"
    " from journal where receivable_id = any(cast(:documents as uuid[]))"
    " or receipt_id = any(cast(:documents as uuid[])) order by id"
)


def money(cents: int, currency: str) -> dict[str, str]:
    """Return cents as money; yen have none, so one unit stands for a hundred."""
    whole = f"{cents // 100}" if currency == "JPY" else f"{cents // 100}.{cents % 100:02d}"
    return {"amount": whole, "currency": currency}


def cents_of(value: dict[str, str]) -> int:
    """Return money as cents, without any float."""
    whole, _, rest = value["amount"].partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def part_of(limit: int, size: str, currency: str) -> int:
    """Return a share of a limit, in the currency's unit; "over" is one unit beyond it."""
    unit = 100 if currency == "JPY" else 1
    share = {"cent": unit, "half": limit // 2, "exact": limit, "over": limit + unit}[size]
    return max(share // unit * unit, unit)


class MoneyMachine(RuleBasedStateMachine):
    """One history; documents of its own, so that histories do not meet."""

    service = FinanceService()
    receivables = Bundle("receivables")
    receipts = Bundle("receipts")
    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.customers = (new_id(), new_id())
        self.owed: list[Owed] = []
        self.came: list[Came] = []
        self.done: list[tuple[str, str, dict[str, Any], str, Any]] = []

    def ask(self, method: str, payload: dict[str, Any], person: str = REP) -> Any:
        """Send a command with a fresh key; returns its reply or the code of its refusal."""
        key = new_id()
        try:
            reply = self._call(method, payload, person, key).reply
        except CRMError as refusal:
            errors = refusal.details.get("errors")
            return errors[0]["code"] if errors else refusal.code
        self.done.append((method, person, payload, key, reply))
        return reply

    def _call(self, method: str, payload: dict[str, Any], person: str, key: str | None) -> Any:
        call = Call(payload, actor_of(person), clock.epoch_ms() + 10_000, key)
        return getattr(self.service, method)(call)

    def all_of(self, tx: Tx, method: str) -> dict[str, dict[str, Any]]:
        """Return every document of both customers by id."""
        filters = {"customer_id": ",".join(self.customers)}
        page = getattr(self.service, method)(tx, filters=filters, limit=200)
        return {one["id"]: one for one in page["items"]}

    # Any history begins with something that is partly paid, so that each step can go on from there.
    @initialize(
        target=receivables, units=st.integers(2, 9_000), currency=st.sampled_from(CURRENCIES)
    )
    def begin_with_a_contract(self, units: int, currency: str) -> Owed:
        return self._bill([units * 100, 200], currency, 0)

    @initialize(target=receipts, owed=receivables, size=SIZES)
    def begin_with_a_receipt(self, owed: Owed, size: str) -> Came:
        return self.receive(owed, size, "half", self.owed[0])

    @precondition(lambda self: len(self.owed) < ENOUGH)
    @rule(
        target=receivables,
        amounts=st.lists(st.integers(1, 9_000), min_size=1, max_size=3),
        currency=st.sampled_from(CURRENCIES),
        customer=st.sampled_from((0, 0, 1)),
    )
    def approve_contract(self, amounts: list[int], currency: str, customer: int) -> Owed:
        return self._bill([amount * 100 for amount in amounts], currency, customer)

    def _bill(self, cents: list[int], currency: str, customer: int) -> Owed:
        amounts = [money(one, currency)["amount"] for one in cents]
        event = contract_approved(*amounts, currency=currency, customer_id=self.customers[customer])
        for _ in range(2):  # Always delivered twice.
            self.service.on_deals_contract_approved(event)
        known = {owed.id for owed in self.owed}
        with self.service.database.transaction(actor_of(REP), read_only=True) as tx:
            shown = self.all_of(tx, "list_receivables")
        made = [one for key, one in shown.items() if key not in known]
        assert sorted(cents_of(one["amount"]) for one in made) == sorted(cents)
        self.owed += [
            Owed(one["id"], one["customer_id"], currency, cents_of(one["amount"])) for one in made
        ]
        return self.owed[-1]

    @rule(
        target=receipts,
        owed=receivables,
        size=SIZES,
        share=SIZES | st.none(),
        other=st.none() | receivables,
    )
    def receive(self, owed: Owed, size: str, share: str | None, other: Owed | None) -> Came:
        amount = part_of(owed.amount, size, owed.currency)
        receipt = Came("", owed.customer, owed.currency, amount)
        shares: Shares = []
        if share:
            shares.append((owed, part_of(owed.open, share, owed.currency)))
        if other and other is not owed:
            shares.append((other, part_of(other.open, "half", other.currency)))
        reply = self._record(receipt, shares)
        refusal = refusal_of_shares(receipt, shares)
        if refusal is not None:
            assert reply == refusal
            reply, shares = self._record(receipt, []), []
        receipt.id = reply["id"]
        take(receipt, shares)
        self.came.append(receipt)
        return receipt

    def _record(self, receipt: Came, shares: Shares) -> Any:
        return self.ask(
            "record_receipt",
            {
                "payer": "机器 machine",
                "customer_id": receipt.customer,
                "received_on": clock.today().isoformat(),
                "method": "bank",
                "bank_reference": new_id(),
                "amount": money(receipt.amount, receipt.currency),
                "allocations": lines(shares),
            },
        )

    @rule(receipt=receipts, owed=receivables, size=SIZES, of_receipt=st.booleans())
    def allocate(self, receipt: Came, owed: Owed, size: str, of_receipt: bool) -> None:
        limit = receipt.available if of_receipt else owed.open
        shares = [(owed, part_of(limit, size, owed.currency))]
        reply = self.ask("allocate_receipt", {"id": receipt.id, "allocations": lines(shares)})
        refusal = refusal_of_shares(receipt, shares)
        if refusal is not None:
            assert reply == refusal
        else:
            take(receipt, shares)

    @rule(receipt=receipts, owed=receivables, sizes=st.tuples(SIZES, SIZES))
    def allocate_twice_at_once(self, receipt: Came, owed: Owed, sizes: tuple[str, str]) -> None:
        attempts = [[(owed, part_of(owed.open, size, owed.currency))] for size in sizes]
        replies = together(
            [
                functools.partial(
                    self.ask, "allocate_receipt", {"id": receipt.id, "allocations": lines(one)}
                )
                for one in attempts
            ]
        )
        taken = [one for one, reply in zip(attempts, replies, strict=True) if is_reply(reply)]
        possible = [one for one in attempts if refusal_of_shares(receipt, one) is None]
        assert bool(taken) == bool(possible)
        for one in taken:
            assert refusal_of_shares(receipt, one) is None
            take(receipt, one)
        # Whoever lost would lose again now: nobody was refused without need.
        assert all(refusal_of_shares(receipt, one) for one in attempts if one not in taken)

    @rule(
        target=refunds,
        receipt=receipts,
        owed=st.none() | receivables,
        of_paid=st.booleans(),
        size=SIZES,
        then=st.sampled_from((None, "approved", "rejected")),
    )
    def request_refund(
        self, receipt: Came, owed: Owed | None, of_paid: bool, size: str, then: str | None
    ) -> Any:
        if of_paid:  # Rarely hit otherwise: one that this receipt paid.
            owed = next((one for one in self.owed if receipt.lines.get(one.id)), owed)
        limit = receipt.refundable(owed.id if owed else None)
        refund = Back("", receipt, owed, part_of(limit, size, receipt.currency))
        reply = self._request(refund)
        if refund.amount > limit:
            assert reply == "refund_exceeds_collected"
            return multiple()
        refund.id = reply["id"]
        refund.line.held += refund.amount
        if then:
            assert is_reply(self._decide(refund, then, MANAGER))
            apply_decision(refund, then)
        return refund

    def _request(self, refund: Back) -> Any:
        return self.ask(
            "request_refund",
            {
                "receipt_id": refund.receipt.id,
                "receivable_id": refund.receivable.id if refund.receivable else None,
                "amount": money(refund.amount, refund.receipt.currency),
                "reason_code": "overpayment",
                "reason": "退款 refund",
            },
        )

    @rule(refund=refunds, decision=st.sampled_from(("approved", "rejected")))
    def decide_refund(self, refund: Back, decision: str) -> None:
        reply = self._decide(refund, decision, MANAGER)
        if refund.status != "requested":
            assert reply == "refund_not_requested"
        else:
            assert reply["status"] == decision
            apply_decision(refund, decision)

    @rule(refund=refunds)
    def decide_refund_twice_at_once(self, refund: Back) -> None:
        if refund.status != "requested":
            return
        both = (("approved", MANAGER), ("rejected", DIRECTOR))
        replies = together([functools.partial(self._decide, refund, *one) for one in both])
        won = [one for one, reply in zip(both, replies, strict=True) if is_reply(reply)]
        assert len(won) == 1
        apply_decision(refund, won[0][0])

    def _decide(self, refund: Back, decision: str, person: str) -> Any:
        method = "approve_refund" if decision == "approved" else "reject_refund"
        return self.ask(method, {"id": refund.id, "note": "机器"}, person)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat_an_earlier_command(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.done) - 1))
        method, person, payload, key, reply = self.done[index]

        answer = self._call(method, payload, person, key)

        assert (answer.replayed, answer.reply) == (True, reply)

    @invariant()
    def what_is_shown_is_what_the_journal_replays(self) -> None:
        documents = [one.id for one in (*self.owed, *self.came)]
        with self.service.database.transaction(actor_of(REP), read_only=True) as tx:
            balances = replay(map(tuple, tx.execute(_JOURNAL, {"documents": documents})))
            shown = self.all_of(tx, "list_receivables")
            receipts = self.all_of(tx, "list_receipts")
        for owed in self.owed:
            one = shown.pop(owed.id)
            assert cents_of(one["open"]) == owed.open == balances[owed.id] >= 0
            assert cents_of(one["collected"]) == owed.collected >= 0
            assert (one["status"] == "settled") == (owed.open == 0)
        assert not shown
        for came in self.came:
            one = receipts.pop(came.id)
            parts = [cents_of(one[name]) for name in ("allocated", "unapplied", "refunded")]
            assert parts[1] == came.unapplied == balances[came.id] >= 0
            assert parts[2] == came.refunded
            assert sum(parts) == came.amount
            assert cents_of(one["reserved"]) == sum(line.held for line in came.lines.values())
        assert not receipts
        allocated = sum(line.amount - line.refunded for c in self.came for line in paid(c))
        assert allocated == sum(owed.collected for owed in self.owed)


def is_reply(reply: Any) -> bool:
    """Return whether a command was done; otherwise its reply is a code."""
    return isinstance(reply, dict)


def paid(receipt: Came) -> list[Any]:
    """Return the lines of a receipt that pay receivables."""
    return [line for key, line in receipt.lines.items() if key]


def lines(shares: Shares) -> list[dict[str, Any]]:
    """Return shares as they stand in a request."""
    return [
        {"receivable_id": owed.id, "amount": money(amount, owed.currency)}
        for owed, amount in shares
    ]


def test_money_does_not_leak_in_any_history_M7_Y1(clean: None) -> None:
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
