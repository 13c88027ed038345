//! The examples that a program file carries: a purchase that is given and what must come of it.

use std::collections::BTreeSet;

use domain::{
    Amounts, AwardInput, Awarded, DiscountMode, Explanation, Funder, Item, MoneyError, Program, Till,
    Verdict, award,
};

use crate::codes::NamedCurrency;
use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
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
    /// Whether the amount is that of an authorization, to which a discount at the till may be offered.
    pub authorization: bool,
    /// The purchase, as if it were cleared.
    pub input: AwardInput,
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
    ///
    /// A purchase counts as cleared in full with the amount given. With `authorization = true` the amount is asked
    /// for in an authorization: a discount at the till is offered and the purchase counts as cleared with what the
    /// offer leaves, so that the miles are those of the reduced amount.
    pub fn run_tests(&self) -> Vec<TestResult> {
        self.tests.iter().map(|test| self.run(test)).collect()
    }

    fn run(&self, test: &ProgramTest) -> TestResult {
        let (name, line) = (test.name.clone(), test.line);
        match awarded(&self.program, test) {
            Ok(awarded) => {
                let sides = compare(test, &awarded, &self.currency);
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

fn awarded(program: &Program, test: &ProgramTest) -> Result<Awarded, MoneyError> {
    if !test.authorization {
        return award(program, &test.input);
    }
    let original_minor = test.input.net_minor;
    let asked = award(program, &AwardInput { may_offer_till: true, cleared_minor: 0, ..test.input })?;
    let offered: i64 = asked
        .amounts
        .iter()
        .filter(|(item, _)| matches!(item, Item::Discount { mode: DiscountMode::AtTill, .. }))
        .map(|(_, amount)| amount)
        .sum();
    let discount_minor = u64::try_from(offered).map_err(|_| MoneyError::Overflow)?;
    if discount_minor == 0 || discount_minor >= original_minor {
        return Ok(asked);
    }
    let net_minor = original_minor - discount_minor;
    let till = Some(Till { original_minor, discount_minor });
    award(program, &AwardInput { net_minor, cleared_minor: net_minor, till, ..test.input })
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

fn discount_share(amounts: &Amounts, of: impl Fn(Funder) -> bool) -> i64 {
    let share = |(item, amount): (&Item, i64)| match item {
        Item::Discount { funder, .. } if of(*funder) => amount,
        _ => 0,
    };
    amounts.iter().map(share).sum()
}

fn applied(explanation: &Explanation) -> BTreeSet<String> {
    let rules = explanation.0.iter().filter(|finding| finding.verdict == Verdict::Applied);
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
            let given = self.given(&format!("{path}.given"), entry, currency);
            let expect = self.expect(&format!("{path}.expect"), entry, currency);
            let (Some(input), Some(expect)) = (given, expect) else { continue };
            let (name, line) = (entry.name.get_ref().clone(), self.log.line(entry.name.span().start));
            tests.push(ProgramTest { name, line, authorization: entry.given.authorization, input, expect });
        }
        tests
    }

    fn given(&mut self, path: &str, entry: &document::Test, currency: &NamedCurrency) -> Option<AwardInput> {
        let given = &entry.given;
        let date = match (&given.local_date, &given.local_time) {
            (Some(date), None) => self.date(&format!("{path}.local_date"), date),
            (None, Some(time)) => self.date(&format!("{path}.local_time"), time),
            (date, _) => {
                let (found, advice) = match date {
                    Some(_) => ("both", "delete one of the two"),
                    None => ("neither", "add local_date = 2026-10-10"),
                };
                let problem = Problem::new("`local_date` or `local_time`", found, advice);
                self.report(path, &entry.name, problem);
                None
            }
        };
        let mcc = self.optional(&format!("{path}.mcc"), given.mcc.as_ref(), scalars::mcc);
        let partner = match &given.partner {
            Some(partner) => self.partner(&format!("{path}.partner"), partner).map(Some),
            None => Some(None),
        };
        let amount = self
            .value(&format!("{path}.amount"), &given.amount, |text| scalars::amount_or_zero(text, currency));
        let earned =
            given.already_earned.as_ref().map_or(Some(0), |earned| i64::try_from(*earned.get_ref()).ok());
        let net_minor = amount?;
        Some(AwardInput {
            net_minor,
            partner: partner?,
            mcc: mcc?,
            date: date?,
            is_purchase: true,
            may_offer_till: false,
            till: None,
            cleared_minor: net_minor,
            granted_elsewhere: earned?,
            granted_here: 0,
        })
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
