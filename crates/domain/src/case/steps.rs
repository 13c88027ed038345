//! What people and comparisons may do about a case, and what follows.

use jiff::civil::Date;

use super::{
    CASE_WAIT_DAYS_MAX, CaseBookingKind, CaseProposalKind, CaseState, MILES_UNIT, Resolution, is_within,
    wait_is_over,
};
use crate::{AdjustedItem, MoneyError, reconciliation::BreakClass};

/// Why something cannot be done. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseRefusal {
    /// There is no such case.
    NotFound,
    /// Somebody else was quicker: look at it again.
    Outdated,
    /// It is resolved.
    Resolved,
    /// A proposal waits for a decision.
    Undecided,
    /// No such proposal waits for a decision.
    NothingProposed,
    /// Nobody approves his own proposal.
    SamePerson,
    /// Only whoever proposed takes it back.
    NotTheProposer,
    /// A break of this kind does not allow it.
    NotAllowed(CaseProposalKind),
    /// The amount is zero, of the other sign, or more than is left.
    PastWhatIsLeft,
    /// The date is not after today, too far away, missing, or there is one where none belongs.
    WaitDate,
    /// A match names neither side.
    NoReference,
    /// The items of the adjustment do not come to its amount, or its currency is not that of the break.
    AdjustmentDiffers,
    /// A correction of the disputed line is proposed or approved already, here or as a dispute.
    CorrectedAlready,
    /// An adjustment of a disputed line decides its dispute, so it must be of all that is left.
    NotAllOfTheLine,
    /// The account takes miles where there is money, or money where there are miles.
    Account,
    /// There is no such person of the staff, or the person is locked.
    NoSuchPerson,
    /// The text is empty.
    SaysNothing,
    /// The text, the name or the file is too long, or there are too many of them.
    TooLong,
    /// It holds what may be a card number.
    CardNumber,
    /// It cannot be read as text.
    Unreadable,
    /// The name of the file cannot be kept.
    AttachmentName,
    /// Files of this type are not kept, or it is not what its name says.
    AttachmentType,
    /// The same bytes are attached already.
    AttachedAlready,
}

impl CaseRefusal {
    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Outdated => "outdated",
            Self::Resolved => "resolved",
            Self::Undecided => "undecided",
            Self::NothingProposed => "nothing_proposed",
            Self::SamePerson => "same_person",
            Self::NotTheProposer => "not_the_proposer",
            Self::NotAllowed(_) => "not_allowed",
            Self::PastWhatIsLeft => "past_what_is_left",
            Self::WaitDate => "wait_date",
            Self::NoReference => "no_reference",
            Self::AdjustmentDiffers => "adjustment_differs",
            Self::CorrectedAlready => "corrected_already",
            Self::NotAllOfTheLine => "not_all_of_the_line",
            Self::Account => "account",
            Self::NoSuchPerson => "no_such_person",
            Self::SaysNothing => "says_nothing",
            Self::TooLong => "too_long",
            Self::CardNumber => "card_number",
            Self::Unreadable => "unreadable",
            Self::AttachmentName => "attachment_name",
            Self::AttachmentType => "attachment_type",
            Self::AttachedAlready => "attached_already",
        }
    }
}

/// What counts of a case when something is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseStanding {
    /// Where it stands.
    pub state: CaseState,
    /// By what it was resolved.
    pub resolution: Option<Resolution>,
    /// Whether somebody has it.
    pub is_assigned: bool,
    /// The stored word of the break's class.
    pub class: String,
    /// Three letters of a currency, `MILES`, or empty: nothing is counted.
    pub unit: String,
    /// Theirs less ours.
    pub difference: i64,
    /// What is left of it.
    pub left: i64,
    /// What comparisons no longer found; it comes back if they find it again.
    pub cured: i64,
    /// The break is of a program and a partner, whose file can correct it.
    pub has_file: bool,
    /// Who proposed what waits for a decision.
    pub proposed_by: Option<String>,
}

/// What somebody proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// What.
    pub kind: CaseProposalKind,
    /// How much of what is left; 0 where nothing is counted.
    pub amount: i64,
    /// Until when the case waits.
    pub wait_until: Option<Date>,
    /// A match says with what, on their side or on ours.
    pub has_reference: bool,
}

