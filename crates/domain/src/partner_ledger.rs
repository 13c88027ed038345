//! Miles that the co-brand partner keeps: each movement becomes a line for the partner, and the partner answers it.
//!
//! Our books mirror what the partner is told of. Whatever it answers, this holds for each purchase: the miles of accepted
//! lines are those of the mirror less those that still wait.

use crate::{Amounts, Item, MilesRules, Purchase};

/// How far a line has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineState {
    /// Not sent yet.
    Held,
    /// It stands in a file, and the partner has not answered.
    Sent,
    /// The partner has booked it.
    Accepted,
    /// The partner did not take it, and something must be done: see [`Next`].
    Rejected,
    /// Another line has taken its place.
    Resent,
    /// It was taken back: the mirror has the miles no more, or a refund had taken them before it was sent.
    Reversed,
    /// The partner keeps miles that it should have given back; the funder bears them.
    WrittenOff,
}

impl LineState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Held,
        Self::Sent,
        Self::Accepted,
        Self::Rejected,
        Self::Resent,
        Self::Reversed,
        Self::WrittenOff,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Resent => "resent",
            Self::Reversed => "reversed",
            Self::WrittenOff => "written_off",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether nobody knows yet what the partner will have of it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Sent | Self::Rejected)
    }
}

/// Why a partner did not take a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectCode {
    /// It has no member of this number.
    UnknownMember,
    /// The number is that of somebody with another name.
    NameMismatch,
    /// The activity is too old.
    TooLate,
    /// For good, for reasons of its own.
    Refused,
    /// The miles that it should give back are spent.
    BalanceSpent,
}

impl RejectCode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::UnknownMember, Self::NameMismatch, Self::TooLate, Self::Refused, Self::BalanceSpent];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown_member",
            Self::NameMismatch => "name_mismatch",
            Self::TooLate => "too_late",
            Self::Refused => "refused",
            Self::BalanceSpent => "balance_spent",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == text)
    }
}

/// What a partner said of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerVerdict {
    /// Booked.
    Accepted,
    /// Not booked.
    Rejected(RejectCode),
}

/// What a line does for the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It gives miles.
    Grant,
    /// It takes miles back.
    ClawBack,
}

impl LineKind {
    /// The kind of a line of so many miles; a line is never of none.
    pub fn of(miles: i64) -> Self {
        if miles < 0 { Self::ClawBack } else { Self::Grant }
    }

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "accrual",
            Self::ClawBack => "reversal",
        }
    }
}

/// What follows from a partner's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: both have the same.
    Done,
    /// Another number or name check of the member; then the line goes out again under an id of its own.
    CorrectMember,
    /// The miles are taken back from the mirror.
    Reverse,
    /// The miles come back to the mirror, and the program's funder bears them.
    WriteOff,
}

impl Next {
    /// The state of the line until that is done.
    pub fn state(self) -> LineState {
        match self {
            Self::Done => LineState::Accepted,
            Self::CorrectMember | Self::Reverse | Self::WriteOff => LineState::Rejected,
        }
    }

    /// The state when it is done.
    pub fn done(self) -> LineState {
        match self {
            Self::Done => LineState::Accepted,
            Self::CorrectMember => LineState::Resent,
            Self::Reverse => LineState::Reversed,
            Self::WriteOff => LineState::WrittenOff,
        }
    }
}

/// What follows when a line of this kind is answered so; `None`: the answer makes no sense, as nothing can have been
/// spent of what was not given yet.
pub fn after(kind: LineKind, verdict: PartnerVerdict) -> Option<Next> {
    use RejectCode::{BalanceSpent, NameMismatch, Refused, TooLate, UnknownMember};
    let code = match verdict {
        PartnerVerdict::Accepted => return Some(Next::Done),
        PartnerVerdict::Rejected(code) => code,
    };
    match (kind, code) {
        (_, UnknownMember | NameMismatch) => Some(Next::CorrectMember),
        (LineKind::Grant, TooLate | Refused) => Some(Next::Reverse),
        (LineKind::Grant, BalanceSpent) => None,
        (LineKind::ClawBack, TooLate | Refused | BalanceSpent) => Some(Next::WriteOff),
    }
}

/// Why a line is not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldReason {
    /// The member has no number at the partner.
    NoMemberNumber,
    /// The partner did not know the member by this number and name check.
    MemberToBeCorrected,
    /// The partner has not accepted yet what the line takes back.
    OriginalNotAnswered,
}

