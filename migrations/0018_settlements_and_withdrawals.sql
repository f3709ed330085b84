-- Why: what creators have earned is settled period by period, and what is settled can be withdrawn. Each step of either is a
-- change of state in one row, together with its line in the ledger; what was posted can never be changed again.

-- A settlement is `closing` while lines of earnings are attributed to it, `closed` when it has all of them, `computed` when
-- its statement is written and adds up, and `posted` when its amount can be withdrawn. Payouts have rows of their own.
ALTER TABLE settlements DROP CONSTRAINT settlements_status_check;
ALTER TABLE settlements ALTER COLUMN status DROP DEFAULT;
ALTER TABLE settlements
    DROP COLUMN tx_hash,
    ADD CHECK (status IN ('closing', 'closed', 'computed', 'posted')),
    -- Whole days in UTC, the last one not included. The next settlement of the creator begins where this one ends.
    ADD COLUMN period_start DATE NOT NULL,
    ADD COLUMN period_end DATE NOT NULL,
    ADD COLUMN lines INT NOT NULL DEFAULT 0,
    ADD COLUMN calls INT NOT NULL DEFAULT 0,
    -- Of exactly the bytes that the statement is downloaded as.
    ADD COLUMN statement_sha256 CHAR(64),
    ADD COLUMN statement_bytes BIGINT,
    -- When its creator was told.
    ADD COLUMN told_at TIMESTAMPTZ,
    ADD CHECK (period_start < period_end),
    ADD CHECK ((status IN ('computed', 'posted')) = (statement_sha256 IS NOT NULL AND statement_bytes IS NOT NULL)),
    ADD CHECK ((status = 'posted') = (settled_at IS NOT NULL)),
    ADD UNIQUE (creator_id, period_start);
DROP INDEX idx_settlements_creator;
CREATE INDEX idx_settlements_creator ON settlements (creator_id, created_at DESC, id DESC);
CREATE INDEX idx_settlements_newest ON settlements (created_at DESC, id DESC);
CREATE INDEX idx_settlements_status ON settlements (status, created_at DESC, id DESC);
CREATE INDEX idx_settlements_unfinished ON settlements (created_at) WHERE status <> 'posted' OR told_at IS NULL;
-- One at a time: a period begins when the one before has all that belongs to it.
CREATE UNIQUE INDEX idx_settlements_open ON settlements (creator_id) WHERE status <> 'posted';

CREATE FUNCTION settlements_stay() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'closing' OR OLD.lines > 0 THEN
            RAISE EXCEPTION 'A settlement with lines stays.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'closing' AND (to_jsonb(NEW) - '{status,statement_sha256,statement_bytes,settled_at,told_at}'::text[])
        <> (to_jsonb(OLD) - '{status,statement_sha256,statement_bytes,settled_at,told_at}'::text[]) THEN
        RAISE EXCEPTION 'What a closed settlement comes to stays as it is.' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status = 'posted' AND (to_jsonb(NEW) - 'told_at') <> (to_jsonb(OLD) - 'told_at') THEN
        RAISE EXCEPTION 'A posted settlement stays as it is.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER settlements_stay BEFORE UPDATE OR DELETE ON settlements FOR EACH ROW EXECUTE FUNCTION settlements_stay();

-- What a settlement comes to at each fee rate, and how much of that has been withdrawn.
CREATE TABLE settlement_parts (
    settlement_id UUID NOT NULL REFERENCES settlements (id),
    fee_percent SMALLINT NOT NULL CHECK (fee_percent BETWEEN 0 AND 100),
    creator_id UUID NOT NULL REFERENCES users (id),
    gross_usd DECIMAL(18, 8) NOT NULL CHECK (gross_usd > 0),
    withdrawn_usd DECIMAL(18, 8) NOT NULL DEFAULT 0,
    PRIMARY KEY (settlement_id, fee_percent),
    CHECK (withdrawn_usd BETWEEN 0 AND gross_usd)
);
CREATE INDEX idx_settlement_parts_left ON settlement_parts (creator_id) WHERE withdrawn_usd < gross_usd;
CREATE INDEX idx_settlement_parts_creator ON settlement_parts (creator_id);

-- Closing reads open lines by day, and their sums from the index alone; statements read the lines of a settlement by day.
DROP INDEX idx_earnings_open;
CREATE INDEX idx_earnings_open ON earnings (creator_id, kind, day) INCLUDE (fee_percent, calls, revenue_usd, fee_usd)
    WHERE settlement_id IS NULL;
DROP INDEX idx_earnings_settlement;
CREATE INDEX idx_earnings_settlement ON earnings (settlement_id, kind, day, id);

