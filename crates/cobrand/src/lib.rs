//! The wiring of the one binary: configuration, roles, command line, demo and bench.
#![forbid(unsafe_code)]
// Printing is what a command line is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod admin;
pub mod assembly;
pub mod backtest;
mod bank_codes;
pub mod bench;
pub mod certs;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod observe;
