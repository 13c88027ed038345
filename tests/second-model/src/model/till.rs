//! A discount at the till: offered to the question that began a purchase, given if the clearing says so.

use super::{
    fraction::{Round, share},
    rules::{Circumstances, Rules},
    told::{Says, Told},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The message.
    pub(crate) asked_by: u32,
    pub(crate) amount: i128,
    pub(crate) discount: i128,
    /// The place of its rule.
    pub(crate) rule: usize,
}

impl Offer {
    pub(crate) fn price(&self) -> i128 {
        self.amount - self.discount
    }

    /// What is given of it, where `agreed` is what the clearing comes to before refunds and `net` after them.
    pub(crate) fn given(&self, agreed: i128, net: i128) -> i128 {
        if agreed != self.price() { 0 } else { share(self.discount, (net, agreed.max(1)), Round::Down) }
    }
}

/// The offer that is made to a question, if nothing was known of the purchase before.
pub(crate) fn offer(rules: &Rules, question: &Told, of: &Circumstances) -> Option<Offer> {
    let may = question.says == Says::Ask && !question.foreign && rules.have_loyalty(of);
    let rule = rules.discounts.iter().enumerate().find(|(_, rule)| {
        rule.at_till && Some(rule.partner) == of.partner && rule.when.holds(of, question.amount)
    });
    let (place, rule) = rule.filter(|_| may)?;
    let discount = rule.worth(question.amount);
    (discount > 0).then_some(Offer { asked_by: question.id, amount: question.amount, discount, rule: place })
}
