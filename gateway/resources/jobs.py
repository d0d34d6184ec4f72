"""Jobs: work that takes longer than a request may; an import is one (L16)."""

from gateway.http.operations import Operation, Resource, Rows
from schemas import gateway as schemas

_rows = Rows("/v1/jobs", "gateway", "job", schemas.Job, allow="jobs")

JOBS = Resource(
    "jobs",
    "Jobs 任务",
    (
        _rows.list("list_jobs", schemas.JOB_LIST),
        _rows.read("get_job", derived=True),
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
        ),
    ),
)
