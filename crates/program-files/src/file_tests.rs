//! The examples that a program file carries: a purchase that is given and what must come of it.

use std::collections::BTreeSet;

use domain::{Awarded, Explanation, Funder, Item, Verdict};

use crate::codes::NamedCurrency;
use crate::document::{self, Table};
use crate::errors::Problem;
use crate::given::{Given, discount_share};
use crate::meaning::{RESERVED_IDS, Reading};
use crate::program::ProgramFile;
use crate::scalars::{self, quoted};
use crate::suggest;

/// One example of a program file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramTest {
    /// Its name.
    pub name: String,
    /// The line on which it stands.
    pub line: usize,
    /// The purchase.
    pub given: Given,
    /// What must come of it.
    pub expect: Expectation,
}

/// What must come of a purchase; what is `None` is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// Base and bonus miles together.
    pub miles: Option<u64>,
    /// Base miles.
    pub base_miles: Option<u64>,
    /// Bonus miles of all rules.
    pub bonus_miles: Option<u64>,
    /// The whole discount in minor units.
    pub discount_minor: Option<u64>,
    /// The merchant partner's part of it.
    pub merchant_share_minor: Option<u64>,
    /// The bank's part of it.
    pub bank_share_minor: Option<u64>,
    /// Exactly the rules that take effect.
    pub applied: Option<BTreeSet<String>>,
    /// Rules that must not take effect, each as `id` or as `id: reason`.
    pub skipped: Vec<String>,
}

/// What came of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// The line on which it stands.
    pub line: usize,
    /// Whether everything came as expected.
    pub passed: bool,
    /// What was expected.
    pub expected: String,
    /// What came, in the same order.
    pub got: String,
}

impl ProgramFile {
    /// Runs the examples that the file carries.
    pub fn run_tests(&self) -> Vec<TestResult> {
        self.tests.iter().map(|test| self.run(test)).collect()
    }

    fn run(&self, test: &ProgramTest) -> TestResult {
        let (name, line) = (test.name.clone(), test.line);
        match test.given.worth(&self.program) {
            Ok(worth) => {
                let sides = compare(test, &worth.awarded, &self.currency);
                let side = |pick: fn(&(String, String)) -> &String| {
                    sides.iter().map(pick).cloned().collect::<Vec<_>>().join(", ")
                };
                let (expected, got) = (side(|pair| &pair.0), side(|pair| &pair.1));
                TestResult { name, line, passed: expected == got, expected, got }
            }
            Err(error) => {
                let expected = "amounts within 64 bits".to_owned();
                TestResult { name, line, passed: false, expected, got: error.to_string() }
            }
        }
    }
}

/// For each thing that is expected: what was expected and what came.
fn compare(test: &ProgramTest, awarded: &Awarded, currency: &NamedCurrency) -> Vec<(String, String)> {
    let (expect, amounts) = (&test.expect, &awarded.amounts);
    let mut sides = Vec::new();
    let mut number = |name: &str, expected: Option<u64>, got: i64| {
        if let Some(expected) = expected {
            sides.push((format!("{name} {expected}"), format!("{name} {got}")));
        }
    };
    number("miles", expect.miles, amounts.miles());
    number("base_miles", expect.base_miles, amounts.amount(&Item::Base));
    number("bonus_miles", expect.bonus_miles, amounts.bonus_miles());
    let merchant = discount_share(amounts, |funder| funder != Funder::Bank);
    let bank = discount_share(amounts, |funder| funder == Funder::Bank);
    let mut money = |name: &str, expected: Option<u64>, got: i64| {
        if let Some(expected) = expected {
            let expected = currency.format(i64::try_from(expected).unwrap_or(i64::MAX));
            sides.push((format!("{name} {expected}"), format!("{name} {}", currency.format(got))));
        }
    };
    money("discount", expect.discount_minor, amounts.discount_minor());
    money("merchant_share", expect.merchant_share_minor, merchant);
    money("bank_share", expect.bank_share_minor, bank);
    if let Some(expected) = &expect.applied {
        let got = applied(&awarded.explanation);
        sides.push((format!("applied {}", set(expected)), format!("applied {}", set(&got))));
    }
    for expected in &expect.skipped {
        let got = skipped(&awarded.explanation, expected);
        sides.push((format!("skipped {expected}"), got));
    }
    sides
}

