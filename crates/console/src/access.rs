//! Who may enter and what he may do: users with roles, lock-out, sessions, the table of deeds.

pub(crate) mod command_line;
pub(crate) mod deed;
pub(crate) mod guard;
pub(crate) mod lockout;
pub(crate) mod network;
pub(crate) mod password;
pub(crate) mod random;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod signed_in;
pub(crate) mod staff;
pub(crate) mod token;

pub use deed::{Deed, may, roles_may};
