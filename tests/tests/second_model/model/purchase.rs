//! One purchase: all that was told of it, and what that comes to, computed from nothing each time.

use jiff::civil::Date;

use super::{
    chargeback::charged_back,
    clearing::cleared,
    credit::credits,
    hold::{held, last_day},
    miles::{asked, granted},
    position::{Item, Positions},
    refund::refunded,
    reversal::Reversals,
    rules::{Circumstances, Rules},
    till::{Offer, offer},
    told::{Kind, Says, Told},
};

#[derive(Debug, Clone, Default)]
pub(crate) struct Purchase {
    /// In the order in which they were told; only the offer and the circumstances look at it.
    facts: Vec<Told>,
    offer: Option<Offer>,
    /// The day on which its open hold was given up.
    over: Option<Date>,
    pub(crate) booked: Positions,
    pub(crate) pending: Positions,
    /// What is held and not cleared.
    pub(crate) open: i128,
}

impl Purchase {
    pub(crate) fn tell(&mut self, rules: &Rules, told: &Told, reversals: &Reversals) {
        let first = self.facts.is_empty() && !reversals.names(told.id);
        self.facts.push(*told);
        if first && let Some(of) = self.circumstances() {
            self.offer = offer(rules, told, &of);
        }
    }

    /// A hold is given up if it is open and its last day has passed.
    pub(crate) fn give_up(&mut self, rules: &Rules, day: Date) {
        if self.open > 0 && last_day(&self.facts, &rules.hold).is_some_and(|last| last <= day) {
            self.over = Some(day);
        }
    }

    /// The message that began it.
    pub(crate) fn first(&self) -> Option<u32> {
        self.facts.first().map(|fact| fact.id)
    }

    pub(crate) fn has(&self, message: u32) -> bool {
        self.facts.iter().any(|fact| fact.id == message)
    }

    /// The first word on the purchase itself: money that goes back says nothing of when and what it was.
    pub(crate) fn circumstances(&self) -> Option<Circumstances> {
        let back = |fact: &&Told| !matches!(fact.says, Says::Refund | Says::ChargeBack | Says::PresentAgain);
        let first = self.facts.iter().find(back)?;
        Some(Circumstances {
            partner: first.partner,
            mcc: first.mcc,
            day: first.day,
            is_purchase: first.kind == Kind::Purchase,
        })
    }

    /// `room` is what the caps leave to this purchase, with what it has already.
    pub(crate) fn compute(&mut self, rules: &Rules, reversals: &Reversals, room: Option<i128>) {
        let Some(of) = self.circumstances() else { return };
        let cleared = cleared(&self.facts, reversals);
        let back = refunded(&self.facts, reversals) + charged_back(&self.facts, reversals);
        let held = held(&self.facts, reversals, self.offer.as_ref(), self.over, &rules.hold);
        self.open = if held > cleared { held } else { 0 };
        self.booked = self.worth(rules, &of, cleared, back, room);
        let estimate = self.worth(rules, &of, self.open, back, room);
        self.pending = Positions::awaited(&estimate, &self.booked);
        if let Some(partner) = of.partner.filter(|_| of.is_purchase) {
            self.booked.add(Item::turnover(partner), (cleared - back).max(0));
        }
        if let Some(offer) = self.offer.filter(|_| self.over.is_some() && self.open == 0) {
            self.unconfirmed(rules, &offer, cleared, reversals);
        }
    }

    /// What `agreed` is worth after `back` went back.
    fn worth(&self, rules: &Rules, of: &Circumstances, agreed: i128, back: i128, room: Option<i128>) -> Positions {
        let net = (agreed - back).max(0);
        let mut worth = granted(&asked(rules, of, net), room);
        let given = self.offer.map(|offer| (offer, offer.given(agreed, net))).filter(|(_, given)| *given > 0);
        match given {
            Some((offer, given)) => rules.discounts[offer.rule].borne(given, &mut worth),
            None => credits(rules, of, net, &mut worth),
        }
        worth
    }

    /// Of a hold that was given up nobody knows whether the till gave the discount: it stays provisional.
    fn unconfirmed(&mut self, rules: &Rules, offer: &Offer, cleared: i128, reversals: &Reversals) {
        let question = self.facts.iter().find(|fact| fact.id == offer.asked_by);
        let stands = question.is_some_and(|question| reversals.left(question) == question.amount);
        if cleared == 0 && stands {
            rules.discounts[offer.rule].borne(offer.discount, &mut self.pending);
        }
    }
}
