"""How replies leave: on a channel of their own, and never trusting a direct reply-to address.

The broker closes the connection of whoever publishes to a direct reply-to address whose node it
does not know, and a peer may write any address. So the first reply to a node goes over a
connection that nothing else depends on; if that survives, the node is proven and its replies take
the fast way from then on.
"""

import logging
from collections import deque
from typing import Any

import pika

from chassis.amqp import Link, Loop, guarded
from chassis.wire import ReplyAddress

log = logging.getLogger(__name__)

_MAX_WAITING = 1_000
_MAX_REFUSED = 1_000


class Replies:
    """The replies of one service; everything here runs in the loop."""

    def __init__(self, loop: Loop, url: str, service: str) -> None:
        self._channel: Any = None
        self._proven: set[bytes] = set()
        self._refused: set[bytes] = set()
        self._unproven = Unproven(loop, url, service, self._judge)

    def open(self, connection: Any) -> None:
        """Open the channel on a fresh connection."""

        def opened(channel: Any) -> None:
            self._channel = channel
            channel.add_on_close_callback(lambda *_: guarded(self._closed, channel, connection))

        connection.channel(on_open_callback=lambda channel: guarded(opened, channel))

    def down(self) -> None:
        """Forget the channel; a restarted broker may have other nodes."""
        self._channel = None
        self._proven.clear()
        self._refused.clear()

    @property
    def pending(self) -> int:
        """Return how many replies wait for a node to be proven."""
        return self._unproven.pending

    def send(self, address: ReplyAddress, body: bytes, properties: pika.BasicProperties) -> None:
        """Send a reply; one that can not be sent is left to its caller's deadline."""
        if address.node and address.node not in self._proven:
            if address.node not in self._refused:
                self._unproven.send(address, body, properties)
            return
        if self._channel is not None and self._channel.is_open:
            # crash-point: the bus has one on each side of every reply.
            self._channel.basic_publish(address.exchange, address.routing_key, body, properties)

    def _closed(self, channel: Any, connection: Any) -> None:
        if self._channel is channel:
            self._channel = None
            if connection.is_open:
                self.open(connection)

    def _judge(self, node: bytes, fine: bool) -> None:
        if fine:
            self._proven.add(node)
            return
        log.warning("reply_address_refused")
        if len(self._refused) > _MAX_REFUSED:
            self._refused.clear()
        self._refused.add(node)


class Unproven:
    """A connection to lose: one reply at a time, then a question whose answer proves the node."""

    def __init__(self, loop: Loop, url: str, service: str, judge: Any) -> None:
        self._link = Link(loop, url, f"{service} unproven", self._up, self._down)
        self._judge = judge
        self._started = False
        self._channel: Any = None
        self._waiting: deque[tuple[ReplyAddress, bytes, pika.BasicProperties]] = deque()
        self._current: bytes | None = None

    @property
    def pending(self) -> int:
        """Return how many replies are not sent yet, or sent and not yet judged."""
        return len(self._waiting) + (self._current is not None)

    def send(self, address: ReplyAddress, body: bytes, properties: pika.BasicProperties) -> None:
        """Queue a reply; the connection is made when there is one."""
        if len(self._waiting) < _MAX_WAITING:
            self._waiting.append((address, body, properties))
        if not self._started:
            self._started = True
            self._link.start()
        self._next()

    def _next(self) -> None:
        if self._current is not None or self._channel is None or not self._waiting:
            return
        address, body, properties = self._waiting.popleft()
        self._current = address.node
        # crash-point: the bus has one on each side of every reply.
        self._channel.basic_publish(address.exchange, address.routing_key, body, properties)
        self._channel.basic_qos(prefetch_count=1, callback=lambda _: guarded(self._survived))

    def _survived(self) -> None:
        node, self._current = self._current, None
        if node is not None:
            self._judge(node, True)
        self._next()

    def _up(self, connection: Any) -> None:
        def opened(channel: Any) -> None:
            self._channel = channel
            self._next()

        connection.channel(on_open_callback=lambda channel: guarded(opened, channel))

    def _down(self) -> None:
        node, self._current = self._current, None
        self._channel = None
        if node is not None:
            self._judge(node, False)
