"""Refusals: a kind, a code, details; over the bus and back."""

import pytest

from chassis.errors import KINDS, InternalError, Invalid, from_wire


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_back_from_the_wire_as_itself(kind: str) -> None:
    error = from_wire(kind, "a_code", {"limit": 3})

    assert (error.kind, error.code, error.details, str(error)) == (
        kind, "a_code", {"limit": 3}, "a_code",
    )  # fmt: skip


def test_an_unknown_kind_is_an_internal_error_without_details() -> None:
    error = from_wire("ValueError", "internal_error", {"secret": 1})

    assert type(error) is InternalError and error.details == {}


def test_details_that_are_named_like_an_argument_come_back_too() -> None:
    assert from_wire("Refused", "a_code", {"code": "x", "self": 1}).details == {
        "code": "x", "self": 1,
    }  # fmt: skip


def test_one_wrong_field_is_a_list_of_one() -> None:
    assert Invalid.field("#/amount", "negative", minimum=0).details == {
        "errors": [{"pointer": "#/amount", "code": "negative", "meta": {"minimum": 0}}]
    }
