//! Miles that members spend and send, and that staff adjust.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{Currency, Funder, MessageKey, Reply, ReplyCode, ResultStatus};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{MemberChange, SpendingAccount};

use super::{
    Api, ApiClient,
    call::{Answer, Call},
    deed::{Deed, Member},
    miles_read::{self, redemption_id},
    miles_types::{
        Adjusted, Amount, MilesAdjustment, MilesReservation, MilesTransfer, Redemption, RedemptionEnd,
    },
    problem::Problem,
};
use crate::{
    Adjustment, Asker, Decided, Gateway, Pooled, Sending, Spending,
    enrollment::entry::{self, FieldProblem, problem},
    miles,
};

/// The most miles of one request: far more than a member has, far less than the ledger can count.
const MILES_MAX: u64 = 1_000_000_000;
/// The largest amount: what DE4 holds.
const MINOR_MAX: u64 = 999_999_999_999;

/// What the lane answered; an error if it could not be decided now.
fn told(decided: Decided) -> Result<(MessageKey, Result<i64, Problem>), Problem> {
    let Some(Reply { code: ReplyCode::Taken, result, .. }) = decided.reply else {
        return Err(Problem::unavailable());
    };
    Ok(match result.status {
        ResultStatus::None => (decided.key, Err(Problem::miles(&result.reason))),
        _ => (decided.key, Ok(result.base_miles)),
    })
}

fn count(miles: u64) -> Result<u64, FieldProblem> {
    let why = || problem("miles", format!("expected 1 to {MILES_MAX} miles"));
    (1..=MILES_MAX).contains(&miles).then_some(miles).ok_or_else(why)
}

/// A text that must be there.
fn said(field: &'static str, text: &str) -> Result<String, FieldProblem> {
    match entry::free_text(field, text)? {
        "" => Err(problem(field, "expected 1 to 64 printable characters")),
        text => Ok(text.to_owned()),
    }
}

fn amount(amount: Amount) -> Result<(u64, Currency), FieldProblem> {
    let Amount { minor, currency } = amount;
    if !(1..=MINOR_MAX).contains(&minor) {
        return Err(problem("amount.minor", format!("expected 1 to {MINOR_MAX} minor units")));
    }
    let known = iso_currency::Currency::from_code(&currency);
    let known = known.ok_or_else(|| problem("amount.currency", "expected a currency such as RUB"))?;
    Ok((minor, Currency(known.numeric())))
}

struct Reserving {
    member: Member,
    spending: Spending,
    pooled: bool,
    by: String,
}

/// `POST /v1/members/{program}/{member_number}/redemptions`.
pub(super) async fn reserve(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let operation = "POST /v1/members/{program}/{member_number}/redemptions";
    let call = Call { api, client, operation };
    let subject = format!("{program}|{number}");
    call.deed(&headers, body, &subject, |call, body: MilesReservation| {
        let MilesReservation { miles, amount: pays, pooled, by } = body;
        let spending = Spending { miles: count(miles)?, pays: pays.map(amount).transpose()? };
        let by = entry::free_text("by", &by)?.to_owned();
        Ok(Reserving { member: call.member(&program, &number)?, spending, pooled, by })
    })
    .await
}

impl Deed for Reserving {
    fn member(&self) -> &Member {
        &self.member
    }

    fn asked(&self) -> (&'static str, Value) {
        let Spending { miles, pays } = self.spending;
        let amount =
            pays.map(|(minor, currency)| json!({ "minor": minor, "currency": currency.to_string() }));
        ("miles_reserve", json!({ "miles": miles, "amount": amount, "pooled": self.pooled, "by": self.by }))
    }

    async fn carry_out(
        &self,
        gateway: &Gateway,
        asker: &Asker,
        account: &SpendingAccount,
    ) -> Result<Answer, Problem> {
        if self.pooled {
            let pooled = miles::reserve_pooled(gateway, asker, account, self.spending).await?;
            return told_of_pool(gateway, pooled, StatusCode::CREATED, "reserved").await;
        }
        let decided = miles::reserve(gateway, asker, self.spending).await;
        let key = decided.key;
        told_of(gateway, account, decided, key, StatusCode::CREATED, "reserved").await
    }
}

/// What the lane decided about the redemption with this key: that redemption as it was then, whatever has become of it
/// since.
async fn told_of(
    gateway: &Gateway,
    account: &SpendingAccount,
    decided: Decided,
    key: MessageKey,
    status: StatusCode,
    state: &str,
) -> Result<Answer, Problem> {
    if let (_, Err(problem)) = told(decided)? {
        return Ok(Answer::refused(&problem));
    }
    let found = store::redemption_of(&gateway.pool, &account.place, key).await?;
    let found = miles_read::redemption(found.ok_or_else(Problem::unavailable)?);
    Ok(Answer::new(status, &Redemption { state: state.to_owned(), ..found }))
}

