-- What miles pay of a purchase, as the answer to its authorization said; empty for nearly all.
ALTER TABLE purchase ADD COLUMN redeemed text NOT NULL DEFAULT ''
---
-- The purchase in whose authorization miles were asked for; its messages decide about them.
ALTER TABLE redemption ADD COLUMN purchase_key bytea CHECK (length(purchase_key) = 24)
