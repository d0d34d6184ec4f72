"""First tables of deals: pipelines, opportunities, contracts, conversions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis import schema_v1

revision = "0001"
down_revision = None

PIPELINE_ID = "01900000-0000-7000-8000-000000000001"
STAGES = (
    ("prospect", "潜在客户", "Prospect", 10),
    ("contact", "建立联系", "Contact made", 20),
    ("needs", "需求沟通", "Needs discussed", 35),
    ("proposal", "商务报价", "Proposal", 55),
    ("tender", "招投标", "Tender", 75),
    ("signing", "签署合作", "Signing", 90),
)


def upgrade() -> None:
    """Create the tables and the reference pipeline."""
    schema_v1.upgrade(op)
    op.execute("CREATE SEQUENCE opportunity_numbers")
    op.execute("CREATE SEQUENCE contract_numbers")
    _pipelines()
    _opportunities()
    _contracts()
    _conversions()


def _pipelines() -> None:
    op.create_table(
        "pipelines",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipelines")),
        sa.UniqueConstraint("code", name=op.f("uq_pipelines_code")),
    )
    op.create_index(
        "ix_pipelines_one_default",
        "pipelines",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "stages",
        sa.Column("pipeline_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("probability", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("probability between 0 and 100", name=op.f("ck_stages_probability")),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name=op.f("fk_stages_pipeline_id")
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "code", name=op.f("pk_stages")),
        sa.UniqueConstraint("pipeline_id", "position", name=op.f("uq_stages_pipeline_id_position")),
    )
    pipelines = sa.table(
        "pipelines",
        sa.column("id"),
        sa.column("code"),
        sa.column("name_zh"),
        sa.column("name_en"),
        sa.column("is_default"),
    )
    op.bulk_insert(
        pipelines,
        [
            {
                "id": PIPELINE_ID,
                "code": "standard",
                "name_zh": "标准销售流程",
                "name_en": "Standard sale",
                "is_default": True,
            }
        ],
    )
    stages = sa.table(
        "stages",
        sa.column("pipeline_id"),
        sa.column("code"),
        sa.column("position"),
        sa.column("name_zh"),
        sa.column("name_en"),
        sa.column("probability"),
    )
    op.bulk_insert(
        stages,
        [
            {
                "pipeline_id": PIPELINE_ID,
                "code": code,
                "position": position,
                "name_zh": name_zh,
                "name_en": name_en,
                "probability": probability,
            }
            for position, (code, name_zh, name_en, probability) in enumerate(STAGES, start=1)
        ],
    )


def _opportunities() -> None:
    op.create_table(
        "opportunities",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("contact_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("lead_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("probability", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("amount_amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount_reason", sa.Text(), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("product_interest", sa.Text(), nullable=True),
        sa.Column("competitor", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("close_text", sa.Text(), nullable=True),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional_for", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("grams", ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(status = 'open') = (close_reason is null)", name=op.f("ck_opportunities_close_reason")
        ),
        sa.CheckConstraint(
            "(status = 'open') = (closed_on is null)", name=op.f("ck_opportunities_closed_on")
        ),
        sa.CheckConstraint(
            "status <> 'won' or amount_amount is not null", name=op.f("ck_opportunities_won_amount")
        ),
        sa.CheckConstraint(
            "status in ('open', 'won', 'lost')", name=op.f("ck_opportunities_status")
        ),
        sa.CheckConstraint("amount_amount >= 0", name=op.f("ck_opportunities_amount")),
        sa.CheckConstraint(
            "amount_amount is null or currency is not null", name=op.f("ck_opportunities_currency")
        ),
        sa.CheckConstraint(
            "probability between 0 and 100", name=op.f("ck_opportunities_probability")
        ),
        sa.ForeignKeyConstraint(
            ["pipeline_id", "stage"],
            ["stages.pipeline_id", "stages.code"],
            name=op.f("fk_opportunities_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint("number", name=op.f("uq_opportunities_number")),
    )
    op.create_index("ix_opportunities_amount", "opportunities", ["amount_amount"])
    op.create_index("ix_opportunities_closed_on", "opportunities", ["closed_on"])
    op.create_index("ix_opportunities_contact_id", "opportunities", ["contact_id"])
    op.create_index("ix_opportunities_created_at", "opportunities", ["created_at", "id"])
    op.create_index("ix_opportunities_customer_id", "opportunities", ["customer_id", "created_at"])
    op.create_index("ix_opportunities_expected_close_on", "opportunities", ["expected_close_on"])
    op.create_index("ix_opportunities_grams", "opportunities", ["grams"], postgresql_using="gin")
    op.create_index("ix_opportunities_last_contact_at", "opportunities", ["last_contact_at"])
    op.create_index("ix_opportunities_lead_id", "opportunities", ["lead_id"])
    op.create_index("ix_opportunities_next_contact_at", "opportunities", ["next_contact_at"])
    op.create_index("ix_opportunities_owner_id", "opportunities", ["owner_id", "created_at"])
    op.create_index(
        "ix_opportunities_provisional_for",
        "opportunities",
        ["provisional_for"],
        postgresql_where=sa.text("provisional_for is not null"),
    )
    op.create_index("ix_opportunities_status", "opportunities", ["status", "stage", "created_at"])
    op.create_index("ix_opportunities_updated_at", "opportunities", ["updated_at", "id"])
    op.create_table(
        "stage_stays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_stage_stays_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_stays")),
    )
    op.create_index(
        "ix_stage_stays_one_open",
        "stage_stays",
        ["opportunity_id"],
        unique=True,
        postgresql_where=sa.text("left_at is null"),
    )
    op.create_index("ix_stage_stays_opportunity_id", "stage_stays", ["opportunity_id", "id"])


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("signatories", JSONB(), nullable=False),
        sa.Column("instalments", JSONB(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.Text(), nullable=True),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("grams", ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(status = 'approved') = (approved_at is not null)",
            name=op.f("ck_contracts_approved_at"),
        ),
        sa.CheckConstraint(
            "status in ('draft', 'in_approval', 'approved')", name=op.f("ck_contracts_status")
        ),
        sa.CheckConstraint(
            "approved_by is null or approved_by not in (created_by, submitted_by)",
            name=op.f("ck_contracts_approver_is_not_author"),
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_contracts_term")),
        sa.CheckConstraint("total_amount >= 0", name=op.f("ck_contracts_total")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_contracts_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    op.create_index("ix_contracts_approved_at", "contracts", ["approved_at"])
    op.create_index("ix_contracts_created_at", "contracts", ["created_at", "id"])
    op.create_index("ix_contracts_customer_id", "contracts", ["customer_id", "created_at"])
    op.create_index("ix_contracts_ends_on", "contracts", ["ends_on"])
    op.create_index("ix_contracts_grams", "contracts", ["grams"], postgresql_using="gin")
    op.create_index("ix_contracts_opportunity_id", "contracts", ["opportunity_id"])
    op.create_index("ix_contracts_owner_id", "contracts", ["owner_id", "created_at"])
    op.create_index("ix_contracts_status", "contracts", ["status", "created_at"])
    op.create_index("ix_contracts_submitted_at", "contracts", ["submitted_at"])
    op.create_index("ix_contracts_total", "contracts", ["total_amount", "id"])
    op.create_index("ix_contracts_updated_at", "contracts", ["updated_at", "id"])


def _conversions() -> None:
    op.create_table(
        "conversions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('made', 'confirmed', 'cancelled')", name=op.f("ck_conversions_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversions")),
    )
