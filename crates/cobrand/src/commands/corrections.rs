//! Runs of corrections: one person asks for one and is told its price, another one approves it, and it books.

mod forecast;
mod reattribute;
mod rerate;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use domain::{MapHash, MerchantMap, Rules, RunId};
use gateway::Corrected;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Correction, CorrectionRun, CorrectionScope, NewRun, RunState};

pub(crate) use reattribute::ReattributeArgs;
pub(crate) use rerate::RerateArgs;

use super::{
    assemble,
    staff::{STAFF_NAME, STAFF_PASSWORD_FILE, StaffArgs},
};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
};

/// So many runs are listed if nothing else is said.
const LISTED: u32 = 100;

/// What is done with runs of corrections.
#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Approves a run that another person has asked for, and books it. The same command goes on with a run that stopped.
    Approve {
        #[command(flatten)]
        config: ConfigArgs,
        /// The run.
        run: i64,
        #[command(flatten)]
        staff: StaffArgs,
    },
    /// Rejects a run that nobody has approved; whoever asked for it may take it back so. Nothing is booked.
    Reject {
        #[command(flatten)]
        config: ConfigArgs,
        /// The run.
        run: i64,
        #[command(flatten)]
        staff: StaffArgs,
    },
    /// The last runs, with who asked and who approved.
    List {
        #[command(flatten)]
        config: ConfigArgs,
        /// How many.
        #[arg(long, default_value_t = LISTED)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Of which purchases, and why.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    config: ConfigArgs,
    /// The first local date of the purchases.
    // The group says that there is something to ask for: one that holds nested arguments has no members of itself.
    #[arg(long, group = "run_asked")]
    from: Date,
    /// The day after the last, as in program files.
    #[arg(long)]
    to: Date,
    /// Why; kept with the run.
    #[arg(long)]
    reason: String,
    /// Only say what it would come to: nothing is kept.
    #[arg(long)]
    dry_run: bool,
    /// Who asks, by the name of the console; the password is read from standard input. Not needed for a dry run.
    // Flattened, the name would be asked for with a dry run as well.
    #[arg(long = "as", env = STAFF_NAME, value_name = "NAME")]
    name: Option<String>,
    /// A file with the password; without it the password is read from standard input.
    #[arg(long, env = STAFF_PASSWORD_FILE, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Asked {
    fn check(&self) -> anyhow::Result<()> {
        if self.to <= self.from {
            let why = format!("--to {} is not behind --from {}", self.to, self.from);
            return Err(WrongUse(format!("{why}: give the day after the last one")).into());
        }
        if self.reason.trim().is_empty() {
            return Err(WrongUse("--reason is empty: say why this is corrected".to_owned()).into());
        }
        if domain::holds_card_number(&self.reason) {
            return Err(WrongUse("--reason looks like a card number: write it without".to_owned()).into());
        }
        if !self.dry_run && self.name.is_none() {
            return Err(WrongUse("--as is missing: say who asks, or ask for a --dry-run".to_owned()).into());
        }
        Ok(())
    }
}

impl RunCommand {
    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Approve { config, run, staff } => Box::pin(approve(&config, RunId(run), &staff)).await,
            Self::Reject { config, run, staff } => reject(&config, RunId(run), &staff).await,
            Self::List { config, limit, json } => list(&config, limit, json).await,
        }
    }
}

/// Prices what was asked for and, unless it is a dry run, keeps it for somebody else's approval.
async fn ask(
    assembly: &Assembly,
    asked: &Asked,
    scope: CorrectionScope,
    keep_version: impl AsyncFnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let rules = match scope.correction {
        Correction::Rerate(_) => assembly.rule_book.current(),
        Correction::Reattribution(_) => rules_with_map_in_force(assembly).await?,
    };
    let price = priced(assembly, &scope, &rules.merchants).await?;
    match asked.json {
        true => println!("{price}"),
        false => print!("{}", forecast::in_words(&price)),
    }
    let Some(name) = asked.name.clone().filter(|_| !asked.dry_run) else { return Ok(()) };
    let staff = StaffArgs { name, password_file: asked.password_file.clone() };
    let maker = staff.authenticate(assembly, console::Deed::ProposeCorrections).await?;
    keep_version().await?;
    let at = assembly.clock.now();
    let run = NewRun { scope, reason: &asked.reason, price: &price.to_string(), maker, at };
    let id = store::propose_run(&assembly.pool, &run).await?;
    eprintln!("run {id} waits for somebody else: approve {id} --as <name>");
    Ok(())
}

