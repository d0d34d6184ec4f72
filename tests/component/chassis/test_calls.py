"""Calls over the real bus: answers, refusals, identity, idempotency, deadlines."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from chassis import clock
from chassis.actor import Actor, ActorSigner
from chassis.errors import Forbidden, InternalError, Invalid, Refused, Unavailable
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from tests.fixtures.hosted import RPC, TESTER, DemoHouse, Process, demo, eventually

pytestmark = pytest.mark.usefixtures("service")


def call(client: RpcClient, method: str, **payload: Any) -> Any:
    return client.call("demo", method, payload, TESTER, timeout=5)


class Raw:
    """A peer that may send what no well-behaved client sends."""

    def __init__(self, house: DemoHouse) -> None:
        self.channel = house.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.key = new_id()
        self.channel.queue_bind(self.queue, "nameko-rpc", self.key)
        self.signer = ActorSigner.load(house.private_key)

    def headers(self, actor: Actor = TESTER, audience: str = "demo") -> dict[str, Any]:
        return {"nameko.actor": self.signer.sign(actor, audience)}

    def send(self, body: bytes, method: str = "echo", **properties: Any) -> str:
        properties.setdefault("headers", self.headers())
        properties.setdefault("reply_to", self.key)
        properties.setdefault("content_type", "application/json")
        properties.setdefault("correlation_id", new_id())
        self.channel.basic_publish(
            "nameko-rpc", f"demo.{method}", body, pika.BasicProperties(**properties)
        )
        return str(properties["correlation_id"])

    def answer(self, seconds: float = 5.0) -> dict[str, Any] | None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            method, _, body = self.channel.basic_get(self.queue, auto_ack=True)
            if method:
                return dict(json.loads(body))
            time.sleep(0.02)
        return None


@pytest.fixture
def raw(house: DemoHouse) -> Iterator[Raw]:
    peer = Raw(house)
    yield peer
    peer.channel.connection.close()


GOOD = b'{"args": [], "kwargs": {"value": 1}}'


def test_a_json_object_that_looks_like_a_kombu_type_comes_back_untouched(client: RpcClient) -> None:
    value = {"__type__": "decimal", "__value__": "not a number", "nested": [{"__type__": 5}]}

    assert call(client, "echo", value=value) == value


def test_an_unknown_field_is_refused_with_the_nearest_name(client: RpcClient) -> None:
    with pytest.raises(Invalid) as refusal:
        call(client, "echo", valu=1)

    assert refusal.value.details["errors"] == [
        {"pointer": "#/valu", "code": "unknown_field", "meta": {"did_you_mean": "value"}}
    ]


def test_a_refusal_arrives_with_its_kind_code_and_details(client: RpcClient) -> None:
    with pytest.raises(Refused) as refusal:
        call(client, "misbehave", value="refuse")

    assert (refusal.value.code, refusal.value.details) == ("because", {"limit": 3})


@pytest.mark.parametrize("shape", ["raise", "exit", "interrupt"])
def test_whatever_a_method_raises_the_caller_gets_an_error_without_text(
    client: RpcClient, service: Process, shape: str
) -> None:
    with pytest.raises(InternalError) as failure:
        call(client, "misbehave", value=shape)

    assert failure.value.code == "internal_error"
    assert "secret" not in json.dumps(failure.value.details)
    assert service.alive() and call(client, "echo", value=1) == 1


def test_a_result_that_is_no_json_and_one_too_large_are_errors(client: RpcClient) -> None:
    with pytest.raises(InternalError):
        call(client, "misbehave", value="unserialisable")
    with pytest.raises(Unavailable, match="reply_too_large"):
        call(client, "misbehave", value="huge")


@pytest.mark.parametrize(
    ("body", "properties", "expected"),
    [
        (b"{bad", {}, "MalformedRequest"),
        (b'{"a": "\xff\xfe"}', {}, "MalformedRequest"),
        (b"[" * 5000 + b"]" * 5000, {}, "MalformedRequest"),
        (b"[1, 2]", {}, "MalformedRequest"),
        (b'{"kwargs": {}}', {}, "MalformedRequest"),
        (b'{"args": {}, "kwargs": {}}', {}, "MalformedRequest"),
        (b'{"args": [1], "kwargs": {}}', {}, "IncorrectSignature"),
        (b"\x80\x04N.", {"content_type": "application/x-python-serialize"}, "MalformedRequest"),
    ],
    ids=["bad JSON", "bad UTF-8", "deep JSON", "array", "no args", "args a table",
         "positional", "pickle"],
)  # fmt: skip
def test_a_malformed_request_is_answered_and_parked_once(
    house: DemoHouse,
    raw: Raw,
    service: Process,
    body: bytes,
    properties: dict[str, Any],
    expected: str,
) -> None:
    house.parked(RPC)

    raw.send(body, **properties)
    answer = raw.answer()

    assert answer is not None and answer["error"]["exc_type"] == expected
    parked = eventually(lambda: house.parked(RPC))
    assert len(parked) == 1 and parked[0][1] == body
    assert parked[0][0]["x-reason"] and parked[0][0]["x-history"] and service.alive()


@pytest.mark.parametrize(
    "reply_to",
    [
        None,
        "amq.rabbitmq.reply-to",
        "amq.rabbitmq.reply-to.",
        "amq.rabbitmq.reply-to.x",
        "amq.rabbitmq.reply-to.!!!.x",
        "amq.rabbitmq.reply-to." + base64.b64encode(b"\x83\x61\x05").decode() + ".x",
        "amq.rabbitmq.reply-to." + base64.b64encode(b"\x83\x58\x77\x03abc123").decode() + ".x",
    ],
    ids=["missing", "bare", "empty", "no dot", "no base64", "no pid", "cut pid"],
)
def test_a_reply_address_that_would_kill_the_connection_is_parked_not_used(
    house: DemoHouse, raw: Raw, client: RpcClient, reply_to: str | None
) -> None:
    house.parked(RPC)

    # pika would rewrite the bare address, which is a request of its own kind; all others go as is.
    if reply_to == "amq.rabbitmq.reply-to":
        raw.channel.basic_consume(reply_to, lambda *_: None, auto_ack=True)
        raw.send(GOOD, reply_to=reply_to)
        assert call(client, "echo", value=2) == 2
        return
    raw.send(GOOD, reply_to=reply_to)

    parked = eventually(lambda: house.parked(RPC))
    assert [headers["x-reason"] for headers, _ in parked] == ["reply_to_missing"]
    assert call(client, "echo", value=2) == 2


def test_a_reply_to_a_pid_of_nobody_is_harmless(raw: Raw, client: RpcClient) -> None:
    pid = b"\x83\x58\x77\x03a@b" + b"\0" * 12

    raw.send(GOOD, reply_to="amq.rabbitmq.reply-to." + base64.b64encode(pid).decode() + ".x")

    assert call(client, "echo", value=3) == 3


@pytest.mark.parametrize("stack", [5, "x", [1, 2], {"a": 1}, None])
def test_a_nonsense_call_id_header_changes_nothing(raw: Raw, stack: Any) -> None:
    raw.send(GOOD, headers={**raw.headers(), "nameko.call_id_stack": stack, "x-death": 7})

    assert raw.answer() == {"result": 1, "error": None}


def test_no_content_type_is_taken_as_json(raw: Raw) -> None:
    raw.send(GOOD, content_type=None)

    assert raw.answer() == {"result": 1, "error": None}


def test_an_unknown_method_is_answered_as_nameko_does(raw: Raw) -> None:
    raw.send(GOOD, method="nothing_like_it")
    answer = raw.answer()

    assert answer is not None and answer["error"]["exc_type"] == "MethodNotFound"
    assert answer["error"]["exc_path"] == "nameko.exceptions.MethodNotFound"


def test_a_call_straight_onto_the_bus_needs_a_signed_actor(raw: Raw) -> None:
    """S9: none, forged, expired, another service's and a bare user id are all refused."""
    token = raw.headers()["nameko.actor"]
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["roles"] = ["admin"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"gateway"}').decode().rstrip("=")
    cases: dict[str, dict[str, Any]] = {
        "actor_missing": {"nameko.user_id": "admin"},
        "actor_invalid": {"nameko.actor": f"{head}.{forged}.{signature}"},
    }
    cases_more: list[dict[str, Any]] = [
        {"nameko.actor": f"{none}.{forged}."},
        {"nameko.actor": raw.headers(audience="leads")["nameko.actor"]},
        {"nameko.actor": "nonsense"},
    ]

    for code, headers in [*cases.items(), *(("actor_invalid", more) for more in cases_more)]:
        raw.send(GOOD, headers=headers)
        answer = raw.answer()
        assert answer is not None
        assert (answer["error"]["exc_type"], answer["error"]["exc_args"][0]) == ("Forbidden", code)


