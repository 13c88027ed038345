//! `[reconciliation]`: when things are due, how far they may differ, and how often it is looked.

use std::collections::BTreeMap;

use domain::reconciliation::{Source, Tolerance, Unit};
use serde::Deserialize;
use settlement::{ReconcileSettings, SourceSettings};

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
