"""First tables of leads: leads, pools with the default pool, verdicts of imported rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis import schema_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    schema_v1.upgrade(op)
    _pools()
    _leads()
    _indexes()
    op.create_table(
        "import_rows",
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "row", name=op.f("pk_import_rows")),
    )


def _pools() -> None:
    op.create_table(
        "pools",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text()),
        sa.Column("team_path", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_pools_capacity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
    )
    op.execute(
        "insert into pools (id, version, created_at, created_by, updated_at, updated_by,"
        " name, name_zh, team_path, capacity) values"
        " ('01900000-0000-7000-8000-000000000001', 1, now(), 'system', now(), 'system',"
        " 'Public pool', '公海', '/', 100)"
    )


def _leads() -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("company", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("job_title", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("phone_e164", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("email_key", sa.Text()),
        sa.Column("chat_id", sa.Text()),
        sa.Column("region", sa.Text()),
        sa.Column("industry", sa.Text()),
        sa.Column("source_channel", sa.Text(), nullable=False),
        sa.Column("source_campaign", sa.Text()),
        sa.Column("source_referrer", sa.Text()),
        sa.Column("source_system", sa.Text()),
        sa.Column("external_id", sa.Text()),
        sa.Column("external_fingerprint", sa.Text()),
        sa.Column("product_interest", sa.Text()),
        sa.Column("budget_amount", sa.Numeric(precision=18, scale=2)),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("intent", sa.Text()),
        sa.Column("level", sa.Text()),
        sa.Column("notes", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text()),
        sa.Column("pool_id", sa.Uuid(as_uuid=False)),
        sa.Column("former_pool_id", sa.Uuid(as_uuid=False)),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("last_contact_at", sa.DateTime(timezone=True)),
        sa.Column("next_contact_at", sa.DateTime(timezone=True)),
        sa.Column("converted_at", sa.DateTime(timezone=True)),
        sa.Column("conversion_id", sa.Uuid(as_uuid=False)),
        sa.Column("customer_id", sa.Uuid(as_uuid=False)),
        sa.Column("contact_id", sa.Uuid(as_uuid=False)),
        sa.Column("opportunity_id", sa.Uuid(as_uuid=False)),
        sa.Column("grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(status = 'converted') = (customer_id is not null)",
            name=op.f("ck_leads_converted"),
        ),
        sa.CheckConstraint(
            "status in ('new', 'working', 'converting', 'converted', 'closed')",
            name=op.f("ck_leads_status"),
        ),
        sa.CheckConstraint(
            "(owner_id is null) <> (pool_id is null)",
            name=op.f("ck_leads_held_or_pooled"),
        ),
        sa.CheckConstraint(
            "(source_system is null) = (external_id is null)",
            name=op.f("ck_leads_external"),
        ),
        sa.CheckConstraint("budget_amount >= 0", name=op.f("ck_leads_budget")),
        sa.CheckConstraint(
            "budget_amount is null or currency is not null",
            name=op.f("ck_leads_budget_currency"),
        ),
        sa.CheckConstraint("name is not null or company is not null", name=op.f("ck_leads_named")),
        sa.CheckConstraint(
            "phone is not null or email is not null or chat_id is not null",
            name=op.f("ck_leads_reachable"),
        ),
        sa.ForeignKeyConstraint(
            ["former_pool_id"], ["pools.id"], name=op.f("fk_leads_former_pool_id")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_leads_pool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )


def _indexes() -> None:
    op.create_index(
        "ix_leads_budget",
        "leads",
        ["budget_amount"],
        postgresql_where=sa.text("budget_amount is not null"),
    )
    op.create_index(
        "ix_leads_chat",
        "leads",
        ["chat_id"],
        postgresql_where=sa.text("chat_id is not null"),
    )
    op.create_index("ix_leads_created_at", "leads", ["created_at", "id"])
    op.create_index("ix_leads_created_by", "leads", ["created_by", "created_at", "id"])
    op.create_index(
        "ix_leads_customer",
        "leads",
        ["customer_id"],
        postgresql_where=sa.text("customer_id is not null"),
    )
    op.create_index(
        "ix_leads_email",
        "leads",
        ["email_key"],
        postgresql_where=sa.text("email_key is not null"),
    )
    op.create_index("ix_leads_grams", "leads", ["grams"], postgresql_using="gin")
    op.create_index(
        "ix_leads_last_contact_at",
        "leads",
        ["last_contact_at"],
        postgresql_where=sa.text("last_contact_at is not null"),
    )
    op.create_index(
        "ix_leads_next_contact_at",
        "leads",
        [
            sa.literal_column("coalesce(next_contact_at, '9999-12-31 00:00:00+00'::timestamptz)"),
            "id",
        ],
    )
    op.create_index(
        "ix_leads_owner",
        "leads",
        ["owner_id", "created_at", "id"],
        postgresql_where=sa.text("owner_id is not null"),
    )
    op.create_index(
        "ix_leads_phone",
        "leads",
        ["phone_e164"],
        postgresql_where=sa.text("phone_e164 is not null"),
    )
    op.create_index(
        "ix_leads_pool",
        "leads",
        ["pool_id", "created_at", "id"],
        postgresql_where=sa.text("pool_id is not null"),
    )
    op.create_index("ix_leads_region", "leads", ["region", "created_at", "id"])
    op.create_index("ix_leads_source_channel", "leads", ["source_channel", "created_at", "id"])
    op.create_index("ix_leads_status", "leads", ["status", "created_at", "id"])
    op.create_index("ix_leads_title", "leads", ["title", "id"])
    op.create_index("ix_leads_updated_at", "leads", ["updated_at", "id"])
    op.create_index(
        "uq_leads_external",
        "leads",
        ["source_system", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )
