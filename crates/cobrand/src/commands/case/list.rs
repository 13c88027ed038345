//! `case list`: filters and orders as the console has them.

use clap::Args;
use domain::case::{AgeBucket, CaseState, Severity, case_age_days};
use domain::reconciliation::{BreakClass, Source};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use store::cases::{self, CaseFilter, CaseOrder, CaseRow, CaseSort, Owner};

use super::word;
use crate::{
    assembly::Assembly,
    cli::{ConfigArgs, WrongUse},
    commands::assemble,
};

/// So many are listed if nothing else is said.
const LISTED: u32 = 100;

/// Arguments of `case list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Also those that are resolved.
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Only in this state: open, assigned, pending_external, resolved. Several with commas.
    #[arg(long, value_delimiter = ',')]
    state: Vec<String>,
    /// Only of this class, such as `amount`. Several with commas.
    #[arg(long, value_delimiter = ',')]
    class: Vec<String>,
    /// Only from this source, such as `partner_statement`.
    #[arg(long)]
    source: Option<String>,
    /// Only of this program.
    #[arg(long)]
    program: Option<String>,
    /// Only with this partner.
    #[arg(long)]
    partner: Option<String>,
    /// Only of this business date.
    #[arg(long)]
    date: Option<Date>,
    /// Only this person's.
    #[arg(long, conflicts_with = "unassigned")]
    assignee: Option<String>,
    /// Only nobody's.
    #[arg(long)]
    unassigned: bool,
    /// Only so severe: low, medium, high, critical.
    #[arg(long)]
    severity: Option<String>,
    /// Only so old, in days: 0-1, 2-3, 4-7, 8-30, 30+.
    #[arg(long)]
    age: Option<String>,
    /// Only counted in this currency, or `MILES`.
    #[arg(long)]
    unit: Option<String>,
    /// The size of the difference is at least this, in minor units or miles.
    #[arg(long)]
    at_least: Option<i64>,
    /// The size of the difference is at most this.
    #[arg(long)]
    at_most: Option<i64>,
    /// Only those that should have been done by now.
    #[arg(long)]
    overdue: bool,
    /// Only with a proposal that this person may decide.
    #[arg(long)]
    waits_for: Option<String>,
    /// In the subject, the scope or the compared fields; or the number of a case.
    #[arg(long)]
    search: Option<String>,
    /// By `age`, `amount` or `severity`.
    #[arg(long, default_value = "age")]
    sort: String,
    /// The other way round.
    #[arg(long)]
    reverse: bool,
    /// Behind the page that gave this key.
    #[arg(long)]
    after: Option<String>,
    /// How many.
    #[arg(long, default_value_t = LISTED)]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn filter(args: &ListArgs, assembly: &Assembly) -> Result<CaseFilter, WrongUse> {
    let state = |text: &String| word("--state", text, &CaseState::ALL.map(CaseState::name), CaseState::parse);
    let class = |text: &String| {
        let known = BreakClass::ALL.map(BreakClass::name);
        word("--class", text, &known, BreakClass::parse).map(|class| class.name().to_owned())
    };
    let states = match (args.all, args.state.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![CaseState::Open, CaseState::Assigned, CaseState::PendingExternal],
        (false, false) => args.state.iter().map(state).collect::<Result<_, _>>()?,
    };
    let source = args
        .source
        .as_ref()
        .map(|text| word("--source", text, &Source::ALL.map(Source::name), Source::parse));
    let severity = args.severity.as_ref();
    let severity =
        severity.map(|text| word("--severity", text, &Severity::ALL.map(Severity::name), Severity::parse));
    let age = args.age.as_ref();
    let age = age.map(|text| word("--age", text, &AgeBucket::ALL.map(AgeBucket::name), AgeBucket::parse));
    let nobody = args.unassigned.then_some(Owner::Nobody);
    Ok(CaseFilter {
        states,
        classes: args.class.iter().map(class).collect::<Result<_, _>>()?,
        source: source.transpose()?.map(|source| source.name().to_owned()),
        program: numbered("--program", args.program.as_ref(), &assembly.codes.programs)?,
        partner: numbered("--partner", args.partner.as_ref(), &assembly.codes.partners)?,
        business_date: args.date,
        owner: args.assignee.clone().map(Owner::Person).or(nobody),
        severity: severity.transpose()?,
        age: age.transpose()?,
        unit: args.unit.clone(),
        size_min: args.at_least,
        size_max: args.at_most,
        overdue: args.overdue,
        waits_for: args.waits_for.clone(),
        search: args.search.clone(),
        ..CaseFilter::default()
    })
}

