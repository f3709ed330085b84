-- Why: how much is called and earned in all is on an admin's first page, and may not be summed from a row of every agent for
-- every day. It is written by the statement that writes the call log, like the other sums of days.
CREATE TABLE platform_usage (
    day DATE NOT NULL,
    status VARCHAR(20) NOT NULL,
    funding VARCHAR(20) NOT NULL,
    calls BIGINT NOT NULL,
    revenue_usd DECIMAL(18, 8) NOT NULL,
    PRIMARY KEY (day, status, funding)
);
INSERT INTO platform_usage
SELECT day, status, funding, sum(calls), sum(revenue_usd) FROM agent_usage GROUP BY 1, 2, 3;

-- The same as `idx_agents_creator`, which the market has.
DROP INDEX idx_agents_of_creator;

-- Counts the rows of `question`, which is what follows SELECT 1 FROM, no further than `most`: always along an index, for where
-- the planner reckons with stopping early it would rather begin to read the table, and that ends late where rows are rare.
-- The question is text of the code's own, like any statement.
CREATE FUNCTION count_up_to(question TEXT, most INT) RETURNS INT LANGUAGE plpgsql STABLE STRICT
    SET enable_seqscan = off
    AS $$
DECLARE
    counted INT;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %s) AS found', question, most) INTO counted;
    RETURN counted;
END
$$;
