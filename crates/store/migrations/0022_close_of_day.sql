-- The close of a day goes on by steps: closing (cut), computed, approved, published, delivered, acknowledged. Who computed
-- it and who approved it are kept where two people must.
ALTER TABLE settlement_cycle
    DROP CONSTRAINT settlement_cycle_state_check,
    ADD CONSTRAINT settlement_cycle_state_check CHECK (state IN ('prepared', 'open', 'closing', 'computed', 'approved',
        'published', 'delivered', 'acknowledged')),
    -- A person of the staff, or empty: the scheduler.
    ADD COLUMN computed_by text,
    ADD COLUMN two_people boolean NOT NULL DEFAULT false,
    ADD COLUMN approved_by text REFERENCES staff_user,
    ADD CONSTRAINT settlement_cycle_two_people CHECK (approved_by <> computed_by),
    ADD CONSTRAINT settlement_cycle_approval CHECK (NOT two_people OR approved_by IS NOT NULL
        OR state IN ('prepared', 'open', 'closing', 'computed'))
---
-- What each batch came to, in the direction in which it is stated, and the hash of its records: whoever renders them
-- again must get the same.
CREATE TABLE settlement_batch (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    stated text NOT NULL CHECK (stated IN ('bank_pays_partner', 'partner_pays_bank')),
    transactions bigint NOT NULL,
    adjustments bigint NOT NULL,
    charges bigint NOT NULL,
    -- `<item>=<quantity>;...`, in the order of the terms.
    quantities text NOT NULL,
    records bigint NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (cycle_id, partner_id, currency)
)
---
-- Who closes a program's days. One at a time: whoever takes it over gets a higher fence, and every write of a close
-- compares the fence that it began with. It may be taken over when its time is out or its owner's session is gone.
CREATE TABLE close_lease (
    program_id int PRIMARY KEY REFERENCES program,
    owner text NOT NULL,
    fence bigint NOT NULL,
    until timestamptz NOT NULL,
    session int NOT NULL,
    session_began timestamptz NOT NULL
)
---
GRANT SELECT ON settlement_batch, close_lease TO cobrand_gateway, cobrand_console
