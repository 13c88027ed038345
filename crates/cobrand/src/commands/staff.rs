//! A person of the staff at the command line: the name is an option, the password comes from a file or standard input.

use std::{io::BufRead, path::PathBuf};

use clap::Args;
use console::Deed;
use store::audit::OPERATOR;
use zeroize::Zeroizing;

use crate::{assembly::Assembly, cli::AnswerIsNo};

/// The variable that stands for `--as`.
pub(crate) const STAFF_NAME: &str = "COBRAND_STAFF";
/// The variable that stands for `--password-file`.
pub(crate) const STAFF_PASSWORD_FILE: &str = "COBRAND_STAFF_PASSWORD_FILE";

/// Whom the audit names where no person of the staff does it: the user of the operating system, as `--by` has him.
pub(crate) fn operator(named: &str) -> &str {
    // A variable of the environment that is set to nothing names nobody.
    if named.is_empty() { OPERATOR } else { named }
}

/// Who does it.
#[derive(Debug, Clone, Args)]
pub struct StaffArgs {
    /// The name with which this person signs in to the console.
    #[arg(id = "staff_name", long = "as", env = STAFF_NAME, value_name = "NAME")]
    pub(crate) name: String,
    /// A file with the password; without it the password is read from standard input.
    #[arg(long, env = STAFF_PASSWORD_FILE, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

impl StaffArgs {
    /// The name, if the password is this person's and a role of his is trusted with the deed.
    pub(crate) async fn authenticate(&self, assembly: &Assembly, deed: Deed) -> anyhow::Result<&str> {
        let Self { name, password_file } = self;
        let mut password = Zeroizing::new(String::new());
        match password_file {
            Some(path) => *password = crate::assembly::read(path)?,
            None => {
                eprintln!("password of {name}, then Enter:");
                std::io::stdin().lock().read_line(&mut password)?;
            }
        }
        let given = password.trim_end_matches(['\r', '\n']);
        if !console::is_the_password(&assembly.pool, name, given).await? {
            return Err(AnswerIsNo("the name or the password is wrong; nothing was done".to_owned()).into());
        }
        let account = store::staff::account(&assembly.pool, name).await?;
        if account.is_some_and(|account| console::roles_may(account.roles, deed)) {
            return Ok(name);
        }
        let wanted: Vec<&str> = deed.roles().iter().map(|role| role.name()).collect();
        let wanted = wanted.join(" or ");
        Err(AnswerIsNo(format!("{name} does not have the role {wanted}; nothing was done")).into())
    }
}
