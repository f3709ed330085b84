-- Why: every call is recorded exactly once, with its price, funding, revenue and fee frozen on the row, because later
-- earnings and statements are sums over these rows. Call logs grow without bound, so they are partitioned by month.

-- A report of what the account objects hold, written for people to read. The objects decide, not this table.
CREATE TABLE quotas (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    total_quota BIGINT NOT NULL DEFAULT 0 CHECK (total_quota >= 0),
    used_quota BIGINT NOT NULL DEFAULT 0 CHECK (used_quota >= 0),
    free_quota BIGINT NOT NULL DEFAULT 100 CHECK (free_quota >= 0),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TRIGGER quotas_touched BEFORE UPDATE ON quotas FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- No foreign keys: a call that happened is recorded whatever became of its agent, key or user in between.
CREATE TABLE call_logs (
    -- The call id. PostgreSQL wants the partition column in the key too. A call is settled once and its settling time
    -- travels with it, so a log that is delivered twice still meets itself.
    id UUID NOT NULL,
    request_id VARCHAR(128) NOT NULL,
    agent_id UUID NOT NULL,
    agent_version INT NOT NULL,
    creator_id UUID NOT NULL,
    api_key_id UUID NOT NULL,
    user_id UUID NOT NULL,
    provider VARCHAR(20) NOT NULL,
    model VARCHAR(100) NOT NULL,
    stream BOOLEAN NOT NULL,
    status VARCHAR(20) NOT NULL CHECK (status IN ('success', 'error', 'timeout')),
    error_code VARCHAR(50),
    -- Null where the provider gave no count: absent is not zero.
    input_tokens INT,
    output_tokens INT,
    latency_ms INT NOT NULL,
    first_content_ms INT,
    -- Null unless the call was charged.
    funding VARCHAR(20) CHECK (funding IN ('paid', 'promotional', 'trial')),
    lot_id VARCHAR(128),
    -- What the call was worth to the developer's account: its price if a unit was drawn, otherwise 0 (also for a trial).
    cost_usd DECIMAL(18, 8) NOT NULL,
    price_usd DECIMAL(18, 8) NOT NULL,
    premium_usd DECIMAL(18, 8) NOT NULL,
    revenue_usd DECIMAL(18, 8) NOT NULL,
    fee_percent SMALLINT NOT NULL,
    admitted_at TIMESTAMPTZ NOT NULL,
    -- When the call was settled, by the account object's clock.
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX idx_call_logs_user ON call_logs (user_id, created_at DESC, id);
CREATE INDEX idx_call_logs_agent ON call_logs (agent_id, created_at DESC, id);
CREATE INDEX idx_call_logs_api_key ON call_logs (api_key_id, created_at DESC);
CREATE INDEX idx_call_logs_creator ON call_logs (creator_id, created_at);
CREATE INDEX idx_call_logs_created ON call_logs (created_at);

-- Takes what no month takes, so that no log is ever refused: a cron that did not run costs tidiness, not data.
CREATE TABLE call_logs_default PARTITION OF call_logs DEFAULT;

-- Makes the partition of this month and of `months_ahead` more (UTC), and moves rows that the default partition holds for
-- a new month into it. Returns how many it made. Safe to repeat, and to run twice at the same time.
CREATE FUNCTION ensure_call_log_partitions(months_ahead INT) RETURNS INT LANGUAGE plpgsql AS $$
DECLARE
    this_month TIMESTAMP := date_trunc('month', now() AT TIME ZONE 'UTC');
    month TIMESTAMP;
    partition TEXT;
    starts TIMESTAMPTZ;
    ends TIMESTAMPTZ;
    made INT := 0;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months_ahead must be 0 to 24, not %', months_ahead USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR ahead IN 0..months_ahead LOOP
        month := this_month + make_interval(months => ahead);
        partition := 'call_logs_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        -- Writers wait here, at the whole table and not at the default partition: one that had already chosen the default
        -- for its row would be refused once the month has a partition. Readers do not wait. Whoever held the lock
        -- before us may have made the partition, so it is looked for again.
        LOCK TABLE ONLY call_logs IN SHARE ROW EXCLUSIVE MODE;
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        starts := month AT TIME ZONE 'UTC';
        ends := (month + INTERVAL '1 month') AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE %I (LIKE call_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format(
            'WITH moved AS (DELETE FROM call_logs_default WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM moved', starts, ends, partition);
        EXECUTE format('ALTER TABLE call_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, starts, ends);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

SELECT ensure_call_log_partitions(3);

-- Queue messages that could not be worked off, exactly as they came, until somebody looks at them and sends them again.
-- JSON and not JSONB: what is stored here is what nothing else would take, and JSONB refuses some text (\u0000) itself.
CREATE TABLE dead_letters (
    id VARCHAR(128) NOT NULL,
    queue VARCHAR(64) NOT NULL,
    body JSON NOT NULL,
    attempts INT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    replayed_at TIMESTAMPTZ,
    PRIMARY KEY (queue, id)
);
CREATE INDEX idx_dead_letters_waiting ON dead_letters (received_at) WHERE replayed_at IS NULL;
