"""What the sample data will be: alike for equal seeds, sound, and like real life."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from stdnum.cn import uscc

from chassis.phones import e164
from omnibus.sample import SEED, cast
from omnibus.sample.plan import Plan
from omnibus.sample.story import HEADINGS, compose
from schemas import customers, deals, leads
from schemas.contact_points import email

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compose("small", SEED, TODAY)


def test_equal_seeds_make_equal_plans_and_others_make_others(plan: Plan) -> None:
    assert compose("small", SEED, TODAY) == plan
    assert compose("small", SEED + 1, TODAY) != plan


def test_small_has_the_sizes_that_make_run_promises(plan: Plan) -> None:
    rows = len(plan.file) - 1
    converted = sum(1 for customer in plan.customers if customer.lead)
    assert len(plan.customers) == 60
    assert len(plan.leads) + converted + rows == 120
    assert sum(1 for _ in plan.deals()) >= 80
    assert sum(1 for _, deal in plan.deals() if deal.contract) >= 40
    assert sum(len(customer.contacts) for customer in plan.customers) >= 60


def test_credit_codes_hold_under_their_check_digit_and_are_distinct(plan: Plan) -> None:
    codes = [c.facts["credit_code"] for c in plan.customers if "credit_code" in c.facts]
    assert len(set(codes)) == len(codes) > 30
    assert all(uscc.validate(code) == code for code in codes)


def test_every_phone_and_address_can_be_reached(plan: Plan) -> None:
    people = [c.facts for c in plan.customers]
    people += [contact.facts for c in plan.customers for contact in c.contacts]
    people += [lead.facts for lead in plan.leads]
    for facts in people:
        assert e164(facts["phone"]), facts
        assert email(facts.get("email", "a@b.example.com")), facts


def test_every_request_is_one_that_the_services_understand(plan: Plan) -> None:
    some_id = "0197d3a0-0000-7000-8000-000000000001"
    for customer in plan.customers:
        assert not customers.CreateCustomer().validate(dict(customer.facts))
    for lead in plan.leads:
        given = {name: value for name, value in lead.facts.items() if value is not None}
        assert not leads.CreateLead().validate(given)
    for _, deal in plan.deals():
        opportunity = {**deal.facts, "customer_id": some_id}
        assert not deals.CreateOpportunity().validate(opportunity)
        if deal.contract:
            contract = {**deal.contract.facts, "customer_id": some_id}
            assert not deals.CreateContract().validate(contract)


def test_regions_of_china_and_abroad_both_occur(plan: Plan) -> None:
    regions = {customer.facts["region"] for customer in plan.customers}
    assert {"华东", "华北", "西北", "华南"} <= regions
    assert regions & {"EMEA", "APAC", "Americas"}
    assert {"organisation", "person"} == {c.facts["kind"] for c in plan.customers}


def test_money_is_paid_in_full_in_part_late_and_not_at_all(plan: Plan) -> None:
    contracts = [deal.contract for _, deal in plan.deals() if deal.contract]
    approved = [contract for contract in contracts if contract.end == "approved"]
    paid = Counter(
        (index, number)
        for index, contract in enumerate(approved)
        for payment in contract.payments
        for number in payment.shares
    )
    due = [
        (index, number)
        for index, contract in enumerate(approved)
        for number, instalment in enumerate(contract.facts["instalments"], 1)
        if date.fromisoformat(instalment["due_on"]) < TODAY
    ]
    parts = [part for c in approved for payment in c.payments for part in payment.shares.values()]
    assert any(entry not in paid for entry in due), "nothing is overdue"
    assert any(part < 1 for part in parts) and any(part == 1 for part in parts)
    assert {contract.end for contract in contracts} >= {"approved", "draft"}


def test_no_receipt_is_from_the_future_and_no_instalment_is_paid_twice(plan: Plan) -> None:
    for _, deal in plan.deals():
        if deal.contract is None:
            continue
        paid: Counter[int] = Counter()
        for payment in deal.contract.payments:
            assert payment.received_on <= TODAY
            paid.update({number: Decimal(str(part)) for number, part in payment.shares.items()})
        assert all(part <= 1 for part in paid.values())


def test_bank_references_are_distinct(plan: Plan) -> None:
    contracts = [deal.contract for _, deal in plan.deals() if deal.contract]
    known = [p.reference for c in contracts for p in c.payments if p.reference]
    assert len(set(known)) == len(known)


def test_lost_deals_say_why_and_partners_bring_leads(plan: Plan) -> None:
    ends = [deal.end for _, deal in plan.deals() if deal.end]
    reasons = {facts["reason"] for verb, facts in ends if verb == "lose"}
    assert len(reasons) >= 3
    authors = {lead.author for lead in plan.leads}
    assert set(cast.PARTNERS) <= authors


def test_the_same_prospects_come_twice_and_the_file_has_rows_that_are_no_leads(plan: Plan) -> None:
    phones = Counter(lead.facts["phone"] for lead in plan.leads)
    assert max(phones.values()) == 2
    column = HEADINGS.index("手机")
    written = [row[column] for row in plan.file[1:]]
    assert len(set(written)) < len(written)
    assert any(e164(text) is None for text in written)
    names = [str(customer.facts["name"]) for customer in plan.customers]
    assert any(f"{name[:-2]}有限公司" in names for name in names if not name.endswith("有限公司"))


def test_the_first_customer_has_something_for_every_section(plan: Plan) -> None:
    """C20: the view that `make run` shows has no empty section."""
    first = plan.customers[0]
    won = first.deals[0]
    assert first.lead is not None and first.lead.author in cast.PARTNERS
    assert first.contacts and first.follow_ups
    assert won.end is not None and won.end[0] == "win"
    assert won.contract is not None and won.contract.end == "approved"
    assert won.contract.payments and any(payment.refund for payment in won.contract.payments)


def test_who_approves_never_wrote_it_and_leads_the_team_of_who_did(plan: Plan) -> None:
    teams = {member.key: member for member in cast.CAST}
    for customer in plan.customers:
        assert customer.owner != customer.approver
        above, below = teams[customer.approver], teams[customer.owner]
        assert above.role == "manager" and below.team_path.startswith(above.team_path)
