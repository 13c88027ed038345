//! What the tests of the core share: a small world, a shell without a database, and an auditor.
#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod audit;
pub(crate) mod shell;
pub(crate) mod world;
