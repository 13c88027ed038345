//! `rules diff`: what changes from one version of a program to the next.

use std::path::Path;

use domain::Amounts;
use program_files::{Change, Example, Language, Names, RulesDiff, What};
use serde_json::{Value, json};

use super::{Texts, write_out};
use crate::cli::AnswerIsNo;

/// Prints the differences; the answer is "no" if there is one.
pub(super) fn diff(old: &Path, new: &Path, as_json: bool) -> anyhow::Result<()> {
    let texts = Texts::read(&[old, new], &[])?;
    let (before, after) = (texts.program(0)?, texts.program(1)?);
    let names = Names::new(&after.currency, &texts.codes.partners).with_tiers(after.program.tiers.as_ref());
    let found = program_files::diff(&before, &after, &names);
    let versions = [before.program.hash.short(), after.program.hash.short()];
    let text = if as_json {
        format!("{}\n", serde_json::to_string_pretty(&in_json(&found, &names, &versions))?)
    } else {
        in_words(&found, &names, &versions)
    };
    write_out(text.as_bytes())?;
    if found.is_empty() {
        return Ok(());
    }
    let (changes, differing) = (found.changes.len(), found.differing);
    Err(AnswerIsNo(format!("the versions differ: entries {changes}, example purchases {differing}")).into())
}

fn in_words(found: &RulesDiff, names: &Names<'_>, versions: &[String; 2]) -> String {
    let [old, new] = versions;
    let mut text = format!("< version {old}\n> version {new}\n");
    if found.changes.is_empty() {
        text.push_str("\nno rule differs\n");
    }
    found.changes.iter().for_each(|change| text.push_str(&change_words(change)));
    text.push_str(&format!(
        "\n{} of {} example purchases are worth something else\n",
        found.differing, found.looked_at
    ));
    for example in &found.examples {
        text.push_str(&example_words(example, names));
    }
    let kept = found.examples.len();
    if kept < found.differing {
        text.push_str(&format!("\n{} more differ in the same ways\n", found.differing - kept));
    }
    text
}

fn change_words(change: &Change) -> String {
    let head = |word: &str| format!("\n{word} {} {}\n", change.kind, change.id);
    let lines = |mark: &str, fields: &[(String, String)]| -> String {
        fields.iter().map(|(name, value)| format!("  {mark} {name} = {value}\n")).collect()
    };
    match &change.what {
        What::Added(fields) => head("added") + &lines("+", fields),
        What::Removed(fields) => head("removed") + &lines("-", fields),
        What::Changed(fields) => {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not given)".to_owned());
            let line = |changed: &program_files::Changed| {
                format!("  ~ {}: {} -> {}\n", changed.field, side(&changed.old), side(&changed.new))
            };
            head("changed") + &fields.iter().map(line).collect::<String>()
        }
    }
}

fn example_words(example: &Example, names: &Names<'_>) -> String {
    let worth = |amounts: &Amounts| names.amounts(amounts, Language::English);
    let test = example.test.as_ref().map_or_else(String::new, |name| format!("test \"{name}\": "));
    let purchase = names.purchase(&example.given, Language::English);
    format!("\n  {test}{purchase}\n    < {}\n    > {}\n", worth(&example.old), worth(&example.new))
}

fn in_json(found: &RulesDiff, names: &Names<'_>, versions: &[String; 2]) -> Value {
    let fields = |fields: &[(String, String)]| -> Value {
        Value::Object(fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
    };
    let change = |change: &Change| {
        let (what, fields) = match &change.what {
            What::Added(added) => ("added", fields(added)),
            What::Removed(removed) => ("removed", fields(removed)),
            What::Changed(changed) => {
                let field = |one: &program_files::Changed| json!({ "field": one.field, "old": one.old, "new": one.new });
                ("changed", changed.iter().map(field).collect())
            }
        };
        json!({ "what": what, "kind": change.kind, "id": change.id, "fields": fields })
    };
    let example = |example: &Example| {
        json!({
            "test": example.test,
            "purchase": purchase_json(&example.given, names),
            "old": amounts_json(&example.old),
            "new": amounts_json(&example.new),
        })
    };
    let [old, new] = versions;
    json!({
        "old": old,
        "new": new,
        "same": found.is_empty(),
        "changes": found.changes.iter().map(change).collect::<Vec<_>>(),
        "purchases_looked_at": found.looked_at,
        "purchases_differing": found.differing,
        "examples": found.examples.iter().map(example).collect::<Vec<_>>(),
    })
}

/// A purchase as data; amounts are minor units.
pub(super) fn purchase_json(given: &program_files::Given, names: &Names<'_>) -> Value {
    let input = &given.input;
    json!({
        "local_date": input.date.to_string(),
        "amount_minor": input.net_minor,
        "partner": input.partner.map(|partner| names.partner(partner)),
        "mcc": input.mcc.map(|mcc| format!("{mcc:04}")),
        "birthday": input.birthday.map(|birthday| birthday.to_string()),
        "already_earned": input.granted_elsewhere,
        "authorization": given.authorization,
        "coupon": given.coupon,
    })
}

/// Miles and minor units.
pub(super) fn amounts_json(amounts: &Amounts) -> Value {
    json!({
        "base_miles": amounts.amount(&domain::Item::Base),
        "bonus_miles": amounts.bonus_miles(),
        "discount_minor": amounts.discount_minor(),
    })
}
