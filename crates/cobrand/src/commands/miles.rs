//! `miles`: what staff do with a member's miles.

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use domain::{Funder, Reply, ResultStatus};
use gateway::{Adjustment, Asker, Decided, Gateway, Sending};
use jiff::{civil::Date, tz::TimeZone};
use store::AccountPlace;

use super::{assemble, staff::StaffArgs};
use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
};

/// Miles of members.
#[derive(Debug, Subcommand)]
pub enum MilesCommand {
    /// Gives a member miles, or takes some, for a reason. The same words on the same day are one adjustment.
    Adjust(AdjustArgs),
    /// Sends a member's miles to another member of the program; they keep their age.
    Send(SendArgs),
}

/// Arguments of `miles adjust`.
#[derive(Debug, Args)]
pub struct AdjustArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    request: Request,
    /// The member's number.
    #[arg(long)]
    member: String,
    /// How many miles; less than none takes them from the lots that expire first.
    #[arg(long, allow_negative_numbers = true)]
    miles: i64,
    /// Why, in words. Kept for ever; never a card number.
    #[arg(long)]
    reason: String,
    /// Who bears it: `bank`, or the code of a partner.
    #[arg(long)]
    funder: String,
}

/// Arguments of `miles send`.
#[derive(Debug, Args)]
pub struct SendArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    request: Request,
    /// The number of the member whose miles they are.
    #[arg(long)]
    from: String,
    /// The number of the member whose they become.
    #[arg(long)]
    to: String,
    /// How many miles.
    #[arg(long)]
    miles: u64,
}

/// What tells a request from others.
#[derive(Debug, Args)]
struct Request {
    /// The program; may be left out if there is only one.
    #[arg(long)]
    program: Option<String>,
    /// A name of your own for this request, to tell it from an equal one of the same day.
    #[arg(long, default_value = "")]
    id: String,
    /// The day that it belongs to, today if nothing is said: a retry of a request of before midnight names the day of
    /// its first try, and books nothing twice. Never in the future.
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    #[command(flatten)]
    staff: StaffArgs,
}

impl MilesCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Adjust(args) => adjust(args).await,
            Self::Send(args) => send(args).await,
        }
    }
}

async fn adjust(args: AdjustArgs) -> anyhow::Result<()> {
    let AdjustArgs { config, request, member, miles, reason, funder } = args;
    if names_a_card(&reason) || names_a_card(&request.id) {
        bail!(WrongUse("the reason or id looks like a card number: write it without".to_owned()));
    }
    let assembly = assemble(&config).await?;
    let loaded = program(&assembly, request.program.as_deref())?;
    let funder = match funder.as_str() {
        "bank" => Funder::Bank,
        code => match assembly.codes.partners.get(code) {
            Some(partner) => Funder::Partner(*partner),
            None => bail!(WrongUse(format!("{code:?} is no partner of the configuration, nor \"bank\""))),
        },
    };
    let place = account(&assembly, loaded, &member).await?;
    let words = format!("{miles}|{funder}|{reason}|{}", request.id);
    let asker = asker(&assembly, loaded, place, request.on, words)?;
    let by = request.staff.authenticate(&assembly, console::Deed::ChangeMembers).await?.to_owned();
    let adjustment = Adjustment { miles, reason, funder, by };
    let gateway = assembly.lanes().await?;
    let decided = gateway::adjust(&gateway, &asker, &adjustment).await;
    say(&gateway, &asker, &decided).await
}

async fn send(args: SendArgs) -> anyhow::Result<()> {
    let SendArgs { config, request, from, to, miles } = args;
    if names_a_card(&request.id) {
        bail!(WrongUse("the id looks like a card number: write it without".to_owned()));
    }
    let assembly = assemble(&config).await?;
    let loaded = program(&assembly, request.program.as_deref())?;
    let (place, to) = (account(&assembly, loaded, &from).await?, account(&assembly, loaded, &to).await?);
    let words = format!("{miles}|{}|{}", to.member.account, request.id);
    let asker = asker(&assembly, loaded, place, request.on, words)?;
    let by = Some(request.staff.authenticate(&assembly, console::Deed::ChangeMembers).await?);
    let gateway = assembly.lanes().await?;
    let decided = gateway::send(&gateway, &asker, Sending { miles, to, by }).await;
    say(&gateway, &asker, &decided).await
}

/// The one program, or the one that is named.
pub(super) fn program<'a>(assembly: &'a Assembly, code: Option<&str>) -> anyhow::Result<&'a LoadedProgram> {
    match (code, assembly.programs.as_slice()) {
        (Some(code), _) => assembly.program(code),
        (None, [only]) => Ok(only),
        (None, _) => {
            Err(anyhow!(WrongUse("there is more than one program: name it with --program".to_owned())))
        }
    }
}

pub(super) async fn account(
    assembly: &Assembly,
    loaded: &LoadedProgram,
    number: &str,
) -> anyhow::Result<AccountPlace> {
    let found = store::members_by_number(&assembly.pool, loaded.setup.id, number).await?;
    let code = &loaded.setup.code;
    match found.as_slice() {
        [only] => Ok(*only),
        [] => bail!(AnswerIsNo(format!("program {code} has no member with the number {number:?}"))),
        _ => bail!(AnswerIsNo(format!("program {code} has several accounts with the number {number:?}"))),
    }
}

/// The same words on one day are one request.
fn asker(
    assembly: &Assembly,
    loaded: &LoadedProgram,
    place: AccountPlace,
    on: Option<Date>,
    words: String,
) -> anyhow::Result<Asker> {
    let zone = TimeZone::get(&loaded.setup.time_zone).context("the program's time zone")?;
    let today: Date = assembly.clock.now().to_zoned(zone).date();
    let day = on.unwrap_or(today);
    if day > today {
        bail!(WrongUse(format!(
            "--on {day} is in the future: today is {today} in {}",
            loaded.setup.time_zone
        )));
    }
    Ok(Asker {
        place,
        source: "staff",
        id: format!("{day}|{words}"),
        at: day.to_zoned(TimeZone::UTC)?.timestamp(),
        local: day.at(0, 0, 0, 0),
        currency: loaded.file.program.currency,
    })
}

async fn say(gateway: &Gateway, asker: &Asker, decided: &Decided) -> anyhow::Result<()> {
    gateway.batcher.finish().await;
    let Some(Reply { result, .. }) = &decided.reply else {
        bail!(
            "it could not be decided now, and may have been booked or not: give the same command again with --on {}",
            asker.local.date()
        )
    };
    let language = program_files::Language::English;
    let words = program_files::reason_words(&result.reason, language).unwrap_or(&result.reason);
    match result.status {
        ResultStatus::None => bail!(AnswerIsNo(format!("nothing was booked: {words}"))),
        _ => println!("{} miles: {words} ({})", result.base_miles, decided.key),
    }
    Ok(())
}

/// Whether it may not be kept.
fn names_a_card(text: &str) -> bool {
    domain::holds_card_number(text)
}
