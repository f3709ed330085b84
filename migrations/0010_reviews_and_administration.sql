-- Why: reviews are moderated, answered and reported, and the average shown is that of the approved ones. Whoever runs the
-- platform takes agents out of service, finds people and reads what was done; each of these lists goes along an index.

-- Called with the number of rows that a statement changed: nothing changed is an error, which undoes the whole batch. So a
-- line in the audit log never tells of a change that did not happen.
CREATE FUNCTION demand_change(changed BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    IF changed = 0 THEN
        RAISE EXCEPTION 'nothing was changed' USING ERRCODE = 'no_data_found';
    END IF;
    RETURN changed;
END
$$;

ALTER TABLE reviews
    -- Counts edits. A moderator decides on the text that they have read, and on no later one.
    ADD COLUMN revision INT NOT NULL DEFAULT 1,
    ADD COLUMN edited_at TIMESTAMPTZ,
    -- When it came into the moderation queue last: written, edited, or reported once too often.
    ADD COLUMN queued_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Reports since the last decision.
    ADD COLUMN reports INT NOT NULL DEFAULT 0 CHECK (reports >= 0),
    ADD COLUMN rejected_because VARCHAR(500),
    ADD COLUMN reply VARCHAR(2000),
    ADD COLUMN replied_at TIMESTAMPTZ,
    ADD CHECK ((reply IS NULL) = (replied_at IS NULL));
UPDATE reviews SET queued_at = created_at;
CREATE INDEX idx_reviews_newest ON reviews (agent_id, created_at DESC, id DESC) WHERE status = 'approved';
CREATE INDEX idx_reviews_best ON reviews (agent_id, rating DESC, created_at DESC, id DESC) WHERE status = 'approved';
CREATE INDEX idx_reviews_user ON reviews (user_id, created_at DESC, id DESC);
CREATE INDEX idx_reviews_queue ON reviews (queued_at, id) WHERE status = 'pending' OR reports >= 3;

CREATE TABLE review_reports (
    review_id UUID NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    reason VARCHAR(500) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (review_id, user_id)
);

-- How many approved reviews of each rating an agent has. Changed in the same statement as the reviews, so that an average
-- over a million of them is read from one row.
CREATE TABLE review_figures (
    agent_id UUID PRIMARY KEY REFERENCES agents (id),
    stars_1 INT NOT NULL DEFAULT 0 CHECK (stars_1 >= 0),
    stars_2 INT NOT NULL DEFAULT 0 CHECK (stars_2 >= 0),
    stars_3 INT NOT NULL DEFAULT 0 CHECK (stars_3 >= 0),
    stars_4 INT NOT NULL DEFAULT 0 CHECK (stars_4 >= 0),
    stars_5 INT NOT NULL DEFAULT 0 CHECK (stars_5 >= 0)
);
INSERT INTO review_figures
SELECT agent_id,
    count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2), count(*) FILTER (WHERE rating = 3),
    count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)
FROM reviews WHERE status = 'approved' GROUP BY agent_id;

-- Whether ten calls have been made is asked before a review is taken.
CREATE INDEX idx_call_logs_successes ON call_logs (user_id, agent_id) WHERE status = 'success';

ALTER TABLE agents
    -- Why it was taken out of service by somebody other than its creator, who then cannot publish it again.
    ADD COLUMN stopped_because VARCHAR(20) CHECK (stopped_because IN ('admin', 'barred', 'suspended', 'closed')),
    ADD CHECK (status <> 'active' OR stopped_because IS NULL),
    -- Its place among the featured agents, 1 first. Null: not featured.
    ADD COLUMN IF NOT EXISTS featured_rank INT;
CREATE INDEX idx_agents_newest ON agents (created_at DESC, id DESC);
CREATE INDEX idx_agents_of_status ON agents (status, created_at DESC, id DESC);
CREATE INDEX idx_agents_of_creator ON agents (creator_id, created_at DESC, id DESC);
CREATE INDEX idx_agents_slug_prefix ON agents (slug varchar_pattern_ops);

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX idx_users_newest ON users (created_at DESC, id DESC);
CREATE INDEX idx_users_of_type ON users (user_type, created_at DESC, id DESC);
CREATE INDEX idx_users_of_status ON users (status, created_at DESC, id DESC);
CREATE INDEX idx_users_admins ON users (admin_role) WHERE admin_role IS NOT NULL;
CREATE INDEX idx_users_email_prefix ON users (email varchar_pattern_ops);
CREATE INDEX idx_creator_profiles_name ON creator_profiles USING gin (display_name gin_trgm_ops);

CREATE INDEX idx_audit_log_action ON audit_log (action, created_at DESC, id DESC);
CREATE INDEX idx_dead_letters_received ON dead_letters (received_at DESC, id DESC);
