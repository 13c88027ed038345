-- What was compared with what, what was found to be the same, and what was not. Runs and matches are only added.
CREATE TABLE reconciliation_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL CHECK (source IN ('bank_clearing', 'bank_totals', 'bank_statement', 'acknowledgement',
        'handback', 'partner_statement', 'own_file')),
    -- The file, statement, window or cycle that was compared.
    scope text NOT NULL CHECK (scope <> ''),
    program_id int REFERENCES program,
    bank_id int REFERENCES bank,
    partner_id int REFERENCES partner,
    cycle_id int REFERENCES settlement_cycle,
    -- Of what was compared.
    business_date date NOT NULL,
    -- What was due was judged by this instant.
    as_of timestamptz NOT NULL,
    compared_at timestamptz NOT NULL,
    -- The same inputs are not compared again.
    inputs_sha256 bytea NOT NULL CHECK (length(inputs_sha256) = 32),
    matched bigint NOT NULL CHECK (matched >= 0),
    suggested bigint NOT NULL CHECK (suggested >= 0),
    expected bigint NOT NULL CHECK (expected >= 0),
    broken bigint NOT NULL CHECK (broken >= 0),
    -- Empty, or why the input could not be read: one bad input never stops the others.
    problem text NOT NULL
)
---
CREATE INDEX reconciliation_run_by_scope ON reconciliation_run (source, scope, run_id DESC)
---
CREATE INDEX reconciliation_run_by_date ON reconciliation_run (business_date, source)
---
CREATE TABLE reconciliation_match (
    run_id bigint NOT NULL REFERENCES reconciliation_run,
    place int NOT NULL,
    shape text NOT NULL CHECK (shape IN ('1:1', '1:N', 'N:1', 'N:M')),
    -- The rung of the ladder of identifiers.
    rule text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('confirmed', 'suggested')),
    reason text NOT NULL,
    -- Three letters of a currency, `MILES`, or empty: nothing is counted.
    unit text NOT NULL,
    ours bigint NOT NULL,
    theirs bigint NOT NULL,
    difference bigint NOT NULL,
    our_refs text[] NOT NULL,
    their_refs text[] NOT NULL,
    PRIMARY KEY (run_id, place)
)
---
-- What does not agree. A row is found again by its key; only its last run and its cure change.
CREATE TABLE reconciliation_break (
    break_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of source, scope, class, subject and unit.
    break_key bytea NOT NULL UNIQUE CHECK (length(break_key) = 32),
    source text NOT NULL,
    scope text NOT NULL,
    class text NOT NULL CHECK (class IN ('missing', 'late', 'carried_forward', 'missing_ours', 'missing_theirs',
        'duplicate', 'unknown_partner', 'amount', 'fee', 'vat_rounding', 'fx', 'currency', 'miles_rate', 'split',
        'reference', 'ambiguous', 'sequence_gap', 'totals', 'altered_file', 'signature', 'nack')),
    timing text NOT NULL CHECK (timing IN ('data', 'timing')),
    program_id int REFERENCES program,
    bank_id int REFERENCES bank,
    partner_id int REFERENCES partner,
    cycle_id int REFERENCES settlement_cycle,
    business_date date NOT NULL,
    -- The line, reference, file ... that it is about; never a card number.
    subject text NOT NULL,
    unit text NOT NULL,
    ours bigint,
    theirs bigint,
    -- Theirs less ours, in minor units or miles; 0 where nothing is counted.
    difference bigint NOT NULL,
    -- The transaction, where it is known.
    bucket int,
    message_key bytea CHECK (length(message_key) = 24),
    reason text NOT NULL,
    -- Side by side: [{"field":"amount","ours":"12345","theirs":"12435","differs":true}, ...], raw values.
    fields jsonb NOT NULL,
    first_run bigint NOT NULL REFERENCES reconciliation_run,
    found_at timestamptz NOT NULL,
    last_run bigint NOT NULL REFERENCES reconciliation_run,
    -- A later run no longer found it; one that finds it again empties this.
    cured_run bigint REFERENCES reconciliation_run,
    CHECK ((bucket IS NULL) = (message_key IS NULL))
)
---
CREATE INDEX reconciliation_break_open ON reconciliation_break (source, scope) WHERE cured_run IS NULL
---
CREATE INDEX reconciliation_break_by_date ON reconciliation_break (business_date, class)
---
CREATE INDEX reconciliation_break_by_message ON reconciliation_break (bucket, message_key) WHERE message_key IS NOT NULL
---
-- A bank's statement of the account that settlement is paid by, as it was imported. Nothing is booked from it.
CREATE TABLE bank_statement (
    statement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank_id int NOT NULL REFERENCES bank,
    reference text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    first_date date NOT NULL,
    last_date date NOT NULL CHECK (last_date >= first_date),
    lines int NOT NULL CHECK (lines > 0),
    brought_by text NOT NULL CHECK (brought_by <> ''),
    imported_at timestamptz NOT NULL,
    UNIQUE (bank_id, sha256)
)
---
CREATE TABLE bank_statement_line (
    statement_id bigint NOT NULL REFERENCES bank_statement,
    place int NOT NULL,
    reference text NOT NULL,
    date date NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    -- Who pays a positive amount.
    direction text NOT NULL CHECK (direction IN ('bank_pays_partner', 'partner_pays_bank')),
    text text NOT NULL,
    PRIMARY KEY (statement_id, place)
)
---
-- The lines of a receiver's statements that name lines of a file.
CREATE INDEX partner_statement_line_named ON partner_statement_line (statement_id, matched text_pattern_ops)
---
GRANT SELECT ON reconciliation_run, reconciliation_match, reconciliation_break, bank_statement, bank_statement_line
    TO cobrand_console
