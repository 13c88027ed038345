//! Views of breaks that a person keeps under a name: the query of an address, for that person only.

use jiff::Timestamp;

use crate::{Pool, StoreError};

/// So many views of a person.
pub const SAVED_VIEWS_MAX: i64 = 50;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its number.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// The query of the address.
    pub query: String,
}

/// The views of a person for a page, by name.
pub async fn saved_views(pool: &Pool, owner: &str, page: &str) -> Result<Vec<SavedView>, StoreError> {
    let text =
        "SELECT view_id, name, query FROM saved_view WHERE owner = $1 AND page = $2 ORDER BY name LIMIT $3";
    let rows = pool.get().await?.query(text, &[&owner, &page, &SAVED_VIEWS_MAX]).await?;
    rows.iter()
        .map(|row| Ok(SavedView { id: row.try_get(0)?, name: row.try_get(1)?, query: row.try_get(2)? }))
        .collect()
}

/// Keeps a view under a name; one of the same name is replaced. False if the person has too many.
pub async fn save_view(
    pool: &Pool,
    (owner, page): (&str, &str),
    name: &str,
    query: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let text = "INSERT INTO saved_view (owner, name, page, query, saved_at) SELECT $1, $2, $3, $4, $5 \
                WHERE (SELECT count(*) FROM saved_view WHERE owner = $1) < $6 \
                OR EXISTS (SELECT FROM saved_view WHERE owner = $1 AND page = $3 AND name = $2) \
                ON CONFLICT (owner, page, name) DO UPDATE SET query = EXCLUDED.query, saved_at = EXCLUDED.saved_at";
    let client = pool.get().await?;
    Ok(client.execute(text, &[&owner, &name, &page, &query, &now, &SAVED_VIEWS_MAX]).await? > 0)
}

/// Forgets a view of this person; false if it is another's or gone.
pub async fn forget_view(pool: &Pool, owner: &str, id: i64) -> Result<bool, StoreError> {
    let text = "DELETE FROM saved_view WHERE view_id = $2 AND owner = $1";
    Ok(pool.get().await?.execute(text, &[&owner, &id]).await? > 0)
}
