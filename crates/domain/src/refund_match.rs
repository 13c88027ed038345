//! Which purchase a refund takes back that names none: candidates of the same account, scored part by part.
//!
//! Only what leaves no room for doubt is matched without a person: one purchase at the same card acceptor of which exactly
//! the refunded amount is left, and nothing else that comes near it. A part of a purchase is never matched so: what a
//! member gives back of two purchases at one shop, no number tells.

use jiff::{Span, civil::Date};

use crate::{Merchant, MessageKey, Purchase};

/// A refund is first looked at so many days after it came: the clearing of its purchase may be under way as well, and
/// comes within a few days of the purchase.
pub const REFUND_SETTLES_DAYS: i32 = 3;

/// For so many days after it came a refund is looked at again: a hold of a travel merchant, the longest there is, is
/// cleared or gone by then. Later only a person matches it.
pub const REFUND_LOOKS_DAYS: i32 = 45;

/// A purchase is no candidate any more after so many days. Shops take goods back within weeks, travel is cancelled
/// within months; further back equal amounts at one shop meet by chance.
pub const PURCHASE_AGE_DAYS: i32 = 180;

/// Acquirers date a refund by their own day: so many days it may seem to come before its purchase.
const AHEAD_DAYS: i32 = 1;

/// What is given back within so many days counts as recent.
const RECENT_DAYS: i32 = 30;

/// A candidate whose score is less than this below the best one's is near it.
const NEAR: u32 = 25;

/// What scores less is no candidate: one equal amount somewhere, months ago, says nothing.
const PLAUSIBLE: u32 = 50;

/// A decision of staff about a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefundDecisionId(pub i64);

impl std::fmt::Display for RefundDecisionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What has been found out about a refund that came without its purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundMatch {
    /// A person has said that it stands alone.
    LeftAlone,
    /// It counts in another purchase.
    To {
        /// Which one.
        purchase: MessageKey,
        /// So much of it can count there, in minor units: what was left of the purchase when they were matched.
        most_minor: u64,
        /// So much of it does, less what was reversed since.
        minor: u64,
    },
}

impl RefundMatch {
    /// The stored form: `alone`, or purchase, most and present amount with colons between.
    pub fn to_text(self) -> String {
        match self {
            Self::LeftAlone => "alone".to_owned(),
            Self::To { purchase, most_minor, minor } => format!("{purchase}:{most_minor}:{minor}"),
        }
    }

    /// Reads [`Self::to_text`].
    pub fn parse(text: &str) -> Option<Self> {
        if text == "alone" {
            return Some(Self::LeftAlone);
        }
        let mut parts = text.split(':');
        let purchase = MessageKey::parse(parts.next()?)?;
        let (most_minor, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let whole = parts.next().is_none() && minor <= most_minor;
        whole.then_some(Self::To { purchase, most_minor, minor })
    }

    /// The purchase in which it counts.
    pub fn purchase(self) -> Option<MessageKey> {
        match self {
            Self::LeftAlone => None,
            Self::To { purchase, .. } => Some(purchase),
        }
    }
}

/// Something that a refund and a purchase have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchPart {
    /// The terminal of that card acceptor.
    SameTerminal,
    /// The card acceptor of one acquirer.
    SameCardAcceptor,
    /// The partner that the merchant map names.
    SamePartner,
    /// The merchant category.
    SameCategory,
    /// Exactly the refunded amount is left of the purchase.
    ExactAmount,
    /// More than the refunded amount is left of it.
    AmountWithin,
    /// The purchase was made lately.
    RecentPurchase,
}

impl MatchPart {
    /// All parts.
    pub const ALL: [Self; 7] = [
        Self::SameTerminal,
        Self::SameCardAcceptor,
        Self::SamePartner,
        Self::SameCategory,
        Self::ExactAmount,
        Self::AmountWithin,
        Self::RecentPurchase,
    ];

