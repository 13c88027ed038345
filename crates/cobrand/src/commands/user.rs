//! `user add` and `user token`: staff who may sign in to the console, and keys with which they ask the API.

use std::io::BufRead;

use clap::Subcommand;

use super::assemble;
use crate::cli::{AnswerIsNo, ConfigArgs};

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
    /// Makes a token with which a person's programs ask the API, and prints it once.
    Token {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// For so many days it is good.
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
}

impl UserCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let (config, name) = match self {
            Self::Add { config, name } => (config, name),
            Self::Token { config, name, days } => return token(&config, &name, days).await,
        };
        let assembly = assemble(&config).await?;
        eprintln!("password for {name} (at least {} bytes), then Enter:", console::PASSWORD_BYTES_MIN);
        let mut password = zeroize::Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut password)?;
        console::add_user(&assembly.pool, &name, password.trim_end_matches('\n')).await?;
        println!("{name} may sign in");
        Ok(())
    }
}

async fn token(config: &ConfigArgs, name: &str, days: u32) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let token = console::new_token(&assembly.pool, name, days, jiff::Timestamp::now()).await;
    println!("{}", token.map_err(|error| AnswerIsNo(error.to_string()))?);
    eprintln!("keep it secret; it is shown this once, and good for {days} days");
    Ok(())
}
