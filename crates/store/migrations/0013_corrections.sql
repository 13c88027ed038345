-- Corrections of what was decided. Where the discount at the till was offered, once a correction has given the purchase
-- another version of its program or another partner.
ALTER TABLE purchase
    ADD COLUMN till_rules_hash bytea,
    ADD COLUMN till_partner_id int
---
-- A run computes purchases of a period anew and books the differences. One person asks for it, another one approves.
CREATE TABLE correction_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('rerate', 'reattribution')),
    program_id int REFERENCES program,
    first_date date NOT NULL,
    end_date date NOT NULL CHECK (end_date > first_date),
    rules_hash bytea REFERENCES program_version,
    map_hash bytea REFERENCES merchant_map_version,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    -- What the maker was told that it would come to, as JSON.
    price text NOT NULL,
    maker text NOT NULL REFERENCES staff_user,
    made_at timestamptz NOT NULL,
    checker text REFERENCES staff_user,
    checked_at timestamptz,
    state text NOT NULL CHECK (state IN ('proposed', 'approved', 'done', 'rejected')),
    -- Whoever asked may take it back, and never approve it.
    CHECK (checker <> maker OR state = 'rejected'),
    CHECK ((state = 'proposed') = (checker IS NULL) AND (checker IS NULL) = (checked_at IS NULL)),
    CHECK ((kind = 'rerate') = (rules_hash IS NOT NULL) AND (kind = 'reattribution') = (map_hash IS NOT NULL)),
    CHECK (kind <> 'rerate' OR program_id IS NOT NULL)
)
---
-- The rate by which a purchase is converted that is not billed in its program's currency; empty: it is.
ALTER TABLE purchase ADD COLUMN fx text NOT NULL DEFAULT ''
---
-- Every rate table that was ever imported, by its content hash, and from when on it was in force under its name.
CREATE TABLE rate_table_version (
    rates_hash bytea PRIMARY KEY CHECK (length(rates_hash) = 32),
    body text NOT NULL
)
---
CREATE TABLE rate_table_in_force (
    name text NOT NULL,
    in_force_at timestamptz NOT NULL,
    rates_hash bytea NOT NULL REFERENCES rate_table_version,
    imported_by text NOT NULL REFERENCES staff_user,
    PRIMARY KEY (name, in_force_at)
)
---
GRANT SELECT ON rate_table_version, rate_table_in_force TO cobrand_gateway
