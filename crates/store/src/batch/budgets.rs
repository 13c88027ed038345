//! Budgets of campaigns, in slices: a batch takes from one of its own, and divides anew if that is not enough.
//!
//! Slices are locked after the accounts, all in one sorted order. The slice alone decides as long as it suffices; a batch
//! that asks for more begins again with all slices of that budget, so that the last unit is found wherever it lies.

use std::collections::{BTreeMap, BTreeSet};

use domain::{BudgetKey, BudgetLeft, Disposition, Gate, Outcome, ProgramId, Rules};
use tokio_postgres::{Client, Row, types::ToSql};

use super::{BatchError, write::Statements};
use crate::StoreError;

/// More lanes than these would share slices and wait for each other.
const SLICES: i16 = 16;

/// The slice of the connection with this process id at the server: neighbours get different ones.
pub(super) fn slice_of(pid: i32) -> i16 {
    i16::try_from(pid.rem_euclid(i32::from(SLICES))).unwrap_or(0)
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Slice {
    divided: bool,
    total: BudgetLeft,
    share: BudgetLeft,
    used: (i64, i64),
}

impl Slice {
    fn left(&self) -> BudgetLeft {
        let mut left = self.share;
        left.take(self.used.0, self.used.1);
        left
    }
}

/// The budgets of a batch, as it has locked them.
#[derive(Debug)]
pub(super) struct Budgets {
    /// The slice that this lane takes from.
    own: i16,
    /// Those of which all slices are locked.
    whole: BTreeSet<BudgetKey>,
    slices: BTreeMap<(BudgetKey, i16), Slice>,
    /// What the rules say; `None` for a rule that no version has any more.
    totals: BTreeMap<BudgetKey, Option<BudgetLeft>>,
}

impl Budgets {
    pub(super) fn new(own: i16, whole: BTreeSet<BudgetKey>) -> Self {
        Self { own, whole, slices: BTreeMap::new(), totals: BTreeMap::new() }
    }

    /// Locks the slices of these budgets; those that are needed whole are written first if they are new.
    pub(super) async fn lock(
        &mut self,
        client: &Client,
        sql: &Statements,
        keys: &BTreeSet<BudgetKey>,
    ) -> Result<(), BatchError> {
        if keys.is_empty() {
            return Ok(());
        }
        let new = Columns::of(self.whole.iter().flat_map(|key| (0..SLICES).map(move |slice| (key, slice))));
        if !self.whole.is_empty() {
            client.execute(&sql.open_budgets, &new.parameters()).await?;
        }
        let wanted = keys.iter().flat_map(|key| {
            let range = if self.whole.contains(key) { 0..SLICES } else { self.own..self.own + 1 };
            range.map(move |slice| (key, slice))
        });
        for row in client.query(&sql.lock_budgets, &Columns::of(wanted).parameters()).await? {
            let (key, slice) = (key_of(&row)?, row.try_get(3)?);
            self.slices.insert((key, slice), slice_from(&row)?);
        }
        Ok(())
    }

    /// What the batch may take of each budget, by the rules in force.
    pub(super) fn left(
        &mut self,
        keys: &BTreeSet<BudgetKey>,
        gates: &BTreeMap<ProgramId, Gate>,
        rules: &Rules,
    ) -> BTreeMap<BudgetKey, BudgetLeft> {
        let mut left = BTreeMap::new();
        for key in keys {
            self.totals.insert(key.clone(), BudgetLeft::of(key, gates, rules));
            left.extend(self.left_of(key).map(|room| (key.clone(), room)));
        }
        left
    }

    /// `None` is nothing.
    fn left_of(&self, key: &BudgetKey) -> Option<BudgetLeft> {
        if !self.whole.contains(key) {
            let own = self.slices.get(&(key.clone(), self.own))?;
            return (!self.is_stale(key)).then(|| own.left());
        }
        let mut left = self.total(key)?;
        for (_, slice) in self.of(key) {
            left.take(slice.used.0, slice.used.1);
        }
        Some(left)
    }

    /// What the rules say, or what was divided last.
    fn total(&self, key: &BudgetKey) -> Option<BudgetLeft> {
        let divided = || self.of(key).find(|(_, slice)| slice.divided).map(|(_, slice)| slice.total);
        self.totals.get(key).copied().flatten().or_else(divided)
    }

    fn of<'a>(&'a self, key: &'a BudgetKey) -> impl Iterator<Item = (i16, &'a Slice)> {
        self.slices.iter().filter(move |((of, _), _)| of == key).map(|((_, number), slice)| (*number, slice))
    }

    /// Whether the slice was never given a share, or one of another total.
    fn is_stale(&self, key: &BudgetKey) -> bool {
        let own = self.slices.get(&(key.clone(), self.own));
        own.is_none_or(|slice| !slice.divided || self.total(key) != Some(slice.total))
    }

    /// The budgets of which this batch needs all slices: they gave less than was asked, and others have some left.
    pub(super) async fn needed_whole(
        &self,
        client: &Client,
        sql: &Statements,
        outcomes: &[Outcome],
    ) -> Result<BTreeSet<BudgetKey>, BatchError> {
        let mut needed = BTreeSet::new();
        let short: BTreeSet<&BudgetKey> = outcomes.iter().flat_map(|outcome| &outcome.short).collect();
        let taken = taken(outcomes);
        let moved =
            taken.iter().filter(|(key, _)| !self.slices.contains_key(&(BudgetKey::clone(key), self.own)));
        let candidates: BTreeSet<&BudgetKey> = short.into_iter().chain(moved.map(|(key, _)| *key)).collect();
        for key in candidates.into_iter().filter(|key| !self.whole.contains(key)) {
            if self.is_stale(key) || self.others_help(client, sql, key, taken.get(key)).await? {
                needed.insert(key.clone());
            }
        }
        Ok(needed)
    }

    /// Whether other slices have what this one lacks. They are only looked at: what comes back to them meanwhile was not
    /// there when this was decided.
    async fn others_help(
        &self,
        client: &Client,
        sql: &Statements,
        key: &BudgetKey,
        taken: Option<&(i64, i64)>,
    ) -> Result<bool, BatchError> {
        let row =
            client.query_one(&sql.other_slices, &[&key.program.0, &key.rule, &key.period, &self.own]).await?;
        let (amount, uses): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        let mut own = self.left_of(key).unwrap_or_default();
        let (taken_amount, taken_uses) = taken.copied().unwrap_or_default();
        own.take(taken_amount, taken_uses);
        let lacks_uses = own.uses.is_some_and(|uses| uses <= 0);
        let has_uses = uses.is_none_or(|uses| uses > 0);
        let has_amount = amount.is_none_or(|amount| amount > 0);
        Ok(match lacks_uses {
            true => has_uses,
            false => amount.is_some() && has_amount,
        })
    }

    /// The rows as they stand after the batch, as columns of one statement; none if nothing was taken.
    pub(super) fn after(mut self, outcomes: &[Outcome]) -> Option<Vec<Box<dyn ToSql + Sync + Send>>> {
        let taken = taken(outcomes);
        let mut changed: BTreeSet<(BudgetKey, i16)> = BTreeSet::new();
        for (key, (amount, uses)) in taken {
            let place = (key.clone(), self.own);
            if let Some(slice) = self.slices.get_mut(&place) {
                slice.used = (slice.used.0.saturating_add(amount), slice.used.1.saturating_add(uses));
                changed.insert(place);
            }
        }
        for key in self.whole.clone() {
            self.divide(&key);
            changed.extend((0..SLICES).map(|slice| (key.clone(), slice)));
        }
        let rows: Vec<(&(BudgetKey, i16), &Slice)> =
            self.slices.iter().filter(|(place, _)| changed.contains(place)).collect();
        (!rows.is_empty()).then(|| columns(&rows))
    }

    /// Divides what is left among all slices.
    fn divide(&mut self, key: &BudgetKey) {
        let Some(total) = self.total(key) else { return };
        let left = self.left_of(key).unwrap_or_default();
        for ((_, number), slice) in self.slices.iter_mut().filter(|((of, _), _)| of == key) {
            let part = |left: Option<i64>, used: i64| {
                left.map(|left| used.saturating_add(share(left.max(0), *number)))
            };
            let share =
                BudgetLeft { amount: part(left.amount, slice.used.0), uses: part(left.uses, slice.used.1) };
            *slice = Slice { divided: true, total, share, used: slice.used };
        }
    }
}

