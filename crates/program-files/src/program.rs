//! A whole program file.

use std::collections::BTreeSet;

use domain::settlement::Terms;
use domain::{CutOffs, MilesRules, PartnerId, Program, RulesHash};
use jiff::civil::Time;

use crate::analysis::{self, Parts};
use crate::bins::BinRange;
use crate::codes::{Codes, NamedCurrency};
use crate::document::{Document, Words};
use crate::errors::{ErrorLog, FileErrors, Notice, Problem, Severity};
use crate::file_tests::ProgramTest;
use crate::meaning::Reading;
use crate::scalars;
use crate::shape;
use crate::terms::ProgramFacts;

/// What a program file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFile {
    /// The rules.
    pub program: Program,
    /// The program's currency.
    pub currency: NamedCurrency,
    /// The program's time zone, by its IANA name.
    pub timezone: String,
    /// The local time at which a business date ends: the last of `cut_offs`.
    pub cut_off: Time,
    /// The local times at which the cycles of a business date end.
    pub cut_offs: CutOffs,
    /// The cards whose holders are members without being enrolled one by one.
    pub auto_enroll: Vec<BinRange>,
    /// The terms of settlement.
    pub terms: Vec<Terms>,
    /// The examples that the file carries.
    pub tests: Vec<ProgramTest>,
    /// What is wrong or doubtful although the file can be read, in the order of its lines.
    pub notices: Vec<Notice>,
}

impl ProgramFile {
    /// Whether the file contradicts itself: then it must not be put into force.
    pub fn is_refused(&self) -> bool {
        self.notices.iter().any(|notice| notice.severity == Severity::Error)
    }
}

/// Reads a program file; `hash` is the SHA-256 of its text.
pub fn read_program(text: &str, hash: RulesHash, codes: &Codes) -> Result<ProgramFile, FileErrors> {
    read_program_beside(text, hash, codes, None)
}

/// Reads a program file as [`read_program`] does, and notices also rules for partners that are not among `mapped`:
/// those that have a merchant in the map.
pub fn read_program_beside(
    text: &str,
    hash: RulesHash,
    codes: &Codes,
    mapped: Option<&BTreeSet<PartnerId>>,
) -> Result<ProgramFile, FileErrors> {
    let mut log = ErrorLog::new(text);
    let Some(document) = shape::document(text, &mut log) else { return log.finish(None) };
    let mut reading = Reading::new(log, codes);
    let file = reading.program_file(&document, hash, mapped);
    reading.log.finish(file)
}

impl Reading<'_> {
    fn program_file(
        &mut self,
        document: &Document,
        hash: RulesHash,
        mapped: Option<&BTreeSet<PartnerId>>,
    ) -> Option<ProgramFile> {
        let header = self.header(document);
        let codes = self.codes;
        let bank = self.coded("bank", &document.bank, "bank", &codes.banks);
        let id = self.coded("code", &document.code, "program", &codes.programs);
        let cobrand_partner = self.partner("cobrand_partner", &document.cobrand_partner);
        let cut_offs = self.cut_offs(&document.cut_off);
        // Without a currency no amount can be read: its error has been reported with the header.
        let currency = scalars::currency(document.currency.get_ref()).ok()?;
        let excluded = self.excluded(document.exclude.as_deref());
        let stacking = self.stacking(document.stacking.as_deref());
        let holds = self.holds(document.holds.as_deref());
        // Before the rules, which may name a tier.
        let tiers = self.member_tiers(document.tiers.as_deref(), &currency);
        let fx = self.fx(document.fx.as_deref());
        let miles = self.miles_rules(document.miles.as_deref());
        let ledger = self.ledger(document);
        let redemption = self.redemption(document.redemption.as_deref(), &currency);
        let coupon_campaigns = self.coupon_campaigns(&document.coupon);
        let base = self.base_rules(&document.base, &currency);
        let bonuses =
            self.each("bonus", &document.bonus, |reading, path, entry| reading.bonus(path, entry, &currency));
        let discounts = self.each("discount", &document.discount, |reading, path, entry| {
            reading.discount(path, entry, &currency)
        });
        let caps = self.each("cap", &document.cap, |reading, path, entry| reading.cap(path, entry));
        if document.base.is_empty() {
            let problem =
                Problem::new("at least one [[base]]", "none", "add a base rate; is the file complete?");
            self.log.at(1, 1, "base", problem);
        }
        let auto_enroll = self.bin_ranges(&document.auto_enroll);
        let calendars = self.calendars(&document.calendar);
        let facts = id.zip(cobrand_partner).zip(ledger).map(|((program, cobrand_partner), ledger)| {
            ProgramFacts { program, cobrand_partner, currency: &currency, ledger, calendars: &calendars }
        });
        let terms = self.all_terms(&document.terms, facts);
        let tests = self.program_tests(&document.test, &currency);
        let header = header?;
        let program = Program {
            id: id?,
            code: header.code,
            hash,
            bank: bank?,
            cobrand_partner: cobrand_partner?,
            currency: currency.number,
            base,
            bonuses,
            discounts,
            stacking: stacking?,
            caps,
            excluded_mcc: excluded?,
            holds: holds?,
            tiers: tiers?,
            fx: fx?,
            miles: MilesRules { ledger: ledger?, ..miles? },
            redemption: redemption?,
            coupon_campaigns,
        };
        if self.log.is_empty() {
            self.check_owed(document, &program, &terms);
        }
        if self.log.is_empty() {
            analysis::analyze(self, &Parts { document, program: &program, terms: &terms, mapped });
        }
        let timezone = header.timezone;
        let mut notices = std::mem::take(&mut self.notices);
        notices.sort_by_key(|notice| (notice.error.line, notice.error.column, notice.severity));
        let cut_offs = cut_offs?;
        let cut_off = cut_offs.last();
        Some(ProgramFile {
            program,
            currency,
            timezone,
            cut_off,
            cut_offs,
            auto_enroll,
            terms,
            tests,
            notices,
        })
    }

    /// When cycles end.
    fn cut_offs(&mut self, times: &Words) -> Option<CutOffs> {
        let read = self.list("cut_off", Some(times), scalars::time_of_day)?;
        let cut_offs = CutOffs::new(read);
        if cut_offs.is_none() {
            let found = times.0.iter().map(|time| scalars::quoted(time.get_ref())).collect::<Vec<_>>();
            let problem = Problem::new(
                "times in the order in which they end cycles, the last one that of the business date",
                format!("[{}]", found.join(", ")),
                "write for example [\"12:00\", \"00:00\"]: noon, and midnight, which ends the day",
            );
            self.report("cut_off", &times.1, problem);
        }
        cut_offs
    }

    /// Reads each entry of a list; entries with errors are left out and reported.
    fn each<E, T>(
        &mut self,
        key: &str,
        entries: &[E],
        read: impl Fn(&mut Self, &str, &E) -> Option<T>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            values.extend(read(self, &format!("{key}[{index}]"), entry));
        }
        values
    }
}
