"""JSON bodies: objects only, strictly read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import CRMError, Invalid
from chassis.wire_json import dumps
from gateway.http.bodies import parse_object
from gateway.http.refusals import HttpRefusal


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        "{}".encode("utf-16"),
        b"\x00",
        b"[" * 5000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_is_refused_with_its_place(raw: bytes) -> None:
    with pytest.raises(HttpRefusal) as caught:
        parse_object(raw)

    assert (caught.value.status, caught.value.code) == (400, "malformed_json")
    assert caught.value.details["line"] >= 1


@pytest.mark.parametrize("raw", [b'{"a":1,"a":2}', b'{"x":[{"a":1,"b":2,"a":1}]}'])
def test_a_key_given_twice_is_refused(raw: bytes) -> None:
    with pytest.raises(HttpRefusal) as caught:
        parse_object(raw)

    assert (caught.value.code, caught.value.details) == ("duplicate_key", {"name": "a"})


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_that_is_no_object_is_invalid(raw: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        parse_object(raw)

    assert caught.value.code == "body_not_an_object"


def test_nesting_is_bounded_so_that_the_bus_can_carry_it() -> None:
    shallow = b'{"a":' * 31 + b"1" + b"}" * 31
    deep = b'{"a":' * 33 + b"1" + b"}" * 33

    assert parse_object(shallow)
    with pytest.raises(HttpRefusal) as caught:
        parse_object(deep)
    assert caught.value.code == "nested_too_deeply"


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_a_refusal(raw: bytes) -> None:
    try:
        body = parse_object(raw)
    except CRMError:
        return
    dumps(body)


@given(
    st.dictionaries(
        st.text(max_size=5).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)),
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        max_size=5,
    )
)
def test_every_object_is_read_as_it_was_written(body: dict[str, object]) -> None:
    try:
        raw = dumps(body)
    except TypeError:
        return  # Lone surrogates in values are no JSON.
    assert parse_object(raw) == body
