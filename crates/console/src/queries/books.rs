//! What was settled: openings, movements, payments and closings of cycles, by partner and currency.

use domain::{Currency, CycleId, PartnerId, ProgramId};
use jiff::civil::Date;
use store::{NUMBER_IN_DATE, Pool, StoreError};

use crate::{effect::currency, tie_out::AdjustedQuantity};

/// What a cycle settled with a partner in a currency. Every amount is positive if the partner owes or pays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) program: ProgramId,
    pub(crate) cycle: CycleId,
    pub(crate) date: Date,
    /// The cycle's place in the date, from 1, if that has several.
    pub(crate) number: Option<i64>,
    pub(crate) partner: PartnerId,
    pub(crate) currency: Currency,
    pub(crate) lines: i64,
    pub(crate) miles: i64,
    pub(crate) opening: i64,
    /// Before tax, adjustments among them.
    pub(crate) net: i64,
    /// Of the net, what two people have adjusted; its tax is in [`Self::vat`].
    pub(crate) adjusted: i64,
    pub(crate) vat: i64,
    pub(crate) paid: i64,
    pub(crate) closing: i64,
}

impl Settled {
    /// Net and tax.
    pub(crate) fn movements(&self) -> i64 {
        self.net.saturating_add(self.vat)
    }

    /// Opening + movements - paid - closing: not zero if the books do not tie.
    pub(crate) fn difference(&self) -> i64 {
        self.opening.saturating_add(self.movements()).saturating_sub(self.paid).saturating_sub(self.closing)
    }
}

/// Which cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cycles {
    /// This one.
    One(CycleId),
    /// The last settled one of each program.
    Last,
    /// Those of a partner with business dates of a period.
    Of {
        partner: PartnerId,
        from: Date,
        until: Date,
        /// Without those that wait for their approval: people of the partner must not see them.
        only_approved: bool,
    },
}

/// Rows by program, date, partner and currency.
pub(crate) async fn settled(pool: &Pool, cycles: Cycles) -> Result<Vec<Settled>, StoreError> {
    let which = match cycles {
        Cycles::One(cycle) => format!("SELECT * FROM settlement_cycle WHERE cycle_id = {}", cycle.0),
        Cycles::Last => "SELECT DISTINCT ON (program_id) * FROM settlement_cycle \
                         WHERE state NOT IN ('prepared', 'open', 'closing') ORDER BY program_id, sequence DESC"
            .to_owned(),
        Cycles::Of { from, until, only_approved, .. } => format!(
            "SELECT * FROM settlement_cycle WHERE business_date BETWEEN '{from}' AND '{until}' \
             AND (NOT {only_approved} OR state IN ('approved', 'published', 'delivered', 'acknowledged'))"
        ),
    };
    let partner = match cycles {
        Cycles::Of { partner, .. } => format!("WHERE p.partner_id = {}", partner.0),
        _ => String::new(),
    };
    let text = format!(
        "SELECT c.program_id, c.cycle_id, c.business_date, p.partner_id, p.currency, p.lines::bigint, p.miles, \
         coalesce(b.opening_minor, 0), s.sign * p.net_minor, s.sign * p.vat_minor, s.sign * p.to_pay_minor, \
         coalesce(b.closing_minor, 0), coalesce(a.minor, 0)::bigint, {NUMBER_IN_DATE} \
         FROM ({which}) c JOIN settlement_position p USING (cycle_id) \
         LEFT JOIN settlement_balance b USING (cycle_id, partner_id, currency) \
         CROSS JOIN LATERAL (SELECT CASE p.direction WHEN 'partner_pays_bank' THEN 1 ELSE -1 END AS sign) s \
         LEFT JOIN LATERAL (SELECT sum(CASE q.stated WHEN 'partner_pays_bank' THEN 1 ELSE -1 END * i.net_minor) AS minor \
         FROM settlement_adjustment t JOIN adjustment_proposal q USING (proposal_id) \
         JOIN adjustment_proposal_item i USING (proposal_id) WHERE t.cycle_id = c.cycle_id \
         AND q.partner_id = p.partner_id AND q.currency = p.currency) a ON true {partner} \
         ORDER BY c.program_id, c.sequence, p.partner_id, p.currency"
    );
    let rows = pool.get().await?.query(text.as_str(), &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Settled {
                program: ProgramId(row.try_get(0)?),
                cycle: CycleId(row.try_get(1)?),
                date: row.try_get(2)?,
                partner: PartnerId(row.try_get(3)?),
                currency: currency(row.try_get(4)?),
                lines: row.try_get(5)?,
                miles: row.try_get(6)?,
                opening: row.try_get(7)?,
                net: row.try_get(8)?,
                vat: row.try_get(9)?,
                paid: row.try_get(10)?,
                closing: row.try_get(11)?,
                adjusted: row.try_get(12)?,
                number: row.try_get(13)?,
            })
        })
        .collect()
}

