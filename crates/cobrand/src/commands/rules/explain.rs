//! `rules explain`: what one purchase is worth under a program file, or was worth when it came, and why.

use std::path::Path;

use program_files::{Language, Names, Shown, Step, read_given};
use serde_json::{Value, json};

use super::{
    diff::{amounts_json, purchase_json},
    one_program, write_out,
};
use crate::{
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, program_infos},
};

/// Prints the explanation of a purchase.
pub(super) fn explain(path: &Path, given: &str, language: Language, as_json: bool) -> anyhow::Result<()> {
    let (codes, file) = one_program(path)?;
    let given = read_given(given, &codes, &file.currency, file.program.tiers.as_ref())
        .map_err(|errors| WrongUse(format!("--given: {errors}")))?;
    let names = Names::new(&file.currency, &codes.partners).with_tiers(file.program.tiers.as_ref());
    let told = file.explain(&given, language, &names)?;
    let text = if as_json {
        let steps = |steps: &Vec<Step>| steps.iter().map(step_json).collect::<Vec<_>>();
        let value = json!({
            "program": file.program.code,
            "version": file.program.hash.short(),
            "purchase": purchase_json(&given, &names),
            "offer": told.offer.as_ref().map(steps),
            "steps": steps(&told.steps),
            "amounts": amounts_json(&told.amounts),
            "result": told.result,
        });
        serde_json::to_string_pretty(&value)?
    } else {
        told.to_string()
    };
    write_out(format!("{text}\n").as_bytes())
}

/// Prints why stored transactions were worth what they were.
pub(super) async fn explain_stored(
    config: &ConfigArgs,
    reference: &str,
    language: Language,
    as_json: bool,
) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let partners = assembly.codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect();
    let told = console::explained(&assembly.pool, &program_infos(&assembly), &partners, reference).await?;
    if told.is_empty() {
        let text = "no stored message has this key (48 hexadecimal digits) or this retrieval reference number (DE37)";
        return Err(AnswerIsNo(text.to_owned()).into());
    }
    let text = if as_json {
        let messages: Vec<Value> = told.iter().map(console::ExplainedMessage::to_json).collect();
        serde_json::to_string_pretty(&json!({ "messages": messages }))?
    } else {
        told.iter().map(|message| message.to_text(language)).collect::<Vec<_>>().join("\n\n")
    };
    write_out(format!("{text}\n").as_bytes())
}

fn step_json(step: &Step) -> Value {
    let value = |shown: &Shown| json!({ "name": shown.name, "stored": shown.stored, "words": shown.text });
    json!({
        "rule": step.rule,
        "verdict": step.verdict.name(),
        "reason": step.code,
        "words": step.reason,
        "values": step.values.iter().map(value).collect::<Vec<_>>(),
    })
}
