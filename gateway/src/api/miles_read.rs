//! What a member has in miles, and what became of those that were spent: as the books are now, without locks.

use std::sync::Arc;

use axum::{
    extract::{Extension, Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use domain::{Currency, Holding, MessageKey, OpenLot, PoolState};
use jiff::{civil::Date, tz::TimeZone};
use store::{HouseholdPool, RedemptionView, SpendingAccount};

use super::{
    Api, ApiClient,
    call::{Answer, Call},
    deed::Member,
    miles_types::{Lot, Lots, MilesBalance, PoolPart, Redemption, Redemptions},
    problem::Problem,
};
use crate::{Gateway, miles};

/// Entries of a page, if the caller names no number.
pub(super) const PAGE: u16 = 50;
/// The most that he may name.
pub(super) const PAGE_MAX: u16 = 200;

/// Which part of a list is asked for.
struct Page {
    limit: u16,
    /// Behind this entry.
    after: Option<String>,
}

impl Page {
    fn of(query: Option<&str>) -> Result<Self, Problem> {
        let mut page = Self { limit: PAGE, after: None };
        for part in query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=').unwrap_or((part, "")) {
                ("limit", text) => {
                    let limit = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
                    let why = || Problem::query("limit", &format!("expected 1 to {PAGE_MAX}"));
                    page.limit = limit.ok_or_else(why)?;
                }
                ("after", text) => page.after = Some(text.to_owned()),
                (name, _) => return Err(Problem::query(name, "expected limit or after")),
            }
        }
        Ok(page)
    }

    fn no_place() -> Problem {
        Problem::query("after", "expected what an answer named as next")
    }
}

/// An id of a path.
pub(super) fn redemption_id(text: &str) -> Result<MessageKey, Problem> {
    MessageKey::parse(text).ok_or_else(Problem::no_redemption)
}

async fn find(gateway: &Gateway, member: &Member) -> Result<SpendingAccount, Problem> {
    let Member { bank, program, number } = member;
    let found = store::spending_account(&gateway.pool, *bank, *program, number).await?;
    found.ok_or_else(Problem::no_member)
}

/// What the account holds today, in the program's zone.
async fn held(gateway: &Gateway, account: &SpendingAccount) -> Result<(Holding, Date), Problem> {
    let zone = TimeZone::get(&account.time_zone).map_err(|_| Problem::unavailable())?;
    let today = gateway.clock.now().to_zoned(zone).date();
    let mut held = miles::holdings(gateway, std::slice::from_ref(account), today).await?;
    Ok((held.pop_first().map(|(_, holding)| holding).unwrap_or_default(), today))
}

/// Reads for a member of a path, and answers.
async fn read<F: Future<Output = Result<Answer, Problem>> + Send + 'static>(
    call: Call,
    (program, number): (&str, &str),
    work: impl FnOnce(Arc<Api>, Member) -> F,
) -> Response {
    let done = match call.member(program, number) {
        Ok(member) => call.read(work(Arc::clone(&call.api), member)).await,
        Err(problem) => Err(problem),
    };
    call.told(done)
}

/// `GET /v1/members/{program}/{member_number}/miles`.
pub(super) async fn balance(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
) -> Response {
    let call = Call { api, client, operation: "GET /v1/members/{program}/{member_number}/miles" };
    read(call, (&program, &number), async |api, member| {
        let gateway = &api.gateway;
        let account = find(gateway, &member).await?;
        let (holding, today) = held(gateway, &account).await?;
        let balance = store::miles_balance(&gateway.pool, &account.place).await?;
        let may_spend = miles::barred(&account, today).is_none();
        let balance = MilesBalance {
            posted: balance.posted,
            pending: balance.pending,
            spendable: if may_spend { holding.spendable() } else { 0 },
            vesting: holding.vesting(),
            reserved: balance.reserved,
            owed: holding.owed(),
        };
        Ok(Answer::new(StatusCode::OK, &balance))
    })
    .await
}

/// `GET /v1/members/{program}/{member_number}/lots`.
pub(super) async fn lots(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let call = Call { api, client, operation: "GET /v1/members/{program}/{member_number}/lots" };
    read(call, (&program, &number), async move |api, member| {
        let page = Page::of(query.as_deref())?;
        let after = page.after.as_deref().map(|text| place_named(text).ok_or_else(Page::no_place));
        let after = after.transpose()?;
        let account = find(&api.gateway, &member).await?;
        let (holding, _) = held(&api.gateway, &account).await?;
        let mut rest = holding.lots().iter().filter(|lot| after.is_none_or(|seen| lot.order() > seen));
        let lots: Vec<&OpenLot> = rest.by_ref().take(usize::from(page.limit)).collect();
        let next = rest.next().and(lots.last()).map(|lot| place_name(lot));
        let lots = lots.into_iter().map(lot).collect();
        Ok(Answer::new(StatusCode::OK, &Lots { lots, next }))
    })
    .await
}

