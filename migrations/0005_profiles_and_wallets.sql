-- Why: people can sign up, say who they are, and prove where they want to be paid.

-- What a developer says of themselves; a row comes with the first word.
CREATE TABLE developer_profiles (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    display_name VARCHAR(100),
    company VARCHAR(100)
);

ALTER TABLE creator_profiles ADD COLUMN website VARCHAR(200);

-- Withdrawals wait for a while after the address they go to was changed.
ALTER TABLE users ADD COLUMN wallet_changed_at TIMESTAMPTZ;

-- A new token of a purpose takes the place of the one before, so one at most is open. It also finds it.
DROP INDEX idx_one_time_tokens_user;
CREATE UNIQUE INDEX idx_one_time_tokens_open ON one_time_tokens (user_id, purpose) WHERE used_at IS NULL;

-- What has long been over is removed by the day.
CREATE INDEX idx_sessions_expires ON sessions (expires_at);
CREATE INDEX idx_one_time_tokens_expires ON one_time_tokens (expires_at);