/// What follows from a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AfterStep {
    /// Where the case stands now.
    pub state: CaseState,
    /// By what it is resolved, if it is.
    pub resolution: Option<Resolution>,
    /// What is booked; `None`: nothing was approved.
    pub booking: Option<(CaseBookingKind, i64)>,
    /// What is left.
    pub left: i64,
}

/// Classes of breaks of whole files or sources: there is nothing that could be matched.
const OF_FILES: [&str; 6] = ["missing", "sequence_gap", "totals", "altered_file", "signature", "nack"];

impl CaseStanding {
    /// Whether it asks if two are the same for which only amount and date speak: it is answered, and not explained away.
    pub fn is_suggested(&self) -> bool {
        self.class == BreakClass::Suggested.name()
    }

    /// Whether this break allows such a proposal at all.
    pub fn allows(&self, kind: CaseProposalKind) -> bool {
        let is_counted = !self.unit.is_empty() && self.left != 0;
        match kind {
            CaseProposalKind::SendBack | CaseProposalKind::WaitUntil => true,
            CaseProposalKind::WriteOff => is_counted,
            CaseProposalKind::Adjust => is_counted && self.has_file,
            CaseProposalKind::Match => {
                is_counted || (self.left == 0 && !OF_FILES.contains(&self.class.as_str()))
            }
            CaseProposalKind::Explain => self.left == 0 && !self.is_suggested(),
            CaseProposalKind::KeepApart => self.is_suggested(),
        }
    }

    /// What can be proposed now.
    pub fn kinds(&self) -> Vec<CaseProposalKind> {
        match (self.state, &self.proposed_by) {
            (CaseState::Resolved, _) | (_, Some(_)) => Vec::new(),
            _ => CaseProposalKind::ALL.into_iter().filter(|kind| self.allows(*kind)).collect(),
        }
    }

    /// Whether it can be given to somebody, or back to nobody; and where it stands then.
    pub fn assign(&self, to_somebody: bool) -> Result<CaseState, CaseRefusal> {
        match self.state {
            CaseState::Resolved => Err(CaseRefusal::Resolved),
            CaseState::PendingExternal => Ok(CaseState::PendingExternal),
            CaseState::Open | CaseState::Assigned => Ok(CaseState::of_assigned(to_somebody)),
        }
    }

    /// Whether somebody may propose it.
    pub fn propose(&self, proposed: &Proposed, today: Date) -> Result<(), CaseRefusal> {
        if self.state == CaseState::Resolved {
            return Err(CaseRefusal::Resolved);
        }
        if self.proposed_by.is_some() {
            return Err(CaseRefusal::Undecided);
        }
        if !self.allows(proposed.kind) {
            return Err(CaseRefusal::NotAllowed(proposed.kind));
        }
        if !self.amount_fits(proposed) {
            return Err(CaseRefusal::PastWhatIsLeft);
        }
        if !wait_date_fits(proposed, today) {
            return Err(CaseRefusal::WaitDate);
        }
        match proposed.kind == CaseProposalKind::Match && !proposed.has_reference {
            true => Err(CaseRefusal::NoReference),
            false => Ok(()),
        }
    }

    fn amount_fits(&self, proposed: &Proposed) -> bool {
        match proposed.kind.booking() {
            CaseBookingKind::Nothing => proposed.amount == 0,
            CaseBookingKind::Match if self.left == 0 => proposed.amount == 0,
            _ => is_within(proposed.amount, self.left),
        }
    }

    /// What a decision about the proposal that waits brings about. Four eyes: no role and nobody is an exception.
    pub fn decide(&self, proposed: &Proposed, approves: bool, by: &str) -> Result<AfterStep, CaseRefusal> {
        let Some(proposer) = &self.proposed_by else { return Err(CaseRefusal::NothingProposed) };
        if !approves {
            return Ok(AfterStep {
                state: self.state,
                resolution: self.resolution,
                booking: None,
                left: self.left,
            });
        }
        if proposer == by {
            return Err(CaseRefusal::SamePerson);
        }
        if self.state == CaseState::Resolved {
            return Err(CaseRefusal::Resolved);
        }
        if !self.allows(proposed.kind) {
            return Err(CaseRefusal::NotAllowed(proposed.kind));
        }
        if !self.amount_fits(proposed) {
            return Err(CaseRefusal::PastWhatIsLeft);
        }
        let left = self.left.checked_sub(proposed.amount).ok_or(CaseRefusal::PastWhatIsLeft)?;
        Ok(self.approved(proposed, left))
    }

