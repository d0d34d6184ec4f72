"""Imports find what a file repeats across its chunks, in a dry run too."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Tell dry runs apart and remember the keys of created rows."""
    op.add_column(
        "import_rows",
        sa.Column("dry_run", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.drop_constraint("pk_import_rows", "import_rows", type_="primary")
    op.create_primary_key("pk_import_rows", "import_rows", ["job_id", "dry_run", "row"])
    op.create_index(
        "ix_import_rows_dry",
        "import_rows",
        ["created_at"],
        postgresql_where=sa.text("dry_run"),
    )
    op.create_table(
        "import_keys",
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Uuid(as_uuid=False)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "dry_run", "key", name=op.f("pk_import_keys")),
    )
    op.create_index("ix_import_keys_created_at", "import_keys", ["created_at"])
