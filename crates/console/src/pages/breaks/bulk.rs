//! What is posted from the list: several breaks assigned or commented at once, and views kept or forgotten.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::case::check_case_text;
use program_files::Language;
use store::cases::{Assigned, CaseError, CaseStep};

use super::{
    page,
    view::{cleaned, unescaped},
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    pages::{
        PageError,
        posted::{self, Fields, given},
    },
    words::{self, BreakWords},
};

/// The longest name of a view.
const NAME_CHARS_MAX: usize = 60;

/// The list again, as it was asked for, with what is wrong.
async fn again(
    app: &Arc<App>,
    who: &SignedIn,
    query: &str,
    problem: &'static str,
) -> Result<Response, PageError> {
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let values: BTreeMap<String, String> =
        values.filter_map(|(name, value)| Some((name.to_owned(), unescaped(value)?))).collect();
    page(app, who, values, StatusCode::CONFLICT, Some(problem)).await
}

fn back(query: &str) -> Response {
    let target = if query.is_empty() { "/breaks".to_owned() } else { format!("/breaks?{query}") };
    Redirect::to(&target).into_response()
}

/// The chosen cases with the versions that were seen: fields `case-<number>`.
fn chosen(fields: &BTreeMap<String, String>) -> Vec<(i64, Option<i32>)> {
    let one = |(name, value): (&String, &String)| {
        Some((name.strip_prefix("case-")?.parse().ok()?, Some(value.parse().ok()?)))
    };
    fields.iter().filter_map(one).collect()
}

/// Assigns or comments several: all of them or none.
pub(crate) async fn bulk(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let query = cleaned(given(&fields, "query"));
    let (w, now) = (BreakWords::of(who.language), (app.console.now)());
    let cases = chosen(&fields);
    if cases.is_empty() {
        return again(&app, &who, &query, w.e_none_chosen).await;
    }
    let done = match given(&fields, "what") {
        "assign" => {
            let to = Some(given(&fields, "to")).filter(|name| !name.is_empty());
            store::cases::assign(&app.console.pool, &cases, to, (&who.user, now)).await.map(|assigned| {
                match assigned {
                    Assigned::All(_) => None,
                    Assigned::None(refused) => refused.first().map(|(_, refusal)| *refusal),
                }
            })
        }
        "comment" => comment(&app, &who, &cases, given(&fields, "text")).await.map(|()| None),
        _ => return Err(PageError::BadRequest),
    };
    match done {
        Ok(None) => Ok(back(&query)),
        Ok(Some(refusal)) => again(&app, &who, &query, words::refusal(refusal, who.language)).await,
        Err(error) => {
            let problem = refused(error, who.language)?;
            again(&app, &who, &query, problem).await
        }
    }
}

async fn comment(
    app: &App,
    who: &SignedIn,
    cases: &[(i64, Option<i32>)],
    text: &str,
) -> Result<(), CaseError> {
    check_case_text(text)?;
    for (case, _) in cases {
        let step = CaseStep { case: *case, version: None, by: &who.user, at: (app.console.now)() };
        store::cases::comment(&app.console.pool, &step, text).await?;
    }
    Ok(())
}

/// Why a step is refused, in words; what is no refusal is an error of ours.
pub(in crate::pages) fn refused(error: CaseError, language: Language) -> Result<&'static str, PageError> {
    match error {
        CaseError::Refused(refusal) => Ok(words::refusal(refusal, language)),
        CaseError::Store(error) => Err(error.into()),
    }
}

/// Keeps the filters of the list under a name.
pub(crate) async fn save_view(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let query = cleaned(given(&fields, "query"));
    let name = given(&fields, "name").trim();
    let w = BreakWords::of(who.language);
    let is_name = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains('\0');
    if !is_name || domain::holds_card_number(name) {
        return again(&app, &who, &query, w.e_view).await;
    }
    let now = (app.console.now)();
    match store::save_view(&app.console.pool, (&who.user, "breaks"), name, &query, now).await? {
        true => Ok(back(&query)),
        false => again(&app, &who, &query, w.e_view).await,
    }
}

/// Forgets a view of one's own.
pub(crate) async fn forget_view(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<i64>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    match store::forget_view(&app.console.pool, &who.user, id).await? {
        true => Ok(back(&cleaned(given(&fields, "query")))),
        false => Err(PageError::NotFound),
    }
}
