"""Processes that span services: one state machine per saga, in the service that starts it.

A saga is a row. The command that starts one writes the row and returns; the runner, in greenlets of
its own, makes the step calls between transactions, each with the idempotency key
`<saga id>:<step>`. Before the pivot a refusal turns the saga round and undoes what was done, in
reverse; after it every step is repeated until it succeeds. A sweeper resumes what a crash left.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import insert, or_, select, update

from chassis import clock, crash, tracing, wire_json
from chassis.actor import Actor
from chassis.errors import CRMError, InternalError, NotFound, Unavailable
from chassis.ids import new_id

if TYPE_CHECKING:
    from chassis.db import Database, Tx

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
LEASE = timedelta(seconds=15)
"""How long a runner owns a saga; a crash leaves it to the sweeper after that."""
_CALL_SECONDS = 8.0
_BACKOFF = (0.2, 1.0, 3.0, 5.0)
GIVE_UP = timedelta(minutes=2)
"""Before the pivot: how long unavailable peers are waited for before everything is undone."""


@dataclass(frozen=True)
class Step:
    """One step: a call to a peer, or (without `service`) a function in the own database.

    Attributes:
        request: Makes the request from the saga's data.
        undo: Method of the same service that takes the step back; must bear coming first.
        local: Runs in the transaction that records the step; returns what to remember.
        when: Whether the step is wanted at all; it must answer the same forward and back.
    """

    name: str
    service: str = ""
    method: str = ""
    request: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    undo: str = ""
    undo_request: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    local: Callable[["Tx", Mapping[str, Any]], dict[str, Any]] | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None

    def skipped(self, data: Mapping[str, Any]) -> bool:
        """Return whether this saga goes without the step."""
        return self.when is not None and not self.when(data)


@dataclass(frozen=True)
class SagaType:
    """A process: its steps, the pivot, and what to do when it was undone.

    Attributes:
        pivot: Index of the first step that can no longer be refused.
        compensated: Runs in the transaction that ends an undone saga, with the refusal.
    """

    name: str
    steps: tuple[Step, ...]
    pivot: int
    compensated: Callable[["Tx", Mapping[str, Any], Mapping[str, Any]], None]


@dataclass
class Saga:
    """The state of one running process."""

    id: str
    name: str
    state: str
    step: int
    data: dict[str, Any]
    actor: Actor
    log: list[dict[str, Any]]
    attempts: int
    created_at: datetime
    trace: str = field(default="")


class Caller(Protocol):
    """The part of the RPC client that a saga needs."""

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
        """Return the reply of a call or raise a `CRMError`."""


def start(tx: "Tx", saga_type: SagaType, saga_id: str, data: Mapping[str, Any]) -> None:
    """Write a new saga's row in the caller's transaction; it runs as soon as that commits."""
    table = tx.database.metadata.tables["sagas"]
    tx.execute(
        insert(table).values(
            id=saga_id,
            name=saga_type.name,
            state="running",
            step=0,
            data={**data, "trace": tracing.current_traceparent()},
            actor=tx.actor.__dict__,
            next_run_at=tx.now,
        )
    )
    tx.after_commit(lambda: kick(tx.database.name, saga_id))


_kicked: dict[str, Callable[[str], None]] = {}


def kick(database: str, saga_id: str) -> None:
    """Tell the runner of this process, if there is one, that a saga waits."""
    listener = _kicked.get(database)
    if listener:
        listener(saga_id)


class SagaRunner:
    """Runs the sagas of one database; several processes may do so at once.

    Args:
        types: The sagas that this service starts.
        spawn: Starts a function in a greenlet (or thread) of its own.
    """

    def __init__(
        self,
        database: "Database",
        types: tuple[SagaType, ...],
        caller: Caller,
        spawn: Callable[..., Any],
    ) -> None:
        self.database = database
        self.types = {saga_type.name: saga_type for saga_type in types}
        self.caller = caller
        self.spawn = spawn
        self.stopped = False
        self._running: set[str] = set()
        self._holder = new_id()
        self._system = Actor(id="system", roles=("system",), issuer=database.name)
        _kicked[database.name] = self.wake

    def start(self) -> None:
        """Begin to sweep; what a crash left is resumed when its lease has run out."""
        self.spawn(self._sweep_for_ever)

    def stop(self) -> None:
        """Finish no further step; what is open goes on elsewhere."""
        self.stopped = True

    def _sweep_for_ever(self) -> None:
        while not self.stopped:
            try:
                self.sweep()
            except Exception:
                log.exception("saga_sweep_failed")
            time.sleep(SWEEP_SECONDS)

    def wake(self, saga_id: str) -> None:
        """Run a saga now, unless this process already does."""
        if saga_id not in self._running and not self.stopped:
            self._running.add(saga_id)
            self.spawn(self._run, saga_id)

    def sweep(self) -> int:
        """Wake every saga that is due and that no living runner holds."""
        table = self.database.metadata.tables["sagas"]
        due = select(table.c.id).where(
            table.c.state.in_(("running", "compensating")),
            table.c.next_run_at <= clock.now(),
            or_(table.c.lease_until.is_(None), table.c.lease_until < clock.now()),
        )
        found = self.database.run(
            lambda tx: tx.rows(due.order_by(table.c.next_run_at).limit(100)), self._system
        )
        for row in found:
            self.wake(row.id)
        return len(found)

    def _run(self, saga_id: str) -> None:
        try:
            saga = self.database.run(lambda tx: self._take(tx, saga_id), self._system)
            while saga is not None and saga.state in ("running", "compensating"):
                if self.stopped or not self._advance(saga):
                    break
        except CRMError:
            pass  # The database is away; the sweeper comes back when the lease has run out.
        except Exception:
            log.exception("saga_failed", extra={"saga_id": saga_id})
        finally:
            self._running.discard(saga_id)

    def _take(self, tx: "Tx", saga_id: str) -> Saga | None:
        """Lease a saga, or return None if another runner holds it or it has ended."""
        table = tx.database.metadata.tables["sagas"]
        row = tx.row(select(table).where(table.c.id == saga_id).with_for_update())
        if row is None or row.state not in ("running", "compensating"):
            return None
        if row.lease_until and row.lease_until > tx.now and row.lease_holder != self._holder:
            return None
        tx.execute(
            update(table)
            .where(table.c.id == saga_id)
            .values(lease_until=tx.now + LEASE, lease_holder=self._holder)
        )
        actor = {**row.actor, "roles": tuple(row.actor["roles"])}
        if actor["scopes"] is not None:
            actor["scopes"] = tuple(actor["scopes"])
        return Saga(
            row.id, row.name, row.state, row.step, row.data, Actor(**actor), row.log,
            row.attempts, row.created_at, row.data.get("trace", ""),
        )  # fmt: skip

    def _advance(self, saga: Saga) -> bool:
        """Make one step forward or back; False if the saga must wait for a later turn."""
        saga_type = self.types[saga.name]
        back = saga.state == "compensating"
        step = saga_type.steps[saga.step] if 0 <= saga.step < len(saga_type.steps) else None
        refusal: CRMError | None = None
        result: Any = None
        with tracing.span(f"saga {saga.name}", saga.trace):
            try:
                if step is not None and step.local is None and not step.skipped(saga.data):
                    result = self._call(saga, step, back)
            except CRMError as error:
                refusal = error
        if isinstance(refusal, (Unavailable, InternalError)):
            waiting = clock.now() - saga.created_at
            if back or saga.step >= saga_type.pivot or waiting < GIVE_UP:
                self._postpone(saga, step, refusal)
                return False
        if refusal is not None and (back or saga.step >= saga_type.pivot):
            # A step that must succeed was refused: only a person or a new version can help.
            self._postpone(saga, step, refusal)
            return False
        self.database.run(
            lambda tx: self._record(tx, saga_type, saga, step, result, refusal),
            saga.actor,
            correlation_id=saga.id,
            what=f"saga.{saga.name}.{step.name if step else 'end'}{'.undo' if back else ''}",
        )
        return True

    def _call(self, saga: Saga, step: Step, back: bool) -> Any:
        name = f"{step.name}{'.undo' if back else ''}"
        if back and not step.undo:
            return None
        crash.point("before_saga_call", f"{saga.name}.{name}")
        reply = self.caller.call(
            step.service,
            step.undo if back else step.method,
            (step.undo_request if back else step.request)(saga.data),
            saga.actor,
            timeout=_CALL_SECONDS,
            key=f"{saga.id}:{name}",
        )
        crash.point("after_saga_call", f"{saga.name}.{name}")
        return reply

    def _record(
        self,
        tx: "Tx",
        saga_type: SagaType,
        saga: Saga,
        step: Step | None,
        result: Any,
        refusal: CRMError | None,
    ) -> None:
        """Write what a step did, and the next state, in one transaction."""
        back = saga.state == "compensating"
        data, log = dict(saga.data), list(saga.log)
        state, index = saga.state, saga.step
        if refusal is not None:
            data["refusal"] = {
                "kind": refusal.kind, "code": refusal.code, "details": refusal.details,
            }  # fmt: skip
            state = "compensating"  # This step too is taken back: its call may have been executed.
        elif back:
            index -= 1
        else:
            assert step is not None
            if step.local is not None and not step.skipped(data):
                result = step.local(tx, data)
            data[step.name] = result
            index += 1
        log.append(
            {
                "step": step.name if step else "end",
                "undo": back,
                "outcome": refusal.code if refusal else _ended(step, data),
                "at": wire_json.instant(tx.now),
            }
        )
        if state == "running" and index == len(saga_type.steps):
            state = "completed"
        if state == "compensating" and index < 0:
            saga_type.compensated(tx, data, data.get("refusal", {}))
            state = "compensated"
        self._write(tx, saga, state, index, data, log)

    def _write(
        self, tx: "Tx", saga: Saga, state: str, index: int, data: dict[str, Any], log: list[Any]
    ) -> None:
        table = tx.database.metadata.tables["sagas"]
        moved = tx.execute(
            update(table)
            .where(
                table.c.id == saga.id,
                table.c.step == saga.step,
                table.c.state == saga.state,
                table.c.lease_holder == self._holder,
            )
            .values(
                state=state,
                step=index,
                data=data,
                log=log,
                attempts=0,
                next_run_at=tx.now,
                lease_until=tx.now + LEASE,
                updated_at=tx.now,
            )
        )
        if moved.rowcount != 1:
            raise Unavailable("saga_lease_lost")
        tx.after_commit(lambda: self._moved(saga, state, index, data, log))

    @staticmethod
    def _moved(saga: Saga, state: str, index: int, data: dict[str, Any], log: list[Any]) -> None:
        saga.state, saga.step, saga.data, saga.log, saga.attempts = state, index, data, log, 0

    def _postpone(self, saga: Saga, step: Step | None, refusal: CRMError) -> None:
        table = self.database.metadata.tables["sagas"]
        delay = timedelta(seconds=_BACKOFF[min(saga.attempts, len(_BACKOFF) - 1)])
        entry = {
            "step": step.name if step else "end",
            "undo": saga.state == "compensating",
            "outcome": refusal.code,
            "at": wire_json.instant(clock.now()),
        }
        written = (
            saga.log if saga.log and saga.log[-1]["outcome"] == refusal.code else [*saga.log, entry]
        )
        self.database.run(
            lambda tx: tx.execute(
                update(table)
                .where(table.c.id == saga.id, table.c.lease_holder == self._holder)
                .values(
                    attempts=saga.attempts + 1,
                    next_run_at=tx.now + delay,
                    lease_until=None,
                    log=written,
                )
            ),
            self._system,
        )


def _ended(step: Step | None, data: Mapping[str, Any]) -> str:
    return "skipped" if step is not None and step.skipped(data) else "done"


def read(tx: "Tx", name: str, saga_id: str) -> Mapping[str, Any]:
    """Return a saga's row.

    Raises:
        NotFound: `not_found`.
    """
    table = tx.database.metadata.tables["sagas"]
    row = tx.row(select(table).where(table.c.id == saga_id, table.c.name == name))
    if row is None:
        raise NotFound("not_found", resource=name, id=saga_id)
    return dict(row._mapping)
