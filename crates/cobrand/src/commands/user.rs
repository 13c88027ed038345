//! `user`: people who may sign in to the console, what they are trusted with, and keys with which they ask the API.

use std::io::BufRead;

use clap::{Args, Subcommand};
use console::{Deed, TokenTerms};
use domain::{Role, Roles};
use serde_json::json;
use store::{
    TokenScope,
    audit::OPERATOR,
    staff::{Account, Subject},
};

use super::{
    assemble,
    staff::{STAFF_PASSWORD_FILE, StaffArgs},
};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
};

/// Staff, and people of partners.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a person; the password is read from standard input.
    Add {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name to sign in with.
        name: String,
        /// What the person is trusted with; may be given several times. Without it: viewer.
        #[arg(long = "role", value_parser = role, value_name = "ROLE")]
        roles: Vec<Role>,
        /// Somebody of this partner, by its code: sees what concerns that partner, and has no role.
        #[arg(long, conflicts_with = "roles", value_name = "CODE")]
        partner: Option<String>,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Gives a person these roles and no others. Open sessions end.
    Roles {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// The roles: viewer, reconciler, approver, program_manager, auditor, administrator. None takes all away.
        #[arg(value_parser = role, value_name = "ROLE")]
        roles: Vec<Role>,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Gives a person another password, which is read from standard input. Open sessions end.
    Password {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Locks a person out: no sign-in, no open session and no token counts from now on.
    Lock {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// Lets the person in again, as `user unlock` does.
        #[arg(long)]
        undo: bool,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Lets a person in again, and forgets failed sign-ins under the name.
    Unlock {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Takes a person's second factor away, such as when the telephone is lost. Open sessions end.
    DropSecondFactor {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
    /// Lists everybody with roles or partner, and who is locked.
    List {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes a token with which a person's programs ask the API, and prints it once.
    Token {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name.
        name: String,
        /// What the token is called, so that you know which program has it.
        #[arg(long = "name", default_value = "", value_name = "LABEL")]
        label: String,
        /// What it may do: read; or read and propose; or read and decide.
        #[arg(long, value_parser = scope, default_value = "read", value_name = "SCOPE")]
        may: TokenScope,
        /// For so many days it is good: 90 without it, and one day, never more, if it decides.
        #[arg(long)]
        days: Option<u32>,
        /// Takes back all tokens of the person instead.
        #[arg(long, conflicts_with = "days")]
        revoke: bool,
        /// Who does it.
        #[command(flatten)]
        by: Administrator,
    },
}

/// Who changes a user. Whoever holds the configuration may do without a name, and the audit then says `operator`: so the
/// first administrator is made, and the last one's lost password is replaced.
#[derive(Debug, Clone, Args)]
pub struct Administrator {
    /// Your own name, of an administrator; the audit names you then.
    // No variable of the environment stands for it: one that is set for other commands would be asked for here, too.
    #[arg(id = "administrator", long = "as", value_name = "NAME")]
    name: Option<String>,
    /// A file with your password; without it the password is read from standard input, before anything else.
    #[arg(id = "administrator_password", long = "password-file", env = STAFF_PASSWORD_FILE, value_name = "FILE")]
    password_file: Option<std::path::PathBuf>,
}

impl Administrator {
    async fn named(self, assembly: &Assembly) -> anyhow::Result<String> {
        let Some(name) = self.name else { return Ok(OPERATOR.to_owned()) };
        let staff = StaffArgs { name, password_file: self.password_file };
        Ok(staff.authenticate(assembly, Deed::KeepStaff).await?.to_owned())
    }
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("expected one of {}", Roles::ALL.names().join(", ")))
}

impl UserCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { config, name, roles, partner, by } => add(&config, &name, &roles, partner, by).await,
            Self::Roles { config, name, roles, by } => {
                let assembly = assemble(&config).await?;
                let (by, roles) = (by.named(&assembly).await?, roles.into_iter().collect());
                console::set_roles(&assembly.pool, &name, roles, &by).await.map_err(no)?;
                println!("{name}: {}", words(roles));
                Ok(())
            }
            Self::Password { config, name, by } => {
                let assembly = assemble(&config).await?;
                let by = by.named(&assembly).await?;
                let password = new_password(&name)?;
                console::set_password_as(&assembly.pool, &name, &password, &by).await.map_err(no)?;
                println!("{name} has another password");
                Ok(())
            }
            Self::Lock { config, name, undo, by } => lock(&config, &name, !undo, by).await,
            Self::Unlock { config, name, by } => lock(&config, &name, false, by).await,
            Self::DropSecondFactor { config, name, by } => {
                let assembly = assemble(&config).await?;
                let by = by.named(&assembly).await?;
                if !store::staff::drop_second_factor(&assembly.pool, &name, &by).await? {
                    return Err(AnswerIsNo(format!("{name} has no second factor")).into());
                }
                println!("{name} has no second factor any more");
                Ok(())
            }
            Self::List { config, json } => list(&config, json).await,
            Self::Token { config, name, revoke: true, by, .. } => {
                let assembly = assemble(&config).await?;
                let by = by.named(&assembly).await?;
                if store::staff::account(&assembly.pool, &name).await?.is_none() {
                    return Err(AnswerIsNo(format!("there is no user {name}; nothing was done")).into());
                }
                let taken = console::revoke_tokens(&assembly.pool, &name, &by).await?;
                println!("{taken} tokens of {name} do not count any more");
                Ok(())
            }
            Self::Token { config, name, label, may, days, by, .. } => {
                let days = days.unwrap_or(if may == TokenScope::Decide { 1 } else { 90 });
                token(&config, &name, TokenTerms { may, label: &label, days }, by).await
            }
        }
    }
}

async fn add(
    config: &ConfigArgs,
    name: &str,
    roles: &[Role],
    partner: Option<String>,
    by: Administrator,
) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let partner = match partner {
        None => None,
        Some(code) => {
            let known = assembly.codes.partners.get(&code).copied();
            let unknown =
                || WrongUse(format!("--partner {code:?}: no partner of the configuration has this code"));
            Some(known.ok_or_else(unknown)?)
        }
    };
    let roles = match (partner, roles) {
        (Some(_), _) => Roles::NONE,
        (None, []) => Roles::from_iter([Role::Viewer]),
        (None, roles) => roles.iter().copied().collect(),
    };
    let by = by.named(&assembly).await?;
    let password = new_password(name)?;
    let new = console::NewUser { name, password: &password, roles, partner, by: &by };
    console::add_user_as(&assembly.pool, &new).await.map_err(no)?;
    println!(
        "{name} may sign in: {}",
        if partner.is_some() { "of a partner".to_owned() } else { words(roles) }
    );
    Ok(())
}

async fn lock(config: &ConfigArgs, name: &str, locked: bool, by: Administrator) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let (by, now) = (by.named(&assembly).await?, jiff::Timestamp::now());
    console::lock_user_as(&assembly.pool, name, locked, now, &by).await.map_err(no)?;
    if !locked {
        for failed in [Subject::Name(name), Subject::Proof(name)] {
            store::staff::forget_attempts(&assembly.pool, failed).await?;
        }
    }
    println!("{name} {}", if locked { "is locked out" } else { "may sign in again" });
    Ok(())
}

