//! What a purchase is worth, as functions of its amounts: no memory, no cap.

use jiff::civil::Date;

use super::{
    agreement::{AgreedBonus, AgreedDiscount, AgreedProgram, DiscountMode},
    arithmetic::down,
    message::{AuditedMessage, Directory},
    purchase::Standing,
};

/// What a purchase is, by one of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// None if the card was no member's on that date.
    pub(super) account: Option<String>,
    /// The partner whose merchant it was.
    pub(super) merchant: Option<String>,
    date: Date,
    mcc: Option<String>,
}

impl Facts {
    pub(super) fn of(directory: &Directory, message: &AuditedMessage) -> Self {
        Self {
            account: directory.account(&message.card, message.local_date).map(str::to_owned),
            merchant: directory.merchant(message).map(str::to_owned),
            date: message.local_date,
            mcc: message.mcc.clone(),
        }
    }

    fn is_excluded(&self, program: &AgreedProgram) -> bool {
        self.mcc.as_ref().is_some_and(|mcc| program.excluded_mccs.contains(mcc))
    }

    fn earns(&self, bonus: &AgreedBonus) -> bool {
        (bonus.merchant.is_none() || bonus.merchant == self.merchant)
            && (bonus.weekdays.is_empty() || bonus.weekdays.contains(&self.date.weekday()))
            && (bonus.mccs.is_empty() || self.mcc.as_ref().is_some_and(|mcc| bonus.mccs.contains(mcc)))
    }

    /// The account and the month whose cap holds for the purchase.
    pub(super) fn month(&self) -> (Option<String>, i16, i8) {
        (self.account.clone(), self.date.year(), self.date.month())
    }

    /// The discount that holds here, if any.
    pub(super) fn discount<'a>(&self, program: &'a AgreedProgram) -> Option<&'a AgreedDiscount> {
        if self.account.is_none() || self.is_excluded(program) {
            return None;
        }
        program.discounts.iter().find(|discount| Some(&discount.merchant) == self.merchant.as_ref())
    }
}

/// What a purchase is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Award {
    pub(super) base: i128,
    /// One for each bonus of the program, in its order.
    pub(super) bonuses: Vec<i128>,
    /// By mode; a purchase has at most one of the two.
    pub(super) credit: i128,
    pub(super) at_till: i128,
    /// The merchant's part of the discount.
    pub(super) merchant_share: i128,
    /// The net amount, at a partner's merchant.
    pub(super) turnover: i128,
}

impl Award {
    pub(super) fn miles(&self) -> i128 {
        self.base + self.bonuses.iter().sum::<i128>()
    }
}

/// What the purchase is worth as it stands; the cap comes later.
pub(super) fn award(program: &AgreedProgram, facts: &Facts, standing: &Standing) -> Award {
    let net = standing.net();
    if facts.account.is_none() {
        return Award { bonuses: vec![0; program.bonuses.len()], ..Award::default() };
    }
    let partner = program.merchants.iter().any(|terms| Some(&terms.partner) == facts.merchant.as_ref());
    let base = if facts.is_excluded(program) { 0 } else { down(net, 1, program.minor_per_mile) };
    let times = |bonus: &AgreedBonus| if facts.earns(bonus) { base * i128::from(bonus.times) } else { 0 };
    let discount = facts.discount(program);
    let (credit, at_till) = match discount {
        Some(agreed) if agreed.mode == DiscountMode::StatementCredit => (discount_of(agreed, net), 0),
        Some(_) => (0, confirmed(standing)),
        None => (0, 0),
    };
    Award {
        base,
        bonuses: program.bonuses.iter().map(times).collect(),
        credit,
        at_till,
        merchant_share: discount.map_or(0, |agreed| down(credit + at_till, agreed.merchant_percent, 100)),
        turnover: if partner { net } else { 0 },
    }
}

/// What the purchase would be worth if all that is held were cleared. None if nothing is held.
pub(super) fn expected(program: &AgreedProgram, facts: &Facts, standing: &Standing) -> Option<Award> {
    let whole = Standing { cleared: standing.held, ..*standing };
    (standing.held > 0).then(|| award(program, facts, &whole))
}

/// The agreed discount on an amount.
pub(super) fn discount_of(agreed: &AgreedDiscount, amount: i128) -> i128 {
    if amount < i128::from(agreed.minimum) {
        return 0;
    }
    let discount = down(amount, agreed.per_mille, 1_000);
    agreed.maximum.map_or(discount, |maximum| discount.min(i128::from(maximum)))
}

/// An offer stands if exactly its net amount was cleared, and shrinks with refunds.
fn confirmed(standing: &Standing) -> i128 {
    match standing.offer {
        Some(offer) if offer.net == standing.cleared => {
            (offer.discount * standing.net()).checked_div(offer.net).unwrap_or(0)
        }
        _ => 0,
    }
}
