//! Runs, matches and breaks as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{Context, SHA256};
use domain::case::CaseRules;
use domain::reconciliation::{Break, BreakClass, Comparison, Field, Match, Source, Whose};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use tokio_postgres::{Row, Transaction, types::ToSql};

use crate::{Pool, StoreError, cases, error::damaged};

/// One run at a time for each source.
const LOCK: i32 = 0x636f_6228;
/// No reference holds a control character.
const SEPARATOR: &str = "\u{1f}";
/// So many rows go into one statement.
const ROWS: usize = 5_000;

/// A comparison as it is kept.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// What was compared.
    pub source: Source,
    /// The file, statement, window or cycle.
    pub scope: &'a str,
    /// Whose it is.
    pub of: Whose,
    /// Of what was compared.
    pub business_date: Date,
    /// What was due was judged by this instant.
    pub as_of: Timestamp,
    /// When.
    pub compared_at: Timestamp,
    /// What was compared, and what of it was due.
    pub inputs_sha256: [u8; 32],
    /// What came of it.
    pub comparison: &'a Comparison,
    /// Empty, or why the input could not be read: then nothing is cured.
    pub problem: &'a str,
    /// How severe cases are, and when they are due.
    pub case_rules: &'a CaseRules,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptRun {
    /// The number of the run.
    pub run: i64,
    /// Breaks that were not there before.
    pub new_breaks: Vec<i64>,
    /// Breaks that are no longer found.
    pub cured: u64,
}

/// The last run of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// What was compared.
    pub inputs_sha256: [u8; 32],
    /// Its counts.
    pub counts: Compared,
    /// Whether the input could not be read.
    pub problem: String,
    /// Whose program it was.
    pub program: Option<i32>,
}

/// How many items or pairs were what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    /// Confirmed matches.
    pub matched: i64,
    /// Suggested ones. Each is a break, too, which is not counted as broken.
    pub suggested: i64,
    /// What need not be there yet.
    pub expected: i64,
    /// Breaks.
    pub broken: i64,
}

impl Compared {
    /// Of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        use domain::reconciliation::Confidence::Confirmed;
        let confirmed = comparison.matches.iter().filter(|found| found.confidence == Confirmed).count();
        let broken = comparison.breaks.iter().filter(|found| found.class != BreakClass::Suggested).count();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            matched: number(confirmed),
            suggested: number(comparison.matches.len() - confirmed),
            expected: number(comparison.expected.len()),
            broken: number(broken),
        }
    }
}

/// The last run of each scope of a source.
pub async fn last_runs(pool: &Pool, source: Source) -> Result<BTreeMap<String, LastRun>, StoreError> {
    let text = "SELECT DISTINCT ON (scope) scope, inputs_sha256, matched, suggested, expected, broken, problem, \
                program_id FROM reconciliation_run WHERE source = $1 ORDER BY scope, run_id DESC";
    let rows = pool.get().await?.query(text, &[&source.name()]).await?;
    rows.iter().map(last_run).collect()
}

fn last_run(row: &Row) -> Result<(String, LastRun), StoreError> {
    let hash: &[u8] = row.try_get(1)?;
    let counts = Compared {
        matched: row.try_get(2)?,
        suggested: row.try_get(3)?,
        expected: row.try_get(4)?,
        broken: row.try_get(5)?,
    };
    let inputs_sha256 = hash.try_into().map_err(|_| damaged("hash of inputs", hash.len()))?;
    let (problem, program) = (row.try_get(6)?, row.try_get(7)?);
    Ok((row.try_get(0)?, LastRun { inputs_sha256, counts, problem, program }))
}

