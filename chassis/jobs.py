"""What a worker does with one delivery: decode, check, run the use case, decide the ending.

A job never raises: whatever happens inside ends in exactly one of answered, done, retried or
parked, and only then is the message acknowledged. nameko's worker must not see an exception,
because a `BaseException` that passes it leaves the message without an answer.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
from greenlet import GreenletExit

from chassis import clock, inbox, metrics, tracing, wire
from chassis.actor import system_actor
from chassis.entrypoints import Answer, Call, Job, Occurrence, Spec
from chassis.errors import CRMError, Unavailable
from chassis.logging import bind_context
from chassis.wire import Malformed

if TYPE_CHECKING:
    from chassis.bus import Bus
    from chassis.lane import Delivery

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
"""So many attempts, then an event is parked; likewise a request that keeps killing its process."""

_NOT_ITS_FAULT = frozenset(
    {"database_unavailable", "database_busy", "lock_timeout", "statement_timeout"}
)
"""Refusals that say nothing about the message: it is delayed, the attempt does not count."""

_HISTORY = 10

Run = Callable[[Any], Any]


def suspect(bus: "Bus", consumer: str, message_id: str, run: Callable[[], None]) -> bool:
    """Run a redelivered message alone, counting the attempt first; False if it is to be parked.

    A message that kills its process takes every other running handler with it. Redelivered
    messages therefore run one at a time, and the attempt is written before the run: after the next
    death only the guilty one has a higher count.
    """
    database = bus.database
    actor = system_actor(database.name)
    with bus.suspects:
        count = database.run(lambda tx: inbox.count_attempt(tx, consumer, message_id), actor)
        if count >= MAX_ATTEMPTS:
            database.run(lambda tx: inbox.forget_attempts(tx, consumer, message_id), actor)
            return False
        run()
        database.run(lambda tx: inbox.forget_attempts(tx, consumer, message_id), actor)
    return True


class RpcJob(Job):
    """One request: its reply is sent, then it is acknowledged."""

    def __init__(self, bus: "Bus", delivery: "Delivery", spec: Spec) -> None:
        self.bus = bus
        self.delivery = delivery
        self.spec = spec
        self.started = clock.monotonic()

    def execute(self, run: Run) -> None:
        """Serve the request; called in a worker by the decorated use case."""
        properties = self.delivery.properties
        headers = properties.headers or {}
        with (
            tracing.span(f"{self.bus.service}.{self.spec.method}", headers.get("traceparent")),
            bind_context(request_id=wire.header_text(headers, "nameko.request_id")),
        ):
            try:
                self._serve(run, headers)
            except GreenletExit:
                if self.bus.being_killed:
                    raise  # Aborted: neither answered nor acknowledged, so it comes again.
                self._answer_failure("killed")
            except BaseException:  # SystemExit and the like must not end the process.
                log.exception("rpc_failed", extra=self._extra())
                self._answer_failure("failed")

    def _serve(self, run: Run, headers: Mapping[str, Any]) -> None:
        address = wire.reply_address(self.delivery.properties.reply_to)
        if address is None:
            self.bus.park(self.delivery, "reply_to_missing")
            return self._count("malformed")
        try:
            payload = wire.decode_request(self.delivery.body, self.delivery.properties.content_type)
        except Malformed as malformed:
            body = wire.reply_body(None, wire.error_of(malformed.exc_type, malformed.reason))
            self.bus.answer_and_park(self.delivery, address, body, malformed.reason)
            return self._count("malformed")
        if not self.delivery.redelivered:
            return self._run(run, payload, headers)
        message_id = str(
            self.delivery.properties.correlation_id or self.delivery.properties.reply_to
        )
        try:
            innocent = suspect(
                self.bus,
                self.delivery.lane.queue,
                message_id[:200],
                lambda: self._run(run, payload, headers),
            )
        except CRMError as error:
            return self._answer(wire.reply_body(None, wire.refusal(error)), "unavailable")
        if not innocent:
            body = wire.reply_body(
                None, wire.error_of("InternalError", "request_kills_its_process")
            )
            self.bus.answer_and_park(self.delivery, address, body, "kills_its_process")
            self._count("parked")
        return None

    def _run(self, run: Run, payload: dict[str, Any], headers: Mapping[str, Any]) -> None:
        deadline = wire.deadline_ms(headers, clock.epoch_ms())
        if clock.epoch_ms() > deadline:
            metrics.EXPIRED.labels(self.bus.service).inc()
            expired = wire.refusal(Unavailable("deadline_exceeded"))
            return self._answer(wire.reply_body(None, expired), "expired")
        try:
            call = Call(
                payload=payload,
                actor=self.bus.verifier.verify(headers.get("nameko.actor")),
                deadline_ms=deadline,
                key=headers.get("nameko.idempotency_key"),
                correlation_id=wire.header_text(headers, "nameko.request_id", 100),
            )
            answer: Answer = run(call)
        except CRMError as error:
            log.info("rpc_refused", extra={**self._extra(), "code": error.code})
            return self._answer(wire.reply_body(None, wire.refusal(error)), "refused")
        return self._answer(wire.reply_body(answer.reply), "ok", answer.replayed)

    def _answer_failure(self, outcome: str) -> None:
        self._answer(
            wire.reply_body(None, wire.error_of("InternalError", "internal_error")), outcome
        )

    def _answer(self, body: bytes, outcome: str, replayed: bool = False) -> None:
        address = wire.reply_address(self.delivery.properties.reply_to)
        self.bus.answer(self.delivery, address, body, replayed)
        self._count(outcome)

    def _count(self, outcome: str) -> None:
        names = (self.bus.service, self.spec.method)
        metrics.RPC_REQUESTS.labels(*names, outcome).inc()
        metrics.RPC_DURATION.labels(*names).observe(clock.monotonic() - self.started)

    def _extra(self) -> dict[str, Any]:
        return {"method": self.spec.method}


class EventJob(Job):
    """One event: handled and acknowledged, or delayed, or parked; never lost, never in the way."""

    def __init__(self, bus: "Bus", delivery: "Delivery", spec: Spec) -> None:
        self.bus = bus
        self.delivery = delivery
        self.spec = spec

    def execute(self, run: Run) -> None:
        """Handle the event; called in a worker by the decorated listener."""
        headers = self.delivery.properties.headers or {}
        with tracing.span(f"{self.bus.service}.{self.spec.method}", headers.get("traceparent")):
            try:
                self._handle(run)
            except GreenletExit:
                if self.bus.being_killed:
                    raise
                self._failed("killed", "")
            except CRMError as error:
                self._failed(error.code, "", counts=error.code not in _NOT_ITS_FAULT)
            except BaseException as error:
                log.exception("event_failed", extra=self._extra())
                self._failed(type(error).__name__, _where(error))

    def _handle(self, run: Run) -> None:
        try:
            envelope = wire.check_envelope(
                wire.decode_json(self.delivery.body, self.delivery.properties.content_type)
            )
            if wire.schema_version(envelope) not in self.spec.versions:
                raise Malformed("schema_version_unknown")
        except Malformed as malformed:
            self.bus.park(self.delivery, malformed.reason)
            return self._count("parked")
        occurrence = Occurrence(envelope, self.delivery.lane.queue)
        if not self.delivery.redelivered:
            return self._run(run, occurrence)
        if not suspect(
            self.bus,
            self.delivery.lane.queue,
            envelope["id"],
            lambda: self._run(run, occurrence),
        ):
            self.bus.park(self.delivery, "kills_its_process", attempts=MAX_ATTEMPTS)
            self._count("parked")
        return None

    def _run(self, run: Run, occurrence: Occurrence) -> None:
        first = run(occurrence)
        self.bus.ack(self.delivery)
        self._count("ok" if first else "duplicate")
        happened = clock.parse_instant(occurrence.envelope["time"])
        if happened is not None:
            lag = max((clock.now() - happened).total_seconds(), 0.0)
            metrics.EVENT_LAG.labels(self.bus.service, self.spec.event).observe(lag)

    def _failed(self, reason: str, where: str, counts: bool = True) -> None:
        headers = dict(self.delivery.properties.headers or {})
        attempts = _attempts(headers) + (1 if counts else 0)
        history = [*_history(headers), f"{clock.now():%Y-%m-%dT%H:%M:%SZ} {reason} {where}".strip()]
        if attempts >= MAX_ATTEMPTS:
            self.bus.park(self.delivery, reason, attempts=attempts, history=history)
            return self._count("parked")
        self.bus.retry(self.delivery, attempts, history[-_HISTORY:])
        return self._count("retry")

    def _count(self, outcome: str) -> None:
        metrics.EVENTS_CONSUMED.labels(self.bus.service, self.spec.event, outcome).inc()

    def _extra(self) -> dict[str, Any]:
        return {"consumer": self.delivery.lane.queue}


def _where(error: BaseException) -> str:
    """Return the place of an exception; its text may hold what a header must not carry."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _attempts(headers: Mapping[str, Any]) -> int:
    value = headers.get("x-attempts")
    return value if isinstance(value, int) and 0 <= value < 1000 else 0


def _history(headers: Mapping[str, Any]) -> list[str]:
    value = headers.get("x-history")
    return [str(item)[:400] for item in value][-_HISTORY:] if isinstance(value, list) else []


def parked_properties(
    delivery: "Delivery", reason: str, attempts: int, history: list[str]
) -> pika.BasicProperties:
    """Return the properties of a parked message: why, since when, how often, where it came from."""
    old = delivery.properties.headers or {}
    now = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    headers: dict[str, Any] = {
        "x-reason": reason,
        "x-attempts": attempts or 1,
        "x-history": history or [f"{now} {reason}"],
        "x-first-at": wire.header_text(old, "x-first-at") or now,
        "x-last-at": now,
        "x-exchange": wire.header_text(old, "x-origin-exchange") or delivery.exchange,
        "x-routing-key": wire.header_text(old, "x-origin-key") or delivery.routing_key,
        "x-queue": delivery.lane.queue,
    }
    trace = wire.header_text(old, "traceparent")
    if trace:
        headers["traceparent"] = trace
    return pika.BasicProperties(
        content_type=delivery.properties.content_type,
        delivery_mode=2,
        message_id=delivery.properties.message_id or f"parked-{delivery.generation}-{delivery.tag}",
        headers=headers,
    )
