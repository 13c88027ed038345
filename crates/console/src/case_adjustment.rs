//! What an adjustment of a case is made of if nobody says more, for pages and commands alike: its direction, net and tax as
//! the break, the line that it corrects, or the terms say.

use std::path::Path;

use domain::{
    AdjustedItem, Currency,
    case::{Adjusting, MILES_UNIT, Sent, adjusted_item},
    settlement::{Basis, Direction, Terms},
};
use settlement::{LineId, SentLine, line_in_file};
use store::{
    Pool, StoreError,
    cases::{CaseView, Corrected, corrected},
};

use crate::{ProgramInfo, money, queries};

/// What is to be adjusted.
#[derive(Debug, Clone, Copy)]
pub struct AskedAdjustment<'a> {
    /// The case.
    pub view: &'a CaseView,
    /// What is corrected, by line id or by another reference.
    pub original: &'a str,
    /// How much of the case's unit.
    pub amount: i64,
    /// Three letters of the currency of the settlement; `None`: that of the break, of miles that of the program.
    pub currency: Option<&'a str>,
}

/// What an adjustment can be made of. What is `None` a person must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAdjustment {
    /// The currency of the settlement.
    pub currency: Currency,
    /// Its three letters.
    pub code: String,
    /// In which direction the amounts are positive.
    pub stated: Option<Direction>,
    /// What is added.
    pub item: Option<AdjustedItem>,
}

/// What an adjustment of a case is made of. `None`: its program has no terms with its partner in the currency, so that no
/// file would have it.
///
/// # Errors
/// The database. A line that cannot be read in its file is none.
pub async fn case_adjustment(
    pool: &Pool,
    out_dir: &Path,
    program: &ProgramInfo,
    asked: &AskedAdjustment<'_>,
) -> Result<Option<CaseAdjustment>, StoreError> {
    let row = &asked.view.row;
    let is_miles = row.unit == MILES_UNIT;
    let code = match asked.currency {
        Some(code) => code.to_owned(),
        None if is_miles => money::code(program.currency),
        None => row.unit.clone(),
    };
    let Some(currency) = money::from_code(&code) else { return Ok(None) };
    let Some(terms) = terms_of(program, asked, currency) else { return Ok(None) };
    let known = corrected(pool, row.id, asked.original, currency).await?;
    let line = line(pool, out_dir, program, asked).await?;
    let item = match is_miles {
        true => Some(miles(pool, terms, asked.amount).await?),
        false => money_item(asked, terms, &known, line.as_ref()),
    };
    let stated = stated(asked.view, &known, line.as_ref(), terms);
    Ok(Some(CaseAdjustment { currency, code, stated, item }))
}

/// Those of the break's date, else any that there are.
fn terms_of<'p>(
    program: &'p ProgramInfo,
    asked: &AskedAdjustment<'_>,
    currency: Currency,
) -> Option<&'p Terms> {
    let row = &asked.view.row;
    let ours = |terms: &&Terms| Some(terms.partner) == row.partner && terms.currency == currency;
    let mut all = program.terms.iter().filter(ours);
    let of_date = program.terms.iter().filter(ours).find(|terms| terms.effective.contains(row.business_date));
    of_date.or_else(|| all.next_back())
}

/// The line that is corrected, as its receiver was sent it.
async fn line(
    pool: &Pool,
    out_dir: &Path,
    program: &ProgramInfo,
    asked: &AskedAdjustment<'_>,
) -> Result<Option<SentLine>, StoreError> {
    let Some((id, text)) = line_id(program, asked) else { return Ok(None) };
    let (receiver, cycle) = (&id.batch.partner, id.batch.cycle_sequence);
    let Some(file) = store::file_with_cycle(pool, receiver, program.id, cycle).await? else {
        return Ok(None);
    };
    // A name that leads out of the folder is none of ours.
    let Some(name) = Path::new(&file.file_name).file_name().filter(|name| *name == file.file_name.as_str())
    else {
        return Ok(None);
    };
    let path = out_dir.join(name);
    let read = tokio::task::spawn_blocking(move || line_in_file(&path, &file.sha256, &text)).await;
    Ok(read.unwrap_or_default())
}

/// A second break about the same line has `#2` behind its subject.
fn line_id(program: &ProgramInfo, asked: &AskedAdjustment<'_>) -> Option<(LineId, String)> {
    let subject = asked.view.row.subject.split('#').next().unwrap_or_default();
    let read = |text: &str| Some((LineId::parse(text, [program.code.as_str()])?, text.to_owned()));
    [asked.original, subject].into_iter().find_map(read)
}

fn money_item(
    asked: &AskedAdjustment<'_>,
    terms: &Terms,
    known: &Corrected,
    line: Option<&SentLine>,
) -> Option<AdjustedItem> {
    let dispute = known.dispute.as_ref();
    let items = line.map(|line| &line.items).or(dispute.map(|dispute| &dispute.ours));
    let dispute = dispute.map(|dispute| (dispute.code, dispute.theirs));
    let sent = items.map(|items| Sent { items: items.clone(), dispute });
    let class = asked.view.row.class.as_str();
    let adjusting = Adjusting { class, amount: asked.amount, line: sent.as_ref(), terms };
    // An amount that is out of bounds is no correction either.
    adjusted_item(&adjusting).unwrap_or_default()
}

/// Miles are stated as what the partner's terms count; what they cost, a person says.
async fn miles(pool: &Pool, terms: &Terms, amount: i64) -> Result<AdjustedItem, StoreError> {
    let is_cobrand = queries::cobrand_partner(pool, terms.program).await? == terms.partner;
    let basis = if is_cobrand { Basis::MilesGranted } else { Basis::BonusMiles };
    Ok(AdjustedItem { basis: Some(basis), quantity: amount, net_minor: 0, vat_minor: 0 })
}

/// As the break or its dispute says; else as the line's batch states it; of a payment as it is paid; else as the terms state
/// their amounts.
fn stated(view: &CaseView, known: &Corrected, line: Option<&SentLine>, terms: &Terms) -> Option<Direction> {
    let of_line = line.map(|line| line.stated).or(known.dispute.as_ref().map(|dispute| dispute.stated));
    let of_batch = match view.row.source.as_str() {
        "bank_statement" => known.pays,
        _ => known.stated,
    };
    let by_terms = (view.row.source != "bank_statement").then(|| terms.stated());
    view.stated.or(of_line).or(of_batch).or(by_terms)
}