/// A lot's place in the order: it stays when the lot itself is spent in between.
fn place_name(lot: &OpenLot) -> String {
    let (expire_on, granted_on, key) = lot.order();
    format!("{expire_on}_{granted_on}_{key}")
}

fn place_named(text: &str) -> Option<(Date, Date, MessageKey)> {
    let mut parts = text.splitn(3, '_');
    let (expire_on, granted_on) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((expire_on, granted_on, MessageKey::parse(parts.next()?)?))
}

fn lot(lot: &OpenLot) -> Lot {
    Lot {
        lot: lot.key.to_string(),
        granted_on: lot.granted_on.to_string(),
        vests_on: lot.vests_on.map(|day| day.to_string()),
        expires_on: lot.expire_on.map(|day| day.to_string()),
        miles: lot.open,
    }
}

/// `GET /v1/members/{program}/{member_number}/redemptions`.
pub(super) async fn redemptions(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let call = Call { api, client, operation: "GET /v1/members/{program}/{member_number}/redemptions" };
    read(call, (&program, &number), async move |api, member| {
        let page = Page::of(query.as_deref())?;
        let after = page
            .after
            .as_deref()
            .map(|text| MessageKey::parse(text).ok_or_else(Page::no_place))
            .transpose()?;
        let gateway = &api.gateway;
        let account = find(gateway, &member).await?;
        // One more tells whether there is a next page.
        let mut found =
            store::redemptions_of(&gateway.pool, &account.place, after, page.limit.saturating_add(1)).await?;
        let more = found.len() > usize::from(page.limit);
        found.truncate(usize::from(page.limit));
        let next = found.last().filter(|_| more).map(|last| last.key.to_string());
        let redemptions = found.into_iter().map(redemption).collect();
        Ok(Answer::new(StatusCode::OK, &Redemptions { redemptions, next }))
    })
    .await
}

/// `GET /v1/members/{program}/{member_number}/redemptions/{redemption}`.
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number, id)): Path<(String, String, String)>,
) -> Response {
    let operation = "GET /v1/members/{program}/{member_number}/redemptions/{redemption}";
    let call = Call { api, client, operation };
    read(call, (&program, &number), async move |api, member| {
        let (id, gateway) = (redemption_id(&id)?, &api.gateway);
        let account = find(gateway, &member).await?;
        let found = store::household_pool(&gateway.pool, account.place.bucket, id).await?;
        if let Some(found) = found.filter(|found| found.place == account.place) {
            return Ok(Answer::new(StatusCode::OK, &pool(gateway, found).await?));
        }
        let found = store::redemption_of(&gateway.pool, &account.place, id).await?;
        let found = found.ok_or_else(Problem::no_redemption)?;
        Ok(Answer::new(StatusCode::OK, &redemption(found)))
    })
    .await
}

/// A redemption as the books have it.
pub(super) fn redemption(found: RedemptionView) -> Redemption {
    let state = match (found.sent_to.is_some(), found.state.as_str()) {
        (true, "reserved") => "sent",
        (true, "confirmed") => "arrived",
        (_, state) => state,
    };
    Redemption {
        redemption: found.key.to_string(),
        kind: if found.sent_to.is_some() { "transfer" } else { "payment" },
        state: state.to_owned(),
        miles: found.miles,
        worth_minor: found.worth_minor,
        currency: code(found.currency),
        reserved_until: found.reserved_until.map(|until| until.to_string()),
        sent_to: found.sent_to,
        pool: found.pool.map(|pool| pool.to_string()),
        parts: Vec::new(),
    }
}

/// A pool as the books have it.
pub(super) async fn pool(gateway: &Gateway, pool: HouseholdPool) -> Result<Redemption, Problem> {
    let accounts: Vec<_> = pool.parts.iter().map(|part| part.account).collect();
    let numbers = store::member_numbers(&gateway.pool, &accounts).await?;
    let part =
        |(member_number, part): (String, &store::PoolPart)| PoolPart { member_number, miles: part.miles };
    let state = match (pool.state, pool.returned.why.as_str()) {
        (PoolState::Returned, why @ ("cancelled" | "lapsed")) => why,
        (PoolState::Returned, _) => "refused",
        (state, _) => state.name(),
    };
    Ok(Redemption {
        redemption: pool.key.to_string(),
        kind: "payment",
        state: state.to_owned(),
        miles: pool.miles,
        worth_minor: pool.worth_minor,
        currency: code(pool.currency),
        reserved_until: Some(pool.reserved_until.to_string()),
        sent_to: None,
        pool: None,
        parts: numbers.into_iter().zip(&pool.parts).map(part).collect(),
    })
}

/// Three letters; digits for what has none.
fn code(currency: Currency) -> String {
    let known = iso_currency::Currency::from_numeric(currency.0);
    known.map_or_else(|| currency.to_string(), |known| known.code().to_owned())
}
