//! Plants faults in a bank's clearing files, day by day, by editing their lines.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};

use crate::{
    csv::Sheet,
    month::{BANKS, Brought, Course, FIRST, Month, Purchase, arn, pan},
    random::Random,
    table::{Edit, Planted},
};

/// A late record comes so many days after its day.
const LATE_DAYS: i64 = 15;
/// Late records are of the first so many days, so that they come within the month.
const LATE_FROM_FIRST: i64 = 18;
const DOLLARS: u16 = 840;

const OF_RECORDS: [Edit; 7] = [
    Edit::RecordLeftOut,
    Edit::RecordTwice,
    Edit::RecordAmount,
    Edit::RecordRate,
    Edit::RecordCurrency,
    Edit::RecordPart,
    Edit::RecordLate,
];

/// Brings a bank's files as they are, or with faults.
pub struct ClearingPlanter {
    random: Random,
    /// By the retrieval reference of the purchase.
    records: BTreeMap<String, Edit>,
    /// Records that are invented, numbers that are skipped, files that come altered: by bank and day.
    days: BTreeMap<(usize, Date), Vec<Edit>>,
    /// Records that come on another day.
    later: BTreeMap<(usize, Date), Vec<Vec<String>>>,
    /// Records of files that never came: they stand before those of the next day.
    held: BTreeMap<(usize, Date), Vec<Vec<String>>>,
    /// The number of the last file of each bank.
    sequences: [i32; 2],
    invented: u32,
    planted: Vec<Planted>,
}

impl ClearingPlanter {
    /// Brings everything as it is.
    #[must_use]
    pub fn honest() -> Self {
        Self {
            random: Random::new(0),
            records: BTreeMap::new(),
            days: BTreeMap::new(),
            later: BTreeMap::new(),
            held: BTreeMap::new(),
            sequences: [0; 2],
            invented: 0,
            planted: Vec::new(),
        }
    }

    /// Plants all faults of clearing files, no two in one purchase.
    #[must_use]
    pub fn new(seed: u64, month: &Month) -> Self {
        let mut planter = Self { random: Random::new(seed), ..Self::honest() };
        let mut free: Vec<&Purchase> =
            month.purchases.iter().filter(|purchase| purchase.member.enrolled).collect();
        for edit in OF_RECORDS {
            for _ in 0..edit.times() {
                let fits = |purchase: &&Purchase| fits(edit, purchase);
                let (mut fitting, others) = free.into_iter().partition::<Vec<_>, _>(fits);
                let one = planter.random.take(&mut fitting, &format!("{edit:?}"));
                planter.records.insert(one.retrieval(), edit);
                free = others.into_iter().chain(fitting).collect();
                free.sort_by_key(|purchase| purchase.number);
            }
        }
        // Days on which both banks have files, and others come before.
        let days = month.dates().into_iter().filter(|day| (4..30).contains(&(*day - FIRST).get_days()));
        let mut days: Vec<(usize, Date)> =
            days.flat_map(|day| (0..BANKS.len()).map(move |bank| (bank, day))).collect();
        for edit in [Edit::FileNumberSkipped, Edit::FileComesAltered] {
            for _ in 0..edit.times() {
                let day = planter.random.take(&mut days, &format!("{edit:?}"));
                planter.days.entry(day).or_default().push(edit);
            }
        }
        for _ in 0..Edit::RecordInvented.times() {
            let day = planter.random.pick(&days);
            planter.days.entry(day).or_default().push(Edit::RecordInvented);
        }
        // By chance of its own, so that all others stay as they are; no two days one after the other.
        let mut random = Random::new(seed ^ 0x6e65_7665);
        days.retain(|day| !planter.days.contains_key(day));
        for _ in 0..Edit::FileNeverComes.times() {
            let (bank, day) = random.take(&mut days, "FileNeverComes");
            days.retain(|(other, date)| *other != bank || (*date - day).get_days().abs() > 1);
            planter.days.entry((bank, day)).or_default().push(Edit::FileNeverComes);
        }
        planter
    }

