//! The core as the model sees it: business facts become events, and transfers become positions.

mod books;
mod events;
mod rows;
mod world;

pub(crate) use books::{Books, open};
pub(crate) use events::{event, key, number};
pub(crate) use rows::Rows;
pub(crate) use world::World;