async fn priced(assembly: &Assembly, scope: &CorrectionScope, map: &MerchantMap) -> anyhow::Result<Value> {
    let price = gateway::price_corrections(&assembly.pool, &assembly.rule_book, scope, map).await?;
    forecast::of(assembly, &price).await
}

/// The configured map, which must be the one in force: what is corrected by it and what is decided by it agree.
async fn rules_with_map_in_force(assembly: &Assembly) -> anyhow::Result<Arc<Rules>> {
    let rules = assembly.rule_book.current();
    let ours = rules.merchants.version().context("the merchant map has no version")?;
    let last = store::merchant_maps_in_force(&assembly.pool, 1).await?;
    match last.first() {
        Some(last) if last.hash == ours => Ok(rules),
        other => {
            let found = other.map_or_else(|| "none".to_owned(), |map| map.hash.short());
            let expected = format!("the map in force is {found}, the configured file is {}", ours.short());
            Err(AnswerIsNo(format!("{expected}: let the gateway read it first (SIGHUP), then ask again"))
                .into())
        }
    }
}

async fn approve(config: &ConfigArgs, id: RunId, staff: &StaffArgs) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let run = store::correction_run(&assembly.pool, id).await?;
    match run.state {
        RunState::Done => return Err(AnswerIsNo(format!("run {id} is done; nothing is left to book")).into()),
        RunState::Rejected => {
            return Err(AnswerIsNo(format!("run {id} was rejected: ask for another")).into());
        }
        RunState::Proposed if run.maker == staff.name => {
            let maker = &run.maker;
            return Err(AnswerIsNo(format!("{maker} asked for run {id}: somebody else approves it")).into());
        }
        RunState::Proposed | RunState::Approved => {}
    }
    // What is computed here and what the gateway decides agree.
    let rules = rules_with_map_in_force(&assembly).await?;
    match run.scope.correction {
        Correction::Reattribution(asked) => same_map(id, asked, rules.merchants.version())?,
        Correction::Rerate(version) => {
            let loaded = assembly.rule_book.load(version).await;
            loaded.map_err(|why| anyhow!("version {}: {why}", version.short()))?;
        }
    }
    if run.state == RunState::Proposed {
        let price = priced_as_told(&assembly, &run, &rules.merchants).await?;
        print!("{}{}", in_words(&run), forecast::in_words(&price));
    }
    let by = staff.authenticate(&assembly, console::Deed::DecideCorrections).await?;
    if run.state == RunState::Proposed {
        // Whoever thinks for an hour before the password must not book what has come meanwhile.
        priced_as_told(&assembly, &run, &rules.merchants).await?;
        if !store::approve_run(&assembly.pool, id, by, assembly.clock.now()).await? {
            return Err(AnswerIsNo(format!("run {id} was decided by somebody else just now")).into());
        }
    }
    book(&assembly, &run, &rules.merchants).await
}

async fn reject(config: &ConfigArgs, id: RunId, staff: &StaffArgs) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let run = store::correction_run(&assembly.pool, id).await?;
    // Whoever asked for it takes it back by the role with which he asked.
    let deed = match run.maker == staff.name {
        true => console::Deed::ProposeCorrections,
        false => console::Deed::DecideCorrections,
    };
    let by = staff.authenticate(&assembly, deed).await?;
    if !store::reject_run(&assembly.pool, id, by, assembly.clock.now()).await? {
        let state = store::correction_run(&assembly.pool, id).await?.state.name();
        return Err(AnswerIsNo(format!("run {id} is {state}: it cannot be rejected any more")).into());
    }
    println!("run {id} is rejected");
    Ok(())
}

