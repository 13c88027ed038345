//! What was compared in the year, what did not agree, and what people did about it.

use tokio_postgres::Client;

use super::year::Year;

/// Breaks that nobody has resolved yet.
const OPEN: u64 = 100;
/// So many transactions for one break.
const TRANSACTIONS_OF_A_BREAK: u64 = 900;

/// Three runs of each source and date; the last one counts.
const RUNS: &str = "
INSERT INTO reconciliation_run (source, scope, program_id, bank_id, partner_id, cycle_id, business_date, as_of, compared_at,
        inputs_sha256, matched, suggested, expected, broken, problem)
    SELECT s.source, c.business_date || '/' || coalesce(p.code, b.code), c.program_id, b.bank_id, p.partner_id, c.cycle_id,
        c.business_date, at, at, sha256((s.source || c.cycle_id || n)::bytea), s.of_day * n / 3, n % 2, 3 - n,
        (c.cycle_id * 7 + n) % 4, ''
    FROM settlement_cycle c JOIN program g USING (program_id) JOIN bank b USING (bank_id)
    CROSS JOIN (VALUES ('bank_clearing', 9000, false), ('bank_totals', 4, false), ('bank_statement', 3, false),
        ('own_file', 4, false), ('acknowledgement', 1, true), ('handback', 40, true), ('partner_statement', 12, true))
        s(source, of_day, of_partner)
    LEFT JOIN partner p ON s.of_partner CROSS JOIN generate_series(1, 3) n
    CROSS JOIN LATERAL (SELECT (c.business_date + 1)::timestamptz + make_interval(hours => 4 * n) AS at) x
    WHERE c.state NOT IN ('prepared', 'open') ORDER BY c.sequence, n;
INSERT INTO reconciliation_match (run_id, place, shape, rule, confidence, reason, unit, ours, theirs, difference, our_refs, their_refs)
    SELECT r.run_id, row_number() OVER (PARTITION BY r.run_id ORDER BY m.message_key), '1:1', 'arn', 'confirmed', 'same_identifier',
        'RUB', m.amount_minor, m.amount_minor, 0, ARRAY[m.retrieval], ARRAY[m.arn]
    FROM (SELECT DISTINCT ON (source, scope) * FROM reconciliation_run WHERE source = 'bank_clearing'
          ORDER BY source, scope, run_id DESC) r
    JOIN message m ON m.cycle_id = r.cycle_id AND m.mti = '0220';
";

/// Breaks of all classes, the last ones of the last weeks. `{breaks}` how many, `{open}` how many of them are not resolved.
const BREAKS: &str = "
CREATE TEMPORARY TABLE bench_class (number int, class text, source text, timing text, unit text, reason text);
INSERT INTO bench_class SELECT row_number() OVER () - 1, v.* FROM (VALUES
    ('missing', 'acknowledgement', 'timing', '', 'nothing_came'), ('late', 'bank_clearing', 'timing', 'RUB', 'came_late'),
    ('carried_forward', 'bank_clearing', 'timing', 'RUB', 'came_late'),
    ('missing_ours', 'bank_clearing', 'data', 'RUB', 'not_found_ours'), ('missing_theirs', 'bank_clearing', 'data', 'RUB', 'not_found_theirs'),
    ('duplicate', 'bank_clearing', 'data', 'RUB', 'named_again'), ('unknown_partner', 'partner_statement', 'data', 'RUB', 'unknown_sender'),
    ('amount', 'bank_clearing', 'data', 'RUB', 'amounts_differ'), ('fee', 'partner_statement', 'data', 'RUB', 'fees_differ'),
    ('vat_rounding', 'partner_statement', 'data', 'RUB', 'tax_rounded'), ('fx', 'bank_clearing', 'data', 'RUB', 'rates_differ'),
    ('currency', 'bank_clearing', 'data', 'RUB', 'currencies_differ'), ('miles_rate', 'handback', 'data', 'MILES', 'miles_differ'),
    ('split', 'bank_clearing', 'data', 'RUB', 'parts_do_not_add_up'), ('reference', 'bank_clearing', 'data', 'RUB', 'stronger_identifier_differs'),
    ('ambiguous', 'bank_statement', 'data', 'RUB', 'fits_several'), ('sequence_gap', 'bank_clearing', 'data', '', 'number_missing'),
    ('totals', 'bank_totals', 'data', 'RUB', 'totals_differ'), ('altered_file', 'own_file', 'data', '', 'hash_differs'),
    ('signature', 'own_file', 'data', '', 'not_verified'), ('nack', 'acknowledgement', 'data', '', 'refused')) v;
