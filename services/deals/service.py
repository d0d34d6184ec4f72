"""The nameko service `deals`: the capabilities it is made of, its database and its events."""

from chassis.db import Database
from chassis.directory_listener import DirectoryListener
from chassis.housekeeping import Housekeeping
from chassis.replays import Replays
from schemas.deals import EVENTS
from services.deals.persistence.tables import metadata
from services.deals.use_cases.approval import Approval
from services.deals.use_cases.closing import Closing
from services.deals.use_cases.contracts import Contracts
from services.deals.use_cases.conversion import ConversionSteps
from services.deals.use_cases.opportunities import Opportunities
from services.deals.use_cases.sections import Sections
from services.deals.use_cases.stages import Stages


class DealsService(
    Opportunities,
    Stages,
    Closing,
    Contracts,
    Approval,
    ConversionSteps,
    Sections,
    DirectoryListener,
    Housekeeping,
    Replays,
):
    """Opportunities from first contact to won or lost, and the contracts they end in."""

    name = "deals"
    database = Database("deals", metadata, EVENTS)
    sagas = ()


SERVICE = DealsService
