//! A day that is made up from a seed.

use jiff::{
    ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    card::Card,
    day::Day,
    merchant::Merchant,
    mix::Mix,
    plan_error::PlanError,
    purchase::{Money, Purchase, Step, Timed},
    scenario::Scenario,
};
use crate::random::SplitMix64;

/// The MCC of cash.
const CASH: &str = "6011";
/// Foreign currencies with what 100 of their minor units cost in the bank's minor units. Made up.
const FOREIGN: [(&str, u64); 2] = [("840", 9_500), ("978", 10_300)];
/// Amounts in minor units, each band with its weight.
const AMOUNTS: [(u64, u64, u32); 4] =
    [(10_000, 99_999, 45), (100_000, 499_999, 35), (500_000, 1_999_999, 15), (2_000_000, 9_999_999, 5)];
/// The first second of the local day at which a purchase begins.
const BEGIN_MIN: u64 = 10 * 60;
/// The last one: six messages, 20 minutes apart at most, stay within the day.
const BEGIN_MAX: u64 = 78_000;
/// Seconds between two messages of a purchase.
const APART: (u64, u64) = (20, 1_200);

/// What a seeded day is made from.
#[derive(Clone, Debug)]
pub struct SeededPlan {
    /// The seed: all that is chance comes from it.
    pub seed: u64,
    /// All local times are within this date.
    pub business_date: Date,
    /// The zone of the local times.
    pub zone: TimeZone,
    /// The cards; each is used as often as any other. Some should not be members.
    pub cards: Vec<Card>,
    /// The merchants, used by their weights.
    pub merchants: Vec<Merchant>,
    /// How many purchases.
    pub purchases: usize,
    /// The bank's currency: DE49, or DE51 where a purchase is in a foreign one.
    pub currency: String,
    /// How often each kind of purchase comes.
    pub mix: Mix,
    /// DE11 of the first message. Two days that one gateway sees need different numbers or dates.
    pub first_stan: u32,
}

impl SeededPlan {
    /// Makes the day.
    ///
    /// # Errors
    ///
    /// As [`Day::new`].
    pub fn plan(&self) -> Result<Day, PlanError> {
        let mut random = SplitMix64::new(self.seed);
        // More cannot be numbered; `Day::new` would refuse them after they have been made.
        if self.purchases > 999_999 {
            return Err(PlanError::TooManyMessages { messages: self.purchases });
        }
        let weights = Scenario::weights(&self.mix);
        let purchases = (1..=self.purchases)
            .map(|number| {
                let kind = random.weighted(&weights, |(_, weight)| *weight);
                let kind = kind.map_or(Scenario::Plain, |(scenario, _)| *scenario);
                self.purchase(number, kind, &mut random)
            })
            .collect();
        Day::new(
            self.business_date,
            self.zone.clone(),
            self.cards.clone(),
            self.merchants.clone(),
            purchases,
            self.first_stan,
        )
    }

    fn purchase(&self, number: usize, kind: Scenario, random: &mut SplitMix64) -> Purchase {
        let card = self.cards.len();
        let card = usize::try_from(random.below(u64::try_from(card).unwrap_or(u64::MAX))).unwrap_or_default();
        let minor = amount(random);
        let (amount, billing) = if kind.is_foreign() {
            let (currency, rate) = if random.happens(600) { FOREIGN[0] } else { FOREIGN[1] };
            // In a foreign currency a tenth of the number still is a large amount.
            let minor = minor / 10;
            (Money::new(minor, currency), Some(Money::new(minor * rate / 100, &self.currency)))
        } else {
            (Money::new(minor, &self.currency), None)
        };
        let processing_code = if kind == Scenario::Cash { "010000" } else { "000000" };
        let merchant = self.merchant(kind, random);
        let steps = self.timed(kind.steps(random), random);
        Purchase {
            id: format!("S{number}"),
            card,
            merchant,
            processing_code: processing_code.to_owned(),
            amount,
            billing,
            steps,
        }
    }

    fn merchant(&self, kind: Scenario, random: &mut SplitMix64) -> usize {
        let all: Vec<(usize, &Merchant)> = self.merchants.iter().enumerate().collect();
        let cash: Vec<_> = all.iter().copied().filter(|(_, merchant)| merchant.mcc == CASH).collect();
        let among = if kind == Scenario::Cash && !cash.is_empty() { &cash } else { &all };
        random.weighted(among, |(_, merchant)| merchant.weight).map_or(0, |(index, _)| *index)
    }

    /// Gives the messages their times, and repeats some.
    fn timed(&self, steps: Vec<Step>, random: &mut SplitMix64) -> Vec<Timed> {
        let mut second = random.between(BEGIN_MIN, BEGIN_MAX);
        let mut timed = Vec::with_capacity(steps.len());
        for step in steps {
            let repeated = step == Step::RepeatLast;
            if !timed.is_empty() && !repeated {
                second += random.between(APART.0, APART.1);
            }
            let at = time_of_day(self.business_date, second);
            timed.push(Timed { at, step });
            if !repeated && random.happens(self.mix.repeat_per_mille.into()) {
                timed.push(Timed { at, step: Step::RepeatLast });
            }
        }
        timed
    }
}

impl Day {
    /// A day of `purchases` made up from `seed`, with the default [`Mix`] and in Russian rubles. Those who need
    /// another currency, mix or numbering make a [`SeededPlan`].
    ///
    /// # Errors
    ///
    /// As [`Day::new`].
    pub fn seeded(
        seed: u64,
        business_date: Date,
        zone: TimeZone,
        cards: Vec<Card>,
        merchants: Vec<Merchant>,
        purchases: usize,
    ) -> Result<Self, PlanError> {
        SeededPlan {
            seed,
            business_date,
            zone,
            cards,
            merchants,
            purchases,
            currency: "643".to_owned(),
            mix: Mix::default(),
            first_stan: 1,
        }
        .plan()
    }
}

fn amount(random: &mut SplitMix64) -> u64 {
    let band = random.weighted(&AMOUNTS, |(_, _, weight)| *weight);
    band.map_or(10_000, |(low, high, _)| random.between(*low, *high))
}

fn time_of_day(date: Date, second: u64) -> DateTime {
    let second = i64::try_from(second).unwrap_or_default();
    let midnight = date.at(0, 0, 0, 0);
    midnight.saturating_add(second.seconds())
}
