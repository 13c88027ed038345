//! `[reconciliation]`: when things are due, how far they may differ, and how often it is looked.

use std::collections::{BTreeMap, BTreeSet};

use domain::reconciliation::{FileSchedule, Source, Tolerance, Unit};
use domain::{BankId, ClearingSource};
use jiff::civil::{Date, Weekday};
use program_files::WEEKDAYS;
use serde::Deserialize;
use settlement::{FilesAgreed, ReconcileSettings, SourceSettings};

use super::ConfigError;

/// Reconciliation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReconciliationConfig {
    /// `settle` and `serve` compare everything so often; 0: only after a close and by hand.
    pub every_min: u32,
    /// What is older is not looked at again.
    pub look_back_days: u32,
    /// Clearing files.
    pub bank_clearing: SourceConfig,
    /// Totals of windows.
    pub bank_totals: SourceConfig,
    /// Banks' statements.
    pub bank_statement: SourceConfig,
    /// Answers to settlement files.
    pub acknowledgement: SourceConfig,
    /// Hand-backs.
    pub handback: SourceConfig,
    /// Receivers' statements.
    pub partner_statement: SourceConfig,
    /// Our published files.
    pub own_file: SourceConfig,
    /// When the clearing files of a bank with `clearing_source = "file"` come, by the bank's code.
    pub clearing_files: BTreeMap<String, ClearingFilesConfig>,
}

/// When clearing files come; what is left out is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClearingFilesConfig {
    /// On which days of the week: `mon` to `sun`. Without it any file that comes on a business date or later stands for it;
    /// empty: none are expected.
    pub weekdays: Option<Vec<String>>,
    /// How many on each such day; by itself 1.
    pub files: Option<u32>,
    /// So long after the end of its business date a file need not be there; by itself as `bank_clearing`.
    pub due_hours: Option<u32>,
    /// The first business date for which it is agreed.
    pub since: Option<String>,
    /// The last one.
    pub until: Option<String>,
}

/// How one source is compared; what is left out is as usual.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// So long after the end of its day something need not be there.
    pub due_hours: Option<u32>,
    /// By so many days the dates of the same thing may be apart.
    pub days: Option<u32>,
    /// By currency, or `MILES`: how far amounts may differ.
    pub tolerance: BTreeMap<String, ToleranceConfig>,
}

/// How far two amounts may differ: the greater of both bounds.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToleranceConfig {
    /// Minor units, or miles.
    pub minor: u32,
    /// Thousandths.
    pub per_mille: u32,
}

impl Default for ReconciliationConfig {
    fn default() -> Self {
        Self {
            every_min: 15,
            look_back_days: ReconcileSettings::default().look_back_days,
            bank_clearing: SourceConfig::default(),
            bank_totals: SourceConfig::default(),
            bank_statement: SourceConfig::default(),
            acknowledgement: SourceConfig::default(),
            handback: SourceConfig::default(),
            partner_statement: SourceConfig::default(),
            own_file: SourceConfig::default(),
            clearing_files: BTreeMap::new(),
        }
    }
}

/// More days are never looked at.
const LOOK_BACK_DAYS_MAX: u32 = 400;
/// An amount is never forgiven by more than a tenth.
const PER_MILLE_MAX: u32 = 100;

impl ReconciliationConfig {
    /// What the comparison needs.
    ///
    /// # Errors
    /// The key whose value makes no sense.
    pub fn settings(&self) -> Result<ReconcileSettings, ConfigError> {
        if !(1..=LOOK_BACK_DAYS_MAX).contains(&self.look_back_days) {
            let found = self.look_back_days;
            return Err(wrong(
                "look_back_days",
                format!("expected 1 to {LOOK_BACK_DAYS_MAX}, found {found}"),
            ));
        }
        let mut settings =
            ReconcileSettings { look_back_days: self.look_back_days, ..ReconcileSettings::default() };
        for source in Source::ALL {
            let usual = settings.sources.remove(&source).unwrap_or_default();
            settings.sources.insert(source, self.of(source).settings(source, usual)?);
        }
        Ok(settings)
    }

