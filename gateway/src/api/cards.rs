//! Cards: a new one in place of an old one, and the block of a lost one.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{BankId, ProgramId};
use store::{CardToken, ChangeError, MemberChange, Replacement};

use super::{
    Api, ApiClient,
    call::{Answer, Call, Change},
    types::{CardBlock, CardBlocked, CardReplaced, CardReplacement},
};
use crate::enrollment::entry;

/// `POST /v1/cards/replacements`.
pub(super) async fn replace(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "POST /v1/cards/replacements" };
    call.change(&headers, body, "", |call, body: CardReplacement| {
        let bank = call.bank();
        let (old, _) = bank.card("old_pan", body.old_pan.expose())?;
        let (new, last4) = bank.card("new_pan", body.new_pan.expose())?;
        Ok(Replacement {
            bank: call.client.link.bank,
            program: bank.program(&body.program)?,
            old,
            new,
            last4,
            block_old: entry::blocks_the_old_card("reason", &body.reason)?,
        })
    })
    .await
}

impl Change for Replacement {
    async fn make(&self, change: &MemberChange<'_>) -> Result<Answer, ChangeError> {
        let (_, changed) = change.replace_card(self).await?;
        let status = if changed { StatusCode::CREATED } else { StatusCode::OK };
        Ok(Answer::new(status, &CardReplaced { changed, last4: self.last4.clone() }))
    }
}

struct Block {
    bank: BankId,
    program: ProgramId,
    tokens: Vec<CardToken>,
    last4: String,
    blocked: bool,
    reason: String,
}

/// `POST /v1/cards/blocks`.
pub(super) async fn block(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "POST /v1/cards/blocks" };
    call.change(&headers, body, "", |call, body: CardBlock| {
        let (tokens, last4) = call.bank().card("pan", body.pan.expose())?;
        Ok(Block {
            bank: call.client.link.bank,
            program: call.bank().program(&body.program)?,
            tokens,
            last4,
            blocked: body.blocked,
            reason: entry::free_text("reason", &body.reason)?.to_owned(),
        })
    })
    .await
}

impl Change for Block {
    async fn make(&self, change: &MemberChange<'_>) -> Result<Answer, ChangeError> {
        let Self { bank, program, tokens, last4, blocked, reason } = self;
        let (_, changed) = change.block_card(*bank, *program, tokens, *blocked, reason).await?;
        Ok(Answer::new(StatusCode::OK, &CardBlocked { changed, last4: last4.clone() }))
    }
}
