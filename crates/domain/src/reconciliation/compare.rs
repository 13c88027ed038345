//! Two sides compared: by identifiers first, then by amount and date, and what is left.

use std::collections::BTreeMap;

use super::group::{pair, resolve};
use super::suggest::suggest;
use super::{BreakClass, Item, MatchRules, Reason, Rung, Timing, Transaction, Unit, Whose};

/// How many of each side a match has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One and one.
    OneToOne,
    /// One of ours and several of theirs.
    OneToMany,
    /// Several of ours and one of theirs.
    ManyToOne,
    /// Several and several.
    ManyToMany,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OneToOne, Self::OneToMany, Self::ManyToOne, Self::ManyToMany];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneToOne => "1:1",
            Self::OneToMany => "1:N",
            Self::ManyToOne => "N:1",
            Self::ManyToMany => "N:M",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == text)
    }

    fn of(ours: usize, theirs: usize) -> Self {
        match (ours, theirs) {
            (1, 1) => Self::OneToOne,
            (1, _) => Self::OneToMany,
            (_, 1) => Self::ManyToOne,
            _ => Self::ManyToMany,
        }
    }
}

/// How certain a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// By identifiers, in one way only.
    Confirmed,
    /// A person should look.
    Suggested,
}

impl Confidence {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Confirmed, Self::Suggested];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Suggested => "suggested",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|confidence| confidence.name() == text)
    }
}

/// Items of both sides that are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// What we call them, sorted.
    pub our_refs: Vec<String>,
    /// What they call them, sorted.
    pub their_refs: Vec<String>,
    /// How many of each side.
    pub shape: Shape,
    /// By which identifier; `None`: by amount and date.
    pub rung: Option<Rung>,
    /// How certain.
    pub confidence: Confidence,
    /// Why.
    pub reason: Reason,
    /// What is counted.
    pub unit: Unit,
    /// The sum of ours.
    pub ours: i64,
    /// The sum of theirs.
    pub theirs: i64,
}

impl Match {
    /// The stored word of the rule by which it was found.
    pub fn rule(&self) -> &'static str {
        self.rung.map_or("amount_and_date", Rung::name)
    }

    /// Theirs less ours.
    pub fn difference(&self) -> i64 {
        self.theirs.saturating_sub(self.ours)
    }
}

/// What does not agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break {
    /// What it is about: what they call it, else what we call it.
    pub subject: String,
    /// Its class.
    pub class: BreakClass,
    /// Why.
    pub reason: Reason,
    /// What is counted.
    pub unit: Unit,
    /// What we have; `None` if nothing.
    pub ours: Option<i64>,
    /// What they have; `None` if nothing.
    pub theirs: Option<i64>,
    /// Theirs less ours; 0 where nothing is counted: `late`, `carried_forward`, `currency`, `reference`, `suggested`.
    pub difference: i64,
    /// The date of what it is about.
    pub date: jiff::civil::Date,
    /// Whose it is, as far as that is known.
    pub of: Whose,
    /// Our transaction, where it is known.
    pub transaction: Option<Transaction>,
    /// Both, side by side.
    pub fields: Vec<Field>,
    /// What we call what is in it, sorted.
    pub our_refs: Vec<String>,
    /// What they call what is in it, sorted.
    pub their_refs: Vec<String>,
}

impl Break {
    /// Whether the data disagree, or only the time.
    pub fn timing(&self) -> Timing {
        self.class.timing()
    }
}

/// One property of both, as raw text; empty where a side has none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Its stored word.
    pub field: &'static str,
    /// Ours.
    pub ours: String,
    /// Theirs.
    pub theirs: String,
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// What is the same, sorted.
    pub matches: Vec<Match>,
    /// What is not, sorted.
    pub breaks: Vec<Break>,
    /// What one side has and the other need not have yet: the references, sorted.
    pub expected: Vec<String>,
}

/// Compares two sides. Every item is in exactly one of the results; what is suggested is also the break that asks about it.
pub fn compare(ours: &[Item], theirs: &[Item], rules: &MatchRules) -> Comparison {
    let mut sides = Sides { ours: sorted(ours), theirs: sorted(theirs), found: Comparison::default() };
    for (place, rung) in rules.ladder.iter().enumerate() {
        by_identifier(&mut sides, *rung, rules.ladder.get(..place).unwrap_or_default(), rules);
    }
    if rules.suggests {
        suggest(&mut sides, rules);
    }
    let Sides { ours, theirs, mut found } = sides;
    for item in ours {
        leave(&mut found, item, true);
    }
    for item in theirs {
        leave(&mut found, item, false);
    }
    found.matches.sort();
    found.breaks.sort();
    found.expected.sort();
    found
}

/// What is not yet found, in an order that does not depend on that of the input.
pub(super) struct Sides<'i> {
    pub(super) ours: Vec<&'i Item>,
    pub(super) theirs: Vec<&'i Item>,
    pub(super) found: Comparison,
}

fn sorted(items: &[Item]) -> Vec<&Item> {
    let mut sorted: Vec<&Item> = items.iter().collect();
    sorted.sort();
    sorted
}

/// Items of both sides by what they are called.
#[derive(Default)]
struct Group<'i> {
    ours: Vec<&'i Item>,
    theirs: Vec<&'i Item>,
}

/// Takes out of both sides what has the same identifier of one kind.
fn by_identifier(sides: &mut Sides<'_>, rung: Rung, stronger: &[Rung], rules: &MatchRules) {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    let mut left = (Vec::new(), Vec::new());
    for item in std::mem::take(&mut sides.ours) {
        match item.identifier(rung) {
            Some(value) => groups.entry(value).or_default().ours.push(item),
            None => left.0.push(item),
        }
    }
    for item in std::mem::take(&mut sides.theirs) {
        match item.identifier(rung) {
            Some(value) => groups.entry(value).or_default().theirs.push(item),
            None => left.1.push(item),
        }
    }
    for Group { ours, theirs } in groups.into_values() {
        let (ours, theirs) = match (ours.as_slice(), theirs.as_slice()) {
            ([], _) | (_, []) => (ours, theirs),
            ([one], [other]) if one.contradicts(other, stronger) => {
                pair(&mut sides.found, one, other, Some((rung, true)), rules);
                continue;
            }
            // Several, and a stronger identifier tells some of them apart: they are left for the next rung.
            _ if ours.iter().any(|one| theirs.iter().any(|other| one.contradicts(other, stronger))) => {
                (ours, theirs)
            }
            _ => resolve(&mut sides.found, ours, theirs, rung, rules),
        };
        left.0.extend(ours);
        left.1.extend(theirs);
    }
    left.0.sort();
    left.1.sort();
    (sides.ours, sides.theirs) = left;
}

/// What nothing was found for.
fn leave(found: &mut Comparison, item: &Item, is_ours: bool) {
    if !item.due {
        found.expected.push(item.reference.clone());
        return;
    }
    let side = [item];
    let (ours, theirs): (&[&Item], &[&Item]) = if is_ours { (&side, &[]) } else { (&[], &side) };
    let (class, reason) = match is_ours {
        true => (BreakClass::MissingTheirs, Reason::NotFoundTheirs),
        false => (BreakClass::MissingOurs, Reason::NotFoundOurs),
    };
    found.breaks.push(broken(class, reason, ours, theirs));
}

/// A match of these items.
pub(super) fn matched(
    rung: Option<Rung>,
    reason: Reason,
    unit: Unit,
    ours: &[&Item],
    theirs: &[&Item],
) -> Match {
    Match {
        our_refs: references(ours),
        their_refs: references(theirs),
        shape: Shape::of(ours.len(), theirs.len()),
        rung,
        confidence: if rung.is_some() { Confidence::Confirmed } else { Confidence::Suggested },
        reason,
        unit,
        ours: amount(sum(ours)),
        theirs: amount(sum(theirs)),
    }
}

