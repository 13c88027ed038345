//! Cases as a list: filters, orders, and one page behind another by the keys of the last row.

use domain::case::{AgeBucket, CaseProposalKind, CaseState, Resolution, Severity};
use domain::{BankId, Bucket, CycleId, MessageKey, PartnerId, ProgramId};
use jiff::{SignedDuration, Timestamp, civil::Date};
use tokio_postgres::{Row, types::ToSql};

use super::underway::{word, word_if_any};
use crate::{
    Pool, StoreError,
    columns::{bucket_numbered, message_key_if_any},
};

/// Rows of one page, at most.
pub const LIST_MAX: u32 = 1_000;

/// Whose cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(String),
}

/// Which cases. What is empty or absent leaves nothing out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseFilter {
    /// In one of these states.
    pub states: Vec<CaseState>,
    /// Of one of these classes, by their stored words.
    pub classes: Vec<String>,
    /// `data` or `timing`.
    pub timing: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// Of this program.
    pub program: Option<ProgramId>,
    /// Of this bank.
    pub bank: Option<BankId>,
    /// With this partner.
    pub partner: Option<PartnerId>,
    /// Of this cycle.
    pub cycle: Option<CycleId>,
    /// Of this business date.
    pub business_date: Option<Date>,
    /// Of this business date and later ones.
    pub from: Option<Date>,
    /// Of this business date and earlier ones.
    pub until: Option<Date>,
    /// Whose.
    pub owner: Option<Owner>,
    /// So severe.
    pub severity: Option<Severity>,
    /// So old.
    pub age: Option<AgeBucket>,
    /// Counted in this unit.
    pub unit: Option<String>,
    /// The size of the difference is at least this.
    pub size_min: Option<i64>,
    /// The size of the difference is at most this.
    pub size_max: Option<i64>,
    /// Not resolved and past its due date.
    pub overdue: bool,
    /// With a proposal that this person may decide: made by somebody else, and not decided.
    pub waits_for: Option<String>,
    /// In the subject, the scope or the compared fields; or the number of the case.
    pub search: Option<String>,
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum CaseSort {
    /// The oldest first.
    #[default]
    Age,
    /// The biggest difference first.
    Amount,
    /// The most severe first, of those the oldest.
    Severity,
}

impl CaseSort {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Age, Self::Amount, Self::Severity];

    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Amount => "amount",
            Self::Severity => "severity",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == text)
    }

    /// The keys of the order, ascending; each order has an index of them.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Age => &["c.opened_at", "c.case_id"],
            Self::Amount => &["(-c.size)", "c.case_id"],
            Self::Severity => &["(-c.severity_rank)", "c.opened_at", "c.case_id"],
        }
    }
}

/// In which order, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseOrder {
    /// By what.
    pub sort: CaseSort,
    /// The other way round.
    pub reversed: bool,
    /// Behind the row that gave this key; `None`: from the first one on. A key that cannot be read is none.
    pub after: Option<String>,
    /// So many rows, at most [`LIST_MAX`].
    pub limit: u32,
}

/// Where a transaction is in our books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseTransaction {
    /// The bucket.
    pub bucket: Bucket,
    /// The message.
    pub key: MessageKey,
}

/// A proposal that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingProposal {
    /// Its number.
    pub id: i64,
    /// What is proposed.
    pub kind: CaseProposalKind,
    /// Who proposed it, and who therefore does not approve it.
    pub by: String,
}

/// A case with its break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The number of the case and of its break.
    pub id: i64,
    /// From which comparison, as a stored word.
    pub source: String,
    /// What was compared.
    pub scope: String,
    /// The class, as a stored word.
    pub class: String,
    /// `data` or `timing`.
    pub timing: String,
    /// The program.
    pub program: Option<ProgramId>,
    /// The bank.
    pub bank: Option<BankId>,
    /// The partner.
    pub partner: Option<PartnerId>,
    /// The cycle.
    pub cycle: Option<CycleId>,
    /// The business date.
    pub business_date: Date,
    /// What it is about.
    pub subject: String,
    /// Three letters of a currency, `MILES`, or empty: nothing is counted.
    pub unit: String,
    /// What we have.
    pub ours: Option<i64>,
    /// What they have.
    pub theirs: Option<i64>,
    /// Theirs less ours.
    pub difference: i64,
    /// What is left of it.
    pub left: i64,
    /// Why it is a break, as a stored word.
    pub reason: String,
    /// The transaction, where it is known.
    pub transaction: Option<CaseTransaction>,
    /// Where it stands.
    pub state: CaseState,
    /// Who has it.
    pub assigned_to: Option<String>,
    /// How severe it is.
    pub severity: Severity,
    /// From when on its age counts.
    pub opened_at: Timestamp,
    /// By when something must be done.
    pub due_at: Timestamp,
    /// Until when nothing is done.
    pub wait_until: Option<Date>,
    /// When it was resolved, and by what.
    pub resolved: Option<(Timestamp, Resolution)>,
    /// What whoever changes it has seen.
    pub version: i32,
    /// The proposal that waits for a decision.
    pub waiting: Option<WaitingProposal>,
}

