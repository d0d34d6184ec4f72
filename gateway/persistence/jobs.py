"""Jobs, the chunks they have done and the verdict of every row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, literal, or_, select, text, update

from chassis import wire_json
from chassis.db import Tx
from chassis.listing import Listing, Page
from chassis.records import Records
from gateway.domain.jobs import OPEN, Job
from gateway.persistence.tables import job_chunks, job_rows, jobs
from schemas.gateway import JOB_LIST

JOBS = Records(jobs, Job, what="job")

_LIST = Listing(
    JOB_LIST,
    {name: jobs.c[name] for name in {*JOB_LIST.fields, *JOB_LIST.sorts}},
    jobs.c.id,
)
_ADD_ROWS = text("""
    insert into job_rows (job_id, row, verdict, lead_id, errors)
    select :job_id, v.row, v.verdict, v.lead_id, coalesce(v.errors, '[]')
    from json_to_recordset(cast(:verdicts as json))
        as v (row int, verdict text, lead_id text, errors jsonb)
    on conflict (job_id, row) do nothing
""")


def page_of_jobs(tx: Tx, query: Mapping[str, Any]) -> Page:
    """Return a page of the jobs that the actor may see."""
    statement = select(jobs).where(tx.visible("jobs:read", jobs.c.owner_id))
    return _LIST.page(tx, statement, query, JOBS.build)


def read_job(tx: Tx, job_id: str) -> Job:
    """Return a job that the actor may see."""
    return JOBS.read(tx, job_id, tx.visible("jobs:read", jobs.c.owner_id))


def lock_job(tx: Tx, job_id: str, permission: str) -> Job:
    """Return a job, locked, over which the actor has a permission."""
    return JOBS.lock(tx, job_id, tx.visible(permission, jobs.c.owner_id))


def find_due(tx: Tx, limit: int) -> list[str]:
    """Return the oldest open jobs that no living runner holds."""
    statement = (
        select(jobs.c.id)
        .where(
            jobs.c.state.in_(OPEN),
            or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < tx.now),
        )
        .order_by(jobs.c.created_at)
        .limit(limit)
    )
    return [row.id for row in tx.rows(statement)]


def get_state(tx: Tx, job_id: str) -> Row[Any] | None:
    """Return state and lease holder of a job."""
    return tx.row(select(jobs.c.state, jobs.c.lease_holder).where(jobs.c.id == job_id))


def set_lease(tx: Tx, job_id: str, holder: str, until: datetime | None) -> None:
    """Renew or give up the lease of a running job that a runner holds."""
    tx.execute(
        update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.lease_holder == holder,
            jobs.c.state == "running",
        )
        .values(lease_until=until)
    )


def find_done_chunks(tx: Tx, job_id: str) -> set[int]:
    """Return the numbers of the chunks whose verdicts are stored."""
    statement = select(job_chunks.c.chunk).where(job_chunks.c.job_id == job_id)
    return {row.chunk for row in tx.rows(statement)}


def add_chunk(tx: Tx, job_id: str, chunk: int, verdicts: Sequence[Mapping[str, Any]]) -> None:
    """Store the verdicts of a chunk."""
    counts = {"created": 0, "duplicate": 0, "invalid": 0}
    for verdict in verdicts:
        counts[verdict["verdict"]] += 1
    tx.execute(insert(job_chunks).values(job_id=job_id, chunk=chunk, **counts))
    tx.execute(_ADD_ROWS, {"job_id": job_id, "verdicts": wire_json.dumps_text(verdicts)})


def count_verdicts(tx: Tx, job_id: str) -> dict[str, int]:
    """Return how many rows got which verdict."""
    c = job_chunks.c
    row = tx.row(
        select(
            func.coalesce(func.sum(c.created), 0).label("created"),
            func.coalesce(func.sum(c.duplicate), 0).label("duplicate"),
            func.coalesce(func.sum(c.invalid), 0).label("invalid"),
        ).where(c.job_id == job_id)
    )
    assert row is not None
    return {name: int(value) for name, value in row._mapping.items()}


def find_rows(
    tx: Tx, job_id: str, *, verdict: str | None, after: int, limit: int
) -> list[Row[Any]]:
    """Return verdicts in the order of the file, those after a row."""
    c = job_rows.c
    statement = (
        select(c.row, c.verdict, c.lead_id, c.errors)
        .where(c.job_id == job_id, c.row > after)
        .where(c.verdict == verdict if verdict else literal(True))
        .order_by(c.row)
        .limit(limit)
    )
    return tx.rows(statement)
