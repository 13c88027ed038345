//! `partner test`: tries every way to a partner and says in plain words what failed and who must do what.

use clap::Args;
use partner_adapters::transport::{Blame, DeliveryError};
use partner_adapters::{Endpoint, PartnerFile};
use serde_json::{Value, json};

use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// Arguments of `partner test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The partner.
    partner: String,
    /// Also leaves a small file marked TEST where settlement files will go.
    #[arg(long)]
    send_file: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn test(args: &TestArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let (path, _, file) = find(&assembly, &args.partner)?;
    let (endpoints, outputs) = (file.open(path)?, file.outputs(path)?);
    // As the first file of a day would be called.
    let names: Vec<Value> = outputs
        .names()
        .iter()
        .map(|output| {
            let name = outputs.file_name(output, &format!("{}_<program>_<date>_<sequence>_0.cbs", file.code));
            json!({ "output": output, "file": name })
        })
        .collect();
    if !args.json && endpoints.iter().any(|endpoint| endpoint.carries_files) {
        println!("of each settlement file it gets:");
        for one in &names {
            let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            println!("  {:<16} {}", word("output"), word("file"));
        }
    }
    let mut results: Vec<Value> = Vec::new();
    let mut failed = 0;
    for endpoint in &endpoints {
        let steps = try_way(&assembly, &file, endpoint, args).await?;
        failed += usize::from(steps.1.is_some());
        results.push(result(endpoint, &steps, args.json));
    }
    if args.json {
        println!("{}", json!({ "partner": file.code, "ways": results, "outputs": names }));
    }
    if endpoints.is_empty() {
        println!(
            "{} has no [[transport]]: files stay in {}",
            file.code,
            assembly.config.settlement.out.display()
        );
    }
    match failed {
        0 => Ok(()),
        _ => {
            Err(AnswerIsNo(format!("{failed} of {} ways to {} do not work", endpoints.len(), file.code))
                .into())
        }
    }
}

fn find<'a>(
    assembly: &'a Assembly,
    code: &str,
) -> anyhow::Result<(&'a std::path::Path, domain::PartnerId, PartnerFile)> {
    let files = assembly.partner_files()?;
    let known: Vec<String> = files.iter().map(|(.., file)| file.code.clone()).collect();
    files.into_iter().find(|(.., file)| file.code == code).ok_or_else(|| {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let text = format!(
            "{code:?} has no file in [settlement] partners (named are: {known}); write one with: cobrand partner add {code}"
        );
        AnswerIsNo(text).into()
    })
}

type Steps = (Vec<(String, String)>, Option<DeliveryError>);

async fn try_way(
    assembly: &Assembly,
    file: &PartnerFile,
    endpoint: &Endpoint,
    args: &TestArgs,
) -> anyhow::Result<Steps> {
    let mut steps: Vec<(String, String)> = Vec::new();
    match endpoint.transport.probe().await {
        Ok(report) => steps.extend(report.steps.into_iter().map(|step| (step.what.to_owned(), step.found))),
        Err(error) => return Ok((steps, Some(error))),
    }
    if args.send_file && endpoint.carries_files {
        let item = settlement::test_file(&file.code, assembly.environment()?, assembly.clock.now());
        match endpoint.transport.deliver(&item).await {
            Ok(receipt) => steps.push(("test file".to_owned(), receipt.place)),
            Err(error) => return Ok((steps, Some(error))),
        }
    }
    Ok((steps, None))
}

fn result(endpoint: &Endpoint, (steps, error): &Steps, quiet: bool) -> Value {
    let place = endpoint.transport.place();
    if !quiet {
        let verdict = if error.is_some() { "FAILED" } else { "ok" };
        println!("{:<10} {verdict}   {place}", endpoint.name);
        for (what, found) in steps {
            println!("  {what:<14} {found}");
        }
        if let Some(error) = error {
            println!("  {:<14} {error}", "problem");
            println!("  {:<14} {}", "whose turn", blame(error.blame()));
        }
    }
    let steps: Vec<Value> =
        steps.iter().map(|(what, found)| json!({ "what": what, "found": found })).collect();
    let problem = error.as_ref().map(|error| {
        json!({ "code": error.fault().code(), "problem": error.to_string(), "whose_turn": blame(error.blame()) })
    });
    json!({ "way": endpoint.name, "place": place, "ok": error.is_none(), "steps": steps, "error": problem })
}

fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Partner => "the partner's",
        Blame::Operator => "ours: the operator's",
        Blame::Network => "nobody's yet: ask the partner whether address, port and firewall are right",
    }
}
