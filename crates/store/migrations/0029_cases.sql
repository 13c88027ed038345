-- What people do about breaks. A case stands beside its break under the same number; what happens to it, what is proposed,
-- decided and booked are rows that are only added.
ALTER TABLE reconciliation_break ADD CONSTRAINT reconciliation_break_unit UNIQUE (break_id, unit)
---
ALTER TABLE reconciliation_break
    ADD CONSTRAINT reconciliation_break_settled_with UNIQUE (break_id, program_id, partner_id)
---
CREATE INDEX reconciliation_break_by_last_run ON reconciliation_break (last_run)
---
CREATE INDEX reconciliation_break_by_cure ON reconciliation_break (cured_run) WHERE cured_run IS NOT NULL
---
-- Where a case stands. Its history is case_event, its ledger case_booking.
CREATE TABLE break_case (
    case_id bigint PRIMARY KEY,
    -- As of its break.
    unit text NOT NULL,
    -- Theirs less ours, as the last comparison that found it says.
    difference bigint NOT NULL,
    -- The difference less all that is booked: bookings and comparisons change it, nothing else may.
    left_amount bigint NOT NULL,
    -- The size of the difference, for lists.
    size bigint NOT NULL GENERATED ALWAYS AS (abs(greatest(difference, -9223372036854775807))) STORED,
    state text NOT NULL CHECK (state IN ('open', 'assigned', 'pending_external', 'resolved')),
    assigned_to text REFERENCES staff_user,
    severity text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    severity_rank int NOT NULL GENERATED ALWAYS AS
        (CASE severity WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN 'high' THEN 2 ELSE 3 END) STORED,
    -- Age counts from here, and never restarts.
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    wait_until date,
    resolved_at timestamptz,
    resolution text CHECK (resolution IN ('matched', 'written_off', 'adjusted', 'explained', 'cured')),
    -- Counts what was changed: whoever decides says what he has seen.
    version int NOT NULL CHECK (version > 0),
    UNIQUE (case_id, unit),
    FOREIGN KEY (case_id, unit) REFERENCES reconciliation_break (break_id, unit),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((state = 'resolved') = (resolution IS NOT NULL)),
    CONSTRAINT break_case_resolved_with_nothing_left CHECK (state <> 'resolved' OR left_amount = 0),
    CHECK (state <> 'assigned' OR assigned_to IS NOT NULL),
    CHECK (state <> 'open' OR assigned_to IS NULL),
    CHECK (wait_until IS NULL OR state = 'pending_external'),
    CHECK (unit <> '' OR (difference = 0 AND left_amount = 0))
)
---
CREATE INDEX break_case_by_age ON break_case (opened_at, case_id)
---
CREATE INDEX break_case_by_size ON break_case ((-size), case_id)
---
CREATE INDEX break_case_by_severity ON break_case ((-severity_rank), opened_at, case_id)
---
CREATE INDEX break_case_unresolved ON break_case (opened_at, case_id) WHERE state <> 'resolved'
---
CREATE INDEX break_case_by_person ON break_case (assigned_to, opened_at, case_id) WHERE state <> 'resolved'
---
CREATE TABLE case_event (
    case_id bigint NOT NULL REFERENCES break_case,
    place int NOT NULL CHECK (place > 0),
    at timestamptz NOT NULL,
    -- NULL: a comparison, or the time.
    by text REFERENCES staff_user,
    what text NOT NULL CHECK (what IN ('opened', 'assigned', 'commented', 'attached', 'proposed', 'approved', 'rejected',
        'taken_back', 'ripened', 'escalated', 'cured', 'found_again')),
    body jsonb NOT NULL,
    PRIMARY KEY (case_id, place)
)
---
CREATE TABLE case_attachment (
    case_id bigint NOT NULL,
    place int NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL,
    bytes bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 5242880),
    sha256 bytea NOT NULL CHECK (sha256 = sha256(bytes)),
    PRIMARY KEY (case_id, place),
    UNIQUE (case_id, sha256),
    FOREIGN KEY (case_id, place) REFERENCES case_event
)
---
-- What one person proposes, with all that is booked if another one approves it.
CREATE TABLE case_proposal (
    proposal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL,
    -- The one before it, which is decided: so no more than one of a case waits.
    previous bigint UNIQUE,
    kind text NOT NULL CHECK (kind IN ('match', 'write_off', 'adjust', 'send_back', 'wait_until', 'explain')),
    unit text NOT NULL,
    -- How much of what is left, with its sign.
    amount_minor bigint NOT NULL,
    wait_until date,
    their_ref text NOT NULL,
    our_ref text NOT NULL,
    -- On which a write-off is booked.
    account text CHECK (account IN ('differences', 'rounding', 'fees', 'exchange', 'miles')),
    -- The adjustment as the partner's next file will have it.
    program_id int,
    partner_id int,
    currency int,
    stated text CHECK (stated IN ('bank_pays_partner', 'partner_pays_bank')),
    original text CHECK (btrim(original) <> ''),
    basis text,
    quantity bigint,
    net_minor bigint,
    vat_minor bigint,
    -- What is corrected is a line that the receiver disputes: one correction of it, by this way or by the other.
    dispute_id bigint REFERENCES settlement_dispute,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    proposed_by text NOT NULL REFERENCES staff_user,
    proposed_at timestamptz NOT NULL,
    UNIQUE (proposal_id, proposed_by),
    UNIQUE (proposal_id, case_id),
    FOREIGN KEY (case_id, unit) REFERENCES break_case (case_id, unit),
    FOREIGN KEY (case_id, program_id, partner_id) REFERENCES reconciliation_break (break_id, program_id, partner_id),
    CHECK (kind IN ('match', 'write_off', 'adjust') OR amount_minor = 0),
    CHECK (kind NOT IN ('write_off', 'adjust') OR (amount_minor <> 0 AND unit <> '')),
    CHECK (kind <> 'wait_until' OR wait_until IS NOT NULL),
    CHECK (wait_until IS NULL OR kind IN ('wait_until', 'send_back')),
    CHECK (kind <> 'match' OR their_ref <> '' OR our_ref <> ''),
    CHECK ((kind = 'write_off') = (account IS NOT NULL)),
    CHECK (account IS NULL OR (account = 'miles') = (unit = 'MILES')),
    CHECK (num_nonnulls(program_id, partner_id, currency, stated, original, quantity, net_minor, vat_minor)
        = CASE kind WHEN 'adjust' THEN 8 ELSE 0 END),
    CHECK (basis IS NULL OR kind = 'adjust'),
    CONSTRAINT case_proposal_adjusts_its_amount
        CHECK (kind <> 'adjust' OR amount_minor = CASE unit WHEN 'MILES' THEN quantity ELSE net_minor + vat_minor END)
)
---
CREATE UNIQUE INDEX case_proposal_first ON case_proposal (case_id) WHERE previous IS NULL
---
CREATE INDEX case_proposal_by_case ON case_proposal (case_id, proposal_id)
---
-- One decision for each proposal. Nobody approves his own, whatever his role; whoever proposed may take it back.
CREATE TABLE case_decision (
    proposal_id bigint PRIMARY KEY,
    case_id bigint NOT NULL,
    proposed_by text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    decided_by text NOT NULL REFERENCES staff_user,
    decided_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    UNIQUE (proposal_id, case_id),
    UNIQUE (proposal_id, verdict),
    FOREIGN KEY (proposal_id, case_id) REFERENCES case_proposal (proposal_id, case_id),
    FOREIGN KEY (proposal_id, proposed_by) REFERENCES case_proposal (proposal_id, proposed_by),
    CONSTRAINT case_decision_by_another_person CHECK (verdict = 'rejected' OR decided_by <> proposed_by)
)
---
ALTER TABLE case_proposal ADD CONSTRAINT case_proposal_behind_a_decided_one
    FOREIGN KEY (previous, case_id) REFERENCES case_decision (proposal_id, case_id)
