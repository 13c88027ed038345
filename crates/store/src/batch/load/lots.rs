//! Lots and redemptions: read only by events that spend miles, or end a spending.

use domain::{
    AccountId, Keys, MessageKey, Piece, ProgramId, Purpose, Redemption, RedemptionState, WorkingSet,
};
use futures_util::future::join;
use tokio_postgres::{Client, Row, types::ToSql};

use super::{buckets, purchase_from};
use crate::{
    StoreError,
    batch::write::Statements,
    columns::{bucket, bucket_numbered, currency, message_key, message_key_if_any},
    error::damaged,
};

/// The rows that were read.
pub(super) struct Spent {
    lots: Vec<Row>,
    redemptions: Vec<Row>,
}

pub(super) async fn read(
    client: &Client,
    sql: &Statements,
    keys: &Keys,
) -> Result<Spent, tokio_postgres::Error> {
    let lanes = buckets(keys);
    let (account_buckets, accounts): (Vec<i32>, Vec<i64>) =
        keys.lots.iter().map(|(bucket, account)| (i32::from(bucket.number()), account.0)).unzip();
    let (redemption_buckets, redemption_keys): (Vec<i32>, Vec<&[u8]>) = keys
        .redemptions
        .iter()
        .map(|(bucket, key)| (i32::from(bucket.number()), key.as_bytes().as_slice()))
        .unzip();
    let of_accounts: [&(dyn ToSql + Sync); 3] = [&lanes, &account_buckets, &accounts];
    let of_keys: [&(dyn ToSql + Sync); 3] = [&lanes, &redemption_buckets, &redemption_keys];
    let lots = async {
        match keys.lots.is_empty() {
            true => Ok(Vec::new()),
            false => client.query(&sql.lots, &of_accounts).await,
        }
    };
    let redemptions = async {
        match keys.redemptions.is_empty() {
            true => Ok(Vec::new()),
            false => client.query(&sql.redemptions, &of_keys).await,
        }
    };
    let (lots, redemptions) = join(lots, redemptions).await;
    Ok(Spent { lots: lots?, redemptions: redemptions? })
}

impl Spent {
    pub(super) fn add_to(self, state: &mut WorkingSet) -> Result<(), StoreError> {
        for row in &self.lots {
            let (bucket, key) = (bucket(row, 0)?, message_key(row, 1)?);
            state.purchases.insert((bucket, key), purchase_from(row, key, 2)?);
        }
        for row in &self.redemptions {
            let (bucket, key) = (bucket(row, 0)?, message_key(row, 1)?);
            let piece = piece(row)?;
            state.purchases.insert((bucket, piece.lot), purchase_from(row, piece.lot, 17)?);
            let redemption = match state.redemptions.remove(&(bucket, key)) {
                Some(redemption) => redemption,
                None => redemption(row, key)?,
            };
            state.redemptions.entry((bucket, key)).or_insert(redemption).pieces.push(piece);
        }
        Ok(())
    }
}

fn redemption(row: &Row, key: MessageKey) -> Result<Redemption, StoreError> {
    let state: &str = row.try_get(7)?;
    let to: (Option<i32>, Option<i64>) = (row.try_get(5)?, row.try_get(6)?);
    Ok(Redemption {
        key,
        account: AccountId(row.try_get(2)?),
        program: ProgramId(row.try_get(3)?),
        currency: currency(row, 4)?,
        purpose: match to {
            (Some(number), Some(account)) => {
                Purpose::Transfer { bucket: bucket_numbered(number)?, account: AccountId(account) }
            }
            _ => Purpose::Payment,
        },
        state: RedemptionState::parse(state).ok_or_else(|| damaged("state of a redemption", state))?,
        miles: row.try_get(8)?,
        worth_minor: row.try_get(9)?,
        reserved_until: row.try_get(10)?,
        pieces: Vec::new(),
        purchase: message_key_if_any(row, 16)?,
    })
}

fn piece(row: &Row) -> Result<Piece, StoreError> {
    Ok(Piece {
        lot: message_key(row, 11)?,
        miles: row.try_get(12)?,
        granted_on: row.try_get(13)?,
        vests_on: row.try_get(14)?,
        expire_on: row.try_get(15)?,
    })
}
