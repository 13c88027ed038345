//! Columns that stand in the rows of many tables, as values of the domain.

use domain::{Bucket, Currency, MessageKey};
use tokio_postgres::Row;

use crate::{StoreError, error::damaged};

pub(crate) fn bucket(row: &Row, column: usize) -> Result<Bucket, StoreError> {
    bucket_numbered(row.try_get(column)?)
}

pub(crate) fn bucket_numbered(number: i32) -> Result<Bucket, StoreError> {
    u16::try_from(number).ok().and_then(Bucket::new).ok_or_else(|| damaged("bucket", number))
}

pub(crate) fn message_key(row: &Row, column: usize) -> Result<MessageKey, StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    MessageKey::from_bytes(bytes).ok_or_else(|| damaged("message key", bytes.len()))
}

pub(crate) fn message_key_if_any(row: &Row, column: usize) -> Result<Option<MessageKey>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|_| message_key(row, column)).transpose()
}

/// ISO 4217, numeric.
pub(crate) fn currency(row: &Row, column: usize) -> Result<Currency, StoreError> {
    currency_numbered(row.try_get(column)?)
}

pub(crate) fn currency_numbered(number: i32) -> Result<Currency, StoreError> {
    u16::try_from(number).map(Currency).map_err(|_| damaged("currency", number))
}
