//! A discount at the till: offered to the question that began a purchase, given if the clearing says so.

use super::{
    discount::{Till, discounts},
    fraction::{Round, share},
    limits::Room,
    rules::Rules,
    told::{Says, Told},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The message.
    pub(crate) asked_by: u32,
    amount: i128,
    /// What each rule gives, by its place in the file.
    parts: Vec<(usize, i128)>,
}

impl Offer {
    fn discount(&self) -> i128 {
        self.parts.iter().map(|(_, part)| part).sum()
    }

    pub(crate) fn price(&self) -> i128 {
        self.amount - self.discount()
    }

    /// What became of it, where `agreed` is what the clearing comes to before refunds and `net` after them.
    pub(crate) fn till(&self, agreed: i128, net: i128) -> Till {
        if agreed != self.price() || agreed == 0 {
            return Till::Offered(self.amount);
        }
        // A refund takes it back in proportion; each rule has its share of what is left, in floored sums.
        let left = share(self.discount(), (net, agreed), Round::Down);
        let until = |place: usize| -> i128 {
            let offered: i128 = self.parts[..place].iter().map(|(_, part)| part).sum();
            share(left, (offered, self.discount()), Round::Down)
        };
        let parts = self.parts.iter().enumerate();
        let parts = parts.map(|(place, (rule, _))| (*rule, until(place + 1) - until(place)));
        Till::Gave(self.amount, parts.collect())
    }
}

/// The offer that is made to a question.
pub(crate) fn offer(rules: &Rules, question: &Told, tier: u8, room: &Room<'_>) -> Option<Offer> {
    let of = question.circumstances(tier);
    let mut parts = discounts(rules, &of, (question.amount, &Till::Asks), room);
    parts.retain(|(rule, _)| rules.discounts[*rule].at_till);
    let offer = Offer { asked_by: question.id, amount: question.amount, parts };
    // What would leave nothing to pay is not offered.
    let reduces = offer.discount() > 0 && offer.price() > 0;
    (question.says == Says::Ask && !question.foreign && reduces).then_some(offer)
}
