//! `coupons`: the codes of campaigns. A code is printed once, when it is made; what is kept of it cannot be turned back.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use domain::{AccountId, Bucket, ProgramId};
use serde_json::{Value, json};
use store::{CouponCount, NewCoupon, RevokedCoupons};

use super::{assemble, miles, staff::StaffArgs};
use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
};

/// The most codes that one command makes: they are kept in one transaction.
const CODES_MAX: u64 = 100_000;

/// Coupons.
#[derive(Debug, Subcommand)]
pub enum CouponsCommand {
    /// Makes codes and prints them as CSV. They are never shown again: only a hash of each is kept.
    Create(CreateArgs),
    /// How many codes each campaign has, by what became of them.
    List {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The program; may be left out if there is only one.
        #[arg(long)]
        program: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Takes codes out of use, all of them or none. What purchases have of them stays.
    Revoke(RevokeArgs),
}

/// Arguments of `coupons create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program; may be left out if there is only one.
    #[arg(long)]
    program: Option<String>,
    /// The campaign: a [[coupon]] of the program.
    #[arg(long)]
    campaign: String,
    /// How many codes; with a list of members so many for each of them.
    #[arg(long)]
    count: u64,
    /// A file with a member number on each line: the codes are theirs alone.
    #[arg(long, value_name = "FILE")]
    member_list: Option<PathBuf>,
    /// Print JSON in place of CSV.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    staff: StaffArgs,
}

/// Arguments of `coupons revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program; may be left out if there is only one.
    #[arg(long)]
    program: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    staff: StaffArgs,
}

/// Which codes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// All codes of this campaign.
    #[arg(long)]
    campaign: Option<String>,
    /// A file with a code on each line: on a command line they would stay in its history.
    #[arg(long, value_name = "FILE")]
    code_list: Option<PathBuf>,
}

impl CouponsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(args) => create(args).await,
            Self::List { config, program, json } => list(&config, program.as_deref(), json).await,
            Self::Revoke(args) => revoke(args).await,
        }
    }
}

/// A code that was made: its text, and the number of the member whose it is.
struct Made {
    code: String,
    member: Option<String>,
}

async fn create(args: CreateArgs) -> anyhow::Result<()> {
    let CreateArgs { config, program, campaign, count, member_list, json: as_json, staff } = args;
    let numbers = member_list.as_deref().map(lines).transpose()?;
    let wanted = count.saturating_mul(numbers.as_ref().map_or(1, |numbers| numbers.len() as u64));
    if !(1..=CODES_MAX).contains(&wanted) {
        let why = format!("{wanted} codes are asked for: one command makes 1 to {CODES_MAX}");
        bail!(WrongUse(format!("{why}; change --count or split the list")));
    }
    let assembly = assemble(&config).await?;
    let loaded = miles::program(&assembly, program.as_deref())?;
    has_campaign(&assembly, loaded, &campaign)?;
    let owners = match numbers {
        None => vec![(None, None)],
        Some(numbers) => owners(&assembly, loaded, numbers).await?,
    };
    let by = staff.authenticate(&assembly, console::Deed::KeepCampaigns).await?;
    let (mut made, mut kept) = (Vec::new(), Vec::new());
    for (number, member) in owners {
        for _ in 0..count {
            let (code, id) = gateway::new_coupon_code()?;
            made.push(Made { code, member: number.clone() });
            kept.push(NewCoupon { id, member });
        }
    }
    let now = assembly.clock.now();
    store::give_out_coupons(&assembly.pool, loaded.setup.id, &campaign, &kept, by, now).await?;
    print(&made, as_json).with_context(|| {
        format!("{} codes are kept and could not be printed: revoke what nobody has", made.len())
    })
}

/// The member and where the account lies, for each number.
type Owner = (Option<String>, Option<(Bucket, AccountId)>);

async fn owners(
    assembly: &Assembly,
    loaded: &LoadedProgram,
    numbers: Vec<String>,
) -> anyhow::Result<Vec<Owner>> {
    let mut owners = Vec::new();
    for number in numbers {
        let place = miles::account(assembly, loaded, &number).await?;
        owners.push((Some(number), Some((place.bucket, place.member.account))));
    }
    Ok(owners)
}

