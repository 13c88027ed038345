//! What can be said of a proposed version before anybody decides: what analysis notices, what its tests say, how it differs
//! from the version in force, and what example purchases cost whom. It is kept as JSON with the proposal.

mod owed;

use std::collections::{BTreeMap, BTreeSet};

use domain::{BankId, PartnerId, ProgramId, RulesHash};
use serde::{Deserialize, Serialize};

use crate::codes::Codes;
use crate::diff::{Change, Example, What, diff};
use crate::errors::{FileErrors, Severity};
use crate::explain::{Language, Names};
use crate::fields::Entry;
use crate::header::{Header, program_header};
use crate::program::{ProgramFile, read_program};

/// More example purchases than anybody reads; how many differ is told all the same.
const EXAMPLES_MAX: usize = 60;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InBoth {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl InBoth {
    fn of(text: impl Fn(Language) -> String) -> Self {
        Self { en: text(Language::English), ru: text(Language::Russian) }
    }

    /// The text in this language.
    pub fn text(&self, language: Language) -> &str {
        language.choose(&self.en, &self.ru)
    }
}

/// What one test of the file said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedTest {
    /// Its name.
    pub name: String,
    /// The line on which it stands.
    pub line: usize,
    /// Whether everything came as expected.
    pub passed: bool,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// A field of an entry: what it said and what it says; `None` is a field that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedField {
    /// Its name.
    pub field: String,
    /// In the version in force.
    pub old: Option<String>,
    /// In the proposed one.
    pub new: Option<String>,
}

/// An entry that was added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedChange {
    /// `added`, `removed` or `changed`.
    pub what: String,
    /// `bonus` and the like.
    pub kind: String,
    /// The rule's id.
    pub id: String,
    /// Its fields.
    pub fields: Vec<AssessedField>,
}

/// What the bank and one partner owe each other for a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedDebt {
    /// The partner's code.
    pub partner: String,
    /// Under the version in force.
    pub old: InBoth,
    /// Under the proposed one.
    pub new: InBoth,
}

/// A purchase that is worth something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedExample {
    /// The name of the test that it comes from.
    pub test: Option<String>,
    /// The purchase.
    pub purchase: InBoth,
    /// What it is worth under the version in force.
    pub old: InBoth,
    /// What it is worth under the proposed one.
    pub new: InBoth,
    /// Where what is owed differs, tax included.
    pub owed: Vec<AssessedDebt>,
}

/// Everything that is attached to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assessment {
    /// Why the text must not be put into force; empty if it may.
    pub refused: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<String>,
    /// The file's own tests.
    pub tests: Vec<AssessedTest>,
    /// How the rules differ.
    pub changes: Vec<AssessedChange>,
    /// How many example purchases were looked at.
    pub looked_at: usize,
    /// How many of them are worth something else.
    pub differing: usize,
    /// Some of those: the tests, and one of each kind of the others.
    pub examples: Vec<AssessedExample>,
}

impl Assessment {
    /// Whether the text may be approved: it can be read, does not contradict itself, and its tests pass.
    pub fn is_approvable(&self) -> bool {
        self.refused.is_empty()
    }
}

/// A text and its SHA-256.
#[derive(Debug, Clone, Copy)]
pub struct VersionText<'a> {
    /// SHA-256.
    pub hash: RulesHash,
    /// The text.
    pub text: &'a str,
}

/// Why a text must not be a version of the program whose version in force is `running`; empty if it may.
pub fn refusals(running: VersionText<'_>, other: VersionText<'_>) -> Vec<String> {
    let read = || {
        let (old, new) = both(running, other)?;
        let tests: Vec<AssessedTest> = new.1.run_tests().into_iter().map(test).collect();
        Ok(refused(&old, &new, &tests))
    };
    read().unwrap_or_else(|errors: FileErrors| errors.iter().map(ToString::to_string).collect())
}

/// Looks at a proposed text beside the one in force. Numbers of banks and partners are of no matter here.
pub fn assess(running: VersionText<'_>, proposed: VersionText<'_>) -> Assessment {
    let mut found = Assessment::default();
    if let Err(errors) = look(running, proposed, &mut found) {
        found.refused.extend(errors.iter().map(ToString::to_string));
    }
    found
}

fn look(
    running: VersionText<'_>,
    proposed: VersionText<'_>,
    found: &mut Assessment,
) -> Result<(), FileErrors> {
    let (old, new) = both(running, proposed)?;
    if running.hash == proposed.hash {
        found.refused.push("the text is the one that is in force".to_owned());
    }
    found.tests = new.1.run_tests().into_iter().map(test).collect();
    found.refused.extend(refused(&old, &new, &found.tests));
    let doubtful = new.1.notices.iter().filter(|notice| notice.severity != Severity::Error);
    found.warnings.extend(doubtful.map(|notice| notice.error.to_string()));
    let codes = codes_of(&[&old.0, &new.0]);
    let (before, after) = (old.1, new.1);
    let names = Names::new(&after.currency, &codes.partners);
    let differences = diff(&before, &after, &names);
    found.changes = differences.changes.iter().map(change).collect();
    (found.looked_at, found.differing) = (differences.looked_at, differences.differing);
    let shown = differences.examples.iter().take(EXAMPLES_MAX);
    found.examples = shown.map(|one| example(one, &before, &after, &names)).collect();
    Ok(())
}

