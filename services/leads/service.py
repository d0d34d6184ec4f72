"""The leads service: who may become a customer, who works on it, and how it becomes one."""

from chassis.db import Database
from chassis.directory_listener import DirectoryListener
from chassis.housekeeping import Housekeeping
from chassis.replays import Replays
from schemas.leads import EVENTS
from services.leads.persistence.tables import metadata
from services.leads.use_cases.conversion import CONVERSION, Conversions
from services.leads.use_cases.imports import Imports
from services.leads.use_cases.intake import Intake
from services.leads.use_cases.nurture import Nurture
from services.leads.use_cases.pool import Pool
from services.leads.use_cases.sections import Sections


class LeadsService(
    Intake,
    Pool,
    Nurture,
    Imports,
    Conversions,
    Sections,
    DirectoryListener,
    Housekeeping,
    Replays,
):
    """Leads, hosted by nameko under the name `leads`."""

    name = "leads"
    database = Database(
        "leads",
        metadata,
        EVENTS,
        conflicts={"uq_leads_external": "external_id_conflict"},
    )
    sagas = (CONVERSION,)


SERVICE = LeadsService