    /// What a bank brings on a date, in this order.
    pub fn brings(&mut self, month: &Month, bank: usize, on: Date) -> Vec<Brought> {
        let mut sheet = month.clearing(bank, on);
        let own = std::mem::replace(&mut sheet.lines, self.held.remove(&(bank, on)).unwrap_or_default());
        for line in own {
            self.record(month, (bank, on), &mut sheet, line);
        }
        sheet.lines.extend(self.later.remove(&(bank, on)).unwrap_or_default());
        let edits = self.days.remove(&(bank, on)).unwrap_or_default();
        for _ in edits.iter().filter(|edit| **edit == Edit::RecordInvented) {
            self.invent(month, (bank, on), &mut sheet);
        }
        if sheet.lines.is_empty() {
            assert!(edits.is_empty(), "{on} has no file to plant {edits:?} in");
            return Vec::new();
        }
        if edits.contains(&Edit::FileNeverComes) {
            self.held.insert((bank, on + 1.day()), sheet.lines);
            let subject = format!("{}:{on}", BANKS[bank].code);
            self.planted.push(Edit::FileNeverComes.must(subject, "", (0, 0)));
            return Vec::new();
        }
        let id = format!("{}-{}", BANKS[bank].code, on.strftime("%Y%m%d"));
        self.sequences[bank] += 1;
        if edits.contains(&Edit::FileNumberSkipped) {
            self.sequences[bank] += 1;
            self.planted.push(Edit::FileNumberSkipped.must(&id, "", (0, 0)));
        }
        let file = Brought { id, sequence: self.sequences[bank], text: sheet.text() };
        let mut all = vec![file.clone()];
        if edits.contains(&Edit::FileComesAltered) {
            let line = self.random.below(sheet.lines.len());
            let more = sheet.amount(line, "amount_minor") + 10;
            sheet.set(line, "amount_minor", more);
            self.planted.push(Edit::FileComesAltered.must(&file.id, "", (0, 0)));
            all.push(Brought { text: sheet.text(), ..file });
        }
        all
    }

    /// What was planted.
    ///
    /// # Panics
    /// If not all of it has been brought.
    #[must_use]
    pub fn finish(self) -> Vec<Planted> {
        assert!(self.days.is_empty() && self.later.is_empty(), "{:?} {:?}", self.days, self.later);
        assert!(self.held.is_empty(), "{:?}", self.held);
        let edits: BTreeSet<Edit> = self.planted.iter().map(|planted| planted.edit).collect();
        for edit in &edits {
            let times = self.planted.iter().filter(|planted| planted.edit == *edit).count();
            assert_eq!(times, edit.times(), "{edit:?}");
        }
        self.planted
    }

    /// Puts a line into its file, edited if it is to be.
    fn record(&mut self, month: &Month, (bank, on): (usize, Date), sheet: &mut Sheet, line: Vec<String>) {
        let place = sheet.lines.len();
        sheet.lines.push(line);
        let retrieval = sheet.get(place, "retrieval").to_owned();
        let Some(edit) = self.records.get(&retrieval).copied() else { return };
        let purchase = month.purchase(retrieval.parse().unwrap());
        let own = BANKS[bank].currency;
        let (about, amount) = (purchase.subject(), sheet.amount(place, "amount_minor"));
        let planted = match edit {
            Edit::RecordLeftOut => {
                sheet.lines.pop();
                edit.must(retrieval, own, (amount, 0))
            }
            Edit::RecordTwice => {
                let mut again = sheet.lines[place].clone();
                again[sheet.column("clearing_sequence")] = "2".to_owned();
                self.later.entry((bank, on + 1.day())).or_default().push(again);
                edit.must(about, own, (amount, amount))
            }
            Edit::RecordAmount => {
                let theirs = other_or_near(&mut self.random, amount);
                sheet.set(place, "amount_minor", theirs);
                edit.must(about, own, (amount, theirs))
            }
            Edit::RecordRate => {
                let billed = sheet.amount(place, "billing_minor");
                let theirs = billed + billed * self.random.between(3, 9) / 100;
                sheet.set(place, "billing_minor", theirs);
                edit.must(about, own, (billed, theirs))
            }
            Edit::RecordCurrency => {
                sheet.set(place, "billing_minor", amount);
                sheet.set(place, "billing_currency", BANKS[bank].number);
                sheet.set(place, "currency", DOLLARS);
                edit.must(about, own, (amount, amount))
            }
            Edit::RecordPart if sheet.get(place, "clearing_sequence") == "1" => return,
            Edit::RecordPart => {
                let theirs = other_or_near(&mut self.random, amount);
                sheet.set(place, "amount_minor", theirs);
                edit.must(about, own, (purchase.granted, purchase.granted - amount + theirs))
            }
            Edit::RecordLate => {
                let late = sheet.lines.pop().unwrap();
                self.later.entry((bank, on + LATE_DAYS.days())).or_default().push(late);
                edit.must(about, own, (amount, amount))
            }
            other => panic!("{other:?} is not done to a record"),
        };
        self.planted.push(planted);
    }

