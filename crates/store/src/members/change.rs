//! One change of a member or a card: a transaction under the rights of the message path, with its line of who and when.

use domain::{BankId, ProgramId};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Transaction};

use super::{CardToken, Route, route};
use crate::{StoreError, sql};

/// The rights of the message path. Whoever holds an account or a member's lock for longer than a batch takes is stuck:
/// the caller is told instead of kept waiting on a connection that others need.
const BEGIN: &str = "SET LOCAL ROLE cobrand_gateway; SET LOCAL lock_timeout = '2s'";

/// Who changes something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Such as `file members.csv`, `api northbank`, `range`.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// Why a change is not made although the database works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No account of the program has that member number at this bank.
    NoMember,
    /// The card is no member's of this bank and program.
    NoCard,
    /// The card has an account of its own, or another one.
    CardOfAnotherAccount,
    /// The card was replaced by another one before.
    ReplacedByAnother,
    /// The consent was never given.
    NoConsent,
    /// Another account of the program has the number.
    NumberOfAnotherMember,
}

/// What can stop a change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The state of the books forbids it; nothing was changed.
    #[error("the change is refused: {0:?}")]
    Refused(Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for ChangeError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A change that is under way; dropped without [`Self::commit`], nothing of it stays.
pub struct MemberChange<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) by: By,
}

impl<'a> MemberChange<'a> {
    /// Begins one. It has the rights of the message path: what was written of changes it can only add to.
    pub async fn begin(client: &'a mut Client, by: By) -> Result<Self, StoreError> {
        let transaction = client.transaction().await?;
        transaction.batch_execute(BEGIN).await?;
        Ok(Self { transaction, by })
    }

    /// Makes it last.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    /// One at a time for each text of a program, until the end of the transaction.
    pub(super) async fn lock(&self, text: &str, program: ProgramId) -> Result<(), StoreError> {
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, $2))";
        self.transaction.execute(lock, &[&text, &i64::from(program.0)]).await?;
        Ok(())
    }

    /// The route of a card by whichever of its tokens is known.
    pub(super) async fn route_of(&self, tokens: &[CardToken]) -> Result<Option<Route>, StoreError> {
        let bytes: Vec<Vec<u8>> = tokens.iter().map(|token| token.to_bytes()).collect();
        let row = self.transaction.query(sql::ROUTES, &[&bytes]).await?;
        row.first().map(route).transpose()
    }

    /// The account of a member number.
    pub(super) async fn account_of(
        &self,
        program: ProgramId,
        member_number: &str,
    ) -> Result<Option<(i32, i64)>, StoreError> {
        let text = "SELECT bucket, account_id FROM member_account \
                    WHERE program_id = $1 AND member_number = $2 AND member_number <> '' \
                    ORDER BY bucket, account_id LIMIT 1";
        let row = self.transaction.query_opt(text, &[&program.0, &member_number]).await?;
        Ok(row.map(|row| Ok::<_, tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
    }

    /// The account of a member number of this bank, locked.
    pub(super) async fn locked_account(
        &self,
        bank: BankId,
        program: ProgramId,
        member_number: &str,
    ) -> Result<(i32, i64), ChangeError> {
        let found = self.account_of(program, member_number).await?;
        let (bucket, account) = found.ok_or(ChangeError::Refused(Refused::NoMember))?;
        match self.lock_account((bucket, account)).await? == bank {
            true => Ok((bucket, account)),
            // Another bank's members are none of this one's business: not even that they exist.
            false => Err(ChangeError::Refused(Refused::NoMember)),
        }
    }

    /// Locks an account as the lanes do, so that a batch sees all of the change or nothing; returns its bank.
    pub(super) async fn lock_account(&self, at: (i32, i64)) -> Result<BankId, StoreError> {
        let text = "SELECT a.bank_id FROM member_account a WHERE a.bucket = $1 AND a.account_id = $2 \
                    ORDER BY a.bucket, a.account_id FOR UPDATE OF a";
        let row = self.transaction.query_one(text, &[&at.0, &at.1]).await?;
        Ok(BankId(row.try_get(0)?))
    }

    /// Writes down who changed what.
    pub(super) async fn note(
        &self,
        (bucket, account): (i32, i64),
        what: &str,
        before: &Value,
        after: &Value,
    ) -> Result<(), ChangeError> {
        let next = "UPDATE member_account SET change_seq = change_seq + 1 WHERE bucket = $1 AND account_id = $2 \
                    RETURNING change_seq";
        let seq: i64 = self.transaction.query_one(next, &[&bucket, &account]).await?.try_get(0)?;
        let text = "INSERT INTO member_change (bucket, account_id, change_seq, changed_at, changed_by, what, before, \
                    after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let By { who, at } = &self.by;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&bucket, &account, &seq, at, who, &what, &before.to_string(), &after.to_string()];
        self.transaction.execute(text, &params).await?;
        Ok(())
    }
}
