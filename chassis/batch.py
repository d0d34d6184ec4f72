"""A lane that hands over everything that has arrived at once, in order: the event log's.

One worker at a time takes what is waiting, up to the prefetch; so a lone event is handled at once
and a flood in few transactions. It never skips: a failing write is tried again in place.
"""

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import eventlet
from greenlet import GreenletExit

from chassis import metrics, wire
from chassis.entrypoints import Batch, Job
from chassis.lane import Delivery, Lane
from chassis.topology import Queue
from chassis.wire import Malformed

if TYPE_CHECKING:
    from chassis.bus import Bus, UseCaseEntrypoint

log = logging.getLogger(__name__)

BATCH_PREFETCH = 500
_BACKOFF_MAX = 5.0


class BatchLane(Lane):
    """Collects deliveries and spawns one worker after another."""

    def __init__(self, bus: "Bus", queues: list[Queue], entrypoint: "UseCaseEntrypoint") -> None:
        super().__init__(bus.events, queues, BATCH_PREFETCH, self._collect)
        self.bus = bus
        self.entrypoint = entrypoint
        self._waiting: deque[Delivery] = deque()
        self._active = False

    def down(self) -> None:
        """Forget what waits too: it comes again."""
        super().down()
        self._waiting.clear()

    def _collect(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)
        if not self._active:
            # Once more round the loop: what the same read brought belongs to the same batch.
            self._active = True
            self.link.loop.call(self._spawn)

    def _spawn(self) -> None:
        if not self._waiting:
            self._active = False
            return
        taken = list(self._waiting)
        self._waiting.clear()
        self.bus.container.spawn_worker(self.entrypoint, (BatchJob(self, taken),), {})

    def finished(self, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch and go on; in the loop."""
        if deliveries:
            self.ack(deliveries[-1], multiple=True)
        self._spawn()


class BatchJob(Job):
    """One batch on its way through a worker."""

    def __init__(self, lane: BatchLane, deliveries: list[Delivery]) -> None:
        self.lane = lane
        self.deliveries = deliveries

    def execute(self, run: Any) -> None:
        """Handle the batch until it succeeds; a message that is no event is parked."""
        bus = self.lane.bus
        envelopes = []
        good: list[Delivery] = []
        for delivery in self.deliveries:
            try:
                value = wire.decode_json(delivery.body, delivery.properties.content_type)
                envelopes.append(wire.check_envelope(value))
                good.append(delivery)
            except Malformed as malformed:
                bus.park(delivery, malformed.reason)
        delay = 0.2
        while envelopes:
            try:
                run(Batch(tuple(envelopes), self.lane.queue))
                break
            except GreenletExit:
                raise
            except BaseException:
                log.exception("event_log_failed", extra={"events": len(envelopes)})
            if bus.being_killed or self.lane.cancelled:
                return  # Not acknowledged: the next process gets it.
            metrics.EVENTS_CONSUMED.labels(bus.service, "*", "retry").inc()
            eventlet.sleep(delay)
            delay = min(delay * 2, _BACKOFF_MAX)
        if envelopes:
            metrics.EVENTS_CONSUMED.labels(bus.service, "*", "ok").inc(len(envelopes))
        all_good = len(good) == len(self.deliveries)
        bus.loop.call(lambda: self._finish(good, all_good))

    def _finish(self, good: list[Delivery], all_good: bool) -> None:
        if all_good:
            self.lane.finished(good)
            return
        # A parked one is acknowledged by its own confirm, so "multiple" must not pass over it.
        for delivery in good:
            self.lane.ack(delivery)
        self.lane.finished([])