fn numbered<T: Copy>(
    option: &str,
    code: Option<&String>,
    known: &std::collections::BTreeMap<String, T>,
) -> Result<Option<T>, WrongUse> {
    let number = |code: &String| {
        let names = known.keys().cloned().collect::<Vec<_>>().join(", ");
        known.get(code).copied().ok_or_else(|| WrongUse(format!("{option} {code:?} is none of {names}")))
    };
    code.map(number).transpose()
}

pub(super) async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let sort = word("--sort", &args.sort, &CaseSort::ALL.map(CaseSort::name), CaseSort::parse)?;
    let assembly = assemble(&args.config).await?;
    let order = CaseOrder { sort, reversed: args.reverse, after: args.after.clone(), limit: args.limit };
    let now = assembly.clock.now();
    let page = cases::list(&assembly.pool, &filter(args, &assembly)?, &order, now).await?;
    if args.json {
        let rows: Vec<Value> = page.rows.iter().map(|row| case_json(&assembly, row, now)).collect();
        println!("{}", json!({ "cases": rows, "next": page.next }));
        return Ok(());
    }
    for row in &page.rows {
        println!("{}", line(&assembly, row, now));
    }
    if let Some(next) = page.next {
        println!("more: --after {next}");
    }
    Ok(())
}

fn line(assembly: &Assembly, row: &CaseRow, now: Timestamp) -> String {
    let (id, state, severity, class) = (row.id, row.state.name(), row.severity.name(), &row.class);
    let amount = match row.unit.as_str() {
        "" => "-".to_owned(),
        unit => format!("{} {unit}, left {}", row.difference, row.left),
    };
    let (days, late) = (case_age_days(row.opened_at, now), if row.is_overdue(now) { " OVERDUE" } else { "" });
    let partner = partner(assembly, row).unwrap_or_else(|| "-".to_owned());
    let whose = row.assigned_to.as_deref().unwrap_or("nobody");
    let waits = row.waiting.as_ref().map(|it| format!("  {} proposed by {}", it.kind.name(), it.by));
    format!(
        "{id}  {state}  {severity}  {class}  {amount}  {partner}  {}  {days} d{late}  {whose}{}",
        row.subject,
        waits.unwrap_or_default()
    )
}

fn partner(assembly: &Assembly, row: &CaseRow) -> Option<String> {
    let id = row.partner?;
    assembly.codes.partners.iter().find(|(_, number)| **number == id).map(|(code, _)| code.clone())
}

/// A case as JSON; also of `case show`.
pub(super) fn case_json(assembly: &Assembly, row: &CaseRow, now: Timestamp) -> Value {
    let program = row.program.and_then(|id| {
        assembly.codes.programs.iter().find(|(_, number)| **number == id).map(|(code, _)| code.clone())
    });
    let bank = row.bank.and_then(|id| {
        assembly.codes.banks.iter().find(|(_, number)| **number == id).map(|(code, _)| code.clone())
    });
    json!({
        "case": row.id, "state": row.state.name(), "severity": row.severity.name(), "class": row.class,
        "timing": row.timing, "source": row.source, "scope": row.scope, "subject": row.subject, "reason": row.reason,
        "program": program, "bank": bank, "partner": partner(assembly, row),
        "cycle": row.cycle.map(|cycle| cycle.0), "business_date": row.business_date.to_string(), "unit": row.unit,
        "ours": row.ours, "theirs": row.theirs, "difference": row.difference, "left": row.left,
        "assigned_to": row.assigned_to, "opened_at": row.opened_at.to_string(), "due_at": row.due_at.to_string(),
        "age_days": case_age_days(row.opened_at, now), "age": AgeBucket::of(row.opened_at, now).name(),
        "overdue": row.is_overdue(now), "wait_until": row.wait_until.map(|date| date.to_string()),
        "resolved_at": row.resolved.map(|(at, _)| at.to_string()),
        "resolution": row.resolved.map(|(_, resolution)| resolution.name()), "version": row.version,
        "transaction": row.transaction.map(|it| format!("{}/{}", it.bucket.number(), it.key)),
        "waiting": row.waiting.as_ref().map(|it| json!({ "proposal": it.id, "kind": it.kind.name(), "by": it.by })),
    })
}