-- A withdrawal's id is made by whoever asks for it. States: README, "Money".
CREATE TABLE withdrawals (
    id UUID PRIMARY KEY,
    creator_id UUID NOT NULL REFERENCES users (id),
    -- Whole cents.
    amount_usd DECIMAL(18, 8) NOT NULL CHECK (amount_usd > 0 AND amount_usd = round(amount_usd, 2)),
    fee_usd DECIMAL(18, 8) NOT NULL CHECK (fee_usd >= 0),
    -- What is sent. USDC has six decimals.
    net_usd DECIMAL(18, 8) NOT NULL CHECK (net_usd > 0 AND net_usd = round(net_usd, 6)),
    -- As it was proven when the withdrawal was asked for.
    wallet VARCHAR(42) NOT NULL CHECK (wallet ~ '^0x[0-9a-fA-F]{40}$'),
    state VARCHAR(20) NOT NULL CHECK (state IN (
        'held', 'requested', 'queued', 'signed', 'broadcast', 'mined', 'safe', 'final', 'returned', 'rejected', 'canceled'
    )),
    -- Which of the chain's words on it was the last that was heard: an earlier one that comes later is left.
    revision BIGINT NOT NULL DEFAULT 0,
    tx_hash VARCHAR(66),
    block_number BIGINT,
    reason VARCHAR(500),
    -- When the ledger booked it as paid, and when nothing can happen to it any more.
    paid_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    -- The state of which its creator was told last.
    told VARCHAR(20),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- When something was last heard of it, or asked.
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (amount_usd = fee_usd + net_usd),
    CHECK ((state IN ('final', 'returned', 'rejected', 'canceled')) = (ended_at IS NOT NULL)),
    CHECK (state NOT IN ('safe', 'final') OR paid_at IS NOT NULL)
);
-- One at a time. One that was paid does not stand in the way of the next while it becomes final.
CREATE UNIQUE INDEX idx_withdrawals_running ON withdrawals (creator_id) WHERE paid_at IS NULL AND ended_at IS NULL;
CREATE INDEX idx_withdrawals_creator ON withdrawals (creator_id, created_at DESC, id DESC);
CREATE INDEX idx_withdrawals_newest ON withdrawals (created_at DESC, id DESC);
CREATE INDEX idx_withdrawals_state ON withdrawals (state, created_at DESC, id DESC);
CREATE INDEX idx_withdrawals_going ON withdrawals (updated_at) WHERE ended_at IS NULL AND state <> 'held';
CREATE INDEX idx_withdrawals_untold ON withdrawals (updated_at) WHERE told IS DISTINCT FROM state;
CREATE TRIGGER withdrawals_touched BEFORE UPDATE ON withdrawals FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- From which settled earnings it was taken.
CREATE TABLE withdrawal_parts (
    withdrawal_id UUID NOT NULL REFERENCES withdrawals (id),
    settlement_id UUID NOT NULL,
    fee_percent SMALLINT NOT NULL,
    amount_usd DECIMAL(18, 8) NOT NULL CHECK (amount_usd > 0),
    PRIMARY KEY (withdrawal_id, settlement_id, fee_percent),
    FOREIGN KEY (settlement_id, fee_percent) REFERENCES settlement_parts (settlement_id, fee_percent)
);

-- Every state that a withdrawal was in, and since when.
CREATE TABLE withdrawal_steps (
    withdrawal_id UUID NOT NULL REFERENCES withdrawals (id),
    number INT NOT NULL,
    state VARCHAR(20) NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    tx_hash VARCHAR(66),
    block_number BIGINT,
    PRIMARY KEY (withdrawal_id, number)
);
CREATE FUNCTION withdrawals_step() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (NEW.state, NEW.tx_hash) IS DISTINCT FROM (OLD.state, OLD.tx_hash) THEN
        INSERT INTO withdrawal_steps (withdrawal_id, number, state, tx_hash, block_number)
        SELECT NEW.id, coalesce(max(number), 0) + 1, NEW.state, NEW.tx_hash, NEW.block_number
        FROM withdrawal_steps WHERE withdrawal_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER withdrawals_step AFTER INSERT OR UPDATE ON withdrawals FOR EACH ROW EXECUTE FUNCTION withdrawals_step();
CREATE TRIGGER withdrawal_steps_kept BEFORE UPDATE OR DELETE ON withdrawal_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Where the books, the account objects, the payment services and the chain do not say the same.
CREATE TABLE differences (
    name VARCHAR(60) NOT NULL,
    -- What it is about: `creator:{id}`, `lot:{id}`, `queue:{name}`, …
    scope VARCHAR(160) NOT NULL,
    expected VARCHAR(200) NOT NULL,
    found VARCHAR(200) NOT NULL,
    -- What stands still while it is there: `withdrawals`, `withdrawals:{creator}`, or nothing.
    freezes VARCHAR(160),
    first_seen TIMESTAMPTZ NOT NULL DEFAULT now(),
    last_seen TIMESTAMPTZ NOT NULL DEFAULT now(),
    resolved_at TIMESTAMPTZ,
    PRIMARY KEY (name, scope)
);
CREATE INDEX idx_differences_newest ON differences (last_seen DESC, name DESC, scope DESC);
CREATE INDEX idx_differences_open ON differences (last_seen DESC, name DESC, scope DESC) WHERE resolved_at IS NULL;
CREATE INDEX idx_differences_freezing ON differences (freezes) WHERE resolved_at IS NULL AND freezes IS NOT NULL;

-- How far a check that takes a bounded part at a time has come.
CREATE TABLE reconciliation_cursors (
    name VARCHAR(60) PRIMARY KEY,
    cursor VARCHAR(200) NOT NULL
);

-- What an account object said of itself, to be compared with the books when all calls of that time must have reached them.
CREATE TABLE account_looks (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    at TIMESTAMPTZ NOT NULL,
    state JSONB NOT NULL
);
CREATE INDEX idx_account_looks_at ON account_looks (at);
