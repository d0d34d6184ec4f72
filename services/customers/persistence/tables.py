"""The tables of the customers database."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.tables import Id, Instant, aggregate_columns, new_metadata

metadata = new_metadata()

CUSTOMER_NUMBERS = Sequence("customer_numbers", metadata=metadata)

customers = Table(
    "customers",
    metadata,
    *aggregate_columns(),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("credit_code", Text),
    Column("legal_representative", Text),
    Column("phone", Text),
    Column("phone_e164", Text),
    Column("email", Text),
    Column("region", Text),
    Column("industry", Text),
    Column("address", Text),
    Column("website", Text),
    Column("level", Text),
    Column("gender", Text),
    Column("birth_date", Date),
    Column("birth_month_day", Text),
    Column("occupation", Text),
    Column("marital_status", Text),
    Column("hobbies", ARRAY(Text), nullable=False),
    Column("risk_attitude", Text),
    Column("source", Text),
    Column("external_ids", JSONB, nullable=False),
    Column("last_contact_at", Instant),
    Column("next_contact_at", Instant),
    Column("notes", Text),
    Column("provisional_for", Id),
    # Derived from the fields above at every save, for matching and searching.
    Column("name_key", Text, nullable=False),
    Column("email_key", Text),
    Column("grams", ARRAY(Text), nullable=False),
    CheckConstraint("kind in ('organisation', 'person')", name="kind"),
    CheckConstraint("birth_date is null or birth_month_day is null", name="one_birthday"),
    UniqueConstraint("number", name="uq_customers_number"),
    UniqueConstraint("credit_code", name="uq_customers_credit_code"),
    Index("ix_customers_owner_id", "owner_id", "created_at"),
    Index("ix_customers_created_at", "created_at", "id"),
    Index("ix_customers_name", "name", "id"),
    Index("ix_customers_region", "region", "industry"),
    Index("ix_customers_last_contact_at", "last_contact_at"),
    Index("ix_customers_next_contact_at", "next_contact_at"),
    Index("ix_customers_phone_e164", "phone_e164"),
    Index("ix_customers_email_key", "email_key"),
    Index("ix_customers_name_key", "name_key"),
    Index("ix_customers_grams", "grams", postgresql_using="gin"),
    Index(
        "ix_customers_provisional",
        "provisional_for",
        postgresql_where=text("provisional_for is not null"),
    ),
)

external_ids = Table(
    "external_ids",
    metadata,
    # The customer's own column holds the same; these rows exist for the two rules of uniqueness.
    Column("system", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("customer_id", Id, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("system", "external_id"),
    UniqueConstraint("customer_id", "system", name="uq_external_ids_customer"),
)

contacts = Table(
    "contacts",
    metadata,
    *aggregate_columns(),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("phone_e164", Text),
    Column("email", Text),
    Column("job_title", Text),
    Column("department", Text),
    Column("office", Text),
    Column("attitude", Text),
    Column("reports_to_id", Id, ForeignKey("contacts.id", ondelete="SET NULL")),
    Column("notes", Text),
    Column("provisional_for", Id),
    Column("grams", ARRAY(Text), nullable=False),
    Index("ix_contacts_created_at", "created_at", "id"),
    Index("ix_contacts_name", "name", "id"),
    Index("ix_contacts_reports_to_id", "reports_to_id"),
    Index("ix_contacts_grams", "grams", postgresql_using="gin"),
)

contact_customers = Table(
    "contact_customers",
    metadata,
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("customer_id", Id, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("role", Text),
    Column("influence", Text),
    Column("is_primary", Boolean, nullable=False),
    PrimaryKeyConstraint("contact_id", "customer_id"),
    Index("ix_contact_customers_customer_id", "customer_id"),
    Index(
        "uq_contact_customers_primary",
        "customer_id",
        unique=True,
        postgresql_where=text("is_primary"),
    ),
)

activities = Table(
    "activities",
    metadata,
    *aggregate_columns(),
    Column("kind", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("customer_id", Id),
    Column("contact_id", Id),
    Column("body", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("next_contact_at", Instant),
    Column("owner_id", Text, nullable=False),
    CheckConstraint(
        "subject_type in ('customer', 'contact', 'lead', 'opportunity')", name="subject_type"
    ),
    Index("ix_activities_customer_id", "customer_id", "occurred_at"),
    Index("ix_activities_subject", "subject_type", "subject_id", "occurred_at"),
    Index("ix_activities_owner_id", "owner_id", "occurred_at"),
    Index("ix_activities_contact_id", "contact_id"),
    Index("ix_activities_occurred_at", "occurred_at", "id"),
    Index("ix_activities_created_at", "created_at"),
)

conversions = Table(
    "conversions",
    metadata,
    # Kept for ever: a cancelled one is the tombstone that a late make runs into.
    Column("id", Id, primary_key=True),
    Column("state", Text, nullable=False),
    Column("customer_id", Id),
    Column("contact_id", Id),
    Column("matched", Boolean, nullable=False),
    Column("contact_matched", Boolean, nullable=False),
    Column("fill", JSONB, nullable=False),
    Column("contact_fill", JSONB, nullable=False),
    Column("records", JSONB, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("state in ('begun', 'made', 'confirmed', 'cancelled')", name="state"),
)

CONFLICTS = {
    "uq_customers_credit_code": "duplicate_credit_code",
    "pk_external_ids": "external_id_conflict",
    "uq_contact_customers_primary": "primary_contact_exists",
}
"""Violated constraint → code of the Conflict that it is."""