    /// When the clearing files come of the banks of these links: their numbers, codes and how they clear.
    ///
    /// # Errors
    /// The key whose value makes no sense.
    pub fn clearing<'l>(
        &self,
        links: impl IntoIterator<Item = (BankId, &'l str, ClearingSource)>,
    ) -> Result<BTreeMap<BankId, FilesAgreed>, ConfigError> {
        let usual = self.settings()?.sources.get(&Source::BankClearing).map_or(0, |of| of.due_hours);
        let (mut all, mut by_file) = (BTreeMap::new(), BTreeSet::new());
        for (bank, code, _) in links.into_iter().filter(|(.., source)| *source == ClearingSource::File) {
            by_file.insert(code);
            let config = self.clearing_files.get(code).cloned().unwrap_or_default();
            all.extend(config.agreed(code, usual)?.map(|agreed| (bank, agreed)));
        }
        match self.clearing_files.keys().find(|code| !by_file.contains(code.as_str())) {
            Some(code) => Err(wrong(
                format!("clearing_files.{code}"),
                format!("no [[link]] of a bank {code} has clearing_source = \"file\""),
            )),
            None => Ok(all),
        }
    }

    fn of(&self, source: Source) -> &SourceConfig {
        match source {
            Source::BankClearing => &self.bank_clearing,
            Source::BankTotals => &self.bank_totals,
            Source::BankStatement => &self.bank_statement,
            Source::Acknowledgement => &self.acknowledgement,
            Source::Handback => &self.handback,
            Source::PartnerStatement => &self.partner_statement,
            Source::OwnFile => &self.own_file,
        }
    }
}

fn wrong(key: impl std::fmt::Display, problem: String) -> ConfigError {
    ConfigError::Value { key: format!("reconciliation.{key}"), problem }
}

/// A bank brings no more files a day.
const FILES_MAX: u32 = 1_000;

impl ClearingFilesConfig {
    fn agreed(&self, code: &str, usual: u32) -> Result<Option<FilesAgreed>, ConfigError> {
        let key = |name: &str| format!("clearing_files.{code}.{name}");
        let weekday = |name: &String| {
            let known = WEEKDAYS.into_iter().find(|(word, _)| word == name).map(|(_, day)| day);
            known.ok_or_else(|| wrong(key("weekdays"), format!("expected mon to sun, found {name:?}")))
        };
        let weekdays = self.weekdays.as_ref();
        let weekdays: Option<Vec<Weekday>> =
            weekdays.map(|names| names.iter().map(weekday).collect()).transpose()?;
        let files = self.files.unwrap_or(1);
        if !(1..=FILES_MAX).contains(&files) {
            return Err(wrong(key("files"), format!("expected 1 to {FILES_MAX}, found {files}")));
        }
        if weekdays.is_none() && self.files.is_some() {
            return Err(wrong(
                key("files"),
                "expected `weekdays` beside it: on which days so many come".to_owned(),
            ));
        }
        if weekdays.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let schedule = FileSchedule { weekdays, files };
        let due_hours = self.due_hours.unwrap_or(usual);
        let date = |name: &str, text: &Option<String>| {
            let parse = |text: &String| {
                let wrong =
                    |_| wrong(key(name), format!("expected a date such as 2026-11-01, found {text:?}"));
                text.parse::<Date>().map_err(wrong)
            };
            text.as_ref().map(parse).transpose()
        };
        let (since, until) = (date("since", &self.since)?, date("until", &self.until)?);
        Ok(Some(FilesAgreed { code: code.to_owned(), schedule, due_hours, since, until }))
    }
}

