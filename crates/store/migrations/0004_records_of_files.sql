-- Records of clearing files are compared with all others of the same identity: what was undone may come again.
-- Constant defaults rewrite no row; what was taken before stays as it is, with the amount alone to compare.
-- The record as JSON (its file, number, amount, function, issuer's reference); empty for messages of the link.
ALTER TABLE match_ref ADD COLUMN record text NOT NULL DEFAULT ''
---
-- A purchase in another currency, in that currency: a chargeback may state no other amount.
ALTER TABLE purchase
    ADD COLUMN foreign_currency int,
    ADD COLUMN foreign_cleared_minor bigint NOT NULL DEFAULT 0 CHECK (foreign_cleared_minor >= 0),
    ADD COLUMN foreign_billed_minor bigint NOT NULL DEFAULT 0 CHECK (foreign_billed_minor >= 0),
    ADD COLUMN foreign_charged_back_minor bigint NOT NULL DEFAULT 0
