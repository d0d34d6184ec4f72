"""C1, C2: the archive on its real database, through the pipeline."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, CRMError, Forbidden, Invalid, NotFound
from chassis.ids import new_id
from services.customers.service import CustomersService
from tests.fixtures.customers import (
    CHEN,
    WANG,
    admin,
    answer,
    ask,
    chen,
    customer_facts,
    li,
    outbox,
    partner,
    wang,
    zhao,
)

CODE = "91110000600037341L"


def _create(service: CustomersService, actor: Any = li, **fields: Any) -> dict[str, Any]:
    reply: dict[str, Any] = ask(service.create_customer, customer_facts(**fields), actor)
    return reply


def _names(reply: dict[str, Any]) -> list[str]:
    return [item["name"] for item in reply["items"]]


def test_a_customer_enters_the_archive(service: CustomersService) -> None:
    made = _create(
        service, credit_code=CODE, phone="021-5888 1234", email="Zhou@YUNFAN.com", region="华东",
        external_ids={"erp": "C-77"},
    )  # fmt: skip

    year = clock.today().year
    assert made["number"].startswith(f"KH-{year}-")
    assert made["owner_id"] == li.id
    assert made["phone_e164"] == "+862158881234"
    assert made["email"] == "Zhou@yunfan.com"
    assert ask(service.get_customer, {"id": made["id"]}, li) == made
    [event] = outbox(service)
    assert (event["type"], event["customerid"]) == ("customer_created", made["id"])
    assert event["data"]["changes"] == {}
    assert event["data"]["after"]["external_ids"] == {"erp": "C-77"}


def test_each_field_change_keeps_old_value_author_and_time(service: CustomersService) -> None:
    """C1."""
    made = _create(service, region="华东")

    changed = ask(
        service.update_customer,
        {"id": made["id"], "expected_version": 1, "region": "华南", "industry": "制造"},
        zhao,
    )

    event = outbox(service)[-1]
    assert (changed["version"], changed["region"]) == (2, "华南")
    assert event["type"] == "customer_updated"
    assert event["actor"] == zhao.id
    assert event["time"] == changed["updated_at"]
    changes = event["data"]["changes"]
    assert changes["region"] == ["华东", "华南"]
    assert changes["industry"] == [None, "制造"]


def test_the_phone_follows_its_normal_form_and_null_clears(service: CustomersService) -> None:
    made = _create(service, phone="021-5888 1234")

    cleared = ask(service.update_customer, {"id": made["id"], "phone": None}, li)

    assert (cleared["phone"], cleared["phone_e164"]) == (None, None)


def test_an_update_of_nothing_publishes_nothing(service: CustomersService) -> None:
    made = _create(service, region="华东")

    same = ask(service.update_customer, {"id": made["id"], "region": "华东"}, li)

    assert same["version"] == 1
    assert len(outbox(service)) == 1


def test_a_version_that_has_passed_is_refused(service: CustomersService) -> None:
    made = _create(service)
    ask(service.update_customer, {"id": made["id"], "region": "华东"}, li)

    with pytest.raises(Conflict) as refusal:
        ask(
            service.update_customer,
            {"id": made["id"], "expected_version": 1, "region": "华南"},
            li,
        )

    assert (refusal.value.code, refusal.value.details) == ("stale_version", {"current_version": 2})


def test_a_person_has_an_age_that_is_not_stored(service: CustomersService) -> None:
    """C2."""
    today = clock.today()
    born = today.replace(year=today.year - 30, day=1)
    person = _create(
        service, kind="person", name="张伟", birth_date=born.isoformat(), gender="male",
        hobbies=["围棋", "登山"], risk_attitude="neutral",
    )  # fmt: skip
    unknown_year = _create(service, kind="person", name="李娜", birth_month_day="02-29")

    assert person["age"] == 30
    assert person["hobbies"] == ["围棋", "登山"]
    assert unknown_year["age"] is None
    assert "age" not in outbox(service)[0]["data"]["after"]


def test_a_credit_code_is_given_once(service: CustomersService) -> None:
    _create(service, credit_code=CODE)

    with pytest.raises(Conflict, match="duplicate_credit_code"):
        _create(service, name="另一家", credit_code=CODE)


def test_an_external_id_is_given_once_per_system(service: CustomersService) -> None:
    """X1."""
    first = _create(service, external_ids={"erp": "C-77"})
    _create(service, name="另一家", external_ids={"shop": "C-77"})

    with pytest.raises(Conflict, match="external_id_conflict"):
        _create(service, name="又一家", external_ids={"erp": "C-77"})

    ask(service.update_customer, {"id": first["id"], "external_ids": {"erp": None}}, li)
    assert _create(service, name="又一家", external_ids={"erp": "C-77"})["external_ids"]


def test_twenty_at_once_with_one_external_id_make_one_customer(service: CustomersService) -> None:
    """X1."""
    barrier = Barrier(20)

    def create(number: int) -> str:
        barrier.wait()
        try:
            _create(service, name=f"公司 {number}", external_ids={"erp": "C-1"})
        except CRMError as refusal:
            return refusal.code
        return "made"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(create, range(20)))

    assert outcomes.count("made") == 1
    assert set(outcomes) <= {"made", "external_id_conflict", "database_busy"}


def test_a_repeated_key_returns_the_first_customer(service: CustomersService) -> None:
    first = answer(service.create_customer, customer_facts(), li, key="k1")
    again = answer(service.create_customer, customer_facts(), li, key="k1")

    assert again.replayed
    assert again.reply == first.reply
    assert len(outbox(service)) == 1
    with pytest.raises(Invalid, match="key_reused_with_other_payload"):
        ask(service.create_customer, customer_facts(region="华南"), li, key="k1")


def test_reach_decides_what_is_listed_and_read(service: CustomersService) -> None:
    """C1: own, team, all."""
    lis = _create(service, li, name="李的客户")
    chens = _create(service, chen, name="陈的客户")

    def listed(actor: Any) -> tuple[list[str], int]:
        reply = ask(service.list_customers, {"count": "exact", "sort": "name"}, actor)
        return _names(reply), reply["total"]

    assert listed(li) == (["李的客户"], 1)
    assert listed(wang) == ([], 0)
    assert listed(zhao) == (["李的客户"], 1)
    assert listed(admin) == (["李的客户", "陈的客户"], 2)
    assert listed(partner) == ([], 0)
    assert ask(service.get_customer, {"id": lis["id"]}, zhao)["name"] == "李的客户"
    for actor, customer in ((wang, lis), (zhao, chens), (partner, lis)):
        with pytest.raises(NotFound):
            ask(service.get_customer, {"id": customer["id"]}, actor)
    with pytest.raises(NotFound):
        ask(service.update_customer, {"id": lis["id"], "region": "x"}, wang)


def test_a_customer_is_put_in_the_charge_of_people_within_reach(service: CustomersService) -> None:
    given = _create(service, zhao, owner_id=WANG)

    assert ask(service.get_customer, {"id": given["id"]}, wang)["owner_id"] == WANG
    with pytest.raises(Forbidden, match="not_permitted"):
        _create(service, li, owner_id=WANG)
    with pytest.raises(Forbidden, match="not_permitted"):
        ask(service.update_customer, {"id": given["id"], "owner_id": CHEN}, zhao)
    with pytest.raises(Invalid) as refusal:
        _create(service, zhao, owner_id=new_id())
    assert refusal.value.details["errors"][0]["code"] == "unknown_person"


def test_a_role_without_the_permission_is_refused(service: CustomersService) -> None:
    with pytest.raises(Forbidden, match="missing_permission"):
        _create(service, partner)


def test_a_subject_is_authorized_for_whom_it_is_visible(service: CustomersService) -> None:
    made = _create(service)

    found = ask(service.authorize_subject, {"id": made["id"]}, zhao)
    with pytest.raises(NotFound):
        ask(service.authorize_subject, {"id": made["id"]}, chen)
    with pytest.raises(Forbidden):
        ask(service.authorize_subject, {"id": made["id"], "permission": "customers:melt"}, li)

    assert found == {"subject": f"customer/{made['id']}", "customer_id": made["id"]}


def test_filters_narrow_a_list(service: CustomersService) -> None:
    _create(service, name="华东甲", region="华东", industry="制造", level="A")
    _create(service, name="华东乙", region="华东", industry="金融")
    _create(service, name="赵先生", kind="person", region="华南")

    def listed(**filters: str) -> list[str]:
        flat = {name.replace("__", "."): value for name, value in filters.items()}
        return _names(ask(service.list_customers, {"filters": flat, "sort": "name"}, li))

    assert listed(region="华东") == ["华东乙", "华东甲"]
    assert listed(region="华东", industry="金融") == ["华东乙"]
    assert listed(kind="person") == ["赵先生"]
    assert listed(level="A") == ["华东甲"]
    assert listed(name__contains="甲") == ["华东甲"]
    assert listed(owner_id="me", region="华东,华南") == ["华东乙", "华东甲", "赵先生"]
    assert listed(last_contact_at__is_null="true", kind="person") == ["赵先生"]
    assert listed(last_contact_at__gte="2020-01-01T00:00:00Z") == []
    assert listed(created_at__lt="2020-01-01T00:00:00Z") == []
    with pytest.raises(Invalid) as refusal:
        listed(regoin="华东")
    assert refusal.value.details["errors"][0]["meta"] == {"did_you_mean": "region"}


def test_a_part_of_the_name_or_number_finds_a_customer(service: CustomersService) -> None:
    made = _create(service, name="上海云帆信息技术有限公司", phone="021-58881234")
    _create(service, name="Blue Ocean Trading")

    def found(wanted: str) -> list[str]:
        return _names(ask(service.list_customers, {"q": wanted}, li))

    assert found("云帆") == ["上海云帆信息技术有限公司"]
    assert found("云帆 技术") == ["上海云帆信息技术有限公司"]
    assert found("OCEAN") == ["Blue Ocean Trading"]
    assert found(made["number"]) == ["上海云帆信息技术有限公司"]
    assert found("5888") == ["上海云帆信息技术有限公司"]
    assert found("云海") == []


@pytest.mark.parametrize("sort", ["-created_at", "name", "last_contact_at", "-next_contact_at"])
def test_a_cursor_walks_every_customer_once(service: CustomersService, sort: str) -> None:
    made = {_create(service, name=f"客户 {number}")["id"] for number in range(7)}
    for customer_id in sorted(made)[:3]:
        follow_up = {"kind": "call", "subject_type": "customer", "subject_id": customer_id}
        ask(service.record_follow_up, {**follow_up, "body": "电话"}, li)

    walked: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, "sort": sort, "cursor": cursor}
        reply = ask(service.list_customers, query, li)
        walked += [item["id"] for item in reply["items"]]
        cursor = reply["next_cursor"]
        assert reply["has_more"] == (cursor is not None)
        if cursor is None:
            break

    assert len(walked) == 7
    assert set(walked) == made
