"""Jobs: work that takes longer than a request may; an import is one (L16).

Jobs and verdicts are stored with codes; whoever reads them gets the texts of the catalogue too.
"""

from collections.abc import Mapping
from typing import Any

from gateway.http.catalogue import entry
from gateway.http.operations import Operation, Resource, Rows
from gateway.http.problems import field_error
from schemas import gateway as schemas

_rows = Rows("/v1/jobs", "gateway", "job", schemas.Job, allow="jobs")


def _row(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    errors = row.get("errors") or ()
    return {**row, "errors": [field_error(error, language) for error in errors]}


def _job(job: dict[str, Any], language: str) -> dict[str, Any]:
    error, samples = job.get("error"), (job.get("result") or {}).get("samples")
    if error:
        known = entry(error["code"])
        text = {"title": known.title(language), "detail": known.detail(language, error["details"])}
        job = {**job, "error": {**error, **text}}
    if samples:
        told = {name: [_row(row, language) for row in rows] for name, rows in samples.items()}
        job = {**job, "result": {**job["result"], "samples": told}}
    return job


def _rows_of(page: dict[str, Any], language: str) -> dict[str, Any]:
    return {**page, "items": [_row(row, language) for row in page["items"]]}


def _jobs_of(page: dict[str, Any], language: str) -> dict[str, Any]:
    return {**page, "items": [_job(job, language) for job in page["items"]]}


JOBS = Resource(
    "jobs",
    "Jobs 任务",
    (
        _rows.list("list_jobs", schemas.JOB_LIST, told=_jobs_of),
        _rows.read("get_job", derived=True, told=_job),
        _rows.act("cancel", "cancel_job", schemas.CancelJob, "Stop a job; what is done stays done"),
        Operation(
            verb="GET",
            path="/v1/jobs/<id>/rows",
            service="gateway",
            method="list_job_rows",
            allow="jobs:read",
            summary="List the verdicts of an import, row by row",
            request=schemas.ListJobRows,
            reply=schemas.JobRow,
            told=_rows_of,
        ),
    ),
)