/// A break of these items.
pub fn broken(class: BreakClass, reason: Reason, ours: &[&Item], theirs: &[&Item]) -> Break {
    // They named it; and who has it last has the name by which it is asked for.
    let first = theirs.first().or(ours.first());
    let units = |side: &[&Item]| side.first().map(|item| item.unit);
    let same_unit = units(ours).zip(units(theirs)).is_none_or(|(one, other)| one == other);
    let (has, have) = (sum(ours), sum(theirs));
    // Of some nothing is counted: the same money at another time, or what cannot be subtracted.
    let is_counted = !matches!(
        class,
        BreakClass::Late
            | BreakClass::CarriedForward
            | BreakClass::Currency
            | BreakClass::Reference
            | BreakClass::Suggested
    );
    let counts = is_counted && first.is_some_and(|item| item.unit != Unit::Nothing);
    Break {
        subject: first.map(|item| item.subject.clone()).unwrap_or_default(),
        class,
        reason,
        unit: first.filter(|_| counts).map_or(Unit::Nothing, |item| item.unit),
        ours: (counts && !ours.is_empty()).then(|| amount(has)),
        theirs: (counts && !theirs.is_empty()).then(|| amount(have)),
        difference: if counts && same_unit { amount(have - has) } else { 0 },
        date: first.map_or(jiff::civil::Date::ZERO, |item| item.date),
        of: ours.iter().chain(theirs).fold(Whose::default(), |known, item| known.or(item.of)),
        transaction: ours.iter().chain(theirs).find_map(|item| item.transaction),
        fields: fields(ours, theirs),
        our_refs: references(ours),
        their_refs: references(theirs),
    }
}

fn references(items: &[&Item]) -> Vec<String> {
    let mut references: Vec<String> = items.iter().map(|item| item.reference.clone()).collect();
    references.sort();
    references
}

pub(super) fn sum(items: &[&Item]) -> i128 {
    items.iter().map(|item| i128::from(item.amount)).sum()
}

/// Sums of amounts fit: nobody settles so much.
fn amount(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

/// What both sides say, one property beside the other.
fn fields(ours: &[&Item], theirs: &[&Item]) -> Vec<Field> {
    type Show = fn(&Item) -> Option<String>;
    let shown: [(&'static str, Show); 11] = [
        ("reference", |item| Some(item.reference.clone())),
        ("amount", |item| Some(item.amount.to_string())),
        ("unit", |item| Some(item.unit.name().to_owned())),
        ("date", |item| Some(item.date.to_string())),
        ("direction", |item| item.direction.map(|direction| direction.name().to_owned())),
        ("net", |item| item.parts.net.map(|value| value.to_string())),
        ("vat", |item| item.parts.vat.map(|value| value.to_string())),
        ("fee", |item| item.parts.fee.map(|value| value.to_string())),
        ("original", |item| item.parts.original.map(|(unit, value)| format!("{value} {}", unit.name()))),
        ("base", |item| item.parts.base.map(|value| value.to_string())),
        ("miles", |item| item.parts.miles.map(|value| value.to_string())),
    ];
    let side = |items: &[&Item], show: Show| {
        items.iter().filter_map(|item| show(item)).collect::<Vec<String>>().join(" + ")
    };
    let mut found: Vec<Field> = shown
        .into_iter()
        .map(|(field, show)| Field { field, ours: side(ours, show), theirs: side(theirs, show) })
        .collect();
    for (rung, name) in Rung::ALL.map(|rung| (rung, rung.name())) {
        let show = |items: &[&Item]| {
            let values = items.iter().filter_map(|item| item.identifier(rung));
            let mut values: Vec<&str> = values.collect();
            values.dedup();
            values.join(" + ")
        };
        found.push(Field { field: name, ours: show(ours), theirs: show(theirs) });
    }
    found.retain(|field| !(field.ours.is_empty() && field.theirs.is_empty()));
    found
}
