-- Why: an event must reach its receiver although either side may be away, and its owner must be able to see what became of
-- it. So every delivery is a row with a state, every attempt a row with an outcome, and endpoints say why they are paused.

-- A secret signs, so a hash of it is of no use; but it need not be kept either. What stands here is what it is made from
-- together with a key that the database does not have: the name of that key and a random salt (webhooks/sign.ts).
COMMENT ON COLUMN webhooks.secret IS 'keyId:salt of the secret; never the secret';
-- Nothing could create a webhook before this release; a row without a salt could not sign.
DELETE FROM webhooks;
ALTER TABLE webhooks
    ADD CONSTRAINT webhooks_secret_check CHECK (secret ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}:[A-Za-z0-9_-]{22}$'),
    ADD COLUMN description VARCHAR(200),
    -- The secret before a rotation, which signs too until then.
    ADD COLUMN secret_before VARCHAR(64),
    ADD COLUMN secret_before_until TIMESTAMPTZ,
    ADD COLUMN paused_because VARCHAR(20) CHECK (paused_because IN ('owner', 'gone', 'failing')),
    -- When the first of an unbroken row of failures was; null: the last attempt was a success, or there was none.
    ADD COLUMN failing_since TIMESTAMPTZ,
    -- A deleted webhook is nobody's any more; its row goes when the last of its deliveries has.
    ADD COLUMN deleted_at TIMESTAMPTZ,
    ADD CHECK (active = (paused_because IS NULL)),
    ADD CHECK ((secret_before IS NULL) = (secret_before_until IS NULL));
DROP INDEX idx_webhooks_user;
CREATE INDEX idx_webhooks_user ON webhooks (user_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX idx_webhooks_deleted ON webhooks (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE webhook_deliveries (
    -- Made from the event and the webhook, so that an event that is told twice is delivered once.
    id UUID PRIMARY KEY,
    webhook_id UUID NOT NULL REFERENCES webhooks (id),
    event_id UUID NOT NULL,
    event_type VARCHAR(40) NOT NULL,
    -- Exactly as it is signed and sent.
    body TEXT NOT NULL CHECK (octet_length(body) <= 20000),
    state VARCHAR(20) NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'delivering', 'retrying', 'delivered', 'failed', 'dropped')),
    -- How often it was ordered again.
    round SMALLINT NOT NULL DEFAULT 0 CHECK (round BETWEEN 0 AND 20),
    -- Begun in this round.
    attempts SMALLINT NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 4),
    -- When the next attempt is due; of one that is under way, when it is given up as lost; null once it is over.
    next_at TIMESTAMPTZ(3),
    last_status SMALLINT,
    last_error VARCHAR(20),
    -- In milliseconds, so that a cursor names it exactly.
    created_at TIMESTAMPTZ(3) NOT NULL,
    finished_at TIMESTAMPTZ(3),
    CHECK ((next_at IS NULL) = (state IN ('delivered', 'failed', 'dropped'))),
    CHECK ((finished_at IS NULL) = (next_at IS NOT NULL))
);
-- The list, plain and by each filter.
CREATE INDEX idx_webhook_deliveries_webhook ON webhook_deliveries (webhook_id, created_at DESC, id DESC);
CREATE INDEX idx_webhook_deliveries_state ON webhook_deliveries (webhook_id, state, created_at DESC, id DESC);
CREATE INDEX idx_webhook_deliveries_type ON webhook_deliveries (webhook_id, event_type, created_at DESC, id DESC);
-- The sweeper: what is due, and what is old.
CREATE INDEX idx_webhook_deliveries_due ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX idx_webhook_deliveries_created ON webhook_deliveries (created_at);

CREATE TABLE webhook_attempts (
    delivery_id UUID NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    round SMALLINT NOT NULL,
    number SMALLINT NOT NULL CHECK (number BETWEEN 1 AND 4),
    -- When it began.
    at TIMESTAMPTZ(3) NOT NULL,
    -- Null: no answer came.
    status SMALLINT,
    latency_ms INTEGER NOT NULL,
    -- The class of what went wrong; null: it was delivered.
    error VARCHAR(20),
    -- How the answer began: at most 1 KB of text, for the owner of the webhook.
    response VARCHAR(1024),
    PRIMARY KEY (delivery_id, round, number)
);
