//! The binary: parses the command line and turns errors into exit statuses.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cobrand::cli::Cli::parse().run()
}
