"""The four decorators that make a use case callable: command, query, on_event, every.

A decorated method stays callable as a plain method in tests: `Pool().claim_lead(tx, lead_id=…)`.
Called by the bus with a `Call` or an `Occurrence` it runs through the pipeline instead:

command   verify actor → load request → transaction (idempotency record → use case → reply kept)
query     verify actor → load request → read-only snapshot → use case → reply
on_event  transaction (inbox row first → use case)
every     transaction (advisory lock, due? → use case): once per cluster
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from marshmallow import Schema

from chassis import clock, idempotency, inbox, schedule
from chassis.actor import Actor, require_issuer, system_actor
from chassis.errors import Conflict, Unavailable
from chassis.validation import load

if TYPE_CHECKING:
    from chassis.db import Database, Tx

F = TypeVar("F", bound=Callable[..., Any])
PEOPLE = ("gateway",)
"""Issuers whose actors are people and partners; sagas sign as their own service."""


class Service(Protocol):
    """What the pipeline needs of a service class."""

    name: str
    database: "Database"


class Job:
    """A message on its way through a worker of the bus."""

    def execute(self, run: Callable[[Any], Any]) -> None:
        """Run the use case through its pipeline and end the message."""
        raise NotImplementedError


@dataclass(frozen=True)
class Call:
    """A verified request from the bus.

    Attributes:
        deadline_ms: Absolute, epoch milliseconds; a request past it is not executed.
        key: The idempotency key, if the caller gave one.
    """

    payload: Any
    actor: Actor
    deadline_ms: int
    key: str | None = None
    correlation_id: str = ""


@dataclass(frozen=True)
class Answer:
    """The reply of a command or query; `replayed` if an earlier call's reply was returned."""

    reply: Any
    replayed: bool = False


@dataclass(frozen=True)
class Occurrence:
    """An event from the bus: its whole envelope and the consumer (queue) that received it."""

    envelope: Mapping[str, Any]
    consumer: str


@dataclass(frozen=True)
class Batch:
    """Events of a listener that takes many at once, in order of arrival."""

    envelopes: tuple[Mapping[str, Any], ...]
    consumer: str


@dataclass(frozen=True)
class Tick:
    """The clock's call of a schedule."""


@dataclass(frozen=True)
class Spec:
    """What a decorator recorded about a use case; `method` is set by the decorator."""

    kind: str
    method: str = ""
    allow: str | None = None
    callers: tuple[str, ...] = PEOPLE
    request: Schema | None = None
    reply: Schema | None = None
    keep_for_ever: bool = False
    snapshot: bool = True
    source: str = ""
    event: str = ""
    versions: tuple[int, ...] = (1,)
    seconds: float = 0.0
    many: bool = field(default=False)


def specs(service_class: type) -> dict[str, Spec]:
    """Return every use case of a service class by method name."""
    found = {}
    for name, member in inspect.getmembers(service_class, inspect.isfunction):
        spec = getattr(member, "spec", None)
        if spec is not None:
            found[name] = spec
    return found


def command(
    *,
    request: type[Schema],
    reply: type[Schema] | None = None,
    allow: str | None,
    callers: tuple[str, ...] = PEOPLE,
    keep_for_ever: bool = False,
) -> Callable[[F], F]:
    """Make a method a use case that changes something, in one transaction.

    Args:
        request: Schema of the request; its fields become keyword arguments.
        reply: Schema that dumps the result; None sends the result as it is.
        allow: Permission the actor must have; None for steps of a saga.
        callers: Issuers whose actors may call; services for steps of a saga.
        keep_for_ever: Keep idempotency records for ever (money, conversions), not 90 days.
    """
    return _use_case(
        Spec(
            kind="command",
            allow=allow,
            callers=callers,
            request=request(),
            reply=reply() if reply else None,
            keep_for_ever=keep_for_ever,
        ),
        _run_command,
    )


def query(
    *,
    request: type[Schema],
    reply: type[Schema] | None = None,
    allow: str | None,
    callers: tuple[str, ...] = PEOPLE,
    snapshot: bool = True,
) -> Callable[[F], F]:
    """Make a method a use case that only reads, from one snapshot.

    Args:
        snapshot: False where each statement answers a part of its own (the sections of the 360
            view), or where there is but one: no transaction is opened, which is two thirds of the
            cost of a small read.
    """
    return _use_case(
        Spec(
            kind="query",
            allow=allow,
            callers=callers,
            request=request(),
            reply=reply() if reply else None,
            snapshot=snapshot,
        ),
        _run_query,
    )


