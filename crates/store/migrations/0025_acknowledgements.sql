-- What receivers answer to settlement files. Rows are only added. `number` is the receiver's own number of an answer that
-- counts; without one it could not be read, was for somebody else, or came under a number that was taken.
CREATE TABLE settlement_answer (
    answer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver text NOT NULL,
    number int CHECK (number > 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    -- As it came, cut and without what could be a card number.
    body text NOT NULL,
    verdict text,
    -- The edition that it speaks of, if this receiver was sent it.
    file_sequence int,
    revision int,
    outcome text NOT NULL,
    -- What is wrong with it, if something is.
    problem text NOT NULL,
    brought_by text NOT NULL CHECK (brought_by <> ''),
    received_at timestamptz NOT NULL,
    UNIQUE (receiver, number),
    CHECK ((file_sequence IS NULL) = (revision IS NULL))
)
---
CREATE UNIQUE INDEX settlement_answer_bytes ON settlement_answer (receiver, sha256, (number IS NOT NULL))
---
CREATE INDEX settlement_answer_by_file ON settlement_answer (receiver, file_sequence, revision)
---
-- What an answer has set going, and when it was done: whoever breaks off is followed by another.
CREATE TABLE settlement_answer_effect (
    answer_id bigint PRIMARY KEY REFERENCES settlement_answer,
    effect text NOT NULL CHECK (effect IN ('resend', 'new_revision')),
    done_at timestamptz
)
---
CREATE INDEX settlement_answer_effect_waiting ON settlement_answer_effect (answer_id) WHERE done_at IS NULL
---
-- Until when an edition must be answered: from when on it was seen as published, for receivers that are to answer.
CREATE TABLE settlement_expected (
    receiver text NOT NULL,
    file_sequence int NOT NULL,
    revision int NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (receiver, file_sequence, revision)
)
---
-- A line that a receiver disputes: once for each line.
CREATE TABLE settlement_dispute (
    dispute_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    answer_id bigint NOT NULL REFERENCES settlement_answer,
    receiver text NOT NULL,
    file_sequence int NOT NULL,
    revision int NOT NULL,
    line_id text NOT NULL,
    code text NOT NULL,
    their_net_minor bigint,
    their_vat_minor bigint,
    their_reference text NOT NULL,
    program_id int NOT NULL REFERENCES program,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    -- The direction in which the batch states its amounts.
    stated text NOT NULL CHECK (stated IN ('bank_pays_partner', 'partner_pays_bank')),
    -- The record as it stands in the file.
    record text NOT NULL,
    UNIQUE (receiver, line_id),
    CHECK ((their_net_minor IS NULL) = (their_vat_minor IS NULL))
)
---
CREATE INDEX settlement_dispute_by_file ON settlement_dispute (receiver, file_sequence, revision)
---
CREATE TABLE settlement_dispute_item (
    dispute_id bigint NOT NULL REFERENCES settlement_dispute,
    place smallint NOT NULL,
    basis text,
    quantity bigint NOT NULL,
    net_minor bigint NOT NULL,
    vat_minor bigint NOT NULL,
    PRIMARY KEY (dispute_id, place)
)
---
-- What one person proposes: to correct something in a later cycle (`adjust`), or to leave a disputed line as it is
-- (`reject`).
CREATE TABLE adjustment_proposal (
    proposal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verdict text NOT NULL CHECK (verdict IN ('adjust', 'reject')),
    dispute_id bigint REFERENCES settlement_dispute,
    program_id int NOT NULL REFERENCES program,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    stated text NOT NULL CHECK (stated IN ('bank_pays_partner', 'partner_pays_bank')),
    -- What is corrected: the id of a line, or another reference.
    original text NOT NULL CHECK (btrim(original) <> ''),
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    proposed_by text NOT NULL REFERENCES staff_user,
    proposed_at timestamptz NOT NULL,
    UNIQUE (proposal_id, proposed_by, verdict),
    CHECK (verdict = 'adjust' OR dispute_id IS NOT NULL)
)
---
CREATE INDEX adjustment_proposal_by_dispute ON adjustment_proposal (dispute_id)
---
CREATE TABLE adjustment_proposal_item (
    proposal_id bigint NOT NULL REFERENCES adjustment_proposal,
    place smallint NOT NULL,
    basis text,
    quantity bigint NOT NULL,
    net_minor bigint NOT NULL,
    vat_minor bigint NOT NULL,
    PRIMARY KEY (proposal_id, place),
    CHECK (quantity <> 0 OR net_minor <> 0 OR vat_minor <> 0)
)
---
-- One decision for each proposal. Nobody approves his own; whoever proposed may take it back.
CREATE TABLE adjustment_decision (
    proposal_id bigint PRIMARY KEY,
    proposed_by text NOT NULL,
    proposed_verdict text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    decided_by text NOT NULL REFERENCES staff_user,
    decided_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    UNIQUE (proposal_id, proposed_verdict, verdict),
    FOREIGN KEY (proposal_id, proposed_by, proposed_verdict)
        REFERENCES adjustment_proposal (proposal_id, proposed_by, verdict),
    CONSTRAINT adjustment_decision_by_another_person CHECK (verdict = 'rejected' OR decided_by <> proposed_by)
)
---
-- What two people have decided to correct. It goes into the file of the cycle that takes it, once.
CREATE TABLE settlement_adjustment (
    proposal_id bigint PRIMARY KEY,
    proposed_verdict text NOT NULL DEFAULT 'adjust' CHECK (proposed_verdict = 'adjust'),
    decision text NOT NULL DEFAULT 'approved' CHECK (decision = 'approved'),
    cycle_id int REFERENCES settlement_cycle,
    FOREIGN KEY (proposal_id, proposed_verdict, decision)
        REFERENCES adjustment_decision (proposal_id, proposed_verdict, verdict)
)
---
CREATE INDEX settlement_adjustment_by_cycle ON settlement_adjustment (cycle_id)
---
-- The batches that have taken theirs: however often a close runs, none is added later.
CREATE TABLE settlement_adjustments_taken (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    PRIMARY KEY (cycle_id, partner_id, currency)
)
---
-- A receiver's own statement, as it was imported. Nothing is booked from it.
CREATE TABLE partner_statement (
    statement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver text NOT NULL,
    reference text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    first_date date NOT NULL,
    last_date date NOT NULL CHECK (last_date >= first_date),
    lines int NOT NULL,
    brought_by text NOT NULL CHECK (brought_by <> ''),
    imported_at timestamptz NOT NULL,
    UNIQUE (receiver, sha256)
)
---
CREATE TABLE partner_statement_line (
    statement_id bigint NOT NULL REFERENCES partner_statement,
    place int NOT NULL,
    reference text NOT NULL,
    date date NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    direction text NOT NULL,
    text text NOT NULL,
    -- What it was found to be: `matched`, or why not.
    result text NOT NULL,
    -- Our id of the line or of the file that it names, if there is one.
    matched text,
    our_minor bigint,
    PRIMARY KEY (statement_id, place)
)
---
GRANT SELECT ON settlement_answer, settlement_answer_effect, settlement_expected, settlement_dispute,
    settlement_dispute_item, adjustment_proposal, adjustment_proposal_item, adjustment_decision, settlement_adjustment,
    settlement_adjustments_taken, partner_statement, partner_statement_line TO cobrand_console
