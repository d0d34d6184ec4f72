"""Declares every exchange and queue of the house, at deployment, before anything publishes."""

from typing import Any


def service_classes() -> list[Any]:
    """Return the five service classes; imports them, so only call it where that is wanted."""
    from chassis.run import ROLES, service_class

    return [service_class(role) for role in ROLES if role != "relay"]


def declare(amqp_url: str) -> int:
    """Declare the topology; returns how many queues there are.

    Raises:
        SystemExit: One sentence, if the broker refuses.
    """
    import pika.exceptions

    from chassis.topology import declare_all

    try:
        return declare_all(amqp_url, service_classes())
    except pika.exceptions.AMQPError as error:
        raise SystemExit(
            f"The broker refused the topology ({type(error).__name__}): check AMQP_URL, and that "
            "its user may configure queues and exchanges."
        ) from error
