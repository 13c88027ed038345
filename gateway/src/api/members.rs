//! Members: enroll one, look at one, change what is said of one.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{BankId, ProgramId};
use store::{
    CardToken, ChangeError, ConsentChange, MemberChange, MemberView, NewMember, ProfileChange, Refused,
};

use super::{
    Api, ApiClient,
    call::{Answer, Call, Change},
    problem::Problem,
    types::{Balance, Card, Consent, ConsentPatch, Enrolled, Enrollment, Member, MemberPatch},
};
use crate::enrollment::entry::{self, Bank, Draft, FieldProblem, problem};

impl Call {
    pub(super) fn bank(&self) -> Bank<'_> {
        let ApiClient { link, programs, .. } = &*self.client;
        Bank { link, programs, keys: &self.api.gateway.keys }
    }
}

struct Enroll {
    tokens: Vec<CardToken>,
    member: NewMember,
}

/// `POST /v1/members`.
pub(super) async fn enroll(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "POST /v1/members" };
    call.change(&headers, body, "", |call, body: Enrollment| {
        let given_at = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => entry::instant("consents.given_at", text).map(Some),
        };
        let consents = body.consents.iter();
        let consents = consents
            .map(|given| Ok((given.what.as_str(), given.version.as_str(), given_at(&given.given_at)?)))
            .collect::<Result<Vec<_>, FieldProblem>>()?;
        let (tokens, member) = call.bank().member(&Draft {
            pan: body.pan.expose(),
            program: &body.program,
            member_number: &body.member_number,
            enrolled_on: &body.enrolled_on,
            card_kind: &body.card_kind,
            holder: &body.holder,
            household: &body.household,
            birthday: &body.birthday,
            name_check: &body.name_check,
            consents,
        })?;
        Ok(Enroll { tokens, member })
    })
    .await
}

impl Change for Enroll {
    async fn make(&self, change: &MemberChange<'_>) -> Result<Answer, ChangeError> {
        let Self { tokens, member } = self;
        let last4 = member.last4.clone();
        if change.is_members_card(tokens, member).await? {
            let known = Enrolled { card_created: false, account_created: false, last4 };
            return Ok(Answer::new(StatusCode::OK, &known));
        }
        let enrolled = change.enroll(member).await?;
        if !enrolled.created {
            return Err(ChangeError::Refused(Refused::CardOfAnotherAccount));
        }
        let made = Enrolled { card_created: true, account_created: enrolled.account_created, last4 };
        Ok(Answer::new(StatusCode::CREATED, &made))
    }
}

/// `GET /v1/members/{program}/{member_number}`.
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, member_number)): Path<(String, String)>,
) -> Response {
    let call = Call { api, client, operation: "GET /v1/members/{program}/{member_number}" };
    let found = find(&call, &program, &member_number).await;
    let shown = found.map(|view| Answer::new(StatusCode::OK, &member(program, member_number, view)));
    call.told(shown)
}

async fn find(call: &Call, program: &str, member_number: &str) -> Result<MemberView, Problem> {
    let id = call.bank().program(program)?;
    let number = entry::member_number(member_number)?.to_owned();
    let (pool, bank) = (call.api.gateway.pool.clone(), call.client.link.bank);
    let found = call.read(async move { Ok(store::member_view(&pool, bank, id, &number).await?) });
    found.await?.ok_or_else(Problem::no_member)
}

