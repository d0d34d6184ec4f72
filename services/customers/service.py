"""The customers service: the archive, contacts, follow-ups, and the gate of the 360 view."""

from chassis.db import Database
from chassis.directory_listener import DirectoryListener
from chassis.housekeeping import Housekeeping
from chassis.replays import Replays
from schemas.customers import EVENTS
from services.customers.persistence.tables import CONFLICTS, metadata
from services.customers.use_cases.activities import Activities
from services.customers.use_cases.contacts import Contacts
from services.customers.use_cases.conversion import Conversion
from services.customers.use_cases.customers import Customers
from services.customers.use_cases.references import References
from services.customers.use_cases.sections import Sections


class CustomersService(
    Customers,
    Contacts,
    Activities,
    References,
    Conversion,
    Sections,
    DirectoryListener,
    Housekeeping,
    Replays,
):
    """Owns customers, contacts and activities."""

    name = "customers"
    database = Database("customers", metadata, EVENTS, conflicts=CONFLICTS)
    sagas = ()


SERVICE = CustomersService
