"""The runner of imports: leases a job, has its file read, hands the rows to their owner.

Chunks are numbered by their place in the file, and each is sent with the key `<job>:<chunk>`: after
a crash of anybody the job is taken up again, done chunks are left out, and one that was done but
not noted gets its first verdicts again.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chassis import clock
from chassis.actor import Actor, system_actor
from chassis.db import Database, Tx
from chassis.errors import Conflict, CRMError, InternalError, Unavailable
from chassis.ids import new_id
from gateway.domain import jobs as rules
from gateway.domain.jobs import LEASE, Job
from gateway.imports.file_reader import FileReader, FileRefused, ReaderDied
from gateway.persistence import jobs, uploads
from gateway.use_cases.jobs import forget_listener, on_new_job

log = logging.getLogger(__name__)

CHUNK_ROWS = 500
IN_FLIGHT = 2
"""Chunks on their way at once: while one is judged the next is already there."""

MAX_JOBS = 2
SAMPLES = 50
SWEEP_SECONDS = 5.0
_CALL_SECONDS = 10.0
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)
_GIVE_UP_SECONDS = 600.0
_READER_ATTEMPTS = 3
_UNFORESEEN_ATTEMPTS = 3


class Reply(Protocol):
    """A call on its way."""

    def result(self) -> Any:
        """Return the reply or raise a `CRMError`."""


class Rpc(Protocol):
    """The part of the RPC client that imports need."""

    def send(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        actor: Actor,
        *,
        timeout: float,
        key: str | None = None,
    ) -> Reply:
        """Send a call."""


class HasDatabase(Protocol):
    """The hosted service, as far as a runner needs it."""

    database: Database


class Stopped(Exception):
    """The process ends, or the job is no longer ours: leave everything as it is."""


@dataclass
class _Run:
    """One job under way."""

    job: Job
    actor: Actor
    head: dict[str, Any] = field(default_factory=dict)
    window: deque[tuple[int, dict[str, Any], Reply | None]] = field(default_factory=deque)


class ImportRunner:
    """Runs imports beside the workers; several processes may do so at once.

    Args:
        spawn: Starts a function in a greenlet (or thread) of its own.
    """

    def __init__(self, service: HasDatabase, rpc: Rpc, spawn: Callable[..., Any]) -> None:
        self._database = service.database
        self._rpc = rpc
        self._spawn = spawn
        self._holder = new_id()
        self._system = system_actor("gateway")
        self._running: set[str] = set()
        self._stopped = False
        self._wake = threading.Event()

    def start(self) -> None:
        """Begin to look for jobs."""
        on_new_job(self._wake.set)
        self._spawn(self._watch)

    def stop(self) -> None:
        """Give jobs back, so that another process goes on with them at once."""
        self._stopped = True
        forget_listener(self._wake.set)
        self._wake.set()
        until = clock.monotonic() + 3
        while self._running and clock.monotonic() < until:
            time.sleep(0.02)

    def _watch(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                due = self._database.run(lambda tx: jobs.find_due(tx, MAX_JOBS), self._system)
            except CRMError:
                due = []  # The database is away; it is asked again soon.
            for job_id in due:
                if job_id not in self._running and len(self._running) < MAX_JOBS:
                    self._running.add(job_id)
                    self._spawn(self._run, job_id)
            self._wake.wait(SWEEP_SECONDS)

    def _run(self, job_id: str) -> None:
        try:
            job = self._database.run(lambda tx: self._take(tx, job_id), self._system)
            if job is None:
                return
            actor = _actor(job)
            self._spawn(self._keep_lease, job_id)
            try:
                self._import(_Run(job, actor))
            except FileRefused as refused:
                self._fail(job_id, actor, refused.code, refused.details)
            except ReaderDied:
                self._fail(job_id, actor, "file_too_complex", {})
            except (Stopped, Conflict, Unavailable):
                raise
            except CRMError as error:
                self._fail(job_id, actor, error.code, error.details)
        except Stopped:
            self._release(job_id)
        except CRMError as error:
            log.info("job_left", extra={"job_id": job_id, "code": error.code})
        except Exception:
            log.exception("job_failed", extra={"job_id": job_id})
            self._give_up(job_id)
        finally:
            self._running.discard(job_id)
            self._wake.set()

    def _give_up(self, job_id: str) -> None:
        """End a job that met a mistake of ours, or it would be taken up again for ever."""
        try:
            self._fail(job_id, self._system, "internal_error", {})
        except CRMError:
            log.info("job_left", extra={"job_id": job_id})

    def _take(self, tx: Tx, job_id: str) -> Job | None:
        job = rules.take(jobs.JOBS.lock(tx, job_id), holder=self._holder, now=tx.now)
        if job is not None:
            jobs.JOBS.save(tx, job)
        return job

    def _keep_lease(self, job_id: str) -> None:
        """Renew the lease while the job runs: reading a large file alone may outlast it."""
        pause = LEASE.total_seconds() / 4
        while True:
            time.sleep(pause)
            if job_id not in self._running or self._stopped:
                return
            try:
                self._database.run(
                    lambda tx: jobs.set_lease(tx, job_id, self._holder, tx.now + LEASE),
                    self._system,
                )
            except CRMError:
                continue

    def _release(self, job_id: str) -> None:
        try:
            self._database.run(
                lambda tx: jobs.set_lease(tx, job_id, self._holder, None), self._system
            )
        except CRMError:
            log.info("lease_left", extra={"job_id": job_id})

    def _import(self, run: _Run) -> None:
        for attempt in range(1, _READER_ATTEMPTS + 1):
            done = self._database.run(
                lambda tx: jobs.find_done_chunks(tx, run.job.id), self._system
            )
            pieces = self._pieces(run.job.upload_id)
            with FileReader(pieces, run.job.mapping, CHUNK_ROWS) as reader:
                try:
                    self._hand_over(run, reader.messages(), done)
                    break
                except ReaderDied:
                    run.window.clear()
                    if attempt == _READER_ATTEMPTS:
                        raise
                    log.warning("reader_died", extra={"job_id": run.job.id, "attempt": attempt})
        self._database.run(lambda tx: self._finish(tx, run), run.actor, what="job.finish")

    def _pieces(self, upload_id: str) -> Iterator[bytes]:
        numbers = self._database.run(
            lambda tx: uploads.find_chunk_numbers(tx, upload_id), self._system
        )
        for number in numbers:
            yield self._piece(upload_id, number)

    def _piece(self, upload_id: str, number: int) -> bytes:
        return self._database.run(lambda tx: uploads.get_chunk(tx, upload_id, number), self._system)

    def _hand_over(self, run: _Run, messages: Iterator[dict[str, Any]], done: set[int]) -> None:
        run.head = next(messages)
        for message in messages:
            if message["chunk"] in done:
                continue
            self._check(run)
            run.window.append((message["chunk"], message, self._send(run, message)))
            while len(run.window) >= IN_FLIGHT:
                self._collect(run)
        while run.window:
            self._collect(run)

    def _check(self, run: _Run) -> None:
        if self._stopped:
            raise Stopped

    def _send(self, run: _Run, message: Mapping[str, Any]) -> Reply | None:
        """Send a chunk; None if it could not leave, then `_collect` tries again."""
        payload = {
            "job_id": run.job.id,
            "chunk": message["chunk"],
            "dry_run": run.job.dry_run,
            "rows": message["rows"],
            **run.job.options,
        }
        try:
            return self._rpc.send(
                run.job.resource,
                "import_rows",
                payload,
                run.actor,
                timeout=_CALL_SECONDS,
                key=f"{run.job.id}:{message['chunk']}",
            )
        except Unavailable:
            return None

    def _collect(self, run: _Run) -> None:
        """Wait for the oldest chunk on its way and note its verdicts."""
        chunk, message, pending = run.window.popleft()
        verdicts = self._verdicts(run, message, pending)
        self._database.run(
            lambda tx: self._record(tx, run, chunk, verdicts),
            run.actor,
            what="job.chunk",
        )

    def _verdicts(
        self, run: _Run, message: Mapping[str, Any], pending: Reply | None
    ) -> list[dict[str, Any]]:
        until = clock.monotonic() + _GIVE_UP_SECONDS
        attempt = unforeseen = 0
        while True:
            try:
                if pending is None:
                    raise Unavailable("not_connected")
                verdicts: list[dict[str, Any]] = pending.result()["verdicts"]
                return verdicts
            except (Unavailable, InternalError) as error:
                unforeseen += isinstance(error, InternalError)
                if unforeseen >= _UNFORESEEN_ATTEMPTS or clock.monotonic() > until:
                    raise Failed(error.code) from error
            except Conflict as error:
                if error.code != "request_in_flight":  # Our own repeat, or a crashed one's.
                    raise Failed(error.code) from error
            self._still_ours(run)
            time.sleep(_BACKOFF[min(attempt, len(_BACKOFF) - 1)])
            attempt += 1
            pending = self._send(run, message)

    def _still_ours(self, run: _Run) -> None:
        self._check(run)
        state = self._database.run(lambda tx: jobs.get_state(tx, run.job.id), self._system)
        if state is None or state.state != "running" or state.lease_holder != self._holder:
            raise Conflict("job_not_held")

    def _record(self, tx: Tx, run: _Run, chunk: int, verdicts: list[dict[str, Any]]) -> None:
        job = rules.hold(jobs.JOBS.lock(tx, run.job.id), holder=self._holder)
        jobs.add_chunk(tx, job.id, chunk, verdicts)
        job = rules.advance(job, done=job.done + len(verdicts), total=run.head["total"], now=tx.now)
        jobs.JOBS.save(tx, job)

    def _finish(self, tx: Tx, run: _Run) -> None:
        job = rules.hold(jobs.JOBS.lock(tx, run.job.id), holder=self._holder)
        result: dict[str, Any] = {
            **jobs.count_verdicts(tx, job.id),
            "rows": run.head["total"],
            "columns": run.head["columns"],
            "unknown_columns": run.head["unknown_columns"],
            "encoding": run.head["encoding"],
        }
        if job.dry_run:
            result["samples"] = {
                verdict: [
                    {str(name): value for name, value in row._mapping.items()}
                    for row in jobs.find_rows(tx, job.id, verdict=verdict, after=0, limit=SAMPLES)
                ]
                for verdict in ("created", "duplicate", "invalid")
            }
        job, event = rules.finish(job, result, now=tx.now)
        jobs.JOBS.save(tx, job)
        tx.publish(event)

    def _fail(self, job_id: str, actor: Actor, code: str, details: dict[str, Any]) -> None:
        def work(tx: Tx) -> None:
            job = rules.hold(jobs.JOBS.lock(tx, job_id), holder=self._holder)
            job, event = rules.fail(job, code, details, now=tx.now)
            jobs.JOBS.save(tx, job)
            tx.publish(event)

        self._database.run(work, actor, what="job.fail")


class Failed(CRMError):
    """A peer went on refusing or failing: the job ends with its code."""


def _actor(job: Job) -> Actor:
    stored = dict(job.actor)
    scopes = stored["scopes"]
    return Actor(
        **{
            **stored,
            "roles": tuple(stored["roles"]),
            "scopes": None if scopes is None else tuple(scopes),
        }
    )
