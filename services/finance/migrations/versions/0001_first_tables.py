"""First tables of finance: receivables, receipts, refunds and the journal.

What the database refuses on its own, whoever asks and however it got in: to change or remove a line
of the journal, to change an amount, a line that would make a balance negative or disagree with its
document, a currency other than the document's, a bank reference used twice.
"""

from alembic import op

from chassis import schema_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DDL = """
CREATE SEQUENCE receivable_numbers;

CREATE SEQUENCE receipt_numbers;

CREATE SEQUENCE refund_numbers;

CREATE TABLE receipts (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    number TEXT NOT NULL,
    payer TEXT NOT NULL,
    customer_id UUID NOT NULL,
    owner_id TEXT NOT NULL,
    received_on DATE NOT NULL,
    method TEXT NOT NULL,
    bank_reference TEXT,
    amount_amount NUMERIC(18, 2) NOT NULL,
    currency TEXT NOT NULL,
    notes TEXT,
    grams TEXT[] NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (id),
    CONSTRAINT uq_receipts_number UNIQUE (number),
    CONSTRAINT uq_receipts_bank_reference UNIQUE (method, bank_reference),
    CONSTRAINT uq_receipts_id_currency UNIQUE (id, currency),
    CONSTRAINT ck_receipts_amount CHECK (amount_amount > 0),
    CONSTRAINT ck_receipts_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_receipts_method CHECK (
        method in ('bank', 'cash', 'alipay', 'wechat', 'cheque', 'other')
    ),
    CONSTRAINT ck_receipts_bank_reference CHECK (
        bank_reference is not null or method in ('cash', 'other')
    )
);

CREATE INDEX ix_receipts_amount ON receipts (amount_amount, id);

CREATE INDEX ix_receipts_created_at ON receipts (created_at, id);

CREATE INDEX ix_receipts_customer_id ON receipts (customer_id, created_at);

CREATE INDEX ix_receipts_grams ON receipts USING gin (grams);

CREATE INDEX ix_receipts_owner_id ON receipts (owner_id, created_at);

CREATE INDEX ix_receipts_received_on ON receipts (received_on, id);

CREATE INDEX ix_receipts_updated_at ON receipts (updated_at, id);

CREATE TABLE receivables (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    number TEXT NOT NULL,
    contract_id UUID NOT NULL,
    contract_number TEXT NOT NULL,
    contract_version INTEGER NOT NULL,
    sequence SMALLINT NOT NULL,
    name TEXT NOT NULL,
    customer_id UUID NOT NULL,
    owner_id TEXT NOT NULL,
    due_on DATE NOT NULL,
    amount_amount NUMERIC(18, 2) NOT NULL,
    currency TEXT NOT NULL,
    CONSTRAINT pk_receivables PRIMARY KEY (id),
    CONSTRAINT uq_receivables_number UNIQUE (number),
    CONSTRAINT uq_receivables_contract_id_sequence UNIQUE (contract_id, sequence),
    CONSTRAINT uq_receivables_id_currency UNIQUE (id, currency),
    CONSTRAINT ck_receivables_amount CHECK (amount_amount > 0),
    CONSTRAINT ck_receivables_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_receivables_sequence CHECK (sequence > 0)
);

CREATE INDEX ix_receivables_amount ON receivables (amount_amount, id);

CREATE INDEX ix_receivables_contract_number ON receivables (contract_number);

CREATE INDEX ix_receivables_created_at ON receivables (created_at, id);

CREATE INDEX ix_receivables_customer_id ON receivables (customer_id, created_at);

CREATE INDEX ix_receivables_due_on ON receivables (due_on, id);

CREATE INDEX ix_receivables_owner_id ON receivables (owner_id, created_at);

CREATE INDEX ix_receivables_updated_at ON receivables (updated_at, id);

CREATE TABLE refunds (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL,
    number TEXT NOT NULL,
    receipt_id UUID NOT NULL,
    receivable_id UUID,
    customer_id UUID NOT NULL,
    owner_id TEXT NOT NULL,
    amount_amount NUMERIC(18, 2) NOT NULL,
    currency TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by TEXT,
    note TEXT,
    CONSTRAINT pk_refunds PRIMARY KEY (id),
    CONSTRAINT uq_refunds_number UNIQUE (number),
    CONSTRAINT fk_refunds_receipt FOREIGN KEY (receipt_id, currency)
        REFERENCES receipts (id, currency),
    CONSTRAINT fk_refunds_receivable FOREIGN KEY (receivable_id, currency)
        REFERENCES receivables (id, currency),
    CONSTRAINT ck_refunds_amount CHECK (amount_amount > 0),
    CONSTRAINT ck_refunds_reason CHECK (length(trim(reason)) > 0),
    CONSTRAINT ck_refunds_status CHECK (status in ('requested', 'approved', 'rejected')),
    CONSTRAINT ck_refunds_decided_by CHECK ((status = 'requested') = (decided_by is null)),
    CONSTRAINT ck_refunds_decided_at CHECK ((status = 'requested') = (decided_at is null)),
    CONSTRAINT ck_refunds_decider_is_not_author CHECK (decided_by <> created_by)
);

CREATE INDEX ix_refunds_amount ON refunds (amount_amount, id);

CREATE INDEX ix_refunds_created_at ON refunds (created_at, id);

CREATE INDEX ix_refunds_customer_id ON refunds (customer_id, created_at);

CREATE INDEX ix_refunds_owner_id ON refunds (owner_id, created_at);

CREATE INDEX ix_refunds_reason_code ON refunds (reason_code, created_at);

CREATE INDEX ix_refunds_receipt_id ON refunds (receipt_id);

CREATE INDEX ix_refunds_receivable_id ON refunds (receivable_id);

CREATE INDEX ix_refunds_status ON refunds (status, created_at);

CREATE INDEX ix_refunds_updated_at ON refunds (updated_at, id);

CREATE TABLE journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount NUMERIC(18, 2) NOT NULL,
    currency TEXT NOT NULL,
    receivable_id UUID,
    receipt_id UUID,
    refund_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_journal PRIMARY KEY (id),
    CONSTRAINT fk_journal_receivable FOREIGN KEY (receivable_id, currency)
        REFERENCES receivables (id, currency),
    CONSTRAINT fk_journal_receipt FOREIGN KEY (receipt_id, currency)
        REFERENCES receipts (id, currency),
    CONSTRAINT fk_journal_refund_id FOREIGN KEY (refund_id) REFERENCES refunds (id),
    CONSTRAINT ck_journal_amount CHECK (amount > 0),
    CONSTRAINT ck_journal_line CHECK (
        (kind = 'billed' and debit = 'receivable' and credit = 'revenue'
            and receivable_id is not null and receipt_id is null and refund_id is null)
        or (kind = 'received' and debit = 'bank' and credit = 'credit'
            and receivable_id is null and receipt_id is not null and refund_id is null)
        or (kind = 'allocated' and debit = 'credit' and credit = 'receivable'
            and receivable_id is not null and receipt_id is not null and refund_id is null)
        or (kind = 'refunded' and credit = 'bank'
            and debit = case when receivable_id is null then 'credit' else 'receivable' end
            and receipt_id is not null and refund_id is not null)
    )
);

CREATE INDEX ix_journal_receipt_id ON journal (receipt_id);

CREATE INDEX ix_journal_receivable_id ON journal (receivable_id) INCLUDE (kind, amount);

CREATE UNIQUE INDEX uq_journal_billed ON journal (receivable_id) WHERE kind = 'billed';

CREATE UNIQUE INDEX uq_journal_received ON journal (receipt_id) WHERE kind = 'received';

CREATE UNIQUE INDEX uq_journal_refunded ON journal (refund_id) WHERE kind = 'refunded';
"""

