-- Refunds that came without their purchase. Where one counts: `alone`, or the purchase with the most and the present amount
-- of it that counts there; empty: nobody has found out.
ALTER TABLE purchase ADD COLUMN refund_match text
---
-- What scheduler and staff look through. A purchase enters it by a refund that opens it and never otherwise; the
-- candidates of a refund are found by purchase_by_account, which is there for events that spend.
CREATE INDEX purchase_refund_alone ON purchase (purchase_date, bucket, purchase_key)
    WHERE refunded_minor > 0 AND cleared_minor = 0 AND hold = 'none' AND refund_match IS NULL
---
-- What staff decided about one: the purchase that it takes back, or none. The scheduler books it and says what came of it.
CREATE TABLE refund_decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_bucket int NOT NULL,
    refund_key bytea NOT NULL CHECK (length(refund_key) = 24),
    purchase_key bytea CHECK (length(purchase_key) = 24 AND purchase_key <> refund_key),
    -- What they had in common when it was decided.
    parts text NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    decided_by text NOT NULL REFERENCES staff_user,
    decided_at timestamptz NOT NULL,
    booked_at timestamptz,
    result text,
    CHECK ((booked_at IS NULL) = (result IS NULL))
)
---
-- Of two people at once, one is too late.
CREATE UNIQUE INDEX refund_decision_waits ON refund_decision (refund_bucket, refund_key) WHERE booked_at IS NULL
---
GRANT SELECT, INSERT ON refund_decision TO cobrand_console
---
GRANT SELECT ON refund_decision TO cobrand_gateway
