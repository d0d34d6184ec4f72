"""The finance service: what it is made of."""

from chassis.db import Database
from chassis.directory_listener import DirectoryListener
from chassis.housekeeping import Housekeeping
from chassis.replays import Replays
from schemas.finance import EVENTS
from services.finance.persistence.tables import metadata
from services.finance.use_cases.receipts import Receipts
from services.finance.use_cases.receivables import Receivables
from services.finance.use_cases.refunds import Refunds
from services.finance.use_cases.sections import Sections


class FinanceService(
    Receivables, Receipts, Refunds, Sections, DirectoryListener, Housekeeping, Replays
):
    """Owns receivables, receipts and their allocations, and refunds."""

    name = "finance"
    database = Database(
        "finance",
        metadata,
        EVENTS,
        conflicts={"uq_receipts_bank_reference": "bank_reference_used"},
    )
    keep_inbox_for_ever = True  # A repeated approval would bill a second time.
    sagas = ()


SERVICE = FinanceService