GUARDS = """
CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_is_append_only',
        MESSAGE = 'lines of the journal are never changed: add a counter line';
END $$;

CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change();

CREATE FUNCTION refuse_amount_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.amount_amount, OLD.currency) IS DISTINCT FROM (NEW.amount_amount, NEW.currency) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'amount_is_final',
            MESSAGE = 'the amount of a ' || TG_TABLE_NAME || ' row is final';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER amount_is_final BEFORE UPDATE ON receivables
    FOR EACH ROW EXECUTE FUNCTION refuse_amount_change();

CREATE TRIGGER amount_is_final BEFORE UPDATE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse_amount_change();

CREATE TRIGGER amount_is_final BEFORE UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refuse_amount_change();

CREATE FUNCTION refuse_second_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'requested' AND OLD.status <> NEW.status THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_is_final',
            MESSAGE = 'a refund is decided once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER decision_is_final BEFORE UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refuse_second_decision();

-- The use cases lock and check all this before; here it is checked again for whoever comes another
-- way. Locks first, sums by later statements: those see what the locks waited for. NO KEY, since
-- the foreign keys of the same insert hold a KEY SHARE that a full lock would deadlock on.
CREATE FUNCTION check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken UUID;
BEGIN
    PERFORM 1 FROM receipts WHERE id IN (SELECT receipt_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM receivables WHERE id IN (SELECT receivable_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;

    SELECT coalesce(a.refund_id, a.receipt_id, a.receivable_id) INTO broken
    FROM added a
    LEFT JOIN receivables o ON o.id = a.receivable_id
    LEFT JOIN receipts i ON i.id = a.receipt_id
    LEFT JOIN refunds f ON f.id = a.refund_id
    WHERE NOT CASE a.kind
        WHEN 'billed' THEN a.amount = o.amount_amount
        WHEN 'received' THEN a.amount = i.amount_amount
        WHEN 'allocated' THEN o.customer_id = i.customer_id
        ELSE f.status = 'approved' AND f.amount_amount = a.amount
            AND f.receipt_id = a.receipt_id
            AND f.receivable_id IS NOT DISTINCT FROM a.receivable_id
    END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'line_matches_document',
            MESSAGE = 'a line disagrees with its document ' || broken;
    END IF;

    SELECT r.id INTO broken
    FROM receivables r
    JOIN LATERAL (
        SELECT coalesce(sum(CASE j.kind WHEN 'allocated' THEN j.amount ELSE -j.amount END), 0)
            AS collected
        FROM journal j WHERE j.receivable_id = r.id AND j.kind IN ('allocated', 'refunded')
    ) s ON true
    WHERE r.id IN (SELECT receivable_id FROM added)
        AND s.collected NOT BETWEEN 0 AND r.amount_amount
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'receivable_in_bounds',
            MESSAGE = 'receivable ' || broken || ' would be paid beyond its amount or below 0';
    END IF;

    SELECT r.id INTO broken
    FROM receipts r
    JOIN LATERAL (
        SELECT coalesce(sum(j.amount), 0) AS taken
        FROM journal j WHERE j.receipt_id = r.id
            AND (j.kind = 'allocated' OR (j.kind = 'refunded' AND j.receivable_id IS NULL))
    ) s ON true
    WHERE r.id IN (SELECT receipt_id FROM added) AND s.taken > r.amount_amount
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_in_bounds',
            MESSAGE = 'receipt ' || broken || ' would give more than it holds';
    END IF;

    SELECT j.receipt_id INTO broken
    FROM journal j
    WHERE j.kind IN ('allocated', 'refunded') AND (j.receipt_id, j.receivable_id) IN (
        SELECT receipt_id, receivable_id FROM added WHERE kind = 'refunded'
    )
    GROUP BY j.receipt_id, j.receivable_id
    HAVING sum(CASE j.kind WHEN 'allocated' THEN j.amount ELSE -j.amount END) < 0
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_in_bounds',
            MESSAGE = 'receipt ' || broken || ' paid less than would be refunded';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journal_lines_are_sound AFTER INSERT ON journal
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_journal_lines();

-- The application's role, where it has this name, loses even the right to try.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'finance_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON journal FROM finance_app;
        REVOKE DELETE, TRUNCATE ON receivables, receipts, refunds FROM finance_app;
    END IF;
END $$;
"""


def upgrade() -> None:
    """Create the tables and what guards them."""
    schema_v1.upgrade(op)
    op.execute(DDL)
    op.execute(GUARDS)


def downgrade() -> None:
    """Refuse: the journal is kept for ever."""
    raise RuntimeError("The first tables of finance are not taken back: restore a backup.")
