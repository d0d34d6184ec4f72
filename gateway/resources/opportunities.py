"""Opportunities: what may be sold to a customer, stage by stage (D1)."""

from chassis.validation import ById
from gateway.http.operations import Operation, Resource, Rows
from gateway.resources.activities import follow_ups
from gateway.resources.references import check_references
from schemas import deals as schemas

_rows = Rows(
    "/v1/opportunities", "deals", "opportunity", schemas.Opportunity, allow="opportunities"
)

OPPORTUNITIES = Resource(
    "opportunities",
    "Opportunities 商机",
    (
        _rows.list("list_opportunities", schemas.OPPORTUNITIES),
        _rows.create("create_opportunity", schemas.CreateOpportunity, before=check_references),
        _rows.read("get_opportunity"),
        _rows.change("update_opportunity", schemas.UpdateOpportunity, before=check_references),
        _rows.act(
            "advance",
            "advance_opportunity",
            schemas.AdvanceOpportunity,
            "Move an open opportunity to another stage",
        ),
        _rows.act("win", "win_opportunity", schemas.WinOpportunity, "Close it as won"),
        _rows.act("lose", "lose_opportunity", schemas.LoseOpportunity, "Close it as lost"),
        _rows.act(
            "reopen",
            "reopen_opportunity",
            schemas.ReopenOpportunity,
            "Open a closed opportunity again",
            allow="opportunities:update",
        ),
        follow_ups("opportunity", "/v1/opportunities"),
        Operation(
            verb="GET",
            path="/v1/opportunities/<id>/stages",
            service="deals",
            method="get_stage_history",
            allow="opportunities:read",
            summary="Read every stay of an opportunity in a stage",
            request=ById,
            reply=None,
        ),
        Operation(
            verb="GET",
            path="/v1/pipelines",
            service="deals",
            method="list_pipelines",
            allow="opportunities:read",
            summary="List the pipelines with their stages",
            request=schemas.ListPipelines,
            reply=None,
        ),
    ),
)
