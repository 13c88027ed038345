//! Choosing the language of the pages that know several.

use std::sync::Arc;

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use program_files::Language;

use super::{PageError, proposal::Fields, sign_in::local};
use crate::{
    access::{random::same_secret, signed_in::SignedIn},
    app::App,
};

/// Keeps the language for the session and goes back to the page.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let Form(fields) = fields?;
    let given = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if !same_secret(&who.csrf, given("csrf")) {
        return Err(PageError::Forbidden);
    }
    let language = match given("to") {
        "en" => Language::English,
        "ru" => Language::Russian,
        _ => return Err(PageError::BadRequest),
    };
    app.sessions.speak(&who.session, language);
    Ok(Redirect::to(local(fields.get("next"))).into_response())
}
