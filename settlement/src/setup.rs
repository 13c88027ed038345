//! What the close of a program's day must know about the program.

use std::collections::{BTreeMap, BTreeSet};

use domain::settlement::Terms;
use domain::{BankId, Currency, CutOffs, CycleOfDay, InDay, PartnerId, ProgramId, RulesHash};
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use program_files::{Codes, ProgramFile};
use store::Cycle;

use crate::CloseError;
use partner_adapters::canonical::{Environment, is_code};

/// A program as settlement sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramSetup {
    /// The program.
    pub id: ProgramId,
    /// Its code.
    pub code: String,
    /// Its bank, with the bank's code.
    pub bank: (BankId, String),
    /// Its co-brand partner.
    pub cobrand_partner: PartnerId,
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// The local times at which the cycles of a business date nominally end.
    pub cut_offs: CutOffs,
    /// The currency of purchases, from which terms in another one are converted.
    pub currency: Currency,
    /// The terms of all partners.
    pub terms: Vec<Terms>,
    /// The codes of the partners.
    pub partner_codes: BTreeMap<PartnerId, String>,
    /// Whether its files are to be paid.
    pub environment: Environment,
    /// The version of the program whose terms these are.
    pub rules: RulesHash,
}

impl ProgramSetup {
    /// The setup that a program file gives; `None` if `codes` are not those with which the file was read.
    pub fn of_file(file: &ProgramFile, codes: &Codes, environment: Environment) -> Option<Self> {
        let bank = file.program.bank;
        let (bank_code, _) = codes.banks.iter().find(|(_, id)| **id == bank)?;
        Some(Self {
            id: file.program.id,
            code: file.program.code.clone(),
            bank: (bank, bank_code.clone()),
            cobrand_partner: file.program.cobrand_partner,
            time_zone: file.timezone.clone(),
            cut_offs: file.cut_offs.clone(),
            currency: file.program.currency,
            terms: file.terms.clone(),
            partner_codes: codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect(),
            environment,
            rules: file.program.hash,
        })
    }

    /// The terms in force on a business date.
    pub(crate) fn terms_on(&self, date: Date) -> impl Iterator<Item = &Terms> {
        self.terms.iter().filter(move |terms| terms.effective.contains(date))
    }

    /// The batches of a business date in which a line can stand.
    pub(crate) fn batches_on(&self, date: Date) -> Vec<(PartnerId, Currency)> {
        let priced = self.terms_on(date).filter(|terms| !terms.items.is_empty());
        priced.map(|terms| (terms.partner, terms.currency)).collect()
    }

    /// Whether a partner with a batch of the day `of` takes files on `date`, by the calendar of any of its terms: of those in
    /// force on `date`, or else of those of the batch.
    pub(crate) fn takes_files(&self, partner: PartnerId, of: Date, date: Date) -> bool {
        let terms = |day| self.terms_on(day).filter(move |terms| terms.partner == partner);
        let calendars = terms(date).next().map_or(of, |_| date);
        let mut known = terms(calendars).peekable();
        // Terms that nobody knows any more hold nothing back.
        known.peek().is_none() || known.any(|terms| terms.calendar.processes(date))
    }

    /// When a batch is paid.
    pub(crate) fn payment_date(&self, terms: &Terms, date: Date) -> Result<Date, CloseError> {
        let date = terms.calendar.payment_date(date, terms.payment);
        date.map_err(|error| self.problem(error.to_string()))
    }

    /// Where a cycle stands in its business date, by all cycles of the program that are on the books.
    pub fn in_day(&self, cycles: &[Cycle], cycle: &Cycle) -> InDay {
        in_day(&self.cut_offs, cycles, cycle)
    }

    /// The nominal end of a cycle, with offset and zone as files show it.
    ///
    /// # Errors
    /// [`CloseError::Setup`] if the calendar ends or the zone is not known.
    pub fn cut_off(&self, place: InDay) -> Result<Zoned, CloseError> {
        let instant = self.cut_offs.end_of(place, &self.zone()?);
        instant.map_err(|error| self.problem(format!("no cut-off of {}: {error}", place.cycle.date)))
    }

    /// A partner's code.
    pub(crate) fn partner_code(&self, partner: PartnerId) -> Result<&str, CloseError> {
        let code = self.partner_codes.get(&partner).map(String::as_str);
        code.ok_or_else(|| self.problem(format!("partner {partner} has no code")))
    }

    /// Refuses what could not be written into a file or would be ambiguous there.
    pub(crate) fn check(&self, date: Date) -> Result<(), CloseError> {
        self.zone()?;
        let mut receivers = BTreeSet::from([self.bank.1.as_str()]);
        let mut batches = BTreeSet::new();
        for terms in self.terms_on(date) {
            let code = self.partner_code(terms.partner)?;
            receivers.insert(code);
            currency(terms.currency).ok_or_else(|| {
                self.problem(format!(
                    "the currency {} of {code:?} has no minor unit in ISO 4217",
                    terms.currency
                ))
            })?;
            if terms.program != self.id {
                return Err(self.problem(format!("terms of {code:?} belong to program {}", terms.program)));
            }
            if !batches.insert((code, terms.currency)) {
                return Err(self.problem(format!("{code:?} has two sets of terms in one currency on {date}")));
            }
            if code == self.bank.1 {
                return Err(self.problem(format!("the code {code:?} names the bank and a partner")));
            }
        }
        match receivers.into_iter().chain([self.code.as_str()]).find(|code| !is_code(code)) {
            Some(code) => Err(self.problem(format!("the code {code:?} is not 1 to 40 of a-z, 0-9 and -"))),
            None => Ok(()),
        }
    }

    fn zone(&self) -> Result<TimeZone, CloseError> {
        TimeZone::get(&self.time_zone)
            .map_err(|_| self.problem(format!("the time zone {:?} is not known", self.time_zone)))
    }

    pub(crate) fn problem(&self, problem: String) -> CloseError {
        CloseError::Setup { program: self.code.clone(), problem }
    }
}

/// Where a cycle of a program with these cut-offs stands in its business date, by all cycles of the program that are on
/// the books.
pub fn in_day(cut_offs: &CutOffs, cycles: &[Cycle], cycle: &Cycle) -> InDay {
    let date = cycle.business_date;
    let of_date = cycles.iter().filter(|other| other.business_date == date);
    let number = of_date.filter(|other| other.sequence < cycle.sequence).count() + 1;
    let next = cycles.iter().find(|other| other.sequence == cycle.sequence.saturating_add(1));
    cut_offs.in_day(CycleOfDay { date, number }, next.map(|next| next.business_date))
}

/// The three letters of a currency and the decimals of its major unit.
pub(crate) fn currency(number: Currency) -> Option<(&'static str, u16)> {
    let currency = iso_currency::Currency::from_numeric(number.0)?;
    Some((currency.code(), currency.exponent()?))
}
