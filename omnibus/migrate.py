"""Bring a database to the newest schema."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from omnibus.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
DATABASES = ("leads", "customers", "deals", "finance", "gateway")
# Any fixed number: one lock per database, since advisory locks do not cross databases.
LOCK = 0x6F6D6E69
# A migration that waits for a lock makes everybody queue behind it: give up soon, try again later.
LOCK_TIMEOUT = "5s"


def folder(name: str) -> Path:
    """Return the folder with the migrations of a database."""
    return (ROOT / "gateway" if name == "gateway" else ROOT / "services" / name) / "migrations"


def configuration(name: str) -> Config:
    """Return the Alembic configuration of a database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(folder(name)).replace("%", "%%"))
    return config


def owner_url(name: str) -> str:
    """Return the URL of the role that owns the schema.

    Raises:
        Problem: The environment names none.
    """
    for variable in (f"{name.upper()}_MIGRATE_URL", f"{name.upper()}_DATABASE_URL", "DATABASE_URL"):
        if url := os.environ.get(variable):
            return url
    raise Problem(f"The {name} database is unknown: set {name.upper()}_MIGRATE_URL.")


def upgrade(name: str, url: str | None = None) -> str | None:
    """Apply what is missing and return the revision the database is at then.

    Two of these at once are harmless: the second waits for the first and finds nothing to do.

    Args:
        url: The owner's URL; read from the environment when it is not given.

    Raises:
        Problem: The name is unknown, the database can not be reached, or a migration fails.
    """
    if name not in DATABASES:
        raise Problem(f"There is no database {name}: choose one of {', '.join(DATABASES)}.")
    if not folder(name).is_dir():
        raise Problem(f"{folder(name)} is missing: this checkout is incomplete.")
    engine = create_engine(url or owner_url(name), poolclass=NullPool)
    config = configuration(name)
    try:
        with engine.connect() as guard, engine.connect() as connection:
            guard.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            # commit: the lock timeout must outlive the transaction that set it.
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise Problem(
            f"The {name} database could not be migrated ({reason}): see that it runs and that no"
            " long transaction holds its tables, then run the command again."
        ) from error
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise Problem(
            f"A migration of {name} failed ({reason}): its own changes are undone; correct it,"
            f" then run `python -m omnibus migrate {name}`."
        ) from error


def newest(name: str) -> str | None:
    """Return the revision the code expects."""
    return ScriptDirectory.from_config(configuration(name)).get_current_head()