/// A code of no campaign would never count.
fn has_campaign(assembly: &Assembly, loaded: &LoadedProgram, campaign: &str) -> anyhow::Result<()> {
    let rules = assembly.rule_book.current();
    let of_program = |program: &&domain::Program| program.id == loaded.setup.id;
    let versions = rules.programs.values().filter(of_program).chain([&loaded.file.program]);
    let known: BTreeSet<&str> =
        versions.flat_map(|version| &version.coupon_campaigns).map(|known| known.id.as_str()).collect();
    if known.contains(campaign) {
        return Ok(());
    }
    let code = &loaded.setup.code;
    let known = match known.is_empty() {
        true => "it has none: add a [[coupon]] to its file".to_owned(),
        false => format!("known are: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    bail!(WrongUse(format!("program {code} has no campaign {campaign:?}; {known}")))
}

fn print(made: &[Made], as_json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        let one = |made: &Made| json!({ "code": made.code, "member": made.member });
        writeln!(out, "{}", Value::Array(made.iter().map(one).collect()))?;
        return out.flush();
    }
    writeln!(out, "code,member")?;
    for Made { code, member } in made {
        writeln!(out, "{code},{}", member.as_deref().map(quoted).unwrap_or_default())?;
    }
    out.flush()
}

/// A value of CSV: in quotes if it has signs of the format.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

async fn list(config: &ConfigArgs, program: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let loaded = miles::program(&assembly, program)?;
    let counts = store::coupon_counts(&assembly.pool, loaded.setup.id).await?;
    if as_json {
        println!("{}", Value::Array(counts.iter().map(count_json).collect()));
        return Ok(());
    }
    for CouponCount { campaign, codes, bound, unused, used, revoked, uses } in &counts {
        println!(
            "{campaign}  {codes} codes ({bound} bound to members): {unused} unused, {used} used, {revoked} revoked; \
             {uses} uses"
        );
    }
    Ok(())
}

fn count_json(count: &CouponCount) -> Value {
    let CouponCount { campaign, codes, bound, unused, used, revoked, uses } = count;
    json!({
        "campaign": campaign,
        "codes": codes,
        "bound": bound,
        "unused": unused,
        "used": used,
        "revoked": revoked,
        "uses": uses,
    })
}

async fn revoke(args: RevokeArgs) -> anyhow::Result<()> {
    let RevokeArgs { config, program, which, json: as_json, staff } = args;
    let which = match (which.campaign, which.code_list) {
        (Some(campaign), _) => RevokedCoupons::Campaign(campaign),
        (None, Some(path)) => RevokedCoupons::Codes(codes_in(&path)?),
        (None, None) => bail!(WrongUse("say which codes: --campaign or --code-list".to_owned())),
    };
    let assembly = assemble(&config).await?;
    let program: ProgramId = miles::program(&assembly, program.as_deref())?.setup.id;
    let by = staff.authenticate(&assembly, console::Deed::KeepCampaigns).await?;
    let revoked = store::revoke_coupons(&assembly.pool, program, &which, by, assembly.clock.now()).await;
    let revoked = match revoked {
        Err(store::StoreError::NotFound { name, .. }) => {
            bail!(AnswerIsNo(format!("{name} codes were never given out by this program; none was revoked")))
        }
        other => other?,
    };
    match as_json {
        true => println!("{}", json!({ "revoked": revoked })),
        false => println!("{revoked} codes are out of use now"),
    }
    Ok(())
}

/// The codes of a list. One that is mistyped is told by its place, and not shown.
fn codes_in(path: &Path) -> anyhow::Result<BTreeSet<domain::CouponId>> {
    let read = |(text, number): (String, u64)| {
        let why = |why| WrongUse(format!("{}: code {number}: {why}", path.display()));
        Ok(gateway::typed_coupon_code(&text).map_err(why)?)
    };
    lines(path)?.into_iter().zip(1..).map(read).collect()
}

/// The lines of a list that are not empty.
fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<String> =
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() || lines.len() as u64 > CODES_MAX {
        let found = lines.len();
        bail!(WrongUse(format!("{}: expected 1 to {CODES_MAX} lines, found {found}", path.display())));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn member_numbers_are_quoted_where_csv_asks_for_it() {
        for (text, csv) in [("SU-1", "SU-1"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\"")] {
            assert_eq!(quoted(text), csv);
        }
    }
}