    /// A purchase of a member that nobody asked us about.
    fn invent(&mut self, month: &Month, (bank, on): (usize, Date), sheet: &mut Sheet) {
        self.invented += 1;
        let members: Vec<u32> = month
            .members
            .iter()
            .filter(|member| member.bank == bank && member.enrolled)
            .map(|member| member.card)
            .collect();
        let (place, number) = (sheet.lines.len(), 900_000 + self.invented);
        let mut line = sheet.lines.first().cloned().unwrap_or_else(|| panic!("{on} has no file"));
        let arn = arn(3, number);
        let amount = self.random.between(20_00, 900_00);
        for (column, value) in [
            ("kind", "purchase".to_owned()),
            ("pan", pan(bank, self.random.pick(&members))),
            ("amount_minor", amount.to_string()),
            ("currency", BANKS[bank].number.to_string()),
            ("billing_minor", String::new()),
            ("billing_currency", String::new()),
            ("local_time", (on - 1.day()).at(15, 0, 0, 0).to_string()),
            ("card_acceptor", "NOWHERE00000001".to_owned()),
            ("retrieval", format!("{number:012}")),
            ("approval", number.to_string()),
            ("arn", arn.clone()),
            ("clearing_sequence", "1".to_owned()),
        ] {
            line[sheet.column(column)] = value;
        }
        sheet.lines.insert(place, line);
        self.planted.push(Edit::RecordInvented.must(arn, BANKS[bank].currency, (0, amount)));
    }
}

fn fits(edit: Edit, purchase: &Purchase) -> bool {
    let (is_foreign, day) = (purchase.billed.is_some(), (purchase.presented() - FIRST).get_days());
    match edit {
        Edit::RecordRate => purchase.course == Course::Whole && is_foreign,
        Edit::RecordPart => purchase.course == Course::Parts,
        Edit::RecordLate => {
            purchase.course == Course::Whole && !is_foreign && i64::from(day) < LATE_FROM_FIRST
        }
        _ => purchase.course == Course::Whole && !is_foreign,
    }
}

/// 10 to 40 % more or less, or one minor unit.
pub(crate) fn other_or_near(random: &mut Random, amount: i64) -> i64 {
    if random.percent(30) { amount + random.pick(&[-1, 1]) } else { other(random, amount) }
}

/// 10 to 40 % more or less.
pub(crate) fn other(random: &mut Random, amount: i64) -> i64 {
    let percent = random.between(10, 40) * random.pick(&[-1, 1]);
    let theirs = amount + amount * percent / 100;
    assert_ne!(theirs, amount, "{amount} is too small to be another one");
    theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month() -> Month {
        let mut month = Month::new(11, 1_500);
        let all: Vec<(u32, i64)> = month.purchases.iter().map(|one| (one.number, one.amount)).collect();
        all.into_iter().for_each(|(number, amount)| month.answered(number, amount));
        month
    }

    fn texts(month: &Month, planter: &mut ClearingPlanter) -> Vec<Brought> {
        let days = month.dates().into_iter().flat_map(|day| [(0, day), (1, day)]);
        days.flat_map(|(bank, day)| planter.brings(month, bank, day)).collect()
    }

    #[test]
    fn each_fault_of_a_clearing_file_is_planted_once_and_everything_else_stays() {
        let month = month();
        let honest = texts(&month, &mut ClearingPlanter::honest());
        let mut planter = ClearingPlanter::new(3, &month);
        let edited = texts(&month, &mut planter);
        let planted = planter.finish();
        assert_eq!(planted.len(), 126 + Edit::FileNeverComes.times());
        let subjects: BTreeSet<&String> = planted.iter().map(|one| &one.must.subject).collect();
        assert_eq!(subjects.len(), planted.len(), "no two faults are about the same");
        let lines = |all: &[Brought]| -> BTreeSet<String> {
            all.iter().flat_map(|file| file.text.lines().skip(1).map(str::to_owned)).collect()
        };
        let (honest, edited) = (lines(&honest), lines(&edited));
        let of = |edits: &[Edit]| edits.iter().map(|edit| edit.times()).sum::<usize>();
        let changed = [
            Edit::RecordAmount,
            Edit::RecordRate,
            Edit::RecordCurrency,
            Edit::RecordPart,
            Edit::RecordLeftOut,
        ];
        assert_eq!(honest.difference(&edited).count(), of(&changed));
        let more = [Edit::RecordTwice, Edit::RecordInvented, Edit::FileComesAltered];
        assert_eq!(edited.difference(&honest).count(), of(&changed[..4]) + of(&more));
    }
}
