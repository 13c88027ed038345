//! A person of the staff at the command line: the name is an option, the password comes from a file or standard input.

use std::{io::BufRead, path::PathBuf};

use clap::Args;
use console::{Deed, Identity, Shown};
use domain::Roles;
use store::audit::OPERATOR;
use zeroize::Zeroizing;

use super::serve::seal_key;
use crate::{assembly::Assembly, cli::AnswerIsNo};

/// The variable that stands for `--as`.
pub(crate) const STAFF_NAME: &str = "COBRAND_STAFF";
/// The variable with the code of an authenticator; without it the code is read from standard input, behind the password. It is
/// no option: what stands on a command line, others may see.
const STAFF_CODE: &str = "COBRAND_STAFF_CODE";
/// The variable that stands for `--password-file`.
pub(crate) const STAFF_PASSWORD_FILE: &str = "COBRAND_STAFF_PASSWORD_FILE";

/// The roles of whoever shows a right password and, if he has a second factor, a right code.
async fn identified(assembly: &Assembly, name: &str, password: &str) -> anyhow::Result<Roles> {
    let shown = Shown { name, password, code: None };
    let found = match console::identify(&assembly.pool, None, shown).await? {
        Identity::CodeToCome => {
            // Only now the key is needed: whoever has no second factor does without it.
            let key = seal_key(&assembly.config.console)?;
            let code = code_of(name)?;
            let shown = Shown { code: Some(&code), ..shown };
            console::identify(&assembly.pool, key.as_ref(), shown).await?
        }
        found => found,
    };
    let why = match found {
        Identity::Known(roles) => return Ok(roles),
        Identity::Wrong => "the name or the password is wrong".to_owned(),
        Identity::CodeToCome | Identity::WrongCode => format!(
            "{name} has a second factor, and the code is missing, wrong or was used already: give the next one behind the \
             password, or in {STAFF_CODE}"
        ),
        Identity::NoKey => format!(
            "{name} has a second factor, and console.second_factor_key is missing or not the key that sealed it"
        ),
        Identity::Locked => format!("too many attempts as {name} have failed: try again in 30 minutes"),
    };
    Err(AnswerIsNo(format!("{why}; nothing was done")).into())
}

/// The code of an authenticator: from the environment, else the line behind the password.
fn code_of(name: &str) -> anyhow::Result<Zeroizing<String>> {
    if let Ok(code) = std::env::var(STAFF_CODE) {
        return Ok(Zeroizing::new(code));
    }
    eprintln!("code of {name}'s authenticator, then Enter:");
    let mut code = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut code)?;
    Ok(code)
}

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
    /// The name, if the password is this person's, with the code of whoever has a second factor, and a role of his is
    /// trusted with the deed.
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
        let password = password.trim_end_matches(['\r', '\n']);
        if console::roles_may(identified(assembly, name, password).await?, deed) {
            return Ok(name);
        }
        let wanted: Vec<&str> = deed.roles().iter().map(|role| role.name()).collect();
        let wanted = wanted.join(" or ");
        Err(AnswerIsNo(format!("{name} does not have the role {wanted}; nothing was done")).into())
    }
}
