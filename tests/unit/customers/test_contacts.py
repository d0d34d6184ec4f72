"""C5: contacts, their memberships and reporting lines."""

import pytest

from chassis.errors import Invalid, Refused
from chassis.ids import new_id
from services.customers.domain.contacts import Membership, check_line, members, revise, step_down
from tests.fixtures.customers import T0, WANG, a_contact

ONE, TWO = new_id(), new_id()


def test_a_contact_may_belong_to_several_customers() -> None:
    given = [Membership(customer_id=ONE, role="decider"), Membership(customer_id=TWO)]

    assert members(given) == tuple(given)


def test_memberships_out_of_sight_are_kept() -> None:
    hidden = [Membership(customer_id=TWO, role="user")]

    assert members([Membership(customer_id=ONE)], hidden)[1] == hidden[0]


def test_a_contact_of_no_customer_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        members([])

    assert refusal.value.details["errors"][0]["code"] == "required"


def test_naming_a_customer_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        members([Membership(customer_id=ONE), Membership(customer_id=ONE)])

    assert refusal.value.details["errors"][0]["pointer"] == "#/customers/1/customer_id"


def test_a_contact_steps_down_only_where_another_is_primary_now() -> None:
    contact = a_contact(
        customers=(
            Membership(customer_id=ONE, is_primary=True),
            Membership(customer_id=TWO, is_primary=True),
        )
    )

    after, updated = step_down(contact, [ONE], by=WANG, now=T0)

    assert [place.is_primary for place in after.customers] == [False, True]
    assert updated is not None


def test_a_change_of_nothing_is_no_change() -> None:
    contact = a_contact(ONE)

    assert revise(contact, {"name": contact.name}, by=WANG, now=T0) == (contact, None)


def test_a_contact_reports_to_somebody_of_a_customer_they_share() -> None:
    boss = a_contact(ONE, TWO)

    check_line(a_contact(ONE, reports_to_id=boss.id), boss, [])
    check_line(a_contact(ONE), None, [])


def test_a_circle_of_reporting_lines_is_refused() -> None:
    contact = a_contact(ONE, reports_to_id=new_id())
    boss = a_contact(ONE)

    with pytest.raises(Refused, match="reporting_cycle"):
        check_line(contact, boss, [new_id(), contact.id])
    with pytest.raises(Refused, match="reporting_cycle"):
        check_line(contact, contact, [])


def test_a_boss_at_another_customer_is_refused() -> None:
    boss = a_contact(TWO)

    with pytest.raises(Refused, match="reports_to_other_customer"):
        check_line(a_contact(ONE, reports_to_id=boss.id), boss, [])


def test_an_unknown_boss_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        check_line(a_contact(ONE, reports_to_id=new_id()), None, [])

    assert refusal.value.details["errors"][0]["code"] == "unknown_contact"


def test_the_first_customer_carries_the_events_of_a_contact() -> None:
    assert a_contact(TWO, ONE).customer_id == TWO
    assert a_contact().customer_id is None
