//! What the binary gives to the console.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, sync::Arc};

use domain::{
    Currency, CutOffs, PartnerId, ProgramId,
    settlement::{Basis, Direction, Terms},
};
use settlement::BatchSummary;

use crate::access::second_factor::SealKey;

/// A program whose days the console shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramInfo {
    /// Its number.
    pub id: ProgramId,
    /// Its code, which is a part of the address of its days.
    pub code: String,
    /// The code of its bank.
    pub bank_code: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its IANA time zone, such as `Europe/Moscow`.
    pub time_zone: String,
    /// The times of day at which the cycles of its business date end.
    pub cut_offs: CutOffs,
    /// The terms of all partners.
    pub terms: Vec<Terms>,
}

impl ProgramInfo {
    /// `00:00`, or `12:00, 00:00` where a date has several cycles.
    pub(crate) fn cut_off_text(&self) -> String {
        let times = self.cut_offs.times().iter().map(|time| time.strftime("%H:%M").to_string());
        times.collect::<Vec<_>>().join(", ")
    }
}

/// The totals of one batch of a settlement file, as the file itself states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTotals {
    /// The partner's code.
    pub partner: String,
    /// The alphabetic code of the currency, such as `RUB`.
    pub currency: String,
    /// The place of the batch's cycle among its program's cycles: a file after closed days has several.
    pub cycle_sequence: i32,
    /// What is priced, in the order of the file.
    pub bases: Vec<Basis>,
    /// Who pays.
    pub direction: Direction,
    /// Miles that are paid for, if the batch states them.
    pub miles: Option<i64>,
    /// Net cleared turnover, if the batch states it.
    pub turnover_minor: Option<i64>,
    /// The share of discounts that is settled, if the batch states it: the partner's of statement credits and
    /// the bank's of discounts at the till.
    pub discount_share_minor: Option<i64>,
    /// How many lines.
    pub lines: i64,
    /// Net, rounding included.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// To be paid.
    pub to_pay_minor: i64,
}

/// Verifies the bytes of a settlement file and returns what its batches state, or in plain words what is wrong.
///
/// The binary gives it, so that the console needs no parser of its own.
pub type ReadTrailer = Arc<dyn Fn(&[u8]) -> Result<Vec<FileTotals>, String> + Send + Sync>;

/// The [`ReadTrailer`] of the settlement files that this product writes.
pub fn read_settlement_file(bytes: &[u8]) -> Result<Vec<FileTotals>, String> {
    let summary = settlement::verify_file(bytes).map_err(|error| error.to_string())?;
    Ok(summary.batches.into_iter().map(totals).collect())
}

fn totals(batch: BatchSummary) -> FileTotals {
    let stated = |bases: &[Basis]| {
        let found = batch.quantities.iter().filter(|(basis, _)| bases.contains(basis));
        found.map(|(_, quantity)| *quantity).reduce(i64::saturating_add)
    };
    FileTotals {
        miles: stated(&[if batch.cobrand { Basis::MilesGranted } else { Basis::BonusMiles }]),
        turnover_minor: stated(&[Basis::Turnover]),
        discount_share_minor: stated(&[Basis::StatementCreditShare, Basis::TillShare]),
        bases: batch.quantities.iter().map(|(basis, _)| *basis).collect(),
        partner: batch.partner,
        cycle_sequence: batch.cycle_sequence,
        currency: batch.currency,
        direction: batch.direction,
        lines: batch.transactions,
        net_minor: batch.net_minor,
        vat_minor: batch.vat_minor,
        to_pay_minor: batch.to_pay_minor,
    }
}

/// What time it is. The binary gives it: the demo lives on a business date of its own.
pub type Now = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// What is asked of people who sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessRules {
    /// The pages are reached over TLS, by a proxy before the console: cookies say so.
    pub secure: bool,
    /// Whoever [decides](domain::Roles::decide) must have a second factor.
    pub second_factor_required: bool,
    /// What seals the secrets of authenticators; without it none can be enrolled, and none that is can be asked.
    pub second_factor_key: Option<SealKey>,
    /// The proxies whose word counts of where a request comes from.
    pub proxies: Vec<IpAddr>,
}

/// Everything that the console works on.
#[derive(Clone)]
pub struct ConsoleState {
    /// The pool. Its role in PostgreSQL reads, and adds proposals and decisions: see [`store::console_pool`].
    pub pool: store::Pool,
    /// The programs.
    pub programs: Vec<ProgramInfo>,
    /// The codes of the partners by number.
    pub partner_codes: BTreeMap<PartnerId, String>,
    /// The folder of the published settlement files.
    pub out_dir: PathBuf,
    /// The token of the demo's sign-in link. `None`, as in production, switches that link off.
    pub demo_sign_in: Option<String>,
    /// Whether programs change by approval; otherwise their files change them, and proposals would be overwritten.
    pub by_approval: bool,
    /// The clock.
    pub now: Now,
    /// Verifies a settlement file and reads its totals.
    pub read_trailer: ReadTrailer,
    /// What is asked of people who sign in.
    pub access: AccessRules,
    /// The words of the banner that names the environment, such as `TEST: seeded demo`.
    pub environment: String,
}

impl ConsoleState {
    /// The code of a partner; one that is not configured any more is shown by its number.
    pub(crate) fn partner(&self, id: PartnerId) -> String {
        self.partner_codes.get(&id).cloned().unwrap_or_else(|| format!("partner {id}"))
    }
}
