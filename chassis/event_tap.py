"""Every event of the house as it happens, for a process that keeps something derived from them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chassis import wire, wire_json
from chassis.amqp import Link, Loop
from chassis.settings import DATABASES


class EventTap:
    """Every event of the house, as it happens, for a cache that must drop what changed.

    An exclusive queue of this process alone: what is published while it is away is not seen, so
    `on_lost` must forget everything.
    """

    def __init__(
        self,
        url: str,
        name: str,
        on_event: Callable[[Mapping[str, Any]], None],
        on_lost: Callable[[], None],
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.listening = False
        self._only = only or {}
        self._on_event, self._on_lost = on_event, on_lost
        self._loop = Loop()
        self._link = Link(self._loop, url, f"{name} tap", self._up, self._down)
        self._thread = threading.Thread(target=self._loop.run, name="event-tap", daemon=True)

    def start(self) -> None:
        """Start to listen; `listening` tells when it does."""
        self._thread.start()
        self._link.start()

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._loop.call(lambda: self._link.close(self._loop.stop))
        self._thread.join(5)

    def _up(self, connection: Any) -> None:
        def opened(channel: Any) -> None:
            channel.add_on_close_callback(lambda *_: self._lost(connection))
            for source in DATABASES:
                channel.exchange_declare(f"{source}.events", exchange_type="topic", durable=True)
            channel.queue_declare(
                "", exclusive=True, auto_delete=True, callback=lambda ok: bind(channel, ok)
            )

        def bind(channel: Any, ok: Any) -> None:
            queue = ok.method.queue
            for source in DATABASES:
                for key in self._only.get(source, ("#",)):
                    channel.queue_bind(queue, f"{source}.events", key)
            channel.basic_consume(queue, received, auto_ack=True, callback=lambda _: ready())

        def ready() -> None:
            # Whatever was cached before the bindings stood may be out of date.
            self._on_lost()
            self.listening = True

        def received(_channel: Any, _method: Any, _properties: Any, body: bytes) -> None:
            try:
                self._on_event(wire.check_envelope(wire_json.loads(body)))
            except (wire.Malformed, ValueError):
                self._on_lost()

        connection.channel(on_open_callback=opened)

    def _lost(self, connection: Any) -> None:
        self._down()
        if connection.is_open and not self._link.closing:
            connection.close()  # The link comes back with a fresh channel and queue.

    def _down(self) -> None:
        self.listening = False
        self._on_lost()
