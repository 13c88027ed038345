//! Member accounts, their cards and the routes by which messages find them.

use domain::{AccountId, BankId, Bucket, MemberRef, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged, sql};

/// What stands for a card number: the id of the key and the keyed hash of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardToken {
    /// Which key.
    pub key_id: u8,
    /// HMAC-SHA-256 of the card number.
    pub mac: [u8; 32],
}

impl CardToken {
    /// The stored form: 33 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        std::iter::once(self.key_id).chain(self.mac).collect()
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key_id, mac) = bytes.split_first()?;
        Some(Self { key_id: *key_id, mac: mac.try_into().ok()? })
    }

    /// The account that is created for a card which is the first of its member.
    fn account(&self) -> AccountId {
        let [_, _, _, _, _, _, _, _, a, b, c, d, e, f, g, h, ..] = self.mac;
        AccountId(i64::from_be_bytes([a & 0x7f, b, c, d, e, f, g, h]))
    }
}

/// Where a card's rows lie and whose it is; it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The account's bucket.
    pub bucket: Bucket,
    /// The member.
    pub member: MemberRef,
    /// The bank that issued the card.
    pub bank: BankId,
}

/// A card to enroll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// The card.
    pub token: CardToken,
    /// Its last four digits.
    pub last4: String,
    /// The bank.
    pub bank: BankId,
    /// The program.
    pub program: ProgramId,
    /// The member's number at the co-brand partner; cards with the same number share an account.
    pub member_number: String,
    /// The first local date on which purchases count.
    pub enrolled_on: Date,
}

/// The result of an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// The card's route.
    pub route: Route,
    /// Whether the card was new.
    pub created: bool,
}

/// The routes of cards, in their order; `None` for a card that is unknown.
pub async fn routes(pool: &Pool, tokens: &[CardToken]) -> Result<Vec<Option<Route>>, StoreError> {
    let client = pool.get().await?;
    let bytes: Vec<Vec<u8>> = tokens.iter().map(|token| token.to_bytes()).collect();
    let rows = client.query(sql::ROUTES, &[&bytes]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((row.try_get::<_, Vec<u8>>(0)?, route(row)?));
    }
    Ok(bytes
        .iter()
        .map(|token| found.iter().find(|(other, _)| other == token).map(|(_, route)| *route))
        .collect())
}

/// The numbers at the co-brand partner of some accounts, in their order; empty where there is none.
pub async fn member_numbers(
    pool: &Pool,
    accounts: &[(Bucket, AccountId)],
) -> Result<Vec<String>, StoreError> {
    let (buckets, ids): (Vec<i32>, Vec<i64>) =
        accounts.iter().map(|(bucket, account)| (i32::from(bucket.number()), account.0)).unzip();
    let text = "SELECT a.bucket, a.account_id, a.member_number FROM unnest($1::int[], $2::bigint[]) u(b, id) \
                JOIN member_account a ON a.bucket = u.b AND a.account_id = u.id WHERE a.bucket = ANY($1::int[])";
    let mut numbers = std::collections::BTreeMap::new();
    for row in pool.get().await?.query(text, &[&buckets, &ids]).await? {
        numbers.insert((row.try_get::<_, i32>(0)?, row.try_get::<_, i64>(1)?), row.try_get::<_, String>(2)?);
    }
    let of = |(bucket, account): (&i32, &i64)| numbers.remove(&(*bucket, *account)).unwrap_or_default();
    Ok(buckets.iter().zip(&ids).map(of).collect())
}

fn route(row: &Row) -> Result<Route, StoreError> {
    let bucket: i32 = row.try_get(1)?;
    let member = MemberRef { account: AccountId(row.try_get(2)?), program: ProgramId(row.try_get(3)?) };
    let bucket = u16::try_from(bucket).ok().and_then(Bucket::new).ok_or_else(|| damaged("bucket", bucket))?;
    Ok(Route { bucket, member, bank: BankId(row.try_get(4)?) })
}

/// Enrolls a card in a transaction of its own; a card that is known stays as it is.
pub async fn enroll(pool: &Pool, new: &NewMember) -> Result<Enrolled, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let token = new.token.to_bytes();
    if !new.member_number.is_empty() {
        // One at a time for each member: of two first cards, the second must find the account of the first.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, $2))";
        transaction.execute(lock, &[&new.member_number, &i64::from(new.program.0)]).await?;
    }
    let existing = "SELECT bucket, account_id FROM member_account \
                    WHERE program_id = $1 AND member_number = $2 AND member_number <> '' \
                    ORDER BY bucket, account_id LIMIT 1";
    let home = match transaction.query_opt(existing, &[&new.program.0, &new.member_number]).await? {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (i32::from(Bucket::of_token(&new.token.mac).number()), new.token.account().0),
    };
    let (bucket, account): (i32, i64) = home;
    let account_row: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&bucket, &account, &new.bank.0, &new.program.0, &new.member_number, &new.enrolled_on];
    transaction.execute(sql::INSERT_ACCOUNT, account_row).await?;
    let route_row: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&token, &bucket, &account, &new.program.0, &new.bank.0];
    let created = transaction.execute(sql::INSERT_ROUTE, route_row).await? == 1;
    if created {
        transaction.execute(sql::INSERT_CARD, &[&bucket, &token, &account, &new.last4]).await?;
    }
    // Read again: another gateway may have been first.
    let row = transaction.query_one(sql::ROUTES, &[&vec![token]]).await?;
    let route = route(&row)?;
    if created || route.member.account.0 == account {
        transaction.commit().await?;
    } else {
        // The card belongs to another account already: no empty account is left behind.
        transaction.rollback().await?;
    }
    Ok(Enrolled { route, created })
}
