-- Miles that a household spends from all of its accounts: one written intent, a redemption in each account. The state is
-- changed before what it announces is begun, so that whoever comes next can go on.
CREATE TABLE redemption_pool (
    bucket int NOT NULL,
    pool_key bytea NOT NULL CHECK (length(pool_key) = 24),
    bank_id int NOT NULL,
    -- Who asked.
    account_id bigint NOT NULL,
    program_id int NOT NULL,
    currency int NOT NULL,
    state text NOT NULL
        CHECK (state IN ('reserving', 'reserved', 'confirming', 'confirmed', 'returning', 'returned')),
    miles bigint NOT NULL CHECK (miles > 0),
    worth_minor bigint NOT NULL CHECK (worth_minor >= 0),
    -- Parts of the keys and contents of its events.
    asked_at timestamptz NOT NULL,
    local_time timestamp NOT NULL,
    reserved_until timestamptz NOT NULL,
    -- Whose requests ended it, so that each gets its own answer again; empty: nobody's.
    confirmed_by text NOT NULL DEFAULT '',
    returned_by text NOT NULL DEFAULT '',
    -- Why it is given back: a code.
    returned_why text NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, pool_key)
) WITH (fillfactor = 80)
---
CREATE INDEX redemption_pool_under_way ON redemption_pool (pool_key)
    WHERE state IN ('reserving', 'confirming', 'returning')
---
CREATE INDEX redemption_pool_reserved ON redemption_pool (reserved_until, pool_key) WHERE state = 'reserved'
---
CREATE INDEX redemption_pool_by_account ON redemption_pool (bucket, account_id, pool_key)
---
-- What each account gives, in the order in which it is asked.
CREATE TABLE redemption_pool_share (
    bucket int NOT NULL,
    pool_key bytea NOT NULL,
    share int NOT NULL,
    share_bucket int NOT NULL,
    share_account bigint NOT NULL,
    -- The redemption in that account.
    share_key bytea NOT NULL CHECK (length(share_key) = 24),
    miles bigint NOT NULL CHECK (miles > 0),
    worth_minor bigint NOT NULL CHECK (worth_minor >= 0),
    PRIMARY KEY (bucket, pool_key, share),
    FOREIGN KEY (bucket, pool_key) REFERENCES redemption_pool (bucket, pool_key)
)
---
CREATE INDEX redemption_pool_share_by_key ON redemption_pool_share (share_key)
---
-- For whoever looks at what a member has spent.
CREATE INDEX redemption_by_account ON redemption (bucket, account_id, redemption_key)
---
GRANT SELECT, INSERT ON redemption_pool, redemption_pool_share TO cobrand_gateway
---
GRANT UPDATE (state, confirmed_by, returned_by, returned_why) ON redemption_pool TO cobrand_gateway