def test_an_expired_actor_is_refused(raw: Raw, house: DemoHouse) -> None:
    from joserfc import jwt

    signer = ActorSigner.load(house.private_key)
    past = clock.epoch_ms() // 1000 - 120
    claims = {
        "iss": "gateway", "aud": "demo", "iat": past, "exp": past + 60, "sub": "t",
        "roles": ["tester"], "team": "", "scopes": None, "client": "", "locale": "en",
    }  # fmt: skip
    header = {"alg": "Ed25519", "kid": "gateway"}
    old = jwt.encode(header, claims, signer.key, algorithms=["Ed25519"])

    raw.send(GOOD, headers={"nameko.actor": old})
    answer = raw.answer()

    assert answer is not None and answer["error"]["exc_args"][0] == "actor_expired"


def test_an_actor_without_the_permission_is_refused(client: RpcClient) -> None:
    with pytest.raises(Forbidden, match="missing_permission"):
        client.call("demo", "echo", {"value": 1}, Actor(id="x", roles=("nobody",)))


def test_twenty_equal_commands_with_one_key_have_one_effect(
    house: DemoHouse, client: RpcClient
) -> None:
    """A1: one effect, twenty equal answers; another body is refused."""
    mark, key = f"once-{new_id()}", new_id()
    answers: list[Any] = []

    def send() -> None:
        payload = {"mark": mark, "seconds": 0.1}
        answers.append(client.call("demo", "leave_mark", payload, TESTER, key=key))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 20 and all(answer == answers[0] for answer in answers)
    assert house.runs(mark) == 1
    with pytest.raises(Invalid, match="key_reused_with_other_payload"):
        client.call("demo", "leave_mark", {"mark": "other"}, TESTER, key=key)


