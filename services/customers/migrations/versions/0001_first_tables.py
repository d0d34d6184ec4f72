"""First tables of customers: customers, contacts, activities, conversions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis import schema_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    schema_v1.upgrade(op)
    op.execute("CREATE SEQUENCE customer_numbers")
    _customers()
    _contacts()
    _activities()
    _conversions()


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text()),
        sa.Column("legal_representative", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("phone_e164", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("region", sa.Text()),
        sa.Column("industry", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("website", sa.Text()),
        sa.Column("level", sa.Text()),
        sa.Column("gender", sa.Text()),
        sa.Column("birth_date", sa.Date()),
        sa.Column("birth_month_day", sa.Text()),
        sa.Column("occupation", sa.Text()),
        sa.Column("marital_status", sa.Text()),
        sa.Column("hobbies", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("risk_attitude", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("external_ids", postgresql.JSONB(), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True)),
        sa.Column("next_contact_at", sa.DateTime(timezone=True)),
        sa.Column("notes", sa.Text()),
        sa.Column("provisional_for", sa.Uuid(as_uuid=False)),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text()),
        sa.Column("grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("kind in ('organisation', 'person')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint(
            "birth_date is null or birth_month_day is null", name=op.f("ck_customers_one_birthday")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("credit_code", name="uq_customers_credit_code"),
        sa.UniqueConstraint("number", name="uq_customers_number"),
    )
    op.create_index("ix_customers_created_at", "customers", ["created_at", "id"], unique=False)
    op.create_index("ix_customers_email_key", "customers", ["email_key"], unique=False)
    op.create_index(
        "ix_customers_grams", "customers", ["grams"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_customers_last_contact_at", "customers", ["last_contact_at"], unique=False)
    op.create_index("ix_customers_name", "customers", ["name", "id"], unique=False)
    op.create_index("ix_customers_name_key", "customers", ["name_key"], unique=False)
    op.create_index("ix_customers_next_contact_at", "customers", ["next_contact_at"], unique=False)
    op.create_index("ix_customers_owner_id", "customers", ["owner_id", "created_at"], unique=False)
    op.create_index("ix_customers_phone_e164", "customers", ["phone_e164"], unique=False)
    op.create_index(
        "ix_customers_provisional",
        "customers",
        ["provisional_for"],
        unique=False,
        postgresql_where=sa.text("provisional_for is not null"),
    )
    op.create_index("ix_customers_region", "customers", ["region", "industry"], unique=False)
    op.create_table(
        "external_ids",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_external_ids_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("system", "external_id", name=op.f("pk_external_ids")),
        sa.UniqueConstraint("customer_id", "system", name="uq_external_ids_customer"),
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text()),
        sa.Column("phone_e164", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("job_title", sa.Text()),
        sa.Column("department", sa.Text()),
        sa.Column("office", sa.Text()),
        sa.Column("attitude", sa.Text()),
        sa.Column("reports_to_id", sa.Uuid(as_uuid=False)),
        sa.Column("notes", sa.Text()),
        sa.Column("provisional_for", sa.Uuid(as_uuid=False)),
        sa.Column("grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["reports_to_id"],
            ["contacts.id"],
            name=op.f("fk_contacts_reports_to_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_created_at", "contacts", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_contacts_grams", "contacts", ["grams"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_contacts_name", "contacts", ["name", "id"], unique=False)
    op.create_index("ix_contacts_reports_to_id", "contacts", ["reports_to_id"], unique=False)
    op.create_table(
        "contact_customers",
        sa.Column("contact_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("influence", sa.Text()),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_contact_customers_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_contact_customers_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "customer_id", name=op.f("pk_contact_customers")),
    )
    op.create_index(
        "ix_contact_customers_customer_id", "contact_customers", ["customer_id"], unique=False
    )
    op.create_index(
        "uq_contact_customers_primary",
        "contact_customers",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False)),
        sa.Column("contact_id", sa.Uuid(as_uuid=False)),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_contact_at", sa.DateTime(timezone=True)),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "subject_type in ('customer', 'contact', 'lead', 'opportunity')",
            name=op.f("ck_activities_subject_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    op.create_index("ix_activities_contact_id", "activities", ["contact_id"], unique=False)
    op.create_index("ix_activities_created_at", "activities", ["created_at"], unique=False)
    op.create_index(
        "ix_activities_customer_id", "activities", ["customer_id", "occurred_at"], unique=False
    )
    op.create_index("ix_activities_occurred_at", "activities", ["occurred_at", "id"], unique=False)
    op.create_index(
        "ix_activities_owner_id", "activities", ["owner_id", "occurred_at"], unique=False
    )
    op.create_index(
        "ix_activities_subject",
        "activities",
        ["subject_type", "subject_id", "occurred_at"],
        unique=False,
    )


def _conversions() -> None:
    op.create_table(
        "conversions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False)),
        sa.Column("contact_id", sa.Uuid(as_uuid=False)),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("contact_matched", sa.Boolean(), nullable=False),
        sa.Column("fill", postgresql.JSONB(), nullable=False),
        sa.Column("contact_fill", postgresql.JSONB(), nullable=False),
        sa.Column("records", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('begun', 'made', 'confirmed', 'cancelled')",
            name=op.f("ck_conversions_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversions")),
    )