impl CaseRow {
    /// Whether something should have been done by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.resolved.is_none() && self.due_at <= now
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasePage {
    /// The rows.
    pub rows: Vec<CaseRow>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// The columns of a [`CaseRow`], in the order in which it is read.
pub(super) const COLUMNS: &str = "SELECT c.case_id, b.source, b.scope, b.class, b.timing, b.program_id, b.bank_id, b.partner_id, \
     b.cycle_id, b.business_date, b.subject, c.unit, b.ours, b.theirs, c.difference, c.left_amount, b.reason, b.bucket, \
     b.message_key, c.state, c.assigned_to, c.severity, c.opened_at, c.due_at, c.wait_until, c.resolved_at, c.resolution, \
     c.version, p.proposal_id, p.kind, p.proposed_by, c.size, c.severity_rank, b.fields \
     FROM break_case c JOIN reconciliation_break b ON b.break_id = c.case_id \
     LEFT JOIN case_proposal p ON p.case_id = c.case_id \
     AND NOT EXISTS (SELECT FROM case_decision d WHERE d.proposal_id = p.proposal_id)";

pub(super) fn case_row(row: &Row) -> Result<CaseRow, StoreError> {
    let resolved: Option<Timestamp> = row.try_get(25)?;
    let resolution = word_if_any(row, 26, "resolution of a case", Resolution::parse)?;
    let bucket: Option<i32> = row.try_get(17)?;
    let key = message_key_if_any(row, 18)?;
    let bucket = bucket.map(bucket_numbered).transpose()?;
    let waiting = match row.try_get::<_, Option<i64>>(28)? {
        None => None,
        Some(id) => Some(WaitingProposal {
            id,
            kind: word(row, 29, "kind of a proposal", CaseProposalKind::parse)?,
            by: row.try_get(30)?,
        }),
    };
    Ok(CaseRow {
        id: row.try_get(0)?,
        source: row.try_get(1)?,
        scope: row.try_get(2)?,
        class: row.try_get(3)?,
        timing: row.try_get(4)?,
        program: row.try_get::<_, Option<i32>>(5)?.map(ProgramId),
        bank: row.try_get::<_, Option<i32>>(6)?.map(BankId),
        partner: row.try_get::<_, Option<i32>>(7)?.map(PartnerId),
        cycle: row.try_get::<_, Option<i32>>(8)?.map(CycleId),
        business_date: row.try_get(9)?,
        subject: row.try_get(10)?,
        unit: row.try_get(11)?,
        ours: row.try_get(12)?,
        theirs: row.try_get(13)?,
        difference: row.try_get(14)?,
        left: row.try_get(15)?,
        reason: row.try_get(16)?,
        transaction: bucket.zip(key).map(|(bucket, key)| CaseTransaction { bucket, key }),
        state: word(row, 19, "state of a case", CaseState::parse)?,
        assigned_to: row.try_get(20)?,
        severity: word(row, 21, "severity of a case", Severity::parse)?,
        opened_at: row.try_get(22)?,
        due_at: row.try_get(23)?,
        wait_until: row.try_get(24)?,
        resolved: resolved.zip(resolution),
        version: row.try_get(27)?,
        waiting,
    })
}

/// The keys of a row in an order as numbers, separated by dots.
fn key_of(row: &Row, sort: CaseSort) -> Result<String, StoreError> {
    let (size, rank): (i64, i32) = (row.try_get(31)?, row.try_get(32)?);
    let (id, opened_at): (i64, Timestamp) = (row.try_get(0)?, row.try_get(22)?);
    let opened = opened_at.as_microsecond();
    Ok(match sort {
        CaseSort::Age => format!("{opened}.{id}"),
        CaseSort::Amount => format!("{size}.{id}"),
        CaseSort::Severity => format!("{rank}.{opened}.{id}"),
    })
}

/// Only what stands behind that row of an order.
fn behind(all: &mut Conditions, order: &CaseOrder) {
    let Some(numbers) = order.after.as_deref().and_then(numbers) else { return };
    // No case is older, and PostgreSQL does not know every instant that is written so.
    let opened =
        |micros: i64| Timestamp::from_microsecond(micros).ok().filter(|at| *at >= Timestamp::UNIX_EPOCH);
    let names = match (order.sort, numbers.as_slice()) {
        (CaseSort::Age, [micros, id]) => opened(*micros).map(|at| vec![all.name(at), all.name(*id)]),
        (CaseSort::Amount, [size, id]) => Some(vec![all.name(size.saturating_neg()), all.name(*id)]),
        (CaseSort::Severity, [rank, micros, id]) => {
            match (i32::try_from(rank.saturating_neg()), opened(*micros)) {
                (Ok(rank), Some(at)) => Some(vec![all.name(rank), all.name(at), all.name(*id)]),
                _ => None,
            }
        }
        _ => None,
    };
    if let Some(names) = names {
        let (keys, sign) = (order.sort.keys().join(", "), if order.reversed { "<" } else { ">" });
        all.always(&format!("({keys}) {sign} ({})", names.join(", ")));
    }
}

fn numbers(text: &str) -> Option<Vec<i64>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

/// Conditions and the values that they name, in order.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// By what a condition names this value.
    fn name(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// Adds a condition in which `$$` stands for the value.
    fn add(&mut self, text: &str, value: impl ToSql + Sync + Send + 'static) {
        let name = self.name(value);
        self.texts.push(text.replace("$$", &name));
    }

    fn add_if<T: ToSql + Sync + Send + 'static>(&mut self, text: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(text, value);
        }
    }

