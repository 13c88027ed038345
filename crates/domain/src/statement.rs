//! A receiver's own statement beside what we have settled: by our ids, and by totals. Nothing is booked from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{FileTotal, MoneyError, settlement::Direction};

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Our id of a line or of a file, if the receiver keeps it; else its own reference.
    pub reference: String,
    /// The date in the receiver's books.
    pub date: Date,
    /// Minor units, signed in the direction.
    pub amount_minor: i64,
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Who pays a positive amount.
    pub direction: Direction,
    /// What the receiver has written beside it.
    pub text: String,
}

/// A statement as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingStatement {
    /// The receiver's reference of it.
    pub reference: String,
    /// Its lines, in its order.
    pub lines: Vec<StatementLine>,
}

impl IncomingStatement {
    /// The first and the last date; `None` without lines.
    pub fn period(&self) -> Option<(Date, Date)> {
        let dates = || self.lines.iter().map(|line| line.date);
        Some((dates().min()?, dates().max()?))
    }
}

/// What we have settled under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Three letters of ISO 4217.
    pub currency: String,
    /// The direction in which the amount is positive.
    pub direction: Direction,
    /// Minor units.
    pub amount_minor: i64,
}

/// What a line of a statement was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatementResult {
    /// It is what we have settled.
    Matched,
    /// It names what we have settled, with another amount.
    AmountDiffers,
    /// It names what we have settled, in another currency.
    CurrencyDiffers,
    /// It names what a line before it has named.
    Repeated,
    /// It names an id of ours that we have not settled with this receiver.
    UnknownId,
    /// It names nothing of ours.
    NotNamed,
}

impl StatementResult {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Matched,
        Self::AmountDiffers,
        Self::CurrencyDiffers,
        Self::Repeated,
        Self::UnknownId,
        Self::NotNamed,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::AmountDiffers => "amount_differs",
            Self::CurrencyDiffers => "currency_differs",
            Self::Repeated => "repeated",
            Self::UnknownId => "unknown_id",
            Self::NotNamed => "not_named",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == text)
    }
}

/// A line with what it was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedLine {
    /// What it was found to be.
    pub result: StatementResult,
    /// The id that it names.
    pub id: Option<String>,
    /// What we have under it, signed in the line's direction.
    pub our_minor: Option<i64>,
}

/// The ids of ours that a line names: its reference, or words of its text. What an id of ours looks like, `is_id` says.
pub fn named_id(line: &StatementLine, is_id: impl Fn(&str) -> bool) -> Option<&str> {
    let words = line.text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    std::iter::once(line.reference.as_str()).chain(words).find(|word| is_id(word))
}

/// Compares each line with what we have settled under the id that it names. `settled` has the entries of each id: a line
/// has one, a file one for each currency and direction.
pub fn compare_statement(
    lines: &[StatementLine],
    settled: &BTreeMap<String, Vec<Settled>>,
    is_id: impl Fn(&str) -> bool,
) -> Vec<ComparedLine> {
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut compare = |line: &'_ StatementLine, id: Option<&str>| {
        let found = |result, our_minor| ComparedLine { result, id: id.map(str::to_owned), our_minor };
        let Some(id) = id else { return found(StatementResult::NotNamed, None) };
        let Some((id, entries)) = settled.get_key_value(id) else {
            return found(StatementResult::UnknownId, None);
        };
        let Some(ours) = entries.iter().find(|entry| entry.currency == line.currency) else {
            return found(StatementResult::CurrencyDiffers, None);
        };
        let same_way = entries
            .iter()
            .find(|entry| (&entry.currency, entry.direction) == (&line.currency, line.direction));
        let ours = same_way.unwrap_or(ours);
        let turned = if ours.direction == line.direction {
            Some(ours.amount_minor)
        } else {
            ours.amount_minor.checked_neg()
        };
        if !seen.insert((id, &ours.currency)) {
            return found(StatementResult::Repeated, turned);
        }
        match turned == Some(line.amount_minor) {
            true => found(StatementResult::Matched, turned),
            false => found(StatementResult::AmountDiffers, turned),
        }
    };
    lines.iter().map(|line| compare(line, named_id(line, &is_id))).collect()
}

/// What a statement and our files of its period come to, by currency: positive if the bank pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodTotal {
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Of the receiver's lines.
    pub theirs_minor: i64,
    /// Of our files.
    pub ours_minor: i64,
}

