"""The plumbing that every AMQP peer of Omnibus stands on: loop, link, confirmed publishing.

One `Loop` lives as long as its process; connections come and go on it. A `Link` is one connection
that reconnects for ever. Everything here runs in the loop's thread or greenlet; others hand work
over with `Loop.call`, which wakes the loop only when the queue was empty, so that a burst leaves in
one send.

Rules of the loop: never wait in a callback, never let an exception out of one.
"""

import logging
import random
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.adapters.utils.io_services_utils import _AsyncPlaintextTransport
from pika.channel import Channel

from chassis import clock
from chassis.settings import settings

# pika writes six lines per failed attempt; the link writes one of its own.
for _noisy in ("pika", "pika.adapters", "pika.connection", "pika.channel"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)

log = logging.getLogger(__name__)

_STABLE_SECONDS = 10.0
"""A connection that lived this long earns a fresh backoff; sooner, a poison message would make
five reconnects a second."""


class _Connection(SelectConnection):
    """A connection that sends all frames of a flush as one buffer."""

    _held: list[bytes] | None = None

    def _output_marshaled_frames(self, marshaled_frames: Sequence[bytes]) -> None:
        # pika would send every frame on its own: three for a reply, one for its acknowledgement.
        for frame in marshaled_frames:
            self.bytes_sent += len(frame)
            self.frames_sent += 1
        if self._held is not None:
            self._held.extend(marshaled_frames)
        else:
            self._adapter_emit_data(b"".join(marshaled_frames))

    def _adapter_emit_data(self, data: bytes) -> None:
        # pika would wait for the socket to be writable, which costs a turn of the loop and two
        # system calls each time; it nearly always is. What does not fit goes pika's way.
        transport = self._transport
        if (
            type(transport) is _AsyncPlaintextTransport
            and transport._state == transport._STATE_ACTIVE
            and not transport._tx_buffers
        ):
            try:
                sent = transport._sock.send(data)
            except OSError:
                sent = 0  # pika meets the error itself, where it can deal with it.
            data = data[sent:]
        if data:
            super()._adapter_emit_data(data)

    def hold(self) -> None:
        """Collect frames until `release`."""
        self._held = []

    def release(self) -> None:
        """Send what was collected."""
        held, self._held = self._held, None
        if held and not self.is_closed:  # The last flush holds the close itself.
            self._adapter_emit_data(b"".join(held))


def _new_io() -> IOLoop:
    """Return a loop that fits the process: the hub's own where the process is green."""
    if "eventlet" in sys.modules:
        from eventlet.patcher import is_monkey_patched

        if is_monkey_patched("socket"):
            from chassis.hub_poller import HubLoop

            return HubLoop()
    return IOLoop()


class Loop:
    """An event loop that survives its callbacks and whatever pika raises."""

    def __init__(self) -> None:
        self.io = _new_io()
        self.links: list[Link] = []
        self.stopped = False
        self._queue: deque[Callable[[], None]] = deque()
        self._woken = False

    def run(self) -> None:
        """Run until `stop`; blocks the calling thread or greenlet."""
        while not self.stopped:
            try:
                self.io.start()
            except Exception:
                log.exception("amqp_loop_failed")
                self.io = _new_io()
                self._woken = False
                for link in self.links:
                    link.restart()
                self.call(lambda: None)

    def stop(self) -> None:
        """End `run`; call it in the loop."""
        self.stopped = True
        self.io.stop()

    def call(self, work: Callable[[], None]) -> None:
        """Run something in the loop soon; from any thread or greenlet."""
        self._queue.append(work)
        if not self._woken:
            self._woken = True
            self.io.add_callback_threadsafe(self._drain)

    def later(self, seconds: float, work: Callable[[], None]) -> Any:
        """Run something in the loop after a while; call it in the loop."""
        return self.io.call_later(seconds, lambda: guarded(work))

    def _drain(self) -> None:
        # The flag falls before the queue is read: what comes later wakes the loop again.
        self._woken = False
        held = [link.connection for link in self.links if link.connection is not None]
        for connection in held:
            connection.hold()
        try:
            while self._queue:
                guarded(self._queue.popleft())
        finally:
            for connection in held:
                connection.release()


def guarded(work: Callable[..., None], *args: Any) -> None:
    """Run a callback; an exception is logged and goes no further."""
    try:
        work(*args)
    except Exception:
        log.exception("amqp_callback_failed")


