"""Stages: the pipelines, moving along one, and the history of it (D2, D3, D4)."""

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import command, query
from chassis.validation import ById
from schemas import deals as schemas
from services.deals.domain import advancing as rules
from services.deals.domain.opportunities import Opportunity
from services.deals.persistence import opportunities, pipelines

if TYPE_CHECKING:
    from chassis.db import Tx

_PIPELINES = schemas.Pipeline(many=True)
_STAYS = schemas.StageStay(many=True)


class Stages:
    """Where a deal is and where it has been."""

    @command(
        request=schemas.AdvanceOpportunity,
        reply=schemas.Opportunity,
        allow="opportunities:advance",
    )
    def advance_opportunity(
        self,
        tx: "Tx",
        id: str,
        expected_version: int | None = None,
        stage: str | None = None,
        reason: str | None = None,
    ) -> Opportunity:
        """Move an open opportunity to the next or a named stage; back needs a reason.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `opportunity_closed`, `already_in_stage`, `last_stage_reached`.
            Invalid: `not_a_choice` at `stage`, `required` at `reason`.
        """
        found = opportunities.lock(tx, id, "opportunities:advance").expect(expected_version)
        pipeline = pipelines.get(tx, found.pipeline_id)
        moved, advanced = rules.advance(found, pipeline, stage, reason, by=tx.actor.id, now=tx.now)
        opportunities.RECORDS.save(tx, moved)
        opportunities.leave_stage(tx, moved)
        opportunities.enter_stage(tx, moved, reason)
        tx.publish(advanced)
        return moved

    @query(request=schemas.ListPipelines, reply=None, allow="opportunities:read")
    def list_pipelines(self, tx: "Tx") -> dict[str, Any]:
        """Return every pipeline with its stages; the default one first."""
        return {"items": _PIPELINES.dump(pipelines.find(tx))}

    @query(request=ById, reply=None, allow="opportunities:read")
    def get_stage_history(self, tx: "Tx", id: str) -> dict[str, Any]:
        """Return every stay of an opportunity in a stage, the first one first.

        Raises:
            NotFound: `not_found`.
        """
        found = opportunities.read(tx, id)
        return {"items": _STAYS.dump(opportunities.find_stays(tx, found.id))}
