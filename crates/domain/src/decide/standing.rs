//! Which records of one identity stand: all of them are gone through again, in the order in which the bank wrote them.
//!
//! A record that was undone may come again; the same record delivered once more may not. Nothing in a record says
//! which of the two it is. So each new record is put in its place among those that came before it, and what stands
//! afterwards is compared with what stood: the order of arrival of numbered files does not matter.

use std::collections::BTreeMap;

use crate::FileRecord;

/// A record of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) record: FileRecord,
    /// Whether it undoes another one.
    pub(super) reversal: bool,
    /// In minor units of the program's currency; of a reversal nothing.
    pub(super) amount_minor: u64,
    /// In minor units of DE4.
    pub(super) transaction_minor: u64,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It counts.
    Stands,
    /// It counts although the same was undone before: it came again.
    StandsAgain,
    /// A reversal took it back.
    Undone,
    /// It is that entry, delivered once more.
    SameAs(usize),
    /// It differs from that entry, which stands: it counts once that is undone.
    WaitsFor(usize),
    /// It was refused when it came: it never counts.
    Refused,
    /// A reversal that undid that entry.
    Undid(usize),
    /// A reversal of what has not come yet.
    Awaits,
    /// A reversal of what had been taken back before.
    Repeats,
}

impl Fate {
    pub(super) fn stands(self) -> bool {
        matches!(self, Self::Stands | Self::StandsAgain)
    }
}

/// The fate of each entry.
pub(super) fn fates(entries: &[Entry]) -> Vec<Fate> {
    let mut book =
        Book { entries, order: in_order(entries), fates: vec![None; entries.len()], paired: vec![] };
    for place in 0..book.order.len() {
        if let Some((at, entry)) = book.at_place(place) {
            let fate = if entry.reversal { book.undo(place, entry) } else { book.classify(at, entry) };
            book.set(at, fate);
        }
    }
    book.fates.into_iter().map(|fate| fate.unwrap_or(Fate::Repeats)).collect()
}

/// Files in the order of their arrival, but those of one series in the places of that series by their number; in a
/// file, by record.
fn in_order(entries: &[Entry]) -> Vec<usize> {
    let mut files: BTreeMap<&str, (u32, &FileRecord)> = BTreeMap::new();
    for Entry { record, .. } in entries {
        let first = files.entry(&record.file.id).or_insert((record.arrival, record));
        first.0 = first.0.min(record.arrival);
    }
    let mut arrived: Vec<(u32, &FileRecord)> = files.into_values().collect();
    arrived.sort_by_key(|(arrival, _)| *arrival);
    let mut series: BTreeMap<&str, Vec<&FileRecord>> = BTreeMap::new();
    for (_, record) in arrived.iter().filter(|(_, record)| is_numbered(record)) {
        series.entry(&record.file.series).or_default().push(record);
    }
    for records in series.values_mut() {
        // Taken from the end.
        records.sort_by_key(|record| std::cmp::Reverse((record.file.date, record.file.sequence)));
    }
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    for (rank, (_, record)) in arrived.into_iter().enumerate() {
        let numbered = is_numbered(record).then(|| series.get_mut(record.file.series.as_str())?.pop());
        ranks.insert(&numbered.flatten().unwrap_or(record).file.id, rank);
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| {
        entries.get(*at).map(|entry| {
            let rank = ranks.get(entry.record.file.id.as_str()).copied();
            // What came before records were numbered undoes what came with it.
            (rank, entry.record.number, entry.reversal, entry.record.arrival)
        })
    });
    order
}

fn is_numbered(record: &FileRecord) -> bool {
    !record.file.series.is_empty() && record.file.sequence.is_some()
}

struct Book<'a> {
    entries: &'a [Entry],
    order: Vec<usize>,
    /// `None`: not yet gone through.
    fates: Vec<Option<Fate>>,
    /// Claims that a reversal of their own file has undone.
    paired: Vec<usize>,
}

impl<'a> Book<'a> {
    fn at_place(&self, place: usize) -> Option<(usize, &'a Entry)> {
        let at = *self.order.get(place)?;
        Some((at, self.entries.get(at)?))
    }

    fn fate(&self, at: usize) -> Option<Fate> {
        self.fates.get(at).copied().flatten()
    }

    fn set(&mut self, at: usize, fate: Fate) {
        if let Some(place) = self.fates.get_mut(at) {
            *place = Some(fate);
        }
    }

    /// The entries before `place`, the last one first, with what became of them.
    fn before(&self, place: usize) -> impl Iterator<Item = (usize, &'a Entry, Fate)> {
        let order = self.order.get(..place).unwrap_or_default();
        order.iter().rev().filter_map(|at| Some((*at, self.entries.get(*at)?, self.fate(*at)?)))
    }

    fn all(&self) -> impl Iterator<Item = (usize, &'a Entry, Fate)> {
        self.before(self.order.len())
    }

    /// The claims that agree with a record, the last one first.
    fn agreeing(&self, entry: &'a Entry) -> impl Iterator<Item = (usize, &'a Entry, Fate)> {
        self.all().filter(|(_, other, _)| !other.reversal && other.record.agrees_with(&entry.record))
    }

