-- Coupons. Of a code only its hash is kept: whoever reads the table has no code to show. Like budgets they belong to no
-- bucket, so that two members in two buckets who show one code at once meet at its row; a code may be bound to a member.
CREATE TABLE coupon_code (
    program_id int NOT NULL,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    campaign text NOT NULL CHECK (campaign <> ''),
    member_bucket int,
    member_account bigint,
    uses bigint NOT NULL DEFAULT 0 CHECK (uses >= 0),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL CHECK (made_by <> ''),
    revoked_at timestamptz,
    revoked_by text,
    PRIMARY KEY (program_id, code_hash),
    CHECK ((member_bucket IS NULL) = (member_account IS NULL))
) WITH (fillfactor = 80)
---
GRANT SELECT, UPDATE (uses) ON coupon_code TO cobrand_gateway
---
-- The coupon of a purchase: code, what became of it, campaign; see Coupon::to_text. A constant default rewrites no row.
ALTER TABLE purchase ADD COLUMN coupon text NOT NULL DEFAULT ''
