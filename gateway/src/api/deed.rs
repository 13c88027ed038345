//! Requests that a lane decides. The lane books in a transaction of its own, so that what is asked is written first, with
//! its line of who and when; then the lane decides, under a key that follows from what was written; then the answer is
//! kept. Whoever breaks off in between, the same request again goes on from there and is booked once.

use std::sync::Arc;

use axum::{body::Body, http::HeaderMap, response::Response};
use domain::{BankId, ProgramId};
use jiff::{Timestamp, tz::TimeZone};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{By, ChangeError, KnownRequest, MemberChange, SpendingAccount};

use super::{
    Api, ApiClient,
    call::{Answer, Call},
    problem::Problem,
};
use crate::{Asker, Gateway, enrollment::entry};

/// A member of a bank, as a path names one.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) bank: BankId,
    pub(super) program: ProgramId,
    pub(super) number: String,
}

impl Call {
    /// The member of a path, not yet looked up.
    pub(super) fn member(&self, program: &str, number: &str) -> Result<Member, Problem> {
        Ok(Member {
            bank: self.client.link.bank,
            program: self.bank().program(program)?,
            number: entry::member_number(number)?.to_owned(),
        })
    }
}

/// Something that a lane is to decide.
pub(super) trait Deed: Send + Sync + 'static {
    /// Whose account.
    fn member(&self) -> &Member;

    /// What stands in the line of who and when: a name, and what was asked.
    fn asked(&self) -> (&'static str, Value);

    /// Whether it can be begun at all; a problem here leaves nothing, and the key is free.
    fn check(&self, _: &Gateway, _: &MemberChange<'_>) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }

    /// Has it decided. The same asker gets the same answer, whenever; an error is no answer, and may be asked again.
    fn carry_out(
        &self,
        gateway: &Gateway,
        asker: &Asker,
        account: &SpendingAccount,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;
}

impl Call {
    /// Reads a deed from the body, has it decided once, and answers.
    pub(super) async fn deed<B: DeserializeOwned, D: Deed>(
        self,
        headers: &HeaderMap,
        body: Body,
        subject: &str,
        read: impl FnOnce(&Self, B) -> Result<D, Problem>,
    ) -> Response {
        let done = match self.prepared(headers, body, subject, read).await {
            Ok((key, mac, deed)) => {
                let work = |api: Arc<Api>, client: Arc<ApiClient>| async move {
                    once(&api, &client, &key, &mac, &deed).await
                };
                self.in_turn(work).await
            }
            Err(problem) => Err(problem),
        };
        self.told(done)
    }
}

async fn once(
    api: &Arc<Api>,
    client: &ApiClient,
    key: &[u8; 32],
    mac: &[u8; 32],
    deed: &impl Deed,
) -> Result<Answer, Problem> {
    let gateway = &*api.gateway;
    let (account, at) = match begin(gateway, client, key, mac, deed).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::At(account, at) => (*account, at),
    };
    let zone = TimeZone::get(&account.time_zone).map_err(|_| Problem::unavailable())?;
    let asker = Asker {
        place: account.place,
        source: "api",
        id: hex::encode(key),
        at,
        // A request that comes again later is decided by the day on which it is, unless it was decided before.
        local: gateway.clock.now().to_zoned(zone).datetime(),
        currency: account.currency,
    };
    let answer = deed.carry_out(gateway, &asker, &account).await?;
    keep(gateway, client, key, &answer).await?;
    Ok(answer)
}

enum Begun {
    /// Before.
    Answered(Answer),
    /// It was written at that time that it is asked.
    At(Box<SpendingAccount>, Timestamp),
}

async fn begin(
    gateway: &Gateway,
    client: &ApiClient,
    key: &[u8; 32],
    mac: &[u8; 32],
    deed: &impl Deed,
) -> Result<Begun, Problem> {
    // As the database keeps it: a key that is made of it must be the same when it is read again.
    let now = gateway.clock.now();
    let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    let by = By { who: format!("api {}", client.link.code), at: now };
    let mut connection = gateway.pool.get().await.map_err(store::StoreError::from)?;
    let change = MemberChange::begin(&mut connection, by).await?;
    let known = change.take_request(client.link.bank, key, mac).await?;
    let begun = match known {
        KnownRequest::OtherRequest => return Err(Problem::other_request()),
        KnownRequest::Answered { status, body } => return Answer::kept(status, body).map(Begun::Answered),
        KnownRequest::New => None,
        KnownRequest::Begun { at } => Some(at),
    };
    let Member { bank, program, number } = deed.member();
    let account = change.spending_account(*bank, *program, number).await?;
    let account = Box::new(account.ok_or_else(Problem::no_member)?);
    if let Some(at) = begun {
        return Ok(Begun::At(account, at));
    }
    deed.check(gateway, &change).await?;
    let (what, asked) = deed.asked();
    change.note_miles(&account.place, what, &asked).await?;
    change.commit().await?;
    Ok(Begun::At(account, now))
}

async fn keep(
    gateway: &Gateway,
    client: &ApiClient,
    key: &[u8; 32],
    answer: &Answer,
) -> Result<(), ChangeError> {
    let by = By { who: format!("api {}", client.link.code), at: gateway.clock.now() };
    let mut connection = gateway.pool.get().await.map_err(store::StoreError::from)?;
    let change = MemberChange::begin(&mut connection, by).await?;
    let (status, body) = answer.parts();
    change.keep_answer(client.link.bank, key, status, body).await?;
    Ok(change.commit().await?)
}
