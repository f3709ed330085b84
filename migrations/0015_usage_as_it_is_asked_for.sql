-- Why: half a year of an account was summed from a row for every agent, key, status and funding of every day, each with an
-- array of 80 counts of latency, and half a year of a creator's callers was counted from a row for every caller, agent and
-- day. No answer asks for that: it is days, or agents, or keys. These tables hold just those, so that what an answer reads
-- grows with what it shows, and not with how much was called.
--
-- The tables before are dropped here and not in a later release: whoever still wrote to them alone would make the two
-- differ. Until the new code runs, settled calls wait in their queue.

-- Whoever writes calls waits until this is over, and then finds other tables.
LOCK TABLE account_usage, agent_usage, agent_callers IN ACCESS EXCLUSIVE MODE;

ALTER TABLE account_usage RENAME TO former_account_usage;
ALTER INDEX account_usage_pkey RENAME TO former_account_usage_pkey;
ALTER TABLE agent_usage RENAME TO former_agent_usage;
ALTER INDEX agent_usage_pkey RENAME TO former_agent_usage_pkey;
ALTER TABLE agent_callers RENAME TO former_agent_callers;
ALTER INDEX agent_callers_pkey RENAME TO former_agent_callers_pkey;

-- `latencies`: the calls in each of 80 buckets of latency, as one number in base 10^12 with a digit for each bucket, the
-- first bucket last. Such numbers are added as a whole, fifteen times as fast as arrays, and take as many bytes as the
-- buckets between the fastest and the slowest call. The buckets stand in workers/analytics/latency.ts.

CREATE TABLE account_usage (
    user_id UUID NOT NULL,
    day DATE NOT NULL,
    status VARCHAR(20) NOT NULL,
    calls BIGINT NOT NULL,
    cost_usd DECIMAL(18, 8) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    latencies NUMERIC(960) NOT NULL,
    PRIMARY KEY (user_id, day, status)
);

-- The same by agent and by key, each by itself. A period is made of whole months and the days that are left over, so that
-- half a year of an agent is a handful of rows.
CREATE TABLE account_part_usage (
    user_id UUID NOT NULL,
    part VARCHAR(10) NOT NULL CHECK (part IN ('agent', 'key')),
    span VARCHAR(10) NOT NULL CHECK (span IN ('day', 'month')),
    -- The first day of the span.
    starts DATE NOT NULL,
    -- The agent or the key.
    part_id UUID NOT NULL,
    calls BIGINT NOT NULL,
    successful BIGINT NOT NULL,
    cost_usd DECIMAL(18, 8) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    -- Of the successful calls alone.
    latencies NUMERIC(960) NOT NULL,
    PRIMARY KEY (user_id, part, span, starts, part_id)
);

CREATE TABLE agent_usage (
    -- Whose the agent was when it was called: a creator is shown rows of their own only.
    creator_id UUID NOT NULL,
    -- All zeros: all agents of the creator together.
    agent_id UUID NOT NULL,
    day DATE NOT NULL,
    calls BIGINT NOT NULL,
    successful BIGINT NOT NULL,
    -- The accounts that called.
    users BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    promotional BIGINT NOT NULL,
    trial BIGINT NOT NULL,
    revenue_usd DECIMAL(18, 8) NOT NULL,
    fee_usd DECIMAL(18, 8) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    -- Of the successful calls alone.
    latencies NUMERIC(960) NOT NULL,
    PRIMARY KEY (creator_id, agent_id, day)
);

-- Who called on which day: it tells whether somebody calls for the first time on a day, and is counted for periods that are
-- over.
CREATE TABLE agent_callers (
    creator_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    day DATE NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (creator_id, agent_id, day, user_id)
);

-- On which day somebody called last: who called since a day is counted here, each once.
CREATE TABLE agent_last_calls (
    creator_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    user_id UUID NOT NULL,
    day DATE NOT NULL,
    PRIMARY KEY (creator_id, agent_id, user_id)
);
CREATE INDEX idx_agent_last_calls_day ON agent_last_calls (creator_id, agent_id, day DESC, user_id);

-- For this file alone: an array of counts as one number.
CREATE FUNCTION pg_temp.as_number(counts INT[]) RETURNS NUMERIC LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(calls * ('1' || repeat('0', 12 * (place::int - 1)))::numeric), 0)
    FROM unnest(counts) WITH ORDINALITY AS bucket (calls, place) WHERE calls > 0
$$;

INSERT INTO account_usage
SELECT user_id, day, status, sum(calls), sum(cost_usd), sum(input_tokens), sum(output_tokens), sum(pg_temp.as_number(latencies))
FROM former_account_usage GROUP BY 1, 2, 3;

INSERT INTO account_part_usage
SELECT user_id, part, span, starts, part_id, sum(calls), coalesce(sum(calls) FILTER (WHERE status = 'success'), 0), sum(cost_usd),
    sum(input_tokens), sum(output_tokens), coalesce(sum(pg_temp.as_number(latencies)) FILTER (WHERE status = 'success'), 0)
FROM former_account_usage
    CROSS JOIN LATERAL (VALUES ('agent', agent_id), ('key', api_key_id)) AS parts (part, part_id)
    CROSS JOIN LATERAL (VALUES ('day', day), ('month', date_trunc('month', day)::date)) AS spans (span, starts)
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO agent_callers
SELECT DISTINCT creator_id, whole.agent_id, day, user_id
FROM former_agent_callers AS f
    CROSS JOIN LATERAL (VALUES (f.agent_id), ('00000000-0000-0000-0000-000000000000'::uuid)) AS whole (agent_id);

INSERT INTO agent_last_calls
SELECT creator_id, agent_id, user_id, max(day) FROM agent_callers GROUP BY 1, 2, 3;

INSERT INTO agent_usage
SELECT creator_id, whole.agent_id, day, sum(calls), coalesce(sum(calls) FILTER (WHERE status = 'success'), 0),
    (SELECT count(*) FROM agent_callers AS c
     WHERE c.creator_id = f.creator_id AND c.agent_id = whole.agent_id AND c.day = f.day),
    coalesce(sum(calls) FILTER (WHERE funding = 'paid'), 0), coalesce(sum(calls) FILTER (WHERE funding = 'promotional'), 0),
    coalesce(sum(calls) FILTER (WHERE funding = 'trial'), 0), sum(revenue_usd), sum(fee_usd), sum(input_tokens),
    sum(output_tokens), coalesce(sum(pg_temp.as_number(latencies)) FILTER (WHERE status = 'success'), 0)
FROM former_agent_usage AS f
    CROSS JOIN LATERAL (VALUES (f.agent_id), ('00000000-0000-0000-0000-000000000000'::uuid)) AS whole (agent_id)
GROUP BY 1, 2, 3;

DROP FUNCTION pg_temp.as_number;
DROP TABLE former_account_usage, former_agent_usage, former_agent_callers;