/// The part of one slice: the first ones have what does not divide.
fn share(whole: i64, slice: i16) -> i64 {
    let slices = i64::from(SLICES);
    whole / slices + i64::from(i64::from(slice) < whole % slices)
}

/// What the batch takes of each budget: amount and uses.
fn taken(outcomes: &[Outcome]) -> BTreeMap<&BudgetKey, (i64, i64)> {
    let mut taken: BTreeMap<&BudgetKey, (i64, i64)> = BTreeMap::new();
    let decided = outcomes.iter().filter(|outcome| outcome.disposition == Disposition::Decided);
    for budgeted in decided.flat_map(|outcome| &outcome.budgeted) {
        let (amount, uses) = taken.entry(&budgeted.key).or_default();
        (*amount, *uses) = (amount.saturating_add(budgeted.amount), uses.saturating_add(budgeted.uses));
    }
    taken
}

/// The columns by which slices are named.
#[derive(Default)]
struct Columns<'a> {
    programs: Vec<i32>,
    rules: Vec<&'a str>,
    periods: Vec<&'a str>,
    slices: Vec<i16>,
}

impl<'a> Columns<'a> {
    fn of(places: impl Iterator<Item = (&'a BudgetKey, i16)>) -> Self {
        let mut columns = Self::default();
        for (key, slice) in places {
            columns.programs.push(key.program.0);
            columns.rules.push(&key.rule);
            columns.periods.push(&key.period);
            columns.slices.push(slice);
        }
        columns
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.programs, &self.rules, &self.periods, &self.slices]
    }
}

