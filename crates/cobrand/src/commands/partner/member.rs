//! `partner member`.

use anyhow::bail;
use clap::Args;
use domain::ProgramId;
use store::{By, ChangeError, ChangedAtPartner, MemberChange, Refused};

use super::programs;
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, staff::StaffArgs},
};

/// Arguments of `partner member`.
#[derive(Debug, Args)]
pub struct MemberArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    staff: StaffArgs,
    /// A line of the member, as `partner accruals` shows it.
    #[arg(long)]
    line: String,
    /// The member's number at the partner.
    #[arg(long)]
    number: Option<String>,
    /// Letters of the member's name, as the partner asks for them.
    #[arg(long)]
    name_check: Option<String>,
}

pub(super) async fn member(args: MemberArgs) -> anyhow::Result<()> {
    let MemberArgs { config, staff, line, number, name_check } = args;
    if number.is_none() && name_check.is_none() {
        bail!(WrongUse("say --number, --name-check or both".to_owned()));
    }
    let number = number.as_deref().map(gateway::checked_member_number).transpose();
    let number = number.map_err(|problem| WrongUse(format!("--number: {problem}")))?;
    let name_check = name_check.as_deref().map(gateway::checked_name_check).transpose();
    let name_check = name_check.map_err(|problem| WrongUse(format!("--name-check: {problem}")))?;
    let assembly = assemble(&config).await?;
    let by = staff.authenticate(&assembly, console::Deed::ChangeMembers).await?.to_owned();
    let (program, at) = behind(&assembly, &line).await?;
    let mut client = assembly.pool.get().await?;
    let by = By { who: format!("staff {by}"), at: assembly.clock.now() };
    let change = MemberChange::begin(&mut client, by).await?;
    match change.correct_at_partner(at, program, number.as_deref(), name_check.as_deref()).await {
        Ok(changed) => {
            change.commit().await?;
            println!("{}", outcome(changed, number.as_deref()));
            Ok(())
        }
        Err(ChangeError::Refused(Refused::NumberOfAnotherMember)) => {
            bail!(AnswerIsNo(
                "another account of the program has this number; nothing was changed".to_owned()
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a person is told of a change that was made.
fn outcome(changed: ChangedAtPartner, number: Option<&str>) -> String {
    if changed == ChangedAtPartner::default() {
        return "the member has these already: nothing was changed, and no line goes out for it".to_owned();
    }
    let lines = "the lines of this member that wait go out within 15 s where `serve` or `settle` runs, or with \
                 `cobrand partner send`";
    match number.filter(|_| changed.number) {
        Some(number) => format!(
            "{lines}\nthe bank must name this member as {number} in enrollment files and the API from now on: tell it; \
             under the number before nobody is found, and a card that is enrolled under it gets an account of its own"
        ),
        None => lines.to_owned(),
    }
}

async fn behind(assembly: &Assembly, line: &str) -> anyhow::Result<(ProgramId, (i32, i64))> {
    for loaded in programs(assembly, None)? {
        if let Some(at) = store::line_account(&assembly.pool, loaded.setup.id, line).await? {
            return Ok((loaded.setup.id, at));
        }
    }
    bail!(AnswerIsNo(format!("there is no line {line:?}: see `cobrand partner accruals`")))
}