async fn told_of_pool(
    gateway: &Gateway,
    pooled: Pooled,
    status: StatusCode,
    state: &str,
) -> Result<Answer, Problem> {
    match pooled {
        Pooled::Unanswered => Err(Problem::unavailable()),
        Pooled::Refused(reason) => Ok(Answer::refused(&Problem::miles(&reason))),
        Pooled::Done(pool) => {
            let pool = miles_read::pool(gateway, pool).await?;
            Ok(Answer::new(status, &Redemption { state: state.to_owned(), ..pool }))
        }
    }
}

struct Ending {
    member: Member,
    redemption: MessageKey,
    confirms: bool,
    by: String,
}

/// `POST /v1/members/{program}/{member_number}/redemptions/{redemption}/confirmation`.
pub(super) async fn confirm(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let operation = "POST /v1/members/{program}/{member_number}/redemptions/{redemption}/confirmation";
    end(Call { api, client, operation }, path, &headers, body, true).await
}

/// `POST /v1/members/{program}/{member_number}/redemptions/{redemption}/cancellation`.
pub(super) async fn cancel(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let operation = "POST /v1/members/{program}/{member_number}/redemptions/{redemption}/cancellation";
    end(Call { api, client, operation }, path, &headers, body, false).await
}

async fn end(
    call: Call,
    (program, number, redemption): (String, String, String),
    headers: &HeaderMap,
    body: Body,
    confirms: bool,
) -> Response {
    let subject = format!("{program}|{number}|{redemption}");
    call.deed(headers, body, &subject, |call, body: RedemptionEnd| {
        Ok(Ending {
            member: call.member(&program, &number)?,
            redemption: redemption_id(&redemption)?,
            confirms,
            by: entry::free_text("by", &body.by)?.to_owned(),
        })
    })
    .await
}

impl Deed for Ending {
    fn member(&self) -> &Member {
        &self.member
    }

    fn asked(&self) -> (&'static str, Value) {
        let what = if self.confirms { "miles_confirm" } else { "miles_cancel" };
        (what, json!({ "redemption": self.redemption.to_string(), "by": self.by }))
    }

    async fn carry_out(
        &self,
        gateway: &Gateway,
        asker: &Asker,
        account: &SpendingAccount,
    ) -> Result<Answer, Problem> {
        let state = if self.confirms { "confirmed" } else { "cancelled" };
        let pool = store::household_pool(&gateway.pool, account.place.bucket, self.redemption).await?;
        if pool.is_some_and(|pool| pool.place == account.place) {
            let pooled = match self.confirms {
                true => miles::confirm_pooled(gateway, asker, self.redemption).await?,
                false => miles::cancel_pooled(gateway, asker, self.redemption).await?,
            };
            return told_of_pool(gateway, pooled, StatusCode::OK, state).await;
        }
        let found = store::redemption_of(&gateway.pool, &account.place, self.redemption).await?;
        match found {
            None => return Ok(Answer::refused(&Problem::no_redemption())),
            Some(found) if found.pool.is_some() => {
                return Ok(Answer::refused(&Problem::miles("redemption_is_part_of_a_pool")));
            }
            // What leaves for another account arrives by itself.
            Some(found) if found.sent_to.is_some() => {
                return Ok(Answer::refused(&Problem::miles("redemption_is_a_transfer")));
            }
            Some(_) => {}
        }
        let decided = match self.confirms {
            true => miles::confirm(gateway, asker, self.redemption).await,
            false => miles::cancel(gateway, asker, self.redemption).await,
        };
        told_of(gateway, account, decided, self.redemption, StatusCode::OK, state).await
    }
}

struct Transfer {
    member: Member,
    to: Member,
    miles: u64,
    by: String,
}

/// `POST /v1/members/{program}/{member_number}/transfers`.
pub(super) async fn send(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "POST /v1/members/{program}/{member_number}/transfers" };
    let subject = format!("{program}|{number}");
    call.deed(&headers, body, &subject, |call, body: MilesTransfer| {
        let member = call.member(&program, &number)?;
        let to = entry::member_number(&body.to).map_err(|found| FieldProblem { field: "to", ..found })?;
        let to = Member { number: to.to_owned(), ..member.clone() };
        let by = entry::free_text("by", &body.by)?.to_owned();
        Ok(Transfer { member, to, miles: count(body.miles)?, by })
    })
    .await
}