fn member(program: String, member_number: String, view: MemberView) -> Member {
    let balance = |(kind, id, posted, pending): &(i16, i32, i64, i64)| {
        let unit = match kind {
            1 => "miles".to_owned(),
            2 => iso_currency::Currency::from_numeric(u16::try_from(*id).ok()?)?.code().to_owned(),
            // Turnover is a memorandum between partners and bank.
            _ => return None,
        };
        Some(Balance { unit, posted: *posted, pending: *pending })
    };
    Member {
        program,
        member_number,
        status: match (view.closed_on, view.blocked) {
            (Some(_), _) => "closed",
            (None, true) => "blocked",
            (None, false) => "active",
        },
        enrolled_on: view.enrolled_on.to_string(),
        closed_on: view.closed_on.map(|date| date.to_string()),
        household: view.household,
        birthday: view.birthday,
        balances: view.balances.iter().filter_map(balance).collect(),
        cards: view
            .cards
            .into_iter()
            .map(|card| Card {
                last4: card.last4,
                kind: card.kind,
                holder: card.holder,
                blocked: card.blocked,
                replaced_by_last4: card.replaced_by_last4,
            })
            .collect(),
        consents: view
            .consents
            .into_iter()
            .map(|consent| Consent {
                what: consent.what,
                version: consent.version,
                given_at: consent.given_at.to_string(),
                withdrawn_at: consent.withdrawn_at.map(|at| at.to_string()),
            })
            .collect(),
    }
}

struct Patch {
    bank: BankId,
    program: ProgramId,
    member_number: String,
    change: ProfileChange,
    last: Answered,
}

struct Answered {
    program: String,
}

/// `PATCH /v1/members/{program}/{member_number}`.
pub(super) async fn patch(
    State(api): State<Arc<Api>>,
    Extension(client): Extension<Arc<ApiClient>>,
    Path((program, member_number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let call = Call { api, client, operation: "PATCH /v1/members/{program}/{member_number}" };
    let subject = format!("{program}|{member_number}");
    call.change(&headers, body, &subject, |call, body: MemberPatch| {
        Ok(Patch {
            bank: call.client.link.bank,
            program: call.bank().program(&program)?,
            member_number: entry::member_number(&member_number)?.to_owned(),
            change: profile_change(body)?,
            last: Answered { program },
        })
    })
    .await
}

fn profile_change(body: MemberPatch) -> Result<ProfileChange, FieldProblem> {
    let (blocked, closed_on) = match (body.status.as_deref(), body.closed_on.as_deref()) {
        (None, None) => (None, None),
        (Some("active"), None) => (Some(false), Some(None)),
        (Some("blocked"), None) => (Some(true), None),
        (Some("closed"), Some(text)) => (None, Some(Some(entry::date("closed_on", text)?))),
        (Some("closed"), None) => return Err(problem("closed_on", "expected the last date that counts")),
        (_, Some(_)) => return Err(problem("closed_on", "expected with status closed only")),
        (Some(_), None) => return Err(problem("status", "expected active, blocked or closed")),
    };
    if let Some(household) = &body.household {
        entry::free_text("household", household)?;
    }
    if let Some(birthday) = &body.birthday {
        entry::birthday(birthday)?;
    }
    let consents = body.consents.into_iter().map(consent_change).collect::<Result<_, _>>()?;
    let name_check = body.name_check.as_deref().map(entry::name_check).transpose()?;
    let (household, birthday) = (body.household, body.birthday);
    Ok(ProfileChange { household, birthday, blocked, closed_on, consents, name_check })
}

fn consent_change(patch: ConsentPatch) -> Result<ConsentChange, FieldProblem> {
    let what = entry::consent_word(&patch.what)?.to_owned();
    if patch.withdrawn {
        return Ok(ConsentChange::Withdrawn(what));
    }
    let version = entry::consent_word(&patch.version)?.to_owned();
    Ok(ConsentChange::Given(store::Consent { what, version, given_at: None }))
}

impl Change for Patch {
    async fn make(&self, change: &MemberChange<'_>) -> Result<Answer, ChangeError> {
        let Self { bank, program, member_number, change: profile, last } = self;
        change.change_profile(*bank, *program, member_number, profile).await?;
        let view = change.view(*bank, *program, member_number).await?;
        let view = view.ok_or(ChangeError::Refused(Refused::NoMember))?;
        Ok(Answer::new(StatusCode::OK, &member(last.program.clone(), member_number.clone(), view)))
    }
}
