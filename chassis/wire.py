"""nameko's wire protocol as pure functions: what a request, a reply and a header may look like.

Nothing here touches a broker. Whatever a peer sends, the answer is a value or a `Malformed`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis import wire_json
from chassis.errors import CRMError, from_wire

RPC_EXCHANGE = "nameko-rpc"
DIRECT_REPLY = "amq.rabbitmq.reply-to"
JSON = "application/json"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
DEFAULT_DEADLINE_MS = 10_000
MAX_REPLY_BYTES = 1_000_000


class Malformed(Exception):
    """A message that no retry can mend; `reason` is a code, `exc_type` what nameko calls it."""

    def __init__(self, reason: str, exc_type: str = "MalformedRequest") -> None:
        super().__init__(reason)
        self.reason = reason
        self.exc_type = exc_type


def decode_json(body: bytes, content_type: str | None) -> Any:
    """Return the JSON value of a body; no content type is taken as JSON.

    Raises:
        Malformed: `content_type_not_json`, `bad_json`.
    """
    if content_type and content_type.partition(";")[0].strip().lower() != JSON:
        raise Malformed("content_type_not_json")
    try:
        return wire_json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("bad_json") from None


def decode_request(body: bytes, content_type: str | None) -> dict[str, Any]:
    """Return the keyword arguments of a request.

    Raises:
        Malformed: also `args_missing`, `not_an_object`, `positional_arguments`.
    """
    message = decode_json(body, content_type)
    if not isinstance(message, dict):
        raise Malformed("not_an_object")
    args, kwargs = message.get("args"), message.get("kwargs")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise Malformed("args_missing")
    if args:
        # Requests are objects whose fields are known by name; nameko calls the rest a signature.
        raise Malformed("positional_arguments", "IncorrectSignature")
    return kwargs


def reply_body(result: Any, error: Mapping[str, Any] | None = None) -> bytes:
    """Return a reply; one above 1 MB becomes an error, since prefetch × reply bounds our memory."""
    try:
        body = wire_json.dumps({"result": result, "error": error})
    except TypeError as refused:
        return reply_body(
            None, error_of("UnserializableValueError", "reply_not_json", str(refused))
        )
    if len(body) > MAX_REPLY_BYTES:
        return reply_body(None, error_of("Unavailable", "reply_too_large"))
    return body


def error_of(exc_type: str, code: str, text: str = "", details: Any = None) -> dict[str, Any]:
    """Return the error object of a reply; nameko's own classes keep their path."""
    path = f"nameko.exceptions.{exc_type}" if exc_type in _NAMEKO else f"chassis.errors.{exc_type}"
    args = [text or code] if exc_type in _NAMEKO else [code, details or {}]
    return {"exc_type": exc_type, "exc_path": path, "exc_args": args, "value": text or code}


_NAMEKO = {
    "MalformedRequest": "malformed_request",
    "MethodNotFound": "method_not_found",
    "IncorrectSignature": "incorrect_signature",
    "UnserializableValueError": "reply_not_json",
}
"""nameko's own errors and the codes by which our callers know them."""


def refusal(error: CRMError) -> dict[str, Any]:
    """Return the error object of one of our kinds."""
    return error_of(error.kind, error.code, details=error.details)


def error_from(error: Mapping[str, Any]) -> CRMError:
    """Return the error that a peer's reply carries; what is not a code stays with the peer."""
    kind = str(error.get("exc_type"))
    if kind in _NAMEKO:
        return from_wire(kind, _NAMEKO[kind], {})
    args = error.get("exc_args")
    args = args if isinstance(args, list) else []
    sound = bool(args) and isinstance(args[0], str) and _CODE.match(args[0]) is not None
    details = args[1] if len(args) > 1 and isinstance(args[1], dict) else {}
    return from_wire(kind, args[0] if sound else "internal_error", details)


def header_text(headers: Mapping[str, Any] | None, name: str, maximum: int = 4_096) -> str:
    """Return a text header, or "" if it is absent or anything else."""
    value = (headers or {}).get(name)
    return value if isinstance(value, str) and len(value) <= maximum else ""


def deadline_ms(headers: Mapping[str, Any] | None, now_ms: int) -> int:
    """Return the absolute deadline; none or nonsense means ten seconds from now."""
    value = (headers or {}).get("nameko.deadline")
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return now_ms + DEFAULT_DEADLINE_MS
    return min(value, now_ms + 60_000)


@dataclass(frozen=True)
class ReplyAddress:
    """Where a reply goes: exchange, routing key and, for direct reply-to, the broker's node."""

    exchange: str
    routing_key: str
    node: bytes = b""


def reply_address(reply_to: object) -> ReplyAddress | None:
    """Return where to send a reply, or None if the address must not be used.

    A forged direct reply-to address makes the broker close the connection of whoever answers it,
    so it is read before use: base64 of an Erlang pid in external form, then a dot. Whether its node
    exists only the broker knows; `chassis.replies` finds out without risking the others' replies.
    """
    if not isinstance(reply_to, str) or not reply_to or len(reply_to) > 255:
        return None
    if not reply_to.startswith(DIRECT_REPLY):
        return ReplyAddress(RPC_EXCHANGE, reply_to)
    pid, dot, rest = reply_to[len(DIRECT_REPLY) + 1 :].partition(".")
    if reply_to[len(DIRECT_REPLY) : len(DIRECT_REPLY) + 1] != "." or not dot or not rest:
        return None
    node = _node_of_pid(pid)
    return ReplyAddress("", reply_to, node) if node else None


def _node_of_pid(encoded: str) -> bytes | None:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    # 131, then NEW_PID_EXT (88) or PID_EXT (103), an atom, and 12 or 9 bytes.
    if len(raw) < 5 or raw[0] != 131 or raw[1] not in (88, 103):
        return None
    tag = raw[2]
    if tag in (119, 115):  # SMALL_ATOM_UTF8_EXT, SMALL_ATOM_EXT: one length byte
        start, end = 4, 4 + raw[3]
    elif tag in (118, 100):  # ATOM_UTF8_EXT, ATOM_EXT: two length bytes
        start, end = 5, 5 + int.from_bytes(raw[3:5], "big")
    else:
        return None
    return raw[start:end] if len(raw) - end == (12 if raw[1] == 88 else 9) else None


def check_envelope(envelope: Any) -> dict[str, Any]:
    """Return an event's envelope if it has the form that every event has.

    Raises:
        Malformed: `not_an_event`.
    """
    from chassis.ids import is_id

    sound = (
        isinstance(envelope, dict)
        and is_id(envelope.get("id"))
        and all(
            isinstance(envelope.get(name), str)
            for name in ("source", "type", "time", "subject", "dataschema")
        )
        and isinstance(envelope.get("version"), int)
        and isinstance(envelope.get("data"), dict)
        and isinstance(envelope["data"].get("after"), dict)
    )
    if not sound:
        raise Malformed("not_an_event")
    return dict(envelope)


def schema_version(envelope: Mapping[str, Any]) -> int:
    """Return the version at the end of `dataschema`, 0 if there is none."""
    tail = str(envelope["dataschema"]).rpartition("/")[2]
    return int(tail) if tail.isdecimal() and len(tail) < 6 else 0
