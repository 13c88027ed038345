//! One purchase: all that was told of it, and what that comes to, computed from nothing each time.

use jiff::civil::Date;

use super::{
    chargeback::{charged_back, claimed_back},
    clearing::cleared,
    discount::{Till, discounts},
    hold::{held, last_day},
    limits::{Claims, Room},
    lots::Lot,
    miles::{asked, granted},
    position::{Item, Positions},
    refund::refunded,
    reversal::Reversals,
    rules::{Circumstances, Miles, Rules},
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
    /// What it has of rules with a limit or a budget.
    pub(crate) claims: Claims,
    pub(crate) lot: Lot,
    /// What became of its miles, by item.
    pub(crate) moved: Positions,
    /// The day of miles that no purchase brought.
    brought: Option<Date>,
    /// What is held and not cleared.
    pub(crate) open: i128,
    /// Cleared, less what went back, as it was told: also below zero, and presented again before it was charged back.
    #[allow(dead_code, reason = "the second computation of settlement reads it")]
    pub(crate) net: i128,
}

impl Purchase {
    /// Notes what depends on when a message comes; all else is computed from the facts.
    pub(crate) fn tell(
        &mut self,
        rules: &Rules,
        told: &Told,
        reversals: &Reversals,
        tier: u8,
        room: &Room<'_>,
    ) {
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
            // Its miles have the age of what it now is.
            (self.lot.vests, self.lot.expires) = (None, None);
        }
        // The till is offered one price: in the answer to the first authorization.
        if unheard && refunded(facts, reversals) == 0 && reversals.left(told) == told.amount {
            self.offer = offer(rules, told, self.tier, room);
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

    /// Which message was answered with an offer, and the price that the till was offered.
    pub(crate) fn offered(&self) -> Option<(u32, i128)> {
        self.offer.as_ref().map(|offer| (offer.asked_by, offer.price()))
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

    /// Of miles that staff or another member gave.
    pub(crate) fn brought(told: &Told, (item, miles): (Item, i128), day: Date, lot: Lot) -> Self {
        let mut booked = Positions::default();
        booked.add(item, miles);
        Self { facts: vec![*told], booked, lot, brought: Some(day), ..Self::default() }
    }

    /// All miles that it brought.
    pub(crate) fn granted(&self) -> i128 {
        self.booked.all_miles()
    }

    pub(crate) fn open_miles(&self) -> i128 {
        self.lot.open(self.granted())
    }

    /// Miles leave the lot.
    pub(crate) fn give(&mut self, rules: &Miles, used: Option<Date>, (item, miles): (&Item, i128)) {
        self.lot.put_off(rules, used);
        self.lot.spent += miles;
        self.moved.add(item.clone(), -miles);
    }

    /// The day of the lot.
    pub(crate) fn lot_day(&self) -> Option<Date> {
        self.brought.or(self.day())
    }

    /// `room` is what caps and limits leave to this purchase, with what it has already.
    pub(crate) fn compute(&mut self, rules: &Rules, reversals: &Reversals, room: &Room<'_>) {
        let Some(of) = self.of else { return };
        let had = self.granted();
        let cleared = cleared(&self.facts, reversals);
        let back = refunded(&self.facts, reversals) + charged_back(&self.facts, reversals);
        self.net = cleared - refunded(&self.facts, reversals) - claimed_back(&self.facts, reversals);
        let held = if self.completed { 0 } else { held(&self.facts, reversals, self.offer.as_ref()) };
        self.open = if held > cleared && !self.over { held } else { 0 };
        let (booked, given) = self.worth(rules, &of, (cleared, back), room);
        let (estimate, _) = self.worth(rules, &of, (self.open, back), room);
        self.pending = Positions::awaited(&estimate, &booked);
        self.booked = booked;
        let unconfirmed = self.over && cleared == 0 && held > 0;
        if unconfirmed {
            // Nobody knows whether the till gave the discount: it stays provisional.
            let given = self.maybe_given(rules, &of, (held, back), room).into_iter();
            given.for_each(|(rule, given)| rules.discounts[rule].borne(given, &mut self.pending));
        }
        // Whatever else is authorized: the till may still take the price that it was offered.
        let asked = |offer: &&Offer| self.facts.iter().find(|fact| fact.id == offer.asked_by);
        let stands = |offer: &&Offer| asked(offer).is_some_and(|asked| reversals.left(asked) > 0);
        let may_be_given = self.offer.as_ref().filter(|_| unconfirmed || self.open > 0).filter(stands);
        let awaited = may_be_given
            .map(|offer| self.maybe_given(rules, &of, (offer.price(), back), room))
            .unwrap_or_default();
        self.claims = self.claimed(rules, &given, &awaited);
        let units = rules.tiers.as_ref().filter(|_| rules.have_loyalty(&of));
        let units = units.map_or(0, |tiers| (cleared - back).max(0) / tiers.per);
        self.booked.add(Item::qualifying(), units);
        if let Some(partner) = of.partner.filter(|_| of.is_purchase) {
            self.booked.add(Item::turnover(partner), (cleared - back).max(0));
        }
        let change = (had, self.granted());
        self.lot.follow(&rules.miles, change, (of.day, of.partner), &mut self.moved);
    }

    /// What `agreed` is worth after `back` went back, and what each discount gives of it.
    fn worth(
        &self,
        rules: &Rules,
        of: &Circumstances,
        (agreed, back): (i128, i128),
        room: &Room<'_>,
    ) -> (Positions, Vec<(usize, i128)>) {
        let net = (agreed - back).max(0);
        let mut worth = granted(&asked(rules, of, net, room), room.cap);
        let given = discounts(rules, of, (net, &self.till(agreed, net)), room);
        given.iter().for_each(|(rule, given)| rules.discounts[*rule].borne(*given, &mut worth));
        (worth, given)
    }

    /// What the till has given if it took the offer.
    fn maybe_given(
        &self,
        rules: &Rules,
        of: &Circumstances,
        (agreed, back): (i128, i128),
        room: &Room<'_>,
    ) -> Vec<(usize, i128)> {
        let net = (agreed - back).max(0);
        let mut given = discounts(rules, of, (net, &self.till(agreed, net)), room);
        given.retain(|(rule, _)| rules.discounts[*rule].at_till);
        given
    }

    /// What counts against limits and budgets: what is booked, and what the till may still give.
    fn claimed(&self, rules: &Rules, given: &[(usize, i128)], awaited: &[(usize, i128)]) -> Claims {
        let of_bonus =
            rules.bonuses.iter().map(|rule| (rule.id, self.booked.of(&Item::bonus(rule.id, rule.payer))));
        let part = |parts: &[(usize, i128)], place: usize| {
            parts.iter().find(|(of, _)| *of == place).map_or(0, |(_, part)| *part)
        };
        let of_discounts = rules
            .discounts
            .iter()
            .enumerate()
            .map(|(place, rule)| (rule.id, part(given, place).max(part(awaited, place))));
        of_bonus.chain(of_discounts).filter(|(_, has)| *has != 0).collect()
    }

    fn till(&self, agreed: i128, net: i128) -> Till {
        self.offer.as_ref().map_or(Till::Silent, |offer| offer.till(agreed, net))
    }
}
