-- Why: every number of money that anybody is shown must follow from what happened, for ever. A double-entry ledger, which
-- only grows: the database itself refuses to change or delete what was posted, and to post what does not come to zero.
--
-- A debit is positive: what we have (cash, expenses) grows positive, what we owe and what we earned grows negative.

CREATE TABLE ledger_transactions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    kind VARCHAR(40) NOT NULL,
    -- What happened, by its own id: the same thing is posted once, however often it is told.
    source VARCHAR(255) NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (kind, source)
);
CREATE INDEX idx_ledger_transactions_posted ON ledger_transactions (posted_at, id);

CREATE TABLE ledger_entries (
    transaction_id UUID NOT NULL REFERENCES ledger_transactions (id),
    account VARCHAR(160) NOT NULL,
    amount DECIMAL(18, 8) NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transaction_id, account)
);
CREATE INDEX idx_ledger_entries_account ON ledger_entries (account, transaction_id) INCLUDE (amount);

-- What the entries of an account come to. Written by the trigger below and by nobody else.
CREATE TABLE ledger_balances (
    account VARCHAR(160) PRIMARY KEY,
    balance DECIMAL(18, 8) NOT NULL,
    -- Nobody is paid what they do not have. What calls are drawn from may be overdrawn in the books for as long as a
    -- difference is unexplained: the call has happened and must be recorded; reconciliation names it.
    CONSTRAINT ledger_floor CHECK (
        balance <= 0 OR split_part(account, ':', 1) NOT IN ('creator_pending', 'creator_available', 'payout_in_flight', 'held')
    )
);

CREATE FUNCTION ledger_refuses() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger only grows: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ledger_transactions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses();
CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses();

-- Balances follow the entries. Rows are locked in the order of their accounts, so that two postings wait for each other and
-- never in a circle. An entry can only join a transaction that was begun together with it.
CREATE FUNCTION ledger_count() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added JOIN ledger_transactions AS t ON t.id = added.transaction_id
        WHERE t.xmin <> pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'A transaction of the ledger takes no entries later.' USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO ledger_balances SELECT DISTINCT account, 0 FROM added ORDER BY account ON CONFLICT DO NOTHING;
    PERFORM 1 FROM ledger_balances WHERE account IN (SELECT account FROM added) ORDER BY account FOR UPDATE;
    UPDATE ledger_balances AS b SET balance = b.balance + moved.amount
    FROM (SELECT account, sum(amount) AS amount FROM added GROUP BY account) AS moved
    WHERE b.account = moved.account AND moved.amount <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_entries_count AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_count();

CREATE FUNCTION ledger_balances_follow() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Balances follow the entries: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_balances_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_balances
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_balances_follow();

CREATE FUNCTION ledger_zero_sum() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    total DECIMAL;
    entries INT;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO total, entries FROM ledger_entries WHERE transaction_id = NEW.id;
    IF total <> 0 OR entries < 2 THEN
        RAISE EXCEPTION 'A transaction of the ledger has at least two entries and they come to zero, not to % (%/%).',
            total, NEW.kind, NEW.source USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_zero_sum';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_zero_sum AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_zero_sum();

-- Calls that were bought or granted together; a lot that was bought has its payment's id. The row is there before the account's object is told of it.
CREATE TABLE quota_lots (
    id VARCHAR(128) PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    calls INT NOT NULL CHECK (calls > 0),
    price_usd DECIMAL(18, 8) NOT NULL,
    -- Not less than what a unit is worth to a creator: every call that is paid for is backed.
    unit_value_usd DECIMAL(18, 8) NOT NULL CHECK (unit_value_usd >= 0.005),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (unit_value_usd * calls = price_usd)
);
CREATE INDEX idx_quota_lots_user ON quota_lots (user_id, created_at);

-- What a call drew from its lot, and the transaction that booked it. Null: nothing was booked.
ALTER TABLE call_logs ADD COLUMN unit_value_usd DECIMAL(18, 8) NOT NULL DEFAULT 0;
ALTER TABLE call_logs ADD COLUMN transaction_id UUID;
CREATE INDEX idx_call_logs_lot ON call_logs (lot_id, created_at) WHERE funding = 'paid';

-- What calls have earned a creator, or what was taken back, line by line: a line goes into exactly one settlement, once.
CREATE TABLE earnings (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    creator_id UUID NOT NULL,
    -- The UTC day on which the calls were settled with their callers; of a reversal, the day on which it was made.
    day DATE NOT NULL,
    kind VARCHAR(20) NOT NULL CHECK (kind IN ('calls', 'reversal')),
    calls INT NOT NULL,
    revenue_usd DECIMAL(18, 8) NOT NULL,
    fee_percent SMALLINT NOT NULL,
    fee_usd DECIMAL(18, 8) NOT NULL,
    transaction_id UUID NOT NULL REFERENCES ledger_transactions (id),
    settlement_id UUID REFERENCES settlements (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (fee_usd = revenue_usd * fee_percent / 100),
    UNIQUE (transaction_id, creator_id, day, fee_percent)
);
CREATE INDEX idx_earnings_open ON earnings (creator_id, day) WHERE settlement_id IS NULL;
CREATE INDEX idx_earnings_settlement ON earnings (settlement_id);

CREATE FUNCTION earnings_stay() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.settlement_id IS NOT NULL
        OR (to_jsonb(NEW) - 'settlement_id') <> (to_jsonb(OLD) - 'settlement_id') THEN
        RAISE EXCEPTION 'A line of earnings goes into one settlement, once, and changes in nothing else.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER earnings_stay BEFORE UPDATE OR DELETE ON earnings FOR EACH ROW EXECUTE FUNCTION earnings_stay();
