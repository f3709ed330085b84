-- Why: money that comes in, money that goes out, and whom to tell about either. The tables are the document's; the ledger
-- that makes their figures exact comes with the rooms that write them.

CREATE TABLE payments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id),
    amount_usd DECIMAL(10, 2) NOT NULL CHECK (amount_usd > 0),
    quota_purchased BIGINT NOT NULL CHECK (quota_purchased >= 0),
    payment_method VARCHAR(20) NOT NULL CHECK (payment_method IN ('stripe', 'coinbase')),
    payment_id VARCHAR(255),
    status VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'failed', 'refunded')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    completed_at TIMESTAMPTZ,
    -- One payment of the outside party is one payment here, however often it is announced.
    UNIQUE (payment_method, payment_id)
);
CREATE INDEX idx_payments_user ON payments (user_id, created_at DESC);

CREATE TABLE settlements (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    creator_id UUID NOT NULL REFERENCES users (id),
    amount DECIMAL(18, 8) NOT NULL,
    platform_fee DECIMAL(18, 8) NOT NULL,
    net_amount DECIMAL(18, 8) NOT NULL,
    tx_hash VARCHAR(66),
    status VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    settled_at TIMESTAMPTZ,
    CHECK (net_amount = amount - platform_fee)
);
CREATE INDEX idx_settlements_creator ON settlements (creator_id, created_at DESC);

CREATE TABLE webhooks (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id),
    url VARCHAR(500) NOT NULL,
    events JSONB NOT NULL,
    secret VARCHAR(64) NOT NULL,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_webhooks_user ON webhooks (user_id);
