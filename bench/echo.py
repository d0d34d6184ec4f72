"""RPC echo through the bus against raw pika on direct reply-to, interleaved, 1 and 32 in flight."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import pika
import psutil

from chassis.actor import Actor, ActorSigner, Level, define_roles
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from chassis.settings import settings

SECONDS = 3.0
ROUNDS = 3


class RawClient:
    """The least that pika can do: one connection, direct reply-to, a thread that waits."""

    def __init__(self, url: str, queue: str) -> None:
        self.queue = queue
        self.connection = pika.SelectConnection(
            pika.URLParameters(url), on_open_callback=self._opened
        )
        self.ready = threading.Event()
        self.waiting: dict[str, threading.Event] = {}
        threading.Thread(target=self.connection.ioloop.start, daemon=True).start()
        self.ready.wait(10)

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._listen)

    def _listen(self, channel: Any) -> None:
        self.channel = channel
        channel.basic_consume(
            "amq.rabbitmq.reply-to",
            self._replied,
            auto_ack=True,
            callback=lambda _: self.ready.set(),
        )

    def _replied(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        self.waiting.pop(properties.correlation_id).set()

    def send(self, body: bytes) -> threading.Event:
        """Send one request; the event is set when its reply is here."""
        done, identity = threading.Event(), new_id()
        self.waiting[identity] = done
        properties = pika.BasicProperties(
            reply_to="amq.rabbitmq.reply-to", correlation_id=identity, delivery_mode=1
        )
        self.connection.ioloop.add_callback_threadsafe(
            lambda: self.channel.basic_publish("", self.queue, body, properties)
        )
        return done

    def close(self) -> None:
        """Close the connection."""
        self.connection.ioloop.add_callback_threadsafe(self.connection.close)


def raw_server(url: str, queue: str) -> None:
    """Echo for ever with raw pika; a process of its own."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(queue, durable=True, auto_delete=False)
    channel.basic_qos(prefetch_count=20)

    def echo(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        channel.basic_publish(
            "",
            properties.reply_to,
            body,
            pika.BasicProperties(correlation_id=properties.correlation_id, delivery_mode=1),
        )
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, echo)
    print("ready", flush=True)
    channel.start_consuming()


def _rate(send: Any, wait: Any, in_flight: int) -> float:
    """Return calls per second over a few seconds."""
    waiting: deque[Any] = deque()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        waiting.append(send())
        if len(waiting) >= in_flight:
            wait(waiting.popleft())
            count += 1
    while waiting:
        wait(waiting.popleft())
        count += 1
    return count / (time.perf_counter() - started)


def _process(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def measure() -> dict[str, Any]:
    """Return calls per second and the ratio to raw pika."""
    url = settings().amqp_url
    define_roles({"bench": {"echo:use": Level.ALL}})
    key = settings().actor_private_key_file
    assert key is not None
    raw = _process("bench.echo", url, "bench-raw-echo")
    ours = _process("bench.echo_service", LOG_LEVEL="ERROR", HEALTH_PORT="0")
    assert raw.stdout is not None
    raw.stdout.readline()
    client = RpcClient(url, ActorSigner.load(Path(key)), "bench")
    client.start()
    actor = Actor(id="bench", roles=("bench",), client_id="bench")
    _wait_until_served(client, actor)
    peer = RawClient(url, "bench-raw-echo")
    body = b'{"args": [], "kwargs": {"value": "' + b"x" * 80 + b'"}}'
    found: dict[str, Any] = {}
    server = psutil.Process(ours.pid)
    try:
        for in_flight in (1, 32):
            pairs = []
            for _ in range(ROUNDS):
                floor = _rate(lambda: peer.send(body), lambda done: done.wait(5), in_flight)
                before = sum(server.cpu_times()[:2])
                rate = _rate(
                    lambda: client.send("echo", "echo", {"value": "x" * 80}, actor),
                    lambda pending: pending.result(),
                    in_flight,
                )
                cpu = (sum(server.cpu_times()[:2]) - before) / (rate * SECONDS) * 1000
                pairs.append((rate / floor, rate, floor, cpu))
            pairs.sort()
            ratio, rate, floor, cpu = pairs[len(pairs) // 2]
            found[f"rpc_echo_{in_flight}"] = {
                "ratio": round(ratio, 3),
                "calls_per_second": round(rate),
                "raw_calls_per_second": round(floor),
                "service_cpu_ms": round(cpu, 3),
            }
    finally:
        peer.close()
        client.stop()
        for process in (raw, ours):
            process.terminate()
            process.wait(30)
        _forget(url)
    return found


def _forget(url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for queue in ("bench-raw-echo", "rpc-echo", "rpc-echo.dlq"):
        channel.queue_delete(queue)
    connection.close()


def _wait_until_served(client: RpcClient, actor: Actor) -> None:
    for _ in range(200):
        try:
            client.call("echo", "echo", {"value": 1}, actor, timeout=1)
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The echo service did not start; see its log with LOG_LEVEL=INFO.")


if __name__ == "__main__":
    raw_server(sys.argv[1], sys.argv[2])
