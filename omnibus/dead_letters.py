"""`omnibus dead-letters`: look at parked messages, send them back, or drop them.

A parked message keeps its body and says in its headers why, since when, how often it was tried and
where it came from. `replay` publishes it to its own queue with a confirmed publish before it is
taken off the parking queue, so nothing is lost in between; the inbox absorbs a repeat.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pika
import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="Parked messages: list, show, replay, drop.", no_args_is_help=True)
console = Console()

Queue = Annotated[str, typer.Argument(help="Queue whose parked messages are meant.")]
Only = Annotated[str, typer.Option("--id", help="Only the message of this id.")]
Limit = Annotated[int, typer.Option(help="At most so many messages.")]


@contextmanager
def _channel() -> Iterator[Any]:
    from chassis.settings import settings

    parameters = pika.URLParameters(settings().amqp_url)
    parameters.socket_timeout = 5
    try:
        connection = pika.BlockingConnection(parameters)
    except pika.exceptions.AMQPError as error:
        raise SystemExit(
            f"The broker does not answer ({type(error).__name__}): check AMQP_URL."
        ) from error
    try:
        yield connection.channel()
    finally:
        connection.close()


def parked_counts() -> dict[str, int]:
    """Return how many messages are parked per queue; queues without any are left out."""
    from chassis.topology import service_queues
    from omnibus.topology import service_classes

    counts = {}
    with _channel() as channel:
        for cls in service_classes():
            for queue in service_queues(cls):
                if queue.name.endswith(".dlq"):
                    found = channel.queue_declare(
                        queue.name, durable=True, arguments=dict(queue.arguments) or None
                    )
                    if found.method.message_count:
                        counts[queue.name.removesuffix(".dlq")] = found.method.message_count
    return counts


def _messages(channel: Any, queue: str, limit: int) -> Iterator[tuple[Any, Any, bytes]]:
    """Yield parked messages unacknowledged; what is not acknowledged goes back at close."""
    try:
        total = channel.queue_declare(f"{queue}.dlq", passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        raise SystemExit(
            f"There is no parking queue for {queue}; see `omnibus dead-letters list`."
        ) from None
    for _ in range(min(total, limit)):
        method, properties, body = channel.basic_get(f"{queue}.dlq")
        if method is None:
            return
        yield method, properties, body


def _header(properties: Any, name: str) -> Any:
    return (properties.headers or {}).get(name, "")


@app.command("list")
def list_parked() -> None:
    """Print how many messages are parked, per queue."""
    counts = parked_counts()
    if not counts:
        console.print("Nothing is parked.")
        return
    table = Table("queue", "parked")
    for queue, count in sorted(counts.items()):
        table.add_row(queue, str(count))
    console.print(table)


@app.command()
def show(queue: Queue, limit: Limit = 20) -> None:
    """Print parked messages with reason, history and body; they stay parked."""
    with _channel() as channel:
        for _, properties, body in _messages(channel, queue, limit):
            facts = {
                "id": properties.message_id,
                **{
                    key: _header(properties, f"x-{key}")
                    for key in ("reason", "attempts", "first-at", "last-at", "exchange",
                                "routing-key", "history")
                },
                "body": body.decode(errors="replace")[:4000],
            }  # fmt: skip
            console.print_json(json.dumps(facts, ensure_ascii=False, default=str))


@app.command()
def replay(queue: Queue, id: Only = "", limit: Limit = 1000) -> None:
    """Send parked messages back to their queue."""
    moved = 0
    with _channel() as channel:
        channel.confirm_delivery()
        for method, properties, body in _messages(channel, queue, limit):
            if id and properties.message_id != id:
                continue
            kept = {
                key: value
                for key, value in (properties.headers or {}).items()
                if key == "traceparent"
            }
            fresh = pika.BasicProperties(
                content_type=properties.content_type,
                delivery_mode=2,
                message_id=properties.message_id,
                headers=kept,
            )
            # Raises when the queue is gone or the broker refuses; the message then stays parked.
            channel.basic_publish("", queue, body, fresh, mandatory=True)
            channel.basic_ack(method.delivery_tag)
            moved += 1
    console.print(f"Replayed {moved} of {queue}.")


@app.command()
def drop(queue: Queue, id: Only = "", yes: bool = False, limit: Limit = 1000) -> None:
    """Delete parked messages for good; asks first unless --yes."""
    if not yes and not typer.confirm(f"Delete parked messages of {queue} for good?"):
        raise typer.Exit(1)
    gone = 0
    with _channel() as channel:
        for method, properties, _ in _messages(channel, queue, limit):
            if not id or properties.message_id == id:
                channel.basic_ack(method.delivery_tag)
                gone += 1
    console.print(f"Dropped {gone} of {queue}.")
