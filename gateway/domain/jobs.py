"""Jobs: work that takes longer than a request may, told about while it runs.

queued → running → succeeded | partially_succeeded | failed; cancelled from the first two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Conflict, Refused

LEASE = timedelta(seconds=20)
"""How long a runner owns a job; it is renewed with every chunk."""
OPEN = ("queued", "running")


@dataclass(frozen=True, kw_only=True)
class Job(Aggregate):
    """A job.

    Attributes:
        actor: Who asked, as its calls are signed.
        done, total: Units done and to do; total None until it is known.
        lease_holder, lease_until: The runner at work on it.
    """

    kind: str
    resource: str
    state: str = "queued"
    dry_run: bool
    upload_id: str
    file_name: str
    mapping: dict[str, Any] | None
    options: dict[str, Any]
    owner_id: str
    actor: dict[str, Any]
    done: int = 0
    total: int | None = None
    unit: str = "rows"
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lease_holder: str | None = None
    lease_until: datetime | None = None

    @property
    def progress(self) -> dict[str, Any]:
        """Return how far the job is; percent is None until the total is known."""
        percent = None
        if self.total is not None:
            percent = 100 if self.total == 0 else self.done * 100 // self.total
        return {
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "percent": percent,
        }


@dataclass(frozen=True)
class JobFinished:
    """A job ended, well or not."""

    before: Job
    after: Job


def take(job: Job, *, holder: str, now: datetime) -> Job | None:
    """Return the job as leased by a runner, or None if it is not to be had."""
    if job.state not in OPEN:
        return None
    if job.lease_until and job.lease_until > now and job.lease_holder != holder:
        return None
    return replace(
        job.changed(by=job.updated_by, now=now, state="running"),
        started_at=job.started_at or now,
        lease_holder=holder,
        lease_until=now + LEASE,
    )


def hold(job: Job, *, holder: str) -> Job:
    """Return the job if this runner still has it.

    Raises:
        Conflict: `job_not_held`: another runner took it, or it was cancelled.
    """
    if job.state != "running" or job.lease_holder != holder:
        raise Conflict("job_not_held", state=job.state)
    return job


def advance(job: Job, *, done: int, total: int | None, now: datetime) -> Job:
    """Return the job with its progress; it never goes back, and the lease is renewed."""
    done = max(job.done, done)
    total = None if total is None else max(total, done)
    return job.changed(by=job.updated_by, now=now, done=done, total=total, lease_until=now + LEASE)


def finish(job: Job, result: dict[str, Any], *, now: datetime) -> tuple[Job, JobFinished]:
    """Return the job at its end: partially succeeded if any row was invalid."""
    state = "partially_succeeded" if result.get("invalid") else "succeeded"
    return _end(job, state, now, result=result, total=job.done)


def fail(job: Job, code: str, details: dict[str, Any], *, now: datetime) -> tuple[Job, JobFinished]:
    """Return the job as failed, with the code of what was wrong."""
    return _end(job, "failed", now, error={"code": code, "details": details})


def cancel(job: Job, *, by: str, now: datetime) -> tuple[Job, JobFinished]:
    """Return the job as cancelled; the rows it has done stay done.

    Raises:
        Refused: `job_already_ended`.
    """
    if job.state not in OPEN:
        raise Refused("job_already_ended", state=job.state)
    after, event = _end(job, "cancelled", now)
    after = replace(after, updated_by=by)
    return after, replace(event, after=after)


def _end(job: Job, state: str, now: datetime, **fields: Any) -> tuple[Job, JobFinished]:
    after = job.changed(
        by=job.updated_by,
        now=now,
        state=state,
        finished_at=now,
        lease_holder=None,
        lease_until=None,
        **fields,
    )
    return after, JobFinished(before=job, after=after)