fn key_of(row: &Row) -> Result<BudgetKey, StoreError> {
    Ok(BudgetKey { program: ProgramId(row.try_get(0)?), rule: row.try_get(1)?, period: row.try_get(2)? })
}

fn slice_from(row: &Row) -> Result<Slice, StoreError> {
    let pair = |first: usize| -> Result<BudgetLeft, StoreError> {
        Ok(BudgetLeft { amount: row.try_get(first)?, uses: row.try_get(first + 1)? })
    };
    let used = (row.try_get(9)?, row.try_get(10)?);
    Ok(Slice { divided: row.try_get(4)?, total: pair(5)?, share: pair(7)?, used })
}

fn columns(rows: &[(&(BudgetKey, i16), &Slice)]) -> Vec<Box<dyn ToSql + Sync + Send>> {
    macro_rules! column {
        ($row:pat => $value:expr) => {
            Box::new(rows.iter().map(|$row| $value).collect::<Vec<_>>()) as Box<dyn ToSql + Sync + Send>
        };
    }
    vec![
        column!(((key, _), _) => key.program.0),
        column!(((key, _), _) => key.rule.clone()),
        column!(((key, _), _) => key.period.clone()),
        column!(((_, slice), _) => *slice),
        column!((_, row) => row.divided),
        column!((_, row) => row.total.amount),
        column!((_, row) => row.total.uses),
        column!((_, row) => row.share.amount),
        column!((_, row) => row.share.uses),
        column!((_, row) => row.used.0),
        column!((_, row) => row.used.1),
    ]
}
