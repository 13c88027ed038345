//! What waits for a second person: one list for the page of the morning, the page of approvals and the API for staff.

use domain::PartnerId;
use jiff::{Timestamp, civil::Date};
use store::{NUMBER_IN_DATE, Pool, StoreError};

use super::Limited;
use crate::access::Deed;

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitingKind {
    /// What is proposed of a break.
    Case,
    /// A version of a program.
    Program,
    /// A correction of what was settled with a partner, or an answer to a dispute.
    Adjustment,
    /// A day that was computed.
    Day,
    /// A run of corrections.
    Correction,
    /// A block of miles that was bought.
    Prepaid,
}

impl WaitingKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Case, Self::Program, Self::Adjustment, Self::Day, Self::Correction, Self::Prepaid];

    /// The word in addresses and statements.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Program => "program",
            Self::Adjustment => "adjustment",
            Self::Day => "day",
            Self::Correction => "correction",
            Self::Prepaid => "prepaid",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What somebody must be trusted with to decide about it.
    pub(crate) fn deed(self) -> Deed {
        match self {
            Self::Case => Deed::DecideCases,
            Self::Program => Deed::DecidePrograms,
            Self::Adjustment | Self::Prepaid => Deed::DecideAdjustments,
            Self::Day => Deed::ApproveDays,
            Self::Correction => Deed::DecideCorrections,
        }
    }
}

/// Something that one person has proposed and another one must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) kind: WaitingKind,
    /// The number of the proposal, run, block or cycle.
    pub(crate) id: i64,
    /// Of a case its number; else the same as `id`.
    pub(crate) of: i64,
    /// Of a case the kind of the proposal; of a run of corrections `rerate` or `reattribution`.
    pub(crate) detail: String,
    /// Of a case the class of its break.
    pub(crate) class: String,
    /// What it is about, or what was said for it.
    pub(crate) about: String,
    /// Why, in the words of whoever proposed it.
    pub(crate) reason: String,
    /// The program's code, where it is of one.
    pub(crate) program: Option<String>,
    pub(crate) partner: Option<PartnerId>,
    /// The code of a currency, `MILES`, or empty where nothing is counted.
    pub(crate) unit: String,
    /// Minor units or miles.
    pub(crate) amount: i64,
    pub(crate) by: String,
    /// `None` where the instant is not kept.
    pub(crate) since: Option<Timestamp>,
    /// Of a day its business date, and the cycle's place in it, if that has several.
    pub(crate) day: Option<(Date, Option<i64>)>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitingOf<'a> {
    Everybody,
    /// Everybody but this person, who decides.
    Others(&'a str),
}

/// Cases: a comparison may resolve a case whose proposal nobody has decided; nothing waits then.
const CASES: &str = "SELECT 'case' AS kind, p.proposal_id::bigint AS id, p.case_id AS of, p.kind AS detail, k.class, \
    k.subject AS about, p.reason, k.program_id, k.partner_id, c.unit, c.left_amount AS amount, p.proposed_by AS who, \
    p.proposed_at AS since, NULL::date AS day, NULL::bigint AS number FROM case_proposal p \
    JOIN break_case c USING (case_id) JOIN reconciliation_break k ON k.break_id = c.case_id WHERE c.state <> 'resolved' \
    AND NOT EXISTS (SELECT FROM case_decision d WHERE d.proposal_id = p.proposal_id)";
const PROGRAMS: &str = "SELECT 'program', p.proposal_id, p.proposal_id, '', '', p.comment, p.comment, p.program_id, NULL, '', 0, \
    p.proposed_by, p.proposed_at, NULL, NULL FROM rules_proposal p \
    WHERE NOT EXISTS (SELECT FROM rules_decision d WHERE d.proposal_id = p.proposal_id) \
    AND NOT EXISTS (SELECT FROM rules_withdrawal w WHERE w.proposal_id = p.proposal_id)";
