"""The tables that every database has, made into a service's own metadata."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
Instant = DateTime(timezone=True)
Id = Uuid(as_uuid=False)


def new_metadata() -> MetaData:
    """Return metadata with the naming convention and the chassis tables in it."""
    metadata = MetaData(naming_convention=NAMING)
    add_chassis_tables(metadata)
    return metadata


def aggregate_columns() -> list[Column[Any]]:
    """Return fresh columns for what every aggregate has."""
    return [
        Column("id", Id, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("updated_at", Instant, nullable=False),
        Column("updated_by", Text, nullable=False),
    ]


def add_chassis_tables(metadata: MetaData) -> None:
    """Add outbox, inbox, attempts, idempotency, sagas, schedules and people to a metadata."""
    Table(
        "outbox",
        metadata,
        # Cache 1 (the default of identity): ids within one aggregate follow its commits.
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Id, nullable=False),
        Column("type", Text, nullable=False),
        # json, not jsonb: nothing asks inside, and what goes out is what was written.
        Column("body", JSON, nullable=False),
        Column("trace", Text, nullable=False, server_default=""),
        Column("created_at", Instant, nullable=False, server_default=func.now()),
    )
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, nullable=False),
        Column("event_id", Id, nullable=False),
        Column("received_at", Instant, nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("consumer", "event_id"),
        Index("ix_inbox_received_at", "received_at"),
    )
    Table(
        "attempts",
        metadata,
        Column("consumer", Text, nullable=False),
        Column("message_id", Text, nullable=False),
        Column("count", SmallInteger, nullable=False),
        Column("first_at", Instant, nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("consumer", "message_id"),
    )
    Table(
        "idempotency",
        metadata,
        Column("client", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("reply", JSON),  # json: a replay is the same bytes
        Column("keep_for_ever", Boolean, nullable=False),
        Column("created_at", Instant, nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("client", "method", "key"),
        Index("ix_idempotency_created_at", "created_at"),
    )
    Table(
        "sagas",
        metadata,
        Column("id", Id, primary_key=True),
        Column("name", Text, nullable=False),
        Column("state", Text, nullable=False),  # running, compensating, completed, compensated
        Column("step", Integer, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("actor", JSONB, nullable=False),
        Column("log", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("next_run_at", Instant, nullable=False),
        Column("lease_until", Instant),
        Column("lease_holder", Text),
        Column("created_at", Instant, nullable=False, server_default=func.now()),
        Column("updated_at", Instant, nullable=False, server_default=func.now()),
        Index(
            "ix_sagas_open",
            "next_run_at",
            postgresql_where=text("state in ('running', 'compensating')"),
        ),
    )
    Table(
        "schedules",
        metadata,
        Column("name", Text, primary_key=True),
        Column("last_run_at", Instant, nullable=False),
    )
    Table(
        "people",
        metadata,
        Column("id", Text, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("name", Text, nullable=False),
        Column("team_path", Text, nullable=False),
        Column("manager_id", Text),
        Column("roles", ARRAY(Text), nullable=False),
        Column("active", Boolean, nullable=False),
        Index("ix_people_team_path", "team_path", postgresql_ops={"team_path": "text_pattern_ops"}),
    )