fn words(roles: Roles) -> String {
    if roles.is_empty() { "no role".to_owned() } else { roles.names().join(", ") }
}

async fn list(config: &ConfigArgs, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let accounts = store::staff::accounts(&assembly.pool).await?;
    if as_json {
        println!("{}", accounts.iter().map(one).collect::<serde_json::Value>());
        return Ok(());
    }
    for account in &accounts {
        let trusted = match &account.partner {
            Some((_, code)) => format!("of {code}"),
            None => words(account.roles),
        };
        let second = if account.has_second_factor { ", second factor" } else { "" };
        let locked = if account.is_locked { ", LOCKED" } else { "" };
        println!("{}: {trusted}{second}{locked}", account.name);
    }
    Ok(())
}

fn one(account: &Account) -> serde_json::Value {
    json!({
        "name": account.name,
        "roles": account.roles.names(),
        "partner": account.partner.as_ref().map(|(_, code)| code),
        "second_factor": account.has_second_factor,
        "locked": account.is_locked,
    })
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

fn scope(text: &str) -> Result<TokenScope, String> {
    TokenScope::parse(text).ok_or_else(|| "expected read, propose or decide".to_owned())
}

async fn token(
    config: &ConfigArgs,
    name: &str,
    terms: TokenTerms<'_>,
    by: Administrator,
) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let by = by.named(&assembly).await?;
    let token = console::new_scoped_token(&assembly.pool, name, terms, jiff::Timestamp::now(), &by).await;
    println!("{}", token.map_err(|error| AnswerIsNo(error.to_string()))?);
    eprintln!("keep it secret; it is shown this once, and good for {} days", terms.days);
    Ok(())
}
