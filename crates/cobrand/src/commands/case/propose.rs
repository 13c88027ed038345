//! `case propose`: what is proposed with all that will be booked.

use clap::Args;
use console::Deed;
use domain::case::{CaseProposalKind, MILES_UNIT, WriteOffAccount};
use domain::{
    AdjustedItem, Currency,
    settlement::{Basis, Direction},
};
use jiff::civil::Date;
use serde_json::json;
use store::cases::{self, CaseView, NewCaseAdjustment, NewCaseProposal};

use super::{OneCase, done, found, word};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, WrongUse},
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
    /// In which direction the amounts are positive: `bank_pays_partner` or `partner_pays_bank`; by itself as the break says.
    #[arg(long)]
    direction: Option<String>,
    /// The currency of the settlement; by itself that of the break. Miles need it.
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
    /// Net, in minor units; by itself the amount without the tax.
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

    fn stated(&self, view: &CaseView) -> Result<Direction, WrongUse> {
        let both = [Direction::BankPaysPartner, Direction::PartnerPaysBank].map(Direction::name);
        match &self.direction {
            Some(text) => word("--direction", text, &both, Direction::parse),
            None => view.stated.ok_or_else(|| {
                WrongUse(
                    "say with --direction in which direction the amounts are positive: the break does not"
                        .to_owned(),
                )
            }),
        }
    }

    fn item(&self, unit: &str, amount: i64) -> Result<AdjustedItem, WrongUse> {
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

/// There must be a file that takes the adjustment.
fn terms_in(assembly: &Assembly, view: &CaseView, code: &str) -> Result<Currency, AnswerIsNo> {
    let row = &view.row;
    let named =
        |currency: Currency| program_files::NamedCurrency::from_number(currency).map(|named| named.code);
    let setups =
        assembly.programs.iter().map(|loaded| &loaded.setup).filter(|setup| Some(setup.id) == row.program);
    let terms = setups.flat_map(|setup| &setup.terms).filter(|terms| Some(terms.partner) == row.partner);
    let found = terms.map(|terms| terms.currency).find(|currency| named(*currency).as_deref() == Some(code));
    found.ok_or_else(|| {
        AnswerIsNo(format!(
            "case {}: its program has no terms with its partner in {code}: no file would have the adjustment",
            row.id
        ))
    })
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
    let code = args.adjustment.currency.clone().unwrap_or_else(|| view.row.unit.clone());
    let adjustment = match kind {
        CaseProposalKind::Adjust => Some(NewCaseAdjustment {
            currency: terms_in(&assembly, &view, &code)?,
            currency_code: &code,
            stated: args.adjustment.stated(&view)?,
            original: args.adjustment.original.as_deref().unwrap_or(&view.row.subject),
            item: args.adjustment.item(&view.row.unit, args.amount.unwrap_or(view.row.left))?,
        }),
        _ => None,
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
