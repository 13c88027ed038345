-- What terms of settlement count over more than one cycle. Amounts are positive if the partner pays the bank.
-- What each item came to in a computed cycle: the month to date is their sum.
CREATE TABLE settlement_item (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    basis text NOT NULL,
    quantity bigint NOT NULL,
    -- Before what lifts it to a minimum, and before what a prepaid block covers.
    net_minor bigint NOT NULL,
    -- Units that the batch took from prepaid blocks; less than nothing was given back.
    prepaid_drawn bigint NOT NULL,
    PRIMARY KEY (cycle_id, partner_id, currency, basis)
)
---
CREATE TABLE settlement_balance (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    opening_minor bigint NOT NULL,
    closing_minor bigint NOT NULL,
    -- The rate by which money of the program's currency was converted, and the table that it is from.
    rate_numerator bigint CHECK (rate_numerator >= 0),
    rate_denominator bigint CHECK (rate_denominator > 0),
    rates_hash bytea CHECK (length(rates_hash) = 32),
    PRIMARY KEY (cycle_id, partner_id, currency),
    CHECK ((rate_numerator IS NULL) = (rate_denominator IS NULL) AND (rate_numerator IS NULL) = (rates_hash IS NULL))
)
---
-- Blocks of miles that a partner, or the bank, has bought before they are given. One person writes one down, another
-- approves it; it counts from the cycle on that is open then.
CREATE TABLE prepaid_block (
    block_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    program_id int NOT NULL REFERENCES program,
    partner_id int NOT NULL REFERENCES partner,
    basis text NOT NULL,
    units bigint NOT NULL CHECK (units > 0),
    bought_on date NOT NULL,
    paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
    currency int NOT NULL,
    -- The invoice or payment, once for each partner.
    reference text NOT NULL CHECK (btrim(reference) <> ''),
    proposed_by text NOT NULL REFERENCES staff_user,
    proposed_at timestamptz NOT NULL,
    approved_by text REFERENCES staff_user CHECK (approved_by <> proposed_by),
    approved_at timestamptz,
    cycle_id int REFERENCES settlement_cycle,
    UNIQUE (program_id, partner_id, reference),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (cycle_id IS NULL))
)
---
-- Cards that were enrolled for the first time, each in the cycle that was open. Replacements have no row, nor has what
-- was enrolled before the program's first cycle.
CREATE TABLE new_card (
    bucket int NOT NULL,
    token bytea NOT NULL CHECK (length(token) = 33),
    program_id int NOT NULL,
    cycle_id int NOT NULL,
    account_id bigint NOT NULL,
    PRIMARY KEY (bucket, token),
    FOREIGN KEY (bucket, token) REFERENCES card (bucket, token)
)
---
CREATE INDEX new_card_by_cycle ON new_card (cycle_id)
---
GRANT SELECT, INSERT ON new_card TO cobrand_gateway
---
GRANT SELECT ON settlement_item, settlement_balance, prepaid_block TO cobrand_gateway
---
GRANT SELECT ON settlement_item, settlement_balance, prepaid_block, new_card TO cobrand_console
