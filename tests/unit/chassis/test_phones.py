"""Phone numbers in one comparable form."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.phones import e164


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("010-8888 6666", "+861088886666"),
        ("021-61234567 转 801", "+862161234567"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("keine", None),
        ("", None),
        ("1", None),
    ],
)
def test_a_number_is_brought_into_one_form(typed: str, expected: str | None) -> None:
    assert e164(typed) == expected


@given(
    prefix=st.sampled_from(["", "+86", "86", "0086", "+86 ", "86-"]),
    digits=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    gap=st.sampled_from(["", " ", "-"]),
)
def test_the_quick_way_agrees_with_the_library(prefix: str, digits: str, gap: str) -> None:
    typed = f"{prefix}{digits[:3]}{gap}{digits[3:7]}{gap}{digits[7:]}"
    number = phonenumbers.parse(typed, "CN")

    assert e164(typed) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