    fn classify(&mut self, at: usize, entry: &'a Entry) -> Fate {
        let awaited = self
            .all()
            .find(|(_, other, fate)| {
                // What the bank wrote behind a reversal is not what it undid.
                let may_be_meant = !other.record.is_ordered_with(&entry.record);
                *fate == Fate::Awaits && may_be_meant && other.record.agrees_with(&entry.record)
            })
            .map(|(awaits, ..)| awaits);
        if let Some(awaits) = awaited {
            self.set(awaits, Fate::Undid(at));
            return Fate::Undone;
        }
        if entry.record.refused {
            let same = self.agreeing(entry).find(|(.., fate)| fate.stands());
            return same.map_or(Fate::Refused, |(same, ..)| Fate::SameAs(same));
        }
        // A file that tells of a record and of its reversal once more.
        let told_before = |other: &Entry, fate| {
            fate == Fate::Undone
                && entry.record.undone_behind
                && !other.record.shares_file_with(&entry.record)
        };
        if let Some((same, ..)) = self.agreeing(entry).find(|(_, other, fate)| told_before(other, *fate)) {
            return Fate::SameAs(same);
        }
        self.against_standing(entry)
    }

    fn against_standing(&self, entry: &'a Entry) -> Fate {
        if let Some((same, ..)) = self.agreeing(entry).find(|(.., fate)| fate.stands()) {
            return Fate::SameAs(same);
        }
        let in_the_way =
            |other: &Entry, fate: Fate| fate.stands() && !other.record.stands_beside(&entry.record);
        if let Some((other, ..)) = self.all().find(|(_, other, fate)| in_the_way(other, *fate)) {
            return Fate::WaitsFor(other);
        }
        // A corrected record differs from the one that it follows.
        match self.all().any(|(.., fate)| fate == Fate::Undone) {
            true => Fate::StandsAgain,
            false => Fate::Stands,
        }
    }

    fn undo(&mut self, place: usize, entry: &'a Entry) -> Fate {
        let Some(target) = self.target(place, entry) else {
            let was_undone =
                self.agreeing(entry).any(|(.., fate)| matches!(fate, Fate::Undone | Fate::SameAs(_)));
            let is_awaited = self
                .all()
                .any(|(_, other, fate)| fate == Fate::Awaits && other.record.agrees_with(&entry.record));
            return if was_undone || is_awaited { Fate::Repeats } else { Fate::Awaits };
        };
        if self.entries.get(target).is_some_and(|other| other.record.shares_file_with(&entry.record)) {
            self.paired.push(target);
        }
        let target = match self.fate(target) {
            Some(Fate::SameAs(first)) => first,
            _ => target,
        };
        match self.fate(target) {
            Some(fate) if fate.stands() || matches!(fate, Fate::WaitsFor(_)) => {
                self.set(target, Fate::Undone);
                self.let_stand();
                Fate::Undid(target)
            }
            Some(Fate::Refused) => {
                self.set(target, Fate::Undone);
                Fate::Undid(target)
            }
            _ => Fate::Repeats,
        }
    }

    /// The claim that a reversal means; `None` if it is none of those before it.
    fn target(&self, place: usize, entry: &'a Entry) -> Option<usize> {
        let own_file = |(at, other, _): &(usize, &Entry, Fate)| {
            other.record.shares_file_with(&entry.record) && !self.paired.contains(at)
        };
        if let Some((at, ..)) = self.agreeing(entry).find(own_file) {
            return Some(at);
        }
        let stands = |(.., fate): &(usize, &Entry, Fate)| fate.stands();
        let last = self.agreeing(entry).find(stands);
        if let Some((at, other, _)) = last {
            return Some(other.record.file.date.and_then(|_| self.of_day(entry)).unwrap_or(at));
        }
        let waits = |(.., fate): &(usize, &Entry, Fate)| matches!(fate, Fate::WaitsFor(_));
        if let Some((at, ..)) = self.agreeing(entry).find(waits) {
            return Some(at);
        }
        let refused = |(.., fate): &(usize, &Entry, Fate)| *fate == Fate::Refused;
        if let Some((at, ..)) = self.agreeing(entry).find(refused) {
            return Some(at);
        }
        if self.agreeing(entry).next().is_some() || self.comes_behind(place, entry) {
            return None;
        }
        // Senders that repeat another amount in a reversal mean what stands nevertheless.
        let meant = self.all().find(stands).or_else(|| self.all().find(refused));
        meant.map(|(at, ..)| at)
    }

    /// The claim of the day that the reversal names, if it was undone before and none of that day stands.
    fn of_day(&self, entry: &'a Entry) -> Option<usize> {
        let day = entry.record.undoes_day?;
        let mut of_day = self.agreeing(entry).filter(|(_, other, _)| other.record.file.date == Some(day));
        let first = of_day.next()?;
        let undone = |fate: Fate| matches!(fate, Fate::Undone);
        (undone(first.2) && of_day.all(|(.., fate)| !fate.stands())).then_some(first.0)
    }

    fn comes_behind(&self, place: usize, entry: &Entry) -> bool {
        let behind = self.order.get(place..).unwrap_or_default().iter();
        behind
            .filter_map(|at| self.entries.get(*at))
            .any(|other| !other.reversal && other.record.agrees_with(&entry.record))
    }

    /// What waited for what is undone now, in its order.
    fn let_stand(&mut self) {
        for at in self.order.clone() {
            if let (Some(Fate::WaitsFor(_)), Some(entry)) = (self.fate(at), self.entries.get(at)) {
                let fate = self.against_standing(entry);
                self.set(at, fate);
            }
        }
    }
}

#[cfg(test)]
mod tests;
