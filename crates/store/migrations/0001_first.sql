-- The first schema. Hot tables lead every key with `bucket`, a fixed property of the member account.
-- Statements are separated by lines that hold only three dashes; the runner sends one statement per call.
CREATE TABLE bank (
    bank_id int PRIMARY KEY,
    code text NOT NULL UNIQUE
)
---
CREATE TABLE partner (
    partner_id int PRIMARY KEY,
    code text NOT NULL UNIQUE
)
---
CREATE TABLE program (
    program_id int PRIMARY KEY,
    code text NOT NULL UNIQUE,
    bank_id int NOT NULL REFERENCES bank,
    cobrand_partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    time_zone text NOT NULL
)
---
-- Program texts are immutable, by content hash.
CREATE TABLE program_version (
    rules_hash bytea PRIMARY KEY CHECK (length(rules_hash) = 32),
    program_id int NOT NULL REFERENCES program,
    body text NOT NULL
)
---
CREATE TABLE settlement_cycle (
    cycle_id int PRIMARY KEY,
    program_id int NOT NULL REFERENCES program,
    sequence int NOT NULL CHECK (sequence > 0),
    business_date date NOT NULL,
    state text NOT NULL CHECK (state IN ('prepared', 'open', 'closing', 'published')),
    UNIQUE (program_id, sequence)
)
---
CREATE TABLE settlement_position (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    partner_id int NOT NULL REFERENCES partner,
    currency int NOT NULL,
    direction text NOT NULL,
    lines int NOT NULL,
    miles bigint NOT NULL,
    net_minor bigint NOT NULL,
    vat_minor bigint NOT NULL,
    rounding_minor bigint NOT NULL,
    to_pay_minor bigint NOT NULL CHECK (to_pay_minor >= 0),
    PRIMARY KEY (cycle_id, partner_id, currency)
)
---
CREATE TABLE settlement_file (
    receiver text NOT NULL,
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    sequence int NOT NULL CHECK (sequence > 0),
    revision int NOT NULL CHECK (revision >= 0),
    file_name text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    previous_sha256 bytea CHECK (length(previous_sha256) = 32),
    records int NOT NULL,
    published boolean NOT NULL,
    PRIMARY KEY (receiver, cycle_id, revision),
    UNIQUE (receiver, sequence, revision)
)
---
-- Where a card's rows lie. Small, replicated, cached by the gateways: a route never changes.
CREATE TABLE card_route (
    token bytea PRIMARY KEY CHECK (length(token) = 33),
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    program_id int NOT NULL REFERENCES program,
    bank_id int NOT NULL REFERENCES bank
)
---
-- By which a wrong key file is noticed: a keyed hash of a fixed text, never of a card number.
CREATE TABLE card_key (
    key_id int PRIMARY KEY,
    check_value bytea NOT NULL CHECK (length(check_value) = 32)
)
---
CREATE TABLE clearing_file (
    bank_id int NOT NULL REFERENCES bank,
    file_id text NOT NULL,
    sequence int NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    records int NOT NULL,
    state text NOT NULL CHECK (state IN ('importing', 'imported')),
    PRIMARY KEY (bank_id, file_id),
    UNIQUE (bank_id, sha256)
)
---
-- Messages that could not be taken: token-free, masked, to be looked at by a person.
CREATE TABLE quarantine (
    quarantine_key bytea PRIMARY KEY,
    bank_id int NOT NULL REFERENCES bank,
    received_at timestamptz NOT NULL,
    reason text NOT NULL,
    masked text NOT NULL
)
---
CREATE TABLE staff_user (
    name text PRIMARY KEY,
    password_hash text NOT NULL
)
---
CREATE TABLE member_account (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    bank_id int NOT NULL REFERENCES bank,
    program_id int NOT NULL REFERENCES program,
    member_number text NOT NULL,
    enrolled_on date NOT NULL,
    account_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, account_id)
) WITH (fillfactor = 80)
---
-- Enrollment finds the account of a member's further card by it.
CREATE INDEX member_by_number ON member_account (program_id, member_number)
---
CREATE TABLE card (
    bucket int NOT NULL,
    token bytea NOT NULL CHECK (length(token) = 33),
    account_id bigint NOT NULL,
    last4 text NOT NULL CHECK (length(last4) = 4),
    PRIMARY KEY (bucket, token),
    FOREIGN KEY (bucket, account_id) REFERENCES member_account (bucket, account_id)
)
---
-- From here on the message path writes. Its tables have no foreign keys to the small ones: each row would lock a
-- row that every other batch needs as well. Their numbers come from keys that the batch has read under lock, and
-- the ledger's own check compares them afterwards.
CREATE TABLE message (
    bucket int NOT NULL,
    message_key bytea NOT NULL CHECK (length(message_key) = 24),
    bank_id int NOT NULL,
    key_text text NOT NULL,
    content text NOT NULL,
    source text NOT NULL,
    mti text NOT NULL,
    stan text NOT NULL,
    transmitted text NOT NULL,
    retrieval text NOT NULL,
    approval text NOT NULL,
    arn text NOT NULL,
    acquirer text NOT NULL,
    card_acceptor text NOT NULL,
    terminal text NOT NULL,
    mcc text NOT NULL,
    last4 text NOT NULL CHECK (length(last4) <= 4),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency int NOT NULL,
    local_time timestamp NOT NULL,
    received_at timestamptz NOT NULL,
    bank_date date NOT NULL,
    account_id bigint,
    purchase_key bytea,
    counted_minor bigint NOT NULL,
    cycle_id int,
    business_date date,
    reply text NOT NULL,
    explanation text NOT NULL,
    audit_mac bytea NOT NULL CHECK (length(audit_mac) = 32),
    PRIMARY KEY (bucket, message_key)
)
---
-- A key begins with the time of sending: the day's messages in order.
CREATE INDEX message_by_cycle ON message (cycle_id, message_key, bucket)
---
-- Messages of cards that belong to no member have no cycle.
CREATE INDEX message_without_member ON message (bank_id, bank_date) WHERE cycle_id IS NULL
---
CREATE INDEX message_by_retrieval ON message (retrieval)
---
CREATE TABLE purchase (
    bucket int NOT NULL,
    purchase_key bytea NOT NULL CHECK (length(purchase_key) = 24),
    bank_id int NOT NULL,
    account_id bigint NOT NULL,
    program_id int NOT NULL,
    rules_hash bytea NOT NULL,
    partner_id int,
    mcc int,
    purchase_date date NOT NULL,
    is_purchase boolean NOT NULL,
    currency int NOT NULL,
    held_minor bigint NOT NULL CHECK (held_minor >= 0),
    hold text NOT NULL CHECK (hold IN ('none', 'held', 'released')),
    till_original_minor bigint,
    till_discount_minor bigint,
    cleared_minor bigint NOT NULL CHECK (cleared_minor >= 0),
    refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
    booked text NOT NULL,
    pending text NOT NULL,
    PRIMARY KEY (bucket, purchase_key),
    FOREIGN KEY (bucket, account_id) REFERENCES member_account (bucket, account_id)
) WITH (fillfactor = 80)
---
CREATE TABLE match_ref (
    bucket int NOT NULL,
    bank_id int NOT NULL,
    kind smallint NOT NULL,
    value text NOT NULL,
    message_key bytea NOT NULL,
    purchase_key bytea,
    amount_minor bigint NOT NULL,
    transaction_minor bigint NOT NULL,
    PRIMARY KEY (bucket, bank_id, kind, value, message_key)
)
---
-- One immutable row is one movement. Corrections are new rows.
CREATE TABLE transfer (
    bucket int NOT NULL,
    message_key bytea NOT NULL,
    leg smallint NOT NULL,
    phase smallint NOT NULL CHECK (phase IN (1, 2)),
    bank_id int NOT NULL,
    program_id int NOT NULL,
    cycle_id int NOT NULL,
    account_id bigint NOT NULL,
    purchase_key bytea NOT NULL,
    rules_hash bytea NOT NULL,
    item text NOT NULL,
    unit_kind smallint NOT NULL CHECK (unit_kind IN (1, 2, 3)),
    unit_id int NOT NULL,
    debit_kind smallint NOT NULL CHECK (debit_kind IN (1, 2, 3)),
    debit_id bigint NOT NULL,
    credit_kind smallint NOT NULL CHECK (credit_kind IN (1, 2, 3)),
    credit_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (bucket, message_key, leg),
    CHECK ((debit_kind, debit_id) <> (credit_kind, credit_id))
)
---
CREATE INDEX transfer_by_cycle ON transfer (cycle_id, phase)
---
CREATE TABLE member_balance (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    unit_kind smallint NOT NULL,
    unit_id int NOT NULL,
    posted bigint NOT NULL,
    pending bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, unit_kind, unit_id)
) WITH (fillfactor = 80)
---
CREATE TABLE member_counter (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    program_id int NOT NULL,
    rule text NOT NULL,
    period text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, program_id, rule, period)
) WITH (fillfactor = 80)
---
CREATE TABLE outbox (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    account_seq bigint NOT NULL,
    message_key bytea NOT NULL,
    topic text NOT NULL,
    payload text NOT NULL,
    PRIMARY KEY (bucket, account_id, account_seq)
)
---
-- The open cycle and the rules in force, once for each bucket: a batch holds one row of each of its programs
-- in share mode, and the switch updates all rows of a program, so a cut leaves no gap.
CREATE TABLE cycle_gate (
    bucket int NOT NULL,
    program_id int NOT NULL REFERENCES program,
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    rules_hash bytea NOT NULL REFERENCES program_version,
    PRIMARY KEY (bucket, program_id)
)
---
-- The message path acts as this role: it may add to the ledger, never change or remove what is there.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cobrand_gateway') THEN
        CREATE ROLE cobrand_gateway NOLOGIN;
    END IF;
EXCEPTION
    -- A role belongs to the whole cluster: the migration of another database may be first.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$
---
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cobrand_gateway
---
REVOKE SELECT ON staff_user FROM cobrand_gateway
---
GRANT INSERT ON message, match_ref, transfer, outbox, quarantine, card_route, card, clearing_file TO cobrand_gateway
---
GRANT INSERT, UPDATE ON member_account, purchase, member_balance, member_counter TO cobrand_gateway
---
-- FOR SHARE on the gate asks for the UPDATE privilege; the message path has no statement that changes it.
GRANT UPDATE ON cycle_gate TO cobrand_gateway
---
GRANT UPDATE (state) ON clearing_file TO cobrand_gateway
