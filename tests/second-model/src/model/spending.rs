//! Miles that leave their lots together: a member spends or sends them, or staff take them.

use jiff::{
    ToSpan,
    civil::{Date, DateTime},
};

use super::{
    member::Member,
    position::Item,
    rules::Rules,
    told::{Says, Told},
};

/// What one lot gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Piece {
    /// The purchase.
    pub(crate) of: u32,
    pub(crate) miles: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Reserved,
    Done,
    GivenBack,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spending {
    pub(crate) state: State,
    /// Sent to another member, and not paid with.
    pub(crate) is_sent: bool,
    /// What they pay, in minor units.
    pub(crate) worth: i128,
    until: Option<DateTime>,
    pub(crate) pieces: Vec<Piece>,
}

impl Member {
    pub(crate) fn spend(&mut self, rules: &Rules, told: &Told, miles: i128) {
        let Some(redemption) = &rules.redemption else { return };
        let worth = miles * redemption.value;
        let amount = told.billed.unwrap_or(told.amount);
        let pays_too_much = told.amount > 0 && worth > amount * redemption.share / 100;
        let unknown = told.amount > 0 && told.foreign && told.billed.is_none();
        if miles < redemption.least || pays_too_much || unknown {
            return;
        }
        let Some(pieces) = self.take(rules, told, miles, &Item::redeemed()) else { return };
        let until = Some(told.at() + redemption.minutes.minutes());
        self.used = self.used.max(Some(told.day));
        let spending = Spending { state: State::Reserved, is_sent: false, worth, until, pieces };
        self.spendings.insert(told.id, spending);
    }

    pub(crate) fn send(&mut self, rules: &Rules, told: &Told, (miles, to): (i128, u32)) {
        if miles == 0 || Some(to) == told.member {
            return;
        }
        let Some(pieces) = self.take(rules, told, miles, &Item::moved()) else { return };
        let spending = Spending { state: State::Reserved, is_sent: true, worth: 0, until: None, pieces };
        self.spendings.insert(told.id, spending);
    }

    /// All of it or nothing: first what is owed is made good, then the first to expire give. Miles that may not be
    /// spent yet are good enough for a debt.
    pub(crate) fn take(
        &mut self,
        rules: &Rules,
        told: &Told,
        miles: i128,
        as_item: &Item,
    ) -> Option<Vec<Piece>> {
        let before = self.purchases.clone();
        let givers = self.givers(rules);
        self.make_good(rules, &givers, told.day);
        let (mut left, mut pieces) = (miles, Vec::new());
        for of in givers {
            let purchase = self.purchases.get_mut(&of).unwrap();
            let there = purchase.lot.spendable(&rules.miles, purchase.granted(), (told.day, self.used));
            let gives = there.min(left);
            left -= gives;
            if gives > 0 {
                purchase.give(&rules.miles, self.used, (as_item, gives));
                pieces.push(Piece { of, miles: gives });
            }
        }
        if left > 0 {
            self.purchases = before;
            return None;
        }
        Some(pieces)
    }

    /// The first to expire first; of equals the older, and of one day that of which the bank has spoken first.
    fn givers(&self, rules: &Rules) -> Vec<u32> {
        let mut givers: Vec<u32> = self.purchases.keys().copied().collect();
        givers.sort_by_key(|number| {
            let purchase = &self.purchases[number];
            let gone = purchase.lot.gone_on(&rules.miles, self.used);
            let sent = purchase.first().and_then(|first| self.sent.get(&first));
            (gone.is_none(), gone, purchase.lot_day(), sent.copied(), purchase.first())
        });
        givers
    }

    fn make_good(&mut self, rules: &Rules, givers: &[u32], day: Date) {
        let mut owed = 0;
        for purchase in self.purchases.values_mut() {
            let debt = (-purchase.open_miles()).max(0);
            if debt > 0 {
                owed += debt;
                purchase.lot.put_off(&rules.miles, self.used);
            }
        }
        for of in givers {
            let purchase = self.purchases.get_mut(of).unwrap();
            let there = purchase.lot.there(&rules.miles, purchase.granted(), (day, self.used));
            let covers = there.min(owed);
            owed -= covers;
            if covers > 0 {
                purchase.give(&rules.miles, self.used, (&Item::covered(), covers));
            }
        }
        // Of several debts the first to expire is made good first.
        let made_good =
            self.purchases.values().map(|purchase| (-purchase.open_miles()).max(0)).sum::<i128>() - owed;
        let mut left = made_good;
        for of in givers {
            let purchase = self.purchases.get_mut(of).unwrap();
            let debt = (-purchase.open_miles()).max(0).min(left);
            left -= debt;
            purchase.lot.covered += debt;
            purchase.moved.add(Item::covered(), debt);
        }
    }

    pub(crate) fn end_spending(&mut self, rules: &Rules, told: &Told) {
        let (Says::Confirm { of } | Says::Cancel { of } | Says::Lapse { of }) = told.says else { return };
        let Some(spending) = self.spendings.get_mut(&of) else { return };
        let waits = spending.state == State::Reserved;
        let gives_back = match told.says {
            Says::Confirm { .. } if waits => {
                spending.state = State::Done;
                false
            }
            Says::Cancel { .. } => !spending.is_sent && spending.state != State::GivenBack,
            Says::Lapse { .. } => waits && spending.until.is_some_and(|until| until <= told.at()),
            _ => false,
        };
        if !gives_back {
            return;
        }
        spending.state = State::GivenBack;
        for piece in &spending.pieces {
            let purchase = self.purchases.get_mut(&piece.of).unwrap();
            let granted = purchase.granted();
            purchase.lot.spent -= piece.miles;
            purchase.moved.add(Item::redeemed(), piece.miles);
            purchase.lot.bear(rules.miles.bearer, granted, &mut purchase.moved);
        }
    }

    /// Staff give miles, or take some.
    pub(crate) fn adjust(&mut self, rules: &Rules, told: &Told, (miles, by): (i128, Option<i32>)) {
        let item = Item::adjusted(by);
        if miles < 0 {
            self.take(rules, told, -miles, &item);
        } else if miles > 0 {
            // There is nothing that could be returned to a shop: they may be spent at once.
            let age = (told.day, None, rules.miles.expire(told.day));
            self.open_lot(told, (item, miles), age);
        }
    }
}
