"""nameko hosts, pika carries: the extension that serves every entrypoint of a container.

One pika loop in a managed greenlet over two connections: `main` (requests, replies, confirmed
publishes) and `events` (consume and acknowledge only, because under a memory alarm the broker stops
reading from whoever publishes). Workers hand replies and acknowledgements to the loop.

Order at SIGTERM: cancel every consumer, wait for running workers, flush, wait for confirms, close.
"""

import functools
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import eventlet
import pika
from eventlet.event import Event
from eventlet.semaphore import Semaphore
from nameko.extensions import Entrypoint, SharedExtension, register_entrypoint

from chassis import crash, metrics, wire
from chassis.actor import ActorVerifier
from chassis.amqp import ConfirmedPublisher, Link, Loop
from chassis.batch import BatchLane
from chassis.entrypoints import Job, Spec, Tick, specs
from chassis.jobs import EventJob, RpcJob, parked_properties
from chassis.lane import Delivery, Lane
from chassis.replies import Replies
from chassis.settings import settings
from chassis.topology import event_queues, parked_queue, retry_queue, rpc_queue
from chassis.wire import ReplyAddress

if TYPE_CHECKING:
    from chassis.db import Database

log = logging.getLogger(__name__)

_PARK_AGAIN = 5.0
_CANCEL_WAIT = 5.0
_CLOSE_WAIT = 5.0


