"""Whatever a peer sends, the answer is a value or a code; nothing raises anything else."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import wire
from chassis.errors import CRMError, Forbidden, InternalError, Refused, Unavailable
from chassis.ids import new_id
from chassis.wire import Malformed, ReplyAddress

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("body", "content_type", "reason", "exc_type"),
    [
        (b"{bad", "application/json", "bad_json", "MalformedRequest"),
        (b"", None, "bad_json", "MalformedRequest"),
        (b'{"a": "\xff"}', None, "bad_json", "MalformedRequest"),
        (b"[" * 9000 + b"]" * 9000, None, "bad_json", "MalformedRequest"),
        (b"NaN", None, "bad_json", "MalformedRequest"),
        (b"{}", "application/x-python-serialize", "content_type_not_json", "MalformedRequest"),
        (b"{}", "text/plain", "content_type_not_json", "MalformedRequest"),
        (b"[1]", None, "not_an_object", "MalformedRequest"),
        (b"null", None, "not_an_object", "MalformedRequest"),
        (b'{"kwargs": {}}', None, "args_missing", "MalformedRequest"),
        (b'{"args": []}', None, "args_missing", "MalformedRequest"),
        (b'{"args": {}, "kwargs": {}}', None, "args_missing", "MalformedRequest"),
        (b'{"args": [], "kwargs": []}', None, "args_missing", "MalformedRequest"),
        (b'{"args": [1], "kwargs": {}}', None, "positional_arguments", "IncorrectSignature"),
    ],
)
def test_what_is_no_request_is_malformed_with_a_reason(
    body: bytes, content_type: str | None, reason: str, exc_type: str
) -> None:
    with pytest.raises(Malformed) as malformed:
        wire.decode_request(body, content_type)

    assert (malformed.value.reason, malformed.value.exc_type) == (reason, exc_type)


@pytest.mark.parametrize("content_type", [None, "", "application/json", "Application/JSON; x=y"])
def test_a_request_is_its_keyword_arguments(content_type: str | None) -> None:
    body = b'{"args": [], "kwargs": {"__type__": "decimal", "__value__": 1}}'

    assert wire.decode_request(body, content_type) == {"__type__": "decimal", "__value__": 1}


@given(body=st.binary(max_size=200), content_type=st.none() | st.text(max_size=20))
def test_any_bytes_are_a_request_or_malformed(body: bytes, content_type: str | None) -> None:
    with suppress(Malformed):
        assert isinstance(wire.decode_request(body, content_type), dict)


# -- replies ----------------------------------------------------------------------------------


def test_a_reply_has_two_keys() -> None:
    assert json.loads(wire.reply_body({"客": 1})) == {"result": {"客": 1}, "error": None}


def test_a_refusal_travels_with_kind_code_and_details_and_comes_back() -> None:
    body = json.loads(wire.reply_body(None, wire.refusal(Refused("because", limit=3))))

    back = wire.error_from(body["error"])

    assert body["error"] == {
        "exc_type": "Refused", "exc_path": "chassis.errors.Refused",
        "exc_args": ["because", {"limit": 3}], "value": "because",
    }  # fmt: skip
    assert (type(back), back.code, back.details) == (Refused, "because", {"limit": 3})


def test_a_result_that_is_no_json_becomes_namekos_error() -> None:
    error = json.loads(wire.reply_body(object()))["error"]

    assert error["exc_path"] == "nameko.exceptions.UnserializableValueError"
    assert error["exc_type"] == "UnserializableValueError"


def test_a_reply_that_is_too_large_becomes_a_refusal() -> None:
    error = json.loads(wire.reply_body("x" * wire.MAX_REPLY_BYTES))["error"]

    assert (error["exc_type"], error["exc_args"][0]) == ("Unavailable", "reply_too_large")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"exc_type": "Forbidden", "exc_args": ["no", {}]}, Forbidden, "no"),
        ({"exc_type": "InternalError", "exc_args": ["its_code", {}]}, InternalError, "its_code"),
        ({"exc_type": "ValueError", "exc_args": ["a secret of the peer"]}, InternalError,
         "internal_error"),
        ({"exc_type": "MethodNotFound", "exc_args": ["claim"]}, InternalError, "method_not_found"),
        ({"exc_type": "IncorrectSignature", "exc_args": ["f() takes 1"]}, InternalError,
         "incorrect_signature"),
        ({"exc_type": "MalformedRequest", "exc_args": ["x"]}, InternalError, "malformed_request"),
        ({"exc_type": "UnserializableValueError"}, InternalError, "reply_not_json"),
        ({"exc_type": "Unavailable", "exc_args": 5}, Unavailable, "internal_error"),
        ({"exc_type": "Unavailable", "exc_args": [5, 6]}, Unavailable, "internal_error"),
        ({}, InternalError, "internal_error"),
    ],
    ids=str,
)  # fmt: skip
def test_an_error_of_a_peer_has_a_code_and_none_of_its_text(
    error: dict[str, Any], kind: type[CRMError], code: str
) -> None:
    found = wire.error_from(error)

    assert (type(found), found.code) == (kind, code)


# -- headers ----------------------------------------------------------------------------------

NOW = 1_000_000


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (NOW + 500, NOW + 500), (NOW - 1, NOW - 1), (None, NOW + 10_000), (True, NOW + 10_000),
        ("soon", NOW + 10_000), (-5, NOW + 10_000), (1.5, NOW + 10_000), (2**70, NOW + 60_000),
    ],
)  # fmt: skip
def test_a_deadline_is_absolute_and_nonsense_is_ten_seconds(given_: Any, expected: int) -> None:
    assert wire.deadline_ms({"nameko.deadline": given_}, NOW) == expected


def test_without_headers_there_is_a_deadline_too() -> None:
    assert wire.deadline_ms(None, NOW) == wire.deadline_ms({}, NOW) == NOW + 10_000


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"a": "x"}, "x"), ({"a": 5}, ""), ({"a": None}, ""), ({}, ""), (None, ""),
     ({"a": "x" * 5000}, "")],
    ids=["text", "number", "null", "absent", "none", "too long"],
)  # fmt: skip
def test_a_header_is_text_or_nothing(headers: dict[str, Any] | None, expected: str) -> None:
    assert wire.header_text(headers, "a") == expected


# -- reply addresses --------------------------------------------------------------------------


def direct(node: bytes, tag: int = 88, atom: int = 119, tail: int | None = None) -> str:
    """Return a direct reply-to address as RabbitMQ makes it."""
    length = bytes([len(node)]) if atom in (119, 115) else len(node).to_bytes(2, "big")
    rest = b"\0" * ((12 if tag == 88 else 9) if tail is None else tail)
    pid = bytes([131, tag, atom]) + length + node + rest
    return f"amq.rabbitmq.reply-to.{base64.b64encode(pid).decode()}.key"


@pytest.mark.parametrize("tag", [88, 103])
@pytest.mark.parametrize("atom", [119, 115, 118, 100])
def test_a_direct_address_names_its_node(tag: int, atom: int) -> None:
    address = direct(b"rabbit@host", tag, atom)

    assert wire.reply_address(address) == ReplyAddress("", address, b"rabbit@host")


def test_any_other_address_is_a_key_on_the_rpc_exchange() -> None:
    assert wire.reply_address("some-key") == ReplyAddress("nameko-rpc", "some-key")


@pytest.mark.parametrize(
    "address",
    [
        None, 5, "", b"key", "x" * 256,
        "amq.rabbitmq.reply-to", "amq.rabbitmq.reply-to.", "amq.rabbitmq.reply-to.abc",
        "amq.rabbitmq.reply-to..key", "amq.rabbitmq.reply-to.%%%%.key",
        "amq.rabbitmq.reply-tox.abc", "amq.rabbitmq.reply-to.字.key",
        direct(b"a@b", tail=11), direct(b"a@b", tail=13), direct(b"a@b", tag=97),
        direct(b"a@b", atom=97), direct(b"a@b").removesuffix("key"),
        direct(b"", tail=1),
    ],
    ids=repr,
)  # fmt: skip
def test_an_address_that_would_close_our_connection_is_not_used(address: object) -> None:
    assert wire.reply_address(address) is None


def reply_tos() -> st.SearchStrategy[object]:
    """Return addresses from nonsense to nearly right."""
    nearly = st.builds(
        lambda raw, rest: f"amq.rabbitmq.reply-to.{base64.b64encode(raw).decode()}{rest}",
        st.binary(max_size=40) | st.binary(max_size=40).map(lambda raw: b"\x83\x58\x77" + raw),
        st.text(max_size=5),
    )
    tails = st.text(max_size=30).map(lambda text: "amq.rabbitmq.reply-to" + text)
    surrogates = st.text(alphabet=st.characters(), max_size=10)
    return nearly | tails | surrogates | st.integers() | st.none() | st.binary()


@given(reply_tos())
def test_no_address_raises(reply_to: object) -> None:
    found = wire.reply_address(reply_to)

    assert found is None or found.exchange == "nameko-rpc" or found.node


# -- events -----------------------------------------------------------------------------------


def envelope(**changes: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "source": "demo", "type": "thing_made", "time": "2026-01-01T00:00:00Z",
        "subject": "thing/1", "dataschema": "/schemas/thing_made/1", "version": 1,
        "data": {"after": {}}, **changes,
    }  # fmt: skip


def test_a_sound_envelope_is_returned_whole() -> None:
    given_ = envelope(customerid="c", extra=[1])

    assert wire.check_envelope(given_) == given_


@pytest.mark.parametrize(
    "envelope",
    [
        None, [], "x", {}, envelope(id="1"), envelope(id=None), envelope(source=None),
        envelope(type=5), envelope(time=0), envelope(subject=[]), envelope(dataschema=None),
        envelope(version="1"), envelope(data=None), envelope(data={}),
        envelope(data={"after": None}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_event_is_malformed(envelope: Any) -> None:
    with pytest.raises(Malformed, match="not_an_event"):
        wire.check_envelope(envelope)


@given(JSON)
def test_any_json_is_an_event_or_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        wire.check_envelope(value)


@pytest.mark.parametrize(
    ("dataschema", "version"),
    [("/schemas/x/1", 1), ("/schemas/x/12", 12), ("/schemas/x", 0), ("", 0), ("/x/²", 0),
     ("/x/1234567", 0), ("/x/-1", 0)],
)  # fmt: skip
def test_the_version_is_the_end_of_the_schema(dataschema: str, version: int) -> None:
    assert wire.schema_version({"dataschema": dataschema}) == version
