//! Settlement files with what their receivers have answered: those that wait, the oldest first, then the newest.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use store::{FileStanding, StandingsOf};

use super::{
    Frame, PageError,
    clock::{Clock, Moment},
    day_address, html,
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    locale::Locale,
    words::{Labels, Word, labels},
};

/// So many that wait, and so many of the newest.
const ROWS_MAX: u32 = 100;

struct Row {
    receiver: String,
    file: String,
    /// The page of its day, for whoever may see it.
    day: Option<String>,
    date: String,
    state: Word,
    /// Disputed lines about which nobody has decided.
    undecided: i64,
    due: Option<Moment>,
}

#[derive(Template)]
#[template(path = "answers.html")]
struct AnswersPage {
    frame: Frame,
    w: &'static Labels,
    zone: String,
    waiting: Vec<Row>,
    newest: Vec<Row>,
}

/// Shows where the files stand.
pub(crate) async fn show(State(app): State<Arc<App>>, who: SignedIn) -> Result<Response, PageError> {
    let (pool, now) = (&app.console.pool, (app.console.now)());
    let (w, locale) = (labels(who.language), Locale(who.language));
    // Somebody of a partner sees the files that the partner received.
    let own = who.partner.as_ref().map(|partner| partner.code.as_str());
    let waiting = store::file_standings(pool, StandingsOf::Unsettled, own, ROWS_MAX).await?;
    let newest = store::file_standings(pool, StandingsOf::Newest, own, ROWS_MAX).await?;
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let due = waiting.iter().chain(&newest).filter_map(|file| file.due_at);
    let page = AnswersPage {
        frame: Frame::of(&app, &who).await?,
        w,
        zone: clock.label(due),
        waiting: waiting.iter().map(|file| row(&clock, (w, locale), file, now, own.is_none())).collect(),
        newest: newest.iter().map(|file| row(&clock, (w, locale), file, now, own.is_none())).collect(),
    };
    html(StatusCode::OK, &page)
}

fn row(
    clock: &Clock,
    (w, locale): (&'static Labels, Locale),
    file: &FileStanding,
    now: Timestamp,
    of_staff: bool,
) -> Row {
    Row {
        receiver: file.receiver.clone(),
        file: file.file_name.clone(),
        day: of_staff.then(|| day_address(&file.program, file.business_date, file.cycle_number)),
        date: locale.date(file.business_date),
        state: Word::answer(file.state, file.is_overdue(now), w),
        undecided: file.undecided,
        due: file.due_at.map(|due| clock.moment(due)),
    }
}
