-- Why: what the chain costs belongs into the books; what differs stops the narrowest thing; and what outside parties told us is
-- kept for as long as it may be disputed, and then only by its hash.

-- What transactions of the signers have cost, once they are final: in the chain's own coin as its receipts say, and in dollars as
-- the ledger has it.
CREATE TABLE chain_costs (
    chain_id INT NOT NULL,
    hash VARCHAR(66) NOT NULL,
    signer VARCHAR(20) NOT NULL CHECK (signer IN ('mint', 'settle')),
    wei NUMERIC(78, 0) NOT NULL CHECK (wei >= 0),
    -- Null until it is booked, and so is what a coin was worth then.
    usd DECIMAL(18, 8),
    native_usd DECIMAL(18, 8),
    booked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (chain_id, hash),
    CHECK ((usd IS NULL) = (booked_at IS NULL) AND (usd IS NULL) = (native_usd IS NULL))
);
CREATE INDEX idx_chain_costs_unbooked ON chain_costs (chain_id, hash) WHERE usd IS NULL;

-- Lots that stand still in their account's object because the books do not agree with it: which, why, and whether it has heard.
CREATE TABLE account_freezes (
    -- The reversal's, in the object.
    id VARCHAR(240) PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    lot_id VARCHAR(128) NOT NULL,
    name VARCHAR(60) NOT NULL,
    scope VARCHAR(160) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    frozen_at TIMESTAMPTZ,
    thawed_at TIMESTAMPTZ
);
CREATE INDEX idx_account_freezes_untold ON account_freezes (id) WHERE frozen_at IS NULL;
CREATE INDEX idx_account_freezes_standing ON account_freezes (name, scope) WHERE thawed_at IS NULL;

-- Besides withdrawals now `calls:{account}` and `calls:{account}:{lot}`. An admin may let go what a difference has stopped.
ALTER TABLE differences ALTER COLUMN freezes TYPE VARCHAR(200);
ALTER TABLE differences ADD COLUMN released_at TIMESTAMPTZ;