CREATE TEMPORARY TABLE bench_cycle AS SELECT cycle_id, program_id, business_date, row_number() OVER (ORDER BY sequence) - 1 AS number,
    count(*) OVER () AS cycles FROM settlement_cycle WHERE state NOT IN ('prepared', 'open');
INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, bank_id, partner_id, cycle_id, business_date,
        subject, unit, ours, theirs, difference, bucket, message_key, reason, fields, first_run, found_at, last_run, cured_run)
    SELECT sha256(('break' || n)::bytea), k.source, r.scope, k.class, k.timing, c.program_id, r.bank_id, r.partner_id, c.cycle_id,
        c.business_date, CASE WHEN k.unit = '' THEN r.scope ELSE m.retrieval END, k.unit,
        CASE WHEN k.unit <> '' THEN m.amount_minor END, CASE WHEN k.unit <> '' THEN m.amount_minor + d.minor END,
        CASE WHEN k.unit <> '' THEN d.minor ELSE 0 END, CASE WHEN k.unit <> '' THEN m.bucket END,
        CASE WHEN k.unit <> '' THEN m.message_key END, k.reason,
        jsonb_build_array(jsonb_build_object('field', 'amount', 'ours', m.amount_minor::text, 'theirs',
                (m.amount_minor + d.minor)::text, 'differs', true),
            jsonb_build_object('field', 'date', 'ours', c.business_date::text, 'theirs', c.business_date::text, 'differs', false),
            jsonb_build_object('field', 'arn', 'ours', m.arn, 'theirs', m.arn, 'differs', false)),
        r.run_id, r.compared_at, r.run_id, NULL
    FROM generate_series(1, {breaks}) n
    JOIN bench_class k ON k.number = n % 21
    CROSS JOIN LATERAL (SELECT 1 + n * 7919 % (CASE WHEN k.unit = 'MILES' THEN 90 ELSE 400000 END) * (n / 21 % 3 - 1) + n % 7 AS minor) d
    JOIN bench_cycle c ON c.number = CASE WHEN n > {breaks} - {open} THEN c.cycles - 1 - ({breaks} - n) * 40 / {open} % c.cycles
        ELSE n::bigint * c.cycles / {breaks} % c.cycles END
    CROSS JOIN LATERAL (SELECT * FROM reconciliation_run r WHERE r.cycle_id = c.cycle_id AND r.business_date = c.business_date
        AND r.source = k.source ORDER BY r.run_id DESC LIMIT 1) r
    CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.cycle_id = c.cycle_id AND m.purchase_key IS NOT NULL
        AND m.message_key > int8send(extract(epoch FROM c.business_date)::bigint + n * 104729 % 60000)
        ORDER BY m.cycle_id, m.message_key LIMIT 1) m
    ORDER BY n;
";

/// A case for each break. The last ones are open, with somebody, or wait; all others are resolved, each as it is booked.
const CASES: &str = "
CREATE TEMPORARY TABLE bench_case AS SELECT b.*, row_number() OVER (ORDER BY break_id DESC) AS place,
    (ARRAY['anna', 'boris', 'vera', 'gleb'])[1 + break_id % 4] AS person, (ARRAY['boris', 'vera', 'gleb', 'anna'])[1 + break_id % 4] AS other
    FROM reconciliation_break b;
ALTER TABLE bench_case ADD COLUMN is_cured boolean;
UPDATE bench_case SET is_cured = place > {open} AND place % 3 = 0;
UPDATE reconciliation_break b SET cured_run = b.last_run FROM bench_case c WHERE c.break_id = b.break_id AND c.is_cured;
INSERT INTO break_case (case_id, unit, difference, left_amount, state, assigned_to, severity, opened_at, due_at, wait_until,
        resolved_at, resolution, version)
    SELECT break_id, unit, difference, CASE WHEN place > {open} THEN 0 ELSE difference END,
        CASE WHEN place > {open} THEN 'resolved' WHEN place % 5 = 0 THEN 'pending_external' WHEN place % 5 < 3 THEN 'assigned' ELSE 'open' END,
        CASE WHEN place > {open} OR place % 5 < 3 THEN person END,
        CASE WHEN abs(difference) > 300000 THEN 'critical' WHEN abs(difference) > 100000 THEN 'high' WHEN unit = '' OR abs(difference) > 5000
            THEN 'medium' ELSE 'low' END,
        found_at, found_at + interval '3 days', CASE WHEN place <= {open} AND place % 5 = 0 THEN date '{last}' + 3 END,
        CASE WHEN place > {open} THEN found_at + make_interval(hours => 5 + (place % 90)::int) END,
        CASE WHEN place > {open} THEN CASE WHEN is_cured THEN 'cured' WHEN difference = 0 THEN 'explained' ELSE 'written_off' END END, 3
    FROM bench_case;