class Bus(SharedExtension):
    """The broker, as one container sees it."""

    def __init__(self) -> None:
        self.methods: dict[str, UseCaseEntrypoint] = {}
        self.lanes: list[Lane] = []
        self.suspects = Semaphore(1)
        self._cancelled: Event | None = None
        self._building = Semaphore(1)
        self._built = False

    def build(self) -> None:
        """Build links and lanes, once; nothing waits for the broker.

        Entrypoints are set up side by side with the bus, so the first of them does it.
        """
        with self._building:  # Building reads files, where another greenlet may run.
            if not self._built:
                self._build()
                self._built = True

    def _build(self) -> None:
        config = settings()
        cls = self.container.service_cls
        self.service: str = cls.name
        self.database: Database = cls.database
        if config.actor_public_keys_file is None:
            raise SystemExit("Set ACTOR_PUBLIC_KEYS_FILE: without it no call can be trusted.")
        self.verifier = ActorVerifier.load(config.actor_public_keys_file, self.service)
        self.loop = Loop()
        name = f"{self.service} {{}}"
        self.main = Link(
            self.loop, config.amqp_url, name.format("main"), self._main_up, self._main_down
        )
        self.events = Link(
            self.loop,
            config.amqp_url,
            name.format("events"),
            lambda _: self._open(self.events),
            lambda: self._down(self.events),
        )
        self.publisher = ConfirmedPublisher(self.main)
        self.replies = Replies(self.loop, config.amqp_url, self.service)
        self._unconfirmed = 0

    @property
    def being_killed(self) -> bool:
        """Return whether the container aborts its workers."""
        return bool(self.container._being_killed)

    @property
    def ready(self) -> bool:
        """Return whether every consumer is attached."""
        return bool(self.lanes) and all(lane.consuming for lane in self.lanes)

    def add(self, entrypoint: "UseCaseEntrypoint") -> None:
        """Serve one use case; called by entrypoints during set-up."""
        self.build()
        spec = entrypoint.spec
        config = settings()
        if spec.kind in ("command", "query"):
            if not self.methods:
                queues = [rpc_queue(self.service), parked_queue(f"rpc-{self.service}")]
                self.lanes.append(Lane(self.main, queues, config.rpc_prefetch, self._on_request))
            self.methods[spec.method] = entrypoint
        elif spec.kind == "on_event" and spec.many:
            self.lanes.append(BatchLane(self, event_queues(self.service, spec), entrypoint))
        elif spec.kind == "on_event":
            self.lanes.append(
                Lane(
                    self.events,
                    event_queues(self.service, spec),
                    config.event_prefetch,
                    lambda delivery: self._spawn(entrypoint, EventJob(self, delivery, spec)),
                )
            )

    def start(self) -> None:
        """Start the loop; readiness tells when the consumers are attached."""
        self._thread = self.container.spawn_managed_thread(self.loop.run, identifier="bus")
        self.main.start()
        self.events.start()

    def drain(self) -> None:
        """Cancel every consumer and wait until the broker says so; the first caller does it."""
        if self._cancelled is None:
            self._cancelled = Event()
            self.loop.call(self._cancel_all)
        with eventlet.Timeout(_CANCEL_WAIT, False):
            self._cancelled.wait()

    def stop(self) -> None:
        """Flush replies and acknowledgements, wait for confirms, close, end the loop."""
        self._close(_CLOSE_WAIT)

    def kill(self) -> None:
        """Flush and close within two seconds; aborted work goes back to its queues."""
        self._close(2.0)

    # -- what workers ask for ---------------------------------------------------------------

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge a message whose effect is committed."""
        self.loop.call(lambda: delivery.lane.ack(delivery))

    def answer(
        self, delivery: Delivery, address: ReplyAddress | None, body: bytes, replayed: bool = False
    ) -> None:
        """Send a reply, then acknowledge its request."""

        def work() -> None:
            self._reply(delivery, address, body, replayed)
            delivery.lane.ack(delivery)

        self.loop.call(work)

    def answer_and_park(
        self, delivery: Delivery, address: ReplyAddress, body: bytes, reason: str
    ) -> None:
        """Answer first, so that the caller does not wait for the parking."""
        self.loop.call(lambda: self._reply(delivery, address, body, False))
        self.park(delivery, reason)

    def park(
        self, delivery: Delivery, reason: str, attempts: int = 0, history: list[str] | None = None
    ) -> None:
        """Move a message to its parking queue with a confirmed publish, then acknowledge it."""
        queue = parked_queue(delivery.lane.queue).name
        properties = parked_properties(delivery, reason, attempts, history or [])
        log.warning("message_parked", extra={"queue": delivery.lane.queue, "reason": reason})
        metrics.PARKED.labels(self.service, delivery.lane.queue, reason[:60]).inc()
        self._move(delivery, queue, properties)

    def retry(self, delivery: Delivery, attempts: int, history: list[str]) -> None:
        """Send an event through the delay of its next attempt, then acknowledge it."""
        delays = settings().retry_seconds
        delay = delays[min(max(attempts - 1, 0), len(delays) - 1)]
        old = delivery.properties.headers or {}
        headers = {
            **{key: value for key, value in old.items() if key == "traceparent"},
            "x-attempts": attempts,
            "x-history": history,
            "x-first-at": wire.header_text(old, "x-first-at") or history[0].partition(" ")[0],
            "x-origin-exchange": wire.header_text(old, "x-origin-exchange") or delivery.exchange,
            "x-origin-key": wire.header_text(old, "x-origin-key") or delivery.routing_key,
        }
        properties = pika.BasicProperties(
            content_type=delivery.properties.content_type,
            delivery_mode=2,
            message_id=delivery.properties.message_id or f"retry-{delivery.tag}",
            headers=headers,
        )
        self._move(delivery, retry_queue(delivery.lane.queue, delay).name, properties)

    def _move(self, delivery: Delivery, queue: str, properties: pika.BasicProperties) -> None:
        def attempt() -> None:
            if delivery.generation != delivery.lane.generation:
                return  # The source comes again by itself.
            self._unconfirmed += 1
            crash.point("before_publish", queue)
            self.publisher.publish("", queue, delivery.body, properties, moved)
            crash.point("after_publish", queue)

        def moved(taken: bool) -> None:
            self._unconfirmed -= 1
            if taken:
                delivery.lane.ack(delivery)
            elif not self.main.closing:
                self.loop.later(_PARK_AGAIN, attempt)

        self.loop.call(attempt)

    # -- in the loop ------------------------------------------------------------------------

    def _main_up(self, connection: Any) -> None:
        self.replies.open(connection)
        self.publisher.open(lambda: self._open(self.main))

    def _main_down(self) -> None:
        self.replies.down()
        self.publisher.down()
        self._down(self.main)

    def _open(self, link: Link) -> None:
        for lane in self.lanes:
            if lane.link is link:
                lane.open()

    def _down(self, link: Link) -> None:
        for lane in self.lanes:
            if lane.link is link:
                lane.down()

    def _on_request(self, delivery: Delivery) -> None:
        method = delivery.routing_key.rpartition(".")[2]
        entrypoint = self.methods.get(method)
        if entrypoint is not None:
            self._spawn(entrypoint, RpcJob(self, delivery, entrypoint.spec))
            return
        address = wire.reply_address(delivery.properties.reply_to)
        if address is None:
            self.park(delivery, "method_not_found")
            return
        body = wire.reply_body(None, wire.error_of("MethodNotFound", "method_not_found", method))
        self.answer(delivery, address, body)

    def _spawn(self, entrypoint: "UseCaseEntrypoint", job: Any) -> None:
        self.container.spawn_worker(entrypoint, (job,), {})

    def _reply(
        self, delivery: Delivery, address: ReplyAddress | None, body: bytes, replayed: bool
    ) -> None:
        if address is None:
            return
        properties = pika.BasicProperties(
            content_type=wire.JSON,
            content_encoding="utf-8",
            correlation_id=delivery.properties.correlation_id,
            delivery_mode=1,
            headers={"nameko.replayed": True} if replayed else {},
        )
        crash.point("before_reply", delivery.routing_key)
        self.replies.send(address, body, properties)
        crash.point("after_reply", delivery.routing_key)

    def _cancel_all(self) -> None:
        waiting = list(self.lanes)

        def one(lane: Lane) -> Callable[[], None]:
            def done() -> None:
                if lane in waiting:
                    waiting.remove(lane)
                if not waiting and self._cancelled and not self._cancelled.ready():
                    self._cancelled.send(None)

            return done

        for lane in list(self.lanes):
            lane.cancel(one(lane))

    def _close(self, seconds: float) -> None:
        if self.loop.stopped:
            return
        deadline = time.monotonic() + seconds
        closed = Event()
        open_links = list(self.loop.links)

        def look() -> None:
            waiting = self._unconfirmed or self.replies.pending
            if waiting and self.main.up and time.monotonic() < deadline - 1:
                self.loop.later(0.05, look)
                return
            for link in list(open_links):
                link.close(functools.partial(one, link))

        def one(link: Link) -> None:
            if link in open_links:
                open_links.remove(link)
            if not open_links and not closed.ready():
                self.loop.stop()
                closed.send(None)

        self.loop.call(look)
        with eventlet.Timeout(seconds, False):
            closed.wait()
        self.loop.call(self.loop.stop)
        with eventlet.Timeout(2.0, False):
            self._thread.wait()


class UseCaseEntrypoint(Entrypoint):
    """A decorated use case as nameko sees it."""

    bus = Bus()

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        super().__init__()

    def setup(self) -> None:
        """Register with the bus."""
        self.bus.add(self)

    def stop(self) -> None:
        """Return when no further message will come."""
        self.bus.drain()


class ScheduleEntrypoint(Entrypoint):
    """A schedule: ticks in every process, runs in one."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._stopped = False
        super().__init__()

    def start(self) -> None:
        """Begin to tick."""
        self._thread = self.container.spawn_managed_thread(self._tick, identifier=self.method_name)

    def stop(self) -> None:
        """Stop ticking; a running turn is a worker and is waited for."""
        self._stopped = True
        self._thread.kill()

    def _tick(self) -> None:
        while not self._stopped:
            eventlet.sleep(min(self.spec.seconds, 3600) * 0.95)
            self.container.spawn_worker(self, (TickJob(),), {})


class TickJob(Job):
    """One tick; a failing schedule is logged and tried again at the next."""

    def execute(self, run: Callable[[Any], Any]) -> None:
        """Run the schedule."""
        try:
            run(Tick())
        except Exception:
            log.exception("schedule_failed")


def equip(service_class: type) -> type:
    """Register every decorated use case of a service class with nameko; call it once."""
    for name, spec in specs(service_class).items():
        kind = ScheduleEntrypoint if spec.kind == "every" else UseCaseEntrypoint
        register_entrypoint(getattr(service_class, name), kind(spec))
    return service_class


def prefetch_sum(service_class: type) -> int:
    """Return how many messages the lanes of a service can hold at once."""
    config = settings()
    found = specs(service_class).values()
    rpc = config.rpc_prefetch if any(s.kind in ("command", "query") for s in found) else 0
    listeners = sum(s.kind == "on_event" and not s.many for s in found)
    batches = sum(s.kind == "on_event" and s.many for s in found)
    return rpc + listeners * config.event_prefetch + batches + sum(s.kind == "every" for s in found)