/// The price by now, which must be the one that the maker was told: nobody has looked at another one.
async fn priced_as_told(
    assembly: &Assembly,
    run: &CorrectionRun,
    map: &MerchantMap,
) -> anyhow::Result<Value> {
    let now = priced(assembly, &run.scope, map).await?;
    match forecast::are_equal(&now, &serde_json::from_str(&run.price)?) {
        true => Ok(now),
        false => {
            let why = format!("run {} comes to something else than when {} asked for it", run.id, run.maker);
            Err(AnswerIsNo(format!("{why}: nothing was booked; reject it, then ask again")).into())
        }
    }
}

/// What is asked for, for whoever approves.
fn in_words(run: &CorrectionRun) -> String {
    let CorrectionScope { correction, first, end, .. } = run.scope;
    let (id, kind, version) = (run.id, correction.name(), version_of(correction));
    let (maker, reason) = (&run.maker, &run.reason);
    format!("run {id}: {kind} by {version}, {first} until before {end}, asked by {maker}: {reason}\n")
}

fn version_of(correction: Correction) -> String {
    match correction {
        Correction::Rerate(rules) => rules.to_string(),
        Correction::Reattribution(map) => map.to_string(),
    }
}

/// What was priced is what is booked.
fn same_map(id: RunId, asked: MapHash, now: Option<MapHash>) -> anyhow::Result<()> {
    match now == Some(asked) {
        true => Ok(()),
        false => {
            let why =
                format!("run {id} was priced by the merchant map {}, which is not in force", asked.short());
            Err(AnswerIsNo(format!("{why}: ask for another run")).into())
        }
    }
}

async fn book(assembly: &Assembly, run: &CorrectionRun, map: &MerchantMap) -> anyhow::Result<()> {
    let gateway = assembly.lanes().await?;
    let done = gateway::run_corrections(&gateway, run, map).await;
    gateway.batcher.finish().await;
    let Corrected { booked, same, cannot_be_told, put_aside, unanswered } = done?;
    println!("run {}: booked for {booked} purchases, {same} are worth the same", run.id);
    if cannot_be_told > 0 {
        println!("{cannot_be_told} purchases stay: a name in DE43, which is not stored, told whose they are");
    }
    if put_aside > 0 {
        println!("{put_aside} purchases stay: they cannot be decided and were put aside, see the log");
    }
    if unanswered > 0 {
        let why = format!("{unanswered} purchases could not be decided now, see the log");
        return Err(AnswerIsNo(format!("{why}; the same command goes on")).into());
    }
    store::finish_run(&assembly.pool, run.id).await?;
    Ok(())
}

async fn list(config: &ConfigArgs, limit: u32, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let runs = store::correction_runs(&assembly.pool, limit).await?;
    if as_json {
        println!("{}", Value::Array(runs.iter().map(run_json).collect()));
        return Ok(());
    }
    for run in &runs {
        let checker = match (&run.checker, run.state) {
            (Some(checker), RunState::Rejected) => format!("rejected by {checker}"),
            (Some(checker), _) => format!("approved by {checker}"),
            (None, _) => "approved by nobody yet".to_owned(),
        };
        let CorrectionScope { correction, first, end, .. } = run.scope;
        println!(
            "{}  {}  {}  {first} until before {end}  asked by {}, {checker}: {}",
            run.id,
            run.state.name(),
            correction.name(),
            run.maker,
            run.reason
        );
    }
    Ok(())
}

fn run_json(run: &CorrectionRun) -> Value {
    json!({
        "run": run.id.0,
        "kind": run.scope.correction.name(),
        "version": version_of(run.scope.correction),
        "from": run.scope.first.to_string(),
        "to": run.scope.end.to_string(),
        "state": run.state.name(),
        "maker": run.maker,
        "checker": run.checker,
        "reason": run.reason,
        "price": serde_json::from_str::<Value>(&run.price).unwrap_or_default(),
    })
}
