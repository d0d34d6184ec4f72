"""The published language of finance: receivables, receipts, refunds, and their events."""

from schemas.finance.events import EVENTS
from schemas.finance.lists import RECEIPTS, RECEIVABLES, REFUNDS
from schemas.finance.receipts import (
    MAX_ALLOCATIONS,
    AllocateReceipt,
    Allocation,
    AllocationRequest,
    Receipt,
    RecordReceipt,
)
from schemas.finance.receivables import Movement, Receivable, ReceivableWithMovements
from schemas.finance.refunds import ApproveRefund, Refund, RejectRefund, RequestRefund
from schemas.finance.vocabulary import (
    METHODS,
    MOVEMENTS,
    RECEIVABLE_STATUSES,
    REFUND_REASONS,
    REFUND_STATUSES,
)

__all__ = [
    "EVENTS",
    "MAX_ALLOCATIONS",
    "METHODS",
    "MOVEMENTS",
    "RECEIPTS",
    "RECEIVABLES",
    "RECEIVABLE_STATUSES",
    "REFUNDS",
    "REFUND_REASONS",
    "REFUND_STATUSES",
    "AllocateReceipt",
    "Allocation",
    "AllocationRequest",
    "ApproveRefund",
    "Movement",
    "Receipt",
    "Receivable",
    "ReceivableWithMovements",
    "RecordReceipt",
    "Refund",
    "RejectRefund",
    "RequestRefund",
]
