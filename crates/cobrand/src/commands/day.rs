//! `day show`, `day close` and `day approve`.

mod cycles;
mod show;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};

use settlement::{CloseBy, CloseError};
use store::{CycleState, audit::OPERATOR};

pub(crate) use cycles::{DayCycle, cycles_of, day_cycles, numbered};

use super::{
    assemble,
    staff::{STAFF_NAME, STAFF_PASSWORD_FILE, StaffArgs, operator},
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
    /// Of a date with several cut-offs, the cycle with this number: 1 is the first. Without it `close` and `approve` take
    /// the next that is not done.
    #[arg(long, value_name = "N")]
    cycle: Option<usize>,
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
        /// Whom the audit names where no person of the staff is named.
        #[arg(long, env = "USER", default_value = OPERATOR, value_name = "OPERATOR")]
        by: String,
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
            Self::Show(args) => show::show(args).await,
            Self::Close { day, early, who, password_file, by } => {
                let staff = who.map(|name| StaffArgs { name, password_file });
                close(day, early, staff, &by).await
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

/// How the configuration wants days to be closed, for the scheduler.
fn close_by(assembly: &Assembly, wait_max: Duration) -> CloseBy {
    let two_people = assembly.config.settlement.approval == DayApproval::TwoPeople;
    CloseBy { two_people, wait_max, ..CloseBy::default() }
}

/// Closes the days of a program whose cut-off has passed, oldest first. A day that waits for approval, or that another
/// process is closing, is left alone.
pub(crate) async fn close_what_is_due(assembly: &Assembly, program: &LoadedProgram) -> anyhow::Result<bool> {
    let now = assembly.clock.now();
    let mut closed = false;
    let by = close_by(assembly, Duration::ZERO);
    for of in day_cycles(assembly, program).await? {
        if of.cycle.state.is_published() || of.cut_off.timestamp() > now {
            continue;
        }
        let out = &assembly.config.settlement.out;
        let setup = assembly.setup_at(program, of.cut_off.timestamp()).await?;
        match settlement::close_cycle_by(&assembly.pool, &setup, of.cycle.id, out, &by).await {
            Ok(done) if done.cycle.state.is_published() => closed = true,
            // Days go out in their order.
            Ok(_) => return Ok(closed),
            Err(CloseError::Busy { owner, .. }) => {
                tracing::debug!(program = program.setup.code, owner, "another process closes a day");
                return Ok(closed);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(closed)
}

async fn close(args: DayArgs, early: bool, staff: Option<StaffArgs>, named: &str) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let chosen = cycles::chosen(cycles_of(&assembly, program, args.date).await?, args.cycle)?;
    let now = assembly.clock.now();
    if let Some(of) = chosen.iter().find(|of| of.cut_off.timestamp() > now && !early) {
        let text = format!("{of} ends at its cut-off, {}; to close it before, say --early", of.cut_off);
        return Err(AnswerIsNo(text).into());
    }
    let who = match &staff {
        Some(staff) => staff.authenticate(&assembly, console::Deed::CloseDays).await?,
        None if assembly.config.settlement.approval == DayApproval::TwoPeople => {
            let text = "two people close a day here (settlement.approval); say who you are with --as";
            return Err(AnswerIsNo(text.to_owned()).into());
        }
        None => "",
    };
    for of in &chosen {
        let by = close_by(&assembly, CloseBy::default().wait_max);
        let by = CloseBy { who: who.to_owned(), operator: operator(named).to_owned(), ..by };
        publish(&assembly, program, (&args, of), &by).await?;
    }
    Ok(())
}

/// Closes the cycle as far as it goes, and tells what came of it.
async fn publish(
    assembly: &Assembly,
    program: &LoadedProgram,
    (args, of): (&DayArgs, &DayCycle),
    by: &CloseBy,
) -> anyhow::Result<()> {
    let setup = assembly.setup_at(program, of.cut_off.timestamp()).await?;
    let out = &assembly.config.settlement.out;
    let closed = settlement::close_cycle_by(&assembly.pool, &setup, of.cycle.id, out, by).await?;
    print_closed(args, of, &closed);
    // The day stays closed whatever comes of this, so its positions are told first.
    super::partner::tell_partner(assembly, program).await.map(drop).with_context(|| {
        let what = "is closed, but lines for the partner did not go out; once the cause is gone: cobrand partner send";
        format!("{of} {what}")
    })
}

async fn approve(args: DayArgs, staff: StaffArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let who = staff.authenticate(&assembly, console::Deed::ApproveDays).await?;
    let found = cycles::chosen(cycles_of(&assembly, program, args.date).await?, args.cycle)?;
    // Where all are done, the last one says so.
    let Some(of) = found.last() else { return Ok(()) };
    let cycle = &of.cycle;
    if !store::approve_cycle(&assembly.pool, cycle.id, who).await? {
        let approval = store::approval_of(&assembly.pool, cycle.id).await?;
        let why = match approval.computed_by.as_deref() {
            Some(same) if same == who && cycle.state == CycleState::Computed => {
                format!("{who} closed it, so another person must approve it")
            }
            _ => format!("it is {}, and does not wait for approval", cycle.state.name()),
        };
        return Err(AnswerIsNo(format!("{} {of} is not approved: {why}", args.program)).into());
    }
    let by = CloseBy { who: who.to_owned(), ..close_by(&assembly, CloseBy::default().wait_max) };
    publish(&assembly, program, (&args, of), &by).await
}

fn print_closed(args: &DayArgs, of: &DayCycle, closed: &settlement::Closed) {
    let positions: Vec<Value> = closed.positions.iter().map(position_json).collect();
    if args.json {
        println!(
            "{}",
            json!({ "business_date": closed.business_date.to_string(), "cycle": of.place.cycle.number,
            "cycle_sequence": closed.cycle.sequence, "cut_off": of.cut_off.to_string(), "state": closed.cycle.state.name(),
            "already_closed": closed.already_closed, "settlement": positions })
        );
        return;
    }
    let state = match closed.cycle.state {
        CycleState::Computed => "computed; another person must approve it: cobrand day approve",
        _ if closed.already_closed => "was closed already",
        _ => "closed",
    };
    println!("{} {of} {state}", args.program);
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
