-- Why: dashboards, statements of usage and the market's figures must not count the call log each time they are looked at.
-- These tables hold what it comes to, by UTC day. They are written by the statement that writes the log, so that the two
-- cannot differ; what the log holds already is counted here.

CREATE TABLE account_usage (
    user_id UUID NOT NULL,
    day DATE NOT NULL,
    agent_id UUID NOT NULL,
    api_key_id UUID NOT NULL,
    status VARCHAR(20) NOT NULL,
    -- 'none': the call was not charged. Not NULL, because it is part of the key.
    funding VARCHAR(20) NOT NULL,
    calls BIGINT NOT NULL,
    cost_usd DECIMAL(18, 8) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    -- Calls in each of 80 buckets of latency. The buckets stand in workers/analytics/latency.ts.
    latencies INT[] NOT NULL CHECK (array_length(latencies, 1) = 80),
    PRIMARY KEY (user_id, day, agent_id, api_key_id, status, funding)
);

CREATE TABLE agent_usage (
    agent_id UUID NOT NULL,
    day DATE NOT NULL,
    -- Whose the agent was when it was called: a creator is shown rows of their own only.
    creator_id UUID NOT NULL,
    status VARCHAR(20) NOT NULL,
    funding VARCHAR(20) NOT NULL,
    calls BIGINT NOT NULL,
    revenue_usd DECIMAL(18, 8) NOT NULL,
    fee_usd DECIMAL(18, 8) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    latencies INT[] NOT NULL CHECK (array_length(latencies, 1) = 80),
    PRIMARY KEY (agent_id, day, creator_id, status, funding)
);
CREATE INDEX idx_agent_usage_creator ON agent_usage (creator_id, day);

CREATE TABLE agent_callers (
    agent_id UUID NOT NULL,
    day DATE NOT NULL,
    user_id UUID NOT NULL,
    creator_id UUID NOT NULL,
    calls BIGINT NOT NULL,
    successful BIGINT NOT NULL,
    PRIMARY KEY (agent_id, day, user_id, creator_id)
);
CREATE INDEX idx_agent_callers_creator ON agent_callers (creator_id, day, user_id);

-- For this file alone: how many of some latencies fall into each bucket.
CREATE FUNCTION pg_temp.counts_of(latencies INT[]) RETURNS INT[] LANGUAGE sql AS $$
    SELECT array_agg(coalesce(calls, 0)::int ORDER BY place)
    FROM generate_series(1, 80) AS place LEFT JOIN (
        SELECT width_bucket(greatest(latency_ms, 0), ARRAY[
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 29, 35, 42, 50, 60, 72, 86, 103,
        123, 147, 175, 209, 249, 297, 354, 422, 503, 599, 713, 849, 1011, 1204, 1433, 1706, 2031, 2417, 2877, 3424,
        4075, 4850, 5772, 6869, 8175, 9729, 11578, 13778, 16396, 19512, 23220, 27632, 32883, 39131, 46566, 55414,
        65943, 78473, 93383, 111126, 132240, 157366, 187266, 222847, 265188, 315574, 375534, 446886, 531795, 632837
        ]) AS place, count(*) AS calls
        FROM unnest(latencies) AS latency_ms GROUP BY 1
    ) AS counted USING (place)
$$;

INSERT INTO account_usage
SELECT user_id, (created_at AT TIME ZONE 'UTC')::date, agent_id, api_key_id, status, coalesce(funding, 'none'), count(*),
    sum(cost_usd), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), pg_temp.counts_of(array_agg(latency_ms))
FROM call_logs GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO agent_usage
SELECT agent_id, (created_at AT TIME ZONE 'UTC')::date, creator_id, status, coalesce(funding, 'none'), count(*),
    sum(revenue_usd), sum(revenue_usd * fee_percent / 100), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
    pg_temp.counts_of(array_agg(latency_ms))
FROM call_logs GROUP BY 1, 2, 3, 4, 5;

INSERT INTO agent_callers
SELECT agent_id, (created_at AT TIME ZONE 'UTC')::date, user_id, creator_id, count(*), count(*) FILTER (WHERE status = 'success')
FROM call_logs GROUP BY 1, 2, 3, 4;

DROP FUNCTION pg_temp.counts_of;

-- The settings of a key are ordered by their revision: its account object, which obeys them, takes none older than what it has.
ALTER TABLE api_keys ADD COLUMN revision INT NOT NULL DEFAULT 0;
-- Lists of keys go by their age.
CREATE INDEX idx_api_keys_user_created ON api_keys (user_id, created_at DESC, id DESC);
DROP INDEX idx_api_keys_user;