/// Keeps a run with its matches and breaks, cures what it no longer finds, and brings the cases up with it. `None` if another process was faster: the
/// same inputs were compared by then.
pub async fn keep_run(pool: &Pool, run: &NewRun<'_>) -> Result<Option<KeptRun>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let source = run.source.name();
    transaction.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &source]).await?;
    let text = "SELECT inputs_sha256, problem FROM reconciliation_run WHERE source = $1 AND scope = $2 \
                ORDER BY run_id DESC LIMIT 1";
    if let Some(row) = transaction.query_opt(text, &[&source, &run.scope]).await? {
        let (hash, problem): (&[u8], &str) = (row.try_get(0)?, row.try_get(1)?);
        if hash == run.inputs_sha256.as_slice() && problem == run.problem {
            return Ok(None);
        }
    }
    let number = insert_run(&transaction, run).await?;
    insert_matches(&transaction, number, &run.comparison.matches).await?;
    let new_breaks = upsert_breaks(&transaction, number, run).await?;
    let cured = if run.problem.is_empty() { cure(&transaction, number, run).await? } else { 0 };
    cases::follow_run(&transaction, number, run.case_rules, run.compared_at).await?;
    transaction.commit().await?;
    Ok(Some(KeptRun { run: number, new_breaks, cured }))
}