---
-- The ledger of cases: what became of differences. Every approval has a row, of kind `none` where no amount moves.
CREATE TABLE case_booking (
    booking_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('write_off', 'adjust', 'match', 'cured', 'none')),
    proposal_id bigint UNIQUE,
    decision text CHECK (decision = 'approved'),
    -- The comparison that no longer found it, or found it again.
    run_id bigint REFERENCES reconciliation_run,
    program_id int REFERENCES program,
    partner_id int REFERENCES partner,
    unit text NOT NULL,
    -- With the sign of the difference; turned where a cured break was found again.
    amount bigint NOT NULL,
    direction text NOT NULL GENERATED ALWAYS AS
        (CASE WHEN amount > 0 THEN 'theirs_more' WHEN amount < 0 THEN 'ours_more' ELSE 'none' END) STORED,
    account text,
    adjustment_id bigint UNIQUE REFERENCES settlement_adjustment,
    booked_at timestamptz NOT NULL,
    FOREIGN KEY (case_id, unit) REFERENCES break_case (case_id, unit),
    FOREIGN KEY (proposal_id, case_id) REFERENCES case_proposal (proposal_id, case_id),
    FOREIGN KEY (proposal_id, decision) REFERENCES case_decision (proposal_id, verdict),
    CHECK ((kind = 'cured') = (run_id IS NOT NULL)),
    CHECK ((kind = 'cured') = (proposal_id IS NULL)),
    CHECK ((proposal_id IS NULL) = (decision IS NULL)),
    CHECK ((kind = 'write_off') = (account IS NOT NULL)),
    CHECK ((kind = 'adjust') = (adjustment_id IS NOT NULL)),
    CHECK (kind <> 'none' OR amount = 0)
)
---
CREATE INDEX case_booking_by_case ON case_booking (case_id, booking_id)
---
CREATE FUNCTION case_rows_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'case_rows_are_only_added';
END
$$
---
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON case_event
    FOR EACH STATEMENT EXECUTE FUNCTION case_rows_are_only_added()
