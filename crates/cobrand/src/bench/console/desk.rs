//! What partners and staff have done in the year: answers, deliveries, clearing files, proposals.

use anyhow::Context;
use console::{NewUser, Proposing, propose, reject};
use domain::{Role, Roles};
use jiff::Timestamp;
use store::Wanted;
use tokio_postgres::Client;

use super::{breaks, year::Year};
use crate::{bench::admin, certs, commands, demo::World};

/// Who signs in.
pub(super) const NAME: &str = "anna";
/// Who works beside.
const OTHERS: [&str; 3] = ["boris", "vera", "gleb"];
/// Proposals of the year beside those that are made for each.
const PROPOSALS: i32 = 60;

/// What partners have done: almost every file is answered, and what was not is recent. `$date` is the last date.
const PARTNERS: &str = "
INSERT INTO settlement_expected (receiver, file_sequence, revision, due_at)
    SELECT f.receiver, f.sequence, f.revision, (c.business_date + 2)::timestamptz
    FROM settlement_file f JOIN settlement_cycle c USING (cycle_id) WHERE f.published ON CONFLICT DO NOTHING;
INSERT INTO settlement_answer (receiver, number, sha256, body, verdict, file_sequence, revision, outcome, problem, brought_by,
        received_at)
    SELECT f.receiver, row_number() OVER (PARTITION BY f.receiver ORDER BY f.sequence), sha256((f.receiver || f.sequence)::bytea),
        'ACK|' || f.file_name, 'ack', f.sequence, f.revision, 'acknowledged', '', 'inbox',
        (c.business_date + 1)::timestamptz + make_interval(mins => 300 + f.sequence % 400)
    FROM settlement_file f JOIN settlement_cycle c USING (cycle_id)
    WHERE f.published AND c.business_date < date '{last}' - 1 AND f.sequence % 41 <> 7;
UPDATE settlement_cycle c SET state = 'acknowledged' WHERE state = 'published' AND NOT EXISTS (
    SELECT FROM settlement_file f WHERE f.cycle_id = c.cycle_id AND NOT EXISTS (SELECT FROM settlement_answer a
        WHERE a.receiver = f.receiver AND a.file_sequence = f.sequence));
INSERT INTO settlement_dispute (answer_id, receiver, file_sequence, revision, line_id, code, their_net_minor, their_vat_minor,
        their_reference, program_id, partner_id, currency, stated, record)
    SELECT a.answer_id, a.receiver, a.file_sequence, a.revision, 'L' || a.answer_id, 'amount', 12345, 2469, '', c.program_id,
        p.partner_id, 643, 'partner_pays_bank', 'TX|L' || a.answer_id
    FROM settlement_answer a JOIN settlement_file f ON f.receiver = a.receiver AND f.sequence = a.file_sequence
        AND f.revision = a.revision
    JOIN settlement_cycle c USING (cycle_id) JOIN partner p ON p.code = a.receiver WHERE a.file_sequence % 23 = 5;
INSERT INTO delivery_endpoint (partner_id, endpoint, carries, state, reason, sent_to, attempts, last_error, delivered_at, delivered)
    SELECT partner_id, e.name, e.name, 'active', '', CASE e.name WHEN 'events' THEN 73000 ELSE 0 END, 0, '',
        timestamptz '{last} 20:00Z', 73000 FROM partner, (VALUES ('events'), ('files')) e(name) ON CONFLICT DO NOTHING;
INSERT INTO delivery_file (partner_id, endpoint, sequence, revision, place, output, cycle_id, state, since, delivered_at, file_name,
        sha256)
    SELECT p.partner_id, 'files', f.sequence, f.revision, 0, 'native', f.cycle_id,
        CASE WHEN late THEN 'waiting' ELSE 'delivered' END, at, CASE WHEN NOT late THEN at + interval '40 seconds' END, f.file_name,
        f.sha256
    FROM settlement_file f JOIN partner p ON p.code = f.receiver JOIN settlement_cycle c USING (cycle_id),
    LATERAL (SELECT (c.business_date + 1)::timestamptz AS at, c.business_date >= date '{last}' - 1 AS late) x WHERE f.published;
