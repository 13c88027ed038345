-- Tiers: where a member stands, and the tier that a purchase began with.
ALTER TABLE member_account
    ADD COLUMN tier_rank smallint NOT NULL DEFAULT 0 CHECK (tier_rank BETWEEN 0 AND 100),
    ADD COLUMN tier_review_on date,
    ADD COLUMN qualifying_year smallint NOT NULL DEFAULT 0,
    ADD COLUMN qualifying_units bigint NOT NULL DEFAULT 0,
    ADD COLUMN qualifying_units_before bigint NOT NULL DEFAULT 0
---
ALTER TABLE purchase ADD COLUMN tier_rank smallint NOT NULL DEFAULT 0
---
-- Units towards tiers are a unit of the ledger of their own.
ALTER TABLE transfer
    DROP CONSTRAINT transfer_unit_kind_check,
    ADD CONSTRAINT transfer_unit_kind_check CHECK (unit_kind IN (1, 2, 3, 4))
---
-- What the scheduler of reviews looks through.
CREATE INDEX member_by_tier_review ON member_account (tier_review_on) WHERE tier_review_on IS NOT NULL
