//! The web console of reconciliation staff.
