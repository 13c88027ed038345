//! One purchase: all that was told of it, and what that comes to, computed from nothing each time.

use jiff::civil::Date;

use super::{
    chargeback::charged_back,
    clearing::cleared,
    discount::{Till, discounts},
    hold::{held, last_day},
    miles::{asked, granted},
    position::{Item, Positions},
    refund::refunded,
    reversal::Reversals,
    rules::{Circumstances, Rules},
    till::{Offer, offer},
    told::{Says, Told},
};

#[derive(Debug, Clone, Default)]
pub(crate) struct Purchase {
    /// In the order in which they were told; only what stands below looks at it.
    facts: Vec<Told>,
    of: Option<Circumstances>,
    offer: Option<Offer>,
    /// A completion of nothing ended it.
    completed: bool,
    /// The member's tier when it was first heard of.
    tier: u8,
    /// Its open hold was given up.
    over: bool,
    pub(crate) booked: Positions,
    pub(crate) pending: Positions,
    /// What is held and not cleared.
    pub(crate) open: i128,
}

impl Purchase {
    /// Notes what depends on when a message comes; all else is computed from the facts.
    pub(crate) fn tell(&mut self, rules: &Rules, told: &Told, reversals: &Reversals, tier: u8) {
        if self.facts.is_empty() {
            self.tier = tier;
        }
        let (facts, days) = (&self.facts, &rules.hold);
        let completes = told.says == Says::Clear && told.amount == 0 && !reversals.names(told.id);
        let unheard =
            cleared(facts, reversals) == 0 && !self.completed && !facts.iter().any(Told::is_about_hold);
        let speaks = told.is_authorization() || (told.says == Says::Clear && !completes);
        let unspoken = cleared(facts, reversals) == 0 && !facts.iter().any(Told::is_authorization);
        // Money that goes back, and what was declined or taken back, say nothing of when and what the purchase was.
        if facts.is_empty() || (unspoken && speaks) {
            self.of = Some(told.circumstances(self.tier));
        }
        // The till is offered one price: in the answer to the first authorization.
        if unheard && refunded(facts, reversals) == 0 && reversals.left(told) == told.amount {
            self.offer = offer(rules, told, self.tier);
        }
        // An authorization that prolongs a hold opens it again.
        if told.is_authorization() && last_day(facts, days) < last_day(&[*told], days) {
            self.over = false;
        }
        self.completed |= completes;
        self.facts.push(*told);
    }

    /// A hold is given up if it is open and its last day has passed.
    pub(crate) fn give_up(&mut self, rules: &Rules, day: Date) -> bool {
        let is_over = self.open > 0 && last_day(&self.facts, &rules.hold).is_some_and(|last| last <= day);
        self.over |= is_over;
        is_over
    }

    /// The price that the till was offered.
    pub(crate) fn offered(&self) -> Option<i128> {
        self.offer.as_ref().map(Offer::price)
    }

    pub(crate) fn day(&self) -> Option<Date> {
        self.of.map(|of| of.day)
    }

    /// The message that began it.
    pub(crate) fn first(&self) -> Option<u32> {
        self.facts.first().map(|fact| fact.id)
    }

    pub(crate) fn has(&self, message: u32) -> bool {
        self.facts.iter().any(|fact| fact.id == message)
    }

    /// `room` is what the caps leave to this purchase, with what it has already.
    pub(crate) fn compute(&mut self, rules: &Rules, reversals: &Reversals, room: Option<i128>) {
        let Some(of) = self.of else { return };
        let cleared = cleared(&self.facts, reversals);
        let back = refunded(&self.facts, reversals) + charged_back(&self.facts, reversals);
        let held = if self.completed { 0 } else { held(&self.facts, reversals, self.offer.as_ref()) };
        self.open = if held > cleared && !self.over { held } else { 0 };
        self.booked = self.worth(rules, &of, cleared, back, room);
        let estimate = self.worth(rules, &of, self.open, back, room);
        self.pending = Positions::awaited(&estimate, &self.booked);
        if self.over && cleared == 0 {
            // Nobody knows whether the till gave the discount: it stays provisional.
            let net = (held - back).max(0);
            let given = discounts(rules, &of, net, &self.till(held, net)).into_iter();
            let at_till = given.filter(|(rule, _)| rules.discounts[*rule].at_till);
            at_till.for_each(|(rule, given)| rules.discounts[rule].borne(given, &mut self.pending));
        }
        let units = rules.tiers.as_ref().filter(|_| rules.have_loyalty(&of));
        let units = units.map_or(0, |tiers| (cleared - back).max(0) / tiers.per);
        self.booked.add(Item::qualifying(), units);
        if let Some(partner) = of.partner.filter(|_| of.is_purchase) {
            self.booked.add(Item::turnover(partner), (cleared - back).max(0));
        }
    }

    /// What `agreed` is worth after `back` went back.
    fn worth(
        &self,
        rules: &Rules,
        of: &Circumstances,
        agreed: i128,
        back: i128,
        room: Option<i128>,
    ) -> Positions {
        let net = (agreed - back).max(0);
        let mut worth = granted(&asked(rules, of, net), room);
        for (rule, given) in discounts(rules, of, net, &self.till(agreed, net)) {
            rules.discounts[rule].borne(given, &mut worth);
        }
        worth
    }

    fn till(&self, agreed: i128, net: i128) -> Till {
        self.offer.as_ref().map_or(Till::Silent, |offer| offer.till(agreed, net))
    }
}
