"""C1, C2: the customer archive and the person profile."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chassis.errors import Invalid
from services.customers.domain.customers import age, check, note_contact, register, revise, seen_on
from tests.fixtures.customers import T0, WANG, a_customer

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(1990, 11, 20), TODAY, 36),
        (date(1990, 11, 21), TODAY, 35),
        (date(2026, 11, 20), TODAY, 0),
        (date(2000, 2, 29), date(2026, 2, 28), 25),
        (date(2000, 2, 29), date(2026, 3, 1), 26),
        (None, TODAY, None),
    ],
    ids=["on the birthday", "a day before", "born today", "leap before", "leap after", "unknown"],
)
def test_age_grows_by_itself(born: date | None, today: date, years: int | None) -> None:
    assert age(born, today) == years


def test_a_reader_gets_the_age_of_the_day() -> None:
    person = a_customer(kind="person", birth_date=date(1990, 12, 1))

    assert seen_on(person, TODAY)["age"] == 35
    assert seen_on(person, date(2026, 12, 1))["age"] == 36


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"gender": "female"}, "#/gender", "only_for_persons"),
        ({"hobbies": ("围棋",)}, "#/hobbies", "only_for_persons"),
        ({"kind": "person", "credit_code": "9"}, "#/credit_code", "only_for_organisations"),
        ({"kind": "person", "birth_date": date(2026, 11, 21)}, "#/birth_date", "in_the_future"),
        (
            {"kind": "person", "birth_date": date(1990, 1, 2), "birth_month_day": "01-02"},
            "#/birth_month_day",
            "birth_date_known",
        ),
    ],
    ids=["gender", "hobbies", "credit code", "born tomorrow", "two birthdays"],
)
def test_fields_that_do_not_go_together_are_refused(
    fields: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        check(a_customer(**fields), TODAY)

    assert refusal.value.details["errors"] == [{"pointer": pointer, "code": code, "meta": {}}]


def test_an_unknown_year_of_birth_is_allowed() -> None:
    person, created = register(a_customer(kind="person", birth_month_day="02-29"), TODAY)

    assert seen_on(person, TODAY)["age"] is None
    assert created.after is person


def test_a_change_makes_the_next_version_and_keeps_what_was() -> None:
    customer = a_customer(region="华东")

    after, updated = revise(customer, {"region": "华南"}, by=WANG, now=T0, today=TODAY)

    assert (after.region, after.version, after.updated_by) == ("华南", 2, WANG)
    assert updated is not None
    assert (updated.before.region, updated.after.region) == ("华东", "华南")


def test_a_change_of_nothing_is_no_change() -> None:
    customer = a_customer(region="华东")

    after, updated = revise(customer, {"region": "华东"}, by=WANG, now=T0, today=TODAY)

    assert after is customer
    assert updated is None


def test_external_ids_are_merged_and_null_removes_one() -> None:
    customer = a_customer(external_ids={"erp": "1", "shop": "2"})

    after, _ = revise(
        customer, {"external_ids": {"erp": None, "tax": "3"}}, by=WANG, now=T0, today=TODAY
    )
    cleared, _ = revise(customer, {"external_ids": None}, by=WANG, now=T0, today=TODAY)

    assert after.external_ids == {"shop": "2", "tax": "3"}
    assert cleared.external_ids == {}


def _at(hours: int) -> datetime:
    return T0 + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("known", "plan", "occurred", "next_one", "expected"),
    [
        (None, None, 0, None, (0, None)),
        (None, None, 0, 5, (0, 5)),
        (0, 5, 1, None, (1, 5)),
        (0, 5, 6, None, (6, None)),
        (0, 5, 6, 9, (6, 9)),
        (3, 5, 1, 2, (3, 5)),
        (3, None, 3, None, (3, None)),
    ],
    ids=["first", "with a plan", "plan stands", "plan kept", "new plan", "late", "again"],
)
def test_last_and_next_contact_follow_the_newest_follow_up(
    known: int | None, plan: int | None, occurred: int, next_one: int | None, expected: Any
) -> None:
    def instant(hours: int | None) -> datetime | None:
        return None if hours is None else _at(hours)

    customer = a_customer(last_contact_at=instant(known), next_contact_at=instant(plan))

    after, updated = note_contact(
        customer, occurred_at=_at(occurred), next_contact_at=instant(next_one), by=WANG, now=T0
    )

    last, coming = expected
    assert (after.last_contact_at, after.next_contact_at) == (instant(last), instant(coming))
    assert (updated is not None) == (after.version == 2)
