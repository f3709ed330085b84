-- Why: pages that show what was called read sums of days, never the call log. The room `analytics` fills these.

CREATE TABLE agent_usage (
    day DATE NOT NULL,
    agent_id UUID NOT NULL,
    creator_id UUID NOT NULL,
    status VARCHAR(20) NOT NULL,
    -- `none` where nothing was charged.
    funding VARCHAR(20) NOT NULL,
    calls BIGINT NOT NULL DEFAULT 0,
    revenue_usd DECIMAL(18, 8) NOT NULL DEFAULT 0,
    PRIMARY KEY (agent_id, day, status, funding)
);
CREATE INDEX idx_agent_usage_day ON agent_usage (day, agent_id);

CREATE TABLE agent_callers (
    day DATE NOT NULL,
    agent_id UUID NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (agent_id, day, user_id)
);
