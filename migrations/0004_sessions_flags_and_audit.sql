-- Why: who is signed in, what is switched on, and who changed what. Every room's routes ask the first, every isolate reads the
-- second, and the third can be added to but never altered: not by the Worker either.

-- A session is the family of all refresh tokens that descend from one sign-in. It ends as a whole.
CREATE TABLE sessions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id),
    -- What the device called itself, for its owner to recognise.
    user_agent VARCHAR(200),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    last_used_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- The end of its life however often it is refreshed.
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    ended_because VARCHAR(20) CHECK (ended_because IN ('signed_out', 'reused', 'password', 'suspended', 'deleted', 'revoked')),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at DESC) WHERE ended_at IS NULL;

CREATE TABLE refresh_tokens (
    -- SHA-256 in hex. The token itself is kept nowhere.
    hash CHAR(64) PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id),
    issued_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- A token is exchanged once. One that comes again after that was stolen, or its successor was.
    used_at TIMESTAMPTZ
);
CREATE INDEX idx_refresh_tokens_session ON refresh_tokens (session_id);

-- What was sent by mail, or is to be signed: good for one use, within its time, for one purpose.
CREATE TABLE one_time_tokens (
    hash CHAR(64) PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    purpose VARCHAR(20) NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'wallet')),
    -- What it is for in particular: the wallet address to be proven.
    subject VARCHAR(255),
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_one_time_tokens_user ON one_time_tokens (user_id, purpose);

CREATE TABLE feature_flags (
    name VARCHAR(40) PRIMARY KEY,
    enabled BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_by UUID
);

-- Refuses to change what is there.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % can be added, and never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- No foreign keys: what was done stays on record whatever becomes of whom it was done to.
CREATE TABLE audit_log (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Null: the platform itself, or the operator's token.
    actor_id UUID,
    actor_role VARCHAR(20) NOT NULL,
    action VARCHAR(60) NOT NULL,
    subject_type VARCHAR(30) NOT NULL,
    subject_id VARCHAR(128) NOT NULL,
    reason VARCHAR(500),
    details JSONB NOT NULL DEFAULT '{}',
    request_id VARCHAR(128),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_audit_log_created ON audit_log (created_at DESC, id);
CREATE INDEX idx_audit_log_subject ON audit_log (subject_type, subject_id, created_at DESC);
CREATE INDEX idx_audit_log_actor ON audit_log (actor_id, created_at DESC);
CREATE TRIGGER audit_log_kept BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_whole BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
