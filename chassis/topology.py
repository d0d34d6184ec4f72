"""Exchanges, queues and bindings as data, and how they are declared.

```
nameko-rpc ──leads.*──▶ rpc-leads                                      (rpc-leads.dlq: parked)
leads.events ──lead_converted──▶ evt-leads-lead_converted--customers.on_leads_lead_converted
                                     │ handler failed          ▲ its TTL is over
                                     ▼                         │
                                 ….retry-1 / -5 / -25 / -125 ──┘      ….dlq: parked
*.events ──#──▶ evt-all--gateway-worker                                (single active consumer)
```

Queues of all listeners are declared at deployment, before anything publishes, so that an event
never meets an exchange without queues.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.entrypoints import Spec, specs
from chassis.settings import DATABASES, settings
from chassis.wire import RPC_EXCHANGE

EVENT_LOG_QUEUE = "evt-all--gateway-worker"


@dataclass(frozen=True)
class Queue:
    """A durable queue and what is bound to it: (exchange, routing key)."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    bindings: tuple[tuple[str, str], ...] = ()


def exchanges() -> list[str]:
    """Return the topic exchanges of the house."""
    return [RPC_EXCHANGE, *(f"{name}.events" for name in DATABASES)]


def rpc_queue(service: str) -> Queue:
    """Return the request queue of a service, declared as nameko declares it."""
    return Queue(f"rpc-{service}", bindings=((RPC_EXCHANGE, f"{service}.*"),))


def parked_queue(queue: str) -> Queue:
    """Return the queue that keeps what a queue's consumer gave up on."""
    return Queue(f"{queue}.dlq", {"x-queue-type": "quorum"})


def consumer_name(service: str, spec: Spec) -> str:
    """Return the queue of a listener, which is also its name in the inbox."""
    if spec.event == "*":
        return EVENT_LOG_QUEUE
    return f"evt-{spec.source}-{spec.event}--{service}.{spec.method}"


def retry_queue(queue: str, seconds: int) -> Queue:
    """Return the queue in which a failed message waits before it comes back."""
    return Queue(
        f"{queue}.retry-{seconds}",
        {
            "x-queue-type": "quorum",
            "x-message-ttl": seconds * 1000,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": queue,
        },
    )


def event_queues(service: str, spec: Spec) -> list[Queue]:
    """Return a listener's queue, its retry queues and its parking queue."""
    name = consumer_name(service, spec)
    if spec.event == "*":
        bindings = tuple((f"{source}.events", "#") for source in DATABASES)
        arguments = {"x-queue-type": "quorum", "x-single-active-consumer": True}
        return [Queue(name, arguments, bindings), parked_queue(name)]
    main = Queue(name, {"x-queue-type": "quorum"}, ((f"{spec.source}.events", spec.event),))
    delays = [retry_queue(name, seconds) for seconds in settings().retry_seconds]
    return [main, *delays, parked_queue(name)]


def service_queues(service_class: Any) -> list[Queue]:
    """Return every queue that one service needs."""
    name = service_class.name
    found = [rpc_queue(name), parked_queue(f"rpc-{name}")]
    for spec in specs(service_class).values():
        if spec.kind == "on_event":
            found.extend(event_queues(name, spec))
    return found


def declare_on(channel: Any, queues: Iterable[Queue], done: Callable[[], None]) -> None:
    """Declare exchanges and queues one after another on a pika channel of a running loop."""
    from chassis.amqp import guarded

    steps: list[Callable[[Callable[..., None]], None]] = []
    queues = list(queues)
    needed = {exchange for queue in queues for exchange, _ in queue.bindings}
    for exchange in sorted(needed):
        steps.append(
            lambda then, exchange=exchange: channel.exchange_declare(  # type: ignore[misc]
                exchange, exchange_type="topic", durable=True, callback=then
            )
        )
    for queue in queues:
        steps.append(
            lambda then, queue=queue: channel.queue_declare(  # type: ignore[misc]
                queue.name, durable=True, arguments=dict(queue.arguments) or None, callback=then
            )
        )
        for exchange, key in queue.bindings:
            steps.append(
                lambda then, queue=queue, exchange=exchange, key=key: channel.queue_bind(  # type: ignore[misc]
                    queue.name, exchange, key, callback=then
                )
            )

    def go_on(*_: Any) -> None:
        if steps:
            guarded(steps.pop(0), go_on)
        else:
            guarded(done)

    go_on()


def declare_all(url: str, service_classes: Iterable[Any]) -> int:
    """Declare everything at once, blocking; returns how many queues there are.

    For deployment, before anything publishes.
    """
    import pika

    parameters = pika.URLParameters(url)
    parameters.socket_timeout = 5
    connection = pika.BlockingConnection(parameters)
    try:
        channel = connection.channel()
        for exchange in exchanges():
            channel.exchange_declare(exchange, exchange_type="topic", durable=True)
        queues = [queue for cls in service_classes for queue in service_queues(cls)]
        for queue in queues:
            channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments) or None)
            for exchange, key in queue.bindings:
                channel.queue_bind(queue.name, exchange, key)
    finally:
        connection.close()
    return len(queues)
