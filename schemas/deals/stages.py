"""Pipelines, and how an opportunity moves along one."""

from marshmallow import fields

from chassis.validation import (
    IdField,
    InstantField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)


class AdvanceOpportunity(RequestSchema):
    """Move an open opportunity to another stage; going back needs a reason."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    stage = Text(
        load_default=None,
        allow_none=True,
        metadata={"description": "Code of the stage; the next one when absent."},
    )
    reason = Text(maximum=500, load_default=None, allow_none=True)


class ListPipelines(RequestSchema):
    """All pipelines; there are few."""


class Stage(ReplySchema):
    """One step of a pipeline."""

    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    position = Whole()
    probability = Whole(metadata={"description": "Usual chance of winning, percent."})


class Pipeline(ReplySchema):
    """Stages in order."""

    id = IdField()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    stages = fields.List(fields.Nested(Stage))


class StageStay(ReplySchema):
    """One stay of an opportunity in a stage."""

    stage = fields.String()
    entered_at = InstantField()
    entered_by = fields.String()
    left_at = InstantField(allow_none=True)
    left_by = fields.String(allow_none=True)
    reason = fields.String(allow_none=True, metadata={"description": "Why it came back here."})
