//! What members, staff and the clock do with miles that are booked: each is an event that a lane decides.

mod ask;
mod holding;
mod pool;
mod schedule;
mod unanswered;

pub use ask::{Adjustment, Asker, Sending, Spending, adjust, cancel, confirm, reserve, send};
pub(crate) use holding::{barred, holdings, program_in_force};
pub use pool::{Pooled, begin_pool, cancel_pooled, confirm_pooled, drive_pool, finish_pools, reserve_pooled};
pub use schedule::{MilesDone, deliver_miles, expire_miles, lapse_redemptions};
pub(crate) use unanswered::submit;
