"""Bulk records: computed from their number alone, so five databases agree without talking."""

from datetime import date
from decimal import Decimal

import pytest
from stdnum.cn import uscc

from chassis.ids import is_id
from omnibus.problem import Problem
from omnibus.sample.bulk import SIZES, Counts
from omnibus.sample.bulk.records import Bulk, identity

COUNTS = Counts(customers=40, contacts=120, deals=120, activities=200, receivables=120, leads=30)
BULK = Bulk(COUNTS, date(2026, 11, 22))


def test_full_is_as_large_as_the_figures_demand() -> None:
    full = SIZES["full"]
    assert (full.customers, full.contacts, full.deals) == (20_000, 60_000, 60_000)
    assert (full.activities, full.receivables) == (100_000, 60_000)


def test_ids_are_ids_distinct_over_all_kinds_and_sort_by_number() -> None:
    kinds = ("person", "lead", "customer", "contact", "deal", "contract", "activity", "event")
    ids = [identity(kind, n) for kind in kinds for n in (0, 1, 99_999)]
    assert all(map(is_id, ids))
    assert len(set(ids)) == len(ids)
    assert identity("lead", 9) < identity("lead", 10) < identity("lead", 100_000)


def test_company_names_and_credit_codes_of_a_full_data_set_are_distinct() -> None:
    bulk = Bulk(SIZES["full"], date(2026, 11, 22))
    names = {bulk.customer_name(n) for n in range(20_000)}
    codes = [bulk.customer(n)["credit_code"] for n in range(0, 20_000, 97)]
    assert len(names) == 20_000
    assert len(set(codes)) == len(codes)
    assert all(uscc.is_valid(code) for code in codes)


def test_instalments_of_a_contract_sum_to_its_total_and_equal_its_receivables() -> None:
    for n in range(COUNTS.contracts):
        contract = BULK.contract(n)
        owed = [BULK.receivable(3 * n + i) for i in range(3)]
        plan = [Decimal(item["amount"]) for item in contract["instalments"]]
        assert sum(plan) == contract["total_amount"]
        assert plan == [row["amount_amount"] for row in owed]
        assert {row["customer_id"] for row in owed} == {contract["customer_id"]}
        assert {row["contract_id"] for row in owed} == {contract["id"]}


def test_nothing_is_paid_beyond_what_is_owed() -> None:
    for n in range(COUNTS.receivables):
        assert 0 <= BULK.paid(n) <= BULK.receivable(n)["amount_amount"]


def test_a_converted_lead_and_its_customer_name_each_other() -> None:
    for n in range(COUNTS.converted):
        lead = BULK.lead(n)
        assert lead["customer_id"] == BULK.customer(n)["id"]
        assert lead["company"] == BULK.customer(n)["name"]


def test_contracts_come_from_won_deals_and_are_approved_by_somebody_else() -> None:
    for n in range(COUNTS.contracts):
        contract = BULK.contract(n)
        assert contract["opportunity_id"] == BULK.deal(n)["id"]
        assert BULK.deal(n)["status"] == "won"
        assert contract["approved_by"] not in (contract["created_by"], contract["submitted_by"])


def test_counts_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(Problem):
        Counts(customers=10, contacts=0, deals=2, activities=0, receivables=30, leads=0)
