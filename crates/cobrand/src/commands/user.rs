//! `user add`: staff who may sign in to the console.

use std::io::BufRead;

use clap::Subcommand;

use super::assemble;
use crate::cli::ConfigArgs;

/// Staff.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a person; the password is read from standard input.
    Add {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name to sign in with.
        name: String,
    },
}

impl UserCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::Add { config, name } = self;
        let assembly = assemble(&config).await?;
        eprintln!("password for {name} (at least {} bytes), then Enter:", console::PASSWORD_BYTES_MIN);
        let mut password = zeroize::Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut password)?;
        console::add_user(&assembly.pool, &name, password.trim_end_matches('\n')).await?;
        println!("{name} may sign in");
        Ok(())
    }
}
