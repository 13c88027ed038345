//! How two versions of a program differ: in words, rule by rule, and in what example purchases are worth.

mod grid;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Amounts, DiscountMode, Funder, Item, PartnerId};

use crate::explain::Names;
use crate::fields::Entry;
use crate::given::Given;
use crate::program::ProgramFile;

/// How two versions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesDiff {
    /// What was added, removed and changed, in the order of the new file.
    pub changes: Vec<Change>,
    /// Example purchases that are worth something else: the tests, and one of each kind of the others.
    pub examples: Vec<Example>,
    /// How many example purchases were looked at.
    pub looked_at: usize,
    /// How many of them are worth something else.
    pub differing: usize,
}

impl RulesDiff {
    /// Whether the two say the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.differing == 0
    }
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `bonus` and the like.
    pub kind: &'static str,
    /// The rule's id.
    pub id: String,
    /// What became of it.
    pub what: What,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is new, with these fields.
    Added(Vec<(String, String)>),
    /// It is gone; these were its fields.
    Removed(Vec<(String, String)>),
    /// These fields changed.
    Changed(Vec<Changed>),
}

/// A field that changed; `None` is a field that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub field: String,
    /// What it said.
    pub old: Option<String>,
    /// What it says.
    pub new: Option<String>,
}

/// A purchase that is worth something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The name of the test that it comes from.
    pub test: Option<String>,
    /// The purchase.
    pub given: Given,
    /// What it was worth. Nothing if an amount left 64 bits.
    pub old: Amounts,
    /// What it is worth.
    pub new: Amounts,
}

/// How `new` differs from `old`. Both were read with the same numbers for partners.
pub fn diff(old: &ProgramFile, new: &ProgramFile, names: &Names<'_>) -> RulesDiff {
    let mut found = RulesDiff {
        changes: changes(&old.entries(names), &new.entries(names)),
        examples: Vec::new(),
        looked_at: 0,
        differing: 0,
    };
    let mut kinds: BTreeSet<Kind> = BTreeSet::new();
    for (test, given) in grid::examples(old, new) {
        found.looked_at += 1;
        let worth = |file: &ProgramFile| given.worth(&file.program).map(|worth| worth.awarded.amounts);
        let (before, after) = (worth(old).unwrap_or_default(), worth(new).unwrap_or_default());
        let differing = differing(&effect(&before), &effect(&after));
        if differing.is_empty() {
            continue;
        }
        found.differing += 1;
        if kinds.insert((given.input.partner, differing)) || test.is_some() {
            found.examples.push(Example { test, given, old: before, new: after });
        }
    }
    found
}

/// Where a purchase was made, and what is more and what is less than before.
type Kind = (Option<PartnerId>, Vec<(Reached, bool)>);

/// Base, bonus, discount or turnover; how it is given; who pays.
type Reached = (u8, Option<DiscountMode>, Option<Funder>);

fn differing(old: &BTreeMap<Reached, i64>, new: &BTreeMap<Reached, i64>) -> Vec<(Reached, bool)> {
    let all: BTreeSet<&Reached> = old.keys().chain(new.keys()).collect();
    let amounts = all.into_iter().map(|key| {
        let of = |side: &BTreeMap<Reached, i64>| side.get(key).copied().unwrap_or(0);
        (*key, of(old), of(new))
    });
    amounts.filter(|(_, old, new)| old != new).map(|(key, old, new)| (key, new > old)).collect()
}

/// What reaches anybody: a rule's name does not.
fn effect(amounts: &Amounts) -> BTreeMap<Reached, i64> {
    let mut effect = BTreeMap::new();
    for (item, amount) in amounts.iter() {
        let key = match item {
            Item::Base => (0, None, None),
            Item::Bonus { funder, .. } => (1, None, Some(*funder)),
            Item::Discount { mode, funder, .. } => (2, Some(*mode), Some(*funder)),
            Item::Turnover(partner) => (3, None, Some(Funder::Partner(*partner))),
            Item::Qualifying => (4, None, None),
            // No purchase is worth these.
            _ => continue,
        };
        *effect.entry(key).or_insert(0) += amount;
    }
    effect
}

fn changes(old: &[Entry], new: &[Entry]) -> Vec<Change> {
    let same = |one: &Entry, other: &Entry| {
        // There is one program; its code may change.
        one.kind == other.kind && (one.id == other.id || one.kind == "program")
    };
    let mut found = Vec::new();
    for entry in new {
        let change = |what| Change { kind: entry.kind, id: entry.id.clone(), what };
        match old.iter().find(|other| same(entry, other)) {
            None => found.push(change(What::Added(entry.fields.clone()))),
            Some(before) => {
                let fields = changed_fields(before, entry);
                if !fields.is_empty() {
                    found.push(change(What::Changed(fields)));
                }
            }
        }
    }
    for entry in old.iter().filter(|entry| !new.iter().any(|other| same(entry, other))) {
        let what = What::Removed(entry.fields.clone());
        found.push(Change { kind: entry.kind, id: entry.id.clone(), what });
    }
    found.extend(["bonus", "discount"].into_iter().filter_map(|kind| changed_order(kind, old, new)));
    found
}

fn changed_fields(old: &Entry, new: &Entry) -> Vec<Changed> {
    let value = |entry: &Entry, name: &str| {
        entry.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
    };
    let mut names: Vec<&String> = new.fields.iter().map(|(name, _)| name).collect();
    let gone = old.fields.iter().map(|(name, _)| name).filter(|name| value(new, name).is_none());
    names.extend(gone);
    let mut changed: Vec<Changed> = names
        .into_iter()
        .map(|name| Changed { field: name.clone(), old: value(old, name), new: value(new, name) })
        .collect();
    if old.id != new.id {
        let id = |entry: &Entry| Some(entry.id.clone());
        changed.insert(0, Changed { field: "code".to_owned(), old: id(old), new: id(new) });
    }
    changed.retain(|changed| changed.old != changed.new);
    changed
}

/// The order counts where the first of several rules holds.
fn changed_order(kind: &'static str, old: &[Entry], new: &[Entry]) -> Option<Change> {
    let ids = |entries: &[Entry], others: &[Entry]| -> Vec<String> {
        let both = |entry: &&Entry| {
            entry.kind == kind && others.iter().any(|other| other.kind == kind && other.id == entry.id)
        };
        entries.iter().filter(both).map(|entry| entry.id.clone()).collect()
    };
    let (before, after) = (ids(old, new), ids(new, old));
    (before != after).then(|| {
        let order = |ids: Vec<String>| Some(ids.join(", "));
        let changed = Changed { field: "order".to_owned(), old: order(before), new: order(after) };
        Change { kind, id: "(all)".to_owned(), what: What::Changed(vec![changed]) }
    })
}
