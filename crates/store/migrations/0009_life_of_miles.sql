-- A purchase is the lot of the miles that it was granted. What has gone of them, when they may be spent, when they are
-- gone; and what is open, so that lots can be found. Empty: not written since; whoever reads lots then computes it.
ALTER TABLE purchase
    ADD COLUMN spent_miles bigint NOT NULL DEFAULT 0 CHECK (spent_miles >= 0),
    ADD COLUMN expired_miles bigint NOT NULL DEFAULT 0 CHECK (expired_miles >= 0),
    ADD COLUMN covered_miles bigint NOT NULL DEFAULT 0 CHECK (covered_miles >= 0),
    ADD COLUMN borne_miles bigint NOT NULL DEFAULT 0 CHECK (borne_miles >= 0),
    ADD COLUMN vests_on date,
    ADD COLUMN expire_on date,
    ADD COLUMN open_miles bigint
---
-- By account, for events that spend. Neither column ever changes, so no update pays for it.
CREATE INDEX purchase_by_account ON purchase (bucket, account_id)
---
-- What the scheduler looks through: lots that have something to expire.
CREATE INDEX purchase_by_expire_on ON purchase (expire_on) WHERE open_miles > 0
---
-- The last local day on which the member bought something or spent miles.
ALTER TABLE member_account ADD COLUMN active_on date
---
-- Miles that left their lots together: to pay with, or for another account.
CREATE TABLE redemption (
    bucket int NOT NULL,
    redemption_key bytea NOT NULL CHECK (length(redemption_key) = 24),
    bank_id int NOT NULL,
    account_id bigint NOT NULL,
    program_id int NOT NULL,
    currency int NOT NULL,
    to_bucket int,
    to_account bigint,
    state text NOT NULL CHECK (state IN ('reserved', 'confirmed', 'cancelled', 'lapsed')),
    miles bigint NOT NULL CHECK (miles > 0),
    worth_minor bigint NOT NULL CHECK (worth_minor >= 0),
    reserved_until timestamptz,
    PRIMARY KEY (bucket, redemption_key),
    CHECK ((to_bucket IS NULL) = (to_account IS NULL))
) WITH (fillfactor = 80)
---
CREATE INDEX redemption_reserved ON redemption (reserved_until) WHERE state = 'reserved'
---
CREATE INDEX redemption_under_way ON redemption (redemption_key)
    WHERE state = 'reserved' AND to_bucket IS NOT NULL
---
-- What each lot gave, with its days when it did.
CREATE TABLE redemption_piece (
    bucket int NOT NULL,
    redemption_key bytea NOT NULL,
    piece int NOT NULL,
    purchase_key bytea NOT NULL,
    miles bigint NOT NULL CHECK (miles > 0),
    granted_on date NOT NULL,
    vests_on date,
    expire_on date,
    PRIMARY KEY (bucket, redemption_key, piece)
)
---
GRANT SELECT, INSERT ON redemption, redemption_piece TO cobrand_gateway
---
GRANT UPDATE (state) ON redemption TO cobrand_gateway
