//! The form by which a version is proposed.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::DateTime};
use store::{Wanted, running_version, version_text};

use super::{
    Frame, PageError, html,
    posted::{self, Fields},
    program,
    proposal::problem_words,
};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    approval::{self, ApprovalError, Proposing},
    words::{Labels, labels},
};

#[derive(Template)]
#[template(path = "propose.html")]
struct ProposePage {
    frame: Frame,
    w: &'static Labels,
    problem: Option<String>,
    code: String,
    zone: String,
    text: String,
    comment: String,
    backtest: String,
    wanted: String,
    instant: String,
}

/// The form, filled with the text in force.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
) -> Result<Response, PageError> {
    let program = program(&app, &code)?;
    let running = running_version(&app.console.pool, program.id).await?;
    let text = match running {
        Some(hash) => version_text(&app.console.pool, program.id, hash).await?.unwrap_or_default(),
        None => String::new(),
    };
    let filled = |name: &str| match name {
        "text" => text.clone(),
        "wanted" => "cut-off".to_owned(),
        _ => String::new(),
    };
    form(&app, &who, program, StatusCode::OK, None, filled).await
}

async fn form(
    app: &App,
    who: &SignedIn,
    program: &ProgramInfo,
    status: StatusCode,
    problem: Option<String>,
    filled: impl Fn(&str) -> String,
) -> Result<Response, PageError> {
    let page = ProposePage {
        frame: Frame::of(app, who).await?,
        w: labels(who.language),
        problem,
        code: program.code.clone(),
        zone: program.time_zone.clone(),
        text: filled("text"),
        comment: filled("comment"),
        backtest: filled("backtest"),
        wanted: filled("wanted"),
        instant: filled("instant"),
    };
    html(status, &page)
}

/// Takes the form and leads to the page of the proposal.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let given = |name: &str| posted::given(&fields, name);
    let (program, w) = (program(&app, &code)?, labels(who.language));
    // Browsers send line ends of their own.
    let text = given("text").replace("\r\n", "\n");
    let backtest = Some(given("backtest").trim()).filter(|text| !text.is_empty());
    let again = async |problem: String| {
        let filled = |name: &str| if name == "text" { text.clone() } else { given(name).to_owned() };
        form(&app, &who, program, StatusCode::UNPROCESSABLE_ENTITY, Some(problem), filled).await
    };
    let Some(wanted) = wanted(given("wanted"), given("instant"), &program.time_zone) else {
        return again(w.e_instant.to_owned()).await;
    };
    if !app.console.by_approval {
        return again(problem_words(&ApprovalError::ByFile, w)).await;
    }
    let proposing = Proposing { text: &text, by: &who.user, comment: given("comment"), wanted, backtest };
    match approval::propose(&app.console.pool, program, (app.console.now)(), &proposing).await {
        Ok((id, _)) => Ok(Redirect::to(&format!("/proposals/{id}")).into_response()),
        Err(ApprovalError::Store(error)) => Err(error.into()),
        Err(error) => again(problem_words(&error, w)).await,
    }
}

fn wanted(name: &str, instant: &str, zone: &str) -> Option<Wanted> {
    match name {
        "now" => Some(Wanted::Now),
        "cut-off" => Some(Wanted::CutOff),
        "at" => instant_of(instant.trim(), zone).map(Wanted::At),
        _ => None,
    }
}

/// `2026-11-01T00:00` in the program's zone, or an instant that names its own offset.
fn instant_of(text: &str, zone: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    Some(text.parse::<DateTime>().ok()?.in_tz(zone).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_in_the_programs_zone() {
        let check = |text: &str, expected: Option<&str>| {
            let read = instant_of(text, "Europe/Moscow").map(|instant| instant.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        };
        check("2026-11-01T00:00", Some("2026-10-31T21:00:00Z"));
        check("2026-11-01", Some("2026-10-31T21:00:00Z"));
        check("2026-11-01T00:00:00Z", Some("2026-11-01T00:00:00Z"));
        check("2026-11-01T00:00+01:00", Some("2026-10-31T23:00:00Z"));
        check("tomorrow", None);
        check("", None);
    }
}