async fn insert_run(transaction: &Transaction<'_>, run: &NewRun<'_>) -> Result<i64, StoreError> {
    let text = "INSERT INTO reconciliation_run (source, scope, program_id, bank_id, partner_id, cycle_id, business_date, \
                as_of, compared_at, inputs_sha256, matched, suggested, expected, broken, problem) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING run_id";
    let counts = Compared::of(run.comparison);
    let Whose { program, bank, partner, cycle } = run.of;
    let row = transaction
        .query_one(
            text,
            &[
                &run.source.name(),
                &run.scope,
                &program.map(|id| id.0),
                &bank.map(|id| id.0),
                &partner.map(|id| id.0),
                &cycle.map(|id| id.0),
                &run.business_date,
                &run.as_of,
                &run.compared_at,
                &run.inputs_sha256.as_slice(),
                &counts.matched,
                &counts.suggested,
                &counts.expected,
                &counts.broken,
                &run.problem,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

async fn insert_matches(
    transaction: &Transaction<'_>,
    run: i64,
    matches: &[Match],
) -> Result<(), StoreError> {
    let text = format!(
        "INSERT INTO reconciliation_match (run_id, place, shape, rule, confidence, reason, unit, ours, theirs, difference, \
         our_refs, their_refs) SELECT $1, m.place, m.shape, m.rule, m.confidence, m.reason, m.unit, m.ours, m.theirs, \
         m.theirs - m.ours, string_to_array(m.our_refs, '{SEPARATOR}'), string_to_array(m.their_refs, '{SEPARATOR}') \
         FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], \
         $10::text[], $11::text[]) AS m(place, shape, rule, confidence, reason, unit, ours, theirs, our_refs, their_refs)"
    );
    let text = transaction.prepare(&text).await?;
    let mut place = 0_i32;
    for some in matches.chunks(ROWS) {
        let first = place;
        place = place.saturating_add(i32::try_from(some.len()).unwrap_or(i32::MAX));
        let places: Vec<i32> = (first + 1..=place).collect();
        let texts = |of: fn(&Match) -> String| some.iter().map(of).collect::<Vec<String>>();
        let numbers = |of: fn(&Match) -> i64| some.iter().map(of).collect::<Vec<i64>>();
        let columns: [&(dyn ToSql + Sync); 11] = [
            &run,
            &places,
            &texts(|of| of.shape.name().to_owned()),
            &texts(|of| of.rule().to_owned()),
            &texts(|of| of.confidence.name().to_owned()),
            &texts(|of| of.reason.name().to_owned()),
            &texts(|of| of.unit.name().to_owned()),
            &numbers(|of| of.ours),
            &numbers(|of| of.theirs),
            &texts(|of| of.our_refs.join(SEPARATOR)),
            &texts(|of| of.their_refs.join(SEPARATOR)),
        ];
        transaction.execute(&text, &columns).await?;
    }
    Ok(())
}

/// The subjects of breaks, each once of its class and unit: a second one has `#2` behind it.
fn subjects(breaks: &[Break]) -> Vec<String> {
    let mut seen: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    let mut all = Vec::with_capacity(breaks.len());
    for found in breaks {
        let times = seen.entry((found.class.name(), &found.subject, found.unit.name())).or_default();
        *times += 1;
        let name = &found.subject;
        all.push(if *times == 1 { name.clone() } else { format!("{name}#{times}") });
    }
    all
}

fn break_key(run: &NewRun<'_>, found: &Break, subject: &str) -> Vec<u8> {
    let mut hash = Context::new(&SHA256);
    let (ours, theirs) = (found.our_refs.join(SEPARATOR), found.their_refs.join(SEPARATOR));
    // What was answered for one pair is no answer for another one.
    let about = match found.class {
        BreakClass::Suggested => vec![ours.as_str(), theirs.as_str()],
        _ => vec![subject],
    };
    let before = [run.source.name(), run.scope, found.class.name()];
    for part in before.into_iter().chain(about).chain([found.unit.name()]) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    hash.finish().as_ref().to_vec()
}

/// Side by side, raw values.
fn fields(fields: &[Field]) -> Value {
    let field = |field: &Field| {
        let differs = field.ours != field.theirs && !field.ours.is_empty() && !field.theirs.is_empty();
        json!({ "field": field.field, "ours": field.ours, "theirs": field.theirs, "differs": differs })
    };
    Value::Array(fields.iter().map(field).collect())
}

/// Writes breaks down, or finds them again; returns the numbers of new ones.
async fn upsert_breaks(
    transaction: &Transaction<'_>,
    run: i64,
    of: &NewRun<'_>,
) -> Result<Vec<i64>, StoreError> {
    let text = "INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, bank_id, \
                partner_id, cycle_id, business_date, subject, unit, ours, theirs, difference, bucket, message_key, reason, \
                fields, first_run, found_at, last_run, our_refs, their_refs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
                $11, $12, $13, $14, $15, $16, $17, $18, $19::text::jsonb, $20, $21, $20, $22, $23) \
                ON CONFLICT (break_key) DO UPDATE SET last_run = excluded.last_run, cured_run = NULL, \
                ours = excluded.ours, theirs = excluded.theirs, difference = excluded.difference, \
                reason = excluded.reason, fields = excluded.fields, our_refs = excluded.our_refs, \
                their_refs = excluded.their_refs RETURNING break_id, first_run = $20";
    let text = transaction.prepare(text).await?;
    let mut new = Vec::new();
    let breaks = &of.comparison.breaks;
    for (found, subject) in breaks.iter().zip(subjects(breaks)) {
        let Whose { program, bank, partner, cycle } = found.of.or(of.of);
        let key = break_key(of, found, &subject);
        let bucket = found.transaction.map(|transaction| i32::from(transaction.bucket.number()));
        let message = found.transaction.map(|transaction| transaction.key.as_bytes().to_vec());
        let columns: [&(dyn ToSql + Sync); 23] = [
            &key,
            &of.source.name(),
            &of.scope,
            &found.class.name(),
            &found.timing().name(),
            &program.map(|id| id.0),
            &bank.map(|id| id.0),
            &partner.map(|id| id.0),
            &cycle.map(|id| id.0),
            &found.date,
            &subject,
            &found.unit.name(),
            &found.ours,
            &found.theirs,
            &found.difference,
            &bucket,
            &message,
            &found.reason.name(),
            &fields(&found.fields).to_string(),
            &run,
            &of.compared_at,
            &found.our_refs,
            &found.their_refs,
        ];
        let row = transaction.query_one(&text, &columns).await?;
        if row.try_get(1)? {
            new.push(row.try_get(0)?);
        }
    }
    Ok(new)
}

async fn cure(transaction: &Transaction<'_>, run: i64, of: &NewRun<'_>) -> Result<u64, StoreError> {
    let text = "UPDATE reconciliation_break SET cured_run = $1 WHERE source = $2 AND scope = $3 AND cured_run IS NULL \
                AND last_run <> $1";
    Ok(transaction.execute(text, &[&run, &of.source.name(), &of.scope]).await?)
}

/// A break that is not cured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBreak {
    /// Its number.
    pub id: i64,
    /// Where it was found.
    pub source: String,
    /// The scope.
    pub scope: String,
    /// Its class.
    pub class: String,
    /// What it is about.
    pub subject: String,
    /// What is counted.
    pub unit: String,
    /// Theirs less ours.
    pub difference: i64,
    /// Why.
    pub reason: String,
    /// Of what was compared.
    pub business_date: Date,
    /// Whose program it is, if that is known.
    pub program: Option<i32>,
}

/// What was missing on their side in a scope, whenever that was.
pub async fn missed_before(pool: &Pool, source: Source, scope: &str) -> Result<BTreeSet<String>, StoreError> {
    let text = "SELECT DISTINCT split_part(subject, '#', 1) FROM reconciliation_break WHERE source = $1 AND scope = $2 \
                AND class = 'missing_theirs'";
    let rows = pool.get().await?.query(text, &[&source.name(), &scope]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// All breaks that are not cured, of one program if it is named, the oldest first. A suggestion that two people have answered
/// is none any more.
pub async fn open_breaks(pool: &Pool, program: Option<i32>) -> Result<Vec<OpenBreak>, StoreError> {
    let text = "SELECT b.break_id, b.source, b.scope, b.class, b.subject, b.unit, b.difference, b.reason, b.business_date, \
                b.program_id FROM reconciliation_break b WHERE b.cured_run IS NULL \
                AND ($1::int IS NULL OR b.program_id = $1) AND (b.class <> 'suggested' OR NOT EXISTS \
                (SELECT FROM break_case c WHERE c.case_id = b.break_id AND c.state = 'resolved')) ORDER BY b.break_id";
    let rows = pool.get().await?.query(text, &[&program]).await?;
    let open = |row: &Row| {
        Ok(OpenBreak {
            id: row.try_get(0)?,
            source: row.try_get(1)?,
            scope: row.try_get(2)?,
            class: row.try_get(3)?,
            subject: row.try_get(4)?,
            unit: row.try_get(5)?,
            difference: row.try_get(6)?,
            reason: row.try_get(7)?,
            business_date: row.try_get(8)?,
            program: row.try_get(9)?,
        })
    };
    rows.iter().map(open).collect()
}

/// What two people have said is not the same, by scope: pairs of what each side calls it.
pub async fn kept_apart(
    pool: &Pool,
    source: Source,
) -> Result<BTreeMap<String, Vec<(String, String)>>, StoreError> {
    let text = "SELECT DISTINCT b.scope, o.ours, t.theirs FROM reconciliation_break b \
                JOIN break_case c ON c.case_id = b.break_id, unnest(b.our_refs) AS o(ours), unnest(b.their_refs) AS t(theirs) \
                WHERE b.class = 'suggested' AND b.source = $1 AND c.resolution = 'kept_apart' ORDER BY 1, 2, 3";
    let mut apart: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in pool.get().await?.query(text, &[&source.name()]).await? {
        apart.entry(row.try_get(0)?).or_default().push((row.try_get(1)?, row.try_get(2)?));
    }
    Ok(apart)
}

/// How much of a day's items of a source is the same: `matched` of `matched + broken` of the last run of each scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRate {
    /// The business date.
    pub date: Date,
    /// The source.
    pub source: String,
    /// Confirmed matches.
    pub matched: i64,
    /// Breaks.
    pub broken: i64,
}

/// The match rates from the first to the last date.
pub async fn match_rates(pool: &Pool, (first, last): (Date, Date)) -> Result<Vec<DayRate>, StoreError> {
    let text = "SELECT r.business_date, r.source, sum(r.matched)::bigint, sum(r.broken)::bigint FROM reconciliation_run r \
                WHERE r.business_date BETWEEN $1 AND $2 AND NOT EXISTS (SELECT FROM reconciliation_run l \
                WHERE l.source = r.source AND l.scope = r.scope AND l.run_id > r.run_id) GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = pool.get().await?.query(text, &[&first, &last]).await?;
    let rate = |row: &Row| {
        Ok(DayRate {
            date: row.try_get(0)?,
            source: row.try_get(1)?,
            matched: row.try_get(2)?,
            broken: row.try_get(3)?,
        })
    };
    rows.iter().map(rate).collect()
}
