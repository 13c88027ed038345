//! The start page: the days of each program, newest first.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};

use super::{Frame, PageError, Values, html, long_date, zone};
use crate::{ProgramInfo, access::signed_in::SignedIn, app::App, queries, words::Word};

/// A month and a day to compare with.
const DAYS_MAX: usize = 32;

#[derive(Template)]
#[template(path = "days.html")]
struct DaysPage {
    frame: Frame,
    programs: Vec<ProgramDays>,
}

struct ProgramDays {
    code: String,
    bank: String,
    zone: String,
    cut_off: String,
    days: Vec<DayRow>,
    older_before: Option<i32>,
}

struct DayRow {
    date: String,
    long_date: String,
    /// Its place in the date, if that has several cycles.
    number: Option<i64>,
    state: Word,
    state_code: String,
    files: String,
}

/// Lists the days; `?program=…&before=…` goes back in one program's past.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let before = |program: &ProgramInfo| {
        let ours = values.get("program").is_some_and(|code| *code == program.code);
        let before = values.get("before").filter(|_| ours);
        before.map(|text| text.parse::<i32>().map_err(|_| PageError::NotFound)).transpose()
    };
    let mut programs = Vec::with_capacity(app.console.programs.len());
    for program in &app.console.programs {
        programs.push(days_of(&app, program, before(program)?).await?);
    }
    html(StatusCode::OK, &DaysPage { frame: Frame::of(&app, &who).await?, programs })
}

async fn days_of(app: &App, program: &ProgramInfo, before: Option<i32>) -> Result<ProgramDays, PageError> {
    // One more than is shown tells whether there are older ones.
    let limit = i64::try_from(DAYS_MAX + 1).unwrap_or(i64::MAX);
    let found = queries::days(&app.console.pool, program.id, before.unwrap_or(i32::MAX), limit).await?;
    let newest = found.first().map(|day| day.business_date);
    let older_before = found.get(DAYS_MAX - 1).filter(|_| found.len() > DAYS_MAX).map(|day| day.sequence);
    let row = |day: &queries::Day| DayRow {
        date: day.business_date.to_string(),
        long_date: long_date(day.business_date),
        number: day.number,
        state: Word::state(&day.state),
        state_code: day.state.clone(),
        files: match day.files {
            0 => "none yet".to_owned(),
            files => format!("{} of {files} published", day.published),
        },
    };
    Ok(ProgramDays {
        code: program.code.clone(),
        bank: program.bank_code.clone(),
        zone: newest.map_or_else(|| program.time_zone.clone(), |date| zone(program, date)),
        cut_off: program.cut_off_text(),
        days: found.iter().take(DAYS_MAX).map(row).collect(),
        older_before,
    })
}
