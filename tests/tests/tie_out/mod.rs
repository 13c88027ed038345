//! What pages must show, as computed by those who know only what the bank sent and what was agreed; and how pages are
//! compared with it.

pub(crate) mod audited;
pub(crate) mod cycles;
pub(crate) mod must;
pub(crate) mod pages;
