//! The terms of settlement: who pays whom for what.

mod calendars;
mod item;
mod price;

use domain::settlement::{Calendar, DayCount, Direction, Every, RoundingLevel, TermCharge, TermItem, Terms};
use domain::{MilesLedger, PartnerId, ProgramId};

use crate::codes::NamedCurrency;
use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::rules::overlap;
use crate::scalars::{self, quoted};

pub(crate) const PAYERS: [(&str, Direction); 2] =
    [("bank", Direction::BankPaysPartner), ("partner", Direction::PartnerPaysBank)];
pub(crate) const LEVELS: [(&str, RoundingLevel); 2] =
    [("line", RoundingLevel::Line), ("batch", RoundingLevel::Batch)];
pub(crate) const VAT_LEVELS: [(&str, RoundingLevel); 2] =
    [("line", RoundingLevel::Line), ("document", RoundingLevel::Batch)];

pub(crate) const EVERY: [(&str, Every); 2] = [("cycle", Every::Cycle), ("month", Every::Month)];
pub(crate) const DAY_COUNTS: [(&str, DayCount); 2] =
    [("calendar", DayCount::Calendar), ("paying", DayCount::Paying)];
/// Nobody waits longer for his money.
pub(crate) const PAYMENT_DAYS_MAX: u64 = 180;

/// What terms refer to in the rest of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramFacts<'a> {
    pub(crate) program: ProgramId,
    pub(crate) cobrand_partner: PartnerId,
    pub(crate) currency: &'a NamedCurrency,
    pub(crate) ledger: MilesLedger,
    /// The calendars of the file that could be read, by name.
    pub(crate) calendars: &'a [Calendar],
}

/// One entry of the terms, which becomes a column of the lines or a row of its own.
enum Priced {
    Item(TermItem),
    Charge(TermCharge),
}