class Link:
    """One connection to the broker that comes back for ever.

    Args:
        on_up: Called in the loop with the fresh connection.
        on_down: Called in the loop when the connection is gone, before the next attempt.
    """

    def __init__(
        self,
        loop: Loop,
        url: str,
        name: str,
        on_up: Callable[[SelectConnection], None],
        on_down: Callable[[], None] = lambda: None,
    ) -> None:
        self.loop = loop
        self.name = name
        self.connection: _Connection | None = None
        self.blocked = False
        self.closing = False
        self._on_up, self._on_down = on_up, on_down
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = settings().heartbeat
        self._parameters.socket_timeout = 5
        self._parameters.stack_timeout = 10
        self._parameters.client_properties = {"connection_name": name}
        self._backoff = 0.2
        self._up_at = 0.0
        self._on_closed: Callable[[], None] | None = None
        loop.links.append(self)

    @property
    def up(self) -> bool:
        """Return whether the connection is open."""
        return self.connection is not None and self.connection.is_open

    def start(self) -> None:
        """Begin to connect; returns at once, `on_up` tells the rest."""
        self.loop.call(self._connect)

    def close(self, done: Callable[[], None]) -> None:
        """Close politely: channels first, so close-ok means that every ack was taken."""
        self.closing = True
        self._on_closed = done
        if self.connection is not None and self.connection.is_open:
            self.connection.close()
        else:
            done()

    def restart(self) -> None:
        """Forget everything and connect anew, on a new loop."""
        self.connection = None
        guarded(self._on_down)
        if not self.closing:
            self.loop.call(self._connect)

    def _connect(self) -> None:
        if self.closing or self.loop.stopped:
            return
        self.blocked = False
        self.connection = _Connection(
            self._parameters,
            on_open_callback=lambda connection: guarded(self._opened, connection),
            on_open_error_callback=lambda _, error: guarded(self._gone, error),
            on_close_callback=lambda _, error: guarded(self._gone, error),
            custom_ioloop=self.loop.io,
        )

    def _opened(self, connection: Any) -> None:
        self._up_at = clock.monotonic()
        connection.add_on_connection_blocked_callback(lambda *_: self._block(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._block(False))
        log.info("amqp_connected", extra={"connection": self.name})
        self._on_up(connection)

    def _block(self, blocked: bool) -> None:
        self.blocked = blocked
        log.warning("amqp_blocked" if blocked else "amqp_unblocked")

    def _gone(self, error: Exception) -> None:
        """Both a failed attempt and a lost connection end here."""
        was_up, self._up_at = self._up_at, 0.0
        self.connection = None
        guarded(self._on_down)
        if self.closing:
            if self._on_closed:
                self._on_closed()
            return
        if was_up and clock.monotonic() - was_up > _STABLE_SECONDS:
            self._backoff = 0.2
        delay = self._backoff * random.uniform(0.5, 1.0)
        self._backoff = min(self._backoff * 2, 5.0)
        log.warning(
            "amqp_down",
            extra={
                "connection": self.name,
                "why": type(error).__name__,
                "retry_in": round(delay, 2),
            },
        )
        self.loop.later(delay, self._connect)


class ConfirmedPublisher:
    """A channel in confirm mode: each publish ends in exactly one `then(taken)`.

    Taken means acknowledged by the broker and not returned as unroutable. Every publish of the
    channel must go through here, or delivery tags go out of step. When the channel is lost,
    everything pending gets `then(False)`.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.channel: Channel | None = None
        self.returned_total = 0
        self._sequence = 0
        self._pending: dict[int, tuple[Callable[[bool], None], str]] = {}
        self._unroutable: set[str] = set()

    @property
    def pending(self) -> int:
        """Return how many publishes wait for their confirm."""
        return len(self._pending)

    def open(self, then: Callable[[], None] = lambda: None) -> None:
        """Open the channel on a connection that has just come up."""
        connection = self.link.connection
        if connection is None or not connection.is_open:
            return

        def opened(channel: Channel) -> None:
            self._sequence = 0
            channel.add_on_close_callback(lambda *_: guarded(self._closed, channel))
            channel.add_on_return_callback(
                lambda _channel, _method, properties, _body: guarded(self._returned, properties)
            )

            def ready(_frame: Any) -> None:
                self.channel = channel
                guarded(then)

            channel.confirm_delivery(lambda frame: guarded(self._confirmed, frame), callback=ready)

        connection.channel(on_open_callback=lambda channel: guarded(opened, channel))

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: pika.BasicProperties,
        then: Callable[[bool], None],
    ) -> None:
        """Publish mandatory; call it in the loop."""
        if self.channel is None or not self.channel.is_open:
            then(False)
            return
        self._sequence += 1
        self._pending[self._sequence] = (then, properties.message_id or "")
        self.channel.basic_publish(
            exchange, routing_key, body, properties, mandatory=True
        )  # crash-point: callers have theirs

    def down(self) -> None:
        """Forget the channel: nothing pending was confirmed."""
        self.channel = None
        lost, self._pending = self._pending, {}
        self._unroutable.clear()
        for then, _ in lost.values():
            guarded(then, False)

    def _returned(self, properties: pika.BasicProperties) -> None:
        # basic.return comes before the confirm of the same message.
        self.returned_total += 1
        self._unroutable.add(properties.message_id or "")

    def _confirmed(self, frame: Any) -> None:
        taken = isinstance(frame.method, pika.spec.Basic.Ack)
        tag = frame.method.delivery_tag
        tags = (
            [known for known in self._pending if known <= tag] if frame.method.multiple else [tag]
        )
        for known in tags:
            entry = self._pending.pop(known, None)
            if entry is None:
                continue
            then, message_id = entry
            routed = message_id not in self._unroutable
            self._unroutable.discard(message_id)
            guarded(then, taken and routed)

    def _closed(self, channel: Channel) -> None:
        if self.channel is channel or self.channel is None:
            self.down()
            if self.link.up and not self.link.closing:
                self.link.loop.later(1.0, self.open)
