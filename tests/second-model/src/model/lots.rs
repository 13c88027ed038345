//! The miles of a purchase after they were booked: they keep its age, wherever they go.

use jiff::{ToSpan, civil::Date};

use super::{
    position::{Item, Positions},
    rules::{Expiry, Miles, Payer},
};

/// What has gone of a purchase's miles, and when the rest may be spent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lot {
    /// Spent, sent, taken by staff, or used for another purchase's debt.
    pub(crate) spent: i128,
    pub(crate) expired: i128,
    /// A debt that other purchases made good.
    pub(crate) covered: i128,
    /// A debt that somebody bears in the member's place.
    pub(crate) borne: i128,
    /// The first day on which they may be spent.
    pub(crate) vests: Option<Date>,
    /// The first day on which they are gone.
    pub(crate) expires: Option<Date>,
}

impl Miles {
    pub(crate) fn vest(&self, day: Date, partner: Option<i32>) -> Option<Date> {
        let own = self.vesting_at.iter().find(|(of, _)| Some(*of) == partner);
        let days = own.map_or(self.vesting, |(_, days)| *days);
        (days > 0).then(|| day + days.days())
    }

    pub(crate) fn expire(&self, day: Date) -> Option<Date> {
        let last = match self.expiry? {
            Expiry::Age(months) | Expiry::Disuse(months) => day + months.months(),
            Expiry::AgeToMonthEnd(months) => (day + months.months()).last_of_month(),
            Expiry::Yearly(month, on) => {
                let this_year = Date::new(day.year(), month, on).unwrap();
                if this_year < day { this_year + 1.year() } else { this_year }
            }
        };
        Some(last + 1.day())
    }

    /// Until when the last use of the account keeps all of its miles, if that counts.
    fn kept_until(&self, used: Option<Date>) -> Option<Date> {
        used.filter(|_| matches!(self.expiry, Some(Expiry::Disuse(_)))).and_then(|used| self.expire(used))
    }
}

impl Lot {
    /// As it is compared: which days nothing has is of no interest.
    pub(crate) fn compared(&self, granted: i128) -> Self {
        let days = if granted > 0 { (self.vests, self.expires) } else { (None, None) };
        Self { vests: days.0, expires: days.1, ..self.clone() }
    }

    /// Of `granted` miles what is left; less than nothing is owed.
    pub(crate) fn open(&self, granted: i128) -> i128 {
        granted - self.spent - self.expired + self.covered + self.borne
    }

    /// After the purchase's miles have changed: what this moves beside them.
    pub(crate) fn follow(
        &mut self,
        miles: &Miles,
        (had, granted): (i128, i128),
        (day, partner): (Date, Option<i32>),
        moved: &mut Positions,
    ) {
        // What had expired was not the member's any more, so it goes first.
        let absorbed = (had - granted).clamp(0, self.expired);
        self.expired -= absorbed;
        moved.add(Item::expired(), absorbed);
        if granted > 0 && self.vests.is_none() && self.expires.is_none() {
            self.vests = miles.vest(day, partner);
            self.expires = miles.expire(day);
        }
        self.bear(miles.bearer, granted, moved);
    }

    /// Where nobody may owe miles, the bearer has all that is missing, and no more.
    pub(crate) fn bear(&mut self, bearer: Option<Payer>, granted: i128, moved: &mut Positions) {
        let Some(bearer) = bearer else { return };
        let missing = (self.borne - self.open(granted)).max(0);
        moved.add(Item::borne(bearer), missing - self.borne);
        self.borne = missing;
    }

    /// Somebody looks whether the time is over; an account in use keeps its miles.
    pub(crate) fn expire(
        &mut self,
        miles: &Miles,
        granted: i128,
        (day, used): (Date, Option<Date>),
        moved: &mut Positions,
    ) {
        let open = self.open(granted);
        if open <= 0 || self.expires.is_none_or(|first| day < first) {
            return;
        }
        match miles.kept_until(used) {
            Some(first) if day < first => self.expires = Some(first),
            _ => {
                self.expired += open;
                moved.add(Item::expired(), -open);
            }
        }
    }

    /// The day on which it will be gone: the scheduler may be late in putting it off.
    pub(crate) fn gone_on(&self, miles: &Miles, used: Option<Date>) -> Option<Date> {
        self.expires.map(|first| miles.kept_until(used).map_or(first, |kept| kept.max(first)))
    }

    /// What the member has of it, whether or not it may be spent.
    pub(crate) fn there(&self, miles: &Miles, granted: i128, (day, used): (Date, Option<Date>)) -> i128 {
        let gone = self.gone_on(miles, used).is_some_and(|first| first <= day);
        if gone { 0 } else { self.open(granted).max(0) }
    }

    pub(crate) fn spendable(&self, miles: &Miles, granted: i128, when: (Date, Option<Date>)) -> i128 {
        let vested = self.vests.is_none_or(|first| first <= when.0);
        if vested { self.there(miles, granted, when) } else { 0 }
    }

    /// Whoever touches a lot notes how long the account's use keeps it.
    pub(crate) fn put_off(&mut self, miles: &Miles, used: Option<Date>) {
        self.expires = self.gone_on(miles, used);
    }
}
