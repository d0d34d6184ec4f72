"""Sagas on a real database: forward, back, again after a crash, and never twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from chassis import saga
from chassis.actor import Actor
from chassis.db import Database, Tx
from chassis.errors import CRMError, InternalError, NotFound, Refused, Unavailable
from chassis.ids import new_id
from chassis.saga import SagaRunner, SagaType, Step
from tests.fixtures.things import RECORDS, a_thing, new_database, tester


class Killed(BaseException):
    """What a crash looks like from inside: nothing catches it, nothing is written after it."""


@dataclass
class ScriptedPeers:
    """The services beyond the wall: they note every call and answer as they are told.

    Attributes:
        script: Method → outcomes of its first calls; then it succeeds.
        before, after: Called around the execution of each call.
    """

    script: dict[str, list[BaseException]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    payloads: list[Mapping[str, Any]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    after: Callable[[str], None] = lambda method: None
    seconds: float = 0.0

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        actor: Actor,
        *,
        timeout: float,
        key: str | None = None,
    ) -> Any:
        self.calls.append((f"{service}.{method}", str(key)))
        self.payloads.append(payload)
        self.actors.append(actor)
        time.sleep(self.seconds)
        outcomes = self.script.get(method)
        if outcomes:
            raise outcomes.pop(0)
        self.after(method)
        return {"made_by": method}

    @property
    def methods(self) -> list[str]:
        """What was called, in order."""
        return [name for name, _ in self.calls]


def remember(tx: Tx, data: Mapping[str, Any]) -> dict[str, Any]:
    RECORDS.add(tx, a_thing(name=f"local {data['order']}"))
    return {"local": True}


def note_compensated(tx: Tx, data: Mapping[str, Any], refusal: Mapping[str, Any]) -> None:
    RECORDS.add(tx, a_thing(name=f"compensated {data['order']} {refusal.get('code')}"))


ORDER = SagaType(
    name="order",
    steps=(
        Step("first", "customers", "reserve", undo="release",
             request=lambda data: {"order": data["order"]},
             undo_request=lambda data: {"order": data["order"], "back": True}),
        Step("skipped", "customers", "greet", undo="ungreet", when=lambda data: data["greet"]),
        Step("second", "deals", "open", undo="close",
             request=lambda data: {"reserved": data["first"]["made_by"]}),
        Step("third", "deals", "ship"),
        Step("fourth", "finance", "bill"),
        Step("last", local=remember),
    ),
    pivot=4,
    compensated=note_compensated,
)  # fmt: skip


def inline(work: Callable[..., None], *args: Any) -> None:
    work(*args)


@pytest.fixture
def peers() -> ScriptedPeers:
    return ScriptedPeers()


@pytest.fixture
def runner(database: Database, peers: ScriptedPeers) -> Iterator[SagaRunner]:
    """A runner without threads: a saga has run when `start` returns."""
    yield SagaRunner(database, (ORDER,), peers, inline)
    saga._kicked.clear()


def start(database: Database, **data: Any) -> str:
    saga_id = new_id()
    given = {"order": saga_id[-4:], "greet": False, **data}
    database.run(lambda tx: saga.start(tx, ORDER, saga_id, given), tester)
    return saga_id


def read(database: Database, saga_id: str) -> Mapping[str, Any]:
    return database.run(lambda tx: saga.read(tx, "order", saga_id), tester)


def change(database: Database, saga_id: str, assignment: str) -> None:
    statement = text(f"update sagas set {assignment} where id = :id")
    database.run(lambda tx: tx.execute(statement, {"id": saga_id}), tester)


def steps(row: Mapping[str, Any]) -> list[str]:
    return [
        f"{entry['step']}{'.undo' if entry['undo'] else ''} {entry['outcome']}"
        for entry in row["log"]
    ]


def names(database: Database) -> set[str]:
    statement = text("select name from chassis_things")
    return {row.name for row in database.run(lambda tx: tx.rows(statement), tester)}


def test_every_step_is_called_in_order_with_a_key_of_its_own(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    saga_id = start(database)

    row = read(database, saga_id)
    assert row["state"] == "completed"
    assert peers.methods == ["customers.reserve", "deals.open", "deals.ship", "finance.bill"]
    assert [key for _, key in peers.calls] == [
        f"{saga_id}:{name}" for name in ("first", "second", "third", "fourth")
    ]
    assert peers.payloads[:2] == [{"order": saga_id[-4:]}, {"reserved": "reserve"}]
    assert {(actor.id, actor.client_id) for actor in peers.actors} == {(tester.id, "tests")}
    assert steps(row)[:2] == ["first done", "skipped skipped"]
    assert row["data"]["last"] == {"local": True}
    assert names(database) == {f"local {saga_id[-4:]}"}


def test_a_step_that_is_wanted_is_not_skipped(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    start(database, greet=True)

    assert "customers.greet" in peers.methods


def test_a_refusal_before_the_pivot_undoes_everything_in_reverse(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    """The refused step is undone too: its call may have been executed."""
    peers.script["ship"] = [Refused("sold_out", left=0)]

    saga_id = start(database)

    row = read(database, saga_id)
    assert row["state"] == "compensated"
    assert peers.methods == [
        "customers.reserve", "deals.open", "deals.ship", "deals.close", "customers.release",
    ]  # fmt: skip
    assert row["data"]["refusal"] == {"kind": "Refused", "code": "sold_out", "details": {"left": 0}}
    assert steps(row)[3:] == [
        "third sold_out", "third.undo done", "second.undo done", "skipped.undo skipped",
        "first.undo done",
    ]  # fmt: skip
    assert peers.calls[-1][1] == f"{saga_id}:first.undo"
    assert names(database) == {f"compensated {saga_id[-4:]} sold_out"}


@pytest.mark.parametrize("failure", [Unavailable("deadline_exceeded"), InternalError()])
def test_a_peer_that_is_away_is_asked_again_with_the_same_key(
    database: Database, runner: SagaRunner, peers: ScriptedPeers, failure: CRMError
) -> None:
    peers.script["open"] = [failure]

    saga_id = start(database)
    waiting = read(database, saga_id)
    assert (waiting["state"], waiting["step"], waiting["attempts"]) == ("running", 2, 1)
    assert runner.sweep() == 0  # Not due yet.
    change(database, saga_id, "next_run_at = now()")
    assert runner.sweep() == 1

    assert read(database, saga_id)["state"] == "completed"
    assert Counter(peers.calls)["deals.open", f"{saga_id}:second"] == 2


def test_waits_grow_and_a_repeated_failure_is_logged_once(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    peers.script["open"] = [Unavailable("service_unreachable") for _ in range(4)]
    saga_id = start(database)
    waits = []
    for _ in range(3):
        before = read(database, saga_id)["next_run_at"]
        change(database, saga_id, "next_run_at = now()")
        runner.sweep()
        waits.append((read(database, saga_id)["next_run_at"] - before).total_seconds())

    row = read(database, saga_id)
    assert row["attempts"] == 4
    assert steps(row).count("second service_unreachable") == 1
    assert waits[1] > waits[0]


def test_before_the_pivot_a_peer_that_stays_away_turns_the_saga_round(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    peers.script["open"] = [Unavailable("service_unreachable") for _ in range(2)]
    saga_id = start(database)
    change(database, saga_id, "next_run_at = now(), created_at = now() - interval '3 minutes'")

    runner.sweep()

    row = read(database, saga_id)
    assert row["state"] == "compensated"
    assert row["data"]["refusal"]["code"] == "service_unreachable"


@pytest.mark.parametrize("failure", [Unavailable("service_unreachable"), Refused("never")])
def test_after_the_pivot_a_step_is_repeated_and_never_undone(
    database: Database, runner: SagaRunner, peers: ScriptedPeers, failure: CRMError
) -> None:
    peers.script["bill"] = [failure, failure]
    saga_id = start(database)
    for _ in range(2):
        assert read(database, saga_id)["state"] == "running"
        change(database, saga_id, "next_run_at = now(), created_at = now() - interval '1 day'")
        runner.sweep()

    assert read(database, saga_id)["state"] == "completed"
    assert "deals.close" not in peers.methods


def test_a_compensation_that_fails_is_repeated_until_it_succeeds(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    peers.script["ship"] = [Refused("sold_out")]
    peers.script["close"] = [Unavailable("service_unreachable"), Refused("surprising")]
    saga_id = start(database)
    for _ in range(2):
        assert read(database, saga_id)["state"] == "compensating"
        change(database, saga_id, "next_run_at = now()")
        runner.sweep()

    assert read(database, saga_id)["state"] == "compensated"
    assert peers.methods.count("deals.close") == 3
    assert peers.methods.count("customers.release") == 1


@pytest.mark.parametrize("executed", [False, True], ids=["before the call", "after the call"])
def test_what_a_crash_left_is_resumed_when_its_lease_is_over(
    database: Database, runner: SagaRunner, peers: ScriptedPeers, executed: bool
) -> None:
    def die(method: str) -> None:
        if method == "open":
            raise Killed

    if executed:
        peers.after = die
    else:
        peers.script["open"] = [Killed()]
    with pytest.raises(Killed):
        start(database)
    peers.after = lambda method: None
    [(saga_id,)] = database.run(lambda tx: tx.rows(text("select id::text from sagas")), tester)
    successor = SagaRunner(database, (ORDER,), peers, inline)

    assert successor.sweep() == 0  # The lease of the dead one still runs.
    change(database, saga_id, "lease_until = now() - interval '1 second'")
    assert successor.sweep() == 1

    row = read(database, saga_id)
    assert row["state"] == "completed"
    counted = Counter(peers.calls)
    assert counted["deals.open", f"{saga_id}:second"] == 2  # The key makes it one effect.
    assert all(count == 1 for (name, _), count in counted.items() if name != "deals.open")


def test_a_runner_that_lost_its_lease_writes_nothing(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    """It slept over its lease; another one went on meanwhile."""

    def usurp(method: str) -> None:
        if method == "open":
            peers.after = lambda method: None
            statement = text("update sagas set lease_holder = 'another'")
            database.run(lambda tx: tx.execute(statement), tester)

    peers.after = usurp
    saga_id = start(database)

    row = read(database, saga_id)
    assert (row["state"], row["step"], row["lease_holder"]) == ("running", 2, "another")
    assert "deals.ship" not in peers.methods


def test_two_runners_make_each_step_once(database: Database, peers: ScriptedPeers) -> None:
    threads: list[threading.Thread] = []
    peers.seconds = 0.01

    def spawn(work: Callable[..., None], *args: Any) -> None:
        threads.append(threading.Thread(target=work, args=args))
        threads[-1].start()

    other = new_database()
    runners = [SagaRunner(each, (ORDER,), peers, spawn) for each in (database, other)]
    saga._kicked.clear()
    started = [start(database) for _ in range(4)]
    try:
        for _ in range(3):
            for runner in runners:
                runner.sweep()
        for thread in threads:
            thread.join(30)
    finally:
        other.dispose()

    assert {read(database, saga_id)["state"] for saga_id in started} == {"completed"}
    assert len(peers.calls) == 16 and set(Counter(peers.calls).values()) == {1}


def test_a_started_runner_sweeps_by_itself_until_it_is_stopped(
    database: Database, peers: ScriptedPeers
) -> None:
    done = threading.Event()

    def note(method: str) -> None:
        if method == "bill":
            done.set()

    peers.after = note
    runner = SagaRunner(
        database, (ORDER,), peers, lambda *a: threading.Thread(target=a[0], args=a[1:]).start()
    )
    saga._kicked.clear()
    saga_id = start(database)
    assert read(database, saga_id)["state"] == "running"

    runner.start()

    assert done.wait(10)
    runner.stop()
    runner.wake(new_id())
    assert peers.methods.count("finance.bill") == 1


def test_a_saga_that_was_not_committed_does_not_run(
    database: Database, runner: SagaRunner, peers: ScriptedPeers
) -> None:
    def work(tx: Tx) -> None:
        saga.start(tx, ORDER, new_id(), {"order": "x", "greet": False})
        raise Refused("no")

    with pytest.raises(Refused):
        database.run(work, tester)

    assert peers.calls == [] and runner.sweep() == 0


def test_a_saga_that_is_not_there_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound, match="not_found"):
        read(database, new_id())
