//! Who may enter: staff and their passwords, lock-out, sessions.

pub(crate) mod lockout;
pub(crate) mod password;
pub(crate) mod random;
pub(crate) mod sessions;
pub(crate) mod signed_in;
pub(crate) mod staff;
pub(crate) mod token;
