"""The gateway's database, shared by the HTTP processes and the gateway-worker."""

from chassis.db import Database
from gateway.persistence.tables import metadata
from schemas.gateway import EVENTS

DATABASE = Database(
    "gateway",
    metadata,
    EVENTS,
    conflicts={"uq_persons_email": "email_taken", "uq_api_keys_hash": "key_collision"},
)
