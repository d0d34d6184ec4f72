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

SECTION_MS = 800
"""Time that the timeline's section may take; less than the budget of the 360 view."""

QUICK_READS = Database("gateway", metadata, statement_timeout_ms=SECTION_MS)
"""Connections for what the 360 view waits for: no statement outlives its use."""
