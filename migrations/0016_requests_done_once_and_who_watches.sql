-- Why: an answer can be lost on its way, and whoever asks again must not end up with two keys, agents or webhooks. A request
-- that names itself (`Idempotency-Key`) claims that name here before it is carried out, together with the id under which its
-- thing is made, so that who comes second finds that thing and makes none (base/once.ts).

-- No answer is kept: it would be a second place for what is secret. Of the name and of what was asked there are hashes.
CREATE TABLE idempotency_keys (
    user_id UUID NOT NULL,
    key_hash CHAR(64) NOT NULL,
    fingerprint CHAR(64) NOT NULL,
    -- The id under which the thing is made, whoever carries the request out.
    make_id UUID NOT NULL,
    -- Until then whoever claimed it may still be at it; null: it is done.
    running_until TIMESTAMPTZ,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, key_hash)
);
-- What is old is swept up by those who claim.
CREATE INDEX idx_idempotency_keys_expires ON idempotency_keys (expires_at);

-- Why: a creator who looks sees calls of their agents come in. Calls belong to the accounts that make them, and to ask somebody
-- at each whether its creator is looking would cost each. So a window that is open says so here, once a minute, and the
-- statement that writes the log sees it in passing.
CREATE TABLE live_watches (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    until TIMESTAMPTZ NOT NULL
);