/// A text as it was read, with its header.
type Read = (Header, ProgramFile);

/// Two texts that are understood together.
fn both(running: VersionText<'_>, other: VersionText<'_>) -> Result<(Read, Read), FileErrors> {
    let (old_head, new_head) = (program_header(running.text)?, program_header(other.text)?);
    let codes = codes_of(&[&old_head, &new_head]);
    let before = read_program(running.text, running.hash, &codes)?;
    let after = read_program(other.text, other.hash, &codes)?;
    Ok(((old_head, before), (new_head, after)))
}

/// What is wrong with the new one.
fn refused((old_head, old): &Read, (new_head, new): &Read, tests: &[AssessedTest]) -> Vec<String> {
    let mut refused = what_a_program_is(old_head, old, new_head, new);
    let errors = new.notices.iter().filter(|notice| notice.severity == Severity::Error);
    refused.extend(errors.map(|notice| notice.error.to_string()));
    let failed = tests.iter().filter(|test| !test.passed);
    refused.extend(failed.map(|test| format!("line {}: its test {:?} fails", test.line, test.name)));
    refused
}

/// Numbers of our own for everything that the texts name.
fn codes_of(heads: &[&Header]) -> Codes {
    let partners: BTreeSet<&String> = heads.iter().flat_map(|head| &head.partners_named).collect();
    Codes {
        banks: heads.iter().map(|head| head.bank.clone()).zip((1..).map(BankId)).collect(),
        partners: partners.into_iter().cloned().zip((1..).map(PartnerId)).collect::<BTreeMap<_, _>>(),
        programs: heads.iter().map(|head| head.code.clone()).zip((1..).map(ProgramId)).collect(),
    }
}

/// What stays as long as the program lives: days, books and files hang on it.
fn what_a_program_is(
    old_head: &Header,
    old: &ProgramFile,
    new_head: &Header,
    new: &ProgramFile,
) -> Vec<String> {
    let clock = |file: &ProgramFile| crate::fields::cut_offs(&file.cut_offs);
    let pairs = [
        ("code", old_head.code.clone(), new_head.code.clone()),
        ("bank", old_head.bank.clone(), new_head.bank.clone()),
        ("cobrand_partner", old_head.cobrand_partner.clone(), new_head.cobrand_partner.clone()),
        ("currency", old.currency.code.clone(), new.currency.code.clone()),
        ("timezone", old.timezone.clone(), new.timezone.clone()),
        ("cut_off", clock(old), clock(new)),
        ("ledger", old.program.miles.ledger.name().to_owned(), new.program.miles.ledger.name().to_owned()),
    ];
    let changed = pairs.into_iter().filter(|(_, old, new)| old != new);
    changed
        .map(|(name, old, new)| {
            format!(
                "{name}: expected {old:?}, found {new:?}; days and books hang on it, so it stays as long as the program \
                 lives: begin a program of another code"
            )
        })
        .collect()
}

fn test(result: crate::file_tests::TestResult) -> AssessedTest {
    let crate::file_tests::TestResult { name, line, passed, expected, got } = result;
    AssessedTest { name, line, passed, expected, got }
}

fn change(change: &Change) -> AssessedChange {
    let sides = |fields: &[(String, String)], is_new: bool| -> Vec<AssessedField> {
        let side = |value: &String, wanted: bool| (wanted == is_new).then(|| value.clone());
        let field = |(name, value): &(String, String)| AssessedField {
            field: name.clone(),
            old: side(value, false),
            new: side(value, true),
        };
        fields.iter().map(field).collect()
    };
    let (what, fields) = match &change.what {
        What::Added(fields) => ("added", sides(fields, true)),
        What::Removed(fields) => ("removed", sides(fields, false)),
        What::Changed(fields) => {
            let field = |one: &crate::diff::Changed| AssessedField {
                field: one.field.clone(),
                old: one.old.clone(),
                new: one.new.clone(),
            };
            ("changed", fields.iter().map(field).collect())
        }
    };
    AssessedChange { what: what.to_owned(), kind: change.kind.to_owned(), id: change.id.clone(), fields }
}

