//! The auditor against the worked day, against injected losses and doubles, and against every order of messages.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "auditor/days.rs"]
mod days;
#[path = "auditor/injected.rs"]
mod injected;
#[path = "auditor/orders.rs"]
mod orders;
#[path = "auditor/pending.rs"]
mod pending;
#[path = "auditor/rules.rs"]
mod rules;
#[path = "auditor/worked_day.rs"]
mod worked_day;
