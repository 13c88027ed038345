//! Choosing the language of the pages that know several.

use std::sync::Arc;

use axum::{
    extract::{State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use program_files::Language;

use super::{
    PageError,
    posted::{self, Fields},
    sign_in::local,
};
use crate::{access::signed_in::SignedIn, app::App};

/// Keeps the language for the session and goes back to the page.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let given = |name: &str| posted::given(&fields, name);
    let language = match given("to") {
        "en" => Language::English,
        "ru" => Language::Russian,
        _ => return Err(PageError::BadRequest),
    };
    app.sessions.speak(&who.session, language);
    Ok(Redirect::to(local(fields.get("next"))).into_response())
}