impl Deed for Transfer {
    fn member(&self) -> &Member {
        &self.member
    }

    fn asked(&self) -> (&'static str, Value) {
        ("miles_send", json!({ "miles": self.miles, "to": self.to.number, "by": self.by }))
    }

    /// Miles that arrive where nobody can spend them would be lost.
    async fn check(&self, gateway: &Gateway, change: &MemberChange<'_>) -> Result<(), Problem> {
        let Member { bank, program, number } = &self.to;
        let to = change.spending_account(*bank, *program, number).await?.ok_or_else(Problem::no_receiver)?;
        let zone = TimeZone::get(&to.time_zone).map_err(|_| Problem::unavailable())?;
        let today = gateway.clock.now().to_zoned(zone).date();
        match to.closed_on.is_some_and(|last| today > last) {
            true => Err(Problem::miles("receiver_is_closed")),
            false => Ok(()),
        }
    }

    async fn carry_out(
        &self,
        gateway: &Gateway,
        asker: &Asker,
        account: &SpendingAccount,
    ) -> Result<Answer, Problem> {
        let Member { bank, program, number } = &self.to;
        let to = store::spending_account(&gateway.pool, *bank, *program, number).await?;
        let to = to.ok_or_else(Problem::no_receiver)?.place;
        let by = Some(self.by.as_str()).filter(|by| !by.is_empty());
        let decided = miles::send(gateway, asker, Sending { miles: self.miles, to, by }).await;
        let key = decided.key;
        told_of(gateway, account, decided, key, StatusCode::CREATED, "sent").await
    }
}

struct Adjusting {
    member: Member,
    miles: i64,
    reason: String,
    funder: String,
    by: String,
}

/// `POST /v1/members/{program}/{member_number}/adjustments`.
pub(super) async fn adjust(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "POST /v1/members/{program}/{member_number}/adjustments" };
    let subject = format!("{program}|{number}");
    call.deed(&headers, body, &subject, |call, body: MilesAdjustment| {
        if !(1..=MILES_MAX).contains(&body.miles.unsigned_abs()) {
            let why = format!("expected 1 to {MILES_MAX} miles, or as many less than none");
            return Err(problem("miles", why).into());
        }
        Ok(Adjusting {
            member: call.member(&program, &number)?,
            miles: body.miles,
            reason: said("reason", &body.reason)?,
            funder: said("funder", &body.funder)?,
            by: said("by", &body.by)?,
        })
    })
    .await
}

impl Adjusting {
    async fn funder(&self, gateway: &Gateway) -> Result<Option<Funder>, Problem> {
        if self.funder == "bank" {
            return Ok(Some(Funder::Bank));
        }
        let partners = store::allot_partners(&gateway.pool, &[]).await?;
        Ok(partners.get(&self.funder).copied().map(Funder::Partner))
    }
}

impl Deed for Adjusting {
    fn member(&self) -> &Member {
        &self.member
    }

    fn asked(&self) -> (&'static str, Value) {
        let Self { miles, reason, funder, by, .. } = self;
        ("miles_adjust", json!({ "miles": miles, "reason": reason, "funder": funder, "by": by }))
    }

    /// A bank charges nobody whom its program does not name, nor learns of other banks' partners.
    async fn check(&self, gateway: &Gateway, _: &MemberChange<'_>) -> Result<(), Problem> {
        let program = miles::program_in_force(gateway, self.member.program).await?;
        let named = match self.funder(gateway).await? {
            Some(Funder::Bank) => true,
            Some(Funder::Partner(partner)) => program.is_some_and(|program| program.names_partner(partner)),
            None => false,
        };
        let why = "expected bank, or the code of a partner that the program names";
        if named { Ok(()) } else { Err(problem("funder", why).into()) }
    }

    async fn carry_out(
        &self,
        gateway: &Gateway,
        asker: &Asker,
        _: &SpendingAccount,
    ) -> Result<Answer, Problem> {
        let funder = self.funder(gateway).await?.ok_or_else(Problem::unavailable)?;
        let (reason, by) = (self.reason.clone(), self.by.clone());
        let adjustment = Adjustment { miles: self.miles, reason, funder, by };
        match told(miles::adjust(gateway, asker, &adjustment).await)? {
            (_, Err(problem)) => Ok(Answer::refused(&problem)),
            (key, Ok(miles)) => {
                Ok(Answer::new(StatusCode::CREATED, &Adjusted { adjustment: key.to_string(), miles }))
            }
        }
    }
}
