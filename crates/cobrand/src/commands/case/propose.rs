//! `case propose`: what is proposed with all that will be booked.

use clap::Args;
use console::{AskedAdjustment, CaseAdjustment, Deed, case_adjustment};
use domain::case::{CaseProposalKind, MILES_UNIT, WriteOffAccount};
use domain::{
    AdjustedItem,
    settlement::{Basis, Direction},
};
use jiff::civil::Date;
use serde_json::json;
use store::cases::{self, NewCaseAdjustment, NewCaseProposal};

use super::{OneCase, done, found, word};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, WrongUse},
    commands::serve::program_infos,
};

/// Arguments of `case propose`.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    one: OneCase,
    /// What: match, write_off, adjust, send_back, wait_until, explain or keep_apart.
    #[arg(long)]
    kind: String,
    /// How much, in minor units or miles with the sign of the difference; by itself all that is left.
    #[arg(long, allow_negative_numbers = true)]
    amount: Option<i64>,
    /// Until when nothing is done (wait_until, send_back).
    #[arg(long)]
    until: Option<Date>,
    /// With what it is matched on their side.
    #[arg(long, default_value = "")]
    their_ref: String,
    /// With what it is matched on our side.
    #[arg(long, default_value = "")]
    our_ref: String,
    /// On which account it is written off: differences, rounding, fees, exchange or miles; by itself the usual one of the class.
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    adjustment: AdjustmentArgs,
    /// Why; kept for good. Of an adjustment the partner reads it. Never a card number.
    #[arg(long)]
    reason: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What an adjustment is made of.
#[derive(Debug, Args)]
struct AdjustmentArgs {
    /// In which direction the amounts are positive: `bank_pays_partner` or `partner_pays_bank`; by itself as the break, its line or the terms say.
    #[arg(long)]
    direction: Option<String>,
    /// The currency of the settlement; by itself that of the break, of miles that of the program.
    #[arg(long)]
    currency: Option<String>,
    /// What is corrected; by itself what the break is about.
    #[arg(long)]
    original: Option<String>,
    /// The item of the terms, such as `miles_granted`; without it the amount stands by itself.
    #[arg(long)]
    item: Option<String>,
    /// Miles, or minor units of the program's currency.
    #[arg(long, allow_negative_numbers = true)]
    quantity: Option<i64>,
    /// Net, in minor units; by itself the amount without the tax. With neither this nor --vat both are as the line or the terms
    /// are taxed.
    #[arg(long, allow_negative_numbers = true)]
    net: Option<i64>,
    /// Value added tax, in minor units.
    #[arg(long, allow_negative_numbers = true)]
    vat: Option<i64>,
}

impl AdjustmentArgs {
    fn is_said(&self) -> bool {
        let texts = [&self.direction, &self.currency, &self.original, &self.item];
        let numbers = [self.quantity, self.net, self.vat];
        texts.into_iter().any(Option::is_some) || numbers.iter().any(Option::is_some)
    }

    fn stated(&self, made: &CaseAdjustment) -> Result<Direction, WrongUse> {
        let both = [Direction::BankPaysPartner, Direction::PartnerPaysBank].map(Direction::name);
        match &self.direction {
            Some(text) => word("--direction", text, &both, Direction::parse),
            None => made.stated.ok_or_else(|| {
                WrongUse(
                    "say with --direction in which direction the amounts are positive: neither break, line nor terms do"
                        .to_owned(),
                )
            }),
        }
    }

    /// What is said, else what the line or the terms say.
    fn item(&self, unit: &str, amount: i64, made: &CaseAdjustment) -> Result<AdjustedItem, WrongUse> {
        let is_said = self.item.is_some() || [self.quantity, self.net, self.vat].iter().any(Option::is_some);
        match made.item {
            _ if is_said => self.said(unit, amount),
            Some(item) => Ok(item),
            None => Err(WrongUse(
                "say --net and --vat: the tax in the amount cannot be told from the line or the terms"
                    .to_owned(),
            )),
        }
    }

    fn said(&self, unit: &str, amount: i64) -> Result<AdjustedItem, WrongUse> {
        let basis = self.item.as_ref();
        let basis =
            basis.map(|text| word("--item", text, &Basis::ALL.map(Basis::name), Basis::parse)).transpose()?;
        let vat_minor = self.vat.unwrap_or(0);
        let (quantity, net) = match unit {
            MILES_UNIT => (amount, 0),
            _ => (0, amount.saturating_sub(vat_minor)),
        };
        Ok(AdjustedItem {
            basis,
            quantity: self.quantity.unwrap_or(quantity),
            net_minor: self.net.unwrap_or(net),
            vat_minor,
        })
    }
}

/// What the adjustment can be made of; there must be a file that takes it.
async fn made(assembly: &Assembly, asked: &AskedAdjustment<'_>) -> anyhow::Result<CaseAdjustment> {
    let row = &asked.view.row;
    let program = program_infos(assembly).into_iter().find(|info| Some(info.id) == row.program);
    let out = &assembly.config.settlement.out;
    let made = match &program {
        Some(program) => case_adjustment(&assembly.pool, out, program, asked).await?,
        None => None,
    };
    let code = asked.currency.unwrap_or(&row.unit);
    Ok(made.ok_or_else(|| {
        AnswerIsNo(format!(
            "case {}: its program has no terms with its partner in {code}: no file would have the adjustment",
            row.id
        ))
    })?)
}

pub(super) async fn propose(args: &ProposeArgs) -> anyhow::Result<()> {
    let known = CaseProposalKind::ALL.map(CaseProposalKind::name);
    let kind = word("--kind", &args.kind, &known, CaseProposalKind::parse)?;
    let account = args.account.as_ref();
    let accounts = WriteOffAccount::ALL.map(WriteOffAccount::name);
    let account =
        account.map(|text| word("--account", text, &accounts, WriteOffAccount::parse)).transpose()?;
    if kind != CaseProposalKind::Adjust && args.adjustment.is_said() {
        return Err(WrongUse(
            "--direction, --currency, --original, --item, --quantity, --net and --vat are for adjust"
                .to_owned(),
        )
        .into());
    }
    let (assembly, step) = args.one.begin(Deed::WorkCases).await?;
    let view = found(&assembly, step.case).await?;
    let asked = AskedAdjustment {
        view: &view,
        original: args.adjustment.original.as_deref().unwrap_or(&view.row.subject),
        amount: args.amount.unwrap_or(view.row.left),
        currency: args.adjustment.currency.as_deref(),
    };
    let made = match kind {
        CaseProposalKind::Adjust => Some(made(&assembly, &asked).await?),
        _ => None,
    };
    let adjustment = match &made {
        Some(made) => Some(NewCaseAdjustment {
            currency: made.currency,
            currency_code: &made.code,
            stated: args.adjustment.stated(made)?,
            original: asked.original,
            item: args.adjustment.item(&view.row.unit, asked.amount, made)?,
        }),
        None => None,
    };
    let new = NewCaseProposal {
        kind,
        amount: args.amount,
        wait_until: args.until,
        their_ref: &args.their_ref,
        our_ref: &args.our_ref,
        account,
        adjustment,
        reason: &args.reason,
    };
    let id = done(cases::propose(&assembly.pool, &step, &new).await)?;
    match args.json {
        true => println!("{}", json!({ "case": step.case, "proposal": id })),
        false => println!(
            "proposal {id}: somebody else decides with `cobrand case decide {} --approve` or `--refuse`",
            step.case
        ),
    }
    Ok(())
}
