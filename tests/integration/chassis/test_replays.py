"""The reply of an earlier call, told to whoever made it and to nobody else."""

from dataclasses import replace
from typing import Any

import pytest
from marshmallow import fields

from chassis import clock
from chassis.actor import Actor
from chassis.db import Database, Tx
from chassis.entrypoints import Call, command
from chassis.errors import Forbidden
from chassis.replays import Replays
from chassis.validation import RequestSchema
from tests.fixtures.things import tester

ASKED = {"name": "一期", "parts": [{"size": 2}]}
FOUND = {"found": True, "reply": {"made": "一期"}}


class MakeThing(RequestSchema):
    name = fields.String()
    parts = fields.List(fields.Dict())


class ThingsService(Replays):
    name = "things"

    def __init__(self, database: Database) -> None:
        self.database = database

    @command(request=MakeThing, allow="things:create")
    def make_thing(self, tx: Tx, name: str, parts: Any) -> dict[str, Any]:
        return {"made": name}


@pytest.fixture
def service(database: Database) -> ThingsService:
    """Return a service that has made one thing, under the key `k`."""
    made = ThingsService(database)
    _call(made.make_thing, ASKED, key="k")
    return made


def _call(method: Any, payload: Any, actor: Actor | None = None, key: str | None = None) -> Any:
    actor = actor or tester
    deadline = clock.epoch_ms() + 30_000
    return method(Call(payload=payload, actor=actor, deadline_ms=deadline, key=key)).reply


def _find(service: ThingsService, actor: Actor | None = None, **asked: Any) -> Any:
    question = {"method": "make_thing", "key": "k", "payload": ASKED, **asked}
    return _call(service.find_reply, question, actor)


def test_an_equal_call_finds_its_reply(service: ThingsService) -> None:
    other_order = dict(reversed(ASKED.items()))

    assert _find(service) == _find(service, payload=other_order) == FOUND


@pytest.mark.parametrize(
    "asked",
    [{"key": "other"}, {"payload": {**ASKED, "name": "二期"}}, {"method": "unmake_thing"}],
    ids=["key", "payload", "method"],
)
def test_any_other_call_finds_nothing(service: ThingsService, asked: dict[str, Any]) -> None:
    assert _find(service, **asked) == {"found": False}


def test_another_client_finds_nothing(service: ThingsService) -> None:
    other = replace(tester, client_id="other")

    assert _find(service, other) == {"found": False}


def test_who_may_not_make_the_call_is_told_nothing(service: ThingsService) -> None:
    with pytest.raises(Forbidden, match="missing_permission"):
        _find(service, replace(tester, roles=("things-own",)))
