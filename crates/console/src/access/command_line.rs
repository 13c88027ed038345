//! Who acts at the command line: the password, and the code of whoever has a second factor, as at the sign-in.

use domain::Roles;
use store::{
    Pool, StoreError,
    audit::UNKNOWN,
    staff::{Attempt, account, note_sign_in, password_hash},
};

use super::{
    lockout,
    password::{PASSWORD_BYTES_MAX, Passwords},
    second_factor::{CodeCheck, SealKey, check_code},
    staff::is_name,
};

/// Where the journal says that somebody was refused.
const COMMAND_LINE: &str = "command line";

/// What somebody shows.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// His name.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The code of his authenticator, if he has given one.
    pub code: Option<&'a str>,
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown({})", self.name)
    }
}

/// What was found of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// It is he, with these roles.
    Known(Roles),
    /// Name or password is wrong, or he is locked.
    Wrong,
    /// The password is right, and he has a second factor whose code was not given.
    CodeToCome,
    /// The code is wrong, or it was used already.
    WrongCode,
    /// He has a second factor that cannot be looked at: the key is missing, or it is another one.
    NoKey,
    /// After ten failures half an hour passes before the next attempt is looked at.
    Locked,
}

/// Looks at what somebody shows. Failures are counted with those of his proofs in the console; a code counts once.
pub async fn identify(pool: &Pool, key: Option<&SealKey>, shown: Shown<'_>) -> Result<Identity, StoreError> {
    let Shown { name, password, code } = shown;
    if !is_name(name) || password.len() > PASSWORD_BYTES_MAX {
        return Ok(Identity::Wrong);
    }
    if lockout::may_prove(pool, name).await? == Attempt::Locked {
        return Ok(Identity::Locked);
    }
    let known = account(pool, name).await?;
    let stored = password_hash(pool, name).await?;
    let right = Passwords::new().verify(password.to_owned(), stored).await;
    let told = if known.is_some() { name } else { UNKNOWN };
    let Some(account) = known.filter(|_| right) else {
        note_sign_in(pool, told, "user.refused", COMMAND_LINE).await?;
        return Ok(Identity::Wrong);
    };
    if account.has_second_factor {
        let Some(code) = code else { return Ok(Identity::CodeToCome) };
        match check_code(pool, key, name, code).await? {
            CodeCheck::Right => {}
            CodeCheck::NoKey => return Ok(Identity::NoKey),
            CodeCheck::Wrong => {
                note_sign_in(pool, told, "user.refused", COMMAND_LINE).await?;
                return Ok(Identity::WrongCode);
            }
        }
    }
    lockout::proved(pool, name).await?;
    Ok(Identity::Known(account.roles))
}
