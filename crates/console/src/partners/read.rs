//! Events and files, a page at a time; a file as a stream.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::{fs::File, io::AsyncReadExt};

use super::{
    Caller, PartnerApi,
    call::{in_turn, json, told},
    problem::Problem,
    types::{Events, Files},
};

/// Entries of a page, if the caller says nothing.
pub(super) const PAGE: i64 = 100;
/// Entries of a page at most.
pub(super) const PAGE_MAX: i64 = 1_000;
/// Bytes of a file that are held at a time.
const CHUNK_BYTES: usize = 64 * 1024;

type Parameters = BTreeMap<String, String>;
/// As they came: what cannot be read is a problem like any other, and not the library's own text.
type Asked = Result<Query<Parameters>, QueryRejection>;

fn parameters(asked: Asked) -> Result<Parameters, Problem> {
    let unreadable = |_| Problem::parameter("query", "expected name=value, percent-encoded");
    let Query(parameters) = asked.map_err(unreadable)?;
    only(&parameters)?;
    Ok(parameters)
}

fn limit(parameters: &Parameters) -> Result<i64, Problem> {
    let Some(text) = parameters.get("limit") else { return Ok(PAGE) };
    let found = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    found.ok_or_else(|| Problem::parameter("limit", "expected a number from 1 to 1000"))
}

fn only(parameters: &Parameters) -> Result<(), Problem> {
    match parameters.keys().all(|name| name == "after" || name == "limit") {
        true => Ok(()),
        false => Err(Problem::parameter("query", "expected after and limit, and nothing else")),
    }
}

pub(super) async fn events(
    State(api): State<Arc<PartnerApi>>,
    Extension(caller): Extension<Arc<Caller>>,
    asked: Asked,
) -> Response {
    let work = {
        let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
        async move {
            let parameters = parameters(asked)?;
            let limit = limit(&parameters)?;
            let after = match parameters.get("after") {
                None => Ok(0),
                Some(text) => text.parse().ok().filter(|after| *after >= 0_i64).ok_or_else(|| {
                    Problem::parameter("after", "expected what the page before named as next")
                }),
            }?;
            let partner = &caller.partner;
            let rows = store::partner_events(&api.parts.pool, partner.id, after, limit).await?;
            if let Some(first) = rows.first().filter(|first| first.number > after.saturating_add(1)) {
                return Err(Problem::events_gone(first.number - 1));
            }
            let next = rows.last().map_or(after, |row| row.number).to_string();
            let event = |row| settlement::event_of(&partner.code, api.parts.environment, row);
            Ok(json(StatusCode::OK, &Events { events: rows.iter().map(event).collect(), next }))
        }
    };
    told(in_turn(&api, &caller, work).await)
}

/// `<sequence>-<revision>`
fn place(text: &str) -> Option<(i32, i32)> {
    let (sequence, revision) = text.split_once('-')?;
    Some((sequence.parse().ok()?, revision.parse().ok()?))
}

pub(super) async fn files(
    State(api): State<Arc<PartnerApi>>,
    Extension(caller): Extension<Arc<Caller>>,
    asked: Asked,
) -> Response {
    let work = {
        let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
        async move {
            let parameters = parameters(asked)?;
            let limit = limit(&parameters)?;
            let after = match parameters.get("after") {
                None => Ok((0, 0)),
                Some(text) => place(text).ok_or_else(|| {
                    Problem::parameter("after", "expected what the page before named as next")
                }),
            }?;
            let rows = store::partner_files(&api.parts.pool, caller.partner.id, after, limit).await?;
            let (sequence, revision) = rows.last().map_or(after, |row| (row.sequence, row.revision));
            let next = format!("{sequence}-{revision}");
            Ok(json(StatusCode::OK, &Files { files: rows.into_iter().map(Into::into).collect(), next }))
        }
    };
    told(in_turn(&api, &caller, work).await)
}

pub(super) async fn file(
    State(api): State<Arc<PartnerApi>>,
    Extension(caller): Extension<Arc<Caller>>,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let work = {
        let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
        async move {
            let Path(name) = name.map_err(|_| Problem::no_file())?;
            opened(&api, &caller, &name).await
        }
    };
    told(in_turn(&api, &caller, work).await)
}

/// The name is one of the books, never a path that a caller made up.
async fn opened(api: &PartnerApi, caller: &Caller, name: &str) -> Result<Response, Problem> {
    let row = store::partner_file(&api.parts.pool, caller.partner.id, name).await?;
    let row = row.ok_or_else(Problem::no_file)?;
    let file = File::open(api.parts.out.join(&row.file_name)).await.map_err(|error| {
        tracing::error!(file = row.file_name, %error, "a settlement file is not in its folder");
        Problem::file_is_away()
    })?;
    let length = file.metadata().await.map_err(|_| Problem::file_is_away())?.len();
    let chunks = stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let mut chunk = vec![0; CHUNK_BYTES];
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(count) => {
                chunk.truncate(count);
                Some((Ok(chunk), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Ok(hash) = HeaderValue::from_str(&format!("\"{}\"", hex::encode(&row.sha256))) {
        headers.insert(header::ETAG, hash);
    }
    Ok(response)
}
