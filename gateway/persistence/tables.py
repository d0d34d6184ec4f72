"""Tables of the gateway: people, API keys, the event log, uploads and jobs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.tables import Id, Instant, aggregate_columns, new_metadata

metadata = new_metadata()
people = metadata.tables["people"]
"""The replica that visibility joins; written together with `persons`, so it is never behind."""

persons = Table(
    "persons",
    metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("locale", Text, nullable=False),
    Column("team_path", Text, nullable=False),
    Column("manager_id", Id),
    Column("roles", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("email", name="uq_persons_email"),
    ForeignKeyConstraint(["manager_id"], ["persons.id"], name="fk_persons_manager_id"),
    Index("ix_persons_name", "name", "id"),
    Index("ix_persons_manager_id", "manager_id"),
    Index(
        "ix_persons_team_path",
        "team_path",
        postgresql_ops={"team_path": "text_pattern_ops"},
    ),
)

api_keys = Table(
    "api_keys",
    metadata,
    *aggregate_columns(),
    Column("person_id", Id, ForeignKey("persons.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),  # SHA-256 of the secret, in hexadecimal digits
    Column("prefix", Text, nullable=False),
    Column("scopes", ARRAY(Text)),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    UniqueConstraint("hash", name="uq_api_keys_hash"),
    Index("ix_api_keys_person_id", "person_id"),
    Index("ix_api_keys_created_at", "created_at", "id"),
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_seq", BigInteger),
    Column("event_id", Id, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("time", Instant, nullable=False),
    Column("subject", Text, nullable=False),
    # Text, not uuid: an odd id from a publisher must not stop the log.
    Column("customer_id", Text),
    Column("lead_id", Text),
    Column("version", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("owner_id", Text),
    Column("correlation_id", Text, nullable=False),
    Column("causation_id", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("received_at", Instant, nullable=False, server_default=func.now()),
    UniqueConstraint("event_id", name="uq_event_log_event_id"),
    Index(
        "ix_event_log_customer_id",
        "customer_id",
        "seq",
        postgresql_where=text("customer_id is not null"),
    ),
    Index(
        "ix_event_log_lead_id",
        "lead_id",
        "seq",
        postgresql_where=text("lead_id is not null"),
    ),
)

log_counters = Table(
    "log_counters",
    metadata,
    Column("scope", Text, primary_key=True),  # "" for the whole log, else a customer's id
    Column("value", BigInteger, nullable=False),
)

log_subjects = Table(
    "log_subjects",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("owner_id", Text),
)
"""The owner of each subject by its last event: who may see the subject's whole history."""

converted_leads = Table(
    "converted_leads",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Index("ix_converted_leads_customer_id", "customer_id"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Index("ix_uploads_created_at", "created_at"),
)

upload_chunks = Table(
    "upload_chunks",
    metadata,
    Column("upload_id", Id, ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("upload_id", "number"),
)

jobs = Table(
    "jobs",
    metadata,
    *aggregate_columns(),
    Column("kind", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("upload_id", Id, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mapping", JSONB(none_as_null=True)),
    Column("options", JSONB, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("actor", JSONB, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer),
    Column("unit", Text, nullable=False),
    Column("result", JSONB(none_as_null=True)),
    Column("error", JSONB(none_as_null=True)),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("lease_holder", Text),
    Column("lease_until", Instant),
    CheckConstraint("done >= 0 and (total is null or done <= total)", name="progress"),
    Index("ix_jobs_owner_id", "owner_id"),
    Index("ix_jobs_created_at", "created_at", "id"),
    Index(
        "ix_jobs_open",
        "created_at",
        postgresql_where=text("state in ('queued', 'running')"),
    ),
)

job_chunks = Table(
    "job_chunks",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("invalid", Integer, nullable=False),
    PrimaryKeyConstraint("job_id", "chunk"),
)
"""The chunks whose verdicts are known: a job that is taken up again leaves them out."""

job_rows = Table(
    "job_rows",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("lead_id", Text),
    Column("errors", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    PrimaryKeyConstraint("job_id", "row"),
)
