//! The model: what a member's messages come to, from the facts alone. It knows nothing of the core.

mod caps;
mod chargeback;
mod clearing;
mod discount;
mod fraction;
mod hold;
mod hours;
mod limits;
mod lots;
mod member;
mod miles;
mod position;
mod purchase;
mod refund;
mod reversal;
pub(crate) mod rules;
mod spending;
mod till;
mod told;

pub(crate) use fraction::{Round, share};
pub(crate) use hours::within;
pub(crate) use limits::{Room, Tally};
pub(crate) use lots::Lot;
pub(crate) use member::Member;
pub(crate) use position::{Item, Positions};
pub(crate) use spending::{Piece, Spending, State};
pub(crate) use till::offer;
pub(crate) use told::{Kind, Link, Says, Told};
