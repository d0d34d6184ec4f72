"""First version of the tables that every database has, for the migrations of all five.

Frozen: a later change of `chassis.tables` gets a `schema_v2` with its own `upgrade`, so that an old
database takes the same steps as a new one.
"""

from typing import Any

DDL = """
CREATE TABLE attempts (
    consumer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    count SMALLINT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_attempts PRIMARY KEY (consumer, message_id)
);

CREATE TABLE idempotency (
    client TEXT NOT NULL,
    method TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    reply JSON,
    keep_for_ever BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (client, method, key)
);

CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);

CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);

CREATE INDEX ix_inbox_received_at ON inbox (received_at);

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    event_id UUID NOT NULL,
    type TEXT NOT NULL,
    body JSON NOT NULL,
    trace TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id)
);

CREATE TABLE people (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    team_path TEXT NOT NULL,
    manager_id TEXT,
    roles TEXT[] NOT NULL,
    active BOOLEAN NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (id)
);

CREATE INDEX ix_people_team_path ON people (team_path text_pattern_ops);

CREATE TABLE sagas (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    step INTEGER NOT NULL,
    data JSONB NOT NULL,
    actor JSONB NOT NULL,
    log JSONB DEFAULT '[]'::jsonb NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    lease_holder TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_sagas PRIMARY KEY (id)
);

CREATE INDEX ix_sagas_open ON sagas (next_run_at) WHERE state in ('running', 'compensating');

CREATE TABLE schedules (
    name TEXT NOT NULL,
    last_run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_schedules PRIMARY KEY (name)
);

-- Rows live for milliseconds: vacuum early, or the index fills with dead entries.
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
);
"""


def upgrade(op: Any) -> None:
    """Create the tables; `op` is Alembic's operations proxy."""
    op.execute(DDL)
