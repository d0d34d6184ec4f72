"""The published language of deals: opportunities, contracts, and the events of both."""

from schemas.deals.approval import ApproveContract, RejectContract, SubmitContract
from schemas.deals.closing import (
    LOSS_REASONS,
    WIN_REASONS,
    LoseOpportunity,
    ReopenOpportunity,
    WinOpportunity,
)
from schemas.deals.contracts import Contract, CreateContract, UpdateContract
from schemas.deals.conversion import (
    CancelConversion,
    ConfirmConversion,
    MakeOpportunityForConversion,
)
from schemas.deals.events import EVENTS
from schemas.deals.lists import CONTRACTS, OPPORTUNITIES
from schemas.deals.opportunities import (
    AuthorizeSubject,
    CreateOpportunity,
    Opportunity,
    UpdateOpportunity,
)
from schemas.deals.stages import AdvanceOpportunity, ListPipelines, Pipeline, StageStay

__all__ = [
    "CONTRACTS",
    "EVENTS",
    "LOSS_REASONS",
    "OPPORTUNITIES",
    "WIN_REASONS",
    "AdvanceOpportunity",
    "ApproveContract",
    "AuthorizeSubject",
    "CancelConversion",
    "ConfirmConversion",
    "Contract",
    "CreateContract",
    "CreateOpportunity",
    "ListPipelines",
    "LoseOpportunity",
    "MakeOpportunityForConversion",
    "Opportunity",
    "Pipeline",
    "RejectContract",
    "ReopenOpportunity",
    "StageStay",
    "SubmitContract",
    "UpdateContract",
    "UpdateOpportunity",
    "WinOpportunity",
]
