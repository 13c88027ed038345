//! Where comparisons are kept: what was compared before, and what came of it now.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use domain::hide_card_numbers;
use domain::reconciliation::{
    Break, BreakClass, Comparison, Confidence, Field, Item, Match, MatchRules, Reason, Rung, Shape, Source,
    Unit, Whose, compare,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use partner_adapters::finished;
use store::reconciliation::{LastRun, NewRun, keep_run, last_runs};
use store::{Pool, StoreError};

use super::ReconcileSettings;

/// The inputs of a scope, boiled down: equal inputs have equal hashes.
pub(super) struct Inputs(Context);

impl Inputs {
    pub(super) fn new() -> Self {
        let mut inputs = Self(Context::new(&SHA256));
        // Another number has everything compared again.
        inputs.add("1");
        inputs
    }

    pub(super) fn add(&mut self, part: impl AsRef<[u8]>) {
        self.0.update(part.as_ref());
        self.0.update(&[0]);
    }

    pub(super) fn hash(self) -> [u8; 32] {
        finished(self.0)
    }
}

/// What is compared.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) source: Source,
    pub(super) name: String,
    pub(super) of: Whose,
    pub(super) date: Date,
}

/// The work of one reconciliation.
pub(super) struct Desk<'p> {
    pub(super) pool: &'p Pool,
    pub(super) settings: &'p ReconcileSettings,
    pub(super) as_of: Timestamp,
    known: BTreeMap<Source, BTreeMap<String, LastRun>>,
    compared: BTreeMap<Source, u64>,
    pub(super) new_breaks: Vec<i64>,
    pub(super) cured: u64,
}

impl<'p> Desk<'p> {
    pub(super) async fn new(
        pool: &'p Pool,
        settings: &'p ReconcileSettings,
        as_of: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut known = BTreeMap::new();
        for source in Source::ALL {
            known.insert(source, last_runs(pool, source).await?);
        }
        let compared = BTreeMap::new();
        Ok(Self { pool, settings, as_of, known, compared, new_breaks: Vec::new(), cured: 0 })
    }

    /// How many scopes of a source were compared now.
    pub(super) fn compared(&self, source: Source) -> u64 {
        self.compared.get(&source).copied().unwrap_or(0)
    }

    /// The first date that is looked at.
    pub(super) fn from(&self) -> Date {
        let back = SignedDuration::from_hours(24 * i64::from(self.settings.look_back_days));
        let from = self.as_of.checked_sub(back).unwrap_or(self.as_of);
        from.to_zoned(TimeZone::UTC).date()
    }

    /// Whether the last run of a scope had these inputs.
    pub(super) fn has(&self, source: Source, scope: &str, hash: &[u8; 32]) -> bool {
        self.known.get(&source).and_then(|of| of.get(scope)).is_some_and(|run| run.inputs_sha256 == *hash)
    }

    /// Whether a scope was ever compared.
    pub(super) fn knows(&self, source: Source, scope: &str) -> bool {
        self.known.get(&source).is_some_and(|of| of.contains_key(scope))
    }

    /// Compares two sides of a scope and keeps what came of it, beside what was found without items.
    pub(super) async fn compare(
        &mut self,
        scope: &Scope,
        hash: [u8; 32],
        (ours, theirs, rules): (&[Item], &[Item], &MatchRules),
        found: Comparison,
    ) -> Result<(), StoreError> {
        let mut comparison = compare(ours, theirs, rules);
        comparison.matches.extend(found.matches);
        comparison.breaks.extend(found.breaks);
        comparison.expected.extend(found.expected);
        self.keep(scope, hash, &comparison, "").await
    }

    /// Keeps what came of a comparison.
    pub(super) async fn keep(
        &mut self,
        scope: &Scope,
        inputs_sha256: [u8; 32],
        comparison: &Comparison,
        problem: &str,
    ) -> Result<(), StoreError> {
        let run = NewRun {
            source: scope.source,
            scope: &scope.name,
            of: scope.of,
            business_date: scope.date,
            as_of: self.as_of,
            compared_at: self.as_of,
            inputs_sha256,
            comparison,
            problem,
            case_rules: &self.settings.cases,
        };
        let kept = keep_run(self.pool, &run).await?;
        if !problem.is_empty() {
            let (source, scope) = (scope.source.name(), &scope.name);
            tracing::error!(source, scope, problem, "an input of reconciliation could not be read");
        }
        if let Some(kept) = kept {
            *self.compared.entry(scope.source).or_default() += 1;
            self.new_breaks.extend(kept.new_breaks);
            self.cured += kept.cured;
        }
        Ok(())
    }

    /// Keeps that what could not be read came again and could.
    pub(super) async fn can_be_read(&mut self, scope: &Scope) -> Result<(), StoreError> {
        let mut inputs = Inputs::new();
        inputs.add("read");
        let hash = inputs.hash();
        if self.knows(scope.source, &scope.name) && !self.has(scope.source, &scope.name, &hash) {
            self.keep(scope, hash, &Comparison::default(), "").await?;
        }
        Ok(())
    }

    /// Keeps that an input cannot be read.
    pub(super) async fn cannot_read(&mut self, scope: &Scope, problem: &str) -> Result<(), StoreError> {
        let mut inputs = Inputs::new();
        inputs.add("problem");
        inputs.add(problem);
        let hash = inputs.hash();
        if self.has(scope.source, &scope.name, &hash) {
            return Ok(());
        }
        self.keep(scope, hash, &Comparison::default(), &hide_card_numbers(problem)).await
    }
}

/// A break about a file, a window or something else of which nothing is counted.
pub(super) fn of_file(
    (class, reason): (BreakClass, Reason),
    subject: impl Into<String>,
    (date, of): (Date, Whose),
    fields: &[(&'static str, &str, &str)],
) -> Break {
    let field = |(field, ours, theirs): &(&'static str, &str, &str)| Field {
        field,
        ours: (*ours).to_owned(),
        theirs: (*theirs).to_owned(),
    };
    let subject = subject.into();
    Break {
        our_refs: vec![subject.clone()],
        their_refs: Vec::new(),
        subject,
        class,
        reason,
        unit: Unit::Nothing,
        ours: None,
        theirs: None,
        difference: 0,
        date,
        of,
        transaction: None,
        fields: fields.iter().map(field).collect(),
    }
}

/// That a file or window is on both sides.
pub(super) fn is_there(rung: Rung, reference: impl Into<String>) -> Match {
    let reference = reference.into();
    Match {
        our_refs: vec![reference.clone()],
        their_refs: vec![reference],
        shape: Shape::OneToOne,
        rung: Some(rung),
        confidence: Confidence::Confirmed,
        reason: Reason::SameIdentifier,
        unit: Unit::Nothing,
        ours: 0,
        theirs: 0,
    }
}

/// Minor units of a currency by its number; nothing is counted if there is no such currency.
pub(super) fn money(currency: u16) -> Unit {
    let code = iso_currency::Currency::from_numeric(currency);
    code.and_then(|code| Unit::parse(code.code())).unwrap_or(Unit::Nothing)
}

/// An item of which only the most necessary is known.
pub(super) fn plain(reference: String, subject: String, (unit, amount): (Unit, i64), date: Date) -> Item {
    Item {
        reference,
        subject,
        identifiers: Vec::new(),
        unit,
        amount,
        direction: None,
        date,
        parts: domain::reconciliation::Parts::default(),
        due: true,
        of: Whose::default(),
        transaction: None,
    }
}