    fn always(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    fn text(&self) -> String {
        match self.texts.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.texts.join(" AND ")),
        }
    }

    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| -> &(dyn ToSql + Sync) { &**value }).collect()
    }
}

fn conditions(filter: &CaseFilter, now: Timestamp) -> Conditions {
    let mut all = Conditions::default();
    if !filter.states.is_empty() {
        let names: Vec<&'static str> = filter.states.iter().map(|state| state.name()).collect();
        all.add("c.state = ANY($$)", names);
    }
    if !filter.classes.is_empty() {
        all.add("b.class = ANY($$)", filter.classes.clone());
    }
    all.add_if("b.timing = $$", filter.timing.clone());
    all.add_if("b.source = $$", filter.source.clone());
    all.add_if("b.program_id = $$", filter.program.map(|id| id.0));
    all.add_if("b.bank_id = $$", filter.bank.map(|id| id.0));
    all.add_if("b.partner_id = $$", filter.partner.map(|id| id.0));
    all.add_if("b.cycle_id = $$", filter.cycle.map(|id| id.0));
    all.add_if("b.business_date = $$", filter.business_date);
    all.add_if("b.business_date >= $$", filter.from);
    all.add_if("b.business_date <= $$", filter.until);
    all.add_if("c.severity = $$", filter.severity.map(Severity::name));
    all.add_if("c.unit = $$", filter.unit.clone());
    all.add_if("c.size >= $$", filter.size_min);
    all.add_if("c.size <= $$", filter.size_max);
    match &filter.owner {
        Some(Owner::Nobody) => all.always("c.assigned_to IS NULL"),
        Some(Owner::Person(name)) => all.add("c.assigned_to = $$", name.clone()),
        None => {}
    }
    if filter.overdue {
        all.add("c.state <> 'resolved' AND c.due_at <= $$", now);
    }
    if let Some(name) = &filter.waits_for {
        all.add("c.state <> 'resolved' AND p.proposed_by <> $$", name.clone());
    }
    of_age(&mut all, filter.age, now);
    found_by(&mut all, filter.search.as_deref());
    all
}

fn of_age(all: &mut Conditions, age: Option<AgeBucket>, now: Timestamp) {
    let Some((first, last)) = age.map(AgeBucket::days) else { return };
    let before =
        |days: i64| now.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::UNIX_EPOCH);
    // What is opened later than now has no age yet.
    if first > 0 {
        all.add("c.opened_at <= $$", before(first));
    }
    all.add_if("c.opened_at > $$", last.map(|last| before(last + 1)));
}

/// Signs of LIKE in what people type are letters like all others.
fn found_by(all: &mut Conditions, search: Option<&str>) {
    let Some(text) = search.map(str::trim).filter(|text| !text.is_empty()) else { return };
    let quoted = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let like = all.name(format!("%{quoted}%"));
    let number = all.name(text.trim_start_matches('#').parse::<i64>().unwrap_or(-1));
    all.always(&format!(
        "(b.subject ILIKE {like} OR b.scope ILIKE {like} OR b.fields::text ILIKE {like} OR c.case_id = {number})"
    ));
}

/// One page of cases.
pub async fn list(
    pool: &Pool,
    filter: &CaseFilter,
    order: &CaseOrder,
    now: Timestamp,
) -> Result<CasePage, StoreError> {
    let mut conditions = conditions(filter, now);
    behind(&mut conditions, order);
    let limit = order.limit.clamp(1, LIST_MAX);
    let direction = if order.reversed { "DESC" } else { "ASC" };
    let sorted: Vec<String> = order.sort.keys().iter().map(|key| format!("{key} {direction}")).collect();
    let text = format!("{COLUMNS}{} ORDER BY {} LIMIT {}", conditions.text(), sorted.join(", "), limit + 1);
    let rows = pool.get().await?.query(text.as_str(), &conditions.values()).await?;
    page(&rows, order.sort, limit)
}

/// One row more than the page was asked for: whether there is another page.
fn page(rows: &[Row], sort: CaseSort, limit: u32) -> Result<CasePage, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let shown = rows.iter().take(limit);
    let next = match (rows.len() > limit, shown.clone().last()) {
        (true, Some(last)) => Some(key_of(last, sort)?),
        _ => None,
    };
    Ok(CasePage { rows: shown.map(case_row).collect::<Result<_, _>>()?, next })
}
