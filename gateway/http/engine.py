"""The engine: serves any operation by a call over the bus.

It reads the request strictly, calls, and writes the answer with its headers.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Response, g, request
from marshmallow import fields

from chassis import clock
from chassis.actor import Actor
from chassis.errors import CRMError, Invalid, NotFound, Unavailable
from chassis.ids import is_id
from gateway.http import bodies, headers, problems, queries
from gateway.http.operations import CALL_SECONDS, Operation, Pending, Rpc

_RECONNECT_SECONDS = 1.0
"""How long a call that was lost with the connection waits for the next one."""
_POLL_SECONDS = 0.02


class Engine:
    """Serves operations over an RPC client."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc

    def view(self, operation: Operation) -> Callable[..., Response]:
        """Return the Flask view of an operation."""

        def serve(**arguments: str) -> Response:
            return self._serve(operation, arguments)

        serve.__name__ = operation.name or operation.method
        return serve

    def _serve(self, operation: Operation, arguments: dict[str, str]) -> Response:
        actor: Actor = g.actor
        if operation.allow is not None:
            actor.check(operation.allow)
        payload = _placed(operation, arguments)
        if operation.verb == "GET":
            kept = _read_query(operation, payload)
            key = None
        else:
            queries.check_parameters(request.args, ())
            key = headers.idempotency_key(request.headers, required=operation.key_required)
            kept = None
            _read_body(operation, payload)
        reply, replayed = self._perform(operation, payload, actor, key)
        language = ""
        if operation.told is not None:
            language = problems.callers_language()
            reply = operation.told(reply, language)
        response = _answer(operation, reply, kept)
        if language:
            response.headers["Content-Language"] = language
        if key is not None and replayed:
            response.headers["Idempotent-Replayed"] = "true"
        if operation.after is not None:
            response = operation.after(self.rpc, actor, reply, response)
        return response

    def _perform(
        self, operation: Operation, payload: dict[str, Any], actor: Actor, key: str | None
    ) -> tuple[Any, bool]:
        """Return the reply and whether an earlier call's was given."""
        if operation.before is not None:
            try:
                actor = operation.before(self.rpc, actor, payload)
            except CRMError:
                # What was done under this key stays answered, whatever has changed since.
                earlier = self._earlier_reply(operation, payload, actor, key)
                if earlier is None:
                    raise
                return earlier["reply"], True
        pending = self._call(operation, payload, actor, key)
        return pending.result(), pending.replayed

    def _earlier_reply(
        self, operation: Operation, payload: dict[str, Any], actor: Actor, key: str | None
    ) -> dict[str, Any] | None:
        if key is None:
            return None
        question = {"method": operation.method, "key": key, "payload": payload}
        found: dict[str, Any] = self.rpc.call(operation.service, "find_reply", question, actor)
        return found if found["found"] else None

    def _call(
        self,
        operation: Operation,
        payload: dict[str, Any],
        actor: Actor,
        key: str | None,
    ) -> Pending:
        """Send the call and wait for its end; one lost on the way is sent once more.

        Only what is harmless to repeat: a read, or a write with an idempotency key.
        """
        until = clock.monotonic() + CALL_SECONDS
        pending = self._send(operation, payload, actor, key, CALL_SECONDS)
        try:
            pending.result()
        except Unavailable as error:
            repeatable = operation.verb == "GET" or key is not None
            if error.code != "connection_lost" or not repeatable or not self._reconnected():
                raise
            return self._send(operation, payload, actor, key, until - clock.monotonic())
        return pending

    def _send(
        self,
        operation: Operation,
        payload: dict[str, Any],
        actor: Actor,
        key: str | None,
        seconds: float,
    ) -> Pending:
        return self.rpc.send(
            operation.service,
            operation.method,
            payload,
            actor,
            timeout=seconds,
            key=key,
            request_id=g.request_id,
        )

    def _reconnected(self) -> bool:
        until = clock.monotonic() + _RECONNECT_SECONDS
        while not self.rpc.connected and clock.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        return self.rpc.connected


def _placed(operation: Operation, arguments: Mapping[str, str]) -> dict[str, Any]:
    payload = dict(operation.preset)
    for name, text in arguments.items():
        if name.endswith("id") and not is_id(text):
            raise NotFound("not_found")
        payload[operation.rename.get(name, name)] = text
    return payload


def _read_query(operation: Operation, payload: dict[str, Any]) -> list[list[str]] | None:
    """Put the query into the request; returns what `fields=` keeps."""
    if operation.listing is not None:
        payload.update(queries.list_payload(request.args, operation.listing))
    else:
        given = queries.check_parameters(request.args, (*operation.free, "fields"))
        errors: list[dict[str, Any]] = []
        for name, one in operation.free.items():
            if name in given:
                payload[name] = _typed(name, one, given[name], errors)
        if errors:
            raise Invalid.fields(errors)
    return queries.sparse_fields(request.args.get("fields"), operation.reply_fields)


def _typed(name: str, one: fields.Field[Any], text: str, errors: list[dict[str, Any]]) -> Any:
    """Return a query parameter as the JSON that its schema expects."""
    if isinstance(one, fields.Integer):
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        errors.append({"pointer": f"query:{name}", "code": "not_a_whole_number", "meta": {}})
    elif isinstance(one, fields.Boolean):
        if text in ("true", "false"):
            return text == "true"
        meta = {"choices": ["true", "false"]}
        errors.append({"pointer": f"query:{name}", "code": "not_a_choice", "meta": meta})
    elif isinstance(one, fields.List):
        return text.split(",")
    return text


def _read_body(operation: Operation, payload: dict[str, Any]) -> None:
    """Put body and `If-Match` into the request; the service checks the fields themselves."""
    if operation.if_match:
        version = headers.expected_version(
            request.headers, required=operation.if_match == "required"
        )
        if version is not None:
            payload["expected_version"] = version
    body = bodies.read_object(request)
    taken = [name for name in body if name in operation.given]
    if taken:
        raise Invalid.fields(
            [{"pointer": f"#/{name}", "code": "unknown_field", "meta": {}} for name in taken]
        )
    payload.update(body)


def _answer(operation: Operation, reply: Any, kept: list[list[str]] | None) -> Response:
    if operation.paged:
        return _list_answer(reply, kept)
    tag = ""
    if operation.tagged and kept is None and isinstance(reply, dict) and "version" in reply:
        tag = headers.etag(reply["version"])
        same = operation.verb == "GET" and headers.unchanged(request.headers, tag)
        if same and not operation.derived:
            return Response(status=304, headers={"ETag": tag})
    if kept is not None:
        reply = queries.prune(reply, kept)
    response = json_response(reply, operation.status)
    if tag:
        response.headers["ETag"] = tag
    if operation.location:
        response.headers["Location"] = operation.location.format_map(reply)
    return response


def _list_answer(reply: dict[str, Any], kept: list[list[str]] | None) -> Response:
    if kept is not None:
        reply = {
            **reply,
            "items": [queries.prune(item, kept) for item in reply["items"]],
        }
    response = json_response(reply)
    if reply.get("next_cursor"):
        response.headers["Link"] = queries.next_link(
            request.path, request.args, reply["next_cursor"]
        )
    return response


def json_response(body: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(orjson.dumps(body), status, mimetype="application/json")