---
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON case_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION case_rows_are_only_added()
---
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON case_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION case_rows_are_only_added()
---
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON case_decision
    FOR EACH STATEMENT EXECUTE FUNCTION case_rows_are_only_added()
---
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON case_booking
    FOR EACH STATEMENT EXECUTE FUNCTION case_rows_are_only_added()
---
-- Whether an amount brings what is left towards zero and not past it.
CREATE FUNCTION case_amount_is_within(amount bigint, what_is_left bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT amount <> 0 AND ((amount > 0 AND amount <= what_is_left) OR (amount < 0 AND amount >= what_is_left))
$$
---
-- Whether nobody has proposed to correct a disputed line, or it was refused. One at a time looks, as with all proposals about
-- disputes.
CREATE FUNCTION case_dispute_is_open(dispute bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7165053775570166821);
    RETURN NOT EXISTS (SELECT FROM adjustment_proposal q LEFT JOIN adjustment_decision s ON s.proposal_id = q.proposal_id
        WHERE q.dispute_id = dispute AND s.verdict IS DISTINCT FROM 'rejected');
END
$$
---
-- A proposal fits what is left when it is made.
CREATE FUNCTION case_proposal_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found break_case%ROWTYPE;
    fits boolean;
BEGIN
    SELECT * INTO found FROM break_case WHERE case_id = NEW.case_id FOR UPDATE;
    fits := found.state <> 'resolved' AND CASE NEW.kind
        WHEN 'match' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
            OR (NEW.amount_minor = 0 AND found.left_amount = 0)
        WHEN 'write_off' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
        WHEN 'adjust' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
        WHEN 'explain' THEN found.left_amount = 0
        ELSE true END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'case % is resolved, or less is left of it', NEW.case_id
            USING ERRCODE = 'check_violation', TABLE = 'case_proposal', CONSTRAINT = 'case_proposal_within_what_is_left';
    END IF;
    NEW.dispute_id := NULL;
    IF NEW.kind = 'adjust' THEN
        SELECT min(d.dispute_id) INTO NEW.dispute_id FROM settlement_dispute d, reconciliation_break b
            WHERE b.break_id = NEW.case_id AND d.program_id = NEW.program_id AND d.partner_id = NEW.partner_id
            AND d.line_id IN (NEW.original, split_part(b.subject, '#', 1));
        IF NEW.dispute_id IS NOT NULL AND NOT case_dispute_is_open(NEW.dispute_id) THEN
            RAISE EXCEPTION 'a correction of dispute % is proposed or approved already', NEW.dispute_id
                USING ERRCODE = 'check_violation', TABLE = 'case_proposal', CONSTRAINT = 'case_corrects_a_line_once';
        END IF;
    END IF;
    RETURN NEW;
END
$$
---
CREATE TRIGGER fits BEFORE INSERT ON case_proposal FOR EACH ROW EXECUTE FUNCTION case_proposal_fits()
---
-- What is booked is taken from what is left, and never more than that. A cure takes all of it; what was cured comes back whole.
CREATE FUNCTION case_booking_counts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found break_case%ROWTYPE;
    cured bigint;
    fits boolean;
BEGIN
    SELECT * INTO found FROM break_case WHERE case_id = NEW.case_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO cured FROM case_booking WHERE case_id = NEW.case_id AND kind = 'cured';
    fits := CASE NEW.kind
        WHEN 'none' THEN true
        WHEN 'cured' THEN NEW.amount = CASE WHEN cured = 0 THEN found.left_amount ELSE -cured END
        WHEN 'match' THEN case_amount_is_within(NEW.amount, found.left_amount)
            OR (NEW.amount = 0 AND found.left_amount = 0)
        ELSE case_amount_is_within(NEW.amount, found.left_amount) END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'case % has % left', NEW.case_id, found.left_amount
            USING ERRCODE = 'check_violation', TABLE = 'case_booking', CONSTRAINT = 'case_booking_within_what_is_left';
    END IF;
    UPDATE break_case SET left_amount = left_amount - NEW.amount WHERE case_id = NEW.case_id;
    RETURN NEW;
END
$$
---
CREATE TRIGGER counts BEFORE INSERT ON case_booking FOR EACH ROW EXECUTE FUNCTION case_booking_counts()
---
-- An approval is booked as it was proposed, in the same instant, whoever says it. An adjustment goes the way of all others:
-- proposed by one person, approved by another, and taken by the next close, once.
CREATE FUNCTION case_decision_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    said case_proposal%ROWTYPE;
    settled reconciliation_break%ROWTYPE;
    adjustment bigint;
BEGIN
    PERFORM FROM break_case WHERE case_id = NEW.case_id AND state <> 'resolved' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'case % is resolved', NEW.case_id
            USING ERRCODE = 'check_violation', TABLE = 'case_decision', CONSTRAINT = 'case_decision_while_unresolved';
    END IF;
    SELECT * INTO said FROM case_proposal WHERE proposal_id = NEW.proposal_id;
    SELECT * INTO settled FROM reconciliation_break WHERE break_id = NEW.case_id;
    IF said.kind = 'adjust' THEN
        IF said.dispute_id IS NOT NULL AND NOT case_dispute_is_open(said.dispute_id) THEN
            RAISE EXCEPTION 'a correction of dispute % is proposed or approved already', said.dispute_id
                USING ERRCODE = 'check_violation', TABLE = 'case_decision', CONSTRAINT = 'case_corrects_a_line_once';
        END IF;
        INSERT INTO adjustment_proposal (verdict, dispute_id, program_id, partner_id, currency, stated, original, reason, proposed_by,
            proposed_at)
        VALUES ('adjust', said.dispute_id, said.program_id, said.partner_id, said.currency, said.stated, said.original, said.reason,
            said.proposed_by, said.proposed_at)
        RETURNING proposal_id INTO adjustment;
        INSERT INTO adjustment_proposal_item (proposal_id, place, basis, quantity, net_minor, vat_minor)
        VALUES (adjustment, 0, said.basis, said.quantity, said.net_minor, said.vat_minor);
        INSERT INTO adjustment_decision (proposal_id, proposed_by, proposed_verdict, verdict, decided_by, decided_at, reason)
        VALUES (adjustment, said.proposed_by, 'adjust', 'approved', NEW.decided_by, NEW.decided_at, NEW.reason);
        INSERT INTO settlement_adjustment (proposal_id) VALUES (adjustment);
    END IF;
    INSERT INTO case_booking (case_id, kind, proposal_id, decision, program_id, partner_id, unit, amount, account,
        adjustment_id, booked_at)
    VALUES (NEW.case_id, CASE WHEN said.kind IN ('match', 'write_off', 'adjust') THEN said.kind ELSE 'none' END,
        NEW.proposal_id, 'approved', settled.program_id, settled.partner_id, said.unit, said.amount_minor, said.account,
        adjustment, NEW.decided_at);
    RETURN NULL;
END
$$
---
CREATE TRIGGER books AFTER INSERT ON case_decision FOR EACH ROW WHEN (NEW.verdict = 'approved')
    EXECUTE FUNCTION case_decision_books()
---
-- A case is resolved, or waits for others, by what was booked last and by nothing else; the console opens none again, and its
-- age never restarts.
CREATE FUNCTION break_case_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    last_kind text;
    last_proposed text;
    fits boolean;
BEGIN
    IF NEW.opened_at <> OLD.opened_at THEN
        RAISE EXCEPTION 'the age of case % does not restart', OLD.case_id
            USING ERRCODE = 'check_violation', TABLE = 'break_case', CONSTRAINT = 'break_case_age';
    END IF;
    IF NEW.state = OLD.state OR NEW.state IN ('open', 'assigned') AND OLD.state <> 'resolved' THEN
        RETURN NEW;
    END IF;
    SELECT b.kind, p.kind INTO last_kind, last_proposed FROM case_booking b
        LEFT JOIN case_proposal p ON p.proposal_id = b.proposal_id
        WHERE b.case_id = OLD.case_id ORDER BY b.booking_id DESC LIMIT 1;
    fits := CASE
        WHEN OLD.state = 'resolved' THEN current_user <> 'cobrand_console'
        WHEN NEW.state = 'pending_external' THEN last_proposed IN ('send_back', 'wait_until')
        ELSE NEW.resolution = CASE coalesce(last_proposed, last_kind) WHEN 'match' THEN 'matched'
            WHEN 'write_off' THEN 'written_off' WHEN 'adjust' THEN 'adjusted' WHEN 'explain' THEN 'explained'
            WHEN 'cured' THEN 'cured' END END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'nothing is booked by which case % becomes %', OLD.case_id, NEW.state
            USING ERRCODE = 'check_violation', TABLE = 'break_case', CONSTRAINT = 'break_case_stands_by_its_bookings';
    END IF;
    RETURN NEW;
END
$$
---
CREATE TRIGGER stands BEFORE UPDATE ON break_case FOR EACH ROW EXECUTE FUNCTION break_case_stands()
---
GRANT SELECT ON break_case, case_event, case_attachment, case_proposal, case_decision, case_booking TO cobrand_console
---
-- It adds what staff say. What is left, and what is booked, the triggers write.
GRANT INSERT ON case_event, case_attachment, case_proposal, case_decision TO cobrand_console
---
GRANT UPDATE (state, assigned_to, due_at, wait_until, resolved_at, resolution, version) ON break_case TO cobrand_console
