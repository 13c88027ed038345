//! What the tests of the console share: a browser, and a world with the worked day in a private PostgreSQL.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub(crate) mod browser;
pub(crate) mod caller;
pub(crate) mod day;
pub(crate) mod exported;
pub(crate) mod html;
pub(crate) mod world;
