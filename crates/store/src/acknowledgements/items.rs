//! Amounts by item, as rows.

use domain::{AdjustedItem, settlement::Basis};
use tokio_postgres::{GenericClient, Row, Transaction};

use crate::{StoreError, error::damaged};

/// Which rows.
#[derive(Clone, Copy)]
pub(super) enum ItemsOf {
    Dispute,
    Proposal,
}

impl ItemsOf {
    fn table_and_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Dispute => ("settlement_dispute_item", "dispute_id"),
            Self::Proposal => ("adjustment_proposal_item", "proposal_id"),
        }
    }
}

pub(super) async fn keep_items(
    transaction: &Transaction<'_>,
    of: ItemsOf,
    id: i64,
    items: &[AdjustedItem],
) -> Result<(), StoreError> {
    let (table, key) = of.table_and_key();
    let text = format!(
        "INSERT INTO {table} ({key}, place, basis, quantity, net_minor, vat_minor) VALUES ($1, $2, $3, $4, $5, $6)"
    );
    for (place, item) in (0_i16..).zip(items) {
        let basis = item.basis.map(Basis::name);
        let AdjustedItem { quantity, net_minor, vat_minor, .. } = item;
        transaction.execute(text.as_str(), &[&id, &place, &basis, quantity, net_minor, vat_minor]).await?;
    }
    Ok(())
}

/// The items of these ids, each with its id, in their order.
pub(super) async fn items(
    client: &impl GenericClient,
    of: ItemsOf,
    ids: &[i64],
) -> Result<Vec<(i64, AdjustedItem)>, StoreError> {
    let (table, key) = of.table_and_key();
    let text = format!(
        "SELECT {key}, basis, quantity, net_minor, vat_minor FROM {table} WHERE {key} = ANY($1) ORDER BY {key}, place"
    );
    client.query(text.as_str(), &[&ids]).await?.iter().map(item).collect()
}

fn item(row: &Row) -> Result<(i64, AdjustedItem), StoreError> {
    let basis = |name: &str| Basis::parse(name).ok_or_else(|| damaged("item of an adjustment", name));
    let item = AdjustedItem {
        basis: row.try_get::<_, Option<&str>>(1)?.map(basis).transpose()?,
        quantity: row.try_get(2)?,
        net_minor: row.try_get(3)?,
        vat_minor: row.try_get(4)?,
    };
    Ok((row.try_get(0)?, item))
}

/// Those of one id.
pub(super) fn of_id(items: &[(i64, AdjustedItem)], id: i64) -> Vec<AdjustedItem> {
    items.iter().filter(|(of, _)| *of == id).map(|(_, item)| *item).collect()
}