INSERT INTO partner_event (partner_id, number, topic, program_id, subject, subject_order, occurred_at, told_at, data)
    SELECT p.partner_id, n, 'miles.granted', (SELECT min(program_id) FROM program), lpad((n * 7919 % 60000)::text, 8, '0'), n,
        date '{last}'::timestamptz - make_interval(secs => (73000 - n) * 400),
        date '{last}'::timestamptz - make_interval(secs => (73000 - n) * 400 - 2), '{\"miles\":' || n % 900 || '}'
    FROM partner p, generate_series(1, {events}) n;
INSERT INTO partner_event_last SELECT partner_id, {events} FROM partner ON CONFLICT DO NOTHING;
";

/// What the bank has brought.
const BANK: &str = "
INSERT INTO clearing_file (bank_id, file_id, sequence, sha256, records, state, name, format, series, series_date, received_at)
    SELECT b.bank_id, b.code || '-' || c.business_date, c.sequence, sha256((b.code || c.business_date)::bytea),
        9000 + c.sequence, CASE WHEN c.sequence % 97 = 5 THEN 'quarantined' ELSE 'taken' END, b.code || '.' || c.business_date || '.ipm',
        'ipm', 'daily', c.business_date, (c.business_date + 1)::timestamptz
    FROM settlement_cycle c JOIN program g USING (program_id) JOIN bank b USING (bank_id) ON CONFLICT DO NOTHING;
INSERT INTO bank_totals (bank_id, totals_key, key_text, content, mti, stan, transmitted, received_at, bank_date, currency, stated,
        counted, balance, reason, differs_at)
    SELECT g.bank_id, int8send(c.sequence) || decode(md5(c.cycle_id || '|' || n), 'hex'), 'totals|' || c.sequence || '|' || n, '', '0520',
        lpad((c.sequence * 4 + n)::text, 6, '0'), to_char(c.business_date, 'MMDD') || '235900', (c.business_date + 1)::timestamptz,
        c.business_date, 643, 'DE74=0000000001', 'DE74=0000000001', CASE WHEN c.sequence % 61 = 9 THEN 2 ELSE 1 END, '',
        CASE WHEN c.sequence % 61 = 9 THEN 'DE74' ELSE '' END
    FROM settlement_cycle c JOIN program g USING (program_id), generate_series(1, 2) n WHERE c.state <> 'prepared';
INSERT INTO bank_window (bank_id, bank_date, closed_date, cut_at)
    SELECT g.bank_id, c.business_date + 1, c.business_date, (c.business_date + 1)::timestamptz
    FROM settlement_cycle c JOIN program g USING (program_id) WHERE c.state NOT IN ('prepared', 'open') ON CONFLICT DO NOTHING;
INSERT INTO quarantine (quarantine_key, bank_id, received_at, reason, masked)
    SELECT sha256(n::text::bytea), (SELECT min(bank_id) FROM bank), timestamptz '{last} 08:00Z' - make_interval(hours => n * 20), 'unknown_field',
        '0100 masked' FROM generate_series(1, 400) n;
";

/// What people did: `{entries}` entries spread over the days up to `{last}`.
const AUDIT: &str = "
INSERT INTO audit_entry (at, by, what, object_kind, object, before, after, note)
    SELECT timestamptz '{last} 18:00Z' - make_interval(mins => (({entries} - n)::bigint * 500000 / {entries})::int),
        (ARRAY['anna', 'boris', 'vera', 'gleb'])[1 + n % 4],
        (ARRAY['user.sign_in', 'case.assign', 'case.comment', 'case.propose', 'case.decide', 'export'])[1 + n % 6],
        (ARRAY['user', 'case', 'case', 'case', 'case', 'page'])[1 + n % 6],
        CASE n % 6 WHEN 0 THEN (ARRAY['anna', 'boris', 'vera', 'gleb'])[1 + n % 4] ELSE (n % 4000)::text END,
        CASE n % 6 WHEN 1 THEN jsonb_build_object('state', 'open') END, CASE n % 6 WHEN 1 THEN jsonb_build_object('state', 'assigned') END, ''
    FROM generate_series(1, {entries}) n ORDER BY n";