/// What the cycles of a page came to, for a list of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayNet {
    pub(crate) sequence: i32,
    pub(crate) currency: Currency,
    /// What partners pay less what the bank pays.
    pub(crate) net: i64,
    /// What is paid in one direction and the other, added up: a zero net hides nothing.
    pub(crate) turnover: i64,
}

/// To pay by cycle and currency, of a program's cycles from one place to another.
pub(crate) async fn nets(
    pool: &Pool,
    program: ProgramId,
    (from, until): (i32, i32),
) -> Result<Vec<DayNet>, StoreError> {
    let text = "SELECT c.sequence, p.currency, \
                sum(CASE p.direction WHEN 'partner_pays_bank' THEN p.to_pay_minor ELSE -p.to_pay_minor END)::bigint, \
                sum(p.to_pay_minor)::bigint FROM settlement_cycle c JOIN settlement_position p USING (cycle_id) \
                WHERE c.program_id = $1 AND c.sequence BETWEEN $2 AND $3 GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = pool.get().await?.query(text, &[&program.0, &from, &until]).await?;
    rows.iter()
        .map(|row| {
            Ok(DayNet {
                sequence: row.try_get(0)?,
                currency: currency(row.try_get(1)?),
                net: row.try_get(2)?,
                turnover: row.try_get(3)?,
            })
        })
        .collect()
}

/// A total of several cycles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemTotal {
    /// Posted for members; otherwise against them.
    pub(crate) given: bool,
    pub(crate) item: String,
    pub(crate) amount: i64,
}

/// What was posted in the counted cycles of a program with places of `from` to `until`, by item; and how many of these
/// cycles were not counted.
pub(crate) async fn posted(
    pool: &Pool,
    program: ProgramId,
    (from, until): (i32, i32),
) -> Result<(Vec<ItemTotal>, i64), StoreError> {
    let client = pool.get().await?;
    let text = "SELECT t.side = 'given', t.subject, sum(t.amount)::bigint FROM settlement_cycle c \
                JOIN cycle_total t USING (cycle_id) WHERE c.program_id = $1 AND c.sequence BETWEEN $2 AND $3 \
                AND t.side <> 'told' GROUP BY 1, 2 ORDER BY 2, 1";
    let rows = client.query(text, &[&program.0, &from, &until]).await?;
    let totals = rows
        .iter()
        .map(|row| {
            Ok::<_, StoreError>(ItemTotal {
                given: row.try_get(0)?,
                item: row.try_get(1)?,
                amount: row.try_get(2)?,
            })
        })
        .collect::<Result<_, _>>()?;
    let text = "SELECT count(*) FROM settlement_cycle c WHERE c.program_id = $1 AND c.sequence BETWEEN $2 AND $3 \
                AND c.state <> 'prepared' AND NOT EXISTS (SELECT FROM cycle_counted k WHERE k.cycle_id = c.cycle_id)";
    let missing = client.query_one(text, &[&program.0, &from, &until]).await?.try_get(0)?;
    Ok((totals, missing))
}

/// What two people have added to quantities of a cycle, by partner, currency and basis.
pub(crate) async fn adjusted_quantities(
    pool: &Pool,
    cycle: CycleId,
) -> Result<Vec<AdjustedQuantity>, StoreError> {
    let text = "SELECT q.partner_id, q.currency, i.basis, sum(i.quantity)::bigint FROM settlement_adjustment t \
                JOIN adjustment_proposal q USING (proposal_id) JOIN adjustment_proposal_item i USING (proposal_id) \
                WHERE t.cycle_id = $1 AND i.basis IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(i.quantity) <> 0";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let name: &str = row.try_get(2)?;
        let (partner, quantity) = (PartnerId(row.try_get(0)?), row.try_get(3)?);
        // A basis of a newer version is of no measure here.
        let Some(basis) = domain::settlement::Basis::parse(name) else { continue };
        found.push(AdjustedQuantity { partner, currency: currency(row.try_get(1)?), basis, quantity });
    }
    Ok(found)
}

/// Who did which step of a cycle, and when, as far as that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) computed_by: Option<String>,
    pub(crate) approved_by: Option<String>,
    pub(crate) two_people: bool,
}

/// The people of a cycle.
pub(crate) async fn steps(pool: &Pool, cycle: CycleId) -> Result<Steps, StoreError> {
    let found = store::approval_of(pool, cycle).await?;
    Ok(Steps { computed_by: found.computed_by, approved_by: found.approved_by, two_people: found.two_people })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kopeck_that_is_nowhere_is_a_difference() {
        let row = Settled {
            program: ProgramId(1),
            cycle: CycleId(1),
            date: jiff::civil::date(2026, 10, 10),
            number: None,
            partner: PartnerId(1),
            currency: Currency(643),
            lines: 0,
            miles: 0,
            opening: 100,
            net: -1_000,
            adjusted: 0,
            vat: 200,
            paid: -700,
            closing: 0,
        };
        assert_eq!(row.difference(), 0);
        assert_eq!(Settled { closing: 1, ..row }.difference(), -1);
        assert_eq!(Settled { paid: -699, ..row }.difference(), -1);
    }
}
