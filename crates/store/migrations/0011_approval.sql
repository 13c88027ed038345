-- Changes of a program: one person proposes a text, another one approves or rejects it, at its instant it comes into
-- force. No row of these tables ever changes: the state of a proposal is what its rows say.
CREATE TABLE rules_proposal (
    proposal_id int PRIMARY KEY,
    program_id int NOT NULL REFERENCES program,
    -- The text, and its SHA-256. It becomes a program_version when it comes into force: until then nothing follows it.
    rules_hash bytea NOT NULL CHECK (length(rules_hash) = 32),
    body text NOT NULL CHECK (body <> ''),
    -- The version in force when it was proposed: what the attached comparison compares with.
    against_hash bytea NOT NULL REFERENCES program_version,
    proposed_by text NOT NULL REFERENCES staff_user,
    proposed_at timestamptz NOT NULL,
    comment text NOT NULL CHECK (comment <> ''),
    -- `now`, `cut-off` (the next one after the approval) or `at`, with the instant.
    wanted text NOT NULL CHECK (wanted IN ('now', 'cut-off', 'at')),
    wanted_at timestamptz CHECK ((wanted = 'at') = (wanted_at IS NOT NULL)),
    -- What static analysis, the file's tests and the comparison said, as JSON.
    assessment text NOT NULL,
    -- Whether the text can be read, does not contradict itself and passes its tests.
    approvable boolean NOT NULL,
    -- A back-test's report as JSON, as it was given.
    backtest text,
    -- What decisions refer to.
    UNIQUE (proposal_id, proposed_by, approvable)
)
---
CREATE INDEX rules_proposal_by_program ON rules_proposal (program_id, proposal_id)
---
-- One decision for each proposal: of two approvers at once, one is too late. Nobody decides on his own proposal, and
-- what is not approvable is not approved: there is no exception, for nobody.
CREATE TABLE rules_decision (
    proposal_id int PRIMARY KEY,
    proposed_by text NOT NULL,
    approvable boolean NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    decided_by text NOT NULL REFERENCES staff_user,
    decided_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    effective_at timestamptz CHECK ((verdict = 'approved') = (effective_at IS NOT NULL)),
    FOREIGN KEY (proposal_id, proposed_by, approvable)
        REFERENCES rules_proposal (proposal_id, proposed_by, approvable),
    CONSTRAINT rules_decision_by_another_person CHECK (decided_by <> proposed_by),
    CONSTRAINT rules_decision_of_what_may_be_approved CHECK (verdict = 'rejected' OR approvable)
)
---
-- Taken back before it came into force: by the one who proposed it or by anybody else.
CREATE TABLE rules_withdrawal (
    proposal_id int PRIMARY KEY REFERENCES rules_proposal,
    withdrawn_by text NOT NULL REFERENCES staff_user,
    withdrawn_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> '')
)
---
-- Which version was in force from when on. Without a proposal: it came from the program's file.
CREATE TABLE rules_in_force (
    program_id int NOT NULL REFERENCES program,
    sequence int NOT NULL CHECK (sequence > 0),
    rules_hash bytea NOT NULL REFERENCES program_version,
    since timestamptz NOT NULL,
    proposal_id int UNIQUE REFERENCES rules_proposal,
    PRIMARY KEY (program_id, sequence)
)
---
INSERT INTO rules_in_force (program_id, sequence, rules_hash, since)
    SELECT program_id, 1, rules_hash, now() FROM cycle_gate WHERE bucket = 0
---
-- Whoever is locked does not sign in, and neither sessions nor keys count; what was proposed and decided keeps its name.
ALTER TABLE staff_user ADD COLUMN locked_at timestamptz
---
-- Keys with which staff ask the API: the SHA-256 of each, never the key.
CREATE TABLE staff_token (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    name text NOT NULL REFERENCES staff_user,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at)
)
---
-- The console acts as this role: it reads, and adds proposals and what staff say to them. It never writes the books.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cobrand_console') THEN
        CREATE ROLE cobrand_console NOLOGIN;
    END IF;
EXCEPTION
    -- A role belongs to the whole cluster: the migration of another database may be first.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$
---
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cobrand_console
---
-- No page tells of card keys. What later migrations add, it reads only where they say so.
REVOKE SELECT ON card_key FROM cobrand_console
---
GRANT INSERT ON rules_proposal, rules_decision, rules_withdrawal TO cobrand_console
---
GRANT SELECT ON rules_proposal, rules_decision, rules_withdrawal, rules_in_force TO cobrand_gateway