const ADJUSTMENTS: &str = "SELECT 'adjustment', p.proposal_id, p.proposal_id, p.verdict, '', p.original, p.reason, p.program_id, \
    p.partner_id, p.currency::text, (SELECT coalesce(sum(i.net_minor + i.vat_minor), 0)::bigint \
    FROM adjustment_proposal_item i WHERE i.proposal_id = p.proposal_id), p.proposed_by, p.proposed_at, NULL, NULL \
    FROM adjustment_proposal p WHERE NOT EXISTS (SELECT FROM adjustment_decision d WHERE d.proposal_id = p.proposal_id)";
const CORRECTIONS: &str = "SELECT 'correction', r.run_id, r.run_id, r.kind, '', r.first_date || ' – ' || (r.end_date - 1), \
    r.reason, r.program_id, NULL, '', 0, r.maker, r.made_at, NULL, NULL FROM correction_run r WHERE r.state = 'proposed'";
const PREPAID: &str = "SELECT 'prepaid', b.block_id, b.block_id, '', '', b.reference, b.reference, b.program_id, b.partner_id, \
    'MILES', b.units, b.proposed_by, b.proposed_at, NULL, NULL FROM prepaid_block b WHERE b.approved_by IS NULL";

/// What waits for a decision, the oldest first and days before them; of one kind, if it is named.
///
/// # Errors
/// The database.
pub(crate) async fn waiting(
    pool: &Pool,
    of: WaitingOf<'_>,
    kind: Option<WaitingKind>,
    limit: i64,
) -> Result<Limited<Waiting>, StoreError> {
    let days = format!(
        "SELECT 'day', c.cycle_id::bigint, c.cycle_id::bigint, '', '', '', '', c.program_id, NULL, '', 0, \
         coalesce(c.computed_by, ''), NULL::timestamptz, c.business_date, {NUMBER_IN_DATE} FROM settlement_cycle c \
         WHERE c.state = 'computed' AND c.two_people"
    );
    let all = [CASES, PROGRAMS, ADJUSTMENTS, days.as_str(), CORRECTIONS, PREPAID].join(" UNION ALL ");
    let text = format!(
        "SELECT kind, id, of, detail, class, about, reason, g.code, w.partner_id, unit, amount, who, since, day, number, \
         count(*) OVER () FROM ({all}) w LEFT JOIN program g USING (program_id) \
         WHERE ($1::text IS NULL OR who <> $1) AND ($2::text IS NULL OR kind = $2) \
         ORDER BY since NULLS FIRST, day, kind, id LIMIT $3"
    );
    let not_by = match of {
        WaitingOf::Everybody => None,
        WaitingOf::Others(user) => Some(user),
    };
    let kind = kind.map(WaitingKind::name);
    let rows = pool.get().await?.query(text.as_str(), &[&not_by, &kind, &limit]).await?;
    Limited::of(&rows, 15, row_of)
}

fn row_of(row: &store::Row) -> Result<Waiting, StoreError> {
    let kind: &str = row.try_get(0)?;
    let day: Option<Date> = row.try_get(13)?;
    let number: Option<i64> = row.try_get(14)?;
    let unit: String = row.try_get(9)?;
    let damaged = || StoreError::Damaged { what: "kind of what waits", found: kind.to_owned() };
    Ok(Waiting {
        kind: WaitingKind::parse(kind).ok_or_else(damaged)?,
        id: row.try_get(1)?,
        of: row.try_get(2)?,
        detail: row.try_get(3)?,
        class: row.try_get(4)?,
        about: row.try_get(5)?,
        reason: row.try_get(6)?,
        program: row.try_get(7)?,
        partner: row.try_get::<_, Option<i32>>(8)?.map(PartnerId),
        // Currencies of adjustments are kept as numbers.
        unit: unit.parse().map_or(unit, |number| crate::money::code(domain::Currency(number))),
        amount: row.try_get(10)?,
        by: row.try_get(11)?,
        since: row.try_get(12)?,
        day: day.map(|day| (day, number)),
    })
}