    fn approved(&self, proposed: &Proposed, left: i64) -> AfterStep {
        let resolution = proposed.kind.resolution().filter(|_| left == 0);
        let state = match (resolution, proposed.kind) {
            (Some(_), _) => CaseState::Resolved,
            (None, CaseProposalKind::SendBack | CaseProposalKind::WaitUntil) => CaseState::PendingExternal,
            (None, _) => self.state,
        };
        AfterStep { state, resolution, booking: Some((proposed.kind.booking(), proposed.amount)), left }
    }

    /// Whether somebody may take back what waits: its proposer, and nobody else.
    pub fn take_back(&self, by: &str) -> Result<(), CaseRefusal> {
        match &self.proposed_by {
            None => Err(CaseRefusal::NothingProposed),
            Some(proposer) if proposer != by => Err(CaseRefusal::NotTheProposer),
            Some(_) => Ok(()),
        }
    }

    /// A comparison no longer found the break. `None`: it was resolved before, and stays as it was decided.
    pub fn cure(&self) -> Option<AfterStep> {
        let booking = Some((CaseBookingKind::Cured, self.left));
        let (state, resolution) = (CaseState::Resolved, Some(Resolution::Cured));
        (self.state != CaseState::Resolved).then_some(AfterStep { state, resolution, booking, left: 0 })
    }

    /// A comparison found the break again, with this difference. What a comparison had cured comes back; what people have
    /// decided stays. `None`: nothing follows.
    pub fn found_again(&self, difference: i64) -> Result<Option<AfterStep>, MoneyError> {
        let was_cured = self.resolution == Some(Resolution::Cured);
        if !was_cured && difference == self.difference {
            return Ok(None);
        }
        let change = difference.checked_sub(self.difference).ok_or(MoneyError::Overflow)?;
        let back = self.left.checked_add(if was_cured { self.cured } else { 0 });
        let left = back.and_then(|back| back.checked_add(change)).ok_or(MoneyError::Overflow)?;
        let booking = was_cured
            .then_some((CaseBookingKind::Cured, self.cured.checked_neg().ok_or(MoneyError::Overflow)?));
        // Nothing is left of it: what was decided before covers it whole.
        let stays = self.state == CaseState::Resolved && left == 0 && !was_cured;
        let (state, resolution) = match (stays, self.state) {
            (true, _) => (CaseState::Resolved, self.resolution),
            (false, CaseState::Resolved) => (CaseState::of_assigned(self.is_assigned), None),
            (false, state) => (state, None),
        };
        Ok(Some(AfterStep { state, resolution, booking, left }))
    }

    /// Where a case stands behind the date until which it waited; `None`: it still waits, or did not.
    pub fn ripen(&self, wait_until: Date, today: Date) -> Option<CaseState> {
        let waits = self.state == CaseState::PendingExternal;
        (waits && wait_is_over(wait_until, today)).then_some(CaseState::of_assigned(self.is_assigned))
    }
}

fn wait_date_fits(proposed: &Proposed, today: Date) -> bool {
    let days = |date: Date| today.until((jiff::Unit::Day, date)).map_or(0, |span| i64::from(span.get_days()));
    match (proposed.kind, proposed.wait_until) {
        (CaseProposalKind::WaitUntil, None) => false,
        (CaseProposalKind::WaitUntil | CaseProposalKind::SendBack, Some(date)) => {
            (1..=CASE_WAIT_DAYS_MAX).contains(&days(date))
        }
        (_, date) => date.is_none(),
    }
}

/// Whether an adjustment comes to the amount that it settles: net and tax together in the unit of money, or as many miles.
pub fn adjustment_fits(unit: &str, amount: i64, currency: &str, item: &AdjustedItem) -> bool {
    match unit {
        MILES_UNIT => item.quantity == amount,
        _ => unit == currency && item.net_minor.checked_add(item.vat_minor) == Some(amount),
    }
}
