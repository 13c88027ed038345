-- What only amount and date say is a break of its own class: two people decide whether both are the same.
ALTER TABLE reconciliation_break
    DROP CONSTRAINT reconciliation_break_class_check,
    ADD CONSTRAINT reconciliation_break_class_check CHECK (class IN ('missing', 'late', 'carried_forward', 'missing_ours',
        'missing_theirs', 'duplicate', 'unknown_partner', 'amount', 'fee', 'vat_rounding', 'fx', 'currency', 'miles_rate',
        'split', 'reference', 'ambiguous', 'suggested', 'sequence_gap', 'totals', 'altered_file', 'signature', 'nack')),
    -- What each side calls what is in it.
    ADD COLUMN our_refs text[] NOT NULL DEFAULT '{}',
    ADD COLUMN their_refs text[] NOT NULL DEFAULT '{}'
---
CREATE INDEX reconciliation_break_suggested ON reconciliation_break (break_id) WHERE class = 'suggested'
---
ALTER TABLE break_case
    DROP CONSTRAINT break_case_resolution_check,
    ADD CONSTRAINT break_case_resolution_check CHECK (resolution IN ('matched', 'written_off', 'adjusted', 'explained',
        'kept_apart', 'cured'))
---
ALTER TABLE case_proposal
    DROP CONSTRAINT case_proposal_kind_check,
    ADD CONSTRAINT case_proposal_kind_check CHECK (kind IN ('match', 'write_off', 'adjust', 'send_back', 'wait_until',
        'explain', 'keep_apart'))
---
-- The dispute of the line that a break is about, or that an adjustment of it corrects.
CREATE FUNCTION case_dispute_of(found_break bigint, corrected text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT min(d.dispute_id) FROM settlement_dispute d, reconciliation_break b WHERE b.break_id = found_break
        AND d.program_id = b.program_id AND d.partner_id = b.partner_id
        AND d.line_id IN (corrected, split_part(b.subject, '#', 1))
$$
---
-- What is given up or adjusted about a disputed line is not corrected by its dispute, too; and an adjustment decides the
-- dispute, so nothing may be left of it.
CREATE FUNCTION case_leaves_the_dispute_alone(kind text, amount bigint, what_is_left bigint, dispute bigint)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF dispute IS NULL OR kind NOT IN ('write_off', 'adjust') THEN
        RETURN;
    END IF;
    IF NOT case_dispute_is_open(dispute) THEN
        RAISE EXCEPTION 'a correction of dispute % is proposed or approved already', dispute
            USING ERRCODE = 'check_violation', TABLE = 'case_proposal', CONSTRAINT = 'case_corrects_a_line_once';
    END IF;
    IF kind = 'adjust' AND amount <> what_is_left THEN
        RAISE EXCEPTION 'the adjustment decides dispute %, so it must be of all that is left', dispute
            USING ERRCODE = 'check_violation', TABLE = 'case_proposal', CONSTRAINT = 'case_corrects_a_line_whole';
    END IF;
END
$$
---
-- A proposal fits what is left when it is made.
CREATE OR REPLACE FUNCTION case_proposal_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found break_case%ROWTYPE;
    is_suggested boolean;
    fits boolean;
BEGIN
    SELECT * INTO found FROM break_case WHERE case_id = NEW.case_id FOR UPDATE;
    SELECT class = 'suggested' INTO is_suggested FROM reconciliation_break WHERE break_id = NEW.case_id;
    fits := found.state <> 'resolved' AND CASE NEW.kind
        WHEN 'match' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
            OR (NEW.amount_minor = 0 AND found.left_amount = 0)
        WHEN 'write_off' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
        WHEN 'adjust' THEN case_amount_is_within(NEW.amount_minor, found.left_amount)
        WHEN 'explain' THEN found.left_amount = 0 AND NOT is_suggested
        WHEN 'keep_apart' THEN is_suggested
        ELSE true END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'case % is resolved, or less is left of it', NEW.case_id
            USING ERRCODE = 'check_violation', TABLE = 'case_proposal', CONSTRAINT = 'case_proposal_within_what_is_left';
    END IF;
    NEW.dispute_id := CASE NEW.kind WHEN 'adjust' THEN case_dispute_of(NEW.case_id, NEW.original) END;
    PERFORM case_leaves_the_dispute_alone(NEW.kind, NEW.amount_minor, found.left_amount,
        case_dispute_of(NEW.case_id, NEW.original));
    RETURN NEW;
END
$$
---
-- As before; a write-off, too, looks for the dispute of its line, which may have come since it was proposed.
CREATE OR REPLACE FUNCTION case_decision_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    said case_proposal%ROWTYPE;
    settled reconciliation_break%ROWTYPE;
    is_left bigint;
    adjustment bigint;
BEGIN
    SELECT left_amount INTO is_left FROM break_case WHERE case_id = NEW.case_id AND state <> 'resolved' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'case % is resolved', NEW.case_id
            USING ERRCODE = 'check_violation', TABLE = 'case_decision', CONSTRAINT = 'case_decision_while_unresolved';
    END IF;
    SELECT * INTO said FROM case_proposal WHERE proposal_id = NEW.proposal_id;
    SELECT * INTO settled FROM reconciliation_break WHERE break_id = NEW.case_id;
    said.dispute_id := case_dispute_of(NEW.case_id, said.original);
    PERFORM case_leaves_the_dispute_alone(said.kind, said.amount_minor, is_left, said.dispute_id);
    IF said.kind = 'adjust' THEN
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
-- What a case has given up or adjusted about a line, its dispute does not correct once more. The adjustment of the case
-- itself comes from the trigger of its decision.
CREATE FUNCTION dispute_leaves_the_case_alone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    settled bigint;
BEGIN
    IF pg_trigger_depth() > 1 OR NEW.dispute_id IS NULL OR NEW.verdict <> 'adjust' THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(7165053775570166821);
    SELECT min(k.case_id) INTO settled FROM settlement_dispute d, reconciliation_break b
        JOIN case_booking k ON k.case_id = b.break_id LEFT JOIN case_proposal p ON p.proposal_id = k.proposal_id
        WHERE d.dispute_id = NEW.dispute_id AND b.program_id = d.program_id AND b.partner_id = d.partner_id
        AND d.line_id IN (p.original, split_part(b.subject, '#', 1)) AND k.kind IN ('write_off', 'adjust');
    IF settled IS NOT NULL THEN
        RAISE EXCEPTION 'case % has given up or adjusted what dispute % is about', settled, NEW.dispute_id
            USING ERRCODE = 'check_violation', TABLE = 'adjustment_proposal', CONSTRAINT = 'dispute_leaves_the_case_alone';
    END IF;
    RETURN NEW;
END
$$
---
CREATE TRIGGER leaves_the_case_alone BEFORE INSERT ON adjustment_proposal
    FOR EACH ROW EXECUTE FUNCTION dispute_leaves_the_case_alone()
---
-- As before, with what two people keep apart.
CREATE OR REPLACE FUNCTION break_case_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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
            WHEN 'keep_apart' THEN 'kept_apart' WHEN 'cured' THEN 'cured' END END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'nothing is booked by which case % becomes %', OLD.case_id, NEW.state
            USING ERRCODE = 'check_violation', TABLE = 'break_case', CONSTRAINT = 'break_case_stands_by_its_bookings';
    END IF;
    RETURN NEW;
END
$$
