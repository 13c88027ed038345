-- A message keeps everything that its decision looked at and that stands in no other row, so that it can be decided
-- again: by other rules (`rules backtest`) or to prove the books. What came before has an empty `event` and cannot.
-- Constant defaults rewrite no row.
ALTER TABLE message
    -- What of the event has no column of its own, as JSON.
    ADD COLUMN event text NOT NULL DEFAULT '',
    -- The version that new purchases followed.
    ADD COLUMN rules_hash bytea CHECK (length(rules_hash) = 32),
    -- The partner of its purchase, as the merchant map said then.
    ADD COLUMN partner_id int,
    -- The order of decisions: the batch, and the place in it. Of messages of one account, or of accounts that share
    -- something, the one that was decided first stands first: the batch is numbered while their rows are locked.
    ADD COLUMN decided_place int NOT NULL DEFAULT 0,
    ADD COLUMN decided_batch bigint NOT NULL DEFAULT 0
---
CREATE SEQUENCE decision_batch
---
GRANT USAGE ON SEQUENCE decision_batch TO cobrand_gateway
