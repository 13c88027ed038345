//! `partner test`: tries every way to a partner and says in plain words what failed and who must do what.

use std::path::Path;

use clap::Args;
use partner_adapters::transport::{Blame, DeliveryError, Fault};
use partner_adapters::{Endpoint, PartnerFile, PartnerFileError};
use serde_json::{Value, json};

use crate::{
    assembly::{Assembly, ReadFile},
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
    let (path, _, file) = find(&assembly, args)?;
    // As the first file of a day would be called.
    let outputs = file.outputs(&path)?;
    let names: Vec<Value> = outputs
        .names()
        .iter()
        .map(|output| {
            let name = outputs.file_name(output, &format!("{}_<program>_<date>_<sequence>_0.cbs", file.code));
            json!({ "output": output, "file": name })
        })
        .collect();
    if !args.json && file.transport.iter().any(|way| way.carries_files()) {
        println!("of each settlement file it gets:");
        for one in &names {
            let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            println!("  {:<16} {}", word("output"), word("file"));
        }
    }
    let mut results: Vec<Value> = Vec::new();
    for (name, opened) in file.open_each(&path) {
        // One way that is not ready hides nothing about the others.
        let tried = match opened {
            Ok(endpoint) => try_way(&assembly, &file, &endpoint, args).await?,
            Err(error) => Tried::not_opened(&error),
        };
        results.push(tried.told(&name, args.json));
    }
    let failed = results.iter().filter(|result| result["ok"] == false).count();
    if args.json {
        println!("{}", json!({ "partner": file.code, "ways": results, "outputs": names }));
    } else if results.is_empty() {
        let out = assembly.config.settlement.out.display();
        println!("{} has no [[transport]]: files stay in {out}", file.code);
    }
    match failed {
        0 => Ok(()),
        _ => {
            Err(AnswerIsNo(format!("{failed} of {} ways to {} do not work", results.len(), file.code)).into())
        }
    }
}

fn find(assembly: &Assembly, args: &TestArgs) -> anyhow::Result<ReadFile> {
    let code = &args.partner;
    let (files, left_out) = assembly.read_partner_files();
    let known: Vec<String> = files.iter().map(|(.., file)| file.code.clone()).collect();
    if let Some(found) = files.into_iter().find(|(.., file)| file.code == *code) {
        return Ok(found);
    }
    // A file that cannot be read does not tell whose it is, but for its name.
    let is_its =
        |path: &Path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(code.as_str()));
    if let Some(found) = left_out.into_iter().find(|left_out| is_its(&left_out.path)) {
        return Err(found.why);
    }
    let config = &args.config.config;
    let usual = format!("partners/{code}.toml");
    let advice = match config.parent().unwrap_or(Path::new(".")).join(&usual).exists() {
        true => format!(
            "{usual} is there: name it in {}, [settlement] partners = [\"{usual}\"]",
            config.display()
        ),
        false => format!("write one with: cobrand partner add {code}"),
    };
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let text =
        format!("{code:?} has no file in [settlement] partners (those named are of: {known}); {advice}");
    Err(AnswerIsNo(text).into())
}

/// What a trial of one way came to.
#[derive(Default)]
struct Tried {
    place: String,
    steps: Vec<(String, String)>,
    problem: Option<Problem>,
}

struct Problem {
    code: &'static str,
    text: String,
    whose_turn: &'static str,
}

async fn try_way(
    assembly: &Assembly,
    file: &PartnerFile,
    endpoint: &Endpoint,
    args: &TestArgs,
) -> anyhow::Result<Tried> {
    let mut tried = Tried { place: endpoint.transport.place().to_owned(), ..Tried::default() };
    match endpoint.transport.probe().await {
        Ok(report) => {
            tried.steps.extend(report.steps.into_iter().map(|step| (step.what.to_owned(), step.found)));
        }
        Err(error) => return Ok(Tried { problem: Some(of_delivery(&error)), ..tried }),
    }
    if args.send_file && endpoint.carries_files {
        let item = settlement::test_file(&file.code, assembly.environment()?, assembly.clock.now());
        match endpoint.transport.deliver(&item).await {
            Ok(receipt) => tried.steps.push(("test file".to_owned(), receipt.place)),
            Err(error) => tried.problem = Some(of_delivery(&error)),
        }
    }
    Ok(tried)
}

fn of_delivery(error: &DeliveryError) -> Problem {
    Problem { code: error.fault().code(), text: error.of_trial(), whose_turn: whose_turn(error) }
}

impl Tried {
    fn not_opened(error: &PartnerFileError) -> Self {
        let problem = Problem { code: "setup", text: error.to_string(), whose_turn: OURS };
        Self { problem: Some(problem), ..Self::default() }
    }

    fn told(&self, name: &str, quiet: bool) -> Value {
        if !quiet {
            let verdict = if self.problem.is_some() { "FAILED" } else { "ok" };
            println!("{name:<10} {verdict}   {}", self.place);
            for (what, found) in &self.steps {
                println!("  {what:<14} {found}");
            }
            if let Some(problem) = &self.problem {
                println!("  {:<14} {}", "problem", problem.text);
                println!("  {:<14} {}", "whose turn", problem.whose_turn);
            }
        }
        let steps: Vec<Value> =
            self.steps.iter().map(|(what, found)| json!({ "what": what, "found": found })).collect();
        let problem = self.problem.as_ref().map(
            |problem| json!({ "code": problem.code, "problem": problem.text, "whose_turn": problem.whose_turn }),
        );
        json!({ "way": name, "place": self.place, "ok": self.problem.is_none(), "steps": steps, "error": problem })
    }
}

const OURS: &str = "ours: the operator's";

fn whose_turn(error: &DeliveryError) -> &'static str {
    match (error.fault(), error.blame()) {
        (Fault::HostKeyChanged, _) => {
            "ours if this way has never worked: compare what is pinned; else the partner's, who must say whether he changed it"
        }
        (_, Blame::Partner) => "the partner's",
        (_, Blame::Operator) => OURS,
        (_, Blame::Network) => {
            "ours first: are address and port as the partner gave them? Then his: does it run, and let us in?"
        }
    }
}
