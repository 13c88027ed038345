-- Off-peak hours: the local time of a purchase; empty where no message told it, as for all that came before.
ALTER TABLE purchase ADD COLUMN purchase_time time
---
-- What each rule offered at the till, and what a purchase has of rules with a limit or a budget, as texts by rule.
ALTER TABLE purchase
    ADD COLUMN offered text NOT NULL DEFAULT '',
    ADD COLUMN claims text NOT NULL DEFAULT ''
---
-- Budgets of campaigns. Every batch takes from a slice of its own, so that batches do not wait for each other; one
-- whose slice is not enough locks all of them and divides anew what is left. A slice that was never given a share, or
-- one of another total than the rules say, gives nothing before that. Empty amounts or uses are unlimited.
CREATE TABLE campaign_budget_slice (
    program_id int NOT NULL,
    rule text NOT NULL,
    period text NOT NULL,
    slice smallint NOT NULL,
    divided boolean NOT NULL DEFAULT false,
    total_amount bigint,
    total_uses bigint,
    share_amount bigint,
    share_uses bigint,
    used_amount bigint NOT NULL DEFAULT 0,
    used_uses bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (program_id, rule, period, slice)
) WITH (fillfactor = 80)
---
GRANT SELECT, INSERT, UPDATE ON campaign_budget_slice TO cobrand_gateway