def on_event(
    source: str, event: str, *, versions: tuple[int, ...] = (1,), many: bool = False
) -> Callable[[F], F]:
    """Make a method a listener: `on_<source>_<event>(self, tx, event)`, effect at most once.

    Args:
        source: Publisher; "*" with event "*" takes every event of all publishers (event log).
        versions: Schema versions that the listener understands; others are parked.
        many: Takes a list of envelopes in order of arrival, never skips, is never parked.
    """
    spec = Spec(kind="on_event", source=source, event=event, versions=versions, many=many)
    return _use_case(spec, _run_batch if many else _run_event)


def every(seconds: float) -> Callable[[F], F]:
    """Make a method a schedule: `method(self, tx)` every so many seconds, once per cluster."""
    return _use_case(Spec(kind="every", seconds=seconds), _run_schedule)


def _use_case(spec: Spec, pipeline: Callable[..., Any]) -> Callable[[F], F]:
    def decorate(method: F) -> F:
        described = Spec(**{**spec.__dict__, "method": method.__name__})

        @functools.wraps(method)
        def entry(self: Service, first: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(first, (Call, Occurrence, Batch, Tick)):
                return pipeline(self, method, described, first)
            if isinstance(first, Job):  # From the bus: it decodes, answers and acknowledges.
                return first.execute(lambda work: pipeline(self, method, described, work))
            return method(self, first, *args, **kwargs)

        entry.spec = described  # type: ignore[attr-defined]
        return cast(F, entry)

    return decorate


def _enter(service: Service, spec: Spec, call: Call) -> dict[str, Any]:
    require_issuer(call.actor, spec.callers)
    if spec.allow is not None:
        call.actor.check(spec.allow)
    assert spec.request is not None
    return load(spec.request, call.payload)


def _run_command(service: Service, method: Callable[..., Any], spec: Spec, call: Call) -> Answer:
    arguments = _enter(service, spec, call)

    def work(tx: "Tx") -> Answer:
        held = None
        if call.key is not None:
            held = idempotency.claim(
                tx,
                spec.method,
                call.key,
                call.payload,
                wait_ms=min(call.deadline_ms - clock.epoch_ms() - 200, 8_000),
                keep_for_ever=spec.keep_for_ever,
            )
            if held.replayed:
                return Answer(held.replay, replayed=True)
        result = method(service, tx, **arguments)
        reply = spec.reply.dump(result) if spec.reply else result
        if held:
            idempotency.keep_reply(tx, held, reply)
        return Answer(reply)

    return service.database.run(
        work,
        call.actor,
        correlation_id=call.correlation_id,
        what=f"{service.name}.{spec.method}",
    )


def _run_query(service: Service, method: Callable[..., Any], spec: Spec, call: Call) -> Answer:
    arguments = _enter(service, spec, call)

    def work(tx: "Tx") -> Any:
        result = method(service, tx, **arguments)
        return spec.reply.dump(result) if spec.reply else result

    what = f"{service.name}.{spec.method}"
    return Answer(
        service.database.run(work, call.actor, read_only=True, snapshot=spec.snapshot, what=what)
    )


def _run_event(
    service: Service, method: Callable[..., Any], spec: Spec, occurrence: Occurrence
) -> bool:
    """Run a listener; returns False if the event had been received before."""
    envelope = occurrence.envelope

    def work(tx: "Tx") -> bool:
        if not inbox.first_time(tx, occurrence.consumer, envelope["id"]):
            return False
        method(service, tx, envelope)
        return True

    return service.database.run(
        work,
        system_actor(service.name),
        correlation_id=envelope.get("correlationid", ""),
        causation_id=envelope["id"],
        what=occurrence.consumer,
    )


def _run_batch(service: Service, method: Callable[..., Any], spec: Spec, batch: Batch) -> int:
    def work(tx: "Tx") -> int:
        once: dict[str, Mapping[str, Any]] = {}
        for envelope in batch.envelopes:
            once.setdefault(envelope["id"], envelope)
        new = inbox.first_times(tx, batch.consumer, list(once))
        fresh = [envelope for key, envelope in once.items() if key in new]
        if fresh:
            method(service, tx, fresh)
        return len(fresh)

    return service.database.run(work, system_actor(service.name), what=batch.consumer)


def _run_schedule(service: Service, method: Callable[..., Any], spec: Spec, tick: Tick) -> bool:
    """Run a schedule if it is due and nobody else runs it."""

    def work(tx: "Tx") -> bool:
        if not schedule.take_turn(tx, spec.method, spec.seconds):
            return False
        method(service, tx)
        return True

    try:
        return service.database.run(work, system_actor(service.name), what=spec.method)
    except (Unavailable, Conflict):
        return False  # The next tick tries again.
