//! The fields of a posted form, and whether a page of the session sent it.

use std::collections::BTreeMap;

use axum::{Form, extract::rejection::FormRejection};

use super::PageError;
use crate::access::{random::same_secret, signed_in::SignedIn};

/// The fields by name.
pub(super) type Fields = Form<BTreeMap<String, String>>;

/// The fields, if the form carries the session's token.
///
/// # Errors
/// [`PageError::Forbidden`] without the token; or what was posted is no form.
pub(super) fn of_session(
    who: &SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<BTreeMap<String, String>, PageError> {
    let Form(fields) = fields?;
    match same_secret(&who.csrf, given(&fields, "csrf")) {
        true => Ok(fields),
        false => Err(PageError::Forbidden),
    }
}

/// What stands in a field; nothing, if it was not posted.
pub(super) fn given<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map(String::as_str).unwrap_or_default()
}
