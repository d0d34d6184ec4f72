"""A lane: one channel, one consumer, one prefetch, and a generation number.

The generation moves on whenever the channel is lost. An acknowledgement of an earlier generation
is dropped and counted: acking an old tag on a new channel would close that channel too.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pika.channel import Channel

from chassis import crash, metrics
from chassis.amqp import Link, guarded
from chassis.topology import Queue, declare_on

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over."""

    lane: "Lane"
    generation: int
    tag: int
    redelivered: bool
    exchange: str
    routing_key: str
    properties: Any
    body: bytes


class Lane:
    """Consumes one queue on a channel of its own and reopens it when it breaks."""

    def __init__(
        self,
        link: Link,
        queues: list[Queue],
        prefetch: int,
        on_delivery: Callable[[Delivery], None],
    ) -> None:
        self.link = link
        self.queue = queues[0].name
        self.queues = queues
        self.prefetch = prefetch
        self.generation = 0
        self.channel: Channel | None = None
        self.consumer_tag: str | None = None
        self.cancelled = False
        self._on_delivery = on_delivery
        self._reopen_after = 1.0
        self._cancel_done: Callable[[], None] | None = None

    @property
    def consuming(self) -> bool:
        """Return whether the consumer is attached."""
        return self.consumer_tag is not None

    def open(self) -> None:
        """Open the channel, declare the queue, attach the consumer; in the loop."""
        connection = self.link.connection
        if self.cancelled or connection is None or not connection.is_open:
            return
        self.generation += 1
        generation = self.generation

        def opened(channel: Channel) -> None:
            self.channel = channel
            channel.add_on_close_callback(lambda _, why: guarded(self._closed, generation, why))
            channel.add_on_cancel_callback(lambda _: channel.is_open and channel.close())
            declare_on(channel, self.queues, lambda: qos(channel))

        def qos(channel: Channel) -> None:
            channel.basic_qos(
                prefetch_count=self.prefetch, callback=lambda _: guarded(consume, channel)
            )

        def consume(channel: Channel) -> None:
            if self.cancelled:
                return
            channel.basic_consume(
                self.queue, on_message_callback=received, callback=lambda ok: attached(ok)
            )

        def attached(ok: Any) -> None:
            self.consumer_tag = ok.method.consumer_tag
            self._reopen_after = 1.0

        def received(_channel: Channel, method: Any, properties: Any, body: bytes) -> None:
            guarded(
                self._on_delivery,
                Delivery(
                    self, generation, method.delivery_tag, method.redelivered, method.exchange,
                    method.routing_key, properties, body,
                ),
            )  # fmt: skip

        connection.channel(on_open_callback=lambda channel: guarded(opened, channel))

    def down(self) -> None:
        """Forget the channel; the connection is gone."""
        self.generation += 1
        self.channel = None
        self.consumer_tag = None
        if self._cancel_done:
            self._cancel_done()
            self._cancel_done = None

    def ack(self, delivery: Delivery, *, multiple: bool = False) -> None:
        """Acknowledge in the loop, unless the channel it came on is gone."""
        crash.point("before_ack", self.queue)
        if delivery.generation == self.generation and self.channel and self.channel.is_open:
            self.channel.basic_ack(delivery.tag, multiple=multiple)
            crash.point("after_ack", self.queue)
        else:
            metrics.LOST_ACKS.inc()

    def cancel(self, done: Callable[[], None]) -> None:
        """Stop consuming; `done` when the broker says that nothing more is on its way."""
        self.cancelled = True
        channel, tag = self.channel, self.consumer_tag
        if channel is None or not channel.is_open or tag is None:
            done()
            return
        self._cancel_done = done

        def cancelled(_: Any) -> None:
            self.consumer_tag = None
            if self._cancel_done:
                self._cancel_done()
                self._cancel_done = None

        channel.basic_cancel(tag, callback=lambda ok: guarded(cancelled, ok))

    def _closed(self, generation: int, why: Exception) -> None:
        if generation != self.generation:
            return
        if not self.link.closing:
            log.warning("lane_closed", extra={"queue": self.queue, "why": str(why)[:200]})
        self.down()
        if self.link.up and not self.link.closing and not self.cancelled:
            self.link.loop.later(self._reopen_after, self.open)
            self._reopen_after = min(self._reopen_after * 2, 30.0)
