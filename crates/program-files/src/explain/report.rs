//! What one purchase is worth, told as a text.

use std::fmt;

use domain::{Amounts, Funder, Item, MoneyError, Verdict};

use super::{Language, Names, Shown, Step, day, money, payer, steps};
use crate::fields::{Entry, field_of_reason};
use crate::given::{Given, discount_share};
use crate::program::ProgramFile;

/// One purchase explained. It is written as a text of several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    language: Language,
    /// The purchase in words.
    pub purchase: String,
    /// What was offered at the till in the answer to the authorization, step by step.
    pub offer: Option<Vec<Step>>,
    /// What is cleared, in words.
    pub cleared: String,
    /// What it is worth, step by step.
    pub steps: Vec<Step>,
    /// What comes of it, in words.
    pub result: String,
    /// What comes of it by item.
    pub amounts: Amounts,
}

impl ProgramFile {
    /// Explains what a purchase is worth under this program.
    pub fn explain(
        &self,
        given: &Given,
        language: Language,
        names: &Names<'_>,
    ) -> Result<Explained, MoneyError> {
        let worth = given.worth(&self.program)?;
        let entries = self.entries(names);
        let told = |explanation| {
            let mut steps = steps(explanation, language, names);
            steps.iter_mut().for_each(|step| say_what_the_rule_wants(step, &entries, language));
            steps
        };
        let net = i64::try_from(worth.net_minor).unwrap_or(i64::MAX);
        Ok(Explained {
            language,
            purchase: purchase_words(given, language, names),
            offer: worth.offer.as_ref().map(|offer| told(&offer.explanation)),
            cleared: money(net, language, names),
            steps: told(&worth.awarded.explanation),
            result: amounts_words(&worth.awarded.amounts, language, names),
            amounts: worth.awarded.amounts,
        })
    }
}

/// Adds what the rule asks for to the value that was seen.
fn say_what_the_rule_wants(step: &mut Step, entries: &[Entry], language: Language) {
    let rule = entries.iter().find(|entry| entry.id == step.rule && entry.kind != "program");
    let (Some(rule), Some(fields)) = (rule, field_of_reason(&step.code)) else { return };
    let wanted = rule.fields.iter().filter(|(name, _)| fields.contains(&name.as_str()));
    let wanted: Vec<String> = wanted.map(|(name, value)| format!("{name} = {value}")).collect();
    let (label, text) = (language.choose("the rule says", "в правиле").to_owned(), wanted.join(", "));
    step.values.push(Shown { name: "rule_says".to_owned(), stored: text.clone(), label, text });
}

/// The purchase in words: when, how much, where.
pub(super) fn purchase_words(given: &Given, language: Language, names: &Names<'_>) -> String {
    let input = &given.input;
    let amount = money(i64::try_from(input.net_minor).unwrap_or(i64::MAX), language, names);
    let mut words = vec![amount, day(input.date, language)];
    words.push(match input.partner {
        Some(partner) => language.choose("at ", "партнёр ").to_owned() + &names.partner(partner),
        None => language.choose("at no partner", "не у партнёра").to_owned(),
    });
    words.push(match input.mcc {
        Some(mcc) => format!("{} {mcc:04}", language.choose("merchant category", "категория")),
        None => language.choose("no merchant category", "без категории").to_owned(),
    });
    if input.tier > 0 {
        words.push(format!("{} {}", language.choose("tier", "уровень"), names.tier(input.tier)));
    }
    if let Some(birthday) = input.birthday {
        words.push(format!("{} {birthday}", language.choose("birthday", "день рождения")));
    }
    if input.granted_elsewhere > 0 {
        let before = language.choose("earned before in the month", "начислено за месяц раньше");
        words.push(format!("{before} {}", input.granted_elsewhere));
    }
    if let Some(coupon) = &given.coupon {
        words.push(format!("{} {coupon}", language.choose("coupon", "купон")));
    }
    if given.authorization {
        words.push(language.choose("authorization", "авторизация").to_owned());
    }
    words.join(", ")
}

/// Miles and discount with who pays for them.
pub(super) fn amounts_words(amounts: &Amounts, language: Language, names: &Names<'_>) -> String {
    let mut parts = vec![format!("{} {}", amounts.amount(&Item::Base), language.choose("base", "базовых"))];
    for (item, miles) in amounts.iter() {
        if let Item::Bonus { rule, funder } = item {
            let words = language.choose("bonus paid by", "бонусных, платит");
            parts.push(format!("{miles} {words} {} ({rule})", payer(*funder, language, names)));
        }
    }
    let miles = format!("{} {} ({})", language.choose("miles", "мили"), amounts.miles(), parts.join(", "));
    let discount = amounts.discount_minor();
    if discount == 0 {
        return format!("{miles}; {}", language.choose("no discount", "без скидки"));
    }
    let bank = discount_share(amounts, |funder| funder == Funder::Bank);
    let bears = |who, minor| format!("{who} {}", money(minor, language, names));
    let shares = [
        bears(language.choose("merchant", "партнёр"), discount - bank),
        bears(language.choose("bank", "банк"), bank),
    ];
    let word = language.choose("discount", "скидка");
    format!("{miles}; {word} {} ({})", money(discount, language, names), shares.join(", "))
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let say = |english: &'static str, russian: &'static str| self.language.choose(english, russian);
        writeln!(f, "{}: {}", say("Purchase", "Покупка"), self.purchase)?;
        if let Some(offer) = &self.offer {
            writeln!(f, "\n{}:", say("In the answer to the authorization", "В ответе на авторизацию"))?;
            write_steps(f, offer, self.language)?;
        }
        writeln!(f, "\n{} {}:", say("When it is cleared with", "При списании"), self.cleared)?;
        write_steps(f, &self.steps, self.language)?;
        write!(f, "\n{}: {}", say("Result", "Итог"), self.result)
    }
}

fn write_steps(f: &mut fmt::Formatter<'_>, steps: &[Step], language: Language) -> fmt::Result {
    let width = steps.iter().map(|step| step.rule.chars().count()).max().unwrap_or(0);
    for step in steps {
        let mark = match step.verdict {
            Verdict::Applied => language.choose("applied", "применено   "),
            Verdict::Skipped => language.choose("skipped", "не применено"),
        };
        writeln!(f, "  {mark}  {:width$}  {}", step.rule, step.reason)?;
        let values: Vec<String> =
            step.values.iter().map(|shown| format!("{} {}", shown.label, shown.text)).collect();
        if !values.is_empty() {
            writeln!(
                f,
                "  {:indent$}  {}",
                "",
                values.join("; "),
                indent = mark.chars().count() + width + 2
            )?;
        }
    }
    Ok(())
}
