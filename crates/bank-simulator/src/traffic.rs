//! Traffic as data: cards, merchants, purchases, and a day that is planned from them.

mod card;
mod compose;
mod day;
mod merchant;
mod mix;
mod plan_error;
mod purchase;
mod scenario;
mod seeded;
mod worked;

pub(crate) use self::compose::Run;
pub use self::{
    card::{Card, TEST_PANS, test_pan},
    day::{Day, Planned},
    merchant::Merchant,
    mix::Mix,
    plan_error::PlanError,
    purchase::{ClearAmount, Money, Part, Purchase, Step, Target, Timed},
    seeded::SeededPlan,
    worked::WorkedMerchants,
};
