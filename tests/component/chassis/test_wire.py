"""The wire is nameko's: a stock client calls us, we call a stock service, nothing drifts."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from chassis.actor import ActorSigner
from chassis.errors import InternalError, Unavailable
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from omnibus.local.house import ROOT
from tests.fixtures.hosted import TESTER, DemoHouse, Process, eventually

pytestmark = pytest.mark.usefixtures("service", "relaying")

GOLDEN = Path(__file__).parents[2] / "schemas" / "golden" / "wire"
PEER = (sys.executable, "-W", "ignore", "-m", "tests.fixtures.stock_peer")

CALLS: dict[str, tuple[str, str, list[Any], dict[str, Any]]] = {
    "result": ("demo", "echo", [], {"value": {"number": 1, "text": "客户"}}),
    "refusal": ("demo", "misbehave", [], {"value": "refuse"}),
    "failure": ("demo", "misbehave", [], {"value": "raise"}),
    "unserialisable": ("demo", "misbehave", [], {"value": "unserialisable"}),
    "unknown method": ("demo", "nothing_like_it", [], {}),
    "positional": ("demo", "echo", [1], {}),
    "unknown service": ("nobody", "echo", [], {}),
}


def stock_calls(house: DemoHouse, context: dict[str, str]) -> dict[str, Any]:
    """Make every call from a process of nameko's own client; returns how each ended."""
    done = subprocess.run(
        [*PEER, "call"],
        env=house.env,
        cwd=ROOT,
        input=json.dumps({"context": context, "calls": list(CALLS.values())}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    names = [*CALLS, "one service", "out of order"]
    return dict(zip(names, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def outcomes(house: DemoHouse, service: Process) -> dict[str, Any]:
    """What a stock client heard that passed a signed actor as context data."""
    token = ActorSigner.load(house.private_key).sign(TESTER, "demo")
    return stock_calls(house, {"actor": token})


def test_a_stock_client_gets_results(outcomes: dict[str, Any]) -> None:
    assert outcomes["result"] == {"result": {"number": 1, "text": "客户"}}
    assert outcomes["one service"] == {"result": "one service"}
    assert outcomes["out of order"] == {"result": list(reversed(range(20)))}


def test_a_stock_client_hears_a_refusal_as_a_remote_error_of_its_kind(
    outcomes: dict[str, Any],
) -> None:
    assert outcomes["refusal"] == {
        "raised": "RemoteError", "exc_type": "Refused", "text": "Refused because",
    }  # fmt: skip


def test_a_stock_client_hears_of_a_failure_without_its_text(outcomes: dict[str, Any]) -> None:
    assert outcomes["failure"]["exc_type"] == "InternalError"
    assert "secret" not in str(outcomes)


@pytest.mark.parametrize(
    ("case", "raised"),
    [
        ("unknown method", "MethodNotFound"),
        ("positional", "IncorrectSignature"),
        ("unknown service", "UnknownService"),
    ],
)
def test_a_stock_client_raises_namekos_own_classes(
    outcomes: dict[str, Any], case: str, raised: str
) -> None:
    assert outcomes[case]["raised"] == raised


def test_a_result_that_is_no_json_is_told_as_nameko_tells_it(outcomes: dict[str, Any]) -> None:
    told = outcomes["unserialisable"]

    assert (told["raised"], told["exc_type"]) == ("RemoteError", "UnserializableValueError")


def test_a_stock_client_without_a_signed_actor_is_refused(house: DemoHouse) -> None:
    """S9: context data of nameko's own, such as a user id, vouches for nobody."""
    heard = stock_calls(house, {"user_id": "admin", "auth_token": "secret"})

    assert heard["result"]["exc_type"] == heard["one service"]["exc_type"] == "Forbidden"
    assert heard["result"]["text"] == "Forbidden actor_missing"


@pytest.fixture(scope="module")
def stock(house: DemoHouse) -> Iterator[subprocess.Popen[bytes]]:
    """A stock service, running for the whole file."""
    log = house.house.home / "stock.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*PEER, "serve"], env=house.env, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    assert eventually(lambda: consumers(house, "rpc-stock"), 30, 0.1), log.read_text()
    yield process
    process.kill()
    process.wait(10)


def consumers(house: DemoHouse, queue: str) -> int:
    channel = house.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).method.consumer_count)
    except pika.exceptions.ChannelClosedByBroker:
        return 0
    finally:
        channel.connection.close()


@pytest.fixture
def to_stock(house: DemoHouse, stock: Any) -> Iterator[RpcClient]:
    """A client that knows which of its peers is a stock one."""
    made = house.client(stock_peers=("stock",))
    yield made
    made.stop()


def test_our_client_calls_a_stock_service(to_stock: RpcClient) -> None:
    value = {"text": "线索", "numbers": [1, 2]}
    pending = [to_stock.send("stock", "echo", {"value": n}, TESTER, timeout=10) for n in range(20)]

    assert to_stock.call("stock", "echo", {"value": value}, TESTER) == value
    assert [each.result() for each in pending] == list(range(20))
    assert to_stock.call("demo", "echo", {"value": "ours"}, TESTER) == "ours"
    assert to_stock.waiting == 0


@pytest.mark.parametrize(
    ("method", "payload", "code"),
    [
        ("fail", {}, "internal_error"),
        ("echo", {"wrong": 1}, "incorrect_signature"),
        ("nothing_like_it", {}, "method_not_found"),
    ],
)
def test_an_error_of_a_stock_service_has_a_code_and_none_of_its_text(
    to_stock: RpcClient, method: str, payload: dict[str, Any], code: str
) -> None:
    with pytest.raises(InternalError) as failure:
        to_stock.call("stock", method, payload, TESTER)

    assert (failure.value.code, failure.value.details) == (code, {})


def test_without_the_option_a_stock_service_is_not_heard(client: RpcClient, stock: Any) -> None:
    """Why the option exists: it answers on its exchange, where direct reply-to is lost."""
    with pytest.raises(Unavailable, match="deadline_exceeded"):
        client.call("stock", "echo", {"value": 1}, TESTER, timeout=1)


def test_the_reply_queue_comes_back_with_the_connection(
    house: DemoHouse, to_stock: RpcClient
) -> None:
    house.drop_connection("tests rpc")

    assert eventually(lambda: not to_stock.connected)
    assert eventually(lambda: answered(to_stock, "stock") and answered(to_stock, "demo"), 30, 0.2)


def answered(client: RpcClient, service: str) -> bool:
    try:
        return client.call(service, "echo", {"value": 1}, TESTER, timeout=2) == 1
    except Unavailable:
        return False


# -- golden captures --------------------------------------------------------------------------

MASKS: tuple[tuple[str, str], ...] = (
    (r"amq\.rabbitmq\.reply-to\.\S+", "<direct reply-to>"),
    (r"[\w-]+\.[\w-]{80,}\.[\w-]{80,}", "<token>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", "<traceparent>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
)


def masked(value: Any) -> Any:
    """Return a value with everything that differs from run to run replaced by its kind."""
    if isinstance(value, dict):
        return {
            key: "<epoch ms>" if key == "nameko.deadline" else masked(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        for pattern, mask in MASKS:
            value = re.sub(pattern, mask, value)
    return value


class Tap:
    """A queue that sees everything that passes an exchange."""

    def __init__(self, house: DemoHouse, exchange: str, key: str) -> None:
        self.channel = house.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, exchange, key)

    def message(self) -> dict[str, Any]:
        """Return the next message, every property that is set included."""
        method, properties, body = eventually(self._next)
        return {
            "exchange": method.exchange,
            "routing_key": masked(method.routing_key),
            "properties": {
                name: masked(value)
                for name, value in sorted(vars(properties).items())
                if value is not None
            },
            "body": masked(json.loads(body)),
        }

    def _next(self) -> Any:
        found = self.channel.basic_get(self.queue, auto_ack=True)
        return found if found[0] else None


@pytest.fixture
def tap(house: DemoHouse) -> Iterator[Callable[[str, str], Tap]]:
    """Make taps; they are closed at the end."""
    made: list[Tap] = []

    def make(exchange: str, key: str) -> Tap:
        made.append(Tap(house, exchange, key))
        return made[-1]

    yield make
    for each in made:
        each.channel.connection.close()


def as_golden(name: str, captured: dict[str, Any]) -> None:
    """Compare with a golden file; `UPDATE_GOLDEN=1` writes it anew."""
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(captured, indent=2, ensure_ascii=False) + "\n")
    assert captured == json.loads(file.read_text())


def ask_for_reply(house: DemoHouse, tapped: Tap, key: str, value: str) -> dict[str, Any]:
    """Send a request whose reply goes to a tap, as a stock client's would."""
    headers = {"nameko.actor": ActorSigner.load(house.private_key).sign(TESTER, "demo")}
    properties = pika.BasicProperties(
        content_type="application/json", reply_to=key, correlation_id=new_id(), headers=headers
    )
    body = json.dumps({"args": [], "kwargs": {"value": value}}).encode()
    tapped.channel.basic_publish("nameko-rpc", "demo.misbehave", body, properties)
    return tapped.message()


def test_a_request_of_ours_looks_as_its_golden_file(
    tap: Callable[[str, str], Tap], client: RpcClient
) -> None:
    requests = tap("nameko-rpc", "demo.*")
    payload = {"mark": "golden", "seconds": 0.0}

    client.send("demo", "leave_mark", payload, TESTER, key="a-key", request_id="a-request").result()

    as_golden("request", requests.message())


def test_a_request_of_ours_to_a_stock_peer_looks_as_its_golden_file(
    tap: Callable[[str, str], Tap], to_stock: RpcClient
) -> None:
    requests = tap("nameko-rpc", "stock.*")

    to_stock.call("stock", "echo", {"value": 1}, TESTER)

    as_golden("request_to_a_stock_peer", requests.message())


@pytest.mark.parametrize(
    ("name", "value"), [("reply", "fine"), ("reply_refused", "refuse"), ("reply_failed", "raise")]
)
def test_a_reply_of_ours_looks_as_its_golden_file(
    house: DemoHouse, tap: Callable[[str, str], Tap], name: str, value: str
) -> None:
    key = new_id()

    as_golden(name, ask_for_reply(house, tap("nameko-rpc", key), key, value))


def test_a_repeated_command_says_in_a_header_that_it_is_one(
    house: DemoHouse, tap: Callable[[str, str], Tap]
) -> None:
    key, idempotency_key = new_id(), new_id()
    replies = tap("nameko-rpc", key)
    signer = ActorSigner.load(house.private_key)
    headers = {
        "nameko.actor": signer.sign(TESTER, "demo"),
        "nameko.idempotency_key": idempotency_key,
    }
    properties = pika.BasicProperties(reply_to=key, correlation_id=new_id(), headers=headers)
    body = b'{"args": [], "kwargs": {"mark": "replayed"}}'

    seen = []
    for _ in range(2):
        replies.channel.basic_publish("nameko-rpc", "demo.leave_mark", body, properties)
        seen.append(replies.message())

    assert [each["properties"]["headers"] for each in seen] == [{}, {"nameko.replayed": True}]
    assert seen[0]["body"] == seen[1]["body"]


def test_an_event_of_ours_looks_as_its_golden_file(
    tap: Callable[[str, str], Tap], client: RpcClient
) -> None:
    events = tap("demo.events", "#")

    client.call("demo", "make_thing", {"mark": "golden"}, TESTER)

    as_golden("event", events.message())


def test_a_request_and_a_reply_of_nameko_look_as_their_golden_files(
    house: DemoHouse, stock: Any, tap: Callable[[str, str], Tap]
) -> None:
    """What ours are held against: a new nameko or kombu that changes the wire fails here."""
    messages = tap("nameko-rpc", "#")
    calls = {"context": {"language": "zh"}, "calls": [["stock", "echo", [], {"value": "字"}]]}

    subprocess.run(
        [*PEER, "call"], env=house.env, cwd=ROOT, input=json.dumps(calls),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    as_golden("nameko_request", messages.message())
    as_golden("nameko_reply", messages.message())


@pytest.mark.parametrize("kind", ["request", "reply"])
def test_ours_differs_from_namekos_only_where_that_was_decided(kind: str) -> None:
    """Shared: exchange, keys of the body, content type and encoding, a text correlation id."""
    files = [("nameko_", kind), ("", "request_to_a_stock_peer" if kind == "request" else kind)]
    theirs, ours = (
        json.loads((GOLDEN / f"{prefix}{name}.json").read_text()) for prefix, name in files
    )
    shared = ("content_type", "content_encoding", "correlation_id")

    assert theirs["exchange"] == ours["exchange"] == "nameko-rpc"
    assert set(theirs["body"]) == set(ours["body"])
    assert [theirs["properties"][name] for name in shared] == [
        ours["properties"][name] for name in shared
    ]
    assert set(theirs["properties"]) - set(ours["properties"]) == {"priority"}
    # Requests expire with their deadline; replies and requests outlive no restart of the broker.
    added = set(ours["properties"]) - set(theirs["properties"])
    assert added == ({"expiration"} if kind == "request" else set())
    assert (theirs["properties"]["delivery_mode"], ours["properties"]["delivery_mode"]) == (2, 1)