impl SourceConfig {
    fn settings(&self, source: Source, usual: SourceSettings) -> Result<SourceSettings, ConfigError> {
        let mut tolerances = usual.tolerances;
        for (name, ToleranceConfig { minor, per_mille }) in &self.tolerance {
            let key = format!("{}.tolerance.{name}", source.name());
            let unit = Unit::parse(name).filter(|unit| *unit != Unit::Nothing).ok_or_else(|| {
                wrong(&key, "expected three letters of a currency such as RUB, or MILES".to_owned())
            })?;
            if *per_mille > PER_MILLE_MAX {
                return Err(wrong(
                    key,
                    format!("per_mille: expected at most {PER_MILLE_MAX}, found {per_mille}"),
                ));
            }
            tolerances.push((unit, Tolerance { minor: *minor, per_mille: *per_mille }));
        }
        Ok(SourceSettings {
            due_hours: self.due_hours.unwrap_or(usual.due_hours),
            days: self.days.unwrap_or(usual.days),
            tolerances,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<ReconcileSettings, String> {
        let config: ReconciliationConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        config.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        assert_eq!(settings("").unwrap(), ReconcileSettings::default());
        let found = settings(
            "look_back_days = 40\n[bank_clearing]\ndue_hours = 24\ntolerance = { RUB = { minor = 5, per_mille = 1 } }",
        );
        let found = found.unwrap();
        let clearing = &found.sources[&Source::BankClearing];
        assert_eq!((found.look_back_days, clearing.due_hours, clearing.days), (40, 24, 7));
        let rub = Unit::parse("RUB").unwrap();
        assert_eq!(clearing.tolerances, [(rub, Tolerance { minor: 5, per_mille: 1 })]);
    }

    #[test]
    fn clearing_files_are_expected_of_banks_that_clear_by_file() {
        let links =
            [(BankId(1), "northbank", ClearingSource::File), (BankId(2), "other", ClearingSource::Advice)];
        let clearing = |text: &str| {
            let config: ReconciliationConfig = toml::from_str(text).map_err(|error| error.to_string())?;
            config.clearing(links).map_err(|error| error.to_string())
        };
        let usual = clearing("[bank_clearing]\ndue_hours = 48").unwrap();
        let schedule = FileSchedule { weekdays: None, files: 1 };
        let files =
            FilesAgreed { code: "northbank".to_owned(), schedule, due_hours: 48, since: None, until: None };
        assert_eq!(usual, [(BankId(1), files)].into());
        let said = "[clearing_files.northbank]\nweekdays = [\"mon\", \"fri\"]\nfiles = 2\ndue_hours = 6\nsince = \"2026-11-01\"";
        let files = clearing(said).unwrap().remove(&BankId(1)).unwrap();
        let weekdays = Some(vec![Weekday::Monday, Weekday::Friday]);
        assert_eq!(files.schedule, FileSchedule { weekdays, files: 2 });
        assert_eq!((files.due_hours, files.since), (6, Some(jiff::civil::date(2026, 11, 1))));
        assert!(clearing("[clearing_files.northbank]\nweekdays = []").unwrap().is_empty());
        for (text, key) in [
            ("[clearing_files.other]", "clearing_files.other"),
            ("[clearing_files.northbank]\nweekdays = [\"noday\"]", "northbank.weekdays"),
            ("[clearing_files.northbank]\nfiles = 2", "northbank.files"),
            ("[clearing_files.northbank]\nweekdays = [\"mon\"]\nfiles = 0", "northbank.files"),
        ] {
            let error = clearing(text).unwrap_err();
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let check = |text: &str, key: &str| {
            let error = settings(text).unwrap_err();
            assert!(error.contains(key), "{text}: {error}");
        };
        check("look_back_days = 0", "reconciliation.look_back_days");
        check("[handback]\ntolerance = { rub = {} }", "reconciliation.handback.tolerance.rub");
        check("[own_file]\ntolerance = { RUB = { per_mille = 500 } }", "per_mille");
        check("evry_min = 3", "evry_min");
    }
}
