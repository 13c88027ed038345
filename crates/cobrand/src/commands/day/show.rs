//! `day show`: each cycle of a date with its cut-off, its state, what arrived and what is owed.

use domain::PartnerId;
use serde_json::{Value, json};
use store::{Approval, Arrival, PositionRow};

use super::{DayArgs, DayCycle, cycles_of, numbered};
use crate::assembly::{Assembly, LoadedProgram};
use crate::commands::assemble;

/// What the books say of a cycle.
struct Shown {
    of: DayCycle,
    arrivals: Vec<Arrival>,
    positions: Vec<PositionRow>,
    approval: Approval,
}

pub(super) async fn show(args: DayArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = assembly.program(&args.program)?;
    let mut found = cycles_of(&assembly, program, args.date).await?;
    // As the cut-offs have it, or as it was closed.
    let count = match found.last() {
        Some(last) if !last.place.is_last => program.setup.cut_offs.cycles().max(found.len()),
        _ => found.len(),
    };
    if let Some(number) = args.cycle {
        found = vec![numbered(found, number)?];
    }
    let mut shown = Vec::with_capacity(found.len());
    for of in found {
        shown.push(look_at(&assembly, of).await?);
    }
    if args.json {
        let cycles: Vec<Value> = shown.iter().map(|one| cycle_json(program, one)).collect();
        println!(
            "{}",
            json!({ "business_date": args.date.to_string(), "cycles_of_date": count, "cycles": cycles })
        );
        return Ok(());
    }
    if count > 1 {
        println!(
            "{} business day {} has {count} cycles ({})",
            args.program, args.date, program.setup.time_zone
        );
    }
    shown.iter().for_each(|one| print(&args, program, one));
    if args.cycle.is_none() && shown.len() < count {
        println!("{} more not begun yet", count - shown.len());
    }
    Ok(())
}

async fn look_at(assembly: &Assembly, of: DayCycle) -> anyhow::Result<Shown> {
    let (pool, id) = (&assembly.pool, of.cycle.id);
    Ok(Shown {
        arrivals: store::day_arrivals(pool, id).await?,
        positions: store::positions_of(pool, id).await?,
        approval: store::approval_of(pool, id).await?,
        of,
    })
}

fn partner(program: &LoadedProgram, id: PartnerId) -> String {
    program.setup.partner_codes.get(&id).cloned().unwrap_or_default()
}

fn cycle_json(program: &LoadedProgram, shown: &Shown) -> Value {
    let Shown { of, arrivals, positions, approval } = shown;
    let message = |a: &Arrival| json!({ "mti": a.mti, "messages": a.messages, "matched": a.matched });
    let owed = |p: &PositionRow| {
        json!({ "partner": partner(program, p.partner), "direction": p.direction.name(),
            "net_minor": p.to_pay_minor })
    };
    json!({ "cycle": of.place.cycle.number, "cycle_sequence": of.cycle.sequence,
        "cut_off": of.cut_off.to_string(), "state": of.cycle.state.name(),
        "closed_by": approval.computed_by, "approved_by": approval.approved_by,
        "messages": arrivals.iter().map(message).collect::<Vec<_>>(),
        "settlement": positions.iter().map(owed).collect::<Vec<_>>() })
}

fn print(args: &DayArgs, program: &LoadedProgram, shown: &Shown) {
    let Shown { of, arrivals, positions, approval } = shown;
    let (end, state) = (of.cut_off.strftime("%H:%M"), of.cycle.state.name());
    match of.is_only() {
        true => println!(
            "{} business day {} (cut-off {end} {})   state {state}",
            args.program, args.date, program.setup.time_zone
        ),
        false => println!(
            "cycle {} (cut-off {end}, cycle {} of the program)   state {state}",
            of.place.cycle.number, of.cycle.sequence
        ),
    }
    if let (true, Some(by)) = (approval.two_people, &approval.computed_by) {
        let by = if by.is_empty() { "the scheduler" } else { by };
        let approved = approval
            .approved_by
            .as_ref()
            .map_or_else(|| "not approved yet".to_owned(), |by| format!("approved by {by}"));
        println!("  closed by {by}, {approved}");
    }
    for arrival in arrivals {
        println!("  {:<14} {:>8} messages, {:>8} of members", arrival.mti, arrival.messages, arrival.matched);
    }
    for position in positions {
        println!(
            "  {:<14} {:<18} {:>14}",
            partner(program, position.partner),
            position.direction.name(),
            position.to_pay_minor
        );
    }
}
