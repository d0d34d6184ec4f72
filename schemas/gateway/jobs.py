"""Requests and replies about jobs: work that takes longer than a request may."""

from typing import Any

from marshmallow import fields, post_dump

from chassis.listing import ListSpec
from chassis.validation import (
    Choice,
    IdField,
    InstantField,
    ReplySchema,
    RequestSchema,
    Whole,
)

JOB_STATES = (
    "queued",
    "running",
    "succeeded",
    "partially_succeeded",
    "failed",
    "cancelled",
)
IMPORT_RESOURCES = ("leads",)
VERDICTS = ("created", "duplicate", "invalid")


class StartImport(RequestSchema):
    """Import a file that was uploaded before."""

    upload_id = IdField(required=True)
    resource = Choice(IMPORT_RESOURCES, load_default="leads")
    dry_run = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "tell what would happen, change nothing"},
    )
    mapping = fields.Dict(
        keys=fields.String(),
        values=fields.String(allow_none=True),
        load_default=None,
        allow_none=True,
        metadata={"description": "column heading → field; null leaves a column out"},
    )
    pool_id = IdField(load_default=None, allow_none=True)


class CancelJob(RequestSchema):
    """Stop a job; what it has done stays done."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)


class ListJobRows(RequestSchema):
    """The verdicts of an import, row by row."""

    id = IdField(required=True)
    limit = fields.Integer(load_default=50)
    cursor = fields.String(load_default=None, allow_none=True)
    verdict = Choice(VERDICTS, load_default=None, allow_none=True)


class Progress(ReplySchema):
    """How far a job is."""

    done = fields.Integer()
    total = fields.Integer(allow_none=True)
    unit = fields.String()
    percent = fields.Integer(allow_none=True)


class JobError(ReplySchema):
    """Why a job failed."""

    code = fields.String(metadata={"description": "stable; branch on this"})
    title = fields.String()
    detail = fields.String(metadata={"description": "in the language of `Accept-Language`"})
    details = fields.Dict()


class Job(ReplySchema):
    """A job."""

    id = fields.String()
    version = fields.Integer()
    kind = fields.String()
    resource = fields.String()
    state = Choice(JOB_STATES)
    dry_run = fields.Boolean()
    upload_id = fields.String()
    file_name = fields.String()
    mapping = fields.Dict(allow_none=True)
    owner_id = fields.String()
    progress = fields.Nested(Progress)
    result = fields.Dict(allow_none=True)
    error = fields.Nested(JobError, allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
    started_at = InstantField(allow_none=True)
    finished_at = InstantField(allow_none=True)


class JobState(Job):
    """A job in an event: without the sample rows, which may be long."""

    @post_dump
    def _short(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if data.get("result"):
            data["result"] = {k: v for k, v in data["result"].items() if k != "samples"}
        return data


class RowError(ReplySchema):
    """One wrong value of a row."""

    pointer = fields.String(metadata={"description": "`#/phone`: the field"})
    code = fields.String(metadata={"description": "stable; branch on this"})
    detail = fields.String(metadata={"description": "in the language of `Accept-Language`"})
    meta = fields.Dict()


class JobRow(ReplySchema):
    """What became of one row of a file."""

    row = fields.Integer(metadata={"description": "line of the file; the heading is line 1"})
    verdict = Choice(VERDICTS)
    lead_id = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(RowError))


JOB_LIST = ListSpec(
    fields={
        "state": "enum:" + "|".join(JOB_STATES),
        "kind": "text",
        "resource": "text",
        "dry_run": "bool",
        "owner_id": "id",
        "created_at": "datetime",
    },
    sorts=("created_at",),
)
