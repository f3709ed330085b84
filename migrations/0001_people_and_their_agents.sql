-- Why: everything else hangs on who somebody is and which agents there are. This is the people-and-catalogue half of the
-- data model: users, creators, agents with their versions, API keys, knowledge files, reviews.
-- Prompts never stand here in the open: `config_encrypted` is AES-256-GCM, and `key_id` names the key that opens it, so
-- that keys can rotate. Vectors of knowledge files live in Vectorize, not in this database.

-- Keeps `updated_at` true whatever the writer forgot.
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Lower case only, or one mailbox could hold several accounts.
    email VARCHAR(255) NOT NULL UNIQUE CHECK (email = lower(email)),
    password_hash VARCHAR(255) NOT NULL,
    user_type VARCHAR(20) NOT NULL CHECK (user_type IN ('creator', 'developer', 'admin')),
    admin_role VARCHAR(20) CHECK (admin_role IN ('super_admin', 'moderator', 'support')),
    status VARCHAR(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    wallet_address VARCHAR(42),
    email_verified BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- An admin has exactly one role, and nobody else has any.
    CHECK ((user_type = 'admin') = (admin_role IS NOT NULL))
);
CREATE TRIGGER users_touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE creator_profiles (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    display_name VARCHAR(100) NOT NULL,
    bio TEXT,
    avatar_url VARCHAR(500),
    verified BOOLEAN NOT NULL DEFAULT FALSE,
    total_earnings DECIMAL(18, 8) NOT NULL DEFAULT 0,
    pending_earnings DECIMAL(18, 8) NOT NULL DEFAULT 0
);

CREATE TABLE agents (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    creator_id UUID NOT NULL REFERENCES users (id),
    slug VARCHAR(100) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
    name VARCHAR(100) NOT NULL,
    description TEXT,
    category VARCHAR(50),
    status VARCHAR(20) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'inactive')),
    -- In the open beside the ciphertext, because the market shows them.
    provider VARCHAR(20) NOT NULL CHECK (provider IN ('openai', 'anthropic', 'google')),
    model VARCHAR(100) NOT NULL,
    config_encrypted BYTEA NOT NULL,
    config_iv BYTEA NOT NULL,
    key_id VARCHAR(64) NOT NULL,
    price_per_call DECIMAL(10, 6) NOT NULL CHECK (price_per_call BETWEEN 0.001 AND 100),
    total_calls BIGINT NOT NULL DEFAULT 0,
    total_revenue DECIMAL(18, 8) NOT NULL DEFAULT 0,
    average_rating DECIMAL(3, 2) NOT NULL DEFAULT 0,
    review_count INT NOT NULL DEFAULT 0,
    token_id BIGINT,
    token_tx_hash VARCHAR(66),
    version INT NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    published_at TIMESTAMPTZ
);
CREATE INDEX idx_agents_creator ON agents (creator_id);
CREATE INDEX idx_agents_status ON agents (status);
CREATE INDEX idx_agents_category ON agents (category);
CREATE TRIGGER agents_touched BEFORE UPDATE ON agents FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE agent_versions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id UUID NOT NULL REFERENCES agents (id),
    version INT NOT NULL CHECK (version >= 1),
    provider VARCHAR(20) NOT NULL CHECK (provider IN ('openai', 'anthropic', 'google')),
    model VARCHAR(100) NOT NULL,
    price_per_call DECIMAL(10, 6) NOT NULL CHECK (price_per_call BETWEEN 0.001 AND 100),
    config_encrypted BYTEA NOT NULL,
    config_iv BYTEA NOT NULL,
    key_id VARCHAR(64) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (agent_id, version)
);

CREATE TABLE api_keys (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id),
    -- SHA-256 of the key in hex. The key itself is kept nowhere.
    key_hash VARCHAR(64) NOT NULL UNIQUE,
    key_prefix VARCHAR(8) NOT NULL,
    name VARCHAR(100),
    permissions JSONB NOT NULL DEFAULT '{}',
    last_used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX idx_api_keys_user ON api_keys (user_id);

CREATE TABLE knowledge_files (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id UUID NOT NULL REFERENCES agents (id),
    filename VARCHAR(255) NOT NULL,
    file_type VARCHAR(20) NOT NULL,
    file_size BIGINT NOT NULL CHECK (file_size >= 0),
    -- The document's name for it; the bucket is R2.
    s3_key VARCHAR(500) NOT NULL,
    chunk_count INT NOT NULL DEFAULT 0,
    status VARCHAR(20) NOT NULL DEFAULT 'processing' CHECK (status IN ('processing', 'ready', 'failed')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    processed_at TIMESTAMPTZ
);
CREATE INDEX idx_knowledge_files_agent ON knowledge_files (agent_id);

CREATE TABLE reviews (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id UUID NOT NULL REFERENCES agents (id),
    user_id UUID NOT NULL REFERENCES users (id),
    rating INT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    content TEXT,
    status VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (agent_id, user_id)
);
CREATE INDEX idx_reviews_agent ON reviews (agent_id);
