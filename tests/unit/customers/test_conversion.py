"""L18: this service's part of a conversion."""

from dataclasses import replace

import pytest

from chassis.errors import NotFound, Refused
from chassis.ids import new_id
from services.customers.domain.conversion import (
    Conversion,
    cancelled,
    check_made,
    check_not_cancelled,
    fill_empty,
    keys_of,
    same_contact,
)
from tests.fixtures.customers import T0, WANG, a_contact, a_customer

ONE = new_id()


def test_only_empty_fields_of_a_matched_record_are_filled() -> None:
    customer = a_customer(region="华东", industry=None)

    after = fill_empty(customer, {"region": "华南", "industry": "制造"}, by=WANG, now=T0)

    assert (after.region, after.industry, after.version) == ("华东", "制造", 2)


def test_nothing_to_fill_leaves_the_record_as_it_is() -> None:
    customer = a_customer(region="华东")

    assert fill_empty(customer, {"region": "华南", "email": None}, by=WANG, now=T0) is customer


def test_a_phone_number_is_filled_with_its_normal_form_or_not_at_all() -> None:
    facts = {"phone": "021-88888888", "phone_e164": "+862188888888"}

    filled = fill_empty(a_customer(), facts, by=WANG, now=T0)
    kept = fill_empty(a_customer(phone="总机"), facts, by=WANG, now=T0)

    assert (filled.phone, filled.phone_e164) == ("021-88888888", "+862188888888")
    assert (kept.phone, kept.phone_e164) == ("总机", None)


def test_a_conversion_can_not_be_cancelled_once_confirmed() -> None:
    made = Conversion(id=ONE, state="made")

    assert cancelled(made).state == "cancelled"
    assert cancelled(cancelled(made)).state == "cancelled"
    with pytest.raises(Refused, match="conversion_confirmed"):
        cancelled(replace(made, state="confirmed"))


def test_a_cancelled_conversion_can_not_go_on() -> None:
    gone = Conversion(id=ONE, state="cancelled")

    with pytest.raises(Refused, match="conversion_cancelled"):
        check_not_cancelled(gone)
    with pytest.raises(Refused, match="conversion_cancelled"):
        check_made(gone, ONE)


def test_a_conversion_that_made_nothing_can_not_be_confirmed() -> None:
    with pytest.raises(NotFound):
        check_made(None, ONE)


def test_a_lead_person_is_found_by_phone_before_e_mail_before_name() -> None:
    by_name = a_contact(ONE, name="周 瑜")
    by_email = a_contact(ONE, name="Yu", email="Yu@tuohai.example")
    by_phone = a_contact(ONE, name="阿瑜", phone_e164="+8613800138001")
    known = [by_name, by_email, by_phone]
    phone, email = "+8613800138001", "yu@tuohai.example"

    assert same_contact(known, name="周瑜", phone_e164=phone, email=email) is by_phone
    assert same_contact(known, name="周瑜", phone_e164=None, email=email) is by_email
    assert same_contact(known, name="周瑜", phone_e164=None, email=None) is by_name


def test_a_namesake_with_another_number_is_somebody_else() -> None:
    known = [a_contact(ONE, phone_e164="+8613800138002")]

    assert same_contact(known, name="周瑜", phone_e164="+8613800138001", email=None) is None


def test_match_keys_of_what_is_filled_are_known() -> None:
    assert keys_of({"email": "A@b.example", "region": "华东"}) == ["email:a@b.example"]
