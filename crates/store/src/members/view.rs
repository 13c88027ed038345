//! What may be shown of a member, and which accounts belong to one household.

use domain::{AccountId, BankId, Bucket, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Client, Row};

use super::MemberChange;
use crate::{Pool, StoreError, columns};

/// A card of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardView {
    /// The last four digits of its number.
    pub last4: String,
    /// `main`, `additional` or `gift`.
    pub kind: String,
    /// Who holds it, if not the member.
    pub holder: String,
    /// Whether its authorizations give nothing.
    pub blocked: bool,
    /// The last four digits of the card in its place.
    pub replaced_by_last4: Option<String>,
}

/// A consent of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentView {
    /// To what.
    pub what: String,
    /// To which version of its text.
    pub version: String,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// The account's bucket.
    pub bucket: Bucket,
    /// The account.
    pub account: AccountId,
    /// The first local date on which purchases count.
    pub enrolled_on: Date,
    /// Empty for none.
    pub household: String,
    /// Empty if it is not known.
    pub birthday: String,
    /// Authorizations give nothing.
    pub blocked: bool,
    /// The last local date on which purchases count.
    pub closed_on: Option<Date>,
    /// Cards, in the order of their last four digits.
    pub cards: Vec<CardView>,
    /// Consents by name.
    pub consents: Vec<ConsentView>,
    /// Kind and number of the unit, posted and pending; see `transfer.unit_kind`.
    pub balances: Vec<(i16, i32, i64, i64)>,
}

/// A member of a bank's program by number; `None` if the bank has none.
pub async fn member_view(
    pool: &Pool,
    bank: BankId,
    program: ProgramId,
    member_number: &str,
) -> Result<Option<MemberView>, StoreError> {
    let client = pool.get().await?;
    view(&client, bank, program, member_number).await
}

impl MemberChange<'_> {
    /// The member as it is with this change.
    pub async fn view(
        &self,
        bank: BankId,
        program: ProgramId,
        member_number: &str,
    ) -> Result<Option<MemberView>, StoreError> {
        view(self.transaction.client(), bank, program, member_number).await
    }
}

async fn view(
    client: &Client,
    bank: BankId,
    program: ProgramId,
    member_number: &str,
) -> Result<Option<MemberView>, StoreError> {
    let text = "SELECT bucket, account_id, enrolled_on, household, birthday, blocked, closed_on FROM member_account \
                WHERE program_id = $1 AND member_number = $2 AND member_number <> '' AND bank_id = $3 \
                ORDER BY bucket, account_id LIMIT 1";
    let Some(row) = client.query_opt(text, &[&program.0, &member_number, &bank.0]).await? else {
        return Ok(None);
    };
    let at: (i32, i64) = (row.try_get(0)?, row.try_get(1)?);
    let cards = "SELECT c.last4, c.kind, c.holder, c.blocked, n.last4 FROM card c \
                 LEFT JOIN card n ON n.bucket = c.bucket AND n.token = c.replaced_by \
                 WHERE c.bucket = $1 AND c.account_id = $2 ORDER BY c.last4, c.token";
    let consents = "SELECT consent, version, given_at, withdrawn_at FROM member_consent \
                    WHERE bucket = $1 AND account_id = $2 ORDER BY consent";
    let balances = "SELECT unit_kind, unit_id, posted, pending FROM member_balance \
                    WHERE bucket = $1 AND account_id = $2 ORDER BY unit_kind, unit_id";
    let balance =
        |row: &Row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    Ok(Some(MemberView {
        bucket: columns::bucket_numbered(at.0)?,
        account: AccountId(at.1),
        enrolled_on: row.try_get(2)?,
        household: row.try_get(3)?,
        birthday: row.try_get(4)?,
        blocked: row.try_get(5)?,
        closed_on: row.try_get(6)?,
        cards: client.query(cards, &[&at.0, &at.1]).await?.iter().map(card).collect::<Result<_, _>>()?,
        consents: client
            .query(consents, &[&at.0, &at.1])
            .await?
            .iter()
            .map(consent)
            .collect::<Result<_, _>>()?,
        balances: client
            .query(balances, &[&at.0, &at.1])
            .await?
            .iter()
            .map(balance)
            .collect::<Result<_, _>>()?,
    }))
}

fn card(row: &Row) -> Result<CardView, StoreError> {
    Ok(CardView {
        last4: row.try_get(0)?,
        kind: row.try_get(1)?,
        holder: row.try_get(2)?,
        blocked: row.try_get(3)?,
        replaced_by_last4: row.try_get(4)?,
    })
}

fn consent(row: &Row) -> Result<ConsentView, StoreError> {
    Ok(ConsentView {
        what: row.try_get(0)?,
        version: row.try_get(1)?,
        given_at: row.try_get(2)?,
        withdrawn_at: row.try_get(3)?,
    })
}

/// An account of a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HouseholdAccount {
    /// Its bucket; that of the household unless the account was there before it joined.
    pub bucket: Bucket,
    /// The account.
    pub account: AccountId,
}

/// The accounts that share a household with this one, itself among them, in the order in which accounts are locked.
/// Only itself if it has no household; empty if there is no such account.
pub async fn household_accounts(
    pool: &Pool,
    bucket_of: Bucket,
    account: AccountId,
) -> Result<Vec<HouseholdAccount>, StoreError> {
    let client = pool.get().await?;
    let text =
        "SELECT program_id, household, bank_id FROM member_account WHERE bucket = $1 AND account_id = $2";
    let own = i32::from(bucket_of.number());
    let Some(row) = client.query_opt(text, &[&own, &account.0]).await? else { return Ok(Vec::new()) };
    let (program, household, bank): (i32, String, i32) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if household.is_empty() {
        return Ok(vec![HouseholdAccount { bucket: bucket_of, account }]);
    }
    let text = "SELECT bucket, account_id FROM member_account WHERE program_id = $1 AND household = $2 \
                AND household <> '' AND bank_id = $3 ORDER BY bucket, account_id";
    let rows = client.query(text, &[&program, &household, &bank]).await?;
    let one = |row: &Row| {
        Ok(HouseholdAccount { bucket: columns::bucket(row, 0)?, account: AccountId(row.try_get(1)?) })
    };
    rows.iter().map(one).collect()
}