/// The rules that took effect, without the steps of explanations, which no file declares.
fn applied(explanation: &Explanation) -> BTreeSet<String> {
    let rules = explanation.0.iter().filter(|finding| {
        finding.verdict == Verdict::Applied && !RESERVED_IDS.contains(&finding.rule.as_str())
    });
    rules.map(|finding| finding.rule.clone()).collect()
}

/// What became of the rule in `expected`, in the same words if it was skipped as expected.
fn skipped(explanation: &Explanation, expected: &str) -> String {
    let (rule, reason) = split_reason(expected);
    let finding = explanation.0.iter().find(|finding| finding.rule == rule);
    match finding {
        None => format!("not looked at {rule}"),
        Some(finding) if finding.verdict == Verdict::Applied => format!("applied {rule}"),
        Some(_) if reason.is_none() => format!("skipped {expected}"),
        Some(finding) => format!("skipped {rule}: {}", finding.reason),
    }
}

fn split_reason(text: &str) -> (&str, Option<&str>) {
    text.split_once(": ").map_or((text, None), |(rule, reason)| (rule, Some(reason)))
}

fn set(words: &BTreeSet<String>) -> String {
    format!("[{}]", words.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
}

impl Reading<'_> {
    /// The examples of the file; the ids of all rules have been read before.
    pub(crate) fn program_tests(
        &mut self,
        entries: &[Table<document::Test>],
        currency: &NamedCurrency,
    ) -> Vec<ProgramTest> {
        let mut tests: Vec<ProgramTest> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("test[{index}]");
            if let Some(first) = tests.iter().find(|test| test.name == *entry.name.get_ref()) {
                let found = format!("the name of the test on line {}", first.line);
                let problem = Problem::new("a name used once", found, "rename one of the two");
                self.report(&format!("{path}.name"), &entry.name, problem);
            }
            let place = entry.name.span().start;
            let given = self.given(&format!("{path}.given"), &entry.given, place, currency);
            let expect = self.expect(&format!("{path}.expect"), entry, currency);
            let (Some(given), Some(expect)) = (given, expect) else { continue };
            let (name, line) = (entry.name.get_ref().clone(), self.log.line(place));
            tests.push(ProgramTest { name, line, given, expect });
        }
        tests
    }

    fn expect(
        &mut self,
        path: &str,
        entry: &document::Test,
        currency: &NamedCurrency,
    ) -> Option<Expectation> {
        let expect = entry.expect.get_ref();
        let money = |text: &str| scalars::amount_or_zero(text, currency);
        let discount = self.optional(&format!("{path}.discount"), expect.discount.as_ref(), money);
        let merchant =
            self.optional(&format!("{path}.merchant_share"), expect.merchant_share.as_ref(), money);
        let bank = self.optional(&format!("{path}.bank_share"), expect.bank_share.as_ref(), money);
        let ids: Vec<String> = self.ids.keys().cloned().chain(["exclusions".to_owned()]).collect();
        let ids_complete = self.ids_complete;
        let rule = |text: &str| {
            let (rule, _) = split_reason(text);
            if !ids_complete || ids.iter().any(|id| id == rule) {
                return Ok(text.to_owned());
            }
            let advice = suggest::advice(rule, ids.iter().map(String::as_str));
            Err(Problem::new("the id of a rule in this file", quoted(text), advice))
        };
        let applied = self.list(&format!("{path}.applied"), expect.applied.as_ref(), rule);
        let skipped = self.list(&format!("{path}.skipped"), expect.skipped.as_ref(), rule);
        let read = Expectation {
            miles: expect.miles,
            base_miles: expect.base_miles,
            bonus_miles: expect.bonus_miles,
            discount_minor: discount?,
            merchant_share_minor: merchant?,
            bank_share_minor: bank?,
            applied: expect.applied.as_ref().and(applied).map(|rules| rules.into_iter().collect()),
            skipped: skipped?,
        };
        if read == Expectation::default() {
            let advice = "add what must come of it, such as base_miles = 59";
            self.report(path, &entry.expect, Problem::new("at least one expectation", "none", advice));
            return None;
        }
        Some(read)
    }
}
