"""The shared body of every Alembic environment.

A service's `migrations/env.py` is two lines: it imports its tables' metadata and calls `run`. Who
migrates (the `omnibus migrate` command) brings the connection, so that locks and time limits are
set in one place and no URL is ever written into a file.
"""

from alembic import context
from sqlalchemy import Connection, MetaData

VERSION_TABLE = "alembic_version"


def run(target_metadata: MetaData) -> None:
    """Run the migrations Alembic asks for on the connection it was given.

    Each migration is a transaction of its own, so that a failing one leaves those before it done
    and one that builds an index concurrently can step out of its transaction.

    Args:
        target_metadata: The tables as the code knows them, compared by `alembic check`.

    Raises:
        RuntimeError: SQL is asked for instead of a migration, or no connection was given.
    """
    connection = context.config.attributes.get("connection")
    if context.is_offline_mode() or not isinstance(connection, Connection):
        raise RuntimeError("Migrations need a connection: run `python -m omnibus migrate NAME`.")
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        version_table=VERSION_TABLE,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
