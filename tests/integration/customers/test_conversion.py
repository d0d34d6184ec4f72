"""L18: the steps that a conversion asks of customers, through the pipeline."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from chassis.errors import CRMError, Forbidden, NotFound, Refused, Unavailable
from chassis.ids import new_id
from services.customers.persistence.tables import metadata
from services.customers.service import CustomersService
from tests.fixtures.customers import (
    admin,
    answer,
    ask,
    chen,
    conversion_request,
    customer_facts,
    li,
    outbox,
    saga,
)

CODE = "91110000600037341L"


def _make(service: CustomersService, request: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = ask(service.make_customer_for_conversion, request, saga)
    return made


def _confirm(service: CustomersService, request: dict[str, Any]) -> dict[str, Any]:
    by = {"conversion_id": request["conversion_id"]}
    confirmed: dict[str, Any] = ask(service.confirm_conversion, by, saga)
    return confirmed


def _cancel(service: CustomersService, request: dict[str, Any]) -> Any:
    return ask(service.cancel_conversion, {"conversion_id": request["conversion_id"]}, saga)


def _count(service: CustomersService, table: str) -> int:
    with service.database.transaction(admin) as tx:
        return int(tx.value(select(func.count()).select_from(metadata.tables[table])))


def test_a_new_customer_and_contact_appear_with_the_confirmation(
    service: CustomersService,
) -> None:
    request = conversion_request()
    made = _make(service, request)

    confirmed = _confirm(service, request)

    assert made["matched"] is False
    assert confirmed["records"] == [
        {"type": "customer", "id": made["customer_id"], "action": "created"},
        {"type": "contact", "id": made["contact_id"], "action": "created"},
    ]
    customer = ask(service.get_customer, {"id": made["customer_id"]}, li)
    contact = ask(service.get_contact, {"id": made["contact_id"]}, li)
    assert (customer["name"], customer["version"]) == ("杭州拓海科技有限公司", 1)
    assert contact["customers"][0]["is_primary"] is True
    assert [event["type"] for event in outbox(service)] == ["customer_created", "contact_created"]


def test_nothing_provisional_is_visible_anywhere(service: CustomersService) -> None:
    """C20 and L18: list, count, read, search, section, subject, contacts of other customers."""
    ask(service.create_customer, customer_facts(), li)
    made = _make(service, conversion_request())
    customer_id, contact_id = made["customer_id"], made["contact_id"]

    for actor in (li, admin):
        listed = ask(service.list_customers, {"count": "exact"}, actor)
        assert (len(listed["items"]), listed["total"]) == (1, 1)
        assert ask(service.list_customers, {"q": "拓海"}, actor)["items"] == []
        contacts = ask(service.list_contacts, {"count": "exact"}, actor)
        assert (contacts["items"], contacts["total"]) == ([], 0)
        assert ask(service.list_contacts, {"q": "周瑜"}, actor)["items"] == []
        by = {"filters": {"customer_id": customer_id}}
        assert ask(service.list_contacts, by, actor)["items"] == []
        for method, asked in (
            (service.get_customer, {"id": customer_id}),
            (service.get_contact, {"id": contact_id}),
            (service.authorize_subject, {"id": customer_id}),
            (service.update_customer, {"id": customer_id, "region": "x"}),
            (service.update_contact, {"id": contact_id, "name": "x"}),
            (service.get_customer_sections, {"customer_id": customer_id, "sections": ["profile"]}),
        ):
            with pytest.raises(NotFound):
                ask(method, asked, actor)
    assert len(outbox(service)) == 1


def test_a_provisional_contact_of_a_known_customer_stays_out_of_its_view(
    service: CustomersService,
) -> None:
    known = ask(service.create_customer, customer_facts(), li)["id"]
    made = _make(service, {**conversion_request(), "customer_id": known})

    asked = {"customer_id": known, "sections": ["contacts"]}
    section = ask(service.get_customer_sections, asked, li)["sections"]["contacts"]

    assert made["customer_id"] == known
    assert section["data"] == {"total": 0, "items": []}
    follow_up = {"kind": "call", "body": "x", "subject_type": "customer", "subject_id": known}
    with pytest.raises(CRMError, match="invalid_request"):
        ask(service.record_follow_up, {**follow_up, "contact_id": made["contact_id"]}, li)


@pytest.mark.parametrize(
    ("known", "lead"),
    [
        ({"credit_code": CODE}, {"name": "全新名字", "credit_code": CODE, "phone": None}),
        ({"phone": "+86 571 8888 6666"}, {"name": "全新名字"}),
        ({"email": "hi@tuohai.com"}, {"name": "全新名字", "phone": None, "email": "HI@tuohai.com"}),
        ({"name": "杭州拓海科技"}, {"phone": None}),
    ],
    ids=["credit code", "phone", "e-mail", "name"],
)
def test_a_known_customer_is_matched(
    service: CustomersService, known: dict[str, Any], lead: dict[str, Any]
) -> None:
    existing = ask(service.create_customer, customer_facts(**known), chen)["id"]

    made = _make(service, conversion_request(**lead))

    assert (made["customer_id"], made["matched"]) == (existing, True)


def test_only_empty_fields_of_a_match_are_filled_and_only_at_the_end(
    service: CustomersService,
) -> None:
    facts = customer_facts(phone="0571-88886666", region="华南")
    known = ask(service.create_customer, facts, li)
    request = conversion_request(region="华东", industry="软件", email="hi@tuohai.com")
    _make(service, request)
    between = ask(service.get_customer, {"id": known["id"]}, li)

    confirmed = _confirm(service, request)

    after = ask(service.get_customer, {"id": known["id"]}, li)
    assert between == known
    assert (after["region"], after["industry"], after["email"]) == ("华南", "软件", "hi@tuohai.com")
    assert after["name"] == known["name"]
    assert confirmed["records"][0]["action"] == "updated"
    updated = next(e for e in outbox(service) if e["type"] == "customer_updated")
    assert updated["data"]["changes"]["industry"] == [None, "软件"]


def test_a_match_that_lacks_nothing_is_not_touched(service: CustomersService) -> None:
    facts = customer_facts(phone="0571-88886666", region="华南")
    ask(service.create_customer, facts, li)
    request = {**conversion_request(), "contact": None}
    _make(service, request)

    assert _confirm(service, request)["records"] == []
    assert len(outbox(service)) == 1


def test_the_person_of_a_lead_is_found_among_the_contacts(service: CustomersService) -> None:
    known = ask(service.create_customer, customer_facts(phone="0571-88886666"), li)["id"]
    contact = {"name": "周瑜", "phone": "+8613800138001", "customers": [{"customer_id": known}]}
    existing = ask(service.create_contact, contact, li)["id"]
    request = conversion_request()

    made = _make(service, request)
    _confirm(service, request)

    assert made["contact_id"] == existing
    assert ask(service.get_contact, {"id": existing}, li)["job_title"] == "采购经理"


def test_a_new_contact_of_a_match_does_not_displace_the_primary(service: CustomersService) -> None:
    """C5."""
    known = ask(service.create_customer, customer_facts(phone="0571-88886666"), li)["id"]
    place = [{"customer_id": known, "is_primary": True}]
    ask(service.create_contact, {"name": "黄盖", "customers": place}, li)
    request = conversion_request()

    made = _make(service, request)
    _confirm(service, request)

    contact = ask(service.get_contact, {"id": made["contact_id"]}, li)
    assert contact["customers"][0]["is_primary"] is False


def test_a_customer_can_be_named_if_the_person_sees_it(service: CustomersService) -> None:
    mine = ask(service.create_customer, customer_facts(), li)["id"]
    chens = ask(service.create_customer, customer_facts(), chen)["id"]

    made = _make(service, {**conversion_request(), "customer_id": mine})

    assert made["customer_id"] == mine
    with pytest.raises(NotFound):
        _make(service, {**conversion_request(), "customer_id": chens})


def test_steps_sent_again_do_nothing_more(service: CustomersService) -> None:
    request = conversion_request()

    made = [_make(service, request) for _ in range(3)]
    confirmed = [_confirm(service, request) for _ in range(3)]

    assert made[0] == made[1] == made[2] == _make(service, request)
    assert confirmed[0] == confirmed[1] == confirmed[2]
    assert (_count(service, "customers"), _count(service, "contacts")) == (1, 1)
    assert len(outbox(service)) == 2


def test_a_step_sent_again_with_its_key_is_replayed(service: CustomersService) -> None:
    request = conversion_request()
    first = answer(service.make_customer_for_conversion, request, saga, key="c1:customer")

    again = answer(service.make_customer_for_conversion, request, saga, key="c1:customer")

    assert again.replayed
    assert again.reply == first.reply


def test_twenty_equal_makes_at_once_make_one_customer(service: CustomersService) -> None:
    request = conversion_request()
    barrier = Barrier(20)

    def make(_: int) -> str:
        barrier.wait()
        while True:
            try:
                return str(_make(service, request)["customer_id"])
            except Unavailable:
                time.sleep(0.02)

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(make, range(20)))) == 1
    assert _count(service, "customers") == 1


def test_twenty_conversions_of_one_prospect_make_one_customer(service: CustomersService) -> None:
    barrier = Barrier(20)

    def convert(number: int) -> tuple[str, bool]:
        request = conversion_request()
        request["contact"]["phone"] = f"138001380{number:02}"
        request["contact"]["name"] = f"联系人 {number}"
        barrier.wait()
        while True:
            try:
                made = _make(service, request)
                break
            except Unavailable:
                time.sleep(0.02)
        while True:
            try:
                _confirm(service, request)
                return made["customer_id"], made["matched"]
            except Unavailable:
                time.sleep(0.02)

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(convert, range(20)))

    assert len({customer_id for customer_id, _ in outcomes}) == 1
    assert [matched for _, matched in outcomes].count(False) == 1
    assert ask(service.list_customers, {"count": "exact"}, li)["total"] == 1
    contacts = ask(service.list_contacts, {"limit": 50}, li)["items"]
    assert len(contacts) == 20
    assert sum(place["is_primary"] for item in contacts for place in item["customers"]) == 1


def test_another_conversion_waits_while_its_customer_is_provisional(
    service: CustomersService,
) -> None:
    first, second = conversion_request(), conversion_request()
    _make(service, first)

    with pytest.raises(Unavailable, match="conversion_in_progress"):
        _make(service, second)

    _cancel(service, first)
    assert _make(service, second)["matched"] is False


def test_a_cancellation_removes_what_was_made(service: CustomersService) -> None:
    request = conversion_request()
    _make(service, request)

    assert _cancel(service, request) == {}
    assert _cancel(service, request) == {}

    assert (_count(service, "customers"), _count(service, "contacts")) == (0, 0)
    assert _count(service, "contact_customers") == 0
    assert outbox(service) == []
    with pytest.raises(Refused, match="conversion_cancelled"):
        _confirm(service, request)


def test_a_cancellation_leaves_a_matched_customer_alone(service: CustomersService) -> None:
    known = ask(service.create_customer, customer_facts(phone="0571-88886666"), li)
    request = conversion_request()
    made = _make(service, request)

    _cancel(service, request)

    assert made["matched"] is True
    assert ask(service.get_customer, {"id": known["id"]}, li) == known
    assert _count(service, "contacts") == 0


def test_a_make_that_comes_after_its_cancellation_is_refused(service: CustomersService) -> None:
    request = conversion_request()
    _cancel(service, request)

    with pytest.raises(Refused, match="conversion_cancelled"):
        _make(service, request)

    assert _count(service, "customers") == 0


def test_a_make_and_its_cancellation_at_once_leave_nothing(service: CustomersService) -> None:
    requests = [conversion_request(name=f"公司 {n}", phone=None) for n in range(10)]
    barrier = Barrier(20)

    def run(number: int) -> str:
        request = requests[number // 2]
        barrier.wait()
        try:
            (_cancel if number % 2 else _make)(service, request)
        except (Refused, Unavailable) as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(run, range(20)))
    for request in requests:
        _cancel(service, request)

    assert set(outcomes) <= {"done", "conversion_cancelled", "database_busy"}
    assert (_count(service, "customers"), _count(service, "contacts")) == (0, 0)


def test_what_is_confirmed_can_not_be_cancelled(service: CustomersService) -> None:
    request = conversion_request()
    _make(service, request)
    _confirm(service, request)

    with pytest.raises(Refused, match="conversion_confirmed"):
        _cancel(service, request)
    with pytest.raises(NotFound):
        _confirm(service, conversion_request())


def test_only_leads_may_call_the_steps(service: CustomersService) -> None:
    with pytest.raises(Forbidden, match="caller_not_allowed"):
        ask(service.make_customer_for_conversion, conversion_request(), li)
    with pytest.raises(Forbidden, match="caller_not_allowed"):
        ask(service.cancel_conversion, {"conversion_id": new_id()}, li)


def test_a_credit_code_given_away_meanwhile_does_not_stop_the_confirmation(
    service: CustomersService,
) -> None:
    """After the pivot a conversion can not be refused, so the field stays empty."""
    known = ask(service.create_customer, customer_facts(phone="0571-88886666"), li)["id"]
    request = conversion_request(credit_code=CODE)
    _make(service, request)
    ask(service.create_customer, customer_facts(name="另一家", credit_code=CODE), li)

    confirmed = _confirm(service, request)

    assert confirmed["customer_id"] == known
    assert ask(service.get_customer, {"id": known}, li)["credit_code"] is None


def test_a_number_that_nobody_can_dial_does_not_stop_a_conversion(
    service: CustomersService,
) -> None:
    request = conversion_request(phone="见名片", email="无")
    made = _make(service, request)
    _confirm(service, request)

    customer = ask(service.get_customer, {"id": made["customer_id"]}, li)
    assert (customer["phone"], customer["phone_e164"], customer["email"]) == ("见名片", None, "无")
