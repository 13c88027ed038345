//! Support of the end-to-end tests: what a stranger needs to read our files.

pub mod settlement_file;
