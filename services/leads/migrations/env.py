"""Alembic environment of the leads database."""

from chassis.migrations import run
from services.leads.persistence.tables import metadata

run(metadata)