impl HeldReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NoMemberNumber, Self::MemberToBeCorrected, Self::OriginalNotAnswered];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoMemberNumber => "no_member_number",
            Self::MemberToBeCorrected => "member_to_be_corrected",
            Self::OriginalNotAnswered => "original_not_answered",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }
}

/// What is known of the member when lines are made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberAtPartner {
    /// Whether there is a number.
    pub has_number: bool,
    /// Whether the partner refused this number or name check, and neither has changed since.
    pub was_refused: bool,
}

/// A line of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurchaseLine {
    /// What the movement was; never zero.
    pub miles: i64,
    /// How far it has come.
    pub state: LineState,
    /// Of a grant that was reversed: what was taken from the mirror. Refunds had taken the rest before.
    pub taken: i64,
    /// Of a claw-back: how much of it the partner never had, so that it need not give that back.
    pub absorbed: i64,
}

impl PurchaseLine {
    /// The miles that the partner is told.
    pub fn told(&self) -> i64 {
        self.miles.saturating_add(self.absorbed)
    }
}

/// What becomes of a line that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// It is sent, lowered by so many miles that the partner never had.
    Send {
        /// See [`PurchaseLine::absorbed`].
        absorbed: i64,
    },
    /// The partner never had any of it: it is reversed without being sent.
    Drop,
    /// It waits.
    Hold(HeldReason),
}

/// What becomes of the lines of one purchase, in their order; `None` for those that are not held.
///
/// A claw-back goes out when every grant of its purchase has been answered: the partner never takes back what it has not
/// given. What it refused to give, refunds need not take from it.
pub fn plan(lines: &[PurchaseLine], member: MemberAtPartner) -> Vec<Option<Plan>> {
    let kind = |line: &PurchaseLine| LineKind::of(line.miles);
    let unanswered = lines.iter().any(|line| kind(line) == LineKind::Grant && line.state.is_open());
    let never_given: i64 = lines
        .iter()
        .filter(|line| kind(line) == LineKind::Grant && line.state == LineState::Reversed)
        .map(|line| line.miles - line.taken)
        .sum();
    // The line in place of another has taken over what that one had of it.
    let counts = |line: &&PurchaseLine| line.state != LineState::Resent;
    let absorbed: i64 = lines.iter().filter(counts).map(|line| line.absorbed).sum();
    let mut left = (never_given - absorbed).max(0);
    let mut decide = |line: &PurchaseLine| {
        let claw_back = kind(line) == LineKind::ClawBack;
        if claw_back && unanswered {
            return Plan::Hold(HeldReason::OriginalNotAnswered);
        }
        // A line in place of another keeps what that one had.
        let more = if claw_back { left.min(line.told().saturating_neg()).max(0) } else { 0 };
        let absorbed = line.absorbed + more;
        if claw_back && line.miles + absorbed == 0 {
            left -= more;
            return Plan::Drop;
        }
        match member {
            MemberAtPartner { has_number: false, .. } => Plan::Hold(HeldReason::NoMemberNumber),
            MemberAtPartner { was_refused: true, .. } => Plan::Hold(HeldReason::MemberToBeCorrected),
            _ => {
                left -= more;
                Plan::Send { absorbed }
            }
        }
    };
    lines.iter().map(|line| (line.state == LineState::Held).then(|| decide(line))).collect()
}

impl Purchase {
    /// What follows for the mirror when `before` was booked and now something else is. Miles that the partner never took
    /// are taken back first, and what comes again goes to the funder first: the partner has it already.
    pub(crate) fn settle_mirror(
        &mut self,
        before: &Amounts,
        rules: &MilesRules,
        rules_before: Option<&MilesRules>,
    ) -> Vec<(Item, i64)> {
        let mut movements = Vec::new();
        let lot = &mut self.lot;
        let change = self.booked.miles() - before.miles();
        let refused = change.saturating_neg().min(lot.expired_miles).max(0);
        if refused > 0 {
            lot.expired_miles -= refused;
            movements.push((Item::Refused, refused));
        }
        let Some(funder) = rules.debts_borne_by else { return movements };
        let bore = rules_before.and_then(|rules| rules.debts_borne_by).filter(|bore| *bore != funder);
        if let Some(bore) = bore.filter(|_| lot.borne_miles != 0) {
            movements.push((Item::WrittenOff { funder: bore }, -lot.borne_miles));
            movements.push((Item::WrittenOff { funder }, lot.borne_miles));
        }
        let back = change.min(lot.borne_miles).max(0);
        if back > 0 {
            lot.borne_miles -= back;
            movements.push((Item::WrittenOff { funder }, -back));
        }
        movements
    }
}
