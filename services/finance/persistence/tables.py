"""Tables of the finance database.

Amounts never change once written; triggers of the first migration refuse it, whatever role asks, as
they refuse a change of the journal and a line that breaks a balance.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.tables import Id, Instant, aggregate_columns, new_metadata

metadata = new_metadata()

RECEIVABLE_NUMBERS = Sequence("receivable_numbers", metadata=metadata)
RECEIPT_NUMBERS = Sequence("receipt_numbers", metadata=metadata)
REFUND_NUMBERS = Sequence("refund_numbers", metadata=metadata)

RECEIVABLES = Table(
    "receivables",
    metadata,
    *aggregate_columns(),
    Column("number", Text, nullable=False),
    Column("contract_id", Id, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("contract_version", Integer, nullable=False),
    Column("sequence", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("customer_id", Id, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("amount_amount", Numeric(18, 2), nullable=False),
    Column("currency", Text, nullable=False),
    UniqueConstraint("number"),
    UniqueConstraint("contract_id", "sequence"),
    # What the journal's lines refer to: so their currency can not differ.
    UniqueConstraint("id", "currency"),
    CheckConstraint("amount_amount > 0", name="amount"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint("sequence > 0", name="sequence"),
    Index("ix_receivables_customer_id", "customer_id", "created_at"),
    Index("ix_receivables_owner_id", "owner_id", "created_at"),
    Index("ix_receivables_contract_number", "contract_number"),
    Index("ix_receivables_due_on", "due_on", "id"),
    Index("ix_receivables_amount", "amount_amount", "id"),
    Index("ix_receivables_created_at", "created_at", "id"),
    Index("ix_receivables_updated_at", "updated_at", "id"),
)

RECEIPTS = Table(
    "receipts",
    metadata,
    *aggregate_columns(),
    Column("number", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("customer_id", Id, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("method", Text, nullable=False),
    Column("bank_reference", Text),
    Column("amount_amount", Numeric(18, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("notes", Text),
    Column("grams", ARRAY(Text), nullable=False),
    UniqueConstraint("number"),
    UniqueConstraint("method", "bank_reference", name="uq_receipts_bank_reference"),
    UniqueConstraint("id", "currency"),
    CheckConstraint("amount_amount > 0", name="amount"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint(
        "method in ('bank', 'cash', 'alipay', 'wechat', 'cheque', 'other')", name="method"
    ),
    CheckConstraint(
        "bank_reference is not null or method in ('cash', 'other')", name="bank_reference"
    ),
    Index("ix_receipts_customer_id", "customer_id", "created_at"),
    Index("ix_receipts_owner_id", "owner_id", "created_at"),
    Index("ix_receipts_received_on", "received_on", "id"),
    Index("ix_receipts_amount", "amount_amount", "id"),
    Index("ix_receipts_created_at", "created_at", "id"),
    Index("ix_receipts_updated_at", "updated_at", "id"),
    Index("ix_receipts_grams", "grams", postgresql_using="gin"),
)

REFUNDS = Table(
    "refunds",
    metadata,
    *aggregate_columns(),
    Column("number", Text, nullable=False),
    Column("receipt_id", Id, nullable=False),
    Column("receivable_id", Id),
    Column("customer_id", Id, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("amount_amount", Numeric(18, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("note", Text),
    UniqueConstraint("number"),
    ForeignKeyConstraint(
        ["receipt_id", "currency"],
        ["receipts.id", "receipts.currency"],
        name="fk_refunds_receipt",
    ),
    ForeignKeyConstraint(
        ["receivable_id", "currency"],
        ["receivables.id", "receivables.currency"],
        name="fk_refunds_receivable",
    ),
    CheckConstraint("amount_amount > 0", name="amount"),
    CheckConstraint("length(trim(reason)) > 0", name="reason"),
    CheckConstraint("status in ('requested', 'approved', 'rejected')", name="status"),
    CheckConstraint("(status = 'requested') = (decided_by is null)", name="decided_by"),
    CheckConstraint("(status = 'requested') = (decided_at is null)", name="decided_at"),
    # The rule of the domain again, so that no other way into the table goes around it.
    CheckConstraint("decided_by <> created_by", name="decider_is_not_author"),
    Index("ix_refunds_receipt_id", "receipt_id"),
    Index("ix_refunds_receivable_id", "receivable_id"),
    Index("ix_refunds_customer_id", "customer_id", "created_at"),
    Index("ix_refunds_owner_id", "owner_id", "created_at"),
    Index("ix_refunds_status", "status", "created_at"),
    Index("ix_refunds_reason_code", "reason_code", "created_at"),
    Index("ix_refunds_amount", "amount_amount", "id"),
    Index("ix_refunds_created_at", "created_at", "id"),
    Index("ix_refunds_updated_at", "updated_at", "id"),
)

JOURNAL = Table(
    "journal",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("amount", Numeric(18, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("receivable_id", Id),
    Column("receipt_id", Id),
    Column("refund_id", Id, ForeignKey("refunds.id")),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    ForeignKeyConstraint(
        ["receivable_id", "currency"],
        ["receivables.id", "receivables.currency"],
        name="fk_journal_receivable",
    ),
    ForeignKeyConstraint(
        ["receipt_id", "currency"],
        ["receipts.id", "receipts.currency"],
        name="fk_journal_receipt",
    ),
    CheckConstraint("amount > 0", name="amount"),
    # Which accounts and documents a kind of line joins; anything else is no line.
    CheckConstraint(
        "(kind = 'billed' and debit = 'receivable' and credit = 'revenue'"
        " and receivable_id is not null and receipt_id is null and refund_id is null)"
        " or (kind = 'received' and debit = 'bank' and credit = 'credit'"
        " and receivable_id is null and receipt_id is not null and refund_id is null)"
        " or (kind = 'allocated' and debit = 'credit' and credit = 'receivable'"
        " and receivable_id is not null and receipt_id is not null and refund_id is null)"
        " or (kind = 'refunded' and credit = 'bank'"
        " and debit = case when receivable_id is null then 'credit' else 'receivable' end"
        " and receipt_id is not null and refund_id is not null)",
        name="line",
    ),
    Index("ix_journal_receivable_id", "receivable_id", postgresql_include=["kind", "amount"]),
    Index("ix_journal_receipt_id", "receipt_id"),
    Index(
        "uq_journal_billed",
        "receivable_id",
        unique=True,
        postgresql_where=text("kind = 'billed'"),
    ),
    Index(
        "uq_journal_received",
        "receipt_id",
        unique=True,
        postgresql_where=text("kind = 'received'"),
    ),
    Index(
        "uq_journal_refunded",
        "refund_id",
        unique=True,
        postgresql_where=text("kind = 'refunded'"),
    ),
)