/// The totals of a period, by currency.
pub fn period_totals(lines: &[StatementLine], files: &[FileTotal]) -> Result<Vec<PeriodTotal>, MoneyError> {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let add = |sum: &mut i64, amount: i64, direction: Direction| {
        let signed = match direction {
            Direction::BankPaysPartner => sum.checked_add(amount),
            Direction::PartnerPaysBank => sum.checked_sub(amount),
        };
        *sum = signed.ok_or(MoneyError::Overflow)?;
        Ok(())
    };
    for line in lines {
        add(&mut sums.entry(&line.currency).or_default().0, line.amount_minor, line.direction)?;
    }
    for total in files {
        add(&mut sums.entry(&total.currency).or_default().1, total.to_pay_minor, total.direction)?;
    }
    let total = |(currency, (theirs_minor, ours_minor)): (&str, (i64, i64))| PeriodTotal {
        currency: currency.to_owned(),
        theirs_minor,
        ours_minor,
    };
    Ok(sums.into_iter().map(total).collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use Direction::{BankPaysPartner, PartnerPaysBank};

    fn line(
        reference: &str,
        amount_minor: i64,
        currency: &str,
        direction: Direction,
        text: &str,
    ) -> StatementLine {
        let (reference, currency, text) = (reference.to_owned(), currency.to_owned(), text.to_owned());
        StatementLine { reference, date: date(2026, 10, 11), amount_minor, currency, direction, text }
    }

    fn settled(id: &str, entries: &[(&str, Direction, i64)]) -> (String, Vec<Settled>) {
        let entry = |(currency, direction, amount): &(&str, Direction, i64)| Settled {
            currency: (*currency).to_owned(),
            direction: *direction,
            amount_minor: *amount,
        };
        (id.to_owned(), entries.iter().map(entry).collect())
    }

    #[test]
    fn lines_are_compared_by_the_ids_that_they_name() {
        use StatementResult::{AmountDiffers, CurrencyDiffers, Matched, NotNamed, Repeated, UnknownId};
        let ours = BTreeMap::from([
            settled("gold-1", &[("RUB", BankPaysPartner, 1_095)]),
            settled("gold-2", &[("RUB", PartnerPaysBank, 70)]),
            settled(
                "file-1",
                &[("RUB", BankPaysPartner, 5), ("RUB", PartnerPaysBank, 9), ("EUR", BankPaysPartner, 3)],
            ),
            settled("least", &[("RUB", BankPaysPartner, i64::MIN)]),
        ]);
        let table = [
            (line("gold-1", 1_095, "RUB", BankPaysPartner, ""), Matched, Some(1_095)),
            (line("gold-1", 1_095, "RUB", BankPaysPartner, "again"), Repeated, Some(1_095)),
            (line("X-1", -70, "RUB", BankPaysPartner, "for (gold-2), paid"), Matched, Some(-70)),
            (line("file-1", 3, "EUR", BankPaysPartner, ""), Matched, Some(3)),
            (line("file-1", 8, "RUB", PartnerPaysBank, ""), AmountDiffers, Some(9)),
            (line("gold-2", 70, "USD", PartnerPaysBank, ""), CurrencyDiffers, None),
            (line("gold-3", 1, "RUB", BankPaysPartner, ""), UnknownId, None),
            (line("least", 0, "RUB", PartnerPaysBank, ""), AmountDiffers, None),
            (line("INV-7", 1, "RUB", BankPaysPartner, "goods"), NotNamed, None),
            (line("", 1, "RUB", BankPaysPartner, ""), NotNamed, None),
        ];
        let is_id = |word: &str| ["gold-", "file-", "least"].iter().any(|start| word.starts_with(start));
        let lines: Vec<StatementLine> = table.iter().map(|(line, ..)| line.clone()).collect();
        let found = compare_statement(&lines, &ours, is_id);
        for ((line, result, minor), found) in table.iter().zip(found) {
            assert_eq!((found.result, found.our_minor), (*result, *minor), "{line:?}");
            assert_eq!(found.id.is_none(), *result == NotNamed);
        }
        for result in StatementResult::ALL {
            assert_eq!(StatementResult::parse(result.name()), Some(result));
        }
    }

    #[test]
    fn a_period_is_added_up_by_currency() {
        let lines = [
            line("a", 100, "RUB", BankPaysPartner, ""),
            line("b", 30, "RUB", PartnerPaysBank, ""),
            line("c", 5, "EUR", PartnerPaysBank, ""),
        ];
        let total = |currency: &str, direction, to_pay_minor| FileTotal {
            currency: currency.to_owned(),
            direction,
            to_pay_minor,
        };
        let files = [total("RUB", BankPaysPartner, 71), total("USD", PartnerPaysBank, 2)];
        let found = period_totals(&lines, &files).unwrap();
        let found: Vec<_> =
            found.iter().map(|of| (of.currency.as_str(), of.theirs_minor, of.ours_minor)).collect();
        assert_eq!(found, [("EUR", -5, 0), ("RUB", 70, 71), ("USD", 0, -2)]);
        let most =
            [line("a", i64::MAX, "RUB", BankPaysPartner, ""), line("b", 1, "RUB", BankPaysPartner, "")];
        assert_eq!(period_totals(&most, &[]), Err(MoneyError::Overflow));
        let statement =
            |lines: &[StatementLine]| IncomingStatement { reference: "S".to_owned(), lines: lines.to_vec() };
        assert_eq!(statement(&lines).period(), Some((date(2026, 10, 11), date(2026, 10, 11))));
        assert_eq!(statement(&[]).period(), None);
    }
}
