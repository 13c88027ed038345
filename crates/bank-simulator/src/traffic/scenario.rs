//! The kinds of purchases of a seeded day, and the messages of each.

use super::{
    mix::Mix,
    purchase::{ClearAmount, Part, Step, Target},
};
use crate::random::SplitMix64;

const AUTHORIZE: Step = Step::Authorize { preauthorization: false };
/// DE39 of an issuer that declines: do not honor, insufficient funds.
const DECLINES: [&str; 2] = ["05", "51"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    Plain,
    ApprovedAdvice,
    Preauthorization,
    ClearingOnly,
    RefundFull,
    RefundPart,
    ReverseAuthorization,
    ReversePartOfAuthorization,
    ReverseClearing,
    ReversePartOfClearing,
    TwoPresentments,
    TwoPresentmentsAndRefund,
    Repeats,
    OverClearing,
    UnderClearing,
    GrossClearing,
    DeclinedAdvice,
    DeclinedClearing,
    ForeignCurrency,
    ForeignCurrencyRefund,
    Cash,
    FinancialRequest,
}

impl Scenario {
    /// Every kind with its weight.
    pub(super) const fn weights(mix: &Mix) -> [(Self, u32); 22] {
        [
            (Self::Plain, mix.plain),
            (Self::ApprovedAdvice, mix.approved_advice),
            (Self::Preauthorization, mix.preauthorization),
            (Self::ClearingOnly, mix.clearing_only),
            (Self::RefundFull, mix.refund_full),
            (Self::RefundPart, mix.refund_part),
            (Self::ReverseAuthorization, mix.reverse_authorization),
            (Self::ReversePartOfAuthorization, mix.reverse_part_of_authorization),
            (Self::ReverseClearing, mix.reverse_clearing),
            (Self::ReversePartOfClearing, mix.reverse_part_of_clearing),
            (Self::TwoPresentments, mix.two_presentments),
            (Self::TwoPresentmentsAndRefund, mix.two_presentments_and_refund),
            (Self::Repeats, mix.repeats),
            (Self::OverClearing, mix.over_clearing),
            (Self::UnderClearing, mix.under_clearing),
            (Self::GrossClearing, mix.gross_clearing),
            (Self::DeclinedAdvice, mix.declined_advice),
            (Self::DeclinedClearing, mix.declined_clearing),
            (Self::ForeignCurrency, mix.foreign_currency),
            (Self::ForeignCurrencyRefund, mix.foreign_currency_refund),
            (Self::Cash, mix.cash),
            (Self::FinancialRequest, mix.financial_request),
        ]
    }

    pub(super) const fn is_foreign(self) -> bool {
        matches!(self, Self::ForeignCurrency | Self::ForeignCurrencyRefund)
    }

    /// The messages.
    pub(super) fn steps(self, random: &mut SplitMix64) -> Vec<Step> {
        let clear = Step::Clear(ClearAmount::Full);
        let share = |random: &mut SplitMix64| random.between(100, 900);
        match self {
            Self::Plain | Self::ForeignCurrency | Self::Cash => vec![AUTHORIZE, clear],
            Self::ApprovedAdvice => vec![Step::ApprovedAdvice, clear],
            Self::Preauthorization => vec![
                Step::Authorize { preauthorization: true },
                Step::Clear(ClearAmount::PerMille(random.between(300, 1000))),
            ],
            Self::ClearingOnly => vec![clear],
            Self::RefundFull | Self::ForeignCurrencyRefund => {
                vec![AUTHORIZE, clear, refund(0, Part::Full)]
            }
            Self::RefundPart => vec![AUTHORIZE, clear, refund(0, Part::PerMille(share(random)))],
            Self::ReverseAuthorization => vec![AUTHORIZE, reverse(random, Target::Authorization, None)],
            Self::ReversePartOfAuthorization => {
                let left = Some(Part::PerMille(share(random)));
                vec![AUTHORIZE, reverse(random, Target::Authorization, left), clear]
            }
            Self::ReverseClearing => vec![AUTHORIZE, clear, reverse(random, Target::Presentment(0), None)],
            Self::ReversePartOfClearing => {
                let left = Some(Part::PerMille(share(random)));
                vec![AUTHORIZE, clear, reverse(random, Target::Presentment(0), left)]
            }
            Self::TwoPresentments => two_presentments(random),
            Self::TwoPresentmentsAndRefund => {
                let mut steps = two_presentments(random);
                steps.push(refund(1, Part::PerMille(share(random))));
                steps
            }
            Self::Repeats => vec![AUTHORIZE, Step::RepeatLast, clear, Step::RepeatLast],
            Self::OverClearing => {
                vec![AUTHORIZE, Step::Clear(ClearAmount::PerMille(random.between(1010, 1200)))]
            }
            Self::UnderClearing => {
                vec![AUTHORIZE, Step::Clear(ClearAmount::PerMille(random.between(600, 990)))]
            }
            Self::GrossClearing => vec![AUTHORIZE, Step::Clear(ClearAmount::Gross)],
            Self::DeclinedAdvice => vec![AUTHORIZE, Step::DeclinedAdvice { code: decline(random) }],
            Self::DeclinedClearing => vec![AUTHORIZE, Step::DeclinedClearing { code: decline(random) }],
            Self::FinancialRequest => vec![Step::AuthorizeFinancial],
        }
    }
}

fn two_presentments(random: &mut SplitMix64) -> Vec<Step> {
    let first = Step::Clear(ClearAmount::PerMille(random.between(200, 800)));
    vec![AUTHORIZE, first, Step::Clear(ClearAmount::Rest)]
}

const fn refund(presentment: usize, amount: Part) -> Step {
    Step::Refund { presentment, amount }
}

fn reverse(random: &mut SplitMix64, target: Target, remaining: Option<Part>) -> Step {
    Step::Reverse { target, remaining, advice: random.happens(500) }
}

fn decline(random: &mut SplitMix64) -> &'static str {
    if random.happens(500) { DECLINES[0] } else { DECLINES[1] }
}