    /// Its code, in explanations and where it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::SameTerminal => "same_terminal",
            Self::SameCardAcceptor => "same_card_acceptor",
            Self::SamePartner => "same_partner",
            Self::SameCategory => "same_category",
            Self::ExactAmount => "exact_amount",
            Self::AmountWithin => "amount_within",
            Self::RecentPurchase => "recent_purchase",
        }
    }

    /// What it adds to the score.
    pub fn score(self) -> u32 {
        match self {
            Self::SameCardAcceptor | Self::ExactAmount => 40,
            Self::SamePartner => 30,
            Self::SameTerminal => 20,
            Self::AmountWithin | Self::RecentPurchase => 10,
            Self::SameCategory => 5,
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The parts of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchParts(u8);

impl MatchParts {
    /// With one more part.
    #[must_use]
    pub fn with(self, part: MatchPart) -> Self {
        Self(self.0 | part.bit())
    }

    /// Whether the part is there.
    pub fn has(self, part: MatchPart) -> bool {
        self.0 & part.bit() != 0
    }

    /// The parts that are there.
    pub fn iter(self) -> impl Iterator<Item = MatchPart> {
        MatchPart::ALL.into_iter().filter(move |part| self.has(*part))
    }

    /// Their sum.
    pub fn score(self) -> u32 {
        self.iter().map(MatchPart::score).sum()
    }

    /// The codes, with a blank between two.
    pub fn to_text(self) -> String {
        self.iter().map(MatchPart::code).collect::<Vec<_>>().join(" ")
    }

    /// Reads [`Self::to_text`].
    pub fn parse(text: &str) -> Option<Self> {
        let part = |code: &str| MatchPart::ALL.into_iter().find(|part| part.code() == code);
        text.split_whitespace().try_fold(Self::default(), |parts, code| Some(parts.with(part(code)?)))
    }

    /// Whether the rule for a match without a person is fulfilled.
    fn is_strict(self) -> bool {
        self.has(MatchPart::SameCardAcceptor) && self.has(MatchPart::ExactAmount)
    }
}

/// A purchase, or a refund that stands alone, with the merchant that its first message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseAt {
    /// As it stands.
    pub purchase: Purchase,
    /// Without DE43, which is not stored.
    pub merchant: Merchant,
}

/// A purchase that a refund may take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundCandidate {
    /// Which.
    pub purchase: MessageKey,
    /// Its local date.
    pub date: Date,
    /// What is left of it to be refunded, in minor units; of one that is not cleared, what is held.
    pub left_minor: u64,
    /// It is not cleared yet: it may be meant and cannot be chosen.
    pub awaits_clearing: bool,
    /// What it has in common with the refund.
    pub parts: MatchParts,
}

impl RefundCandidate {
    /// Whether they have enough in common to be worth a look.
    pub fn is_plausible(&self) -> bool {
        self.parts.score() >= PLAUSIBLE
    }
}

/// What can be said of a refund without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundVerdict {
    /// It takes back this purchase.
    Certain(RefundCandidate),
    /// There are candidates, and none that leaves no doubt.
    Ambiguous,
    /// There is no candidate.
    Nothing,
}

impl RefundVerdict {
    /// The word in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain(_) => "certain",
            Self::Ambiguous => "ambiguous",
            Self::Nothing => "none",
        }
    }
}

/// The purchases that the refund may take back, the likeliest first.
pub fn refund_candidates(refund: &PurchaseAt, others: &[PurchaseAt]) -> Vec<RefundCandidate> {
    let mut candidates = refund_likenesses(refund, others);
    candidates.retain(RefundCandidate::is_plausible);
    candidates
}

/// The same with all that a person may choose, however little they have in common.
pub fn refund_likenesses(refund: &PurchaseAt, others: &[PurchaseAt]) -> Vec<RefundCandidate> {
    let mut candidates: Vec<RefundCandidate> =
        others.iter().filter_map(|other| candidate(refund, other)).collect();
    let place = |one: &RefundCandidate| {
        (std::cmp::Reverse((one.parts.score(), !one.awaits_clearing, one.date)), one.purchase)
    };
    candidates.sort_by_key(place);
    candidates
}