/// Decided proposals as the first one: `$1` how many.
const PROPOSED: &str = "INSERT INTO rules_proposal (proposal_id, program_id, rules_hash, body, against_hash, proposed_by, \
    proposed_at, comment, wanted, wanted_at, assessment, approvable, backtest) \
    SELECT 1000 + n, program_id, rules_hash, body, against_hash, proposed_by, proposed_at - make_interval(days => 5 * n), \
    comment || ' ' || n, wanted, wanted_at, assessment, approvable, backtest \
    FROM (SELECT * FROM rules_proposal ORDER BY proposal_id LIMIT 1) p, generate_series(1, $1::int) n";
const DECIDED: &str = "INSERT INTO rules_decision (proposal_id, proposed_by, approvable, verdict, decided_by, decided_at, reason) \
    SELECT proposal_id, proposed_by, approvable, 'rejected', 'vera', proposed_at + interval '1 day', 'not now' \
    FROM rules_proposal WHERE proposal_id > 1000 ON CONFLICT DO NOTHING";

/// Who may sign in to what is there.
pub(super) struct Desk {
    pub(super) password: String,
    pub(super) token: String,
}

impl Desk {
    /// Who may sign in to a year that was made before: with another password.
    pub(super) async fn again(world: &World) -> anyhow::Result<Self> {
        let password = new_password()?;
        console::set_password(&world.assembly.pool, NAME, &password).await?;
        Ok(Self { password, token: token(world).await? })
    }

    /// Writes what was done in the year.
    pub(super) async fn fill(world: &World, year: &Year) -> anyhow::Result<Self> {
        let (now, client) = (year.now()?, admin(world).await?);
        client.batch_execute("SET TIME ZONE 'Europe/Moscow'").await?;
        let password = new_password()?;
        let pool = &world.assembly.pool;
        // She sees everything that a person of the staff can see.
        let roles = Roles::WORKING.iter().chain([Role::Auditor]).collect();
        let seer = NewUser { name: NAME, password: &password, roles, partner: None, by: "operator" };
        console::add_user_as(pool, &seer).await?;
        for name in OTHERS {
            console::add_user(pool, name, &password).await?;
        }
        let token = token(world).await?;
        let events = (year.transactions / 50).clamp(1_000, 73_000).to_string();
        for text in [PARTNERS, BANK] {
            let text = text.replace("{last}", &year.last.to_string()).replace("{events}", &events);
            client.batch_execute(&text).await?;
        }
        breaks::fill(&client, year).await?;
        proposals(world, &client, now).await?;
        let entries = (year.transactions / 180).clamp(300, 20_000).to_string();
        let text = AUDIT.replace("{last}", &year.last.to_string()).replace("{entries}", &entries);
        client.batch_execute(&text).await?;
        Ok(Self { password, token })
    }
}

fn new_password() -> anyhow::Result<String> {
    Ok(certs::new_card_key()?.chars().take(24).collect())
}

/// It counts by the clock of the world, which is that of the year's first day.
async fn token(world: &World) -> anyhow::Result<String> {
    let made = world.assembly.clock.now();
    Ok(console::new_token(&world.assembly.pool, NAME, console::TOKEN_DAYS_MAX, made).await?)
}

/// Some proposals with their assessments, one of them rejected, and many like it.
async fn proposals(world: &World, client: &Client, now: Timestamp) -> anyhow::Result<()> {
    let path = world.assembly.config.programs.files.first().context("no program file")?;
    let text = std::fs::read_to_string(path)?;
    let programs = commands::program_infos(&world.assembly);
    let (pool, program) = (&world.assembly.pool, programs.first().context("no program")?);
    let mut first = None;
    for cap in [1400, 1300, 1200] {
        let text = text.replace("miles_max = 1500", &format!("miles_max = {cap}"));
        let comment = format!("a cap of {cap} miles");
        let proposing = Proposing {
            text: &text,
            by: OTHERS[0],
            comment: &comment,
            wanted: Wanted::CutOff,
            backtest: None,
        };
        let (id, _) = propose(pool, program, now, &proposing).await?;
        first = first.or(Some(id));
    }
    reject(pool, program, first.context("no proposal")?, OTHERS[1], "not now", now).await?;
    client.execute(PROPOSED, &[&PROPOSALS]).await?;
    client.execute(DECIDED, &[]).await?;
    Ok(())
}
