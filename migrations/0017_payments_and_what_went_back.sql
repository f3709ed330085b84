-- Why: money that comes in has an order it must fit, an outside party that knows the truth of it, and may go back again. What
-- a payment is stands in its row; what was heard of it is kept as it came; what went back has a row of its own each, so that
-- refunds and disputes can be told twice, late and in any order.

ALTER TABLE payments
    -- Null: a top-up of the prepaid balance.
    ADD COLUMN package VARCHAR(20) CHECK (package IN ('starter', 'pro', 'enterprise')),
    ADD COLUMN currency VARCHAR(3) NOT NULL DEFAULT 'USD',
    -- Whether real money is meant, or a test's.
    ADD COLUMN is_live BOOLEAN NOT NULL DEFAULT TRUE,
    -- The buyer's Idempotency-Key, and a hash of what was asked with it.
    ADD COLUMN request_key VARCHAR(255),
    ADD COLUMN request_print VARCHAR(64),
    -- Where it can be paid, and until when.
    ADD COLUMN checkout_url TEXT,
    ADD COLUMN expires_at TIMESTAMPTZ,
    -- The outside party's second id: Stripe tells of refunds and disputes by the payment intent.
    ADD COLUMN reference VARCHAR(255),
    -- What came in, where that is not the amount of the order.
    ADD COLUMN received_usd DECIMAL(18, 8),
    -- Why it is held or has failed.
    ADD COLUMN problem VARCHAR(200),
    -- When an admin decided that a held payment counts.
    ADD COLUMN accepted_at TIMESTAMPTZ,
    -- When the account's object had heard of it.
    ADD COLUMN credited_at TIMESTAMPTZ,
    -- What the outside party kept, once that is booked.
    ADD COLUMN fee_usd DECIMAL(18, 8),
    -- The status that its owner was told last.
    ADD COLUMN told VARCHAR(20),
    ADD COLUMN refunded_usd DECIMAL(18, 8) NOT NULL DEFAULT 0,
    ADD COLUMN disputed_usd DECIMAL(18, 8) NOT NULL DEFAULT 0,
    -- When to ask the outside party again. Null: no more.
    ADD COLUMN check_at TIMESTAMPTZ,
    -- When the books were last compared with what the outside party says.
    ADD COLUMN compared_at TIMESTAMPTZ,
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check
        CHECK (status IN ('pending', 'held', 'completed', 'failed', 'refunded', 'disputed')),
    ADD CHECK ((package IS NULL) = (quota_purchased = 0)),
    ADD CONSTRAINT payments_request_key UNIQUE (user_id, request_key);
DROP INDEX idx_payments_user;
CREATE INDEX idx_payments_user ON payments (user_id, created_at DESC, id DESC);
CREATE INDEX idx_payments_newest ON payments (created_at DESC, id DESC);
CREATE INDEX idx_payments_of_status ON payments (status, created_at DESC, id DESC);
CREATE INDEX idx_payments_of_method ON payments (payment_method, created_at DESC, id DESC);
CREATE INDEX idx_payments_reference ON payments (reference) WHERE reference IS NOT NULL;
CREATE INDEX idx_payments_compared ON payments (compared_at NULLS FIRST) WHERE completed_at IS NOT NULL OR received_usd IS NOT NULL;
CREATE INDEX idx_payments_uncredited ON payments (completed_at) WHERE credited_at IS NULL AND completed_at IS NOT NULL;
CREATE INDEX idx_payments_due ON payments (check_at) WHERE check_at IS NOT NULL;

-- What the outside parties tell us, as they sent it, once each for ever.
CREATE TABLE payment_events (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    provider VARCHAR(20) NOT NULL CHECK (provider IN ('stripe', 'coinbase')),
    event_id VARCHAR(255) NOT NULL,
    type VARCHAR(100) NOT NULL,
    -- Null: none of ours, as far as is known.
    payment_id UUID REFERENCES payments (id),
    body TEXT NOT NULL CHECK (octet_length(body) <= 262144),
    received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_at TIMESTAMPTZ,
    -- Why it changed nothing, or could not be applied yet.
    problem VARCHAR(200),
    UNIQUE (provider, event_id)
);
CREATE INDEX idx_payment_events_payment ON payment_events (payment_id, received_at);
CREATE INDEX idx_payment_events_waiting ON payment_events (received_at) WHERE applied_at IS NULL;

-- A refund or a dispute: seen → applied → undone. workers/payments/sync.ts has the states.
CREATE TABLE payment_reversals (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id UUID NOT NULL REFERENCES payments (id),
    kind VARCHAR(20) NOT NULL CHECK (kind IN ('refund', 'dispute')),
    -- The outside party's id of it.
    source VARCHAR(255) NOT NULL,
    amount_usd DECIMAL(18, 8) NOT NULL CHECK (amount_usd > 0),
    state VARCHAR(20) NOT NULL DEFAULT 'seen' CHECK (state IN ('seen', 'applied', 'undone')),
    -- What the outside party says of it.
    outcome VARCHAR(20) NOT NULL CHECK (outcome IN ('pending', 'done', 'failed', 'open', 'won', 'lost')),
    -- The outcome that its owner was told last.
    told VARCHAR(20),
    -- Who gave what: the buyer's units or balance; creators, of what was not settled; the platform's margin of those calls; the
    -- platform. Together they are the amount. `late_usd` is what running calls gave back later, to the platform.
    taken_usd DECIMAL(18, 8),
    creators_usd DECIMAL(18, 8),
    margin_usd DECIMAL(18, 8),
    loss_usd DECIMAL(18, 8),
    late_usd DECIMAL(18, 8),
    -- What calls may still be asked for, up to which moment: they are asked some thousands at a time, newest first. `parts`
    -- counts the times after the first.
    open_usd DECIMAL(18, 8) NOT NULL DEFAULT 0,
    open_until TIMESTAMPTZ,
    parts INT NOT NULL DEFAULT 0,
    -- What a dispute costs besides, once that is booked.
    fee_usd DECIMAL(18, 8),
    transaction_id UUID REFERENCES ledger_transactions (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_at TIMESTAMPTZ,
    undone_at TIMESTAMPTZ,
    UNIQUE (kind, source),
    CHECK ((state = 'seen') = (applied_at IS NULL) OR state = 'undone'),
    CHECK (applied_at IS NULL OR taken_usd + creators_usd + margin_usd + loss_usd = amount_usd)
);
CREATE INDEX idx_payment_reversals_seen ON payment_reversals (created_at) WHERE state = 'seen';
CREATE INDEX idx_payment_reversals_payment ON payment_reversals (payment_id, created_at);

-- The calls whose unit or premium went back, by the reversal that took it. None gives more than it had to those that stand.
CREATE TABLE reversed_calls (
    call_id UUID NOT NULL,
    part VARCHAR(10) NOT NULL CHECK (part IN ('unit', 'premium')),
    reversal_id UUID NOT NULL REFERENCES payment_reversals (id),
    amount_usd DECIMAL(18, 8) NOT NULL CHECK (amount_usd > 0),
    PRIMARY KEY (call_id, part, reversal_id)
);
CREATE INDEX idx_reversed_calls_reversal ON reversed_calls (reversal_id);

-- Premiums are taken back newest first.
CREATE INDEX idx_call_logs_premiums ON call_logs (user_id, created_at DESC, id DESC) WHERE premium_usd > 0;
