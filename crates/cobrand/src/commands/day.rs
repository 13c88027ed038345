//! `day show`, `day close` and `day approve`.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};

use settlement::{CloseBy, CloseError};
use store::CycleState;

use super::{
    assemble,
    staff::{STAFF_NAME, STAFF_PASSWORD_FILE, StaffArgs},
};
use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs},
    config::DayApproval,
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
        /// Who closes it, where `settlement.approval` asks for two people.
        #[arg(id = "staff_name", long = "as", env = STAFF_NAME, value_name = "NAME")]
        who: Option<String>,
        /// A file with the password; without it the password is read from standard input.
        #[arg(long, env = STAFF_PASSWORD_FILE, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Lets the files of a computed day go out, as another person than who closed it.
    Approve {
        /// Which day.
        #[command(flatten)]
        day: DayArgs,
        /// Who approves.
        #[command(flatten)]
        staff: StaffArgs,
    },
}

impl DayCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Show(args) => show(args).await,
            Self::Close { day, early, who, password_file } => {
                let staff = who.map(|name| StaffArgs { name, password_file });
                close(day, early, staff).await
            }
            Self::Approve { day, staff } => approve(day, staff).await,
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

/// How the configuration wants days to be closed.
fn close_by(assembly: &Assembly, who: &str, wait_max: Duration) -> CloseBy {
    let two_people = assembly.config.settlement.approval == DayApproval::TwoPeople;
    CloseBy { who: who.to_owned(), two_people, wait_max }
}

/// Closes the days of a program whose cut-off has passed, oldest first. A day that waits for approval, or that another
/// process is closing, is left alone.
pub(crate) async fn close_what_is_due(assembly: &Assembly, program: &LoadedProgram) -> anyhow::Result<()> {
    let now = assembly.clock.now();
    let by = close_by(assembly, "", Duration::ZERO);
    for cycle in store::cycles(&assembly.pool, program.setup.id).await? {
        let begun = cycle.state != CycleState::Prepared && !cycle.state.is_published();
        if !begun || cut_off(program, cycle.business_date)? > now {
            continue;
        }
        let out = &assembly.config.settlement.out;
        let setup = assembly.setup_of_day(program, cycle.business_date).await?;
        match settlement::close_day_by(&assembly.pool, &setup, cycle.business_date, out, &by).await {
            Ok(closed) if closed.cycle.state.is_published() => {}
            // Days go out in their order.
            Ok(_) => return Ok(()),
            Err(CloseError::Busy { owner, .. }) => {
                tracing::debug!(program = program.setup.code, owner, "another process closes a day");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn close(args: DayArgs, early: bool, staff: Option<StaffArgs>) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let end = cut_off(program, args.date)?;
    if end > assembly.clock.now() && !early {
        let text = format!(
            "{} ends at its cut-off, {}; to close it before, say --early",
            args.date,
            end.in_tz(&program.setup.time_zone)?
        );
        return Err(AnswerIsNo(text).into());
    }
    let who = match &staff {
        Some(staff) => staff.authenticate(&assembly).await?,
        None if assembly.config.settlement.approval == DayApproval::TwoPeople => {
            let text = "two people close a day here (settlement.approval); say who you are with --as";
            return Err(AnswerIsNo(text.to_owned()).into());
        }
        None => "",
    };
    publish(&assembly, program, &args, who).await
}

/// Closes the day as far as it goes, and tells what came of it.
async fn publish(
    assembly: &Assembly,
    program: &LoadedProgram,
    args: &DayArgs,
    who: &str,
) -> anyhow::Result<()> {
    let setup = assembly.setup_of_day(program, args.date).await?;
    let by = close_by(assembly, who, CloseBy::default().wait_max);
    let out = &assembly.config.settlement.out;
    let closed = settlement::close_day_by(&assembly.pool, &setup, args.date, out, &by).await?;
    print_closed(args, &closed);
    // The day stays closed whatever comes of this, so its positions are told first.
    super::partner::tell_partner(assembly, program).await.map(drop).with_context(|| {
        let what = "is closed, but lines for the partner did not go out; once the cause is gone: cobrand partner send";
        format!("{} {what}", args.date)
    })
}

async fn approve(args: DayArgs, staff: StaffArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let who = staff.authenticate(&assembly).await?;
    let Some(cycle) = store::cycle_by_date(&assembly.pool, program.setup.id, args.date).await? else {
        return Err(AnswerIsNo(format!("{} has no cycle of {}", args.program, args.date)).into());
    };
    if !store::approve_cycle(&assembly.pool, cycle.id, who).await? {
        let approval = store::approval_of(&assembly.pool, cycle.id).await?;
        let why = match approval.computed_by.as_deref() {
            Some(same) if same == who && cycle.state == CycleState::Computed => {
                format!("{who} closed it, so another person must approve it")
            }
            _ => format!("it is {}, and does not wait for approval", cycle.state.name()),
        };
        return Err(AnswerIsNo(format!("{} {} is not approved: {why}", args.program, args.date)).into());
    }
    publish(&assembly, program, &args, who).await
}

fn print_closed(args: &DayArgs, closed: &settlement::Closed) {
    let positions: Vec<Value> = closed.positions.iter().map(position_json).collect();
    if args.json {
        println!(
            "{}",
            json!({ "business_date": closed.business_date.to_string(), "state": closed.cycle.state.name(),
            "already_closed": closed.already_closed, "settlement": positions })
        );
        return;
    }
    let state = match closed.cycle.state {
        CycleState::Computed => "computed; another person must approve it: cobrand day approve",
        _ if closed.already_closed => "was closed already",
        _ => "closed",
    };
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
        return Err(AnswerIsNo(format!("{} has no cycle of {}", args.program, args.date)).into());
    };
    let arrivals = store::day_arrivals(&assembly.pool, cycle.id).await?;
    let positions = store::positions_of(&assembly.pool, cycle.id).await?;
    let approval = store::approval_of(&assembly.pool, cycle.id).await?;
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
            "closed_by": approval.computed_by, "approved_by": approval.approved_by, "messages": messages, "settlement": owed })
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
    if let (true, Some(by)) = (approval.two_people, &approval.computed_by) {
        let by = if by.is_empty() { "the scheduler" } else { by };
        let approved = approval
            .approved_by
            .map_or_else(|| "not approved yet".to_owned(), |by| format!("approved by {by}"));
        println!("  closed by {by}, {approved}");
    }
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
