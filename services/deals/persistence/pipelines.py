"""Pipelines and their stages."""

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select

from services.deals.domain.pipeline import Pipeline, Stage
from services.deals.persistence.tables import PIPELINES, STAGES

if TYPE_CHECKING:
    from chassis.db import Tx


def find(tx: "Tx", *where: ColumnElement[bool]) -> list[Pipeline]:
    """Return pipelines with their stages in order; the default one first."""
    statement = (
        select(
            PIPELINES.c.id.label("pipeline_id"),
            PIPELINES.c.code.label("pipeline_code"),
            PIPELINES.c.name_zh.label("pipeline_zh"),
            PIPELINES.c.name_en.label("pipeline_en"),
            STAGES.c.code,
            STAGES.c.name_zh,
            STAGES.c.name_en,
            STAGES.c.position,
            STAGES.c.probability,
        )
        .join_from(PIPELINES, STAGES)
        .where(*where)
        .order_by(PIPELINES.c.is_default.desc(), PIPELINES.c.code, STAGES.c.position)
    )
    stages: dict[tuple[str, str, str, str], list[Stage]] = {}
    for row in tx.rows(statement):
        key = (row.pipeline_id, row.pipeline_code, row.pipeline_zh, row.pipeline_en)
        stages.setdefault(key, []).append(
            Stage(row.code, row.name_zh, row.name_en, row.position, row.probability)
        )
    return [Pipeline(*key, tuple(found)) for key, found in stages.items()]


def default(tx: "Tx") -> Pipeline:
    """Return the pipeline of new opportunities; the migrations put it there."""
    return find(tx, PIPELINES.c.is_default)[0]


def get(tx: "Tx", pipeline_id: str) -> Pipeline:
    """Return the pipeline that an opportunity refers to."""
    return find(tx, PIPELINES.c.id == pipeline_id)[0]