def test_a_key_of_another_client_is_another_key(house: DemoHouse, client: RpcClient) -> None:
    mark, key = f"mine-{new_id()}", new_id()

    for client_id in ("a", "b"):
        actor = Actor(id="t", roles=("tester",), client_id=client_id)
        client.call("demo", "leave_mark", {"mark": mark}, actor, key=key)

    assert house.runs(mark) == 2


def test_a_refused_command_leaves_its_key_free(house: DemoHouse, client: RpcClient) -> None:
    """A2: only successes are stored."""
    key, mark = new_id(), f"free-{new_id()}"
    with pytest.raises(Invalid):
        client.call("demo", "leave_mark", {"mark": mark, "seconds": "soon"}, TESTER, key=key)

    client.call("demo", "leave_mark", {"mark": mark}, TESTER, key=key)

    assert house.runs(mark) == 1


def test_a_request_past_its_deadline_is_not_executed(house: DemoHouse, raw: Raw) -> None:
    mark = f"late-{new_id()}"
    body = json.dumps({"args": [], "kwargs": {"mark": mark}}).encode()
    headers = {**raw.headers(), "nameko.deadline": clock.epoch_ms() - 1}

    raw.send(body, method="leave_mark", headers=headers)
    answer = raw.answer()

    assert answer is not None and answer["error"]["exc_args"][0] == "deadline_exceeded"
    assert house.runs(mark) == 0


def test_a_slow_answer_fails_at_its_deadline_and_the_map_of_waiters_is_empty(
    client: RpcClient,
) -> None:
    before = time.monotonic()
    with pytest.raises(Unavailable, match="deadline_exceeded"):
        client.call("demo", "leave_mark", {"mark": "slow", "seconds": 2}, TESTER, timeout=0.5)

    assert time.monotonic() - before < 1.0  # The client's own bound: deadline + 0.5 s.
    assert client.waiting == 0


def test_calls_beyond_the_cap_are_refused_at_once(house: DemoHouse) -> None:
    client = house.client(max_in_flight=3)
    try:
        pending = [
            client.send("demo", "leave_mark", {"mark": "cap", "seconds": 1}, TESTER)
            for _ in range(3)
        ]
        with pytest.raises(Unavailable, match="too_many_in_flight"):
            client.send("demo", "echo", {"value": 1}, TESTER)
        for each in pending:
            each.result()

        assert client.call("demo", "echo", {"value": 1}, TESTER) == 1
    finally:
        client.stop()


def test_an_unknown_service_fails_at_once(client: RpcClient) -> None:
    with pytest.raises(Unavailable, match="service_unreachable"):
        client.call("nobody", "echo", {}, TESTER, timeout=5)


def test_a_full_pool_of_connections_is_a_clear_refusal_not_a_hang(house: DemoHouse) -> None:
    process = demo(house, DB_POOL_SIZE="2", DB_POOL_TIMEOUT="0.5").wait_ready()
    client = house.client()
    try:
        calls = [
            client.send("demo", "sleep_in_database", {"seconds": 3}, TESTER) for _ in range(16)
        ]
        codes = []
        for each in calls:
            try:
                each.result()
            except Unavailable as busy:
                codes.append(busy.code)
        assert codes and set(codes) == {"database_busy"}
    finally:
        client.stop()
        process.kill()


def test_many_sleepers_in_the_database_do_not_stop_the_hub(client: RpcClient) -> None:
    """psycopg waits in Python: ten sleeps side by side take as long as one."""
    sleepers = [
        client.send("demo", "sleep_in_database", {"seconds": 1.0}, TESTER) for _ in range(8)
    ]
    echoes = [call(client, "echo", value=number) for number in range(20)]
    for sleeper in sleepers:
        sleeper.result()

    assert echoes == list(range(20))
