"""Jobs: started, followed, cancelled; the runner of this process is told at once."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import schemas.gateway as schemas
from chassis.db import Tx
from chassis.entrypoints import command, every, query
from chassis.errors import Invalid, NotFound
from chassis.ids import new_id
from chassis.listing import MAX_LIMIT, open_place, seal_place
from chassis.validation import ById, ListQuery
from gateway.domain import jobs as rules
from gateway.domain.jobs import OPEN, Job
from gateway.imports.headings import check_mapping
from gateway.persistence import jobs, uploads

KEEP_UPLOADS = timedelta(days=7)
"""How long a file can be imported after its upload; dry run first, then for good."""

_PAGE = schemas.Job(many=True)
_ROWS = schemas.JobRow(many=True)
_listeners: list[Callable[[], None]] = []


def on_new_job(listener: Callable[[], None]) -> None:
    """Call a function of this process whenever a job was queued."""
    _listeners.append(listener)


def forget_listener(listener: Callable[[], None]) -> None:
    """Undo `on_new_job`."""
    if listener in _listeners:
        _listeners.remove(listener)


def _tell_runners() -> None:
    for listener in _listeners:
        listener()


class Jobs:
    """Work that takes longer than a request may."""

    @command(request=schemas.StartImport, reply=schemas.Job, allow="leads:import")
    def start_import(
        self,
        tx: Tx,
        upload_id: str,
        resource: str,
        dry_run: bool,
        mapping: dict[str, Any] | None,
        pool_id: str | None,
    ) -> Job:
        """Queue the import of an uploaded file; the same upload may be used again.

        Raises:
            Forbidden: `missing_permission` for `jobs:create`.
            NotFound: `not_found`: no such upload, or somebody else's.
            Invalid: `invalid_request` naming `unknown_field` or `mapped_twice` in the mapping.
        """
        tx.actor.check("jobs:create")
        errors = check_mapping(mapping or {})
        if errors:
            raise Invalid.fields(errors)
        upload = uploads.get_upload(tx, upload_id, tx.actor.id)
        if upload is None:
            raise NotFound("not_found", resource="upload", id=upload_id)
        by, now = tx.actor.id, tx.now
        job = Job(
            id=new_id(),
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
            kind="import",
            resource=resource,
            dry_run=dry_run,
            upload_id=upload_id,
            file_name=upload.file_name,
            mapping=mapping,
            options={"pool_id": pool_id} if pool_id else {},
            owner_id=by,
            actor=asdict(tx.actor),
        )
        jobs.JOBS.add(tx, job)
        tx.after_commit(_tell_runners)
        return job

    @command(request=schemas.CancelJob, reply=schemas.Job, allow="jobs:cancel")
    def cancel_job(self, tx: Tx, id: str, expected_version: int | None) -> Job:
        """Stop a job; rows that are done stay done.

        Raises:
            NotFound: `not_found`.
            Conflict: `stale_version`.
            Refused: `job_already_ended`.
        """
        job = jobs.lock_job(tx, id, "jobs:cancel").expect(expected_version)
        job, event = rules.cancel(job, by=tx.actor.id, now=tx.now)
        jobs.JOBS.save(tx, job)
        tx.publish(event)
        return job

    @query(request=ById, reply=schemas.Job, allow="jobs:read")
    def get_job(self, tx: Tx, id: str) -> Job:
        """Return one job.

        Raises:
            NotFound: `not_found`.
        """
        return jobs.read_job(tx, id)

    @query(request=ListQuery, allow="jobs:read")
    def list_jobs(self, tx: Tx, **query: Any) -> dict[str, Any]:
        """Return a page of jobs."""
        page = jobs.page_of_jobs(tx, query)
        return page.dump(_PAGE.dump(page.items))

    @query(request=schemas.ListJobRows, allow="jobs:read")
    def list_job_rows(
        self, tx: Tx, id: str, limit: int, cursor: str | None, verdict: str | None
    ) -> dict[str, Any]:
        """Return a page of the verdicts of an import, in the order of the file.

        Raises:
            NotFound: `not_found`.
            Invalid: `invalid_request` naming `limit_out_of_range`; `cursor_mismatch`.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise Invalid.field("query:limit", "limit_out_of_range", maximum=MAX_LIMIT)
        job = jobs.read_job(tx, id)
        mark = hashlib.sha256(f"rows {job.id} {verdict}".encode()).digest()[:12]
        after = int(open_place(cursor, mark)) if cursor else 0
        rows = jobs.find_rows(tx, job.id, verdict=verdict, after=after, limit=limit + 1)
        more = len(rows) > limit
        return {
            "items": _ROWS.dump(rows[:limit]),
            "next_cursor": seal_place(str(rows[limit - 1].row), mark) if more else None,
            "has_more": more,
        }

    @every(3600)
    def purge_uploads(self, tx: Tx) -> None:
        """Delete the files whose time is over."""
        uploads.delete_old(tx, tx.now - KEEP_UPLOADS, OPEN)
