//! What a batch begins with: the books, the calendar of its month, and the rate of its day.

use domain::RatesHash;
use domain::settlement::{Terms, place};
use program_files::read_rates;
use store::{BatchRate, Cycle, Pool, StoredOpening};

use crate::setup::currency;
use crate::{CloseError, ProgramSetup};

/// What the batch of a cycle begins with under these terms; `last_of_day` says whether no further cycle of its business
/// date follows. It is the same whenever it is asked: a batch that was priced before keeps its rate.
///
/// # Errors
/// [`CloseError::NoRate`] if amounts must be converted and the rate table has no rate of the business date.
pub async fn opening(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    terms: &Terms,
    last_of_day: bool,
) -> Result<StoredOpening, CloseError> {
    let mut stored = store::opening(pool, cycle, terms).await?;
    let at = place(terms, &program.terms, cycle.business_date, last_of_day);
    stored.opening.last_of_month = at.last_of_month;
    stored.opening.last_of_terms = at.last_of_terms;
    if let (Some(table), None) = (&terms.rates, stored.rate) {
        let found = rate(pool, program, cycle, terms, table).await?;
        stored.opening.rate = Some(found.rate);
        stored.rate = Some(found);
    }
    Ok(stored)
}

/// Refuses a cycle that would forget what an earlier one carried forward: terms whose end was told after their last
/// cycle, or whose currency was changed, leave a balance that no batch opens with.
pub(crate) async fn nothing_forgotten(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
) -> Result<(), CloseError> {
    for left in store::carried_forward(pool, cycle).await? {
        let mut terms = program.terms_on(cycle.business_date);
        if terms.any(|terms| (terms.partner, terms.currency) == (left.partner, left.currency)) {
            continue;
        }
        let code = program.partner_codes.get(&left.partner).cloned();
        return Err(CloseError::NoTerms {
            partner: code.unwrap_or_else(|| left.partner.to_string()),
            currency: currency(left.currency).map_or_else(String::new, |(letters, _)| letters.to_owned()),
            balance_minor: left.balance_minor,
            since: left.since,
            date: cycle.business_date,
        });
    }
    Ok(())
}

/// The rate of the business date, of the table that is in force now.
async fn rate(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    terms: &Terms,
    name: &str,
) -> Result<BatchRate, CloseError> {
    let tables = store::rates_in_force(pool).await?;
    let found = tables.into_iter().find(|table| table.name == name);
    // What was imported could be read then.
    let table = found.and_then(|table| read_rates(&table.text, table.hash).ok());
    let rate =
        table.as_ref().and_then(|table| table.on(program.currency, terms.currency, cycle.business_date));
    let letters = |number| currency(number).map_or_else(String::new, |(code, _)| code.to_owned());
    let missing = || CloseError::NoRate {
        partner: program.partner_codes.get(&terms.partner).cloned().unwrap_or_default(),
        table: name.to_owned(),
        from: letters(program.currency),
        to: letters(terms.currency),
        date: cycle.business_date,
    };
    let table = table.as_ref().map_or(RatesHash([0; 32]), |table| table.version);
    rate.map(|rate| BatchRate { rate, table }).ok_or_else(missing)
}
