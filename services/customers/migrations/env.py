"""Alembic environment of the customers database."""

from chassis.migrations import run
from services.customers.persistence.tables import metadata

run(metadata)
