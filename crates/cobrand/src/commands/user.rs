//! `user`: staff who may sign in to the console, and keys with which they ask the API.

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
    /// Gives a person another password, which is read from standard input. Open sessions stay: lock for that.
    Password {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
    },
    /// Locks a person out: no sign-in, no open session and no token counts from now on.
    Lock {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// Lets the person in again.
        #[arg(long)]
        undo: bool,
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
        /// Takes back all tokens of the person instead.
        #[arg(long, conflicts_with = "days")]
        revoke: bool,
    },
}

impl UserCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { config, name } => {
                let assembly = assemble(&config).await?;
                console::add_user(&assembly.pool, &name, &new_password(&name)?).await.map_err(no)?;
                println!("{name} may sign in");
            }
            Self::Password { config, name } => {
                let assembly = assemble(&config).await?;
                console::set_password(&assembly.pool, &name, &new_password(&name)?).await.map_err(no)?;
                println!("{name} has another password");
            }
            Self::Lock { config, name, undo } => {
                let assembly = assemble(&config).await?;
                let now = jiff::Timestamp::now();
                console::lock_user(&assembly.pool, &name, !undo, now).await.map_err(no)?;
                println!("{name} {}", if undo { "may sign in again" } else { "is locked out" });
            }
            Self::Token { config, name, revoke: true, .. } => {
                let assembly = assemble(&config).await?;
                let taken = console::revoke_tokens(&assembly.pool, &name).await?;
                println!("{taken} tokens of {name} do not count any more");
            }
            Self::Token { config, name, days, .. } => return token(&config, &name, days).await,
        }
        Ok(())
    }
}

/// What the person, or the operator, has to give otherwise: the answer is no.
fn no(error: console::AddUserError) -> anyhow::Error {
    match error {
        console::AddUserError::Store(error) => error.into(),
        error => AnswerIsNo(error.to_string()).into(),
    }
}

fn new_password(name: &str) -> anyhow::Result<zeroize::Zeroizing<String>> {
    eprintln!("password for {name} (at least {} bytes), then Enter:", console::PASSWORD_BYTES_MIN);
    let mut password = zeroize::Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut password)?;
    let length = password.trim_end_matches(['\r', '\n']).len();
    password.truncate(length);
    Ok(password)
}

async fn token(config: &ConfigArgs, name: &str, days: u32) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let token = console::new_token(&assembly.pool, name, days, jiff::Timestamp::now()).await;
    println!("{}", token.map_err(|error| AnswerIsNo(error.to_string()))?);
    eprintln!("keep it secret; it is shown this once, and good for {days} days");
    Ok(())
}
