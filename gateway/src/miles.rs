//! What members, staff and the clock do with miles that are booked: each is an event that a lane decides.

mod ask;
mod schedule;
mod unanswered;

pub use ask::{Adjustment, Asker, Sending, Spending, adjust, cancel, confirm, reserve, send};
pub use schedule::{MilesDone, deliver_miles, expire_miles, lapse_redemptions};
pub(crate) use unanswered::submit;
