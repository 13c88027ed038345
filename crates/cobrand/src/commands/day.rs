//! `day show` and `day close`.

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};

use store::CycleState;

use super::assemble;
use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::ConfigArgs,
};

/// Which day.
#[derive(Debug, Args)]
pub struct DayArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program.
    #[arg(long)]
    program: String,
    /// The business date, such as 2026-10-10.
    date: Date,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A business day.
#[derive(Debug, Subcommand)]
pub enum DayCommand {
    /// What arrived and what is owed.
    Show(DayArgs),
    /// Cuts the cycle without stopping traffic, settles it and publishes the files. A second close changes nothing.
    Close {
        /// Which day.
        #[command(flatten)]
        day: DayArgs,
        /// Close it before its cut-off: what arrives afterwards belongs to the next day.
        #[arg(long)]
        early: bool,
    },
}

impl DayCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Show(args) => show(args).await,
            Self::Close { day, early } => close(day, early).await,
        }
    }
}

/// A position as JSON, for the demo's summary too.
pub(crate) fn position_json(position: &settlement::Position) -> Value {
    json!({
        "partner": position.partner,
        "program": position.program,
        "currency": position.currency,
        "direction": position.direction.name(),
        "net_minor": position.net_minor,
        "before_tax_minor": position.before_tax_minor,
        "vat_minor": position.vat_minor,
        "rounding_minor": position.rounding_minor,
        "miles": position.miles,
        "transactions": position.transactions,
        "file": position.file,
        "sha256": position.sha256,
    })
}

/// When a business date nominally ends.
pub(crate) fn cut_off(program: &LoadedProgram, date: Date) -> anyhow::Result<jiff::Timestamp> {
    let end = domain::business_date_end(date, program.setup.cut_off);
    Ok(end.in_tz(&program.setup.time_zone)?.timestamp())
}

/// Closes the days of a program whose cut-off has passed, oldest first.
pub(crate) async fn close_what_is_due(assembly: &Assembly, program: &LoadedProgram) -> anyhow::Result<()> {
    let now = assembly.clock.now();
    for cycle in store::cycles(&assembly.pool, program.setup.id).await? {
        let unsettled = matches!(cycle.state, CycleState::Open | CycleState::Closing);
        if unsettled && cut_off(program, cycle.business_date)? <= now {
            let out = &assembly.config.settlement.out;
            let setup = assembly.setup_of_day(program, cycle.business_date).await?;
            settlement::close_day(&assembly.pool, &setup, cycle.business_date, out).await?;
        }
    }
    Ok(())
}

async fn close(args: DayArgs, early: bool) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let end = cut_off(program, args.date)?;
    if end > assembly.clock.now() && !early {
        let text = format!(
            "{} ends at its cut-off, {}; to close it before, say --early",
            args.date,
            end.in_tz(&program.setup.time_zone)?
        );
        return Err(crate::cli::AnswerIsNo(text).into());
    }
    let setup = assembly.setup_of_day(program, args.date).await?;
    let closed =
        settlement::close_day(&assembly.pool, &setup, args.date, &assembly.config.settlement.out).await?;
    print_closed(&args, &closed);
    // The day stays closed whatever comes of this, so its positions are told first.
    super::partner::tell_partner(&assembly, program).await.map(drop).with_context(|| {
        let what = "is closed, but lines for the partner did not go out; once the cause is gone: cobrand partner send";
        format!("{} {what}", args.date)
    })
}

fn print_closed(args: &DayArgs, closed: &settlement::Closed) {
    let positions: Vec<Value> = closed.positions.iter().map(position_json).collect();
    if args.json {
        println!(
            "{}",
            json!({ "business_date": closed.business_date.to_string(),
            "already_closed": closed.already_closed, "settlement": positions })
        );
        return;
    }
    let state = if closed.already_closed { "was closed already" } else { "closed" };
    println!("{} {} {state}", args.program, closed.business_date);
    for position in &closed.positions {
        println!(
            "  {:<12} {:<18} {:>14} {} (minor units)  {} miles, {} lines",
            position.partner,
            position.direction.name(),
            position.net_minor,
            position.currency,
            position.miles,
            position.transactions
        );
    }
    for file in &closed.files {
        println!("  {}  {}", file.sha256, file.path.display());
    }
}

async fn show(args: DayArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let Some(cycle) = store::cycle_by_date(&assembly.pool, program.setup.id, args.date).await? else {
        return Err(crate::cli::AnswerIsNo(format!("{} has no cycle of {}", args.program, args.date)).into());
    };
    let arrivals = store::day_arrivals(&assembly.pool, cycle.id).await?;
    let positions = store::positions_of(&assembly.pool, cycle.id).await?;
    let partner = |id| program.setup.partner_codes.get(&id).cloned().unwrap_or_default();
    if args.json {
        let messages: Vec<Value> = arrivals
            .iter()
            .map(|a| json!({ "mti": a.mti, "messages": a.messages, "matched": a.matched }))
            .collect();
        let owed: Vec<Value> = positions
            .iter()
            .map(|p| json!({ "partner": partner(p.partner), "direction": p.direction.name(), "net_minor": p.to_pay_minor }))
            .collect();
        println!(
            "{}",
            json!({ "business_date": args.date.to_string(), "state": cycle.state.name(),
            "messages": messages, "settlement": owed })
        );
        return Ok(());
    }
    println!(
        "{} business day {} (cut-off {} {})   state {}",
        args.program,
        args.date,
        program.setup.cut_off.strftime("%H:%M"),
        program.setup.time_zone,
        cycle.state.name()
    );
    for arrival in arrivals {
        println!("  {:<14} {:>8} messages, {:>8} of members", arrival.mti, arrival.messages, arrival.matched);
    }
    for position in positions {
        println!(
            "  {:<14} {:<18} {:>14}",
            partner(position.partner),
            position.direction.name(),
            position.to_pay_minor
        );
    }
    Ok(())
}
