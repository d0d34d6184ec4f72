"""All tables of the leads database."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.tables import Id, Instant, aggregate_columns, new_metadata

metadata = new_metadata()

FAR = "'9999-12-31 00:00:00+00'::timestamptz"
"""Where a lead without a next contact stands when leads are sorted by it."""

POOLS = Table(
    "pools",
    metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False),
    Column("name_zh", Text),
    Column("team_path", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    CheckConstraint("capacity >= 0", name="capacity"),
)

LEADS = Table(
    "leads",
    metadata,
    *aggregate_columns(),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("company", Text),
    Column("title", Text, nullable=False),
    Column("job_title", Text),
    Column("phone", Text),
    Column("phone_e164", Text),
    Column("email", Text),
    Column("email_key", Text),
    Column("chat_id", Text),
    Column("region", Text),
    Column("industry", Text),
    Column("source_channel", Text, nullable=False),
    Column("source_campaign", Text),
    Column("source_referrer", Text),
    Column("source_system", Text),
    Column("external_id", Text),
    # Of the request that brought the external id: the same one again is answered, another refused.
    Column("external_fingerprint", Text),
    Column("product_interest", Text),
    Column("budget_amount", Numeric(18, 2)),
    Column("currency", String(3)),
    Column("intent", Text),
    Column("level", Text),
    Column("notes", Text),
    Column("status", Text, nullable=False),
    Column("owner_id", Text),
    Column("pool_id", Id, ForeignKey("pools.id")),
    Column("former_pool_id", Id, ForeignKey("pools.id")),
    Column("claimed_at", Instant),
    Column("last_contact_at", Instant),
    Column("next_contact_at", Instant),
    Column("converted_at", Instant),
    Column("conversion_id", Id),
    Column("customer_id", Id),
    Column("contact_id", Id),
    Column("opportunity_id", Id),
    Column("grams", ARRAY(Text), nullable=False),
    CheckConstraint("(owner_id is null) <> (pool_id is null)", name="held_or_pooled"),
    CheckConstraint("name is not null or company is not null", name="named"),
    CheckConstraint(
        "phone is not null or email is not null or chat_id is not null",
        name="reachable",
    ),
    CheckConstraint("(source_system is null) = (external_id is null)", name="external"),
    CheckConstraint("budget_amount >= 0", name="budget"),
    CheckConstraint("budget_amount is null or currency is not null", name="budget_currency"),
    CheckConstraint(
        "status in ('new', 'working', 'converting', 'converted', 'closed')",
        name="status",
    ),
    CheckConstraint("(status = 'converted') = (customer_id is not null)", name="converted"),
    Index(
        "uq_leads_external",
        "source_system",
        "external_id",
        unique=True,
        postgresql_where=text("external_id is not null"),
    ),
    Index("ix_leads_created_at", "created_at", "id"),
    Index("ix_leads_updated_at", "updated_at", "id"),
    Index("ix_leads_next_contact_at", text(f"coalesce(next_contact_at, {FAR})"), "id"),
    Index("ix_leads_title", "title", "id"),
    Index(
        "ix_leads_owner",
        "owner_id",
        "created_at",
        "id",
        postgresql_where=text("owner_id is not null"),
    ),
    Index(
        "ix_leads_pool",
        "pool_id",
        "created_at",
        "id",
        postgresql_where=text("pool_id is not null"),
    ),
    Index("ix_leads_status", "status", "created_at", "id"),
    Index("ix_leads_region", "region", "created_at", "id"),
    Index("ix_leads_source_channel", "source_channel", "created_at", "id"),
    Index("ix_leads_created_by", "created_by", "created_at", "id"),
    Index("ix_leads_phone", "phone_e164", postgresql_where=text("phone_e164 is not null")),
    Index("ix_leads_email", "email_key", postgresql_where=text("email_key is not null")),
    Index("ix_leads_chat", "chat_id", postgresql_where=text("chat_id is not null")),
    Index(
        "ix_leads_customer",
        "customer_id",
        postgresql_where=text("customer_id is not null"),
    ),
    Index(
        "ix_leads_last_contact_at",
        "last_contact_at",
        postgresql_where=text("last_contact_at is not null"),
    ),
    Index(
        "ix_leads_budget",
        "budget_amount",
        postgresql_where=text("budget_amount is not null"),
    ),
    Index("ix_leads_grams", "grams", postgresql_using="gin"),
)

IMPORT_ROWS = Table(
    "import_rows",
    metadata,
    Column("job_id", Id, nullable=False),
    Column("dry_run", Boolean, nullable=False, server_default=false()),
    Column("row", Integer, nullable=False),
    Column("verdict", JSONB, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("job_id", "dry_run", "row"),
    Index("ix_import_rows_dry", "created_at", postgresql_where=text("dry_run")),
)
"""The verdict of every imported row, as it was answered: a repeated chunk gets it again."""

IMPORT_KEYS = Table(
    "import_keys",
    metadata,
    Column("job_id", Id, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("key", Id, nullable=False),
    Column("row", Integer, nullable=False),
    Column("lead_id", Id),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("job_id", "dry_run", "key"),
    Index("ix_import_keys_created_at", "created_at"),
)
"""By what the created rows of a file are recognised, hashed: later chunks may repeat them."""
