"""The finance service: what it is made of."""

from chassis.db import Database
from chassis.directory_listener import DirectoryListener
from schemas.finance import EVENTS
from services.finance.persistence.tables import metadata
from services.finance.use_cases.receipts import Receipts
from services.finance.use_cases.receivables import Receivables
from services.finance.use_cases.refunds import Refunds
from services.finance.use_cases.sections import Sections


class FinanceService(Receivables, Receipts, Refunds, Sections, DirectoryListener):
    """Owns receivables, receipts and their allocations, and refunds."""

    name = "finance"
    database = Database(
        "finance",
        metadata,
        EVENTS,
        conflicts={"uq_receipts_bank_reference": "bank_reference_used"},
    )
    sagas = ()


SERVICE = FinanceService
