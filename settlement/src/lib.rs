//! Close of day and the settlement files.