impl Reading<'_> {
    /// All terms of the file; no two may price the same thing on the same day.
    pub(crate) fn all_terms(
        &mut self,
        entries: &[Table<document::Terms>],
        facts: Option<ProgramFacts<'_>>,
    ) -> Vec<Terms> {
        let mut all: Vec<Terms> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("terms[{index}]");
            let Some(terms) = self.terms(&path, entry, facts) else { continue };
            if let Some(other) = all.iter().find(|other| other_calendar(other, &terms)) {
                let problem = Problem::new(
                    format!("the calendar {} of the partner's other terms", named(&other.calendar)),
                    named(&terms.calendar),
                    "a partner has one file on a day: name one calendar in all its terms of a day",
                );
                self.report(&format!("{path}.calendar"), &entry.partner, problem);
            }
            if all.iter().any(|other| conflict(other, &terms)) {
                let partner = quoted(entry.partner.get_ref());
                let problem = Problem::new(
                    "one set of terms for a partner on each day",
                    format!("a second one for {partner} on the same days"),
                    "let one end (`to`) where the other begins (`from`)",
                );
                self.report(&path, &entry.partner, problem);
            }
            all.push(terms);
        }
        all
    }

    fn terms(
        &mut self,
        path: &str,
        entry: &document::Terms,
        facts: Option<ProgramFacts<'_>>,
    ) -> Option<Terms> {
        let partner = self.partner(&format!("{path}.partner"), &entry.partner);
        let currency = self.value(&format!("{path}.currency"), &entry.currency, scalars::currency);
        let effective = self.effective(path, entry.effective.as_deref());
        if entry.item.is_empty() {
            let advice = "add [[terms.item]] below it";
            let problem = Problem::new("at least one item", "none", advice);
            self.report(&format!("{path}.item"), &entry.partner, problem);
        }
        let (currency, facts) = (currency?, facts?);
        let rates = self.optional(&format!("{path}.rates"), entry.rates.as_ref(), scalars::code);
        let amount = |text: &str| scalars::amount(text, &currency);
        let minimum =
            self.optional(&format!("{path}.minimum_payable"), entry.minimum_payable.as_ref(), amount);
        let calendar = self.calendar_of(path, entry.calendar.as_ref(), facts.calendars);
        let payment = self.payment(path, entry.payment.as_deref());
        let mut terms = Terms::new(partner?, facts.program, currency.number, Vec::new());
        self.priced(path, entry, &mut terms, &currency, facts);
        self.check_rates(path, entry, &terms, facts);
        Some(Terms {
            effective: effective?,
            rates: rates?,
            minimum_payable: minimum?.and_then(|minor| i64::try_from(minor).ok()),
            calendar: calendar?,
            payment: payment?,
            ..terms
        })
    }

    /// Reads what is paid for into the terms.
    fn priced(
        &mut self,
        path: &str,
        entry: &document::Terms,
        terms: &mut Terms,
        currency: &NamedCurrency,
        facts: ProgramFacts<'_>,
    ) {
        for (index, item) in entry.item.iter().enumerate() {
            let path = format!("{path}.item[{index}]");
            let Some(read) = self.term_item(&path, item, currency, facts.currency) else { continue };
            let basis = match &read {
                Priced::Item(item) => item.basis,
                Priced::Charge(charge) => charge.basis,
            };
            self.check_basis(&path, item, basis, terms.partner, facts);
            if terms.prices(basis) {
                let found = format!("{} again", quoted(item.basis.get_ref()));
                let problem =
                    Problem::new("each basis once in the terms", found, "delete one of the two items");
                self.report(&format!("{path}.basis"), &item.basis, problem);
            }
            match read {
                Priced::Item(item) => terms.items.push(item),
                Priced::Charge(charge) => terms.charges.push(charge),
            }
        }
    }

    /// Money of the program's currency becomes that of the terms by rates, and nothing else needs them.
    fn check_rates(&mut self, path: &str, entry: &document::Terms, terms: &Terms, facts: ProgramFacts<'_>) {
        let own = &facts.currency.code;
        let foreign = terms.currency != facts.currency.number;
        for (index, item) in entry.item.iter().enumerate() {
            let money = terms
                .items
                .iter()
                .any(|read| read.basis.is_money() && read.basis.name() == item.basis.get_ref());
            let path = format!("{path}.item[{index}]");
            if money && foreign && entry.rates.is_none() {
                let expected = format!("terms in the program's currency {own}, or `rates`");
                let found = format!("{} in {}", quoted(item.basis.get_ref()), entry.currency.get_ref());
                let advice = format!(
                    "write currency = \"{own}\" for terms about money, or add rates = \"<rate table>\""
                );
                self.report(&format!("{path}.basis"), &item.basis, Problem::new(expected, found, advice));
            } else if money && foreign && item.rounding.is_none() {
                // A price of one, given or not, needs no rounding before it is converted.
                let advice = "add rounding = { mode = \"half_up\", level = \"line\" }: a converted amount has fractions";
                let problem = Problem::new("the key `rounding`", "nothing", advice);
                self.report(&format!("{path}.rounding"), &item.basis, problem);
            }
        }
        let unused = !foreign || !terms.items.iter().any(|item| item.basis.is_money());
        if let (Some(rates), true) = (&entry.rates, unused) {
            let found = format!("{} where nothing is converted", quoted(rates.get_ref()));
            let expected = format!("`rates` beside money in another currency than {own}");
            self.report(&format!("{path}.rates"), rates, Problem::new(expected, found, "delete `rates`"));
        }
    }
}

/// Whether two sets of terms would both bill the same thing, or share one batch.
fn conflict(left: &Terms, right: &Terms) -> bool {
    let bases =
        || left.items.iter().map(|item| item.basis).chain(left.charges.iter().map(|charge| charge.basis));
    left.partner == right.partner
        && (bases().any(|basis| right.prices(basis)) || left.currency == right.currency)
        && overlap(&left.effective, &right.effective)
}

fn other_calendar(left: &Terms, right: &Terms) -> bool {
    left.partner == right.partner
        && left.calendar != right.calendar
        && overlap(&left.effective, &right.effective)
}

fn named(calendar: &Calendar) -> String {
    if calendar.name.is_empty() { "of all days".to_owned() } else { quoted(&calendar.name) }
}
