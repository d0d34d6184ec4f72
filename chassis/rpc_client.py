"""Calls to services: one connection per process, many calls in flight, every one with a deadline.

Works in threads (gateway) and, patched, in greenlets (sagas): make it after fork. Replies come by
direct reply-to, or through a queue of our own from a peer that knows only nameko's way. A call that
cannot be sent fails at once; one in flight when the connection drops fails with a retryable error;
one that is not answered fails at its deadline.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pika

from chassis import clock, crash, metrics, tracing, wire, wire_json
from chassis.actor import Actor, ActorSigner
from chassis.amqp import Link, Loop
from chassis.errors import CRMError, InternalError, Unavailable
from chassis.ids import new_id

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 64
"""Calls that may wait for one service; the next one is refused at once."""


class Pending:
    """A call on its way."""

    def __init__(self, client: "RpcClient", service: str, method: str, timeout: float) -> None:
        self.id = new_id()
        self.service, self.method = service, method
        self.replayed = False
        self._client = client
        self._started = clock.monotonic()
        self._until = self._started + timeout
        self._done = threading.Event()
        self._outcome: Any = None
        self._error: CRMError | None = None

    def result(self, timeout: float | None = None) -> Any:
        """Return the reply; waits until the call's deadline, or less.

        Raises:
            CRMError: What the service refused, or Unavailable `deadline_exceeded`,
                `service_unreachable`, `connection_lost`, `broker_blocked`.
        """
        left = self._until - clock.monotonic()
        if timeout is not None:
            left = min(left, timeout)
        if not self._done.wait(max(left, 0.0)):
            self._client.forget(self)
            self.fail(Unavailable("deadline_exceeded", service=self.service, retry_after=1))
        if self._error is not None:
            raise self._error
        return self._outcome

    def complete(self, outcome: Any, replayed: bool) -> None:
        """End the call with its reply."""
        if not self._done.is_set():
            self._outcome, self.replayed = outcome, replayed
            self._end("ok")

    def fail(self, error: CRMError) -> None:
        """End the call with an error."""
        if not self._done.is_set():
            self._error = error
            self._end(error.code if isinstance(error, Unavailable) else "refused")

    def _end(self, outcome: str) -> None:
        self._done.set()
        names = (self._client.caller, self.service, self.method)
        metrics.RPC_CLIENT.labels(*names, outcome).inc()
        metrics.RPC_CLIENT_DURATION.labels(*names).observe(clock.monotonic() - self._started)


class RpcClient:
    """The calls of one process.

    Args:
        signer: Signs the actor's context as this process' issuer.
        caller: Name of the process, for metrics and the broker's list of connections.
        stock_peers: Services on nameko's own AMQP layer; they answer on the RPC exchange only.
    """

    def __init__(
        self,
        url: str,
        signer: ActorSigner,
        caller: str,
        max_in_flight: int = MAX_IN_FLIGHT,
        stock_peers: Collection[str] = (),
    ) -> None:
        self.caller = caller
        self.signer = signer
        self._max = max_in_flight
        self._stock = frozenset(stock_peers)
        self._reply_key = new_id()
        self._loop = Loop()
        self._link = Link(self._loop, url, f"{caller} rpc", self._up, self._down)
        self._channel: Any = None
        self._waiting: dict[str, Pending] = {}
        self._in_flight: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop.run, name="rpc-client", daemon=True)

    @property
    def connected(self) -> bool:
        """Return whether calls can be sent now."""
        return self._channel is not None and self._link.up and not self._link.blocked

    @property
    def waiting(self) -> int:
        """Return how many calls wait for a reply."""
        return len(self._waiting)

    def start(self) -> None:
        """Start to connect; `connected` tells when it has."""
        self._thread.start()
        self._link.start()

    def stop(self) -> None:
        """Close the connection and end the thread; calls in flight fail."""
        self._loop.call(lambda: self._link.close(self._loop.stop))
        self._thread.join(5)
        self._fail_all("connection_lost")

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        actor: Actor,
        *,
        timeout: float = 10.0,
        key: str | None = None,
    ) -> Any:
        """Send a call and wait for its reply; errors as `Pending.result` and `send`."""
        return self.send(service, method, payload, actor, timeout=timeout, key=key).result()

    def send(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        actor: Actor,
        *,
        timeout: float = 10.0,
        key: str | None = None,
        request_id: str = "",
    ) -> Pending:
        """Send a call as an actor.

        Args:
            timeout: Seconds until the deadline; the message expires in the queue with it.
            key: Idempotency key; with it a repeat has no second effect.

        Raises:
            Unavailable: `not_connected`, `broker_blocked`, `too_many_in_flight`; nothing was sent.
        """
        if self._link.blocked:
            raise Unavailable("broker_blocked", retry_after=1)
        if self._channel is None:
            raise Unavailable("not_connected", retry_after=1)
        pending = Pending(self, service, method, timeout)
        with self._lock:
            if self._in_flight[service] >= self._max:
                raise Unavailable("too_many_in_flight", service=service, retry_after=1)
            self._in_flight[service] += 1
            self._waiting[pending.id] = pending
        milliseconds = max(int(timeout * 1000), 1)
        headers: dict[str, Any] = {
            "nameko.actor": self.signer.sign(actor, service),
            "nameko.deadline": clock.epoch_ms() + milliseconds,
            "traceparent": tracing.current_traceparent() or tracing.new_traceparent(),
        }
        if key is not None:
            headers["nameko.idempotency_key"] = key
        if request_id:
            headers["nameko.request_id"] = request_id
        properties = pika.BasicProperties(
            content_type=wire.JSON,
            content_encoding="utf-8",
            reply_to=self._reply_key if service in self._stock else wire.DIRECT_REPLY,
            correlation_id=pending.id,
            expiration=str(milliseconds),
            delivery_mode=1,
            headers=headers,
        )
        body = wire_json.dumps({"args": [], "kwargs": payload})
        self._loop.call(lambda: self._publish(pending, f"{service}.{method}", properties, body))
        return pending

    def forget(self, pending: Pending) -> bool:
        """Stop waiting for a call; a late reply is dropped."""
        with self._lock:
            if self._waiting.pop(pending.id, None) is None:
                return False
            self._in_flight[pending.service] -= 1
            return True

    # -- in the loop ------------------------------------------------------------------------

    def _publish(
        self, pending: Pending, routing_key: str, properties: pika.BasicProperties, body: bytes
    ) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            if self.forget(pending):
                pending.fail(Unavailable("connection_lost", retry_after=1))
            return
        crash.point("before_call", routing_key)
        channel.basic_publish(wire.RPC_EXCHANGE, routing_key, body, properties, mandatory=True)
        crash.point("after_call", routing_key)

    def _up(self, connection: Any) -> None:
        def opened(channel: Any) -> None:
            channel.add_on_close_callback(lambda *_: self._channel_lost(channel))
            channel.add_on_return_callback(self._returned)
            channel.exchange_declare(
                wire.RPC_EXCHANGE,
                exchange_type="topic",
                durable=True,
                callback=lambda _: listen(channel),
            )

        def listen(channel: Any) -> None:
            channel.basic_consume(
                wire.DIRECT_REPLY,
                self._replied,
                auto_ack=True,
                callback=lambda _: own_queue(channel) if self._stock else ready(channel),
            )

        def own_queue(channel: Any) -> None:
            # Exclusive: it goes with the connection, and then every call in flight has failed.
            channel.queue_declare(
                "", exclusive=True, auto_delete=True, callback=lambda ok: bind(channel, ok)
            )

        def bind(channel: Any, ok: Any) -> None:
            queue = ok.method.queue
            channel.queue_bind(queue, wire.RPC_EXCHANGE, self._reply_key)
            channel.basic_consume(
                queue, self._replied, auto_ack=True, callback=lambda _: ready(channel)
            )

        def ready(channel: Any) -> None:
            self._channel = channel

        connection.channel(on_open_callback=opened)

    def _down(self) -> None:
        self._channel = None
        self._fail_all("connection_lost")

    def _channel_lost(self, channel: Any) -> None:
        if self._channel is channel:
            self._down()
            connection = self._link.connection
            if connection is not None and connection.is_open and not self._link.closing:
                self._loop.later(0.2, lambda: self._up(connection) if connection.is_open else None)

    def _fail_all(self, code: str) -> None:
        with self._lock:
            lost, self._waiting = self._waiting, {}
            self._in_flight.clear()
        for pending in lost.values():
            pending.fail(Unavailable(code, retry_after=1))

    def _returned(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        self._end(
            properties.correlation_id,
            lambda pending: pending.fail(
                Unavailable("service_unreachable", service=pending.service, retry_after=2)
            ),
        )

    def _replied(self, _channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        self._end(properties.correlation_id, lambda pending: _settle(pending, properties, body))

    def _end(self, correlation_id: str, how: Callable[[Pending], None]) -> None:
        pending = self._waiting.get(correlation_id)
        if pending is not None and self.forget(pending):
            try:
                how(pending)
            except Exception:
                log.exception("reply_unreadable")
                pending.fail(InternalError("reply_unreadable"))


def _settle(pending: Pending, properties: Any, body: bytes) -> None:
    message = wire_json.loads(body)
    if message["error"]:
        pending.fail(wire.error_from(message["error"]))
        return
    replayed = bool((properties.headers or {}).get("nameko.replayed"))
    pending.complete(message["result"], replayed)
