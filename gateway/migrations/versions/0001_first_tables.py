"""First tables of the gateway: people, API keys, event log, uploads, jobs."""

from alembic import op

from chassis import schema_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE converted_leads (
    lead_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    CONSTRAINT pk_converted_leads PRIMARY KEY (lead_id)
);

CREATE INDEX ix_converted_leads_customer_id ON converted_leads (customer_id);

CREATE TABLE event_log (
    seq BIGINT NOT NULL,
    customer_seq BIGINT,
    event_id UUID NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    time TIMESTAMP WITH TIME ZONE NOT NULL,
    subject TEXT NOT NULL,
    customer_id TEXT,
    lead_id TEXT,
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    owner_id TEXT,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    body JSONB NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_log PRIMARY KEY (seq),
    CONSTRAINT uq_event_log_event_id UNIQUE (event_id)
);

CREATE INDEX ix_event_log_customer_id ON event_log (customer_id, seq) WHERE customer_id is not null;

CREATE INDEX ix_event_log_lead_id ON event_log (lead_id, seq) WHERE lead_id is not null;

CREATE TABLE jobs (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    resource TEXT NOT NULL,
    state TEXT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    upload_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    mapping JSONB,
    options JSONB NOT NULL,
    owner_id TEXT NOT NULL,
    actor JSONB NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER,
    unit TEXT NOT NULL,
    result JSONB,
    error JSONB,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    lease_holder TEXT,
    lease_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT ck_jobs_progress CHECK (done >= 0 and (total is null or done <= total))
);

CREATE INDEX ix_jobs_created_at ON jobs (created_at, id);

CREATE INDEX ix_jobs_open ON jobs (created_at) WHERE state in ('queued', 'running');

CREATE INDEX ix_jobs_owner_id ON jobs (owner_id);

CREATE TABLE log_counters (
    scope TEXT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT pk_log_counters PRIMARY KEY (scope)
);

CREATE TABLE log_subjects (
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner_id TEXT,
    CONSTRAINT pk_log_subjects PRIMARY KEY (subject)
);

CREATE TABLE persons (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    locale TEXT NOT NULL,
    team_path TEXT NOT NULL,
    manager_id UUID,
    roles TEXT[] NOT NULL,
    active BOOLEAN NOT NULL,
    CONSTRAINT pk_persons PRIMARY KEY (id),
    CONSTRAINT uq_persons_email UNIQUE (email),
    CONSTRAINT fk_persons_manager_id FOREIGN KEY(manager_id) REFERENCES persons (id)
);

CREATE INDEX ix_persons_manager_id ON persons (manager_id);

CREATE INDEX ix_persons_name ON persons (name, id);

CREATE INDEX ix_persons_team_path ON persons (team_path text_pattern_ops);

CREATE TABLE uploads (
    id UUID NOT NULL,
    file_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    CONSTRAINT pk_uploads PRIMARY KEY (id)
);

CREATE INDEX ix_uploads_created_at ON uploads (created_at);

CREATE TABLE api_keys (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    person_id UUID NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT[],
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT uq_api_keys_hash UNIQUE (hash),
    CONSTRAINT fk_api_keys_person_id FOREIGN KEY(person_id) REFERENCES persons (id)
);

CREATE INDEX ix_api_keys_created_at ON api_keys (created_at, id);

CREATE INDEX ix_api_keys_person_id ON api_keys (person_id);

CREATE TABLE job_chunks (
    job_id UUID NOT NULL,
    chunk INTEGER NOT NULL,
    created INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    CONSTRAINT pk_job_chunks PRIMARY KEY (job_id, chunk),
    CONSTRAINT fk_job_chunks_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE TABLE job_rows (
    job_id UUID NOT NULL,
    row INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    lead_id TEXT,
    errors JSONB DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT pk_job_rows PRIMARY KEY (job_id, row),
    CONSTRAINT fk_job_rows_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE TABLE upload_chunks (
    upload_id UUID NOT NULL,
    number INTEGER NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT pk_upload_chunks PRIMARY KEY (upload_id, number),
    CONSTRAINT fk_upload_chunks_upload_id FOREIGN KEY(upload_id)
        REFERENCES uploads (id) ON DELETE CASCADE
);
"""

# The log is written once and never changed: the application's role, whatever its name, may add to
# it and read it. With one role for everything (it owns the table) there is nothing to take away.
APPEND_ONLY = """
DO $$
DECLARE who name;
BEGIN
    FOR who IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'event_log'
          AND grantee NOT IN (current_user, 'PUBLIC')
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON event_log FROM %I', who);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Create the tables."""
    schema_v1.upgrade(op)
    op.execute(DDL)
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    """Refuse: the event log is kept for ever."""
    raise RuntimeError("The first tables of the gateway are not taken back: restore a backup.")
