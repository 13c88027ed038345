//! `[cases]`: how severe a case is, and by when it is due.

use std::collections::BTreeMap;

use domain::case::{AmountThresholds, CaseRules, CaseRulesFault, Severity};
use domain::reconciliation::{BreakClass, Unit};
use program_files::Codes;
use serde::Deserialize;

use super::ConfigError;

/// Cases. What is absent is as [`CaseRules::default`] says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CasesConfig {
    /// By size of the difference, for a program, a unit, both or all.
    pub amount: Vec<CaseAmountConfig>,
    /// By age.
    pub age_hours: Option<CaseAgesConfig>,
    /// Within how many hours a case is due.
    pub due_hours: Option<CaseDueConfig>,
    /// At least so severe, by class of the break.
    pub class: BTreeMap<String, String>,
}

/// From which size on a case is how severe, in minor units or miles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAmountConfig {
    /// The program; all that are not named if it is absent.
    #[serde(default)]
    pub program: Option<String>,
    /// A currency or `MILES`; all that are not named if it is absent.
    #[serde(default)]
    pub unit: Option<String>,
    /// Medium from here on.
    pub medium: i64,
    /// High from here on.
    pub high: i64,
    /// Critical from here on.
    pub critical: i64,
}

/// From how many hours on a case is how severe.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAgesConfig {
    /// Medium from here on.
    pub medium: u32,
    /// High from here on.
    pub high: u32,
    /// Critical from here on.
    pub critical: u32,
}

/// Within how many hours a case is due.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseDueConfig {
    /// If it is low.
    pub low: u32,
    /// If it is medium.
    pub medium: u32,
    /// If it is high.
    pub high: u32,
    /// If it is critical.
    pub critical: u32,
}

fn problem(key: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), problem: problem.into() }
}

impl CasesConfig {
    /// As the core takes it.
    ///
    /// # Errors
    /// Names the key whose value does not fit.
    pub fn rules(&self, codes: &Codes) -> Result<CaseRules, ConfigError> {
        let mut rules = CaseRules::default();
        let said = self.amount.iter().map(|one| thresholds(one, codes)).collect::<Result<Vec<_>, _>>()?;
        // What is said for all takes the place of what is usual for all.
        if said.iter().any(|one| one.program.is_none() && one.unit.is_none()) {
            rules.amounts.clear();
        }
        rules.amounts.extend(said);
        if let Some(CaseAgesConfig { medium, high, critical }) = self.age_hours {
            rules.age_hours = [medium, high, critical];
        }
        if let Some(CaseDueConfig { low, medium, high, critical }) = self.due_hours {
            rules.due_hours = [low, medium, high, critical];
        }
        for (class, severity) in &self.class {
            rules.classes.insert(class_named(class)?, severity_named(class, severity)?);
        }
        match rules.fault() {
            None => Ok(rules),
            Some(CaseRulesFault::Amounts) => {
                Err(problem("cases.amount", "medium, high and critical must be above 0 and not fall"))
            }
            Some(CaseRulesFault::Twice) => {
                Err(problem("cases.amount", "two entries are for the same program and unit: keep one"))
            }
            Some(CaseRulesFault::Ages) => {
                Err(problem("cases.age_hours", "medium, high and critical must be above 0 and not fall"))
            }
            Some(CaseRulesFault::DueHours) => Err(problem(
                "cases.due_hours",
                "must be above 0, and what is more severe must not be due later",
            )),
        }
    }
}

fn thresholds(one: &CaseAmountConfig, codes: &Codes) -> Result<AmountThresholds, ConfigError> {
    let number = |code: &String| {
        let known = codes.programs.keys().cloned().collect::<Vec<_>>().join(", ");
        let unknown =
            || problem("cases.amount.program", format!("{code:?} is no program; known are: {known}"));
        codes.programs.get(code).copied().ok_or_else(unknown)
    };
    if let Some(unit) = one.unit.as_ref().filter(|unit| unit.is_empty() || Unit::parse(unit).is_none()) {
        return Err(problem(
            "cases.amount.unit",
            format!("expected three letters such as RUB, or MILES; found {unit:?}"),
        ));
    }
    Ok(AmountThresholds {
        program: one.program.as_ref().map(number).transpose()?,
        unit: one.unit.clone(),
        medium: one.medium,
        high: one.high,
        critical: one.critical,
    })
}

fn class_named(class: &str) -> Result<String, ConfigError> {
    let known = || BreakClass::ALL.map(BreakClass::name).join(", ");
    let unknown = || problem("cases.class", format!("{class:?} is none of {}", known()));
    BreakClass::parse(class).map(|class| class.name().to_owned()).ok_or_else(unknown)
}

fn severity_named(class: &str, severity: &str) -> Result<Severity, ConfigError> {
    let known = || Severity::ALL.map(Severity::name).join(", ");
    let unknown = || problem(&format!("cases.class.{class}"), format!("{severity:?} is none of {}", known()));
    Severity::parse(severity).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use domain::ProgramId;

    use super::*;

    fn read(text: &str) -> Result<CaseRules, String> {
        let config: CasesConfig = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let programs = [("boreal-gold".to_owned(), ProgramId(7))].into();
        let codes = Codes { programs, ..Codes::default() };
        config.rules(&codes).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(read(""), Ok(CaseRules::default()));
        let rules = read(
            "age_hours = { medium = 1, high = 2, critical = 3 }\n\
             due_hours = { low = 9, medium = 8, high = 7, critical = 6 }\n\
             class = { fee = \"high\", nack = \"low\" }\n\
             [[amount]]\nprogram = \"boreal-gold\"\nunit = \"MILES\"\nmedium = 10\nhigh = 20\ncritical = 30\n",
        )
        .unwrap();
        assert_eq!((rules.age_hours, rules.due_hours), ([1, 2, 3], [9, 8, 7, 6]));
        let severity = |class: &str| rules.classes.get(class).copied();
        assert_eq!(severity("fee"), Some(Severity::High));
        assert_eq!(severity("nack"), Some(Severity::Low));
        assert_eq!(severity("signature"), Some(Severity::Critical));
        assert_eq!(rules.by_amount(Some(ProgramId(7)), "MILES", -20), Severity::High);
        assert_eq!(rules.by_amount(Some(ProgramId(8)), "MILES", -20), Severity::Low);
        let all = read("[[amount]]\nmedium = 1\nhigh = 1\ncritical = 1\n").unwrap();
        assert_eq!(all.amounts.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let amount = "medium = 1\nhigh = 2\ncritical = 3\n";
        for (text, told) in [
            ("age_hours = { medium = 0, high = 2, critical = 3 }".to_owned(), "cases.age_hours"),
            ("due_hours = { low = 1, medium = 2, high = 3, critical = 4 }".to_owned(), "cases.due_hours"),
            ("class = { nothing = \"low\" }".to_owned(), "cases.class: \"nothing\" is none of missing"),
            ("class = { fee = \"bad\" }".to_owned(), "cases.class.fee: \"bad\" is none of low"),
            (format!("[[amount]]\nprogram = \"x\"\n{amount}"), "known are: boreal-gold"),
            (format!("[[amount]]\nunit = \"rub\"\n{amount}"), "cases.amount.unit"),
            (format!("[[amount]]\nunit = \"RUB\"\n{amount}[[amount]]\nunit = \"RUB\"\n{amount}"), "keep one"),
            ("[[amount]]\nmedium = 3\nhigh = 2\ncritical = 1\n".to_owned(), "cases.amount: medium"),
            ("[[amount]]\nmedium = 3\n".to_owned(), "missing field `high`"),
            ("severity = 1".to_owned(), "unknown field"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