INSERT INTO case_event (case_id, place, at, by, what, body)
    SELECT break_id, e.place, found_at + make_interval(hours => e.place), CASE WHEN e.what = 'opened' THEN NULL ELSE person END, e.what,
        CASE e.what WHEN 'commented' THEN jsonb_build_object('text', 'asked the bank, ' || subject)
            WHEN 'assigned' THEN jsonb_build_object('to', person) ELSE '{}' END
    FROM bench_case CROSS JOIN (VALUES (1, 'opened'), (2, 'assigned'), (3, 'commented'), (4, 'commented')) e(place, what)
    WHERE bench_case.place > {open} OR bench_case.place % 5 < 3 OR e.place = 1;
INSERT INTO case_attachment (case_id, place, name, media_type, bytes, sha256)
    SELECT case_id, place, 'answer.txt', 'text/plain', x.bytes, sha256(x.bytes)
    FROM (SELECT case_id, place, repeat('what the bank wrote, ' || case_id || '. ', 400)::bytea AS bytes FROM case_event
          WHERE place = 4) x;
INSERT INTO case_proposal (case_id, kind, unit, amount_minor, wait_until, their_ref, our_ref, account, reason, proposed_by, proposed_at)
    SELECT break_id, CASE WHEN place <= {open} AND place % 5 = 0 THEN 'wait_until' WHEN difference = 0 THEN 'explain' ELSE 'write_off' END,
        unit, CASE WHEN place <= {open} AND place % 5 = 0 THEN 0 ELSE difference END,
        CASE WHEN place <= {open} AND place % 5 = 0 THEN date '{last}' + 3 END, '', '',
        CASE WHEN difference = 0 OR (place <= {open} AND place % 5 = 0) THEN NULL WHEN unit = 'MILES' THEN 'miles' ELSE 'differences' END,
        'a difference of ' || difference, person, found_at + interval '3 hours'
    FROM bench_case WHERE NOT is_cured AND (place > {open} OR place % 5 IN (0, 1)) ORDER BY break_id;
INSERT INTO case_decision (proposal_id, case_id, proposed_by, verdict, decided_by, decided_at, reason)
    SELECT p.proposal_id, p.case_id, p.proposed_by, 'approved', c.other, p.proposed_at + interval '2 hours', 'looked at'
    FROM case_proposal p JOIN bench_case c ON c.break_id = p.case_id WHERE c.place > {open} OR p.kind = 'wait_until';
INSERT INTO case_booking (case_id, kind, proposal_id, decision, program_id, partner_id, unit, amount, account, booked_at)
    SELECT p.case_id, CASE p.kind WHEN 'write_off' THEN 'write_off' ELSE 'none' END, p.proposal_id, 'approved', c.program_id, c.partner_id,
        p.unit, p.amount_minor, p.account, d.decided_at
    FROM case_decision d JOIN case_proposal p USING (proposal_id) JOIN bench_case c ON c.break_id = p.case_id ORDER BY p.proposal_id;
INSERT INTO case_booking (case_id, kind, run_id, program_id, partner_id, unit, amount, booked_at)
    SELECT break_id, 'cured', last_run, program_id, partner_id, unit, difference, found_at + interval '5 hours' FROM bench_case WHERE is_cured;
INSERT INTO case_event (case_id, place, at, by, what, body)
    SELECT p.case_id, 5, p.proposed_at, p.proposed_by, 'proposed', jsonb_build_object('proposal', p.proposal_id) FROM case_proposal p
    UNION ALL
    SELECT d.case_id, 6, d.decided_at, d.decided_by, 'approved', jsonb_build_object('proposal', d.proposal_id) FROM case_decision d
    UNION ALL
    SELECT break_id, 5, found_at + interval '5 hours', NULL, 'cured', jsonb_build_object('run', last_run) FROM bench_case WHERE is_cured;
";

/// Writes runs with their matches, breaks and cases. The connection may be one that skips triggers: what they would do is
/// done here.
pub(super) async fn fill(client: &Client, year: &Year) -> anyhow::Result<()> {
    let breaks = (year.transactions / TRANSACTIONS_OF_A_BREAK).max(OPEN + 200).to_string();
    client.batch_execute("SET session_replication_role = replica").await?;
    for text in [RUNS, BREAKS, CASES] {
        let text = text.replace("{breaks}", &breaks).replace("{open}", &OPEN.to_string());
        client.batch_execute(&text.replace("{last}", &year.last.to_string())).await?;
    }
    client.batch_execute("SET session_replication_role = origin").await?;
    Ok(())
}