/// What follows from the candidates, of which the first is the likeliest.
///
/// What a rate table converted is left to a person: the purchase may have been converted by the rate of another day.
pub fn refund_verdict(refund: &PurchaseAt, candidates: &[RefundCandidate]) -> RefundVerdict {
    let Some((best, rest)) = candidates.split_first() else { return RefundVerdict::Nothing };
    let near =
        |other: &RefundCandidate| other.parts.is_strict() || other.parts.score() + NEAR > best.parts.score();
    let clear = best.parts.is_strict() && !best.awaits_clearing && refund.purchase.fx.is_none();
    match clear && !rest.iter().any(near) {
        true => RefundVerdict::Certain(*best),
        false => RefundVerdict::Ambiguous,
    }
}

fn candidate(refund: &PurchaseAt, other: &PurchaseAt) -> Option<RefundCandidate> {
    let (ours, theirs) = (&refund.purchase, &other.purchase);
    let same = |one: &Purchase| (one.account, one.program, one.currency);
    if same(ours) != same(theirs) || ours.key == theirs.key || !theirs.is_purchase {
        return None;
    }
    let awaits_clearing = theirs.cleared_minor == 0;
    let left_minor = if awaits_clearing { theirs.open_hold_minor() } else { theirs.net_minor() };
    let age = theirs.date.until(ours.date).ok()?.get_days();
    if left_minor == 0 || !(-AHEAD_DAYS..=PURCHASE_AGE_DAYS).contains(&age) {
        return None;
    }
    let refunded = ours.refunded_minor;
    let same_acceptor = is_same_acceptor(&refund.merchant, &other.merchant);
    let found = [
        (MatchPart::SameCardAcceptor, same_acceptor),
        (MatchPart::SameTerminal, same_acceptor && is_same(|of| &of.terminal, refund, other)),
        (MatchPart::SamePartner, ours.partner.is_some() && ours.partner == theirs.partner),
        (MatchPart::SameCategory, refund.merchant.mcc.is_some() && refund.merchant.mcc == other.merchant.mcc),
        (MatchPart::ExactAmount, left_minor == refunded),
        (MatchPart::AmountWithin, left_minor > refunded),
        (MatchPart::RecentPurchase, age <= RECENT_DAYS),
    ];
    let found = found.into_iter().filter(|(_, is_there)| *is_there);
    let parts = found.fold(MatchParts::default(), |parts, (part, _)| parts.with(part));
    Some(RefundCandidate { purchase: theirs.key, date: theirs.date, left_minor, awaits_clearing, parts })
}

/// An acquirer numbers its card acceptors; leading zeros of its own number do not count.
fn is_same_acceptor(one: &Merchant, other: &Merchant) -> bool {
    let acquirer = |of: &Merchant| of.acquirer.trim_start_matches('0').to_owned();
    is_told(&one.card_acceptor)
        && one.card_acceptor == other.card_acceptor
        && acquirer(one) == acquirer(other)
}

fn is_same(part: impl Fn(&Merchant) -> &String, one: &PurchaseAt, other: &PurchaseAt) -> bool {
    is_told(part(&one.merchant)) && part(&one.merchant) == part(&other.merchant)
}

/// Zeros and blanks are what a sender writes that has nothing to say.
fn is_told(text: &str) -> bool {
    text.bytes().any(|byte| !matches!(byte, b'0' | b' '))
}

/// The local dates between which purchases are candidates of a refund, both included.
pub fn refund_candidate_days(refund: &Purchase) -> (Date, Date) {
    let day = |days: i32| refund.date.saturating_add(Span::new().days(days));
    (day(-PURCHASE_AGE_DAYS), day(AHEAD_DAYS))
}