fn example(
    example: &Example,
    before: &ProgramFile,
    after: &ProgramFile,
    names: &Names<'_>,
) -> AssessedExample {
    let date = example.given.input.date;
    let (old, new) = (owed::debts(before, date, &example.old), owed::debts(after, date, &example.new));
    let partners: BTreeSet<PartnerId> = old.keys().chain(new.keys()).copied().collect();
    let differing = partners.into_iter().filter(|partner| old.get(partner) != new.get(partner));
    let debt = |partner: PartnerId| AssessedDebt {
        partner: names.partner(partner),
        old: InBoth::of(|language| owed::words(old.get(&partner), language, names)),
        new: InBoth::of(|language| owed::words(new.get(&partner), language, names)),
    };
    AssessedExample {
        test: example.test.clone(),
        purchase: InBoth::of(|language| names.purchase(&example.given, language)),
        old: InBoth::of(|language| names.amounts(&example.old, language)),
        new: InBoth::of(|language| names.amounts(&example.new, language)),
        owed: differing.map(debt).collect(),
    }
}

/// What a text says, entry by entry, as the file would write it.
pub fn entries_of(version: VersionText<'_>) -> Result<Vec<Entry>, FileErrors> {
    let codes = codes_of(&[&program_header(version.text)?]);
    let file = read_program(version.text, version.hash, &codes)?;
    Ok(file.entries(&Names::new(&file.currency, &codes.partners)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../docs/samples/programs/boreal-gold.toml");

    fn version(text: &str, hash: u8) -> VersionText<'_> {
        VersionText { hash: RulesHash([hash; 32]), text }
    }

    fn assessed(change: (&str, &str)) -> Assessment {
        assert!(SAMPLE.contains(change.0), "{} is not in the sample", change.0);
        assess(version(SAMPLE, 1), version(&SAMPLE.replacen(change.0, change.1, 1), 2))
    }

    #[test]
    fn a_changed_bonus_is_told_in_rules_and_in_money() {
        // Three times the base in place of as much again; the tests that say otherwise are changed with it.
        let text = SAMPLE
            .replace("times_base = \"1/1\"", "times_base = \"2/1\"")
            .replace("bonus_miles = 120, discount = \"223.50\"", "bonus_miles = 240, discount = \"223.50\"")
            .replace("expect = { miles = 240,", "expect = { miles = 360,");
        let found = assess(version(SAMPLE, 1), version(&text, 2));
        assert_eq!(found.refused, [""; 0]);
        let [change] = found.changes.as_slice() else { panic!("{:?}", found.changes) };
        assert_eq!(
            (change.what.as_str(), change.kind.as_str(), change.id.as_str()),
            ("changed", "bonus", "weekend-fuel")
        );
        assert_eq!(change.fields[0].old.as_deref(), Some("1/1"));
        let saturday = found
            .examples
            .iter()
            .find(|one| one.test.as_ref().is_some_and(|name| name.starts_with("fuel on Sat")));
        let saturday = saturday.unwrap();
        assert_eq!(
            saturday.old.en,
            "miles 240 (120 base, 120 bonus paid by skyfuel (weekend-fuel)); discount 223.50 RUB (merchant 111.75 RUB, bank 111.75 RUB)"
        );
        let debts: Vec<(&str, &str, &str)> = saturday
            .owed
            .iter()
            .map(|debt| (debt.partner.as_str(), debt.old.en.as_str(), debt.new.en.as_str()))
            .collect();
        // 240 and 360 miles at 0.615, tax of 20 % by document; 120 and 240 miles at 0.70, tax of 20 %, less 111.75.
        assert_eq!(
            debts,
            [
                ("airboreal", "bank pays 177.12 RUB", "bank pays 265.68 RUB"),
                ("skyfuel", "bank pays 10.95 RUB", "partner pays 89.85 RUB"),
            ]
        );
        assert_eq!(saturday.owed[1].new.ru, "платит партнёр 89,85 RUB");
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Assessment>(&text).unwrap(), found);
    }

    #[test]
    fn what_must_not_be_approved_says_why() {
        for (change, reason) in [
            (("times_base = \"1/1\"", "times_base = \"2/1\""), "its test \"fuel on Saturday"),
            (("times_base", "times_bass"), "times_base"),
            (("cut_off = \"00:00\"", "cut_off = \"01:00\""), "cut_off: expected \"00:00\", found \"01:00\""),
            (("code = \"boreal-gold\"", "code = \"boreal-silver\""), "code: expected \"boreal-gold\""),
            (("schema", "schema"), "the text is the one"),
        ] {
            let found = match reason {
                "the text is the one" => assess(version(SAMPLE, 1), version(SAMPLE, 1)),
                _ => assessed(change),
            };
            assert!(!found.is_approvable(), "{change:?}");
            assert!(
                found.refused.iter().any(|text| text.contains(reason)),
                "{change:?}: {:?}",
                found.refused
            );
        }
        assert!(assessed(("# or \"bank\"", "# or the bank")).is_approvable(), "a comment may change");
    }

    #[test]
    fn no_text_breaks_it() {
        for text in ["", "x", "schema = 1", "code = \"\\u0000\"", "[[base]]\n[[base]]", "\u{feff}"] {
            assert!(!assess(version(SAMPLE, 1), version(text, 2)).is_approvable(), "{text:?}");
        }
    }
}
