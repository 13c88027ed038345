//! Answers to settlement files. What they mean is decided elsewhere; here they come in, bounded and with a key.

use std::sync::Arc;

use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

use super::{
    AnswerTaken, Caller, PartnerAnswer, PartnerApi,
    call::{in_turn, json, told},
    problem::Problem,
    types::Answered,
};

/// An answer names at most the lines of a file.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of an `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 64;

pub(super) async fn take(
    State(api): State<Arc<PartnerApi>>,
    Extension(caller): Extension<Arc<Caller>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = read(&headers, body).await;
    let work = {
        let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
        async move {
            let (key, media_type, bytes) = read?;
            let Path(name) = name.map_err(|_| Problem::no_file())?;
            let row = store::partner_file(&api.parts.pool, caller.partner.id, &name).await?;
            let file = row.ok_or_else(Problem::no_file)?.file_name;
            let take = api.parts.answers.as_ref().ok_or_else(Problem::no_answers)?;
            let (partner, code) = (caller.partner.id, caller.partner.code.clone());
            let answer = PartnerAnswer { partner, code, file: file.clone(), key, media_type, bytes };
            match take(answer).await {
                AnswerTaken::Taken(state) => {
                    Ok(json(StatusCode::CREATED, &Answered { file, state, known: false }))
                }
                AnswerTaken::Known(state) => Ok(json(StatusCode::OK, &Answered { file, state, known: true })),
                AnswerTaken::Refused(why) => Err(Problem::answer_refused(why)),
                AnswerTaken::Later => Err(Problem::no_answers()),
            }
        }
    };
    told(in_turn(&api, &caller, work).await)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<(String, String, Vec<u8>), Problem> {
    const NAME: &str = "Idempotency-Key";
    let mut values = headers.get_all(NAME).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::header(NAME, "expected the header once: a key of your own for each answer"));
    };
    let key = value.to_str().unwrap_or_default().trim().to_owned();
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > KEY_CHARS_MAX || !visible {
        return Err(Problem::header(NAME, "expected 1 to 64 visible characters of ASCII"));
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("text/plain").to_owned();
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::answer_too_large())?;
    Ok((key, media_type, bytes.to_vec()))
}
