"""The resources of the API: one short file each, mostly a table of operations."""

from gateway.http.operations import Resource
from gateway.resources import customer_view, imports
from gateway.resources.activities import ACTIVITIES
from gateway.resources.api_keys import API_KEYS
from gateway.resources.contacts import CONTACTS
from gateway.resources.contracts import CONTRACTS
from gateway.resources.conversions import CONVERSIONS
from gateway.resources.customers import CUSTOMERS
from gateway.resources.jobs import JOBS
from gateway.resources.leads import LEADS
from gateway.resources.opportunities import OPPORTUNITIES
from gateway.resources.people import PEOPLE
from gateway.resources.receipts import RECEIPTS
from gateway.resources.receivables import RECEIVABLES
from gateway.resources.refunds import REFUNDS

ALL: tuple[Resource, ...] = (
    LEADS,
    CONVERSIONS,
    CUSTOMERS,
    CONTACTS,
    ACTIVITIES,
    OPPORTUNITIES,
    CONTRACTS,
    RECEIVABLES,
    RECEIPTS,
    REFUNDS,
    PEOPLE,
    API_KEYS,
    JOBS,
)
VIEWS = (customer_view.register, imports.register)
"""What no table can say: functions `(app, api, parts)`."""
