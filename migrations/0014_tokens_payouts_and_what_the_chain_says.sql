-- Why: what is minted and paid on chain stands there for ever, so what we asked for and what the chain says of it are kept
-- side by side, and compared.

-- A token's id is a hash of 256 bits.
ALTER TABLE agents ALTER COLUMN token_id TYPE NUMERIC(78, 0);

-- What is minted for each agent. The JSON that the hash on chain binds is kept as its bytes are served.
CREATE TABLE agent_tokens (
    agent_id UUID PRIMARY KEY,
    creator_id UUID NOT NULL,
    token_id NUMERIC(78, 0) NOT NULL UNIQUE,
    name VARCHAR(100) NOT NULL,
    description TEXT NOT NULL,
    agent_created_at TIMESTAMPTZ NOT NULL,
    -- These four are null until there is a wallet to mint to.
    wallet VARCHAR(42),
    metadata TEXT,
    metadata_hash VARCHAR(66),
    chain_id INTEGER,
    state VARCHAR(20) NOT NULL DEFAULT 'none' CHECK (state IN (
        'none', 'queued', 'signed', 'broadcast', 'mined', 'safe', 'final', 'blocked_wallet', 'conflict', 'failed'
    )),
    reason VARCHAR(40),
    tx_hash VARCHAR(66),
    block_number BIGINT,
    -- Of the signer's last word; 0 before its first.
    revision BIGINT NOT NULL DEFAULT 0,
    -- Whether an event of the chain says the same.
    matched BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (state = 'none' OR (wallet IS NOT NULL AND metadata IS NOT NULL AND metadata_hash IS NOT NULL AND chain_id IS NOT NULL))
);
CREATE INDEX idx_agent_tokens_waiting ON agent_tokens (creator_id) WHERE state IN ('none', 'blocked_wallet');
CREATE INDEX idx_agent_tokens_unmatched ON agent_tokens (block_number) WHERE NOT matched AND state = 'final';

-- What we were asked to pay, in millionths of a USDC, and how far it is.
CREATE TABLE chain_payouts (
    id UUID PRIMARY KEY,
    chain_id INTEGER NOT NULL,
    contract VARCHAR(42) NOT NULL,
    -- The id under which the contract settles it.
    key VARCHAR(66) NOT NULL,
    payee VARCHAR(42) NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state VARCHAR(20) NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued', 'signed', 'broadcast', 'mined', 'safe', 'final', 'failed'
    )),
    reason VARCHAR(40),
    credited BOOLEAN,
    tx_hash VARCHAR(66),
    block_number BIGINT,
    revision BIGINT NOT NULL DEFAULT 0,
    matched BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (chain_id, contract, key)
);
CREATE INDEX idx_chain_payouts_unmatched ON chain_payouts (block_number) WHERE NOT matched AND state = 'final';

-- Events as the chain has them for good. Each can happen once: the contracts see to it.
CREATE TABLE settled_events (
    chain_id INTEGER NOT NULL,
    contract VARCHAR(42) NOT NULL,
    key VARCHAR(66) NOT NULL,
    payee VARCHAR(42) NOT NULL,
    amount NUMERIC(78, 0) NOT NULL,
    credited BOOLEAN NOT NULL,
    tx_hash VARCHAR(66) NOT NULL,
    block_number BIGINT NOT NULL,
    log_index INTEGER NOT NULL,
    settled_at TIMESTAMPTZ NOT NULL,
    -- Whether we asked for this.
    matched BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (chain_id, contract, key)
);
CREATE INDEX idx_settled_events_payee ON settled_events (payee, block_number DESC, log_index DESC);
CREATE INDEX idx_settled_events_unmatched ON settled_events (block_number) WHERE NOT matched;

CREATE TABLE minted_events (
    chain_id INTEGER NOT NULL,
    contract VARCHAR(42) NOT NULL,
    token_id NUMERIC(78, 0) NOT NULL,
    agent_id TEXT NOT NULL,
    creator VARCHAR(42) NOT NULL,
    metadata_hash VARCHAR(66) NOT NULL,
    tx_hash VARCHAR(66) NOT NULL,
    block_number BIGINT NOT NULL,
    log_index INTEGER NOT NULL,
    minted_at TIMESTAMPTZ NOT NULL,
    matched BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (chain_id, contract, token_id)
);
CREATE INDEX idx_minted_events_unmatched ON minted_events (block_number) WHERE NOT matched;

-- Up to which block the events of a chain's contracts have been read.
CREATE TABLE chain_cursors (
    chain_id INTEGER NOT NULL,
    contracts VARCHAR(85) NOT NULL,
    next_block BIGINT NOT NULL,
    PRIMARY KEY (chain_id, contracts)
);
