"""Where a test may kill a process that calls a service (R2)."""

from typing import Any

import pika
import pytest
from joserfc.jwk import OKPKey

from chassis import crash
from chassis.actor import ActorSigner
from chassis.rpc_client import Pending, RpcClient


class OpenChannel:
    """A channel that notes what is published on it."""

    is_open = True

    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def basic_publish(self, _exchange: str, routing_key: str, *_: Any, **__: Any) -> None:
        self._seen.append(f"publish {routing_key}")


def test_every_call_passes_a_crash_point_on_each_side(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(crash, "point", lambda name, what: seen.append(f"{name} {what}"))
    signer = ActorSigner("gateway", OKPKey.generate_key("Ed25519"))
    client = RpcClient("amqp://nobody:none@localhost/", signer, caller="test")
    client._channel = OpenChannel(seen)
    pending = Pending(client, "leads", "get_lead", 1.0)

    client._publish(pending, "leads.get_lead", pika.BasicProperties(), b"{}")

    assert seen == [
        "before_call leads.get_lead",
        "publish leads.get_lead",
        "after_call leads.get_lead",
    ]
